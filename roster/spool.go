package roster

import (
	"bytes"
	"time"

	"mim/chat"
)

// A spool is what waits in the store for the user of one account. While
// anything does, all that is new goes there too, so that the order is kept:
// the user is told the oldest first, and live only when nothing is left.
//
//	Say -> Keep -> (on disk) -> answered "stored"
//	                  |
//	 user here: Fetch -> told -> receipt, or the bytes have left -> Drop -> Fetch ...
type spool struct {
	texts    int    // in the store, or on their way there
	puts     int    // of them, not on disk yet
	drops    int    // told, and not yet gone from the disk
	told     int    // fetched, in the inbox
	after    uint64 // the last one fetched since the user came
	fetching bool
	retry    timer
}

const (
	// maxSpool is how many texts wait for one account (comp9331.md, "message").
	maxSpool = 1000
	// fetchMost is how many are told at a time: what a crash may repeat. Where
	// there are receipts it is one.
	fetchMost = 64
	// retryAfter is how long the spool of a user who does not confirm, or of a
	// store that cannot be read, rests.
	retryAfter = 30 * time.Second
)

var (
	errSpoolFull error = chat.Errorf(chat.Full, "too much waits for this user already")
	errBlocked   error = chat.Errorf(chat.Blocked, "the receiver does not want to hear from you")
	errSomeBlock error = chat.Errorf(chat.Blocked, "some receivers do not want to hear from you")
	errDisk      error = chat.Errorf(chat.Broken, "the server cannot store it now; try again later")
)

// A Keeping is what the outcome of a Keep effect is for; drivers hand it back.
type Keeping struct {
	kind    ChangeKind
	entry   *entry // Put: whose author waits; Block, Unblock
	account *account
	folded  string // Block, Unblock: whom
}

// keep asks for a change to be kept; w may be nil.
func (r *Roster) keep(c *Change, w *Keeping) {
	if w != nil {
		w.kind = c.Kind
	}
	r.out = append(r.out, Effect{Kind: Keep, Change: c, Keeping: w})
}

// Kept is the outcome of a Keep effect.
func (r *Roster) Kept(now time.Time, w *Keeping, err error) []Effect {
	r.begin(now)
	a := w.account
	switch w.kind {
	case Put:
		a.spool.puts--
		if err != nil {
			a.spool.texts--
			err = errDisk
		} else if m := r.named[a.folded]; m == nil || !m.here() || a.spool.retry.place != 0 {
			w.entry.stored = true // else its receiver gets it in a moment
		}
		r.outcome(w.entry, err)
		r.fill(a)
	case Drop:
		a.spool.drops-- // with an error it is there still, and told once more after a restart
		r.fill(a)
	case Block, Unblock:
		if err != nil && w.kind == Block {
			delete(a.blocks, w.folded)
		} else if err != nil {
			a.block(w.folded)
		}
		if err != nil {
			err = errDisk
		}
		r.done(w.entry, err)
	}
	return r.out
}

// store puts a text into the spool of an account. What e holds of it is used
// again, so it is copied. id is its place in the order, if it has one already.
func (r *Roster) store(a *account, e *entry, from string, text []byte, id uint64) {
	if a.spool.texts >= maxSpool {
		r.outcome(e, errSpoolFull)
		return
	}
	a.spool.texts++
	a.spool.puts++
	if id == 0 {
		r.lastText++
		id = r.lastText
	}
	r.keep(&Change{Kind: Put, Text: Text{
		ID: id, To: a.name, From: from, At: r.base.Add(r.now), Text: bytes.Clone(text),
	}}, &Keeping{entry: e, account: a})
}

// fill asks for what waits in the store once the user is here and has been
// told, and the disk has forgotten, all that was asked for before.
func (r *Roster) fill(a *account) {
	s := &a.spool
	m := r.named[a.folded]
	switch {
	case a.closed || m == nil || m.receives == 0 || m.account != a || m.leaving != nil || m.inbox.misses >= maxMisses:
	case s.fetching, s.told > 0, s.drops > 0, s.texts-s.puts <= 0, s.retry.place != 0:
	default:
		s.fetching = true
		most := fetchMost
		if m.traits.Receipts {
			most = 1
		}
		r.out = append(r.out, Effect{Kind: Fetch, Name: a.name, After: s.after, Most: most})
	}
}

// rest leaves a spool alone for a while, then begins at its oldest text.
func (r *Roster) rest(a *account) {
	a.spool.after = 0
	r.start(&a.spool.retry, retryAfter)
}

// Fetched is the outcome of a Fetch effect: the texts for the account of that
// name, oldest first. Their bytes are kept.
func (r *Roster) Fetched(now time.Time, name string, texts []Text, err error) []Effect {
	r.begin(now)
	a := r.accounts[fold(name)]
	if a == nil {
		return nil
	}
	a.spool.fetching = false
	m := r.named[a.folded]
	switch {
	case m == nil || m.receives == 0 || m.account != a:
		return nil
	case err != nil:
		r.rest(a)
		return r.out
	case len(texts) == 0 && a.spool.after == 0:
		a.spool.texts = a.spool.puts // the store knows better
	case len(texts) == 0:
		a.spool.after = 0 // some that could not be dropped, or were not confirmed
		r.start(&a.spool.retry, retryAfter)
	}
	for _, t := range texts {
		a.spool.after = t.ID
		a.spool.told++
		d := r.newDelivery()
		d.id, d.from, d.text = t.ID, a, t.Text
		d.said.From, d.said.To = r.personCalled(t.From), m.came.Who
		if t.At.Before(m.since) { // else it only had to wait behind others
			d.said.At = t.At
		}
		r.enqueue(m, d)
	}
	r.pump(m)
	return r.out
}

// personCalled is how a user is shown who may not be here any more.
func (r *Roster) personCalled(name string) *chat.Person {
	if m := r.named[fold(name)]; m != nil {
		return m.came.Who
	}
	who := &chat.Person{Name: name}
	if a := r.account(fold(name)); a != nil {
		who.Alias = a.alias
		if a.bound {
			who.Proof = chat.Pass
		}
	}
	return who
}

// unspool is the end of a text that came from the store.
func (r *Roster) unspool(m *member, d *delivery, err error) {
	a := d.from // the member's, unless that was closed meanwhile
	a.spool.told--
	if err == nil {
		r.drop(a, d.id)
	} else if a.spool.told == 0 && m.receives != 0 && a.spool.retry.place == 0 {
		r.rest(a)
	}
}

// drop takes a text that has been told out of the store.
func (r *Roster) drop(a *account, id uint64) {
	a.spool.texts--
	a.spool.drops++
	r.keep(&Change{Kind: Drop, Text: Text{ID: id, To: a.name}}, &Keeping{account: a})
}

// respool puts what was under way to someone who has left into the store, if
// it can wait there, or gives it up.
func (r *Roster) respool(m *member, d *delivery, err error) {
	e := d.of
	if m.account == nil || m.account.closed {
		r.outcome(e, err)
		return
	}
	text := d.text
	if d.receipts { // what was confirmed is not told again
		text = text[len(text)-len(d.rest)-len(d.said.Text):]
	}
	r.store(m.account, e, d.said.From.Word(), text, d.order)
}
