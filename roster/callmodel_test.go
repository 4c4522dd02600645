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

// A phones is the rules of calls in their simplest form: for each key, who is
// asked and who takes part, with no order, no timers and no lists to keep.
type phones struct {
	r     *Roster
	rng   *rand.Rand
	now   time.Time
	here  [6]bool
	room  [6]bool // is in #lobby
	calls map[uint64]*modelCall
	key   uint64 // given last
	told  []string
	want  []string
	fault string
}

type modelCall struct {
	caller      int
	room        bool
	answered    bool
	ends        [6]seat
	source      [6]uint16 // port, of people with an address for themselves; 0: none
	rang, heard time.Time
}

// A seat is what somebody is in a call.
type seat uint8

const (
	isOut seat = iota
	isAsked
	isIn
)

// shared are the two people with one address: where their sources go is guessed,
// and the model knows only what must not happen.
func shared(n int) bool { return n >= 4 }

func (p *phones) addr(n int) netip.Addr { return placeOf(min(n, 4)) }

func nameOf(n int) string { return fmt.Sprintf("user%d", n) }

func newPhones(seed uint64) *phones {
	p := &phones{rng: rand.New(rand.NewPCG(seed, 3)), now: start, calls: map[uint64]*modelCall{}, key: minKey}
	p.r = New(Config{Keys: func() uint64 { p.key++; return p.key }})
	for n := range p.here {
		p.come(n)
	}
	return p
}

func (p *phones) come(n int) {
	p.r.Open(p.now, linkOf(n+1), &callers, netip.AddrPortFrom(p.addr(n), 1), netip.AddrPort{})
	p.r.Do(p.now, linkOf(n+1), &chat.Login{Name: nameOf(n)})
	p.here[n], p.room[n] = true, true
}

// took notes what the roster tells, and hears what it should.
func (p *phones) took(effects []Effect) {
	at := p.now.Sub(start)
	for _, e := range effects {
		c, is := e.Event.(*chat.Call)
		switch {
		case e.Kind == Reply && e.Answer.Err != nil:
			p.told = append(p.told, fmt.Sprint(at, " ", e.To.Slot(), " ", e.Answer.Err.(*chat.Error).Kind))
		case is && e.Many == nil:
			p.told = append(p.told, fmt.Sprint(at, " ", e.To.Slot(), " ", showCall(c)))
		case is:
			for _, l := range e.Many.Links() {
				p.told = append(p.told, fmt.Sprint(at, " ", l.Slot(), " ", showCall(c)))
			}
		}
	}
}

func (p *phones) hears(n int, format string, args ...any) {
	p.want = append(p.want, fmt.Sprint(p.now.Sub(start), " ", n, " ", fmt.Sprintf(format, args...)))
}

// talk is what a Talk of n for somebody, or for the room, comes to.
func (p *phones) talk(n, to int, room bool) {
	ringing, all := 0, [6]int{}
	for _, c := range p.calls {
		if c.caller == n && !c.answered && c.ends[n] != isOut {
			ringing++
		}
		for i, e := range c.ends {
			if e != isOut {
				all[i]++
			}
		}
	}
	name := nameOf(to)
	if room {
		name = "#lobby"
	}
	switch {
	case room && !p.room[n]:
		p.hears(n, "%v", chat.Unknown)
		return
	case ringing >= 8:
		p.hears(n, "%v", chat.TooFast)
		return
	case all[n] >= 64:
		p.hears(n, "%v", chat.Full)
		return
	}
	key := p.key + 1
	p.hears(n, "asked %s %d", name, key-minKey)
	c := &modelCall{caller: n, room: room, rang: p.now, heard: p.now}
	c.ends[n] = isIn
	for i := range c.ends {
		if i != n && (room && p.room[i] || !room && i == to) && p.here[i] && all[i] < 64 {
			c.ends[i] = isAsked
			p.hears(i, "asked %s %d", nameOf(n), key-minKey)
		}
	}
	p.calls[key] = c
	if !room && c.count(isAsked) == 0 {
		p.hears(n, "denied %s %d", name, key-minKey)
		delete(p.calls, key)
	}
	p.reduce(key)
}

func (c *modelCall) count(what seat) (n int) {
	for _, e := range c.ends {
		if e == what {
			n++
		}
	}
	return n
}

// reduce ends a call with too few people.
func (p *phones) reduce(key uint64) {
	if c := p.calls[key]; c != nil && (c.count(isIn) == 0 || c.count(isIn)+c.count(isAsked) < 2) {
		p.over(key)
	}
}

func (p *phones) over(key uint64) {
	for n, e := range p.calls[key].ends {
		if e != isOut {
			p.hears(n, "ended %d", key-minKey)
		}
	}
	delete(p.calls, key)
}

func (p *phones) reply(n int, key uint64, yes bool) {
	c := p.calls[key]
	if c == nil || c.ends[n] == isOut || c.caller == n {
		p.hears(n, "%v", chat.Unknown)
		return
	}
	c.heard = p.now
	switch {
	case yes && c.ends[n] == isAsked:
		for i, e := range c.ends {
			if e == isIn {
				p.hears(i, "accepted %s %d", nameOf(n), key-minKey)
			}
		}
		c.ends[n], c.answered, c.rang = isIn, true, p.now
	case yes:
	case c.ends[n] == isIn:
		p.leave(n, key, true)
	case c.room:
		c.ends[n], c.source[n] = isOut, 0
		p.reduce(key)
	default:
		p.hears(c.caller, "denied %s %d", nameOf(n), key-minKey)
		delete(p.calls, key)
	}
}

// leave takes somebody out of a call, who may hear it.
func (p *phones) leave(n int, key uint64, hears bool) {
	c := p.calls[key]
	if hears {
		p.hears(n, "ended %d", key-minKey)
	}
	c.ends[n], c.source[n] = isOut, 0
	p.reduce(key)
}

// leaveAll takes somebody out of all calls, or of those of the room.
func (p *phones) leaveAll(n int, room, hears bool) {
	for key, c := range p.calls {
		if c.ends[n] != isOut && (c.room || !room) {
			p.leave(n, key, hears)
		}
	}
}

// pass lets time pass, for the roster and for the model.
func (p *phones) pass(span time.Duration) {
	end := p.now.Add(span)
	from := p.now
	for next := p.r.Next(); !next.IsZero() && !next.After(end); next = p.r.Next() {
		p.now = next
		e, _ := p.r.Tick(next)
		p.took(e)
	}
	for p.now = from; p.now.Before(end); {
		due := end
		for _, c := range p.calls {
			if at := c.due(); at.Before(due) {
				due = at
			}
		}
		p.now = due
		for key, c := range p.calls {
			if !c.due().After(p.now) {
				p.tooLate(key, c)
			}
		}
	}
}

const within = 30 * time.Second

// due is when something of a call is too late.
func (c *modelCall) due() time.Time {
	ring, silence := c.rang.Add(within), c.heard.Add(within)
	switch {
	case c.count(isAsked) == 0, c.answered && silence.Before(ring):
		return silence
	}
	return ring
}

func (p *phones) tooLate(key uint64, c *modelCall) {
	if !c.rang.Add(within).After(p.now) {
		for n, e := range c.ends {
			if e == isAsked {
				p.hears(n, "ended %d", key-minKey)
				c.ends[n], c.source[n] = isOut, 0
			}
		}
		p.reduce(key)
	}
	if p.calls[key] != nil && !c.heard.Add(within).After(p.now) {
		p.over(key)
	}
}

// bind is a datagram with a key of an address.
func (p *phones) bind(n int, port uint16, key uint64) {
	got := p.r.Bind(p.now, netip.AddrPortFrom(p.addr(n), port), key)
	c := p.calls[key]
	ok := c != nil && (c.ends[n] != isOut || shared(n) && (c.ends[4] != isOut || c.ends[5] != isOut))
	switch { // at times the address rests
	case got == BoundYes && !ok, got == BoundBadKey && ok:
		p.fault = fmt.Sprintf("%s, port %d: bound to %d: %d, want %v", nameOf(n), port, key-minKey, got, ok)
	case got != BoundYes:
		return
	}
	c.heard = p.now
	if !shared(n) {
		for _, other := range p.calls {
			if other.source[n] == port {
				other.source[n] = 0
			}
		}
		c.source[n] = port
	}
}

// voice is another datagram of an address. Sources of the shared one are
// looked up in the roster: what is checked is that only who takes part hears,
// each once, and never who spoke.
func (p *phones) voice(n int, port uint16) {
	from := netip.AddrPortFrom(p.addr(n), port)
	to := p.r.Voice(p.now, from)
	var key uint64
	if e := p.r.calls.sources[from]; e != nil {
		key = e.call.key
	}
	var want []netip.AddrPort
	var at uint64
	for k, c := range p.calls {
		if !shared(n) && c.source[n] == port {
			at = k
		}
	}
	if at != key && !shared(n) {
		p.fault = fmt.Sprintf("%s, port %d: in call %d, want %d", nameOf(n), port, key, at)
		return
	}
	c := p.calls[key]
	if c == nil {
		if key != 0 || len(to) > 0 {
			p.fault = fmt.Sprintf("%s, port %d: call %d is over, to %v", nameOf(n), port, key-minKey, to)
		}
		return
	}
	c.heard = p.now
	speaks := c.ends[n] == isIn || shared(n) && (c.ends[4] == isIn || c.ends[5] == isIn)
	for i, e := range c.ends {
		if !shared(i) && i != n && e == isIn && c.source[i] != 0 && speaks {
			want = append(want, netip.AddrPortFrom(p.addr(i), c.source[i]))
		}
	}
	atShared := 0
	for _, a := range to {
		switch {
		case a.Addr() == p.addr(4) && a != from:
			atShared++
		case !slices.Contains(want, a):
			p.fault = fmt.Sprintf("%s, port %d: to %v, want %v", nameOf(n), port, to, want)
		}
	}
	there := 0
	for i := 4; i < 6; i++ {
		if c.ends[i] == isIn {
			there++
		}
	}
	if shared(n) {
		there--
	}
	if len(to) > 0 && len(to)-atShared != len(want) || atShared > max(there, 0) || !shared(n) && len(to)-atShared != len(want) {
		p.fault = fmt.Sprintf("%s, port %d: to %v, want %v and at most %d of the shared address", nameOf(n), port, to, want, there)
	}
}

// step does one random thing and compares what was told with what should have been.
func (p *phones) step() {
	n, key := p.rng.IntN(6), p.key-uint64(p.rng.IntN(12))
	do := func(q chat.Request) { p.took(p.r.Do(p.now, linkOf(n+1), q)) }
	port := uint16(1 + p.rng.IntN(4))
	what := p.rng.IntN(100)
	switch {
	case what < 20:
		p.bind(n, port, key)
	case what < 45:
		p.voice(n, port)
	case what < 55:
		p.pass(time.Duration(p.rng.IntN(9000)) * time.Millisecond)
	case !p.here[n]:
		p.come(n)
	case what < 65:
		to := p.rng.IntN(7) // user6 is never here
		p.talk(n, to, false)
		do(&chat.Talk{To: []byte(strings.ToUpper(nameOf(to)))})
		for i, s := range p.told { // one who is not here is called as was asked
			p.told[i] = strings.ReplaceAll(s, "USER", "user")
		}
	case what < 69:
		p.talk(n, 0, true)
		do(&chat.Talk{To: []byte("#lobby"), Room: true})
	case what < 87:
		yes := p.rng.IntN(4) > 0
		p.reply(n, key, yes)
		do(&chat.TalkReply{Key: key, Yes: yes})
	case what < 92:
		if c := p.calls[key]; c == nil || c.ends[n] == isOut {
			p.hears(n, "%v", chat.Unknown)
		} else {
			p.leave(n, key, true)
		}
		do(&chat.TalkEnd{Key: key})
	case what < 95:
		if p.room[n] {
			p.leaveAll(n, true, true)
			p.room[n] = false
			do(&chat.Leave{Room: "#lobby"})
		}
	case what < 97:
		p.room[n] = true
		do(&chat.Join{Room: "#lobby"})
	default:
		p.leaveAll(n, false, false)
		p.here[n], p.room[n] = false, false
		p.took(p.r.Closed(p.now, linkOf(n+1)))
	}
	slices.Sort(p.told)
	slices.Sort(p.want)
	if !slices.Equal(p.told, p.want) {
		p.fault = fmt.Sprintf("by %d of %s:\n told %q\n want %q", what, nameOf(n), p.told, p.want)
	}
	p.told, p.want = p.told[:0], p.want[:0]
	if len(p.r.calls.byKey) != len(p.calls) {
		p.fault = fmt.Sprintf("by %d: %d calls, want %d", what, len(p.r.calls.byKey), len(p.calls))
	}
}

// Whatever people ask for, everyone is told what the rules say, at the time they
// say, and voice goes to those who take part in the call of its source.
func TestCallsAgainstModel(t *testing.T) {
	states := map[string]int{}
	for seed := range uint64(200) {
		p := newPhones(seed)
		for step := range 1000 {
			if p.step(); p.fault != "" {
				t.Fatalf("seed %d, step %d: %s", seed, step, p.fault)
			}
			for _, c := range p.calls {
				states[fmt.Sprint("room ", c.room, ", with ", min(c.count(isIn), 3))]++
			}
		}
		w := &world{p.r, t, p.now}
		if w.atRest(); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	for _, want := range []string{"room false, with 1", "room false, with 2", "room true, with 1", "room true, with 2", "room true, with 3"} {
		if states[want] < 1000 {
			t.Errorf("%s came up %d times only", want, states[want])
		}
	}
}
