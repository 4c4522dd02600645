// Package loop moves bytes: one goroutine, one gnet event loop, all sockets.
//
// A [Mode] (a server or a messenger) lives on a loop and speaks to the world
// through a [Net]. [Reactor] is the Net of real sockets; package loop/sim has
// a virtual one with the same interfaces. Everything but [Net.Post] happens on
// the loop's goroutine, so a Mode needs no locks.
//
// A round of the reactor goes
//
//	epoll: accepts, reads, ends  -> Opened, Data, Datagram: the mode decides
//	turn:  posts, deadlines, Again, kills, flush, Closed
//
// The turn is asked for through the anchor, one end of a socket pair that lies
// in the same epoll set as the connections. So posted work and flushes share
// each round with the sockets and neither can starve the other, and whatever
// a round queued for a link leaves in one write.
package loop
