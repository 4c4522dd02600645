package loop

import (
	"net/netip"
	"time"
)

// An ID names one connection for ever: the slot in the low 32 bits, the
// generation in the high ones. It is the only thing about a connection that
// leaves the loop; modes index slices by Slot. The zero ID names nothing.
type ID uint64

// MakeID makes the ID of a slot's nth use; generation counts from 1.
func MakeID(slot, generation uint32) ID { return ID(generation)<<32 | ID(slot) }

// Slot is a small number that no other open connection has.
func (i ID) Slot() uint32 { return uint32(i) }

// Generation counts how often the slot was used, from 1.
func (i ID) Generation() uint32 { return uint32(i >> 32) }

// A Door is a socket that is bound before the loop starts.
type Door struct {
	Network string         // "tcp" or "udp"
	Addr    netip.AddrPort // port 0: the system picks, see Net.Local
}

// Info is what is known of a connection when it opens.
type Info struct {
	Door   int            // index of the door it came through; -1: dialled
	Remote netip.AddrPort // IPv4-mapped addresses are unmapped
	Tag    any            // what was given to Dial
}

// NeverSent is the position of bytes that were given to a link that has ended.
const NeverSent = ^uint64(0)

// Net is what a Mode may do. Reactor and sim.Host implement it. But for Post,
// its methods are called on the loop only: inside a method of the Mode or
// inside a posted function. A method given the ID of a connection that has
// ended does nothing.
type Net interface {
	// Now is the time of this turn; on a simulated network a virtual one.
	Now() time.Time
	// Send queues b, which nobody may change afterwards (one slice may be sent
	// on many links), and gives the position in the link's stream behind it.
	// Slices that follow each other in one array are best sent with the
	// capacity to show it: they are queued as one.
	// What was queued leaves once per round, in order. After Finish or
	// CloseSoon, and on a link that has ended, nothing is queued, and the position
	// given never comes; it is not 0, if there are bytes. gap > 0:
	// these bytes are a write of their own, and nothing follows them for that
	// long; behind the shortest gaps a round makes up to 32 writes to a link.
	// lazy: the bytes may wait up to 50 ms for company.
	Send(id ID, b []byte, gap time.Duration, lazy bool) (pos uint64)
	// Behind is how long what is queued takes to leave at its pace, about; 0 if
	// the other end has been too slow for it, since then nobody knows.
	Behind(id ID) time.Duration
	// Watch asks for one Left, with this very position, when all bytes up to
	// pos are with the machine at the other end (on TCP: acknowledged by it).
	Watch(id ID, pos uint64)
	// Again asks for one more Data in the next round with the bytes that were
	// kept, even if there are none; or in one soon after, if the links that
	// asked before keep the loop busy for a millisecond.
	Again(id ID)
	// Owe says whether the mode still owes this link something that it will
	// Send later. A link that owes, or has bytes queued, outlives the end of
	// its input by at most 5 s. One that is not read (see Mode.Data) may wait
	// for what it is owed up to 10 min. Nothing else depends on it: it may be
	// called at any time, as often as a mode likes, and costs no memory.
	Owe(id ID, yes bool)
	// Finish ends our direction after what is queued has left; Data goes on
	// until the other end ends its own, 2 s at most. Then Closed(id, nil).
	Finish(id ID)
	// CloseSoon closes after what is queued has left; no Data any more.
	CloseSoon(id ID, why error)
	// Kill closes at once; what is queued is lost. Closed still comes at the
	// end of the turn, never inside Kill.
	Kill(id ID, why error)
	// Dial connects to address ("host:port"; names are looked up), giving up
	// after within. It ends in Opened with Info.Tag == tag, or in Failed.
	// 32 run at once, more wait in line.
	Dial(network, address string, within time.Duration, tag any)
	// DialFrom is Dial from one of this machine's addresses, with a port that
	// the system picks; one that is not valid is the system's choice too.
	DialFrom(from netip.Addr, network, address string, within time.Duration, tag any)
	// SendTo sends one datagram of up to 65,507 bytes from a UDP door; it may be
	// lost. b may be changed afterwards.
	SendTo(door int, to netip.AddrPort, b []byte)
	// IdleAfter sets the silence after which bytes that Data left unused are
	// given to Idle; 0: never. Bytes kept already count from this call.
	IdleAfter(id ID, d time.Duration)
	// Alarm asks for a Tick at or soon after at. The earliest one asked for
	// counts; a Tick uses it up.
	Alarm(at time.Time)
	// Local is the address a door is bound to, with the port it really has.
	Local(door int) netip.AddrPort
	// Here is our own address of a connection (which of the machine's
	// addresses the other end reached); not valid if it has ended.
	Here(id ID) netip.AddrPort
	// Post runs f on the loop, in the order of the posts. Any goroutine.
	Post(f func())
}

// A Mode is what runs on a loop: a server or a messenger. All methods are
// called on the loop's goroutine, never one inside another (Send, Kill and the
// rest of Net call nothing back). Slices passed in are valid during the call.
type Mode interface {
	// Booted: all doors are open. The first call of all.
	Booted(Net)
	// Opened: a connection was accepted or dialled.
	Opened(ID, Info)
	// Data gives the bytes that came and were not used yet, and takes how many
	// are used now; the rest is kept and given again with more. end: the other
	// side will send no more. What is left unused then is kept only while the
	// link owes (see Owe), for Again to give it once more, again with end set.
	//
	// While more than 128 KiB are kept the link is not read, so that its sender
	// has to wait; reading goes on when Data or Idle has used enough (ask with
	// Again when something has changed). So a mode must be able to use some of
	// 128 KiB. It may be given one read more, 192 KiB, and once more if both
	// sides have ended. A link that is not read and of which nothing is used for
	// 60 s is dropped with ErrFlood; while the mode owes it something (see Owe)
	// the 60 s do not begin, but after 10 min it is dropped all the same. The
	// other side's end is told when all that came before it has been given. If
	// the connection of a link that is not read breaks, that is told at once,
	// and what came before is lost. Where the loop can stop no reading
	// (elsewhere than on Linux) the link is dropped with ErrFlood at once.
	Data(id ID, p []byte, end bool) (used int)
	// Idle gives the kept bytes after the silence set by IdleAfter.
	Idle(id ID, p []byte) (used int)
	// Left: all bytes up to pos are with the other end's machine; see Watch. It
	// comes before any Data that answers those bytes.
	Left(id ID, pos uint64)
	// Closed: the connection has ended; told once for each Opened, at the end
	// of a turn. why is nil if the other end closed in an orderly way.
	Closed(id ID, why error)
	// Failed: a Dial did not succeed.
	Failed(tag any, why error)
	// Datagram came in by a UDP door.
	Datagram(door int, from netip.AddrPort, p []byte)
	// Tick: an Alarm's time has come.
	Tick(now time.Time)
	// Stopping: the loop is about to stop; what is sent now still leaves if
	// the other side reads it within a second.
	Stopping()
}
