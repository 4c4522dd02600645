// Package join is the mode of a person's messenger: a dialect's calling side
// on the links to the server, its sessions on the lines to other people, and a
// chat/client that decides, all on one loop. It knows no dialect by name and
// no rule about chat.
package join

import (
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"mim/chat"
	"mim/chat/client"
	"mim/codec"
	"mim/loop"
	"mim/loop/session"
)

const (
	// serverWithin and peerWithin bound a dial.
	serverWithin = 5 * time.Second
	peerWithin   = 2 * time.Second
)

// Config is what a messenger is told at the start.
type Config struct {
	Dialect codec.Calling
	Name    string         // who we are
	Pass    []byte         // our password, in a dialect with accounts; it must not be changed
	Server  string         // "host:port"; a host name is looked up at each dial
	Listen  netip.AddrPort // where others call us, if Listens(Dialect); port 0: the system picks
	// Device opens the sound of a call, where people call each other; nil: there
	// is none, and calls end at once. VoiceListen is our socket for voice, of
	// the family of the server: not valid is any of IPv4. VoicePort is the
	// server's; 0: one above that of Server.
	Device      DeviceOpener
	VoiceListen netip.AddrPort
	VoicePort   uint16
	JSON        bool   // a line must say to whom it goes
	Retry       bool   // look for a lost server again
	Screen      bool   // the views are for a screen (client.Config.Screen)
	Seed        uint64 // spreads the retries
	// Show is told what there is to show, Done once the exit code, when
	// nothing more will happen. Both are called on the loop and must not block.
	Show func(client.View)
	Done func(code int)
	Log  *slog.Logger // nil: no log. Never the text of a message
}

// A Mode is a messenger on a loop. But for New and Doors, everything happens
// on the goroutine of the loop that runs it: Line, EOF and Interrupt are for
// functions given to Net.Post.
type Mode struct {
	cfg     Config
	net     loop.Net
	driver  *session.Driver
	client  *client.Client
	servers [parts]loop.ID // the links to the server, by part; 0: none
	wanted  bool           // a dial to the server is under way and not given up
	dialled chat.Part      // what it is for
	links   []link         // by slot
	said    chat.Said
	log     *slog.Logger
	talk    talk      // the voice of calls (voice.go)
	alarm   time.Time // what a Tick is asked for; zero: none
	mail    mailbox
}

// parts is how many values chat.Part has.
const parts = int(chat.Receives) + 1

// A link is what only this package keeps of a direct line.
type link struct {
	id      loop.ID
	remote  netip.AddrPort
	tickets []ticket // sent, not confirmed
}

// A ticket is the client's number for the text that ends at pos.
type ticket struct{ pos, number uint64 }

// Tags of our dials.
type (
	serverTag struct{}
	peerTag   uint64 // the client's number of the call
)

var _ loop.Mode = (*Mode)(nil)

// New makes a messenger that waits for its loop.
func New(cfg Config) *Mode {
	m := &Mode{cfg: cfg, log: cfg.Log}
	m.talk = newTalk(&m.cfg, len(m.listener()))
	m.talk.send = func(payload []byte) { m.net.SendTo(m.talk.door, m.talk.server, payload) }
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	return m
}

// Listens reports whether people of dialect d have a listener, or a socket for
// datagrams, of their own, where others reach them.
func Listens(d codec.Dialect) bool { return peerPort(d) >= 0 }

// peerPort is which of the ports of d that is; -1: none.
func peerPort(d codec.Dialect) int {
	return slices.IndexFunc(d.Ports(), func(p codec.Port) bool { return p.Role == codec.Peer })
}

// Doors are the listener or socket where others reach us, if they do not do that
// through the server, and the socket for the voice of calls, if there are any.
func (m *Mode) Doors() []loop.Door {
	doors := m.listener()
	if d, ok := m.cfg.voiceDoor(); ok {
		doors = append(doors, d)
	}
	return doors
}

func (m *Mode) listener() []loop.Door {
	i := peerPort(m.cfg.Dialect)
	if i < 0 {
		return nil
	}
	return []loop.Door{{Network: m.cfg.Dialect.Ports()[i].Network, Addr: m.cfg.Listen}}
}

// Line takes a line that the person typed. On the loop only.
func (m *Mode) Line(s string) { m.carryOut(m.client.Line(m.net.Now(), s)) }

// EOF says that there will be no more lines. On the loop only.
func (m *Mode) EOF() { m.carryOut(m.client.EOF(m.net.Now())) }

// Interrupt ends the messenger politely, a second one at once. On the loop only.
func (m *Mode) Interrupt() { m.carryOut(m.client.Interrupt(m.net.Now())) }

// Booted implements loop.Mode: we look for the server.
func (m *Mode) Booted(n loop.Net) {
	m.net = n
	m.driver = session.New(n, (*handler)(m), m.cfg.Dialect)
	var listening netip.AddrPort
	if Listens(m.cfg.Dialect) {
		listening = n.Local(0)
	}
	m.bind(listening)
	m.client = client.New(client.Config{
		Name:      m.cfg.Name,
		Pass:      m.cfg.Pass,
		Server:    m.cfg.Server,
		Traits:    m.cfg.Dialect.Traits(),
		Listening: listening,
		Strict:    m.cfg.JSON,
		Retry:     m.cfg.Retry,
		Screen:    m.cfg.Screen,
		Rand:      rand.New(rand.NewPCG(m.cfg.Seed, m.cfg.Seed)),
	})
	m.carryOut(m.client.Start(n.Now()))
}

// Opened implements loop.Mode.
func (m *Mode) Opened(id loop.ID, in loop.Info) {
	if in.Tag == (serverTag{}) {
		m.openedServer(id, in.Remote)
		return
	}
	call, dialed := in.Tag.(peerTag)
	m.log.Debug("peer opened", "remote", in.Remote.String(), "dialed", dialed)
	for int(id.Slot()) >= len(m.links) {
		m.links = append(m.links, link{})
	}
	m.links[id.Slot()] = link{id: id, remote: in.Remote}
	m.driver.Open(id, 0, codec.Link{Role: codec.Peer, As: m.cfg.Name, Dialed: dialed, Remote: in.Remote})
	m.carryOut(m.client.PeerOpened(m.net.Now(), chat.Link(id), in.Remote, uint64(call)))
}

func (m *Mode) openedServer(id loop.ID, remote netip.AddrPort) {
	if !m.wanted {
		m.net.Kill(id, nil)
		return
	}
	m.log.Debug("server opened", "remote", remote.String())
	m.wanted, m.servers[m.dialled] = false, id
	m.talk.server = m.cfg.voiceAt(remote)
	m.driver.Call(id, 0, codec.Link{Role: codec.Registry, As: m.cfg.Name, Dialed: true, Remote: remote})
	m.carryOut(m.client.ServerOpened(m.net.Now(), m.net.Here(id).Addr()))
}

// Data implements loop.Mode.
func (m *Mode) Data(id loop.ID, p []byte, end bool) int {
	used := m.driver.Data(id, p, end)
	if l := m.driver.Get(id); end && m.at(id) != nil && (l == nil || !l.More()) {
		m.carryOut(m.client.PeerEnded(m.net.Now(), chat.Link(id)))
	}
	return used
}

// Idle implements loop.Mode.
func (m *Mode) Idle(id loop.ID, p []byte) int { return m.driver.Idle(id, p) }

// Left implements loop.Mode: texts are with the machine at the other end.
func (m *Mode) Left(id loop.ID, pos uint64) {
	l := m.at(id)
	if l == nil {
		return
	}
	var last uint64
	n := 0
	for n < len(l.tickets) && l.tickets[n].pos <= pos {
		last = l.tickets[n].number
		n++
	}
	if n > 0 {
		l.tickets = append(l.tickets[:0], l.tickets[n:]...)
		m.carryOut(m.client.Left(m.net.Now(), chat.Link(id), last))
	}
}

// Closed implements loop.Mode.
func (m *Mode) Closed(id loop.ID, why error) {
	m.driver.Closed(id)
	if part, ok := m.partOf(id); ok {
		m.log.Debug("server closed", "why", why)
		m.servers[part] = 0
		m.carryOut(m.client.ServerClosed(m.net.Now(), plain(why)))
		return
	}
	if l := m.at(id); l != nil {
		m.log.Debug("peer closed", "remote", l.remote.String(), "why", why)
		*l = link{}
		m.carryOut(m.client.PeerClosed(m.net.Now(), chat.Link(id), plain(why)))
	}
}

// Failed implements loop.Mode.
func (m *Mode) Failed(tag any, why error) {
	m.log.Debug("dial failed", "why", why)
	if call, ok := tag.(peerTag); ok {
		m.carryOut(m.client.PeerFailed(m.net.Now(), uint64(call), plain(why)))
		return
	}
	if m.wanted {
		m.wanted = false
		m.carryOut(m.client.ServerFailed(m.net.Now(), plain(why)))
	}
}

// Tick implements loop.Mode: timers of sessions, of the client and of sound
// share it.
func (m *Mode) Tick(now time.Time) {
	m.alarm = time.Time{} // a Tick uses up the alarm of all
	m.driver.Tick(now)
	m.tickSocket(now)
	m.carryOut(m.client.Tick(now))
	m.tickTalk(now)
}

// Stopping implements loop.Mode. If nobody asked for the end, what is under
// way is shown as failed now.
func (m *Mode) Stopping() {
	m.Interrupt()
	m.Interrupt()
}

// partOf is which of the links to the server id is; not ok: none that is wanted.
func (m *Mode) partOf(id loop.ID) (part chat.Part, ok bool) {
	i := slices.Index(m.servers[:], id)
	return chat.Part(max(i, 0)), i >= 0
}

// at is what we keep of a direct line, or nil.
func (m *Mode) at(id loop.ID) *link {
	if int(id.Slot()) < len(m.links) {
		if l := &m.links[id.Slot()]; l.id == id && id != 0 {
			return l
		}
	}
	return nil
}
