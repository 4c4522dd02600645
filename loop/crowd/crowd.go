// Package crowd is the mode of a load test: many people who follow a script,
// on one loop, by any dialect that has a client's side. It knows no dialect by
// name.
//
// A person of a crowd is no chat/client: that keeps a table of everybody, which
// for N people would be N times N entries. It is about 1 KB of heap with its
// link (docs/PERFORMANCE.md): the state of its script, of its link to the server (or
// two), and a sum over everybody whom the server has told of. At the end the
// sums are compared with who was really there.
//
//	out -- login --> entering -- answered --> in -- leave --> leaving -- closed --> out
//	                     |                     |
//	                     \-- refused, closed --+--> gone (its script is over)
//
// What people say begins with a mark of 56 bytes at most, see mark.go: by it
// the receiver's side of the same process knows which text it is. So what is
// lost, comes twice or out of order is known exactly (chat/report.Ledger).
package crowd

import (
	"hash/maphash"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"mim/chat"
	"mim/chat/report"
	"mim/chat/script"
	"mim/codec"
	"mim/loop"
	"mim/loop/session"
)

// Config is what a crowd is told at the start.
type Config struct {
	Dialect codec.Calling
	Name    string // of the people, each with its number behind it
	Count   int    // of people, 1 to script.MaxPeople
	Pass    []byte // everybody's password, in a dialect with accounts
	Server  string // "host:port"
	// From are the addresses from which the people come, in turn; none: the
	// system's choice.
	From []netip.Addr
	// Each: everybody has a listener of their own; else those of one address
	// share one. Of no meaning where nobody listens.
	Each   bool
	Listen netip.Addr // where, if there is no From; any of ours if not valid
	Script *script.Script
	Seed   uint64 // of all that is left to chance
	Run    uint64 // tells the texts of this run from those of others
	// Lines is how many direct lines may be open at once; each takes two
	// descriptors, since both its ends are ours. At least 1.
	Lines int
	// Done is called once when the run is over: Report says how it went. It is
	// called on the loop and must not block.
	Done func()
	Log  *slog.Logger // nil: no log. Never the text of a message
}

const (
	// loginWithin bounds a login from the dial to its answer; servers with
	// accounts check one password after the other.
	loginWithin = 2 * time.Minute
	dialWithin  = 30 * time.Second
	// maxEntering is how many log in at the same time without a ramp, and
	// maxRamped with one: a server that cannot keep up is not buried.
	maxEntering = 256
	maxRamped   = 4096
	// maxOpen is how many things one person has asked without an outcome, at
	// most: callers of all dialects take so many.
	maxOpen = 64
	// maxSteps is how many steps one person goes before the others.
	maxSteps = 64
	// The end is quiet: nothing is under way, or nothing has come for
	// quietTexts, and for tables quietNews; looked at every lookEvery. In any
	// case it ends after quietMost.
	quietTexts = 5 * time.Second
	quietNews  = 3 * time.Second
	quietMost  = 5 * time.Minute
	lookEvery  = 50 * time.Millisecond
)

// A Mode is a crowd on a loop. But for New and Doors, everything happens on
// the goroutine of the loop that runs it.
type Mode struct {
	cfg    Config
	traits chat.Traits
	net    loop.Net
	driver *session.Driver
	log    *slog.Logger
	start  time.Time
	people []person // by number; people[0] is nobody
	ends   []end    // by slot of the loop
	online []int32  // numbers of those who are in
	wakes  wakes    // of scripts
	posts  wakes    // of mailboxes
	seed   maphash.Seed
	said   chat.Said
	buf    []byte

	next     int // who logs in next
	entering int
	settled  int     // who has been in, or never will be
	waiting  []int32 // for everyone
	ended    int     // whose script is over
	allIn    time.Duration
	stopAt   time.Duration // 0: never
	over     over
	lookAt   time.Duration
	lastText time.Duration // when the last one came
	lastNews time.Duration
	endAt    time.Duration // when the end began
	finished time.Duration

	rooms   map[string]int
	inRoom  []*report.Set // by room; 0: all who are in
	ledger  *report.Ledger
	figures *report.Figures
	errors  map[string]int
	missed  map[int]int
	count   counts

	lines     int
	wantsLine []int32 // whose texts wait for a line, in order
	victim    int     // where the search for an idle line goes on

	cards   cards
	told    []tidings // by sockets, not heard yet
	hearing bool
}

// over is how far the end is.
type over uint8

const (
	running over = iota
	finishing
	done
)

// counts are what the report has beside the ledger's.
type counts struct {
	entries, heard, missed, in, out uint64
	abroad, strayed                 uint64 // texts for people who are not of the crowd, and those that failed
	failed, dropped                 int
	loginsDone                      time.Duration // the last login
}

var (
	_ loop.Mode    = (*Mode)(nil)
	_ script.World = (*Mode)(nil)
)

// New makes a crowd that waits for its loop.
func New(cfg Config) *Mode {
	m := &Mode{
		cfg: cfg, traits: cfg.Dialect.Traits(), log: cfg.Log,
		people: make([]person, cfg.Count+1), seed: maphash.MakeSeed(),
		rooms: map[string]int{}, inRoom: []*report.Set{{}},
		ledger: report.NewLedger(cfg.Count), figures: report.NewFigures(),
		errors: map[string]int{}, missed: map[int]int{}, next: 1,
	}
	m.cards = newCards(cfg)
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	return m
}

// Doors are the listeners of the people; none where others reach them through
// the server. A socket for datagrams is who somebody is: there each has one.
func (m *Mode) Doors() (doors []loop.Door) {
	network := "tcp"
	if m.writes() {
		network = "udp"
	} else if !listens(m.cfg.Dialect) {
		return nil
	}
	from := m.cfg.From
	if len(from) == 0 {
		from = []netip.Addr{m.cfg.Listen}
	}
	n := len(from)
	if m.each() {
		n = m.cfg.Count
	}
	for i := range n {
		a := from[i%len(from)]
		if !a.IsValid() {
			a = netip.IPv4Unspecified()
		}
		doors = append(doors, loop.Door{Network: network, Addr: netip.AddrPortFrom(a, 0)})
	}
	return doors
}

// each reports whether everybody has a door of their own.
func (m *Mode) each() bool { return m.cfg.Each || m.writes() }

// writes reports whether people write to each other by datagrams.
func (m *Mode) writes() bool { return m.traits.Reach == chat.ByPeerUDP }

// listens reports whether people of dialect d have a listener of their own.
func listens(d codec.Dialect) bool {
	return slices.ContainsFunc(d.Ports(), func(p codec.Port) bool { return p.Role == codec.Peer && p.Network == "tcp" })
}

// door is the index of the door by which person n is reached.
func (m *Mode) door(n int) int {
	if m.each() {
		return n - 1
	}
	return (n - 1) % max(len(m.cfg.From), 1)
}

// from is the address from which person n comes; not valid: any.
func (m *Mode) from(n int) netip.Addr {
	if len(m.cfg.From) == 0 {
		return netip.Addr{}
	}
	return m.cfg.From[(n-1)%len(m.cfg.From)]
}

// name is what person n is called.
func (m *Mode) name(n int) string { return m.cfg.Name + strconv.Itoa(n) }

// number is who of the crowd has a name; 0: nobody.
func (m *Mode) number(name string) int {
	rest, ok := cutPrefixFold(name, m.cfg.Name)
	n, err := strconv.Atoi(rest)
	if !ok || err != nil || n < 1 || n > m.cfg.Count || rest[0] == '0' || rest[0] == '+' {
		return 0
	}
	return n
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) <= len(prefix) || chat.Fold(s[:len(prefix)]) != chat.Fold(prefix) {
		return "", false
	}
	return s[len(prefix):], true
}

// People and Other make the crowd the World of its script.
func (m *Mode) People() int { return m.cfg.Count }

// Other is somebody else who is in.
func (m *Mode) Other(self int, random uint64) int {
	n := uint64(len(m.online))
	if n == 0 || n == 1 && int(m.online[0]) == self {
		return 0
	}
	i := random % n
	if int(m.online[i]) == self {
		i = (i + 1) % n
	}
	return int(m.online[i])
}

// Booted implements loop.Mode: the first ones log in.
func (m *Mode) Booted(n loop.Net) {
	m.net, m.start = n, n.Now()
	m.driver = session.New(n, (*handler)(m), m.cfg.Dialect)
	for i := range m.people {
		m.people[i].at = never
	}
	m.ramp()
	m.alarm()
}

// now is the time of this turn, from the start.
func (m *Mode) now() time.Duration { return m.net.Now().Sub(m.start) }

// ramp lets those log in whose time has come.
func (m *Mode) ramp() {
	most := maxEntering
	if m.cfg.Script.Ramp > 0 {
		most = maxRamped
	}
	for m.over == running && m.next <= m.cfg.Count && m.entering < most {
		due := m.now()
		if m.cfg.Script.Ramp > 0 {
			due = time.Duration(float64(m.next-1) / m.cfg.Script.Ramp * float64(time.Second))
		}
		if due > m.now() {
			return
		}
		m.next++
		m.enter(m.next-1, due)
	}
}

// Tick implements loop.Mode.
func (m *Mode) Tick(now time.Time) {
	m.driver.Tick(now)
	t := m.now()
	for m.over != done {
		n, ok := m.wakes.pop(t, m.wantsScript)
		if !ok {
			break
		}
		m.woken(n)
	}
	for m.over != done {
		n, ok := m.posts.pop(t, m.wantsPost)
		if !ok {
			break
		}
		m.postDue(n)
	}
	m.ramp()
	m.look()
	m.alarm()
}

// alarm asks for the next Tick.
func (m *Mode) alarm() {
	if m.over == done {
		return
	}
	at := m.lookAt
	if next, ok := m.wakes.first(); ok {
		at = min(at, next)
	}
	if next, ok := m.posts.first(); ok {
		at = min(at, next)
	}
	if m.cfg.Script.Ramp > 0 && m.next <= m.cfg.Count {
		at = min(at, time.Duration(float64(m.next-1)/m.cfg.Script.Ramp*float64(time.Second)))
	}
	m.net.Alarm(m.start.Add(max(at, m.now())))
}

// look sees whether the run is over.
func (m *Mode) look() {
	now := m.now()
	if now < m.lookAt {
		return
	}
	m.lookAt = now + lookEvery
	if m.over == running && (m.stopAt > 0 && now >= m.stopAt || m.allIn > 0 && m.ended == m.cfg.Count) {
		m.begin()
	}
	if m.over == finishing && m.quiet(now) {
		m.finish()
	}
}

// quiet reports whether nothing more is to come, or nothing more has.
func (m *Mode) quiet(now time.Duration) bool {
	if now >= m.endAt+quietMost {
		return true
	}
	if m.ledger.Open() > 0 && now < m.lastText+quietTexts {
		return false
	}
	return !m.keepsTables() || m.tables().Wrong == 0 || now >= m.lastNews+quietNews
}

// Stop ends the run now; what is under way is waited for. The second time it
// is not.
func (m *Mode) Stop() {
	if m.over == running {
		m.begin()
		m.lookAt = 0
		m.look()
	} else if m.over == finishing {
		m.finish()
	}
	m.alarm()
}

// begin begins the end: nobody says anything any more.
func (m *Mode) begin() {
	m.over, m.endAt = finishing, m.now()
	m.lastText, m.lastNews = m.now(), m.now()
}

func (m *Mode) finish() {
	m.over, m.finished = done, m.now()
	m.cfg.Done()
}

// Stopping implements loop.Mode. People who leave with the crowd say no goodbye.
func (m *Mode) Stopping() { m.over = done }

// A Progress is how far a run is.
type Progress struct {
	Seconds         float64
	People, In      int
	Sent, Delivered uint64
	Open            int // texts under way
	Entries         uint64
	Failed, Dropped int
	Finishing       bool
}

// Progress says how far the run is. On the loop only.
func (m *Mode) Progress() Progress {
	return Progress{
		Seconds: m.now().Seconds(), People: m.cfg.Count, In: len(m.online),
		Sent: m.ledger.Tally.Sent, Delivered: m.ledger.Delivered, Open: m.ledger.Open(), Entries: m.count.entries,
		Failed: m.count.failed, Dropped: m.count.dropped, Finishing: m.over == finishing,
	}
}
