package elc004

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"mim/codec"
)

// FuzzDatagram: whatever comes from whom and when, nothing panics, what is kept
// is bounded, ours goes to nobody whose program may not read it, and who is not
// in the table gets no more bytes than it sent, five answers a second at most.
//
// A script is a row of steps: who, how long after the one before, a length,
// and so many bytes.
func FuzzDatagram(f *testing.F) {
	all := []byte{}
	for i, p := range streams(f, "client->client") {
		all = append(all, step(byte(i%6), byte(i*7), p)...)
		f.Add(step(byte(i%6), 0, p))
	}
	f.Add(all)
	flood := []byte{}
	for i := range 200 {
		flood = append(flood, step(5, 1, fmt.Appendf(nil, "Q:%d:somebody", i))...)
	}
	f.Add(flood)
	f.Add(bytes.Join([][]byte{step(0, 0, []byte("J:1:g0")), step(0, 0, []byte("L:2:g0")), step(6, 2, []byte("hi")), step(7, 9, []byte("hi"))}, nil))
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 16<<10 {
			return
		}
		w := newWatch(t)
		for len(script) >= 3 {
			who, wait, n := script[0], script[1], int(script[2])
			n = min(n, len(script)-3)
			w.step(who, time.Duration(wait)*5*time.Millisecond, script[3:3+n])
			script = script[3+n:]
		}
		w.check(w.s.Due(w.now.Add(time.Hour)), 0, false)
	})
}

func step(who, wait byte, p []byte) []byte {
	return append([]byte{who, wait, byte(len(p))}, p[:min(len(p), 255)]...)
}

// A watch is a socket whose promises are checked at every step. Two friends are
// in the table, one without a name.
type watch struct {
	t       *testing.T
	s       *Socket
	now     time.Time
	answers []time.Time // to strangers
	tickets uint64
	open    map[uint64]bool // texts that had an end
}

func newWatch(t *testing.T) *watch {
	w := &watch{t: t, s: NewSocket(codec.SocketConfig{Name: "alice", Self: aliceAt}), now: time.Unix(1e9, 0), open: map[uint64]bool{}}
	w.s.Known(w.now, aliceAt, known([]Entry{{bobAt, "bob"}, {strangerAt, ""}}))
	for i := range 3 {
		if _, err := w.s.Join(w.now, fmt.Sprint("g", i)); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *watch) step(who byte, wait time.Duration, p []byte) {
	w.now = w.now.Add(wait)
	w.check(w.s.Due(w.now), 0, false)
	switch w.tickets++; who % 8 {
	case 0, 1:
		w.check(w.s.Datagram(w.now, bobAt, p), len(p), false)
	case 2:
		w.check(w.s.Datagram(w.now, strangerAt, p), len(p), false)
	case 3, 4, 5: // from any address
		var at [6]byte
		binary.BigEndian.PutUint32(at[:], 10<<24|uint32(w.tickets))
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte(at[:4])), 1+uint16(who))
		w.check(w.s.Datagram(w.now, from, p), len(p), true)
	case 6:
		w.check(w.s.Say(w.now, bobAt, p, w.tickets), 0, false)
	case 7:
		w.check(w.s.SayTo(w.now, "g0", p, w.tickets), 0, false)
	}
}

func (w *watch) check(out []codec.Output, came int, stranger bool) {
	sent := 0
	for _, o := range out {
		switch o.Kind {
		case codec.Send:
			sent += len(o.Data)
			if len(o.Data) == 0 || len(o.Data) > maxDatagram || !o.Who.IsValid() {
				w.t.Fatalf("a datagram of %d bytes to %v", len(o.Data), o.Who)
			}
			p := w.s.peers[keyAt(o.Who)]
			if _, is := readOurs(o.Data); is && p != nil && p.shape != ours && !(o.Data[0] == 'Q' && p.shape == unknown && p.id == "") {
				w.t.Fatalf("%q to a program of shape %d", o.Data, p.shape)
			}
			if stranger {
				w.answers = append(w.answers, w.now)
			}
		case codec.Delivered, codec.Failed:
			if o.Room == "" && w.open[o.Ticket] {
				w.t.Fatalf("text %d has two ends", o.Ticket)
			}
			w.open[o.Ticket] = true
		}
	}
	if stranger && sent > came {
		w.t.Fatalf("%d bytes for %d", sent, came)
	}
	if n := len(w.answers); n > othersAnswers && w.answers[n-1].Sub(w.answers[n-1-othersAnswers]) < time.Second {
		w.t.Fatalf("more than %d answers in a second", othersAnswers)
	}
	kept := w.s.waits
	listed := 0
	for _, q := range w.s.queues {
		for x := q.first; x != nil; x = x.next {
			listed++
		}
	}
	s := w.s
	if kept != listed || kept > maxWaits || len(s.peers) > maxOthers+len(s.friends) || len(s.seen.has) > maxSeen || len(s.seen.queue)-s.seen.head != len(s.seen.has) {
		w.t.Fatalf("%d of %d waits, %d peers, %d numbers in a queue of %d", listed, kept, len(s.peers), len(s.seen.has), len(s.seen.queue))
	}
}

// TestAmplification: 10,000 datagrams of all kinds from addresses that nobody
// has proven bring no more bytes out than in.
func TestAmplification(t *testing.T) {
	w := newWatch(t)
	kinds := append(streams(t, "client->client"), []byte("Q:1:"), []byte("M:1:"), []byte("J:1:g0"), []byte("G:1:g0:x"), []byte("L:1:g0"), []byte("B:1:"))
	in, out := 0, 0
	for i := range 10_000 {
		p := kinds[i%len(kinds)]
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 9, byte(i >> 8), byte(i)}), 3001)
		in += len(p)
		w.now = w.now.Add(300 * time.Millisecond)
		for _, o := range w.s.Datagram(w.now, from, p) {
			if o.Kind == codec.Send {
				out += len(o.Data)
			}
		}
	}
	if out == 0 || out > in {
		t.Errorf("%d bytes out for %d in", out, in)
	}
}
