package serve

import (
	"net/netip"

	"mim/codec"
	"mim/roster"
)

// maxVoice is how long a datagram may be that is passed on (dtu.md, Voice 3).
// Bytes.
const maxVoice = 2048

// Datagrams counts those of all UDP doors.
type Datagrams struct {
	In      uint64 // came
	Dropped uint64 // of these, nothing came of: no end of a call, nothing sent
	Out     uint64 // were sent, once for each receiver
}

// Datagrams gives the counters since the start. On the loop only.
func (m *Mode) Datagrams() Datagrams { return m.datagrams }

// Datagram implements loop.Mode. To a lent port come texts: see lentDatagram. To
// a voice port comes voice, which is passed on to the others in its call, and
// a key makes its sender an end of one. Whoever has proved nothing is never
// sent more bytes than came from there. A datagram makes no line in the log,
// which anybody could fill.
func (m *Mode) Datagram(door int, from netip.AddrPort, p []byte) {
	m.datagrams.In++
	d := &m.doors[door]
	switch {
	case m.stopping || !m.cfg.Public && !Nearby(from.Addr()):
		m.datagrams.Dropped++
	case d.lent >= 0:
		m.lentDatagram(d.lent, from, p)
	case d.voice == nil || len(p) == 0 || len(p) > maxVoice || !m.relay(door, d.voice, from, p):
		m.datagrams.Dropped++
	}
}

// relay does what a datagram is for, and says whether there was anything to do.
func (m *Mode) relay(door int, v codec.Voicing, from netip.AddrPort, p []byte) bool {
	now := m.net.Now()
	key, ack, ok := v.ParseVoice(p)
	if !ok {
		to := m.roster.Voice(now, from)
		for _, at := range to {
			m.sendTo(door, at, p)
		}
		return len(to) > 0
	}
	switch m.roster.Bind(now, from, key) {
	case roster.BoundYes:
		if ack { // by the same bytes
			m.sendTo(door, from, p)
		}
		return true
	case roster.BoundBadKey:
		if m.words = v.AppendBadKey(m.words[:0]); len(m.words) <= len(p) {
			m.sendTo(door, from, m.words)
			return true
		}
	}
	return false
}

func (m *Mode) sendTo(door int, to netip.AddrPort, p []byte) {
	m.datagrams.Out++
	m.net.SendTo(door, to, p)
}

// voicing is the dialect whose datagrams come by d, nil if none do.
func voicing(d Door) codec.Voicing {
	if d.Role != codec.Voice {
		return nil
	}
	v, _ := d.Dialect.(codec.Voicing)
	return v
}
