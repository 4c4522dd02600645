package serve

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/codec"
	"mim/codec/mim0"
	"mim/loop"
	"mim/loop/sim"
)

func TestComingAndGoing(t *testing.T) {
	w := newTown(t, sim.Faults{}, Config{})
	ann := w.join(server, "ann", 10)
	ann.hears(t, "the first", "logo")
	bob := w.join(lan, "bob", 11)
	bob.hears(t, "the second, from another machine, sees the first at our address there", "logo", "came ann 192.168.1.1:10")
	ann.hears(t, "the first hears of it", "came bob 192.168.1.2:11")
	cat := w.join(server, "cat", 12)
	cat.hears(t, "the third sees loopback as it is", "logo", "came ann 127.0.0.1:10", "came bob 192.168.1.2:11")
	ann.hears(t, "near", "came cat 127.0.0.1:12")
	bob.hears(t, "far", "came cat 192.168.1.1:12")
	cat.close()
	w.Run(time.Second)
	ann.hears(t, "near", "went cat 127.0.0.1:12")
	bob.hears(t, "far", "went cat 192.168.1.1:12")
	if w.mode.Len() != 2 {
		t.Errorf("%d are here", w.mode.Len())
	}
	if want := []string{"ann true", "bob true", "cat true", "cat false"}; !slices.Equal(w.seen, want) {
		t.Errorf("the window was told %q", w.seen)
	}
}

func TestLoginInSingleBytes(t *testing.T) {
	w := newTown(t, sim.Faults{MaxCut: 1, Delay: time.Millisecond}, Config{})
	ann := w.join(server, "ann", 10)
	bob := w.join(server, "bob", 11)
	ann.hears(t, "ann", "logo", "came bob 127.0.0.1:11")
	bob.hears(t, "bob", "logo", "came ann 127.0.0.1:10")
}

func TestFiftyLoginsAtOnce(t *testing.T) {
	w := newTown(t, sim.Faults{}, Config{})
	all := make([]*person, 50)
	for i := range all {
		all[i] = w.visit([]netip.Addr{server, lan}[i%2])
	}
	for i, p := range all {
		p.send(login(fmt.Sprintf("p%02d", i), uint16(100+i)))
	}
	w.Run(time.Second)
	for i, p := range all {
		known := p.knows()
		if len(known) != len(all)-1 || slices.ContainsFunc(known, func(s string) bool { return strings.HasPrefix(s, fmt.Sprintf("p%02d ", i)) }) {
			t.Fatalf("%d knows %d: %q", i, len(known), known)
		}
	}
}

func TestLoginAndRenameInOneSegment(t *testing.T) {
	w := newTown(t, sim.Faults{}, Config{})
	ann := w.join(server, "ann", 10)
	bob := w.visit(server)
	bob.send(append(login("bob", 11), login("rob", 12)...))
	w.Run(time.Second)
	bob.hears(t, "one logo, one table", "logo", "came ann 127.0.0.1:10")
	ann.hears(t, "ann", "logo", "came bob 127.0.0.1:11", "went bob 127.0.0.1:11", "came rob 127.0.0.1:12")
	if !strings.Contains(w.log.String(), "msg=rename name=rob dialect=mim0 address=127.0.0.1:12 from=bob\n") {
		t.Errorf("the log has no rename:\n%s", &w.log)
	}
}

func TestLoginThenHalfClose(t *testing.T) {
	w := newTown(t, sim.Faults{Delay: time.Millisecond}, Config{})
	ann := w.join(server, "ann", 10)
	bob := w.visit(server)
	bob.send(login("bob", 11))
	bob.net.Finish(bob.id)
	w.Run(time.Second)
	bob.hears(t, "who asked and ended gets its answer", "logo", "came ann 127.0.0.1:10")
	if !bob.closed || bob.why != nil {
		t.Errorf("closed %v, %v", bob.closed, bob.why)
	}
	ann.hears(t, "ann", "logo", "came bob 127.0.0.1:11", "went bob 127.0.0.1:11")
}

func TestSameNameTwice(t *testing.T) {
	w := newTown(t, sim.Faults{}, Config{})
	ann := w.join(server, "ann", 10)
	one := w.join(server, "bob", 11)
	two := w.join(server, "bob", 12)
	one.hears(t, "the first bob", "logo", "came ann 127.0.0.1:10", "came bob 127.0.0.1:12")
	two.hears(t, "the second bob", "logo", "came ann 127.0.0.1:10", "came bob 127.0.0.1:11")
	again := w.join(server, "bob", 12)
	again.hears(t, "the second bob by another link is not in its own table", "logo", "came ann 127.0.0.1:10", "came bob 127.0.0.1:11")
	one.hears(t, "and is news to nobody")
	two.close()
	w.Run(time.Second)
	one.hears(t, "one link of two has gone")
	again.close()
	w.Run(time.Second)
	one.hears(t, "the other, too", "went bob 127.0.0.1:12")
	ann.hears(t, "ann", "logo", "came bob 127.0.0.1:11", "came bob 127.0.0.1:12", "went bob 127.0.0.1:12")
}

// Whoever breaks the rules hears why in one line, and nobody else hears anything.
func TestOffenders(t *testing.T) {
	block := func(size string, rest ...byte) []byte { return append([]byte(size), rest...) }
	for _, row := range []struct {
		name string
		send []byte
		wait time.Duration
		want []string // what must be in the lines that the offender hears
		log  string
	}{
		{"size 0", block("\x00\x00"), 0, []string{"not 0"}, "malformed"},
		{"size 65535", block("\xff\xff"), 0, []string{"not 65535"}, "malformed"},
		{"another protocol", []byte("GET / HTTP/1.0\r\n\r\n"), 0, []string{"mim0"}, "malformed"},
		{"odd string", block("\x00\x09", 0, 10, 0, 0, 0, 3, 0, 'a', 0), 0, []string{"name"}, "malformed"},
		{"port 0", block("\x00\x08", 0, 0, 0, 0, 0, 2, 0, 'a'), 0, []string{"port 0"}, "malformed"},
		{"no name", block("\x00\x06", 0, 10, 0, 0, 0, 0), 0, []string{"empty"}, "malformed"},
		{"a name of two lines", block("\x00\x0c", 0, 10, 0, 0, 0, 6, 0, 'a', 0, '\n', 0, 'b'), 0, []string{"control"}, "malformed"},
		{"never logs in", nil, 31 * time.Second, []string{"Welcome", "no login within 30s"}, "closing"},
		{"half a login", block("\x00\x0a"), 31 * time.Second, []string{"no login within 30s"}, "closing"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newTown(t, sim.Faults{}, Config{})
			ann := w.join(server, "ann", 10)
			ann.hears(t, "ann", "logo")
			eve := w.visit(server)
			eve.send(row.send)
			w.Run(time.Second + row.wait)
			if len(eve.heard) != len(row.want) {
				t.Fatalf("heard %q, want %d lines", eve.heard, len(row.want))
			}
			for i, want := range row.want {
				if !strings.HasPrefix(eve.heard[i], "text ") || !strings.Contains(eve.heard[i], want) {
					t.Errorf("heard %q, want a line with %q", eve.heard[i], want)
				}
			}
			if !eve.closed {
				t.Error("not closed")
			}
			ann.hears(t, "ann is not disturbed")
			if !strings.Contains(w.log.String(), "msg="+row.log+" dialect=mim0 remote=127.0.0.1:") {
				t.Errorf("the log has no line %q:\n%s", row.log, &w.log)
			}
			w.join(server, "bob", 11).hears(t, "a newcomer afterwards", "logo", "came ann 127.0.0.1:10")
		})
	}
}

func TestTooManyLogins(t *testing.T) {
	w := newTown(t, sim.Faults{}, Config{})
	ann := w.join(server, "ann", 10)
	bob := w.visit(server)
	for i := range 100 { // more than one callback decodes
		bob.send(login(fmt.Sprintf("bob%d", i), 11))
	}
	w.Run(time.Second)
	if !bob.closed || len(bob.heard) != 3 || !strings.Contains(bob.heard[2], "too many logins") {
		t.Errorf("closed %v, heard %q", bob.closed, bob.heard)
	}
	ann.hears(t, "ann", "logo", "came bob0 127.0.0.1:11", "went bob0 127.0.0.1:11", "came bob1 127.0.0.1:11", "went bob1 127.0.0.1:11")
}

// Deadlines of the roster and timers of sessions share one alarm: neither may
// swallow the other's.
func TestTimersShareTheAlarm(t *testing.T) {
	w := newTown(t, sim.Faults{}, Config{})
	late := map[int]*person{}
	for i := range 4 {
		late[i] = w.visit(server) // says nothing: the logo after 1 s, the end after 30 s
		w.Run(400 * time.Millisecond)
	}
	w.join(server, "ann", 10) // its deadline is dropped
	w.Run(40 * time.Second)
	for i, p := range late {
		if len(p.heard) != 2 || !p.closed {
			t.Errorf("%d: closed %v, heard %q", i, p.closed, p.heard)
		}
	}
	if w.mode.Len() != 1 {
		t.Errorf("%d are here", w.mode.Len())
	}
}

func TestStrangers(t *testing.T) {
	for _, row := range []struct {
		from   string
		public bool
		in     bool
	}{
		{"192.168.1.9", false, true},
		{"10.1.2.3", false, true},
		{"172.16.9.9", false, true},
		{"169.254.3.4", false, true},
		{"fd00::9", false, true},
		{"fe80::9", false, true},
		{"::ffff:10.0.0.1", false, true},
		{"127.9.9.9", false, true},
		{"8.8.8.8", false, false},
		{"::ffff:8.8.8.8", false, false},
		{"172.32.0.1", false, false},
		{"2001:db8::1", false, false},
		{"8.8.8.8", true, true},
	} {
		t.Run(fmt.Sprint(row.from, " public=", row.public), func(t *testing.T) {
			w := newTown(t, sim.Faults{}, Config{Public: row.public})
			p := w.visit(netip.MustParseAddr(row.from))
			p.send(login("ann", 10))
			w.Run(time.Second)
			if in := len(p.heard) > 0; in != row.in || w.mode.Len() == 1 != row.in || p.closed == row.in {
				t.Errorf("heard %q, %d are here, closed %v", p.heard, w.mode.Len(), p.closed)
			}
			if refused := strings.Contains(w.log.String(), "level=WARN msg=refused dialect=mim0 remote="); refused == row.in {
				t.Errorf("log:\n%s", &w.log)
			}
		})
	}
}

func TestLogQuotesNames(t *testing.T) {
	w := newTown(t, sim.Faults{}, Config{})
	w.join(server, `eve" level=ERROR x="`, 10).close()
	w.Run(time.Second)
	for _, what := range []string{"login", "logout"} {
		want := `level=INFO msg=` + what + ` name="eve\" level=ERROR x=\"" dialect=mim0 address=127.0.0.1:10` + "\n"
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("no line %q:\n%s", want, &w.log)
		}
	}
	for _, what := range []string{"level=DEBUG msg=opened", "level=DEBUG msg=closed"} {
		if !strings.Contains(w.log.String(), what) {
			t.Errorf("no line %q:\n%s", what, &w.log)
		}
	}
}

// The end of a server is told to everyone.
func TestStopping(t *testing.T) {
	w := newTown(t, sim.Faults{}, Config{})
	ann, bob := w.join(server, "ann", 10), w.visit(lan)
	ann.hears(t, "ann", "logo")
	w.host.Stop()
	w.Run(2 * time.Second)
	ann.hears(t, "someone who is here", "text "+errStopping.Error())
	bob.hears(t, "someone who has just come", "text "+errStopping.Error())
	if !ann.closed || !bob.closed || w.host.Alive() {
		t.Error("not all is over")
	}
}

// The end of a server of many costs no line of news and no line of log for
// each of them: it would take the square of their number.
func TestStoppingIsCheap(t *testing.T) {
	w := newTown(t, sim.Faults{}, Config{})
	for i := range 20 {
		w.join(lan, "somebody", uint16(10+i))
	}
	encodes, sends := w.mode.Encodes(), w.net.sends
	w.host.Stop()
	w.Run(2 * time.Second)
	if w.host.Alive() {
		t.Error("the server has not stopped")
	}
	if n := w.mode.Encodes() - encodes; n != 0 {
		t.Errorf("%d events were encoded for people who are going", n)
	}
	if n := w.net.sends - sends; n != 20 {
		t.Errorf("%d sends for 20 last words", n)
	}
	if log := w.log.String(); strings.Contains(log, "msg=logout") || strings.Count(log, "msg=stopping people=20") != 1 {
		t.Errorf("the log:\n%s", log)
	}
}

// A reader that does not read is the loop's business; to the others it goes.
func TestLostLink(t *testing.T) {
	w := newTown(t, sim.Faults{}, Config{})
	ann, bob := w.join(server, "ann", 10), w.join(server, "bob", 11)
	ann.hears(t, "ann", "logo", "came bob 127.0.0.1:11")
	bob.net.Kill(bob.id, errors.New("gone"))
	w.Run(2 * time.Second)
	ann.hears(t, "ann", "went bob 127.0.0.1:11")
}

// An ID that names nothing any more is nobody.
func TestStaleID(t *testing.T) {
	w := newTown(t, sim.Faults{}, Config{})
	ann := w.join(server, "ann", 10)
	id := loop.MakeID(0, 99)
	w.mode.Closed(id, nil)
	if n := w.mode.Data(id, login("bob", 11), false); n != len(login("bob", 11)) {
		t.Errorf("used %d bytes of nobody", n)
	}
	if w.mode.Len() != 1 || strings.Contains(w.log.String(), "msg=closed") {
		t.Errorf("%d are here; log:\n%s", w.mode.Len(), &w.log)
	}
	ann.close()
	w.Run(time.Second)
	if id := loop.MakeID(0, 1); w.mode.links[0].Link != nil || w.mode.driver.Get(id) != nil {
		t.Error("something is kept of a link that has closed")
	}
}

// Without a logo no session has a timer: the roster's deadline alone wakes us.
func TestDeadlineWithoutLogo(t *testing.T) {
	bare, err := mim0.New().(codec.Configurable).Configure(func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	w := newTown(t, sim.Faults{}, Config{Doors: doorOf(bare)})
	p := w.visit(server)
	w.Run(29 * time.Second)
	p.hears(t, "before its time is up")
	w.Run(2 * time.Second)
	if !p.closed || len(p.heard) != 1 || !strings.Contains(p.heard[0], "no login within 30s") {
		t.Errorf("closed %v, heard %q", p.closed, p.heard)
	}
}

// Two dozen people come, rename, come back and go on a bad network. Whenever it
// calms down, each of them who is still here knows exactly the others.
func TestBadNetwork(t *testing.T) {
	for seed := range uint64(100) {
		w := newTownOf(t, seed, sim.Faults{}, Config{})
		rng := rand.New(rand.NewPCG(seed, 2))
		var all []*person
		for round := range 3 {
			for range 8 {
				p := w.visit([]netip.Addr{server, lan}[rng.IntN(2)])
				p.send(login(fmt.Sprint("p", len(all)), uint16(200+len(all))))
				all = append(all, p)
			}
			w.Faults = sim.Faults{MaxCut: 5, Delay: time.Millisecond, Jitter: 40 * time.Millisecond, Lose: 0.01, Stall: 0.05, StallFor: time.Second}
			for range 16 {
				i := rng.IntN(len(all))
				p := all[i]
				switch rng.IntN(12) {
				case 0:
					p.close()
				case 1:
					p.net.Finish(p.id)
				default:
					p.send(login(fmt.Sprint("r", round, rng.IntN(4)), uint16(200+i)))
				}
				w.Run(time.Duration(rng.IntN(1200)) * time.Millisecond)
			}
			w.Faults = sim.Faults{}
			w.Run(10 * time.Second)
			if bad := w.wrong(all); bad != "" {
				t.Fatalf("seed %d, round %d: %s", seed, round, bad)
			}
		}
	}
}

// wrong says who of all knows anything but the truth. Ports are unique here.
func (w *town) wrong(all []*person) string {
	here := 0
	for i, p := range all {
		if p.closed {
			continue
		}
		here++
		var want []string
		for q := range w.mode.roster.People() {
			to := q.Near
			if p.from != server {
				to = q.Far
			}
			if int(to.Port()) != 200+i {
				want = append(want, fmt.Sprint(q.Name, " ", to))
			}
		}
		slices.Sort(want)
		if known := p.knows(); !slices.Equal(known, want) {
			return fmt.Sprintf("person %d knows\n     %q,\nbut is %q", i, known, want)
		}
	}
	if here != w.mode.Len() {
		return fmt.Sprintf("%d have a connection, the server knows %d", here, w.mode.Len())
	}
	return ""
}
