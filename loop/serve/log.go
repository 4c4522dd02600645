package serve

import (
	"context"
	"log/slog"
	"net/netip"

	"mim/chat"
	"mim/loop"
	"mim/loop/session"
	"mim/roster"
)

// Log lines: refused (warn); request, login, login refused, rename, logout, malformed, closing (info);
// opened, closed (debug). Names and reasons hold what strangers sent: they are
// values of the record, which its handler quotes, never part of its message.
// The text that people write to each other is in no line.

// record tells of a request by a dialect that wants that, whose effects were
// decided but not carried out. One by which somebody came, who was not there
// under another name, goes into the record, too.
func (m *Mode) record(l *session.Link, d *door, effects []roster.Effect) {
	words, line := m.driver.Record(l)
	if words == "" {
		return
	}
	m.log.LogAttrs(context.Background(), slog.LevelInfo, "request",
		slog.String("dialect", d.traits.Dialect), slog.String("remote", m.at(l.ID()).remote.String()), slog.String("words", words))
	came, went := false, false
	for i := range effects {
		switch effects[i].Event.(type) {
		case *chat.Came:
			came = true
		case *chat.Went:
			went = true
		}
	}
	if came && !went && m.cfg.Record != nil {
		m.cfg.Record(d.traits.Dialect, line)
	}
}

// logUser writes a line about a user.
func (m *Mode) logUser(what string, who *chat.Person, more ...slog.Attr) {
	if !m.log.Enabled(context.Background(), slog.LevelInfo) {
		return
	}
	m.log.LogAttrs(context.Background(), slog.LevelInfo, what, append([]slog.Attr{
		slog.String("name", who.Name),
		slog.String("dialect", who.Dialect),
		slog.String("address", who.Near.String()),
	}, more...)...)
}

// logRefusal writes a line about a login that was refused. Someone who asks
// for help with it asks the one who reads the log.
func (m *Mode) logRefusal(id loop.ID, a *chat.Answer) {
	login, ok := a.To.(*chat.Login)
	l := m.at(id)
	if !ok || a.Err == nil || l == nil {
		return
	}
	t := &m.doors[l.door].traits
	name := login.Name
	if t.Accounts { // people type passwords where a name is wanted
		name = ""
	}
	m.log.LogAttrs(context.Background(), slog.LevelInfo, "login refused",
		slog.String("name", name), slog.String("dialect", t.Dialect),
		slog.String("remote", l.remote.String()), slog.String("why", a.Err.Error()))
}

// logEnd writes a line about a link that we are about to close.
func (m *Mode) logEnd(what string, id loop.ID, why error) {
	if l := m.at(id); l != nil {
		level := slog.LevelInfo
		if why == nil { // as was agreed: a goodbye, a table that was asked for
			level = slog.LevelDebug
		}
		m.logLink(level, what, &m.doors[l.door], l.remote, why)
	}
}

// logLink writes a line about a link; why may be nil.
func (m *Mode) logLink(level slog.Level, what string, d *door, remote netip.AddrPort, why error) {
	if !m.log.Enabled(context.Background(), level) {
		return
	}
	attrs := []slog.Attr{slog.String("dialect", d.traits.Dialect), slog.String("remote", remote.String())}
	if why != nil {
		attrs = append(attrs, slog.String("why", why.Error()))
	}
	m.log.LogAttrs(context.Background(), level, what, attrs...)
}
