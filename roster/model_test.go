package roster

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"mim/chat"
)

// A model is the rules of presence in their simplest form: who is logged in
// on which link as whom, and what each listener was told so far.
type model struct {
	r       *Roster
	rng     *rand.Rand
	now     time.Time
	names   int
	here    map[chat.Link]key // logged in
	last    map[chat.Link]time.Time
	addr    map[chat.Link]netip.Addr
	views   map[chat.Link]map[key]*chat.Person
	handed  map[*chat.Page][]*chat.Person // pages as they were when first told
	next    uint32                        // generation
	problem string
}

func newModel(seed uint64, names int) *model {
	return &model{
		r: New(Config{}), rng: rand.New(rand.NewPCG(seed, 1)), now: start, names: names,
		here: map[chat.Link]key{}, last: map[chat.Link]time.Time{}, addr: map[chat.Link]netip.Addr{},
		views: map[chat.Link]map[key]*chat.Person{}, handed: map[*chat.Page][]*chat.Person{},
	}
}

func (m *model) fail(format string, args ...any) {
	if m.problem == "" {
		m.problem = fmt.Sprintf(format, args...)
	}
}

// carryOut brings what each listener was told up to date.
func (m *model) carryOut(effects []Effect) {
	for _, e := range effects {
		switch {
		case e.Kind != Tell:
		case e.Many == nil:
			m.hear(e.To, e.Event)
		default:
			for _, l := range e.Many.Links() {
				if l != e.But {
					m.hear(l, e.Event)
				}
			}
		}
	}
}

func (m *model) hear(l chat.Link, e chat.Event) {
	v := m.views[l]
	if v == nil {
		m.fail("%x is told %T, but has not logged in", l, e)
		return
	}
	add := func(p *chat.Person) {
		if v[keyOf(p)] != nil {
			m.fail("%x is told twice of %v", l, keyOf(p))
		}
		v[keyOf(p)] = p
	}
	switch e := e.(type) {
	case *chat.Page:
		if n := len(e.People); n == 0 || n > chat.PageSize {
			m.fail("a page of %d", n)
		}
		if m.handed[e] == nil {
			m.handed[e] = slices.Clone(e.People)
		}
		for _, p := range e.People {
			add(p)
		}
	case *chat.Came:
		add(e.Who)
	case *chat.Went:
		p := v[keyOf(e.Who)]
		if p == nil {
			m.fail("%x is told that %v went, but has not met it", l, keyOf(e.Who))
		} else if near := m.addr[l].IsLoopback(); near && p.Near != e.Who.Near || !near && p.Far != e.Who.Far {
			m.fail("%x knows %v, but is told that %v went", l, p, e.Who)
		}
		delete(v, keyOf(e.Who))
	}
}

// check compares what every listener knows, and the table, with the truth.
func (m *model) check() {
	truth := map[key]bool{}
	for _, k := range m.here {
		truth[k] = true
	}
	for l, v := range m.views {
		want := len(truth)
		if truth[m.here[l]] {
			want--
		}
		if len(v) != want || v[m.here[l]] != nil {
			m.fail("%x as %v knows %d people of %d", l, m.here[l], len(v), want)
		}
		for k, p := range v {
			if !truth[k] {
				m.fail("%x knows %v who is gone", l, k)
			}
			if !m.addr[l].IsLoopback() && !p.Far.IsValid() {
				m.fail("%x has no address of %v", l, k)
			}
		}
	}
	n := 0
	for p := range m.r.People() {
		n++
		if !truth[keyOf(p)] {
			m.fail("%v is in the table", keyOf(p))
		}
	}
	if n != len(truth) || m.r.Len() != n {
		m.fail("%d in the table, Len %d, of %d", n, m.r.Len(), len(truth))
	}
	for p, was := range m.handed {
		if !slices.Equal(p.People, was) {
			m.fail("a page has changed after it was told")
		}
	}
}

var places = []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1"),
	netip.MustParseAddr("192.168.1.2"), netip.MustParseAddr("fd00::2")}

func (m *model) open(slot int) {
	m.next++
	l := chat.Link(m.next)<<32 | chat.Link(slot)
	m.addr[l] = places[m.rng.IntN(len(places))]
	local := netip.MustParseAddrPort("192.168.1.1:1")
	if m.addr[l].IsLoopback() {
		local = netip.AddrPortFrom(m.addr[l], 1)
	}
	m.carryOut(m.r.Open(m.now, l, &traits, netip.AddrPortFrom(m.addr[l], 40000), local))
}

// login logs l in under a random name, or renames it.
func (m *model) login(l chat.Link) {
	q := &chat.Login{Name: fmt.Sprintf("u%d", m.rng.IntN(m.names)), Port: uint16(1 + m.rng.IntN(2))}
	_, again := m.here[l]
	tooFast := again && m.now.Sub(m.last[l]) < traits.RenameGap
	e := m.r.Do(m.now, l, q)
	if tooFast {
		if len(e) != 1 || e[0].Kind != Close {
			m.fail("too fast, but %v", show(e))
		}
		m.close(l) // as the driver does soon after
		return
	}
	if again {
		m.last[l] = m.now
	} else {
		m.views[l] = map[key]*chat.Person{}
	}
	m.here[l] = key{netip.AddrPortFrom(m.addr[l], q.Port), q.Name}
	m.carryOut(e)
}

func (m *model) close(l chat.Link) {
	delete(m.here, l)
	delete(m.views, l)
	delete(m.last, l)
	e := m.r.Closed(m.now, l)
	delete(m.addr, l)
	m.carryOut(e)
}

// step does one random thing; there are at most the given number of links, or
// it closes one.
func (m *model) step(links int) {
	open := make([]chat.Link, 0, len(m.addr))
	used := map[int]bool{}
	for l := range m.addr {
		open = append(open, l)
		used[int(l.Slot())] = true
	}
	slices.Sort(open)
	m.now = m.now.Add(time.Duration(m.rng.IntN(400)) * time.Millisecond)
	switch what := m.rng.IntN(10); {
	case len(open) > links:
		m.close(open[m.rng.IntN(len(open))])
	case len(open) == 0 || what < 3 && len(open) < links:
		slot := 0
		for used[slot] {
			slot++
		}
		m.open(slot)
	case what < 8:
		m.login(open[m.rng.IntN(len(open))])
	case what < 9:
		m.close(open[m.rng.IntN(len(open))])
	default:
		e, _ := m.r.Tick(m.now)
		var late []chat.Link
		for _, x := range e {
			late = append(late, x.To)
			if _, in := m.here[x.To]; in || x.Kind != Close {
				m.fail("the tick ends %v", show(e))
			}
		}
		for _, l := range late {
			m.close(l)
		}
	}
}

// Whatever links do, each listener's table with what it was told since is the
// truth, at every step.
func TestAgainstModel(t *testing.T) {
	for _, row := range []struct {
		name                       string
		seeds, steps, links, names int
	}{
		{"few names, many the same", 300, 200, 8, 3},
		{"some", 40, 400, 30, 40},
		{"several pages", 4, 2500, 300, 5000},
	} {
		t.Run(row.name, func(t *testing.T) {
			for seed := range row.seeds {
				m := newModel(uint64(seed), row.names)
				for step := range row.steps {
					crowd := row.links
					if step*5/row.steps%2 == 1 { // the second and fourth fifth: most of them go
						crowd /= 10
					}
					m.step(crowd)
					if row.links < 100 || step%50 == 0 || step == row.steps-1 {
						m.check()
					}
					if m.problem != "" {
						t.Fatalf("seed %d, step %d: %s", seed, step, m.problem)
					}
				}
			}
		})
	}
}
