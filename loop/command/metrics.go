package command

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"mim/loop"
	"mim/loop/metrics"
	"mim/loop/serve"
)

const flagMetrics = "metrics"

// gauges are the metrics of a server and where they are shown. All methods can
// be called on nil: then none are wanted.
type gauges struct {
	listener net.Listener
	*metrics.Metrics
	mu      sync.Mutex    // of the two below
	reactor *loop.Reactor // nil before serve
	mode    *serve.Mode
}

// listenMetrics opens the listener that --metrics asks for; nil: it does not.
func listenMetrics(c *cli.Context) (*gauges, error) {
	at := c.String(flagMetrics)
	if at == "" {
		return nil, nil
	}
	host, port, err := net.SplitHostPort(at)
	if err != nil && !strings.Contains(at, ":") {
		host, port, err = "", at, nil // a port alone
	}
	if err != nil {
		return nil, badUse("mim serve --metrics :9100", "cannot use %s: it is no ADDRESS:PORT", given(c, flagMetrics))
	}
	if host == "" {
		host = "127.0.0.1"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, &failure{code: exitCannotListen, what: fmt.Sprintf("cannot listen on %s: already in use", port), try: "mim serve --metrics :0"}
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, &failure{code: exitCannotListen, what: fmt.Sprintf("cannot listen on %s: %s", at, reason(err))}
	case err != nil:
		return nil, badUse("mim serve --metrics :9100", "cannot use %s: it is no ADDRESS:PORT", given(c, flagMetrics))
	}
	g := &gauges{listener: l}
	g.Metrics = metrics.New(metrics.Config{Post: g.post, Fill: g.fill})
	return g, nil
}

// post hands a function to the loop; before serve there is none, and whoever
// asks waits in vain.
func (g *gauges) post(f func()) {
	g.mu.Lock()
	r := g.reactor
	g.mu.Unlock()
	if r != nil {
		r.Post(f)
	}
}

// fill reads what the server knows. On the loop only.
func (g *gauges) fill(s *metrics.Snapshot) {
	c, n := g.mode.Census(), g.reactor.Stats()
	s.Links, s.Users, s.Ended = c.Links, c.Users, c.Ended
	s.In, s.Out = map[string]uint64{}, map[string]uint64{}
	for name, t := range c.Traffic {
		s.In[name], s.Out[name] = t.In, t.Out
	}
	s.Refused, s.Panics, s.Writes, s.WroteBytes = n.Refused, n.Panics, n.Writes, n.Bytes
	s.UnsentBytes, s.UnsentLinks = g.reactor.Unsent()
	s.Waiting, s.Longest, s.TextBytes = c.Waiting, c.Longest, c.TextBytes
}

// serve begins to answer for a server that runs.
func (g *gauges) serve(r *loop.Reactor, mode *serve.Mode, log *slog.Logger) {
	if g == nil {
		return
	}
	g.mu.Lock()
	g.reactor, g.mode = r, mode
	g.mu.Unlock()
	go func() {
		if err := g.Serve(g.listener); err != nil {
			log.Error("metrics", "why", err)
		}
	}()
}

// words say where they are.
func (g *gauges) words() []string {
	if g == nil {
		return nil
	}
	return []string{"Numbers for Prometheus are at http://" + g.listener.Addr().String() + "/metrics."}
}

// turn and kept are what loop and server tell; nil: nobody wants to know.
func (g *gauges) turn() func(time.Duration) {
	if g == nil {
		return nil
	}
	return g.Turn
}

func (g *gauges) kept() func(time.Duration) {
	if g == nil {
		return nil
	}
	return g.Kept
}

func (g *gauges) close() {
	if g != nil {
		g.Close()
		g.listener.Close()
	}
}
