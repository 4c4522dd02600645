// Package serve is the mode of a server: dialects and a roster on a loop. It
// opens a door for each dialect, hands what their sessions decode to the
// roster, and carries out the roster's effects. It knows no dialect by name
// and no rule about chat but one: without Config.Public, links from the open
// internet are refused.
package serve

import (
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"mim/chat"
	"mim/codec"
	"mim/loop"
	"mim/loop/session"
	"mim/roster"
)

// A Door is a socket through which people come by one dialect.
type Door struct {
	Dialect codec.Dialect // dialects of one name are taken to be the same
	Role    codec.Role
	Network string         // "tcp" or, for codec.Voice, "udp"
	Addr    netip.AddrPort // port 0: the system picks
	// Lent: the port stands for people of other dialects; Role is codec.Peer.
	// UDP wants a codec.Datagrams.
	Lent bool
}

// Config is what a server is told at the start.
type Config struct {
	Doors     []Door
	Roster    roster.Config
	Store     roster.Store // nil: nothing can be stored
	Accounts  []roster.Account
	Passwords Passwords // nil: no password is right
	// Seed draws what nobody can guess, for the numbers of datagrams. Wanted with
	// a Lent door.
	Seed   func() [32]byte
	Public bool         // let anyone in, not only loopback, private and link-local addresses
	Log    *slog.Logger // nil: no log. Never the text of a message
	// Window, if not nil, is told of each user that comes or goes. It is
	// called on the loop and must not block.
	Window func(came bool, who *chat.Person)
	// Record, if not nil, is given the line of each request by a codec.Recorded
	// dialect that brought somebody, with the dialect's name. It is called on
	// the loop, must not block, and keeps the line.
	Record func(dialect string, line []byte)
	// Kept, if not nil, is told how long it took until a change was on the disk
	// and we knew. It is called on the loop and must not block.
	Kept func(took time.Duration)
}

// Passwords are those of the accounts.
type Passwords interface {
	// Check says by done, once, whether pass is the password of name, which came
	// from an address. It does not wait and keeps no hold on pass; done may be
	// called on any goroutine.
	Check(from netip.Addr, name string, pass []byte, done func(right bool, err error))
}

// A Mode is a server on a loop. But for New and Doors, everything happens on
// the goroutine of the loop that runs it.
type Mode struct {
	cfg      Config
	doors    []door // those of Config, then one for each dialect whose people we dial
	sockets  []lentSocket
	heard    []heard        // by the sockets
	leases   []*chat.Person // who have sockets of their own
	leasesAt uint64         // as of this Roster.Leases
	hearing  bool
	dialects []codec.Dialect
	net      loop.Net
	driver   *session.Driver
	roster   *roster.Roster
	links    []link // by slot
	log      *slog.Logger
	stopping bool
	ended    map[string]uint64 // see Census
	alarm    time.Time         // what the roster's next Tick is asked for; zero: none

	datagrams Datagrams
	words     []byte // of a datagram of ours
}

// A door is what a link needs to know of the Door it came through.
type door struct {
	dialect int // index into Mode.dialects
	role    codec.Role
	traits  chat.Traits
	records bool          // its requests are told of
	voice   codec.Voicing // nil: no voice comes there
	lent    int           // the roster's number of the port; -1: it is not lent
}

// watched reports whether the roster wants to know when bytes come.
func (d *door) watched() bool { return d.traits.TimesOut || d.traits.PingAfter > 0 }

// A link is what only this package keeps of a connection.
type link struct {
	*session.Link // nil: none, or one that was refused
	remote        netip.AddrPort
	door          int
	marks         []toldMark // whose Left is due, in order
}

// A toldMark is the roster's number for what ends at a position of a link.
type toldMark struct{ pos, number uint64 }

var _ loop.Mode = (*Mode)(nil)

// errStranger is why a link is refused without Config.Public.
var errStranger error = chat.Errorf(chat.Refused, "not from this machine or a private network")

// errStopping is the last word to everyone when the server stops.
var errStopping error = chat.Errorf(chat.Lost, "the server is stopping")

// New makes a server that waits for its loop.
func New(cfg Config) *Mode {
	m := &Mode{cfg: cfg, roster: roster.New(cfg.Roster), log: cfg.Log}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	for _, d := range cfg.Doors {
		i := slices.IndexFunc(m.dialects, func(known codec.Dialect) bool { return known.Name() == d.Dialect.Name() })
		if i < 0 {
			i = len(m.dialects)
			m.dialects = append(m.dialects, d.Dialect)
		}
		_, records := d.Dialect.(codec.Recorded)
		m.doors = append(m.doors, door{dialect: i, records: records, role: d.Role, traits: d.Dialect.Traits(), voice: voicing(d), lent: -1})
	}
	for i, d := range m.dialects {
		if t := d.Traits(); t.Reach == chat.ByPeerTCP {
			m.doors = append(m.doors, door{dialect: i, role: codec.Peer, traits: t, lent: -1})
		}
	}
	return m
}

// Doors are the sockets to open, in the order of Config.Doors.
func (m *Mode) Doors() []loop.Door {
	out := make([]loop.Door, len(m.cfg.Doors))
	for i, d := range m.cfg.Doors {
		out[i] = loop.Door{Network: d.Network, Addr: d.Addr}
	}
	return out
}

// Len is the number of users who are here. On the loop only.
func (m *Mode) Len() int { return m.roster.Len() }

// Encodes counts the encodings of events: one for each event and variant
// among those who hear it. On the loop only.
func (m *Mode) Encodes() uint64 { return m.driver.Encodes() }

// Booted implements loop.Mode.
func (m *Mode) Booted(n loop.Net) {
	m.net = n
	m.driver = session.New(n, (*handler)(m), m.dialects...)
	m.lend()
	m.SetAccounts(m.cfg.Accounts)
}

// Opened implements loop.Mode.
func (m *Mode) Opened(id loop.ID, in loop.Info) {
	if tag, ok := in.Tag.(callTag); ok {
		m.dialled(id, in, tag)
		return
	}
	d := &m.doors[in.Door]
	if !m.cfg.Public && !Nearby(in.Remote.Addr()) {
		m.logLink(slog.LevelWarn, "refused", d, in.Remote, errStranger)
		m.net.Kill(id, errStranger)
		return
	}
	m.logLink(slog.LevelDebug, "opened", d, in.Remote, nil)
	m.open(id, in.Door, codec.Link{Role: d.role, Remote: in.Remote})
	if d.lent >= 0 {
		m.carryOut(m.roster.Called(m.net.Now(), chat.Link(id), &d.traits, d.lent, in.Remote))
		return
	}
	m.carryOut(m.roster.Open(m.net.Now(), chat.Link(id), &d.traits, in.Remote, m.net.Here(id)))
}

// open makes the session of a link.
func (m *Mode) open(id loop.ID, door int, in codec.Link) {
	for int(id.Slot()) >= len(m.links) {
		m.links = append(m.links, link{})
	}
	l := m.driver.Open(id, m.doors[door].dialect, in)
	m.links[id.Slot()] = link{Link: l, remote: in.Remote, door: door}
}

// Nearby reports whether an address is one of this machine or its own network:
// without Config.Public, nobody comes in from another. Any goroutine.
func Nearby(a netip.Addr) bool {
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()
}

// Data implements loop.Mode.
func (m *Mode) Data(id loop.ID, p []byte, end bool) int {
	if l := m.at(id); l != nil && m.doors[l.door].watched() {
		m.roster.Heard(m.net.Now(), chat.Link(id))
	}
	used := m.driver.Data(id, p, end)
	if end {
		m.roster.Ended(chat.Link(id))
	}
	return used
}

// Idle implements loop.Mode.
func (m *Mode) Idle(id loop.ID, p []byte) int { return m.driver.Idle(id, p) }

// Left implements loop.Mode: what the roster told is with the other machine.
func (m *Mode) Left(id loop.ID, pos uint64) {
	l := m.at(id)
	if l == nil {
		return
	}
	n := 0
	for n < len(l.marks) && l.marks[n].pos <= pos {
		n++
	}
	if n == 0 {
		return
	}
	last := l.marks[n-1].number
	l.marks = l.marks[:copy(l.marks, l.marks[n:])]
	m.carryOut(m.roster.Left(m.net.Now(), chat.Link(id), last))
}

// Failed implements loop.Mode: a person cannot be dialled.
func (m *Mode) Failed(tag any, why error) {
	if t, ok := tag.(callTag); ok {
		m.log.Debug("dial failed", "why", why)
		m.carryOut(m.roster.Undialled(m.net.Now(), t.number))
	}
}

// Closed implements loop.Mode.
func (m *Mode) Closed(id loop.ID, why error) {
	m.countEnd(why)
	l := m.at(id)
	if l == nil {
		return
	}
	m.logLink(slog.LevelDebug, "closed", &m.doors[l.door], l.remote, why)
	*l = link{}
	m.driver.Closed(id)
	if m.stopping {
		return // everybody goes: nobody is left to hear of it
	}
	m.carryOut(m.roster.Closed(m.net.Now(), chat.Link(id)))
}

// SetAccounts makes these the accounts that may be used. On the loop only.
func (m *Mode) SetAccounts(list []roster.Account) {
	m.carryOut(m.roster.SetAccounts(m.net.Now(), list))
}

// Tick implements loop.Mode: timers of sessions and of the roster share it.
func (m *Mode) Tick(now time.Time) {
	m.driver.Tick(now)
	m.alarm = time.Time{} // a Tick uses up the alarm of all
	effects, _ := m.roster.Tick(now)
	m.carryOut(effects)
	m.tickSockets(now)
}

// wake asks for a Tick at a time, unless an earlier one is asked for already.
func (m *Mode) wake(at time.Time) {
	if !at.IsZero() && (m.alarm.IsZero() || at.Before(m.alarm)) {
		m.alarm = at
		m.net.Alarm(at)
	}
}

// Stopping implements loop.Mode: everyone gets a last word.
func (m *Mode) Stopping() {
	m.stopping = true
	m.log.Info("stopping", slog.Int("people", m.roster.Len()))
	m.carryOut(m.roster.Stopping(m.net.Now()))
	for i := range m.links {
		if l := m.links[i].Link; l != nil {
			m.driver.Close(l, errStopping)
		}
	}
}

// at is what we keep of a link, or nil if it is gone or was refused.
func (m *Mode) at(id loop.ID) *link {
	if int(id.Slot()) < len(m.links) {
		if l := &m.links[id.Slot()]; l.Link != nil && l.ID() == id {
			return l
		}
	}
	return nil
}
