package codec

import (
	"net/netip"
	"time"

	"mim/chat"
)

// Datagrams is a Calling dialect whose people write to each other by
// datagrams (chat.ByPeerUDP): each has one socket, its Port of role Peer, at
// the address that the server's table gives for them.
type Datagrams interface {
	Calling
	// Socket makes the state of our socket, which knows nobody yet.
	Socket(SocketConfig) Socket
}

// SocketConfig is what a Socket must know.
type SocketConfig struct {
	Name string         // ours
	Self netip.AddrPort // where the socket is bound; the port must be right
	Seed [32]byte       // of what is drawn by chance; nobody else should know it
	// Hold: a text to us alone is not acknowledged before Confirm, since we pass
	// it on and do not know yet whether it arrives. And nobody is written to
	// before there is something to say: many such sockets may know one person.
	// Whoever is not in the table is told nothing, and not heard.
	Hold bool
}

// A Socket is the protocol state of the one UDP socket by which we talk to
// others. It does no I/O and reads no clock: its methods are told what came and
// when, and give what is to be sent and told, in that order. All it keeps of
// what others send is bounded. It belongs to the goroutine of one loop.
//
// Outputs and their Data are valid until the next call on the Socket.
type Socket interface {
	// Known takes the table as it is now: whoever is not in it is a friend no
	// more. A Person stands for the address Near; Name may be empty where the
	// table has none. self is where others reach us, as far as we know.
	Known(now time.Time, self netip.AddrPort, people []*chat.Person) []Output
	// Datagram takes one that came, whatever it holds. p is not kept.
	Datagram(now time.Time, from netip.AddrPort, p []byte) []Output
	// Say sends a text to one address, SayTo to each member of a room that we
	// are in. What becomes of it is told under ticket: see Sent.
	Say(now time.Time, to netip.AddrPort, text []byte, ticket uint64) []Output
	SayTo(now time.Time, room string, text []byte, ticket uint64) []Output
	// Join enters a room, Leave leaves it, and those who can know of it are
	// told. The error is a *chat.Error for the person: BadName, Already, Full;
	// NotSo. Room is as in chat.Members.
	Join(now time.Time, room string) ([]Output, error)
	Leave(now time.Time, room string) ([]Output, error)
	// Members appends the addresses of those who are in a room, without us.
	Members(dst []netip.AddrPort, room string) []netip.AddrPort
	// Confirm acknowledges the text that was Said by who under a number; see
	// SocketConfig.Hold.
	Confirm(now time.Time, who netip.AddrPort, number uint64) []Output
	// Bye closes the talk with the program at an address, if it understands that.
	Bye(now time.Time, to netip.AddrPort) []Output
	// Due does what is due at now; it may be called at any time.
	Due(now time.Time) []Output
	// Wake is when Due wants to be called; zero: never. It is read again after
	// each call of another method.
	Wake() time.Time
}

// An OutputKind says what a Socket wants done or has to tell.
type OutputKind uint8

const (
	// Send: Data, 1 to 65507 bytes, is a datagram for Who. It may get lost.
	Send OutputKind = iota + 1
	// Said: Who, known as Name (which may be empty), said Data, which is UTF-8;
	// in Room, if that is not empty.
	Said
	// Sent: the text of Ticket has left, and More outcomes of it may follow. A
	// text to a room begins with one Sent and has one Delivered or Failed for
	// each member, More of them. A text to one address ends with Delivered,
	// Failed or a Sent whose More is 0; in front of that may be one with 1,
	// where we do not know whether the program there confirms texts.
	Sent
	// Delivered: the program of Who has the text of Ticket.
	Delivered
	// Failed: it does not, as far as we know; Err, a *chat.Error, says why. Of
	// a text to a room that could not be sent at all it is the only outcome,
	// and Who is not valid.
	Failed
	// Named: Who, for whom the table has no name, says that it is called Name.
	Named
	// Entered, Exited: Who, known as Name, is in Room now, or no more.
	Entered
	Exited
	// Ended: Who closed the talk.
	Ended
	// Unlisted: Who, who is not in the table, has written to us, though no text:
	// the table may be old.
	Unlisted
)

// An Output is one thing that came of a call on a Socket. Strings may be kept.
type Output struct {
	Kind   OutputKind
	Who    netip.AddrPort // the other end
	Name   string
	Room   string // as in chat.Members
	Ticket uint64
	Number uint64 // of a Said that is to be confirmed; 0: of none
	More   int
	Data   []byte
	Err    error
}
