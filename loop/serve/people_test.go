package serve

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/codec"
	"mim/codec/mim0"
	"mim/loop"
	"mim/loop/sim"
)

// The machines of the test's network, and the door of the server's.
var (
	server = netip.MustParseAddr("192.168.1.1")
	lan    = netip.MustParseAddr("192.168.1.2")
	any0   = netip.MustParseAddrPort("0.0.0.0:4242")
)

// A town is a server on a simulated network and the people who come to it.
type town struct {
	*sim.World
	t    *testing.T
	mode *Mode
	host *sim.Host
	net  *counted
	log  bytes.Buffer
	seen []string // what Config.Window was told
}

// newTown starts a server with one dialect. The settings that a test leaves
// out are filled in.
func newTown(t *testing.T, f sim.Faults, c Config) *town { return newTownOf(t, 1, f, c) }

// newTownOf is newTown with a seed.
func newTownOf(t *testing.T, seed uint64, f sim.Faults, c Config) *town {
	w := &town{World: sim.New(seed, f), t: t}
	if c.Doors == nil {
		c.Doors = doorOf(mim0.New())
	}
	c.Log = slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c.Window = func(came bool, who *chat.Person) {
		w.seen = append(w.seen, fmt.Sprintf("%s %v", who.Name, came))
	}
	w.mode = New(c)
	w.net = &counted{}
	w.host = w.Host(server, watched{w.mode, w.net}, w.mode.Doors()...)
	return w
}

func doorOf(d codec.Dialect) []Door {
	return []Door{{Dialect: d, Role: codec.Registry, Network: "tcp", Addr: any0}}
}

// counted is the server's net with an eye on what is sent.
type counted struct {
	loop.Net
	sends int
	sent  func(id loop.ID, b []byte, lazy bool) // may be nil
}

func (c *counted) Send(id loop.ID, b []byte, gap time.Duration, lazy bool) uint64 {
	c.sends++
	if c.sent != nil {
		c.sent(id, b, lazy)
	}
	return c.Net.Send(id, b, gap, lazy)
}

// watched gives a mode the counted net instead of its own.
type watched struct {
	*Mode
	net *counted
}

func (w watched) Booted(n loop.Net) {
	w.net.Net = n
	w.Mode.Booted(w.net)
}

// A person is a client of the server, as a program of the dialect sees it.
type person struct {
	loop.Mode // what a client does not need
	net       loop.Net
	from      netip.Addr
	id        loop.ID
	caller    codec.Caller // reads what comes
	heard     []string     // "came bob 127.0.0.1:10", "went ...", "text ..."
	reads     int          // segments that came
	closed    bool
	why       error
}

func (p *person) Booted(n loop.Net)              { p.net = n }
func (p *person) Opened(id loop.ID, _ loop.Info) { p.id = id }
func (p *person) Closed(_ loop.ID, why error)    { p.closed, p.why = true, why }
func (p *person) Failed(_ any, why error)        { p.closed, p.why = true, why }
func (p *person) Stopping()                      {}
func (p *person) Data(_ loop.ID, b []byte, end bool) (used int) {
	p.reads++
	for {
		e, n, err := p.caller.Next(b[used:])
		if err != nil {
			panic(err)
		}
		if e == nil && n == 0 {
			return used
		}
		used += n
		switch e := e.(type) {
		case *chat.Came:
			p.heard = append(p.heard, fmt.Sprint("came ", e.Who.Name, " ", e.Who.Near))
		case *chat.Went:
			p.heard = append(p.heard, fmt.Sprint("went ", e.Who.Name, " ", e.Who.Near))
		case *chat.Notice:
			p.heard = append(p.heard, "text "+e.Text)
		}
	}
}

// visit has somebody connect from a machine: lan, or the server's own by loopback.
func (w *town) visit(from netip.Addr) *person {
	p := &person{from: from, caller: mim0.New().(codec.Calling).Call(codec.Link{})}
	host := w.Host(from, p)
	to := netip.AddrPortFrom(server, 4242)
	if from == server {
		to = netip.MustParseAddrPort("127.0.0.1:4242")
	}
	host.Dial("tcp", to.String(), 10*time.Second, nil)
	w.RunUntil(func() bool { return p.id != 0 || p.closed }, 10*time.Second)
	if p.id == 0 && p.why != nil {
		w.t.Fatalf("cannot connect: %v", p.why)
	}
	return p
}

// join has somebody come and log in, and waits for the end of it.
func (w *town) join(from netip.Addr, name string, port uint16) *person {
	p := w.visit(from)
	p.send(login(name, port))
	w.Run(time.Second)
	return p
}

func (p *person) send(b []byte) { p.net.Send(p.id, b, 0, false) }
func (p *person) close()        { p.net.CloseSoon(p.id, nil) }

// login is a login block.
func login(name string, port uint16) []byte {
	b := mim0.New().(codec.Calling).Call(codec.Link{}).Ask(nil, &chat.Login{Name: name, Port: port})
	if len(b) == 0 {
		panic("no login block for " + name)
	}
	return b
}

// hears checks what p heard since the last time; the logo is "logo".
func (p *person) hears(t *testing.T, what string, want ...string) {
	t.Helper()
	got := slices.Clone(p.heard)
	for i, s := range got {
		if strings.HasPrefix(s, "text Welcome") {
			got[i] = "logo"
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s:\nheard %q\n want %q", what, got, want)
	}
	p.heard = nil
}

// knows are the people that p has heard of and not heard to go, sorted.
func (p *person) knows() []string {
	var out []string
	for _, s := range p.heard {
		switch kind, who, _ := strings.Cut(s, " "); kind {
		case "came":
			out = append(out, who)
		case "went":
			if i := slices.Index(out, who); i >= 0 {
				out = slices.Delete(out, i, i+1)
			} else {
				out = append(out, "not met: "+who)
			}
		}
	}
	slices.Sort(out)
	return out
}
