package serve

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/codec"
	"mim/codec/dtu"
	"mim/codec/mim0"
	"mim/loop"
	"mim/loop/sim"
)

// The doors of a server with calls, by index.
const (
	tcpDoor = iota
	voiceDoor
	deafDoor // UDP, of a dialect that has no voice
	peerDoor // UDP, of one that has, for something else
)

func doorsWithVoice(at netip.Addr) []Door {
	return []Door{
		{Dialect: dtu.New(), Role: codec.Registry, Network: "tcp", Addr: netip.AddrPortFrom(at, 0)},
		{Dialect: dtu.New(), Role: codec.Voice, Network: "udp", Addr: netip.AddrPortFrom(at, 0)},
		{Dialect: mim0.New(), Role: codec.Voice, Network: "udp", Addr: netip.AddrPortFrom(at, 0)},
		{Dialect: dtu.New(), Role: codec.Peer, Network: "udp", Addr: netip.AddrPortFrom(at, 0)},
	}
}

// keysFrom counts keys up from the first there is.
func keysFrom(n uint64) func() uint64 { return func() uint64 { n++; return n } }

const firstKey = 400_956_614_016_195

// exchange is a server with calls on a simulated network.
type exchange struct {
	*town
}

func newExchange(t *testing.T, f sim.Faults, c Config) *exchange {
	c.Doors, c.Roster.Keys = doorsWithVoice(netip.IPv4Unspecified()), keysFrom(firstKey-1)
	return &exchange{newTown(t, f, c)}
}

// A talker is a program that calls: a connection and a socket.
type talker struct {
	loop.Mode // what it does not need
	x         *exchange
	net       loop.Net
	id        loop.ID
	lines     bytes.Buffer // all that the connection brought
	heard     []string     // the datagrams, in the order they came
}

func (p *talker) Booted(n loop.Net)                             { p.net = n }
func (p *talker) Opened(id loop.ID, _ loop.Info)                { p.id = id }
func (p *talker) Closed(loop.ID, error)                         {}
func (p *talker) Failed(_ any, why error)                       { panic(why) }
func (p *talker) Data(_ loop.ID, b []byte, _ bool) int          { p.lines.Write(b); return len(b) }
func (p *talker) Datagram(_ int, from netip.AddrPort, b []byte) { p.heard = append(p.heard, string(b)) }
func (p *talker) say(line string)                               { p.net.Send(p.id, []byte(line+"\r\n"), 0, false) }
func (p *talker) voice(text string)                             { p.to(voiceDoor, text) }
func (p *talker) to(door int, text string) {
	at := netip.AddrPortFrom(server, p.x.host.Local(door).Port())
	p.net.SendTo(0, at, []byte(text))
}

// at starts a program at an address, which has no connection yet.
func (x *exchange) at(a string) *talker {
	p := &talker{x: x}
	addr := netip.MustParseAddr(a)
	x.Host(addr, p, loop.Door{Network: "udp", Addr: netip.AddrPortFrom(addr, 0)})
	return p
}

// come starts a program that logs in.
func (x *exchange) come(a, name string) *talker {
	p := x.at(a)
	p.net.Dial("tcp", netip.AddrPortFrom(server, x.host.Local(tcpDoor).Port()).String(), time.Minute, nil)
	x.Run(time.Second)
	p.say(fmt.Sprintf("CONNECT: %q %q 1", name, name))
	x.Run(time.Second)
	return p
}

var keyOf = regexp.MustCompile(`TALK \S+ (\d{15}): REQUEST`)

// call has a call b, who accepts, and both say the key until they have a receipt.
func (x *exchange) call(a, b *talker, name string) (key string) {
	x.t.Helper()
	a.say("TALK " + name + ": REQUEST")
	x.Run(time.Second)
	m := keyOf.FindStringSubmatch(b.lines.String())
	if m == nil {
		x.t.Fatalf("nobody called: %q", b.lines.String())
	}
	b.say("TALK " + m[1] + ": ACCEPT")
	for _, p := range []*talker{a, b} {
		bound := "TALKSESSION: " + m[1] + " ack"
		for range 100 {
			if slices.Contains(p.heard, bound) {
				break
			}
			p.voice(bound)
			x.Run(time.Second)
		}
	}
	x.Run(time.Second)
	a.heard, b.heard = nil, nil
	return m[1]
}

// tone is the nth datagram of somebody, of any size that is passed on.
func tone(of string, n int) string {
	return strings.Repeat(fmt.Sprintf("%s%d.", of, n), 1024)[:1+n*2047/999]
}

// A thousand datagrams each way come as they were sent, on a good network all
// of them and in order, on a bad one each as it was; nobody else hears any.
func TestVoice(t *testing.T) {
	for _, row := range []struct {
		name   string
		faults sim.Faults
	}{
		{"good", sim.Faults{}},
		{"slow", sim.Faults{Delay: 50 * time.Millisecond}},
		{"bad", sim.Faults{Delay: 20 * time.Millisecond, Jitter: 30 * time.Millisecond, Loss: 0.1, Repeat: 0.1, Reorder: 0.1}},
	} {
		t.Run(row.name, func(t *testing.T) {
			x := newExchange(t, row.faults, Config{})
			ann, bob, cat := x.come("192.168.1.2", "ann"), x.come("192.168.1.3", "bob"), x.come("192.168.1.4", "cat")
			eve := x.at("192.168.1.5")
			key := x.call(ann, bob, "bob")
			var fromAnn, fromBob []string
			for n := range 1000 {
				fromAnn, fromBob = append(fromAnn, tone("a", n)), append(fromBob, tone("b", n))
				ann.voice(fromAnn[n])
				bob.voice(fromBob[n])
				cat.voice("TALKSESSION: " + key + " ack") // she is here, but not in it
				cat.voice("I am in it, too")
				eve.voice("TALKSESSION: " + key + " ack")
				eve.voice("so am I")
				x.Run(20 * time.Millisecond)
			}
			x.Run(time.Second)
			for _, got := range []struct{ heard, said []string }{{bob.heard, fromAnn}, {ann.heard, fromBob}} {
				if row.faults.Loss == 0 {
					if !slices.Equal(got.heard, got.said) {
						t.Errorf("of %d datagrams %d came, or others", len(got.said), len(got.heard))
					}
					continue
				}
				if n := len(got.heard); n < 700 || n > 1300 {
					t.Errorf("of %d datagrams %d came", len(got.said), n)
				}
				for _, text := range got.heard {
					if !slices.Contains(got.said, text) {
						t.Fatalf("nobody said %q", text)
					}
				}
			}
			if len(eve.heard) > 0 {
				t.Errorf("who has no connection heard %q", eve.heard)
			}
			// One answer a second at most, none while her address rests.
			if n := len(cat.heard); n < 1 || n > 25 || slices.ContainsFunc(cat.heard, func(s string) bool { return s != "SESSIONERROR: bad key" }) {
				t.Errorf("who is not in the call heard %d: %q", n, cat.heard)
			}
		})
	}
}

// What is not passed on, and to whom nothing is said.
func TestVoiceDropped(t *testing.T) {
	for _, row := range []struct {
		name string
		send func(x *exchange, ann *talker)
		want []string // bob hears
		back int      // datagrams to ann
	}{
		{"of one byte", func(_ *exchange, ann *talker) { ann.voice("x") }, []string{"x"}, 0},
		{"of 2048 bytes", func(_ *exchange, ann *talker) { ann.voice(strings.Repeat("x", 2048)) }, []string{strings.Repeat("x", 2048)}, 0},
		{"of 2049 bytes", func(_ *exchange, ann *talker) { ann.voice(strings.Repeat("x", 2049)) }, nil, 0},
		{"empty", func(_ *exchange, ann *talker) { ann.voice("") }, nil, 0},
		{"her key, plain", func(_ *exchange, ann *talker) { ann.voice("TALKSESSION: 400956614016195") }, nil, 0},
		{"her key, among too many blanks", func(_ *exchange, ann *talker) {
			ann.voice(strings.Repeat(" ", 2048) + "TALKSESSION: 400956614016195 ack")
		}, nil, 0},
		{"a wrong key", func(_ *exchange, ann *talker) { ann.voice("TALKSESSION: 400956614016196") }, nil, 1},
		{"a key shorter than the answer", func(_ *exchange, ann *talker) { ann.voice("TALKSESSION: 123") }, nil, 0},
		{"by a door of others", func(_ *exchange, ann *talker) {
			for _, door := range []int{deafDoor, peerDoor} {
				ann.to(door, "x")
				ann.to(door, "TALKSESSION: 400956614016195 ack")
				ann.to(door, "TALKSESSION: 400956614016196")
			}
		}, nil, 0},
		{"when the server stops", func(x *exchange, ann *talker) {
			x.mode.Stopping()
			ann.voice("x")
			ann.voice("TALKSESSION: 400956614016195 ack")
		}, nil, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			x := newExchange(t, sim.Faults{}, Config{})
			ann, bob := x.come("192.168.1.2", "ann"), x.come("192.168.1.3", "bob")
			if key := x.call(ann, bob, "bob"); key != fmt.Sprint(firstKey) {
				t.Fatal(key)
			}
			before := x.mode.Datagrams()
			row.send(x, ann)
			x.Run(500 * time.Millisecond)
			if !slices.Equal(bob.heard, row.want) || len(ann.heard) != row.back {
				t.Errorf("bob heard %q, ann %q", bob.heard, ann.heard)
			}
			n := x.mode.Datagrams()
			if out := n.Out - before.Out; out != uint64(len(row.want)+row.back) {
				t.Errorf("%d were counted as sent", out)
			}
			bound := strings.HasSuffix(row.name, "plain")
			if n.In == before.In || (n.Dropped == n.In-before.In+before.Dropped) != (n.Out == before.Out && !bound) {
				t.Errorf("counted %+v, before %+v", n, before)
			}
		})
	}
}

// Without Config.Public nothing from the open internet is heard.
func TestVoiceOfStrangers(t *testing.T) {
	for _, public := range []bool{false, true} {
		x := newExchange(t, sim.Faults{}, Config{Public: true})
		near := x.come("10.0.0.7", "near")
		far := x.come("8.8.8.8", "far") // else nothing from there would be heard anyway
		x.mode.cfg.Public = public
		far.voice("TALKSESSION: 400956614016195")
		near.voice("TALKSESSION: 400956614016195")
		x.Run(time.Second)
		if len(near.heard) != 1 || len(far.heard) > 0 != public {
			t.Errorf("public %v: near heard %q, far %q", public, near.heard, far.heard)
		}
	}
}

// Somebody who forges the addresses of both ends says wrong keys by the
// thousand: the call goes on, and the answers are one a second.
func TestFloodOfWrongKeys(t *testing.T) {
	x := newExchange(t, sim.Faults{Delay: time.Millisecond}, Config{})
	ann, bob := x.come("192.168.1.2", "ann"), x.come("192.168.1.3", "bob")
	forged := []*talker{x.at("192.168.1.2"), x.at("192.168.1.3")} // ports of their own
	key := x.call(ann, bob, "bob")
	rng := rand.New(rand.NewPCG(1, 1))
	const seconds = 20
	said := 0
	for range seconds * 50 {
		for range 20 {
			for _, p := range append(forged, ann, bob) { // from the very ports of the call, too
				p.voice(fmt.Sprint("TALKSESSION: ", 500_000_000_000_000+rng.Int64N(1e14)))
			}
		}
		said++
		ann.voice("from ann")
		bob.voice("from bob")
		ann.voice("TALKSESSION: " + key) // their programs say it again and again
		x.Run(20 * time.Millisecond)
	}
	x.Run(time.Second)
	count := func(heard []string, text string) (n int) {
		for _, s := range heard {
			if s == text {
				n++
			}
		}
		return n
	}
	if a, b := count(ann.heard, "from bob"), count(bob.heard, "from ann"); a != said || b != said {
		t.Errorf("of %d datagrams each, %d and %d came", said, a, b)
	}
	for i, pair := range [][2]*talker{{ann, forged[0]}, {bob, forged[1]}} {
		if n := count(append(pair[0].heard, pair[1].heard...), "SESSIONERROR: bad key"); n < 1 || n > seconds+1 {
			t.Errorf("address %d was answered %d times in %d s", i, n, seconds)
		}
	}
	if strings.Contains(ann.lines.String()+bob.lines.String(), "END") {
		t.Error("the call has ended")
	}
}

// Thirty seconds without a datagram end a call; one now and then keeps it.
func TestVoiceKeepsACall(t *testing.T) {
	x := newExchange(t, sim.Faults{}, Config{})
	ann, bob := x.come("192.168.1.2", "ann"), x.come("192.168.1.3", "bob")
	end := "TALK " + x.call(ann, bob, "bob") + ": END\r\n"
	for range 4 {
		x.Run(25 * time.Second)
		bob.voice("still here")
	}
	x.Run(25 * time.Second)
	if strings.Contains(ann.lines.String(), end) {
		t.Fatalf("it ended while somebody talked: %q", ann.lines.String())
	}
	x.Run(6 * time.Second)
	for _, p := range []*talker{ann, bob} {
		if strings.Count(p.lines.String(), end) != 1 {
			t.Errorf("was told %q", p.lines.String())
		}
	}
	bob.voice("too late")
	x.Run(time.Second)
	if slices.Contains(ann.heard, "too late") {
		t.Error("voice went on after the end")
	}
}

// From the datagram that came to the one that is sent nothing is allocated,
// nor for what is dropped.
func TestVoiceAllocatesNothing(t *testing.T) {
	x := newExchange(t, sim.Faults{}, Config{})
	ann, bob := x.come("192.168.1.2", "ann"), x.come("192.168.1.3", "bob")
	key := x.call(ann, bob, "bob")
	var at netip.AddrPort // of ann, as the server sees it
	x.mode.net = &silent{Net: x.net, to: func(a netip.AddrPort) { at = a }}
	from := netip.AddrPortFrom(netip.MustParseAddr("192.168.1.2"), ann.net.Local(0).Port())
	stranger := netip.MustParseAddrPort("192.168.1.9:9")
	for _, row := range []struct {
		name string
		from netip.AddrPort
		text string
		sent bool
	}{
		{"voice", from, strings.Repeat("v", 410), true},
		{"a key with ack", from, "TALKSESSION: " + key + " ack", true},
		{"a wrong key", from, "TALKSESSION: 400956614016999", true},
		{"a stranger's voice", stranger, "voice", false},
		{"a stranger's key", stranger, "TALKSESSION: " + key, false},
	} {
		p := []byte(row.text)
		at = netip.AddrPort{}
		x.mode.Datagram(voiceDoor, row.from, p)
		if at.IsValid() != row.sent {
			t.Errorf("%s: sent to %v", row.name, at)
		}
		if n := testing.AllocsPerRun(100, func() { x.mode.Datagram(voiceDoor, row.from, p) }); n > 0 {
			t.Errorf("%s: %v allocations", row.name, n)
		}
	}
}

// silent is a net on which datagrams are only noted.
type silent struct {
	loop.Net
	to func(netip.AddrPort)
}

func (s *silent) SendTo(_ int, to netip.AddrPort, _ []byte) { s.to(to) }

// An echo sends all back that comes to it.
type echo struct{ *talker }

func (e echo) Datagram(door int, from netip.AddrPort, b []byte) {
	e.heard = append(e.heard, string(b))
	e.net.SendTo(door, from, b)
}

// A receipt is what it answers. A program that sends it back does not make it
// go round as fast as the machine can, nor does a forged source that does.
func TestEchoOfReceipts(t *testing.T) {
	x := newExchange(t, sim.Faults{}, Config{})
	a, b := x.come("10.0.0.2", "alice"), x.come("10.0.0.3", "bob")
	key := x.call(a, b, "bob")
	addr := netip.MustParseAddr("10.0.0.2")
	e := echo{&talker{x: x}}
	x.Host(addr, e, loop.Door{Network: "udp", Addr: netip.AddrPortFrom(addr, 0)})
	e.voice("TALKSESSION: " + key + " ack")
	x.Run(10 * time.Second)
	if n := len(e.heard); n == 0 || n > 110 {
		t.Errorf("%d receipts in ten seconds", n)
	}
}
