package crowd

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
	"unsafe"

	"mim/chat/report"
	"mim/chat/script"
	"mim/codec"
	"mim/codec/comp9331"
	"mim/codec/dtu"
	"mim/codec/elc004"
	"mim/codec/messenger"
	"mim/codec/mim0"
	"mim/loop/serve"
	"mim/loop/sim"
	"mim/roster"
)

var (
	here     = netip.MustParseAddr("192.168.1.1")
	loopback = netip.MustParseAddr("127.0.0.1")
)

// right is a Passwords for which every password is right.
type right struct{}

func (right) Check(_ netip.Addr, _ string, _ []byte, done func(bool, error)) { done(true, nil) }

// A world is a server and a crowd on one machine, with a virtual clock.
type world struct {
	*sim.World
	t      *testing.T
	server *serve.Mode
	host   *sim.Host
	crowd  *Mode
	crew   *sim.Host
	ended  bool
}

// newWorld starts a server of all dialects and gives the address by which the
// crowd reaches d.
func newWorld(t *testing.T, d codec.Dialect, f sim.Faults, accounts int) *world {
	w := &world{World: sim.New(1, f), t: t}
	cfg := serve.Config{Passwords: right{}}
	for _, d := range []codec.Dialect{d} {
		cfg.Doors = append(cfg.Doors, serve.Door{Dialect: d, Network: "tcp", Addr: netip.AddrPortFrom(netip.IPv4Unspecified(), 4242)})
	}
	for i := range accounts {
		cfg.Accounts = append(cfg.Accounts, roster.Account{Name: fmt.Sprintf("p%d", i+1)})
	}
	w.server = serve.New(cfg)
	w.host = w.Host(here, w.server, w.server.Doors()...)
	return w
}

// begin lets a crowd begin with a script; change may change its settings.
func (w *world) begin(d codec.Dialect, count int, source string, change func(*Config)) {
	s, err := script.Parse([]byte(source))
	if err != nil {
		w.t.Fatal(err)
	}
	cfg := Config{
		Dialect: d.(codec.Calling), Name: "p", Count: count, Pass: []byte("secret"), Server: "127.0.0.1:4242",
		Script: s, Seed: 1, Run: 0xabc, Lines: 100, Done: func() { w.ended = true },
	}
	for i := range 5 {
		cfg.From = append(cfg.From, netip.AddrFrom4([4]byte{127, 0, 1, byte(i + 1)}))
	}
	if change != nil {
		change(&cfg)
	}
	w.crowd = New(cfg)
	w.crew = w.Host(here, w.crowd, w.crowd.Doors()...)
}

// report runs the crowd to its end.
func (w *world) report() *report.Report {
	w.t.Helper()
	if !w.RunUntil(func() bool { return w.ended }, time.Hour) {
		w.t.Fatalf("the run does not end: %+v", w.crowd.Progress())
	}
	return w.crowd.Report()
}

// perfect is a network that takes a little time.
var perfect = sim.Faults{Delay: 100 * time.Microsecond, Jitter: 100 * time.Microsecond}

const secondly = "\nstop after 10s\nwait for everyone\nrepeat forever\nwait about 1s\nsay to other \"hello {n}\"\nend"

// TestDialects: small talk by each dialect, with nothing lost or doubled.
func TestDialects(t *testing.T) {
	for _, c := range []struct {
		d      codec.Dialect
		script string
		wait   float64 // seconds: the first text for a newcomer waits for the next table
	}{
		{d: mim0.New(), script: secondly}, {elc004.New(), secondly, 2}, {d: messenger.New(), script: secondly}, {d: comp9331.New(), script: secondly}, {d: dtu.New(), script: secondly},
		{d: messenger.New(), script: "stop after 10s\npeople 1\nwait for everyone\nrepeat 5 times\nsay ALL\nwait 1s\nend\npeople rest\nwait for everyone\nrepeat 5 times\nexpect a text from person 1 within 2s\nend"},
		{d: comp9331.New(), script: "stop after 10s\npeople 1\nwait for everyone\nrepeat 5 times\nsay ALL 200 bytes\nwait 1s\nend\npeople rest\nwait for everyone\nrepeat 5 times\nexpect a text within 2s\nend"},
		{d: dtu.New(), script: "wait for everyone\njoin #room{n%5}\nwait 1s\nrepeat 5 times\nsay #room{n%5} \"x\"\nwait about 1s\nend\npart #room{n%5}\nwait 1s\nsay #lobby"},
		{d: messenger.New(), script: "people odd\nwait for everyone\nrepeat 5 times\nsay partner\nexpect a text from partner within 2s\nend\npeople even\nrepeat 5 times\nexpect a text from partner within 1m\nsay partner\nend"},
		{d: dtu.New(), script: "people odd\nwait for everyone\nwait 3s\nsay partner\npeople even\nwait for everyone\nleave\nwait 1s\nreturn\nexpect a text from partner within 5s"},
		{elc004.New(), "wait for everyone\nwait 40s\nrepeat 5 times\nsay partner 500 bytes\nwait 31s\nend", 2},
		{elc004.New(), "people odd\nwait for everyone\nwait 8s\nsay partner\npeople even\nwait for everyone\nleave\nwait 1s\nreturn\nexpect a text from partner within 20s", 2},
		{d: mim0.New(), script: "people odd\nwait for everyone\nwait 3s\nsay partner\npeople even\nwait for everyone\nleave\nwait 1s\nreturn\nexpect a text from partner within 5s"},
	} {
		w := newWorld(t, c.d, perfect, 50)
		w.begin(c.d, 50, c.script, nil)
		r := w.report()
		if !r.OK || r.Logins < 50 || r.Sent == 0 || r.Delivered != r.Expected || r.Delivered == 0 {
			t.Errorf("%s: %s\n%s", c.d.Name(), c.script, r.Text())
		}
		if most := 200 + 1000*c.wait; r.Times.Max > most {
			t.Errorf("%s: on a perfect network a text takes %v", c.d.Name(), r.Times)
		}
	}
}

// TestLossy: datagrams that get lost are sent again, those that come twice are
// one text; nobody loses the table.
func TestLossy(t *testing.T) {
	d := elc004.New()
	w := newWorld(t, d, sim.Faults{Delay: time.Millisecond, Jitter: 20 * time.Millisecond, Repeat: 0.1}, 0)
	w.begin(d, 30, "wait for everyone\nwait 32s\nrepeat 40 times\nsay partner\nwait 1s\nend", nil)
	w.RunUntil(func() bool { return w.crowd.now() > 35*time.Second }, time.Minute) // all know each other's program
	w.Faults.Loss = 0.1
	r := w.report()
	if r.Lost != 0 || r.Repeated != 0 || r.Dropped != 0 || r.Delivered < r.Expected*99/100 || r.Sent != 30*40 {
		t.Error(r.Text())
	}
	if r.Times.Max < 500 {
		t.Errorf("nothing was sent again: %v", r.Times)
	}
}

// TestAbroad: people of two crowds write to each other by name where texts do
// not go through the server.
func TestAbroad(t *testing.T) {
	for _, d := range []codec.Dialect{mim0.New(), elc004.New()} {
		w := newWorld(t, d, perfect, 0)
		var runs []*Mode
		ended := 0
		for i, name := range []string{"a", "b"} {
			other := []string{"b", "a"}[i]
			w.begin(d, 20, "wait for everyone\nwait 40s\nrepeat 5 times\nsay \""+other+"{n}\"\nwait 5s\nend\nsay nobody\nwait 10s", func(c *Config) {
				c.Name, c.Run, c.Done = name, uint64(i+1), func() { ended++ }
			})
			runs = append(runs, w.crowd)
		}
		if !w.RunUntil(func() bool { return ended == 2 }, time.Hour) {
			t.Fatal("the runs do not end")
		}
		for _, m := range runs {
			if r := m.Report(); r.Abroad != 6*20 || r.AbroadFailed != 20 || r.Heard != 5*20 || r.Dropped != 0 {
				t.Errorf("%s:\n%s", d.Name(), r.Text())
			}
		}
	}
}

// TestTable: a thousand people hear of each other, and each one's table is
// right; somebody who is there beside them is seen by all.
func TestTable(t *testing.T) {
	const people = 1000
	d := mim0.New()
	w := newWorld(t, d, perfect, 0)
	w.begin(d, people, "wait for everyone", nil)
	r := w.report()
	if !r.OK || r.Table == nil || r.Table.Checked != people || r.Table.Others != 0 || r.Table.Entries != people*(people-1) {
		t.Errorf("%+v\n%s", r.Table, r.Text())
	}
	if w.server.Len() != people {
		t.Errorf("%d are with the server", w.server.Len())
	}
}

// TestWrongTable: what one person does not know, or knows wrongly, is found.
func TestWrongTable(t *testing.T) {
	d := mim0.New()
	w := newWorld(t, d, perfect, 0)
	w.begin(d, 20, "wait for everyone\nwait 1s", nil)
	w.RunUntil(func() bool { return w.crowd.allIn > 0 }, time.Minute)
	w.Run(500 * time.Millisecond)
	p := &w.crowd.people[7]
	p.known--
	p.sum--
	r := w.report()
	if r.OK || r.Table.Wrong != 1 || r.Table.Others != 0 {
		t.Errorf("%+v", r.Table)
	}
}

// TestOthers: two crowds on one server see each other in their tables.
func TestOthers(t *testing.T) {
	d := mim0.New()
	w := newWorld(t, d, perfect, 0)
	w.begin(d, 10, "wait for everyone\nwait 20s", func(c *Config) { c.Name = "q" })
	w.Run(2 * time.Second)
	w.begin(d, 20, "wait for everyone\nwait 1s", nil)
	w.RunUntil(func() bool { return w.ended }, time.Minute)
	if r := w.crowd.Report(); !r.OK || r.Table.Others != 10 || r.Table.Wrong != 0 {
		t.Errorf("%+v\n%s", r.Table, r.Text())
	}
}

// TestLoss: a server that dies is a run that has failed.
func TestLoss(t *testing.T) {
	d := messenger.New()
	w := newWorld(t, d, perfect, 0)
	w.begin(d, 50, secondly, nil)
	w.RunUntil(func() bool { return w.crowd.allIn > 0 }, time.Minute)
	w.Run(3 * time.Second)
	w.host.Crash()
	r := w.report()
	if r.OK || r.Dropped != 50 || len(r.Errors) == 0 {
		t.Errorf("%s", r.Text())
	}
}

// TestRefused: nobody lets them in.
func TestRefused(t *testing.T) {
	d := comp9331.New()
	w := newWorld(t, d, perfect, 3) // p1 to p3 have accounts
	w.begin(d, 5, "wait for everyone\nsay other", nil)
	r := w.report()
	if r.OK || r.LoginFailed != 2 || r.Logins != 3 || r.Delivered != 3 || len(r.Errors) == 0 {
		t.Errorf("%s", r.Text())
	}
	w = newWorld(t, d, perfect, 0)
	w.host.Crash()
	w.begin(d, 5, "say other", nil)
	if r := w.report(); r.LoginFailed != 5 || r.OK {
		t.Errorf("no server: %s", r.Text())
	}
}

// TestMissed: an expectation that fails makes the run fail and says where.
func TestMissed(t *testing.T) {
	d := dtu.New()
	w := newWorld(t, d, perfect, 0)
	w.begin(d, 4, "wait for everyone\nexpect a text within 1s", nil)
	r := w.report()
	if r.OK || r.Missed != 4 || len(r.Missing) != 1 || r.Missing[0] != (report.Missing{Line: 2, Count: 4}) {
		t.Errorf("%s", r.Text())
	}
}

// TestDue: when a server is held up for three seconds, texts that were due
// meanwhile are measured from then, not from when they could leave.
func TestDue(t *testing.T) {
	d := messenger.New()
	w := newWorld(t, d, perfect, 0)
	w.begin(d, 2, "stop after 20s\npeople 1\nwait for everyone\nrepeat forever\nwait 100ms\nsay partner\nend\npeople 2\nwait for everyone", nil)
	w.RunUntil(func() bool { return w.crowd.allIn > 0 }, time.Minute)
	w.Run(5 * time.Second)
	w.host.Pause(3 * time.Second)
	r := w.report()
	if !r.OK || r.Times.Max < 2900 || r.Times.Max > 3300 || r.Times.P50 > 10 {
		t.Errorf("%s", r.Text())
	}
}

// TestRamp: logins are as many a second as the script says.
func TestRamp(t *testing.T) {
	d := messenger.New()
	w := newWorld(t, d, perfect, 0)
	w.begin(d, 101, "ramp 50 per second\nwait for everyone", nil)
	if r := w.report(); r.LoginSeconds < 2 || r.LoginSeconds > 2.1 || r.Logins != 101 {
		t.Errorf("%s", r.Text())
	}
}

// TestStop: a run that is told to stop ends, and what is under way arrives.
func TestStop(t *testing.T) {
	d := mim0.New()
	w := newWorld(t, d, perfect, 0)
	w.begin(d, 20, secondly, nil)
	w.Run(5 * time.Second)
	w.crew.Post(w.crowd.Stop)
	before := w.Now()
	r := w.report()
	if !r.OK || w.Now().Sub(before) > 2*time.Second || r.Delivered == 0 {
		t.Errorf("after %v: %s", w.Now().Sub(before), r.Text())
	}
}

// TestFewLines: with one line for all, everybody's texts still arrive, later.
func TestFewLines(t *testing.T) {
	d := mim0.New()
	w := newWorld(t, d, perfect, 0)
	w.begin(d, 20, "wait for everyone\nrepeat 3 times\nsay other\nsay partner\nend", func(c *Config) { c.Lines = 2; c.Each = true })
	if r := w.report(); !r.OK || r.Delivered != 120 {
		t.Errorf("%s", r.Text())
	}
}

// TestStrangers: what others say to the crowd is heard, and counts for no loss.
func TestStrangers(t *testing.T) {
	d := messenger.New()
	w := newWorld(t, d, perfect, 0)
	w.begin(d, 10, "wait 5s\nrepeat 3 times\nsay \"p{n}\"\nwait 1s\nend", func(c *Config) { c.Name, c.Run = "q", 0xdef })
	w.begin(d, 10, "wait for everyone\nexpect a text within 30s\nexpect a text within 30s\nexpect a text within 30s", nil)
	if r := w.report(); !r.OK || r.Heard != 30 || r.Sent != 0 {
		t.Errorf("%s", r.Text())
	}
}

func TestMark(t *testing.T) {
	for _, k := range []mark{{}, {0xabc, 1, 2, 3}, {1<<64 - 1, script.MaxPeople, script.MaxPeople, 1<<64 - 1}} {
		text := append(k.append(nil), "hello"...)
		if got, ok := readMark(text); !ok || got != k || len(k.append(nil)) > MaxMark {
			t.Errorf("%+v became %+v, %v", k, got, ok)
		}
	}
	for _, text := range []string{"", "[", "hello", "[1 2 3", "[1 2 3]", "[1 2 3 x]", "[g 1 2 3] ", "[1 99999999999 2 3] ", "[ 1 2 3] ", "[1  2 3] ",
		"[1 2 3 99999999999999999999999] ", "[10000000000000000 1 2 3] "} {
		if k, ok := readMark([]byte(text)); ok {
			t.Errorf("%q is %+v", text, k)
		}
	}
	if n := testing.AllocsPerRun(100, func() { readMark([]byte("[abc 12 13 144] hello")) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestNames: who is of the crowd, whatever the case in which a server writes it.
func TestNames(t *testing.T) {
	m := New(Config{Dialect: mim0.New().(codec.Calling), Name: "Bot", Count: 20, Script: &script.Script{}})
	for name, want := range map[string]int{"Bot1": 1, "bot20": 20, "Bot21": 0, "Bot": 0, "Bot01": 0, "Bot+1": 0, "bot1x": 0, "": 0, "Boa1": 0, "Bot0": 0} {
		if got := m.number(name); got != want {
			t.Errorf("%q is %d, want %d", name, got, want)
		}
	}
}

// TestSize: there are tens of thousands of them.
func TestSize(t *testing.T) {
	if n := unsafe.Sizeof(person{}); n > 200 {
		t.Errorf("a person takes %d bytes, want 200 at most", n)
	}
}

// TestDoors: people of one address share a listener, unless each has one.
func TestDoors(t *testing.T) {
	from := []netip.Addr{loopback, netip.MustParseAddr("127.0.1.1")}
	for _, c := range []struct {
		what string
		cfg  Config
		want string
	}{
		{"shared", Config{Dialect: mim0.New().(codec.Calling), Count: 5, From: from}, "[{tcp 127.0.0.1:0} {tcp 127.0.1.1:0}]"},
		{"each", Config{Dialect: mim0.New().(codec.Calling), Count: 3, From: from, Each: true}, "[{tcp 127.0.0.1:0} {tcp 127.0.1.1:0} {tcp 127.0.0.1:0}]"},
		{"anywhere", Config{Dialect: mim0.New().(codec.Calling), Count: 3}, "[{tcp 0.0.0.0:0}]"},
		{"through the server", Config{Dialect: dtu.New().(codec.Calling), Count: 3}, "[]"},
	} {
		c.cfg.Script = &script.Script{}
		if got := fmt.Sprint(New(c.cfg).Doors()); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}
