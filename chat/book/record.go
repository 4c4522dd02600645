package book

import (
	"time"

	"mim/chat"
	"mim/chat/client"
)

// A Record is a text as a history keeps it, to be shown again by another mim.
// Its strings are as they came.
type Record struct {
	At      time.Time
	Written time.Time // zero: it is At
	From    string    // who said it
	Own     bool      // it was us
	Text    string
	State   State // of ours
	Why     string
	Ticket  uint64 // of ours: what became of a text is told under the same; 0: there is none
}

// About is the conversation of a text (Said, Waiting, Sent).
func (b *Book) About(v client.View) Key {
	if v.Event == client.Said {
		return b.keyOf(v.Room, v.From)
	}
	return b.keyOf(v.Room, v.To)
}

// Record gives what a history is to keep of a view, and of which conversation.
// A text of ours comes twice, under one Ticket: as it waits, and with what has
// become of it. false: nothing.
func (b *Book) Record(v client.View) (k Key, r Record, ok bool) {
	switch v.Event {
	case client.Said:
		return b.keyOf(v.Room, v.From), Record{At: v.At, Written: v.Written, From: v.From, Text: v.Text}, true
	case client.Waiting:
		r.State = Waiting
	case client.Sent:
		r.State, r.Why = stateOf(v.State), v.Why
	default:
		return k, r, false
	}
	r.At, r.From, r.Own, r.Text, r.Ticket = v.At, b.cfg.Name, true, v.Text, v.Ticket
	return b.keyOf(v.Room, v.To), r, true
}

// whyEnded stands at texts of an earlier mim of which it did not hear any more.
const whyEnded = "mim ended before it was confirmed: it may or may not have arrived"

// Restore puts lines of a history before those of a conversation, the oldest
// first, and begins the conversation if there is none; what is not older than the
// first line that is there is left out. They are not unread. all: the history has
// none that are older.
func (b *Book) Restore(k Key, list []Record, all bool) {
	b.version++
	begun := b.byKey[k] == nil
	c := b.conversation(k)
	c.noMore = all
	switch {
	case begun && k.Kind == Room:
		c.standing, c.why = Closed, "you are not in "+k.String()+"; /join "+k.String()
	case begun && k.Kind == Person && b.cfg.Traits.Presence && !b.Online(k.Name):
		c.standing, c.why = Closed, k.String()+" is not here"
	}
	first := uint64(1 << 40)
	if len(c.lines) > 0 {
		first = c.lines[0].ID
		for len(list) > 0 && !list[len(list)-1].At.Before(c.lines[0].At) {
			list = list[:len(list)-1]
		}
	}
	lines := make([]Line, 0, len(list)+len(c.lines))
	for i, r := range list {
		l := Line{ID: first - uint64(len(list)-i), At: r.At, Written: r.Written, Kind: Said, Who: chat.Quote(r.From), Text: harmlessLines(r.Text), Old: true}
		if r.Own {
			l.Kind, l.State, l.Why = Own, r.State, harmless(r.Why)
			if r.State == Waiting {
				l.State, l.Why, l.Unsure = Failed, whyEnded, true
			}
		} else {
			l.Mention = mentions(l.Text, b.self)
		}
		c.bytes += l.size()
		b.bytes += l.size()
		lines = append(lines, l)
	}
	c.lines = append(lines, c.lines...)
	c.changed = b.version
}

// WantsOlder reports whether a history may have lines before those in memory,
// and the time before which they were.
func (c *Conversation) WantsOlder() (before time.Time, ok bool) {
	if c.noMore || c.key.Kind == Home {
		return time.Time{}, false
	}
	if len(c.lines) > 0 {
		before = c.lines[0].At
	}
	return before, true
}
