package roster

import (
	"net/netip"
	"time"

	"mim/chat"
)

// A talker is what is kept of a link by which its user is reached.
type talker struct {
	remote      netip.AddrPort
	member      *member // nil: has not logged in
	first, last *entry  // requests without an answer, in the order they came
	refused     uint8   // logins refused since since
	since       time.Duration
}

// An entry is a request of a link whose answer is not known or not yet due:
// answers leave in the order of the requests. Entries are used again, their
// memory for texts too.
type entry struct {
	next  *entry
	link  chat.Link // 0: the link has closed, nobody waits for the answer
	what  chat.Request
	err   error
	done  bool  // err is the outcome
	last  bool  // a Refuse that ends the link
	early bool  // waits until its author is here
	open  int32 // deliveries of it that have no outcome yet
	timer timer

	say    chat.Say // what points into here, and To and Text into text
	login  chat.Login
	refuse chat.Refuse
	got    chat.Received
	text   []byte
}

const (
	// slowAfter logins refused within slowSpan, each answer to another one
	// waits for slowFor: one known client asks again at once, for ever
	// (messenger.md, "Floods").
	slowAfter = 3
	slowSpan  = time.Second
	slowFor   = 250 * time.Millisecond
)

// settle answers q in its turn.
func (r *Roster) settle(k *link, q chat.Request, err error) {
	if k.talker == nil || k.talker.first == nil {
		r.reply(k.id, q, err)
		return
	}
	e := r.hold(k, q)
	e.err, e.done = err, true
}

// refuseName refuses a login; who goes on and on gets the answer later.
func (r *Roster) refuseName(k *link, q chat.Request, err error) {
	t := k.talker
	if t.member == nil && k.traits.LoginWithin > 0 {
		r.unwait(k) // it is not silent
		r.await(k.id.Slot(), r.now+k.traits.LoginWithin)
	}
	if r.now-t.since > slowSpan {
		t.refused, t.since = 0, r.now
	}
	if t.refused < slowAfter {
		t.refused++
		r.settle(k, q, err)
		return
	}
	e := r.hold(k, q)
	e.err = err
	e.timer.fire, e.timer.entry = fireLater, e
	r.start(&e.timer, slowFor)
}

// hold gives q a place among the answers of k. What of q is needed later is
// copied.
func (r *Roster) hold(k *link, q chat.Request) *entry {
	e := r.newEntry()
	e.link = k.id
	switch q := q.(type) {
	case *chat.Say:
		e.text = append(append(e.text[:0], q.To...), q.Text...)
		n := len(q.To)
		e.say = chat.Say{To: e.text[:n:n], All: q.All, Text: e.text[n:], Cut: q.Cut}
		e.what = &e.say
	case *chat.Login:
		e.login = *q
		e.what = &e.login
	case *chat.Refuse:
		e.refuse = *q
		e.what = &e.refuse
	case *chat.Received:
		e.what = &e.got
	default:
		e.refuse = chat.Refuse{}
		e.what = &e.refuse
	}
	if t := k.talker; t.first == nil {
		t.first, t.last = e, e
	} else {
		t.last.next, t.last = e, e
	}
	return e
}

// done settles an entry, and with it perhaps others that waited behind it.
func (r *Roster) done(e *entry, err error) {
	e.err, e.done = err, true
	if e.link == 0 {
		r.free(e)
		return
	}
	if k := r.at(e.link); k != nil {
		r.flush(k)
	}
}

// flush sends the answers of a link that are known, as far as none before them
// is missing.
func (r *Roster) flush(k *link) {
	t := k.talker
	for t.first != nil && t.first.done {
		e := t.first
		if t.first = e.next; t.first == nil {
			t.last = nil
		}
		e.next = nil
		switch {
		case k.ending:
		case e.last:
			r.end(k, e.err)
		default:
			r.reply(k.id, e.what, e.err)
		}
		r.free(e)
	}
}

// abandon forgets that anybody waits for the answers of a link. Texts that are
// under way go on without it.
func (r *Roster) abandon(t *talker) {
	for e := t.first; e != nil; {
		next := e.next
		e.next, e.link = nil, 0
		if e.open == 0 {
			r.stop(&e.timer)
			r.free(e)
		}
		e = next
	}
	t.first, t.last = nil, nil
}

// refuse is what the codec refuses. Before both parts are here, whatever is
// asked is answered alike (seed 001, 1.1).
func (r *Roster) refuse(k *link, q *chat.Refuse) {
	if e, ok := q.Err.(*chat.Error); ok && e.Kind == chat.BadName {
		r.refuseName(k, q, q.Err)
		return
	}
	m := k.talker.member
	switch {
	case m == nil || !m.here():
		r.settle(k, q, errUnregistered)
	case q.Last:
		e := r.hold(k, q)
		e.last, e.done, e.err = true, true, q.Err
		r.flush(k)
	default:
		r.settle(k, q, q.Err)
	}
}
