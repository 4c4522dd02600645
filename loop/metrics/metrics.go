// Package metrics shows what a server does to whoever asks by HTTP: numbers in
// the text format of Prometheus at /metrics, and at /healthz whether its loop
// still turns. It knows no more of the server than a Snapshot.
//
// A question never holds the loop up: it posts a function that fills in a
// snapshot, and waits beside the loop, one question at a time. What the loop
// itself tells (Turn, Kept) costs it some atomic additions.
package metrics

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	// answerWithin is how long a question waits for the loop.
	answerWithin = 2 * time.Second
	// maxQuestions are answered at once, others are told to come again.
	maxQuestions = 4
)

// A Snapshot is what a server knows of itself at one moment. Maps are by
// dialect, but for Ended.
type Snapshot struct {
	Links, Users map[string]int
	In, Out      map[string]uint64 // messages since the start
	Ended        map[string]uint64 // links since the start, by why
	Refused      uint64            // connections that there was no room for
	Panics       uint64            // in callbacks
	Writes       uint64            // system calls that wrote to links
	WroteBytes   uint64
	UnsentBytes  int // that wait for their readers
	UnsentLinks  int
	Waiting      int // texts in inboxes
	Longest      int // of them in one inbox
	TextBytes    int // of texts that wait for an outcome
}

// Config says where the numbers come from.
type Config struct {
	// Post runs a function on the loop, soon. Any goroutine.
	Post func(func())
	// Fill fills in an empty snapshot; on the loop.
	Fill func(*Snapshot)
	// Within is how long a question waits for the loop. 0: 2 s.
	Within time.Duration
}

// Metrics are those of one server.
type Metrics struct {
	cfg      Config
	registry *prometheus.Registry
	turns    prometheus.Histogram
	kept     prometheus.Histogram
	places   chan struct{}
	server   *http.Server
}

// New makes the metrics of a server. Nothing is open before Serve.
func New(cfg Config) *Metrics {
	if cfg.Within == 0 {
		cfg.Within = answerWithin
	}
	m := &Metrics{
		cfg: cfg, registry: prometheus.NewRegistry(), places: make(chan struct{}, maxQuestions),
		turns: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "mim_loop_turn_seconds", Help: "How long a round of the loop took: callbacks, posts, timers, writes.",
			Buckets: prometheus.ExponentialBuckets(10e-6, 4, 9), // 10 us to 0.65 s
		}),
		kept: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "mim_store_commit_seconds", Help: "From a change to the news that it is on the disk.",
			Buckets: prometheus.ExponentialBuckets(100e-6, 4, 9), // 0.1 ms to 6.5 s
		}),
	}
	m.registry.MustRegister(m.turns, m.kept, (*loopCollector)(m),
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics()),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: maxQuestions, Timeout: 2 * answerWithin,
	}))
	mux.HandleFunc("GET /healthz", m.health)
	m.server = &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second,
		WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
	return m
}

// Turn notes how long a round of the loop took. Any goroutine.
func (m *Metrics) Turn(d time.Duration) { m.turns.Observe(d.Seconds()) }

// Kept notes how long a change took to reach the disk. Any goroutine.
func (m *Metrics) Kept(d time.Duration) { m.kept.Observe(d.Seconds()) }

// Handler answers /metrics and /healthz.
func (m *Metrics) Handler() http.Handler { return m.server.Handler }

// Serve answers on a listener until Close; then its error is nil.
func (m *Metrics) Serve(l net.Listener) error {
	if err := m.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Close ends Serve and all that it answers.
func (m *Metrics) Close() error { return m.server.Close() }

// health says whether the loop comes round.
func (m *Metrics) health(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if !m.ask(r.Context(), func() {}) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("the loop does not answer\n"))
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

// ask runs f on the loop and waits; false: it did not come to it in time, and
// f may still run later. Questions that the loop has not come to hold their
// place, so that no more than maxQuestions ever wait there.
func (m *Metrics) ask(ctx context.Context, f func()) bool {
	select {
	case m.places <- struct{}{}:
	default:
		return false
	}
	done := make(chan struct{})
	m.cfg.Post(func() {
		f()
		<-m.places
		close(done)
	})
	late := time.NewTimer(m.cfg.Within)
	defer late.Stop()
	select {
	case <-done:
		return true
	case <-late.C:
	case <-ctx.Done():
	}
	return false
}

// A loopCollector asks the loop when somebody asks.
type loopCollector Metrics

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("mim_"+name, help, labels, nil)
}

// What a snapshot is called in Prometheus.
var (
	up          = gauge("up", "1 if the loop answered, 0 if it did not in time; then nothing below is told.")
	links       = gauge("links", "Open links.", "dialect")
	users       = gauge("users", "Users who are here.", "dialect")
	received    = gauge("messages_received_total", "Requests decoded.", "dialect")
	sent        = gauge("messages_sent_total", "Messages sent; what goes to many counts for each.", "dialect")
	ended       = gauge("links_ended_total", "Links that ended, by why.", "reason")
	refused     = gauge("links_refused_total", "Connections that there was no room for.")
	panics      = gauge("panics_total", "Panics in callbacks; each ended one link.")
	writes      = gauge("writes_total", "System calls that wrote to links.")
	wroteBytes  = gauge("written_bytes_total", "Bytes written to links.")
	unsentBytes = gauge("unsent_bytes", "Bytes that wait for slow readers.")
	unsentLinks = gauge("unsent_links", "Links on which bytes wait.")
	waiting     = gauge("inbox_texts", "Texts in the inboxes of those who are here.")
	longest     = gauge("inbox_longest", "Texts in the longest inbox.")
	textBytes   = gauge("held_text_bytes", "Bytes of texts that wait for an outcome, and of the names they are for.")
)

// Describe implements prometheus.Collector.
func (c *loopCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{up, links, users, received, sent, ended, refused, panics, writes, wroteBytes, unsentBytes, unsentLinks, waiting, longest, textBytes} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c *loopCollector) Collect(to chan<- prometheus.Metric) {
	m := (*Metrics)(c)
	s := &Snapshot{}
	if !m.ask(context.Background(), func() { m.cfg.Fill(s) }) {
		to <- prometheus.MustNewConstMetric(up, prometheus.GaugeValue, 0)
		return
	}
	value := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	value(up, prometheus.GaugeValue, 1)
	for name, n := range s.Links {
		value(links, prometheus.GaugeValue, float64(n), name)
	}
	for name, n := range s.Users {
		value(users, prometheus.GaugeValue, float64(n), name)
	}
	for name, n := range s.In {
		value(received, prometheus.CounterValue, float64(n), name)
	}
	for name, n := range s.Out {
		value(sent, prometheus.CounterValue, float64(n), name)
	}
	for why, n := range s.Ended {
		value(ended, prometheus.CounterValue, float64(n), why)
	}
	for _, x := range []struct {
		d *prometheus.Desc
		n uint64
	}{{refused, s.Refused}, {panics, s.Panics}, {writes, s.Writes}, {wroteBytes, s.WroteBytes}} {
		value(x.d, prometheus.CounterValue, float64(x.n))
	}
	for _, x := range []struct {
		d *prometheus.Desc
		n int
	}{{unsentBytes, s.UnsentBytes}, {unsentLinks, s.UnsentLinks}, {waiting, s.Waiting}, {longest, s.Longest}, {textBytes, s.TextBytes}} {
		value(x.d, prometheus.GaugeValue, float64(x.n))
	}
}
