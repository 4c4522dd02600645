package roster

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat"
)

// A relayModel is the rules of texts in their simplest form: each request
// has one answer, in order; each receiver has one text at a time.
type relayModel struct {
	w     *world
	rng   *rand.Rand
	open  map[int][]string // by link: what was asked and not answered, in order
	under map[int]string   // by link: the author of the text that waits for its receipt
	since map[int]time.Time
	links map[int]string // open links, by number: the name asked for last
}

func (m *relayModel) carryOut(effects []Effect) {
	for _, e := range effects {
		n := int(e.To.Slot()) + 1
		switch e.Kind {
		case Reply:
			m.answered(n, e.Answer)
		case Close:
			delete(m.open, n)
		case Tell:
			said, ok := e.Event.(*chat.Said)
			if !ok {
				continue
			}
			if at, late := m.since[n]; m.under[n] != "" && (!late || m.w.now.Sub(at) < receiptWithin) && !strings.HasPrefix(m.under[n], "dead ") {
				m.w.t.Fatalf("link %d is told %q while one of %s waits for its receipt", n, said.Text, m.under[n])
			}
			m.under[n], m.since[n] = said.From.Name, m.w.now
		}
	}
}

// answered checks that an answer is for what was asked first. Receipts that
// the roster cannot take are answered too; nobody counts on that.
func (m *relayModel) answered(n int, a chat.Answer) {
	what := ""
	switch q := a.To.(type) {
	case *chat.Say:
		what = "say " + string(q.To)
	case *chat.Login:
		what = "login " + q.Name
	case *chat.Refuse:
		what = "refuse"
	case *chat.Received:
		return
	}
	if len(m.open[n]) == 0 || m.open[n][0] != what {
		m.w.t.Fatalf("link %d is answered %q, it waits for %q", n, what, m.open[n])
	}
	m.open[n] = m.open[n][1:]
}

func (m *relayModel) step() {
	n := 1 + m.rng.IntN(12)
	w, l := m.w, linkOf(n)
	if _, ok := m.links[n]; !ok {
		m.links[n] = ""
		m.carryOut(w.Open(w.now, l, &relay, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(n / 2)}), 1), netip.AddrPort{}))
		return
	}
	name := fmt.Sprintf("user%d", n/2)
	switch m.rng.IntN(12) {
	case 0:
		delete(m.links, n)
		delete(m.open, n)
		delete(m.under, n)
		m.carryOut(w.Closed(w.now, l))
	case 1, 2:
		m.open[n] = append(m.open[n], "login "+name)
		m.carryOut(w.Do(w.now, l, &chat.Login{Name: name, Part: chat.Part(m.rng.IntN(3))}))
	case 3:
		m.open[n] = append(m.open[n], "refuse")
		m.carryOut(w.Do(w.now, l, &chat.Refuse{Err: chat.Errorf(chat.BadName, "bad")}))
	case 4, 5, 6:
		to := fmt.Sprintf("user%d", m.rng.IntN(7))
		m.open[n] = append(m.open[n], "say "+to)
		m.carryOut(w.Do(w.now, l, &chat.Say{To: []byte(to), Text: []byte(strings.Repeat("é", m.rng.IntN(12)))}))
	case 7:
		m.open[n] = append(m.open[n], "say ALL")
		m.carryOut(w.Do(w.now, l, &chat.Say{To: []byte("ALL"), All: true, Text: []byte("x")}))
	case 8, 9, 10:
		q := &chat.Received{From: []byte(m.under[n])}
		if m.rng.IntN(5) == 0 {
			q.Err = chat.Errorf(chat.Refused, "no")
		}
		m.under[n] = "dead " + m.under[n]
		m.carryOut(w.Do(w.now, l, q))
	default:
		m.pass(time.Duration(m.rng.IntN(1500)) * time.Millisecond)
	}
}

func (m *relayModel) pass(d time.Duration) {
	w := m.w
	end := w.now.Add(d)
	for next := w.Next(); !next.IsZero() && !next.After(end); next = w.Next() {
		w.now = next
		e, _ := w.Tick(next)
		m.carryOut(e)
	}
	w.now = end
}

// Whatever members do in whatever order, each request is answered once and in
// its turn, no receiver has two texts at a time, and in the end nothing is left.
func TestRelayModel(t *testing.T) {
	for seed := range uint64(200) {
		m := &relayModel{
			w: newWorld(t, Config{}), rng: rand.New(rand.NewPCG(seed, 3)),
			open: map[int][]string{}, under: map[int]string{}, since: map[int]time.Time{}, links: map[int]string{},
		}
		for range 400 {
			m.step()
		}
		m.pass(5 * time.Minute)
		for n, asked := range m.open {
			if len(asked) > 0 {
				t.Fatalf("seed %d: link %d has no answer to %q", seed, n, asked)
			}
		}
		for n := range m.links {
			m.carryOut(m.w.Closed(m.w.now, linkOf(n)))
		}
		r := m.w.Roster
		if len(r.named) > 0 || len(r.members) > 0 || len(r.timers) > 0 || len(r.waiting) > 0 {
			t.Fatalf("seed %d: %d names, %d members, %d timers, %d links waiting are left", seed, len(r.named), len(r.members), len(r.timers), len(r.waiting))
		}
	}
}

// A text from its author to its receiver and the answer back cost no memory.
func TestRelayAllocs(t *testing.T) {
	w := town(t)
	say, got := &chat.Say{To: []byte("Bob"), Text: []byte("hello")}, &chat.Received{From: []byte("ann")}
	long := &chat.Say{To: []byte("bob"), Text: []byte(strings.Repeat("x", 25))}
	all := &chat.Say{To: []byte("ALL"), All: true, Text: []byte("hello")}
	nobody := &chat.Say{To: []byte("nobody"), Text: []byte("hello")}
	for _, c := range []struct {
		what string
		f    func()
	}{
		{"one text", func() { w.Do(w.now, linkOf(1), say); w.Do(w.now, linkOf(4), got) }},
		{"three pieces", func() {
			w.Do(w.now, linkOf(1), long)
			for range 3 {
				w.Do(w.now, linkOf(4), got)
			}
		}},
		{"two texts, one waits", func() {
			w.Do(w.now, linkOf(1), say)
			w.Do(w.now, linkOf(1), say)
			w.Do(w.now, linkOf(4), got)
			w.Do(w.now, linkOf(4), got)
		}},
		{"to all", func() { w.Do(w.now, linkOf(1), all); w.Do(w.now, linkOf(4), got); w.Do(w.now, linkOf(5), got) }},
		{"to nobody", func() { w.Do(w.now, linkOf(1), nobody) }},
	} {
		if n := testing.AllocsPerRun(100, c.f); n != 0 {
			t.Errorf("%s: %v allocations", c.what, n)
		}
	}
}

// What a burst needed is not kept for ever.
func TestSpareIsBounded(t *testing.T) {
	w := town(t)
	for range 30 {
		for range maxInbox {
			w.do("1 say bob x")
			w.do("3 say carl x")
		}
		for range maxInbox {
			w.do("4 got ann")
			w.do("5 got bob")
		}
	}
	if w.spares > maxSpare || w.deliveries > maxSpare {
		t.Errorf("%d entries and %d deliveries are kept", w.spares, w.deliveries)
	}
}

// Who sends receipts out of place while an answer is owed is not held on to.
func TestHeldRequestsAreBounded(t *testing.T) {
	w := town(t)
	w.do("1 say bob x")
	n := 0
	for ; n < 10*maxHeld; n++ {
		if got := w.do("1 got bob"); got != "" {
			if got != ">1 close toofast; *-1 went ann" {
				t.Fatal(got)
			}
			break
		}
	}
	if n >= maxHeld {
		t.Errorf("%d are held", n)
	}
}

// All links together hold so much, then texts are refused.
func TestHeldTextIsBounded(t *testing.T) {
	w := town(t)
	big := &chat.Say{To: []byte("bob"), Text: make([]byte, 1<<20)}
	w.Do(w.now, linkOf(1), big)
	others := maxHeldText - 1<<20 - w.heldText
	w.heldText += others
	if got := show(w.Do(w.now, linkOf(3), &chat.Say{To: []byte("ann"), Text: big.Text[:1<<20]})); strings.HasPrefix(got, ">3 full") {
		t.Fatal("refused too early")
	}
	if got := show(w.Do(w.now, linkOf(5), &chat.Say{To: []byte("ann"), Text: []byte("x")})); got != ">5 full ann" {
		t.Fatal(got)
	}
	w.heldText -= others
	for _, n := range []int{1, 2, 3, 4, 5} {
		w.do(fmt.Sprintf("%d close", n))
	}
	w.wait("5s")
	w.begin(w.now)
	if w.heldText != 0 {
		t.Errorf("%d bytes are thought to be held in the end", w.heldText)
	}
}

// The timers ring in order, whatever was started and stopped in between.
func TestTimers(t *testing.T) {
	r := New(Config{})
	r.begin(start)
	rng := rand.New(rand.NewPCG(1, 1))
	var all []*timer
	for range 500 {
		all = append(all, &timer{})
	}
	running := map[*timer]time.Duration{}
	for range 20000 {
		tm := all[rng.IntN(len(all))]
		if rng.IntN(3) == 0 {
			r.stop(tm)
			delete(running, tm)
		} else {
			d := time.Duration(rng.IntN(1000))
			r.start(tm, d)
			running[tm] = d
		}
	}
	var want, got []time.Duration
	for _, d := range running {
		want = append(want, d)
	}
	slices.Sort(want)
	for len(r.timers) > 0 {
		got = append(got, r.timers[0].at)
		r.stop(r.timers[0])
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d timers ring, %d were running, or not in order", len(got), len(want))
	}
}

func BenchmarkRelay(b *testing.B) {
	r := New(Config{})
	for n, name := range []string{"ann", "ann", "bob", "bob"} {
		r.Open(start, linkOf(n+1), &relay, netip.MustParseAddrPort("10.0.0.1:1"), netip.AddrPort{})
		r.Do(start, linkOf(n+1), &chat.Login{Name: name, Part: chat.Sends + chat.Part(n%2)})
	}
	say, got := &chat.Say{To: []byte("bob"), Text: []byte("hello")}, &chat.Received{From: []byte("ann")}
	b.ReportAllocs()
	for b.Loop() {
		r.Do(start, linkOf(1), say)
		r.Do(start, linkOf(4), got)
	}
}
