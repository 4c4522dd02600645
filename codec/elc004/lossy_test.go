package elc004

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"mim/codec"
)

// A packet is a datagram on its way.
type packet struct {
	at       time.Time
	from, to netip.AddrPort
	data     []byte
}

// A world is some sockets on a bad network: of 100 datagrams 20 are lost, 10
// come twice, and each takes up to 400 ms, so that they overtake each other.
type world struct {
	tb        testing.TB
	r         *rand.Rand
	now       time.Time
	sockets   map[netip.AddrPort]*Socket
	order     []netip.AddrPort
	under     []packet
	good      bool              // the network is not bad at all
	shown     map[string]int    // by who, whose and what
	outcomes  map[uint64]string // of tickets, one letter for each
	members   map[string]bool
	datagrams int
}

func newWorld(tb testing.TB, seed uint64, names ...string) *world {
	w := &world{
		tb: tb, r: rand.New(rand.NewPCG(seed, 4)), now: time.Unix(1e9, 0),
		sockets: map[netip.AddrPort]*Socket{}, shown: map[string]int{}, outcomes: map[uint64]string{}, members: map[string]bool{},
	}
	var table []Entry
	for i, name := range names {
		at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}), 3001)
		w.order = append(w.order, at)
		w.sockets[at] = NewSocket(codec.SocketConfig{Name: name, Self: at, Seed: [32]byte{byte(seed), byte(i)}})
		table = append(table, Entry{at, name})
	}
	for _, at := range w.order {
		w.take(at, w.sockets[at].Known(w.now, at, known(table)))
	}
	return w
}

// take puts on the network what a socket sends, and notes what it tells.
func (w *world) take(from netip.AddrPort, out []codec.Output) {
	for _, o := range out {
		switch o.Kind {
		case codec.Send:
			w.send(from, o)
		case codec.Said:
			w.shown[fmt.Sprintf("%v %v %s", from, o.Who, o.Data)]++
		case codec.Delivered:
			w.outcomes[o.Ticket] += "d"
		case codec.Failed:
			w.outcomes[o.Ticket] += "f"
		case codec.Sent:
			w.outcomes[o.Ticket] += "s"
		case codec.Entered:
			w.members[fmt.Sprint(from, o.Who)] = true
		case codec.Exited:
			w.members[fmt.Sprint(from, o.Who)] = false
		}
	}
}

func (w *world) send(from netip.AddrPort, o codec.Output) {
	w.datagrams++
	if len(o.Data) == 0 || len(o.Data) > maxDatagram {
		w.tb.Fatalf("a datagram of %d bytes", len(o.Data))
	}
	if w.good {
		w.under = append(w.under, packet{w.now.Add(50 * time.Millisecond), from, o.Who, bytes.Clone(o.Data)})
		return
	}
	for range 1 + w.r.IntN(10)/9 {
		if w.r.IntN(100) >= 20 {
			at := w.now.Add(time.Duration(w.r.IntN(400)) * time.Millisecond)
			w.under = append(w.under, packet{at, from, o.Who, bytes.Clone(o.Data)})
		}
	}
}

// run lets time pass until end.
func (w *world) run(d time.Duration) {
	for end := w.now.Add(d); ; {
		next, due := end.Add(1), -1
		for i, p := range w.under {
			if p.at.Before(next) {
				next, due = p.at, i
			}
		}
		who := netip.AddrPort{}
		for _, at := range w.order {
			if wake := w.sockets[at].Wake(); !wake.IsZero() && wake.Before(next) {
				next, who = wake, at
			}
		}
		switch {
		case next.After(end):
			w.now = end
			return
		case who.IsValid():
			w.now = next
			w.take(who, w.sockets[who].Due(w.now))
		default:
			w.now = next
			p := w.under[due]
			w.under = slices.Delete(w.under, due, due+1)
			w.take(p.to, w.sockets[p.to].Datagram(w.now, p.from, p.data))
		}
	}
}

// say says a text of its own for each ticket.
func (w *world) say(from, to netip.AddrPort, ticket uint64) {
	w.take(from, w.sockets[from].Say(w.now, to, fmt.Appendf(nil, "text %d", ticket), ticket))
}

// TestLossyLink: on a bad network nothing that was reported delivered is lost,
// nothing is shown twice, and nearly everything arrives.
func TestLossyLink(t *testing.T) {
	const texts = 400
	confirmed, shown := 0, 0
	for seed := range uint64(20) {
		w := newWorld(t, seed, "alice", "bob")
		for i := range uint64(texts) {
			w.say(w.order[i%2], w.order[1-i%2], i)
			w.run(time.Duration(w.r.IntN(200)) * time.Millisecond)
		}
		w.run(time.Minute)
		for i := range uint64(texts) {
			times := w.shown[fmt.Sprintf("%v %v text %d", w.order[1-i%2], w.order[i%2], i)]
			outcome := w.outcomes[i]
			switch {
			case times > 1:
				t.Errorf("seed %d: text %d is shown %d times", seed, i, times)
			case times == 0 && (outcome == "d" || outcome == "sd"):
				t.Errorf("seed %d: text %d is reported delivered and was never shown", seed, i)
			case !slices.Contains([]string{"d", "f", "s", "sd", "sf"}, outcome):
				t.Errorf("seed %d: the outcomes of text %d are %q", seed, i, outcome)
			}
			shown += times
			if outcome == "d" || outcome == "sd" {
				confirmed++
			}
		}
		for at, s := range w.sockets {
			if s.waits != 0 || !s.Wake().IsZero() {
				t.Errorf("seed %d: at %v %d still wait", seed, at, s.waits)
			}
		}
		if w.run(time.Hour); len(w.under) > 0 {
			t.Errorf("seed %d: %d datagrams of nothing", seed, len(w.under))
		}
	}
	if all := 20 * texts; confirmed < all*97/100 || shown < all*97/100 {
		t.Errorf("of %d texts %d were shown and %d confirmed", all, shown, confirmed)
	}
}

// TestLossyGroup: three who have talked to each other learn who is in the group
// on a bad network, and each text to it is shown once to each.
func TestLossyGroup(t *testing.T) {
	missed := 0
	for seed := range uint64(20) {
		w := newWorld(t, seed, "alice", "bob", "carol")
		ticket := uint64(0)
		for range 5 { // until the shapes are known
			for _, from := range w.order {
				for _, to := range w.order {
					if from != to {
						w.say(from, to, ticket)
						ticket++
					}
				}
			}
			w.run(time.Second)
		}
		for _, at := range w.order {
			out, err := w.sockets[at].Join(w.now, "class")
			if err != nil {
				t.Fatal(err)
			}
			w.take(at, out)
			w.run(time.Duration(w.r.IntN(1000)) * time.Millisecond)
		}
		w.run(20 * time.Second)
		for _, a := range w.order {
			for _, b := range w.order {
				if a != b && !w.members[fmt.Sprint(a, b)] {
					t.Errorf("seed %d: %v does not know that %v is in the group", seed, a, b)
				}
			}
		}
		clear(w.shown)
		for i, from := range w.order {
			ticket := uint64(1000 + i)
			w.take(from, w.sockets[from].SayTo(w.now, "class", fmt.Appendf(nil, "to all %d", i), ticket))
			w.run(time.Minute)
			if len(w.outcomes[ticket]) != 3 {
				t.Errorf("seed %d: the outcomes of a text to two are %q", seed, w.outcomes[ticket])
			}
			for _, to := range w.order {
				times := w.shown[fmt.Sprintf("%v %v to all %d", to, from, i)]
				if to != from && times == 0 && w.outcomes[ticket] == "sdd" || times > 1 {
					t.Errorf("seed %d: shown %d times, outcomes %q", seed, times, w.outcomes[ticket])
				} else if to != from && times == 0 {
					missed++
				}
			}
		}
		leaves, _ := w.sockets[w.order[0]].Leave(w.now, "class")
		w.take(w.order[0], leaves)
		for i := range uint64(10) { // L is not confirmed: who writes to one who has left is told again
			w.run(time.Minute)
			w.take(w.order[1], w.sockets[w.order[1]].SayTo(w.now, "class", []byte("are you there"), 2000+i))
		}
		if w.members[fmt.Sprint(w.order[1], w.order[0])] {
			t.Errorf("seed %d: one who left is still written to", seed)
		}
	}
	if missed > 2 {
		t.Errorf("%d of 120 texts were not shown", missed)
	}
}

// TestQuiet: on a good network each text is one datagram and its A.
func TestQuiet(t *testing.T) {
	w := newWorld(t, 1, "alice", "bob")
	w.good = true
	w.say(w.order[0], w.order[1], 0)
	w.run(time.Minute)
	if w.say(w.order[1], w.order[0], 1); w.outcomes[0] != "sd" {
		t.Errorf("outcome %q", w.outcomes[0])
	}
	w.run(time.Minute)
	if w.outcomes[1] != "d" || w.datagrams != 4 {
		t.Errorf("outcome %q, %d datagrams", w.outcomes[1], w.datagrams)
	}
}
