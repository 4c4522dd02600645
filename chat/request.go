package chat

import "time"

// A Request is something that the other side of a link asked for. Codecs make
// requests and own them: a request and its byte slices are valid until the
// next call on the session that made it. Strings may be kept.
type Request interface{ request() }

// Login asks to be listed under Name, reachable at Port of the link's own
// source address. On a link that has logged in already it is a rename; in a
// dialect with Traits.Parts it adds a part, and is no rename.
type Login struct {
	Name string // as written; names that differ only in case are one
	Port uint16 // 0 in dialects whose users are reached by their link
	Part Part
	Pass []byte // the password in dialects with Traits.Accounts; may be anything
}

// Hello is how a peer who called introduces itself; a claim, nothing more.
type Hello struct{ Name string }

// Say is a text. To is a name as written, empty on a link that has only one
// other end. All: it is for everyone else who is here, and To is what the
// dialect writes for that. Room: To is a room.
type Say struct {
	To   []byte
	All  bool
	Room bool
	Text []byte // UTF-8; in line dialects no line end, else it may hold anything
	Cut  bool   // the codec dropped what was beyond its bound
}

// Received is the receipt for the text that was told to this link first and
// has none yet. It is answered only if the link may give none.
type Received struct {
	From []byte // whose text it is, as written; empty: the dialect does not say
	Err  error  // not nil: it was refused, which is told to whoever sent it
}

// Counts says how the program at the other end counts; it is never answered.
type Counts struct{ As Count }

// WhoElse asks who else is here, or was within the last Since before now if
// that is not negative; Now asks for those of the moment.
type WhoElse struct {
	Now   bool
	Since time.Duration
}

// Join asks to be let into a room, which is made if there is none; Leave is
// the opposite. Room is as in Members.
type Join struct{ Room string }
type Leave struct{ Room string }

// Pong answers a Ping; it is never answered.
type Pong struct{ Number uint32 }

// Talk asks someone, or all in a room, for a call. Its answer comes with
// events: Call.
type Talk struct {
	To   []byte
	Room bool
}

// TalkReply takes part in the call with this key, or declines.
type TalkReply struct {
	Key uint64
	Yes bool
}

// TalkEnd leaves the call with this key.
type TalkEnd struct{ Key uint64 }

// Withdraw ends a login that holds by a lease: the one of this address and
// Port. It is answered by the close of its link.
type Withdraw struct {
	Name string
	Port uint16
}

// Block asks that Name can no longer write to this user or see them come and
// go; Undo ends that.
type Block struct {
	Name []byte
	Undo bool
}

// Logout is the end, wanted by the other side. The answer is a goodbye, then
// the link closes.
type Logout struct{}

// Refuse stands for something that the codec itself refuses. It is a request
// so that its answer keeps its place among others. Before the login is
// complete it may be answered by Unregistered instead of Err.
type Refuse struct {
	Err  error
	Last bool // the link is of no use behind it: its answer is the last words
}

// Answered reports whether r is always answered, once; others are only if they
// cannot be taken.
func Answered(r Request) bool {
	switch r.(type) {
	case *Received, *Counts, *Pong:
		return false
	}
	return true
}

func (*Login) request()     {}
func (*Hello) request()     {}
func (*Say) request()       {}
func (*Received) request()  {}
func (*Counts) request()    {}
func (*WhoElse) request()   {}
func (*Block) request()     {}
func (*Logout) request()    {}
func (*Join) request()      {}
func (*Leave) request()     {}
func (*Pong) request()      {}
func (*Talk) request()      {}
func (*TalkReply) request() {}
func (*TalkEnd) request()   {}
func (*Withdraw) request()  {}
func (*Refuse) request()    {}

// An Answer is the outcome of a request of this link, for this link alone.
type Answer struct {
	To  Request // what was asked; nil: the last words of a link that is about to close, for Err
	Err error   // nil: done
	// Stored: a Say has not been delivered but is kept for when its receiver
	// comes, and is safe: it would outlive the server.
	Stored bool
	Names  []string // of a WhoElse
	// People, of a Login that holds by a lease: who else was here before it.
	People []*Person
}
