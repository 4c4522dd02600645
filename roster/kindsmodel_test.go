package roster

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"mim/chat"
)

// A mixed is users of all kinds who write to each other at random, on a network
// that is a few lists here, and the rules of that in their simplest form: what is
// confirmed has arrived, nothing arrives twice, each receiver hears each author
// in order and by the right name, a request is answered once and in its turn, and
// the tables show everybody who has a port.
type mixed struct {
	*world
	rng     *rand.Rand
	souls   []*soul
	wires   map[int]*cable // by link
	opened  int            // links
	dials   []dialling
	posts   []posting
	puts    []*Keeping
	fetches []Effect
	texts   []*written
	unacked map[uint64]bool    // datagrams
	store   map[string][]Text  // what waits, by folded name
	ports   [2]map[int]lastHad // when a lent port was had by whom, by kind
	persons map[*chat.Person]*soul
	count   struct{ confirmed, failed, confirms, lines, renamed int }
}

// A soul is one user. What it is found by in the roster changes with its logins.
type soul struct {
	n       int
	kind    *chat.Traits
	name    string // as it claims it
	link    int    // 0: it has none, or it is not here
	at      netip.AddrPort
	here    bool
	owes    *chat.Person     // the author of a text that waits for a receipt
	since   time.Time        // when it came
	refuses bool             // that text
	heard   map[*soul]string // pieces, by author
	last    map[*soul]int    // the number of the last text that was whole
	got     map[int]bool     // numbers of texts
	asked   []int            // numbers of texts without an answer
	lines   map[int]*soul    // links to lent ports, and whom they reach
}

// A cable is a link on which bytes are on their way to a soul.
type cable struct {
	to, as *soul // as: for whom the server speaks; nil: for itself
	queue  []arriving
}

type arriving struct {
	mark uint64
	from *soul
	text string
}

type dialling struct {
	number uint64
	to, as *soul
}

type posting struct {
	ticket   uint64
	to, from *soul
	text     string
}

// A written is a text, whose number is its place in mixed.texts.
type written struct {
	by     *soul
	to     []*soul
	live   bool // its author hears nothing of how it goes
	stored bool
}

type lastHad struct {
	by    *member
	until time.Time // when they had it no more; zero: they have it
}

var mixedNames = []string{"bob", "Bob", "b\u043eb", "bob~2", "bob2", "jürgen.k", "jurgenk", "ann", "eve:1", "李"}

func newMixed(t *testing.T, seed uint64) *mixed {
	m := &mixed{world: newWorld(t, Config{}), rng: rand.New(rand.NewPCG(seed, 9)), wires: map[int]*cable{}, texts: []*written{nil}, persons: map[*chat.Person]*soul{}, unacked: map[uint64]bool{}, store: map[string][]Text{}}
	m.ports = [2]map[int]lastHad{{}, {}}
	lendPorts(m.world, 1+m.rng.IntN(8))
	kinds := []*chat.Traits{&relay, &lobby, &traits, &sockets, &traits, &sockets, &relay, &lobby, &traits}
	for i, k := range kinds {
		m.souls = append(m.souls, &soul{n: i, kind: k, got: map[int]bool{}})
	}
	return m
}

func (m *mixed) failf(format string, args ...any) { m.t.Helper(); m.t.Fatalf(format, args...) }

// member is what a soul is in the roster, or nil.
func (m *mixed) member(s *soul) *member {
	switch {
	case s == nil || !s.here:
		return nil
	case s.kind == &sockets:
		return m.leases[s.at].guest
	}
	k := m.at(linkOf(s.link))
	switch {
	case k == nil:
	case k.user != nil:
		return k.user.guest
	case k.talker != nil:
		return k.talker.member
	}
	return nil
}

// whose is the soul of a member.
func (m *mixed) whose(x *member) *soul {
	for _, s := range m.souls {
		if x != nil && m.member(s) == x {
			return s
		}
	}
	return nil
}

// carryOut does what a driver does, and the network, but for what takes time.
func (m *mixed) carryOut(effects []Effect) {
	m.t.Helper()
	var closes []int
	for i := range effects {
		e := &effects[i]
		switch e.Kind {
		case Close:
			closes = append(closes, int(e.To.Slot())+1)
		case Reply:
			m.answered(e)
		case Tell:
			if said, ok := e.Event.(*chat.Said); ok && e.Many == nil {
				m.told(int(e.To.Slot())+1, e.Mark, said)
			}
		case Dial:
			to, as := m.atAddress(e.Addr), m.whose(m.memberCalled([]byte(e.Name)))
			if to == nil || as == nil {
				m.failf("a dial to %v as %s", e.Addr, e.Name)
			}
			m.dials = append(m.dials, dialling{e.Call, to, as})
		case Post:
			from, to := m.whose(m.pools[udp].ports[e.Port].who), m.atAddress(e.Addr)
			if from == nil || to == nil {
				m.failf("a post from port %d to %v", e.Port, e.Addr)
			}
			m.posts = append(m.posts, posting{e.Call, to, from, string(e.Event.(*chat.Said).Text)})
		case Confirm:
			m.acknowledged(e)
		case Keep:
			m.keep(e)
		case Fetch:
			m.fetches = append(m.fetches, *e)
		}
	}
	for _, n := range closes {
		m.closed(n)
	}
	for len(m.puts) > 0 {
		w := m.puts[0]
		m.puts = m.puts[1:]
		m.carryOut(m.Kept(m.now, w, nil))
	}
	for len(m.fetches) > 0 {
		e := m.fetches[0]
		m.fetches = m.fetches[1:]
		var texts []Text
		for _, x := range m.store[fold(e.Name)] {
			if x.ID > e.After && len(texts) < e.Most {
				texts = append(texts, x)
			}
		}
		m.carryOut(m.Fetched(m.now, e.Name, texts, nil))
	}
}

// keep is a store that never fails.
func (m *mixed) keep(e *Effect) {
	x := e.Change.Text
	folded := fold(x.To)
	switch e.Change.Kind {
	case Put:
		// Of one in pieces it may be the rest.
		if n := wholeText.FindSubmatch(e.Keeping.entry.say.Text); n != nil {
			i, _ := strconv.Atoi(string(n[1]))
			m.texts[i].stored = true
		}
		m.store[folded] = append(m.store[folded], x)
		slices.SortFunc(m.store[folded], func(a, b Text) int { return cmp.Compare(a.ID, b.ID) })
	case Drop:
		m.store[folded] = slices.DeleteFunc(m.store[folded], func(y Text) bool { return y.ID == x.ID })
	}
	if e.Keeping != nil {
		m.puts = append(m.puts, e.Keeping)
	}
}

func (m *mixed) atAddress(at netip.AddrPort) *soul {
	for _, s := range m.souls {
		if s.here && s.at == at && (s.kind == &traits || s.kind == &sockets) {
			return s
		}
	}
	return nil
}

// told is a text on a link: on its way, or before the eyes of a program that has
// to confirm it.
func (m *mixed) told(n int, mark uint64, said *chat.Said) {
	m.t.Helper()
	c := m.wires[n]
	if c == nil {
		return // it is closing
	}
	from := m.persons[said.From]
	if from == nil && c.as == nil { // it waited in the store, and its author has left
		from = m.souls[0]
	}
	if from == nil || c.as != nil && c.as != from {
		m.failf("%d is told %q by %s", c.to.n, said.Text, said.From.Name)
	}
	if c.to.kind != &relay {
		c.queue = append(c.queue, arriving{mark, from, string(said.Text)})
		return
	}
	if c.to.owes != nil && m.now.Sub(c.to.since) < receiptWithin {
		m.failf("%d is told %q and owes a receipt", c.to.n, said.Text)
	}
	c.to.owes, c.to.since, c.to.refuses = said.From, m.now, m.rng.IntN(8) == 0
	if !c.to.refuses {
		m.hears(c.to, from, string(said.Text))
	}
}

var wholeText = regexp.MustCompile(`(\d+)x*\$`)

// hears is a piece of text that has arrived.
func (m *mixed) hears(s, from *soul, piece string) {
	m.t.Helper()
	s.heard[from] += piece
	for _, x := range wholeText.FindAllStringSubmatch(s.heard[from], -1) {
		n, _ := strconv.Atoi(x[1])
		switch {
		case m.texts[n].stored: // what had arrived and was not confirmed comes again
		case s.got[n]:
			m.failf("%d hears text %d twice", s.n, n)
		case !m.texts[n].stored && !slices.Contains(m.texts[n].to, s):
			m.failf("%d hears text %d, which is not for it", s.n, n)
		case n < s.last[m.texts[n].by]:
			m.failf("%d hears text %d behind %d", s.n, n, s.last[m.texts[n].by])
		}
		s.got[n], s.last[m.texts[n].by] = true, n
		s.heard[from] = ""
	}
}

// answered checks an answer to one who is reached by its link.
func (m *mixed) answered(e *Effect) {
	m.t.Helper()
	say, ok := e.Answer.To.(*chat.Say)
	c := m.wires[int(e.To.Slot())+1]
	if !ok || c == nil || c.as != nil || c.to.kind == &traits {
		return
	}
	x := wholeText.FindSubmatch(say.Text)
	if x == nil || len(c.to.asked) == 0 || strconv.Itoa(c.to.asked[0]) != string(x[1]) {
		m.failf("%d is answered %q, it waits for %v", c.to.n, say.Text, c.to.asked)
	}
	n := c.to.asked[0]
	c.to.asked = c.to.asked[1:]
	if e.Answer.Stored && !m.texts[n].stored {
		m.failf("text %d is not stored", n)
	}
	if e.Answer.Err != nil {
		m.count.failed++
		return
	}
	m.arrivedAt(n)
	m.count.confirmed++
}

// arrivedAt checks that a text that is confirmed has arrived, or is stored.
func (m *mixed) arrivedAt(n int) {
	m.t.Helper()
	for _, to := range m.texts[n].to {
		if !to.got[n] && !m.texts[n].live && !m.texts[n].stored {
			m.failf("text %d of %d is confirmed, and %d has not got it", n, m.texts[n].by.n, to.n)
		}
	}
}

// acknowledged is the confirmation of a datagram.
func (m *mixed) acknowledged(e *Effect) {
	m.t.Helper()
	if n := int(e.Call); !m.unacked[e.Call] || m.texts[n].by.at != e.Addr {
		m.failf("a datagram of %v is confirmed, number %d, that it did not send or that was confirmed", e.Addr, e.Call)
	} else {
		delete(m.unacked, e.Call)
		m.arrivedAt(n)
	}
	m.count.confirms++
}

// closed is the end of a link, for the network and the roster.
func (m *mixed) closed(n int) {
	c := m.wires[n]
	if c == nil {
		return
	}
	delete(m.wires, n)
	if s := c.to; s.link == n && s.here {
		s.here, s.owes, s.asked = false, nil, nil
	} else {
		delete(s.lines, n)
	}
	m.carryOut(m.Closed(m.now, linkOf(n)))
}

// newLink gives the number of a link, which names it for ever.
func (m *mixed) newLink() int {
	m.opened++
	return m.opened
}

// comes has a soul log in, with a new past.
func (m *mixed) comes(s *soul) {
	s.name = mixedNames[m.rng.IntN(len(mixedNames))]
	s.heard, s.last, s.lines = map[*soul]string{}, map[*soul]int{}, map[int]*soul{}
	s.at = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(s.n % 6)}), uint16(5000+s.n))
	n := m.newLink()
	m.open(n, netip.AddrPortFrom(s.at.Addr(), uint16(40000+n)).String(), s.kind)
	s.here, s.link, s.owes, s.asked = true, n, nil, nil
	m.wires[n] = &cable{to: s}
	q := &chat.Login{Name: s.name, Port: s.at.Port()}
	if s.kind == &sockets {
		s.link = 0
	}
	m.carryOut(m.Do(m.now, linkOf(n), q))
	switch {
	case s.kind == &sockets:
		s.here = m.leases[s.at] != nil
	case m.wires[n] != nil && m.member(s) == nil: // the name is taken, perhaps only for a moment
		m.closed(n)
	}
}

// goes has a soul log out.
func (m *mixed) goes(s *soul) {
	if s.kind != &sockets {
		m.closed(s.link)
		return
	}
	n := m.newLink()
	m.open(n, netip.AddrPortFrom(s.at.Addr(), 40000).String(), s.kind)
	m.wires[n] = &cable{to: s}
	e := m.Do(m.now, linkOf(n), &chat.Withdraw{Port: s.at.Port()})
	s.here = false
	m.carryOut(e)
}

// write makes a text, of several pieces now and then.
func (m *mixed) write(by *soul, to ...*soul) (n int, text []byte) {
	n = len(m.texts)
	m.texts = append(m.texts, &written{by: by, to: to})
	text = strconv.AppendInt(nil, int64(n), 10)
	for range m.rng.IntN(30) / 20 * m.rng.IntN(20) {
		text = append(text, 'x')
	}
	return n, append(text, '$')
}

// someone is one who is here.
func (m *mixed) someone() *soul {
	s := m.souls[m.rng.IntN(len(m.souls))]
	if m.member(s) == nil {
		return nil
	}
	return s
}

// says has a soul write to another, or to all.
func (m *mixed) says(s *soul) {
	to := m.someone()
	if to == nil || to == s {
		return
	}
	switch s.kind {
	case &traits:
		m.saysByLine(s, to)
	case &sockets:
		p := m.member(to).lent[udp].port
		if p == nil {
			return
		}
		n, text := m.write(s, to)
		number := uint64(n)
		m.unacked[number] = true
		m.carryOut(m.Arrived(m.now, p.index, s.at, &chat.Say{Text: text}, "", number))
	default:
		q := &chat.Say{To: []byte(m.member(to).came.Who.Plain())}
		receivers := []*soul{to}
		if s.kind == &relay && m.rng.IntN(6) == 0 {
			q, receivers = &chat.Say{To: []byte("ALL"), All: true}, nil
			for _, other := range m.souls {
				if other != s && m.member(other) != nil {
					receivers = append(receivers, other)
				}
			}
		}
		n, text := m.write(s, receivers...)
		m.texts[n].live = s.kind.Silent && to.kind == &lobby
		q.Text = text
		s.asked = append(s.asked, n)
		m.carryOut(m.Do(m.now, linkOf(s.link), q))
	}
}

// saysByLine has a soul with a listener write on a connection it has, or call a
// lent port: of whom its table shows, by the name it claims or another.
func (m *mixed) saysByLine(s, to *soul) {
	for _, n := range slices.Sorted(keys(m.wires)) {
		if c := m.wires[n]; c.to == s && c.as == to && n != s.link {
			_, text := m.write(s, to)
			m.carryOut(m.Do(m.now, linkOf(n), &chat.Say{Text: text}))
			return
		}
	}
	p := m.member(to).lent[tcp].port
	if p == nil {
		return
	}
	n := m.newLink()
	from := s.at.Addr()
	if m.rng.IntN(6) == 0 {
		from = netip.AddrFrom4([4]byte{10, 0, 0, byte(m.rng.IntN(9))})
	}
	m.wires[n] = &cable{to: s, as: to}
	s.lines[n] = to
	m.carryOut(m.Called(m.now, linkOf(n), &traits, p.index, netip.AddrPortFrom(from, 40000)))
	name := s.name
	if m.rng.IntN(6) == 0 {
		name = mixedNames[m.rng.IntN(len(mixedNames))]
	}
	m.carryOut(m.Do(m.now, linkOf(n), &chat.Hello{Name: name}))
	k := m.Roster.at(linkOf(n))
	if k == nil || k.ending {
		return
	}
	m.count.lines++
	if k.line.own != m.member(s) { // by chance it was the name and address of another
		if k.line.own.user.came.Who.Name != name || k.line.own.addr() != from {
			m.failf("%s at %v is taken for %s", name, from, k.line.own.came.Who.Name)
		}
		m.closed(n)
	}
}

func keys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// network has something arrive, get lost, or be confirmed.
func (m *mixed) network() {
	links := slices.Sorted(keys(m.wires))
	if len(links) > 0 {
		n := links[m.rng.IntN(len(links))]
		c := m.wires[n]
		switch {
		case n != c.to.link && m.rng.IntN(12) == 0: // a line is cut
			m.closed(n)
			return
		case len(c.queue) > 0:
			some := 1 + m.rng.IntN(len(c.queue))
			mark := uint64(0)
			for _, a := range c.queue[:some] {
				m.hears(c.to, a.from, a.text)
				mark = max(mark, a.mark)
			}
			c.queue = c.queue[some:]
			m.carryOut(m.Left(m.now, linkOf(n), mark))
			return
		case c.to.owes != nil && c.to.link == n:
			m.receipt(c.to)
			return
		}
	}
	if len(m.dials) > 0 && m.rng.IntN(2) == 0 {
		i := m.rng.IntN(len(m.dials))
		d := m.dials[i]
		m.dials = slices.Delete(m.dials, i, i+1)
		if m.rng.IntN(3) == 0 || !d.to.here {
			m.carryOut(m.Undialled(m.now, d.number))
			return
		}
		n := m.newLink()
		m.wires[n] = &cable{to: d.to, as: d.as}
		m.carryOut(m.Dialled(m.now, d.number, linkOf(n), &traits))
		return
	}
	if len(m.posts) > 0 {
		p := m.posts[0]
		m.posts = m.posts[1:]
		if _, waited := m.Roster.posts[p.ticket]; !waited || m.rng.IntN(4) == 0 || !p.to.here {
			m.carryOut(m.Posted(m.now, p.ticket, errSilent))
			return
		}
		m.hears(p.to, p.from, p.text)
		m.carryOut(m.Posted(m.now, p.ticket, nil))
	}
}

// receipt confirms what a soul was told, or refuses it.
func (m *mixed) receipt(s *soul) {
	q := &chat.Received{From: []byte(s.owes.Plain())}
	if s.refuses {
		q.Err = chat.Errorf(chat.Refused, "no")
	}
	s.owes = nil
	m.carryOut(m.Do(m.now, linkOf(s.link), q))
}

func (m *mixed) pass(d time.Duration) {
	end := m.now.Add(d)
	for next := m.Next(); !next.IsZero() && !next.After(end); next = m.Next() {
		m.now = next
		e, _ := m.Tick(next)
		for _, s := range m.souls { // who has not said so again is gone
			s.here = s.here && (s.kind != &sockets || m.leases[s.at] != nil)
		}
		m.carryOut(e)
		m.check()
	}
	m.now = end
}

func (m *mixed) step() {
	s := m.souls[m.rng.IntN(len(m.souls))]
	switch what := m.rng.IntN(40); {
	case !s.here:
		m.comes(s)
	case what == 0:
		m.goes(s)
	case what == 1:
		var list []Account
		for _, name := range mixedNames[:m.rng.IntN(3)] {
			list = append(list, Account{Name: name, Bound: m.rng.IntN(2) == 0})
		}
		m.count.renamed++
		e := m.SetAccounts(m.now, list)
		m.carryOut(e)
	case what < 4:
		m.pass(time.Duration(m.rng.IntN(1500)) * time.Millisecond)
	case what == 4:
		if m.rng.IntN(10) == 0 {
			m.pass(time.Duration(m.rng.IntN(70)) * time.Second)
		}
	case what < 20:
		m.network()
	case m.member(s) != nil:
		m.says(s)
	}
	m.check()
}

// check looks at the namespace, the ports and the tables.
func (m *mixed) check() {
	m.t.Helper()
	for _, s := range m.souls {
		if x := m.member(s); x != nil {
			m.persons[x.came.Who] = s
		}
	}
	m.oneEach()
	for kind := range m.pools {
		x := &m.pools[kind]
		for _, p := range x.ports {
			was := m.ports[kind][p.index]
			switch {
			case p.who == was.by:
			case was.by != nil:
				m.ports[kind][p.index] = lastHad{until: m.now}
				if p.who == nil {
					continue
				}
				fallthrough
			case !was.until.IsZero() && m.now.Sub(was.until) < restFor:
				m.failf("port %d of %d has rested %v only", p.index, kind, m.now.Sub(was.until))
			default:
				m.ports[kind][p.index] = lastHad{by: p.who}
			}
		}
		for _, who := range m.members {
			l := who.lent[kind]
			own := who.guest && who.traits.Reach == x.reach
			switch {
			case l.port != nil && (own || l.port.who != who), l.port != nil && l.wait != nil:
				m.failf("%s has a port of kind %d that is not its own", who.came.Who.Name, kind)
			case !own && l.port == nil && (l.wait == nil || len(x.free) > 0):
				m.failf("%s has no port of kind %d, %d are free", who.came.Who.Name, kind, len(x.free))
			}
		}
	}
	if n := len(m.leases) + m.lentOut(udp); n != len(m.leased.all()) {
		m.failf("%d in the table of leases, of %d", len(m.leased.all()), n)
	}
	n := 0
	for range m.People() {
		n++
	}
	if want := m.table.users.len; n != want {
		m.failf("%d in the table, of %d", n, want)
	}
}

func (m *mixed) lentOut(kind int) (n int) {
	for _, p := range m.pools[kind].ports {
		if p.who != nil {
			n++
		}
	}
	return n
}

var (
	modelSeeds = flag.Uint64("model-seeds", 100, "how many seeds TestKindsModel runs")
	modelFirst = flag.Uint64("model-first", 0, "the first of them")
)

// TestKindsModel has nine people of four kinds do random things.
func TestKindsModel(t *testing.T) {
	seeds := *modelSeeds
	if testing.Short() {
		seeds = min(seeds, 20)
	}
	var confirmed, failed, confirms, lines int
	for seed := *modelFirst; seed < *modelFirst+seeds; seed++ {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			m := newMixed(t, seed)
			for range 600 {
				m.step()
			}
			for _, s := range m.souls {
				if s.here {
					m.goes(s)
				}
			}
			for _, n := range slices.Sorted(keys(m.wires)) {
				m.closed(n)
			}
			for len(m.dials) > 0 { // each has an outcome, and may let another one begin
				d := m.dials[0]
				m.dials = m.dials[1:]
				m.carryOut(m.Undialled(m.now, d.number))
			}
			m.pass(2 * time.Minute)
			if err := m.isEmpty(); err != nil {
				t.Error(err)
			}
			confirmed, failed, confirms, lines = confirmed+m.count.confirmed, failed+m.count.failed, confirms+m.count.confirms, lines+m.count.lines
		})
	}
	t.Logf("%d confirmed, %d failed, %d datagrams confirmed, %d lines", confirmed, failed, confirms, lines)
	if seeds > 1 && (confirmed == 0 || failed == 0 || confirms == 0 || lines == 0) {
		t.Error("too little happened")
	}
}
