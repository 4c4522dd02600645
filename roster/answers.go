package roster

import (
	"net/netip"
	"time"

	"mim/chat"
)

// A talker is what is kept of a link by which its user is reached.
type talker struct {
	link        chat.Link
	remote      netip.AddrPort
	member      *member // nil: has not logged in
	first, last *entry  // requests without an answer, in the order they came
	checking    *entry  // a login whose password is being checked
	held        uint16  // how many first leads to
	tries       uint8   // wrong passwords
	refused     uint8   // logins refused since since
	since       time.Duration
	heard       time.Duration // when the last bytes came
	pinged      uint32        // what the pong has to be; 0: none is due
	silence     timer
}

// An entry is a request of a link whose answer is not known or not yet due:
// answers leave in the order of the requests. Entries are used again, their
// memory for texts too.
type entry struct {
	next   *entry
	link   chat.Link // 0: the link has closed, nobody waits for the answer
	answer chat.Answer
	done   bool  // answer is complete
	last   bool  // it ends the link
	moves  bool  // a Join, a Leave or about a call, carried out when its turn has come
	early  bool  // waits until its author is here
	stored bool  // some of it is in the store
	kept   bool  // a Keeping points at it
	open   int32 // deliveries of it that have no outcome yet
	// confirm is the datagram that brought it, if its sender waits for a word.
	confirm *confirm
	caller  chat.Link // the connection of a line by which it came, if not 0: it is answered there
	timer   timer

	// answer.To is one of these; To, Text and Name of others lie in text.
	say    chat.Say
	said   chat.Said // the event of a Say for all
	login  chat.Login
	refuse chat.Refuse
	got    chat.Received
	block  chat.Block
	who    chat.WhoElse
	logout chat.Logout
	join   chat.Join
	leave  chat.Leave
	talk   chat.Talk
	yesno  chat.TalkReply
	hangup chat.TalkEnd
	text   []byte
}

const (
	// slowAfter logins refused within slowSpan, each answer to another one
	// waits for slowFor: one known client asks again at once, for ever
	// (messenger rule 10).
	slowAfter = 3
	slowSpan  = time.Second
	slowFor   = 250 * time.Millisecond
	// maxHeld is how many requests of a link may wait for their answers. Codecs
	// stop reading at a hundred: beyond it come only receipts out of place.
	maxHeld = 256
	// maxHeldText is how many bytes of texts that wait, of all links together.
	maxHeldText = 256 << 20
)

// settle answers q in its turn.
func (r *Roster) settle(k *link, q chat.Request, err error) {
	r.settleBy(k, chat.Answer{To: q, Err: err})
}

// settleBy gives an answer in its turn.
func (r *Roster) settleBy(k *link, a chat.Answer) {
	if k.talker == nil || k.talker.first == nil {
		r.reply(k.id, a)
		return
	}
	e := r.hold(k, a.To)
	a.To = e.answer.To
	e.answer, e.done = a, true
}

// refuseName refuses a login; who goes on and on gets the answer later.
func (r *Roster) refuseName(k *link, q chat.Request, err error) {
	t := k.talker
	if t.member == nil && k.traits.LoginWithin > 0 {
		r.unwait(k) // it is not silent
		r.await(k.id.Slot(), r.now+k.traits.LoginWithin)
	}
	if !r.slow(t) {
		r.settle(k, q, err)
		return
	}
	r.later(r.hold(k, q), err, slowFor)
}

// slow counts a refused login and reports whether its answer has to wait.
func (r *Roster) slow(t *talker) bool {
	if r.now-t.since > slowSpan {
		t.refused, t.since = 0, r.now
	}
	if t.refused >= slowAfter {
		return true
	}
	t.refused++
	return false
}

// later answers a request after a while.
func (r *Roster) later(e *entry, err error, after time.Duration) {
	e.answer.Err = err
	e.timer.fire, e.timer.of = fireLater, e
	r.start(&e.timer, after)
}

// hold gives q a place among the answers of k. What of q is needed later is
// copied.
func (r *Roster) hold(k *link, q chat.Request) *entry {
	e := r.loose(q)
	e.link = k.id
	t := k.talker
	if t.first == nil {
		t.first, t.last = e, e
	} else {
		t.last.next, t.last = e, e
	}
	if t.held++; t.held > maxHeld && !k.ending {
		r.end(k, errHeld)
	}
	return e
}

// loose makes an entry for q that has no place: nobody waits for its answer.
func (r *Roster) loose(q chat.Request) *entry {
	e := r.newEntry()
	switch q := q.(type) {
	case *chat.Say:
		e.text = append(append(e.text[:0], q.To...), q.Text...)
		n := len(q.To)
		e.say = chat.Say{To: e.text[:n:n], All: q.All, Room: q.Room, Text: e.text[n:], Cut: q.Cut}
		e.answer.To = &e.say
	case *chat.Login:
		e.login = *q
		e.login.Pass = nil // its bytes are not ours, and nobody needs them again
		e.answer.To = &e.login
	case *chat.Refuse:
		e.refuse = *q
		e.answer.To = &e.refuse
	case *chat.Received:
		e.answer.To = &e.got
	case *chat.Block:
		e.text = append(e.text[:0], q.Name...)
		e.block = chat.Block{Name: e.text, Undo: q.Undo}
		e.answer.To = &e.block
	case *chat.WhoElse:
		e.who = *q
		e.answer.To = &e.who
	case *chat.Logout:
		e.answer.To = &e.logout
	case *chat.Join:
		e.join = *q
		e.answer.To = &e.join
	case *chat.Leave:
		e.leave = *q
		e.answer.To = &e.leave
	case *chat.Talk:
		e.text = append(e.text[:0], q.To...)
		e.talk = chat.Talk{To: e.text, Room: q.Room}
		e.answer.To = &e.talk
	case *chat.TalkReply:
		e.yesno = *q
		e.answer.To = &e.yesno
	case *chat.TalkEnd:
		e.hangup = *q
		e.answer.To = &e.hangup
	default:
		e.answer.To = &e.refuse
	}
	r.heldText += len(e.text)
	return e
}

var (
	errHeld     error = chat.Errorf(chat.TooFast, "too many requests wait for their answers")
	errHeldText error = chat.Errorf(chat.Full, "the server holds too many texts; try again later")
)

// done settles an entry, and with it perhaps others that waited behind it.
func (r *Roster) done(e *entry, err error) {
	e.answer.Err, e.done = err, true
	if e.link == 0 {
		r.confirmed(e)
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
		t.held--
		switch {
		case k.ending:
		case e.moves:
			r.move(k, e.answer.To)
		case e.last:
			if e.answer.Err == nil { // a goodbye
				r.reply(k.id, e.answer)
			}
			r.end(k, e.answer.Err)
		default:
			r.reply(k.id, e.answer)
		}
		r.free(e)
	}
}

// abandon forgets that anybody waits for the answers of a link. Texts that are
// under way go on without it, and so do changes.
func (r *Roster) abandon(t *talker) {
	r.stop(&t.silence)
	t.checking = nil
	for e := t.first; e != nil; {
		next := e.next
		e.next, e.link = nil, 0
		if e.open == 0 && !e.kept {
			r.stop(&e.timer)
			r.free(e)
		}
		e = next
	}
	t.first, t.last, t.held = nil, nil, 0
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
		e.last, e.done, e.answer.Err = true, true, q.Err
		r.flush(k)
	default:
		r.settle(k, q, q.Err)
	}
}
