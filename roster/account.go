package roster

import (
	"maps"
	"slices"
	"time"

	"mim/chat"
)

// An account is what is kept of a name that its user comes back to.
type account struct {
	name   string // as its user writes it
	folded string
	alias  string // for dialects that cannot write the name; empty: none is needed
	bound  bool   // a password goes with it
	closed bool   // it is in the store, but may not be used any more
	// blocks are the folded names of whom its user does not want to hear.
	blocks map[string]struct{}
	spool  spool
}

// account finds the account of a name or an alias, or nil.
func (r *Roster) account(folded string) *account {
	if a := r.accounts[folded]; a != nil && !a.closed {
		return a
	}
	return r.aliases[folded]
}

// keepAccount is the account of a folded name, made if there is none.
func (r *Roster) keepAccount(name string) *account {
	folded := fold(name)
	a := r.accounts[folded]
	if a == nil {
		a = &account{name: name, folded: folded, closed: true}
		a.spool.retry.fire, a.spool.retry.of = fireRetry, a
		r.accounts[folded] = a
	}
	return a
}

// SetAccounts makes these the accounts that may be used: at the start, and
// when the list is read anew. Who is here stays, but for those who only claim a
// name that has a password now; what others have waiting, and whom they block,
// is kept for when they are on the list again.
func (r *Roster) SetAccounts(now time.Time, list []Account) []Effect {
	r.begin(now)
	clear(r.aliases)
	for _, a := range r.accounts {
		a.closed = true
	}
	for _, in := range list {
		a := r.keepAccount(in.Name)
		a.name, a.alias, a.bound, a.closed = in.Name, "", in.Bound, false
		if folded := fold(in.Alias); in.Alias != "" && folded != a.folded {
			a.alias = in.Alias
			r.aliases[folded] = a
		}
	}
	for _, folded := range slices.Sorted(maps.Keys(r.named)) {
		r.relist(r.named[folded])
	}
	return r.out
}

// relist is what a new list of accounts means to a member.
func (r *Roster) relist(m *member) {
	a := r.account(m.folded)
	switch {
	case m.guest && (a != nil && a.bound || r.owned(m)):
		r.renamed(m)
		return
	case m.guest:
		return
	case a != nil && (a.folded != m.folded || a.bound && m.came.Who.Proof != chat.Pass), r.owned(m):
		m.account = nil
		r.endAll(m, errBound)
		return
	case a != nil || m.account == nil: // else it is closed; whom its user blocks still counts
		m.account = a
		r.fillFor(m)
	}
	r.keepAlias(m)
}

// owned reports whether the alias of a member is one of somebody else's account.
func (r *Roster) owned(m *member) bool {
	alias := m.came.Who.Alias
	if alias == "" {
		return false
	}
	a := r.account(fold(alias))
	return a != nil && a.folded != m.folded
}

// learnKnown takes what the store knew.
func (r *Roster) learnKnown(k *Known) {
	for _, b := range k.Blocks {
		r.keepAccount(b.By).block(fold(b.Who))
	}
	for name, n := range k.Waiting {
		r.keepAccount(name).spool.texts = n
	}
	for _, s := range k.Seen {
		r.seen.note(fold(s.Name), s.Name, s.At)
	}
	r.lastText = k.LastText
}

// signIn is a Login with a password: its outcome is Checked.
func (r *Roster) signIn(k *link, q *chat.Login) {
	t := k.talker
	switch {
	case t.checking != nil:
		return // a session waits for its answer: it asks no two
	case t.member != nil:
		r.settle(k, q, errUnsupported)
		return
	case r.locks.locked(r.canonical(fold(q.Name)), k.addr, r.now):
		r.settle(k, q, errLocked)
		r.end(k, nil)
		return
	}
	t.checking = r.hold(k, q)
	r.out = append(r.out, Effect{Kind: Check, To: k.id, Name: r.nameOf(fold(q.Name), q.Name), Pass: slices.Clone(q.Pass)})
}

const (
	// maxBlocks is how many others a user may block.
	maxBlocks = 1000
	// maxTries is how many logins may fail on one link (comp9331.md, "Login").
	maxTries = 3
)

var (
	errBadPass error = chat.Errorf(chat.BadPass, "the name or the password is wrong")
	errLocked  error = chat.Errorf(chat.Locked, "too many wrong passwords; try again later")
	errOnline  error = chat.Errorf(chat.Online, "this user is online already")
	errSilence error = chat.Errorf(chat.TooLate, "nothing came from you for too long")
	errBound   error = chat.Errorf(chat.Taken, "the name belongs to an account with a password; try another")
)

// Checked is the outcome of a Check effect: whether the password was right,
// or why that cannot be said.
func (r *Roster) Checked(now time.Time, l chat.Link, ok bool, err error) []Effect {
	r.begin(now)
	k := r.at(l)
	if k == nil || k.talker == nil || k.talker.checking == nil || k.ending {
		return nil
	}
	e := k.talker.checking
	k.talker.checking = nil
	folded := r.canonical(fold(e.login.Name)) // tries by name and by alias are one row
	a := r.account(folded)
	switch {
	case err != nil:
		r.done(e, err)
	case r.locks.locked(folded, k.addr, r.now):
		r.bye(k, e, errLocked)
	case !ok || a == nil:
		r.wrong(k, e, folded)
	case r.named[a.folded] != nil:
		r.bye(k, e, errOnline)
	default:
		r.locks.right(folded, k.addr)
		m := r.newMember(k, a.name, a)
		r.done(e, nil)
		r.admit(k, m, chat.Both)
	}
	return r.out
}

// wrong is a login with a wrong password.
func (r *Roster) wrong(k *link, e *entry, folded string) {
	k.talker.tries++
	if r.locks.wrong(folded, k.addr, r.now) {
		r.bye(k, e, errLocked)
		return
	}
	e.last = k.talker.tries >= maxTries
	r.done(e, errBadPass)
}

// bye answers a login and closes the link.
func (r *Roster) bye(k *link, e *entry, why error) {
	r.done(e, why)
	r.end(k, nil)
}

// logout is the wish to go. It is granted when all that was asked before has
// been answered and all that was told has arrived: else the user would be told
// it once more at the next login.
func (r *Roster) logout(k *link, q *chat.Logout) {
	e := r.hold(k, q)
	e.last = true
	if m := k.talker.member; m != nil && m.leaving == nil {
		m.leaving = e // from here on what is said to it goes to the store
		if m.inbox.waiting > 0 {
			return
		}
	}
	r.done(e, nil)
}

// Heard notes that bytes came on a link whose user may be too silent.
func (r *Roster) Heard(now time.Time, l chat.Link) {
	if k := r.at(l); k != nil && k.talker != nil {
		k.talker.heard = now.Sub(r.base)
	}
}

// silent ends a link from which nothing has come for the server's time-out,
// or waits for the rest of it.
func (r *Roster) silent(t *talker) {
	if rest := t.heard + r.cfg.Timeout - r.now; rest > 0 {
		r.start(&t.silence, rest)
		return
	}
	if k := r.at(t.link); k != nil && !k.ending {
		r.end(k, errSilence)
	}
}

// block notes that the user of a does not want to hear of someone.
func (a *account) block(folded string) {
	if a.blocks == nil {
		a.blocks = map[string]struct{}{}
	}
	a.blocks[folded] = struct{}{}
}

// blocked reports whether the user of a, who may have none, blocks someone.
func (a *account) blocked(folded string) bool {
	if a == nil {
		return false
	}
	_, is := a.blocks[folded]
	return is
}

var (
	errSelf      error = chat.Errorf(chat.Self, "that is you")
	errAlready   error = chat.Errorf(chat.Already, "blocked already")
	errNotSo     error = chat.Errorf(chat.NotSo, "was not blocked")
	errBlocks    error = chat.Errorf(chat.Full, "nobody can block more than %d others", maxBlocks)
	errNoAccount error = chat.Errorf(chat.Unsupported, "only a user with an account can block others")
)

// setBlock is a wish to block someone or to stop that. It is answered when it
// would outlive the server.
func (r *Roster) setBlock(k *link, q *chat.Block) {
	m := k.talker.member
	if m == nil || m.account == nil {
		r.settle(k, q, errNoAccount)
		return
	}
	who := r.canonical(fold(string(q.Name)))
	a, is := m.account, m.account.blocked(who)
	switch {
	case who == m.folded:
		r.settle(k, q, errSelf)
	case !is && r.account(who) == nil && r.named[who] == nil:
		r.settle(k, q, errAbsent)
	case is && !q.Undo:
		r.settle(k, q, errAlready)
	case !is && !q.Undo && len(a.blocks) >= maxBlocks:
		r.settle(k, q, errBlocks)
	case !is && q.Undo:
		r.settle(k, q, errNotSo)
	default:
		e := r.hold(k, q)
		e.kept = true
		c := &Change{Kind: Block, Block: Blocking{a.name, string(q.Name)}}
		if who != fold(c.Block.Who) { // an alias was typed
			c.Block.Who = r.nameOf(who, c.Block.Who)
		}
		if q.Undo {
			c.Kind = Unblock
			delete(a.blocks, who)
		} else {
			a.block(who)
		}
		r.keep(c, &Keeping{entry: e, account: a, folded: who})
	}
}

// nameOf is the name of an account that is found by a folded one, else name.
func (r *Roster) nameOf(folded, name string) string {
	if a := r.account(folded); a != nil {
		return a.name
	}
	return name
}

// others answers who else is here, or was.
func (r *Roster) others(k *link, q *chat.WhoElse) {
	me := k.talker.member
	if me == nil {
		r.settle(k, q, errUnregistered)
		return
	}
	var names []string
	for _, m := range r.members {
		if m != me {
			names = append(names, m.came.Who.Word())
		}
	}
	r.walked += len(r.members)
	if !q.Now {
		r.walked += len(r.seen.names)
		names = append(names, r.seen.since(r.base.Add(r.now).Add(-q.Since), func(folded string) bool {
			m := r.named[folded]
			return m == me || m != nil && m.here()
		})...)
	}
	r.settleBy(k, chat.Answer{To: q, Names: names})
}
