// Package roster is the state and the rules of a server: who is here, by
// which links, and who hears what of it.
//
// A Roster is one value with one owner. It does no I/O, reads no clock, holds
// no lock and starts no goroutine: the driver (loop/serve) tells it what came
// in and at what time, and carries out the effects it returns. It knows no
// dialect by name, only the chat.Traits that come with each link.
//
// The life of a link:
//
//	Open -> waiting -- Login --> here -- Login (rename) --> here
//	           |                  |  \-- too many logins --> closing
//	           \-- LoginWithin -->|------------------------> closing
//	                              \-- Closed, in any state --> forgotten
//
// A user who is reached at an address of their own is a name at an observed
// address and port (mim0 rule 5). Links that agree in all three are one user:
// it comes with the first and goes with the last of them. A user who is
// reached by their links is a member: see there. A member with an account has
// shown its password (signIn) or uses a name that has none, and has a spool of
// texts that wait in the store.
package roster

import (
	"container/list"
	"iter"
	"net/netip"
	"time"

	"mim/chat"
)

// Config is what a roster is told at the start.
type Config struct {
	// Advertise is the address under which users on our loopback are listed
	// for viewers elsewhere. Not valid: our own address of the first link that
	// comes from elsewhere (mim0 rule 7).
	Advertise netip.Addr
	// Timeout is after how much silence a user of a dialect with
	// Traits.TimesOut is logged out; 0: never.
	Timeout time.Duration
	// BlockFor is for how long three wrong passwords in a row lock a name for
	// the address they came from; 0: never. BlockEverywhere: for all addresses.
	BlockFor        time.Duration
	BlockEverywhere bool
	Known           Known // what the store knows
	// Lines is how many talks with people who have an address of their own may be
	// open; 0: as many as a roster carries.
	Lines int
	// Keys makes the session key of a call: 15 decimal digits, the first not 0,
	// that nobody can guess (dtu.md, Voice 7). nil: there are no calls.
	Keys func() uint64
}

// A Roster holds the users of one server. Its methods may be called from any
// goroutine, but never two at once.
//
// The slice of effects that a method returns, and the Group and Event values
// in it, are valid and unchanged until the next call of a method that returns
// effects; the driver carries them out in order before that.
type Roster struct {
	cfg      Config
	links    []link // by slot
	table    table
	presence Group // those who have logged in and hear Came and Went
	waiting  deadlines
	far      netip.Addr    // where viewers elsewhere find users on our loopback
	base     time.Time     // the first time we were told; times are kept as distance from it
	now      time.Duration // of the call that is carried out, from base
	call     uint64        // counts the calls
	pings    uint64        // and the pings
	out      []Effect

	named                     map[string]*member // by folded name
	members                   []*member          // those who are here
	linked                    int                // how many of them are no guests
	listeners                 Group              // links that hear of members
	nobody                    Group              // who hears of leases: they show in logs only
	rooms                     map[string]*room
	accounts                  map[string]*account
	aliases                   map[string]*account // by folded alias, where that is not the name
	aliased                   map[string]*member  // the same of members without an account
	aliasNumbers, twinNumbers numbers

	leases    map[netip.AddrPort]*lease
	leasesAt  map[netip.Addr]int // how many of them an address has
	leased    listing            // those people, and those who are shown to them
	pools     [2]pool            // ports that are lent, by kind: tcp, udp
	lines     map[pair]*line
	dials     map[uint64]*dial // under way
	hosts     map[netip.Addr]*host
	asking    list.List            // for whom people are to be dialled, whose turn it is first
	posts     map[uint64]*line     // by ticket
	numbered  uint64               // dials and tickets
	listening map[netip.Addr]int   // users with a listener there
	callers   map[caller][]*member // of them, who have another name for others
	unnamed   map[netip.Addr]int   // links from there whose other end has not said its name

	locks     locks
	calls     calls
	seen      seen
	timers    timers
	lookTimer timer
	lastText  uint64 // the ID given last
	marks     uint64 // given, see Effect.Mark

	// What was used and is used again, and what effects may still point at.
	spare         *entry
	freed         *entry
	spareDelivery *delivery
	freedDelivery *delivery
	saying        chat.Say // see sayAs
	heldText      int      // bytes in entries that are not free
	walked        int      // members looked at in this call
	spares        int      // entries in spare
	deliveries    int      // deliveries in spareDelivery
}

// A link is what the roster keeps of one connection: 88 bytes.
type link struct {
	id     chat.Link // 0: the place is empty
	traits *chat.Traits
	user   *user         // nil: has not logged in
	talker *talker       // if its user is reached by it
	line   *line         // if it is one to a user with an address of their own
	addr   netip.Addr    // observed; neither mapped nor with a zone
	again  time.Duration // when it last logged in once more, or never
	timer  int32         // its place in Roster.waiting, or -1
	seat   int32         // its place in Roster.presence, or -1
	ending bool          // told to close; nothing it asks counts
	ended  bool          // nothing more will be asked on it
}

// never is the time of the last later login of a link that had none.
const never = time.Duration(-1 << 62)

// What the rules say when they say no.
var (
	errUnregistered error = chat.Errorf(chat.Unregistered, "log in first")
	errUnsupported  error = chat.Errorf(chat.Unsupported, "this server does not carry that")
	errLent         error = chat.Errorf(chat.Refused, "that port of this machine is the server's")
	errTooFast      error = chat.Errorf(chat.TooFast, "too many logins in a row; wait a moment and connect again")
)

// New makes an empty roster.
func New(c Config) *Roster {
	r := &Roster{
		cfg: c, far: bare(c.Advertise), table: table{users: newIndex()},
		named: map[string]*member{}, accounts: map[string]*account{}, aliases: map[string]*account{},
		aliased: map[string]*member{}, aliasNumbers: numbers{}, twinNumbers: numbers{}, rooms: map[string]*room{},
		lines: map[pair]*line{}, dials: map[uint64]*dial{}, hosts: map[netip.Addr]*host{}, posts: map[uint64]*line{},
		listening: map[netip.Addr]int{}, callers: map[caller][]*member{}, unnamed: map[netip.Addr]int{},
		leases: map[netip.AddrPort]*lease{}, leasesAt: map[netip.Addr]int{},
		locks: locks{span: c.BlockFor, everywhere: c.BlockEverywhere, names: map[string]*tries{}},
		seen:  seen{names: map[string]sight{}}, calls: newCalls(),
	}
	r.seen.keep = func(folded string) bool { return r.account(folded) != nil }
	r.learnKnown(&c.Known)
	return r
}

// Open notes a new link: its dialect's traits, the address of the other end
// and our own. t is kept and must not change.
func (r *Roster) Open(now time.Time, l chat.Link, t *chat.Traits, remote, local netip.AddrPort) []Effect {
	r.begin(now)
	k := r.place(l, t)
	k.addr = bare(remote.Addr())
	if t.Reach == chat.ByLink {
		k.talker = &talker{link: l, remote: netip.AddrPortFrom(k.addr, remote.Port()), since: never}
	}
	if t.LoginWithin > 0 {
		r.await(l.Slot(), r.now+t.LoginWithin)
	}
	r.calls.here(k, 1)
	r.learn(k.addr, bare(local.Addr()))
	return r.out
}

// place makes the state of a new link.
func (r *Roster) place(l chat.Link, t *chat.Traits) *link {
	for int(l.Slot()) >= len(r.links) {
		r.links = append(r.links, link{})
	}
	k := &r.links[l.Slot()]
	*k = link{id: l, traits: t, again: never, timer: -1, seat: -1}
	return k
}

// Do carries out what the other end of l asked for. Unless it logs someone in
// or renames, it allocates nothing but room for what has to wait, which is
// used again.
func (r *Roster) Do(now time.Time, l chat.Link, q chat.Request) []Effect {
	r.begin(now)
	k := r.at(l)
	if k == nil || k.ending {
		return nil
	}
	switch {
	case k.line != nil:
		r.onLine(k, q)
		return r.out
	case k.talker != nil:
		r.talk(k, q)
		return r.out
	}
	switch q := q.(type) {
	case *chat.Login:
		if k.traits.Lease > 0 {
			r.lease(k, q)
		} else {
			r.login(k, q)
		}
	case *chat.Withdraw:
		r.withdraw(k, q)
	case *chat.Refuse:
		if q.Last {
			r.end(k, q.Err)
		} else {
			r.reply(l, chat.Answer{To: q, Err: q.Err})
		}
	default:
		if k.user == nil {
			r.reply(l, chat.Answer{To: q, Err: errUnregistered})
		} else {
			r.reply(l, chat.Answer{To: q, Err: errUnsupported})
		}
	}
	return r.out
}

// talk is Do for a link by which its user is reached.
func (r *Roster) talk(k *link, q chat.Request) {
	switch q := q.(type) {
	case *chat.Login:
		if k.traits.Accounts {
			r.signIn(k, q)
		} else {
			r.register(k, q)
		}
	case *chat.Say:
		if q.Room {
			r.sayRoom(k, q)
		} else {
			r.say(k, q)
		}
	case *chat.Join, *chat.Leave, *chat.Talk, *chat.TalkReply, *chat.TalkEnd:
		r.inTurn(k, q)
	case *chat.Pong:
		r.pong(k, q)
	case *chat.Received:
		r.received(k, q)
	case *chat.Counts:
		r.counts(k, q.As)
	case *chat.WhoElse:
		r.others(k, q)
	case *chat.Block:
		r.setBlock(k, q)
	case *chat.Logout:
		r.logout(k, q)
	case *chat.Refuse:
		r.refuse(k, q)
	default:
		r.settle(k, q, errUnsupported)
	}
}

// login is the first login of a link or a later one, which is a rename.
func (r *Roster) login(k *link, q *chat.Login) {
	if k.user != nil {
		if r.now-k.again < k.traits.RenameGap {
			r.end(k, errTooFast)
			return
		}
		k.again = r.now
	}
	if err := chat.CheckName(q.Name); err != nil {
		r.reply(k.id, chat.Answer{To: q, Err: err})
		return
	}
	if err := r.mayClaim(tcp, q.Name, netip.AddrPortFrom(k.addr, q.Port)); err != nil {
		r.end(k, err)
		return
	}
	r.reply(k.id, chat.Answer{To: q})
	who := key{netip.AddrPortFrom(k.addr, q.Port), q.Name}
	switch {
	case k.user == nil:
		r.arrive(k, who)
	case keyOf(k.user.came.Who) != who:
		r.rename(k, who)
	}
}

// arrive adds a link that logs in for the first time: it hears the table as it
// was, and the others hear of its user if they have not met it (mim0 rule 3).
func (r *Roster) arrive(k *link, who key) {
	r.unwait(k)
	if k.traits.Presence {
		r.tellTable(k.id, r.table.users.get(who))
		k.seat = r.addTo(&r.presence, k.id)
	}
	r.join(k, who)
}

// tellTable tells l everyone who is here but one, if that one is here at all:
// only then the page it is in cannot be the one that all newcomers share.
func (r *Roster) tellTable(l chat.Link, but *user) {
	for _, b := range r.table.blocks {
		p := b.page
		if but != nil && but.block == b {
			p = without(p, but.came.Who)
		}
		if p != nil {
			r.tell(l, p)
		}
	}
}

// rename moves a link that is here to another user: the others hear Went and
// Came, it hears no table (mim0 rule 6). Where a user of several links is left
// or entered, the one who moved has to hear of it itself: its own user is
// never in its view, the one it left may still be here.
func (r *Roster) rename(k *link, who key) {
	old := k.user
	r.leave(k)
	if old.links > 0 {
		r.hears(k, &old.came)
	}
	if u := r.table.users.get(who); u != nil {
		r.hears(k, u.went())
	}
	r.join(k, who)
}

// join makes k a link of the user who; the first link of a user brings it.
func (r *Roster) join(k *link, who key) {
	u := r.table.users.get(who)
	if u == nil {
		u = r.table.add(r.person(who, k.traits))
		r.tellOthers(k.id, &u.came)
		r.listening[k.addr]++
		u.guest = r.enterGuest(u.came.Who, k.traits, func(m *member) { m.user = u })
	}
	u.links++
	k.user = u
}

// leave takes k from its user; the last link of a user takes it along.
func (r *Roster) leave(k *link) {
	u := k.user
	k.user = nil
	if u.links--; u.links == 0 {
		r.table.remove(u)
		r.tellOthers(k.id, u.went())
		if at := u.came.Who.Near.Addr(); r.listening[at] > 1 {
			r.listening[at]--
		} else {
			delete(r.listening, at)
		}
		r.leaveGuest(u.guest)
	}
}

// Closed forgets a link, for whatever reason it ended (mim0 rule 4).
func (r *Roster) Closed(now time.Time, l chat.Link) []Effect {
	r.begin(now)
	k := r.at(l)
	if k == nil {
		return nil
	}
	r.unwait(k)
	if t := k.talker; t != nil {
		r.abandon(t)
		if t.member != nil {
			r.quit(k)
		}
	}
	if l := k.line; l != nil {
		k.line = nil
		r.cut(k, l)
	}
	if k.talker == nil {
		r.leaveGroup(&r.presence, k)
	}

	if k.user != nil {
		r.leave(k)
	}
	r.calls.here(k, -1)
	*k = link{}
	return r.out
}

// Tick does what is due: it ends the links that have not logged in within
// their time (mim0 rule 4) and gives up what was waited for. It says when it
// wants to be called next; zero: there is nothing to wait for.
func (r *Roster) Tick(now time.Time) (e []Effect, next time.Time) {
	r.begin(now)
	r.ring()
	for len(r.waiting) > 0 && r.waiting[0].at <= r.now {
		k := &r.links[r.waiting[0].slot]
		r.unwait(k)
		r.end(k, chat.Errorf(chat.TooLate, "no login within %v; connect again and log in at once", k.traits.LoginWithin))
	}
	return r.out, r.Next()
}

// Walked is how many members the last call looked at beyond those it told: a
// driver may let others have their turn sooner.
func (r *Roster) Walked() int { return r.walked }

// Next is when Tick wants to be called; zero: never, as things are.
func (r *Roster) Next() time.Time {
	at := never
	if len(r.waiting) > 0 {
		at = r.waiting[0].at
	}
	if len(r.timers) > 0 && (at == never || r.timers[0].at < at) {
		at = r.timers[0].at
	}
	if at == never {
		return time.Time{}
	}
	return r.base.Add(at)
}

// Len is the number of users who are here.
func (r *Roster) Len() int { return len(r.members) }

// People are the users of the table in its order: roughly that of arrival.
// The roster must not change meanwhile.
func (r *Roster) People() iter.Seq[*chat.Person] {
	return func(yield func(*chat.Person) bool) {
		for _, b := range r.table.blocks {
			for _, p := range b.page.People {
				if !yield(p) {
					return
				}
			}
		}
	}
}

// at is the state of a link, or nil if it is not open.
func (r *Roster) at(l chat.Link) *link {
	if int(l.Slot()) < len(r.links) {
		if k := &r.links[l.Slot()]; k.id == l {
			return k
		}
	}
	return nil
}
