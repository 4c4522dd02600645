// Package codec is the contract between a wire protocol, which we call a
// dialect, and the rest of mim. Each dialect is a folder below this one;
// nothing outside that folder knows its name, but for the list in codec/all.
//
// A dialect turns bytes into chat values and back. It does no I/O, starts no
// goroutine and reads no clock: bytes and times come in as arguments, bytes
// go out by appending. All methods of a Session or Caller are called on the
// goroutine of the loop that owns its link.
package codec

import (
	"net/netip"
	"time"

	"mim/chat"
)

// Role says what a link is for.
type Role uint8

const (
	// Registry: people log in here (a server's well-known port).
	Registry Role = iota
	// Peer: a person's own listener, or a link dialled to one.
	Peer
	// Voice: datagrams of calls.
	Voice
)

// A Port is a socket that a dialect wants opened.
type Port struct {
	Role    Role
	Network string // "tcp" or "udp"
	Number  uint16 // the default; 0: the system picks
}

// A Link is what a session knows of the connection it serves.
type Link struct {
	Role Role
	// As is who speaks from our side of a peer link. On a link that we
	// dialled the session says it first; on one we accepted it is not said.
	As     string
	Dialed bool
	Remote netip.AddrPort
}

// A Variant says which of several encodings of one event a session reads;
// what the numbers mean is the dialect's own business.
type Variant uint8

// A Dialect is one wire protocol. It is immutable and safe for any goroutine.
type Dialect interface {
	Name() string        // the word for flags, logs and documents
	Ports() []Port       // the sockets it wants; at most one for each role and network
	Traits() chat.Traits // what roster and client may know of it
	Open(Link) Session   // the protocol state of a link that was just made
	// Append encodes e as every session of variant v reads it and returns the
	// longer slice. It depends on nothing but its arguments: it is called once
	// for each variant, and the same bytes then go to every session of it.
	// An event that the dialect cannot say appends nothing.
	Append(dst []byte, e chat.Event, v Variant) []byte
}

// A Session is the protocol state of one link whose other end asks.
type Session interface {
	// Next decodes the first request in p and says how many bytes it took.
	//
	//	(nil, 0, nil)  more bytes are wanted, or an answer is waited for
	//	(nil, n, nil)  n bytes hold nothing to act on; call again with the rest
	//	(r, n, nil)    a request of n bytes; n may be 0 if an earlier call took its bytes
	//	(_, _, err)    the link is of no use: Answer is asked for last words, then it closes
	//
	// n is never more than len(p). r and its byte slices are valid until the
	// next call on this session. A datagram is a p that is used whole.
	Next(p []byte) (r chat.Request, n int, err error)
	// Answer encodes the outcome of a request of this link. a.To == nil asks
	// for the last words before the link is closed because of a.Err.
	// After it the driver calls Next again on bytes that it kept.
	Answer(dst []byte, a chat.Answer) []byte
	// Variant is read again after each Next and Answer.
	Variant() Variant
}

// Prompting is a Session that says things by itself, each a message of its own.
type Prompting interface {
	// Prompt appends the next thing that the session has to say; nothing: it
	// has none. Asked after Start and after each Next, Idle and Answer, in front
	// of the request that came of it, until it appends nothing.
	Prompt(dst []byte) []byte
}

// Counting is a Session that writes the length of texts in front of them, for
// a program that counts in its own way.
type Counting interface {
	// Count says how the other end's program counts from here on; until it is
	// called, that is not known. guess: it is a guess still, and texts are on
	// their way for which it makes a difference. Variant is read again behind it.
	Count(as chat.Count, guess bool)
}

// Alone is the Gap of a message that shares no write with another, with no
// time to wait behind it.
const Alone = time.Microsecond

// Starter is a Session or Caller that speaks first.
type Starter interface {
	// Start appends the first words; called once, before anything else.
	Start(dst []byte) []byte
}

// Paced is a Session that wants time between messages.
type Paced interface {
	// Gap is the least time between the message that was just encoded for this
	// session and the next one; 0: the next may join it. Asked right after
	// Start, Answer, Due and Append.
	Gap() time.Duration
}

// Timed is a Session or Caller with timers of its own protocol.
type Timed interface {
	// Due does what is due at now, appends bytes to send, and says when it
	// wants to be called next (zero: never). It is called once when the link
	// opens, at or soon after each time it named, and after each turn in which
	// the link had bytes or an Ask. After it Next is called again, with no
	// bytes if none were kept, so that a timer may end in a request or event.
	Due(dst []byte, now time.Time) (out []byte, next time.Time)
}

// Idler is a Session that looks at a partial request after some silence,
// because programs of its dialect leave line ends out.
type Idler interface {
	// Quiet is the silence after which Idle is asked; read when the link opens
	// and after each Idle.
	Quiet() time.Duration
	// Idle decodes what is left in p, knowing that nothing followed it for
	// Quiet, or that nothing ever will (end). Counts as for Next; (nil, 0): go
	// on waiting. After anything else Next is asked about the rest, then Idle
	// again. A session that waits for an answer goes on waiting.
	Idle(p []byte, end bool) (r chat.Request, n int, err error)
}

// Calling is a Dialect that has a client's side.
type Calling interface {
	Dialect
	Call(Link) Caller
}

// A Caller is a client's link to a server.
type Caller interface {
	// Ask encodes a request to the server.
	Ask(dst []byte, r chat.Request) []byte
	// Next decodes the first event in p; the counts mean what they mean for
	// Session.Next. Outcomes of what was asked come as *chat.Answer.
	Next(p []byte) (e chat.Event, n int, err error)
}

// Ending is a Caller whose answers may have no end but that of the link.
type Ending interface {
	// End is Next for the bytes that Next has left, none perhaps, behind which
	// nothing will come: the other end has ended its direction. Asked until it
	// gives no event and takes no bytes.
	End(p []byte) (e chat.Event, n int, err error)
}

// Skimming is a Caller that can tell of people without making values of them,
// for a reader with thousands of links, on each of which everybody is told of.
type Skimming interface {
	Caller
	// Skim takes the news of one person at the beginning of p, if it is there
	// whole and Next would report nothing before it. who are bytes of p that are
	// the same whenever that person comes or goes, and no other's. n is how many
	// bytes it took; 0: Next has to be asked.
	Skim(p []byte) (who []byte, came bool, n int)
	// AppendWho appends the bytes by which Skim would tell of a person who is at
	// the address Near.
	AppendWho(dst []byte, who *chat.Person) []byte
}

// Voicing is a Dialect whose calls are heard by datagrams on its Voice port.
type Voicing interface {
	Dialect
	// ParseVoice reads a datagram by which its sender becomes an end of a call.
	// ok is false if it is another one: voice. key is 0 if what stands there can
	// be no key, and so is a wrong one; ack: the same bytes are wanted back.
	ParseVoice(p []byte) (key uint64, ack, ok bool)
	// AppendVoice appends such a datagram, which wants a receipt.
	AppendVoice(dst []byte, key uint64) []byte
	// AppendBadKey appends the datagram that answers a wrong key.
	AppendBadKey(dst []byte) []byte
}

// A Flag is a setting of one dialect on the command line.
type Flag struct {
	Name    string // with the dialect's name in front: "mim0-welcome"
	Default string
	Help    string
	OneOf   []string // the allowed values; nil: any text
}

// Recorded is a Dialect whose server tells of each request in its log and, if
// it is given a file for that, keeps a record of those that brought somebody.
type Recorded interface {
	Dialect
	// RecordFlag is the flag that names the file.
	RecordFlag() Flag
}

// Recording is a Session of such a dialect.
type Recording interface {
	// Record tells of the request that was read last, before its answer: in
	// words for the log, which may hold anything but have no line end, and as a
	// line with its end for the file. No words: there is nothing to tell.
	Record() (words string, line []byte)
}

// Configurable is a Dialect with settings.
type Configurable interface {
	Dialect
	Flags() []Flag
	// Configure gives the same dialect with other settings. value gives the
	// text of a flag by its name; an error says which flag and what is allowed.
	Configure(value func(name string) string) (Dialect, error)
}
