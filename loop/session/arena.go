package session

// arenaSize is the size of one piece of encoding memory. Big enough to hold
// hundreds of lines, small enough that one slow reader pins little.
const arenaSize = 64 << 10

// arenaLeast is the room that an encoder finds at least; whoever needs more
// gets memory of its own by append.
const arenaLeast = 1 << 10

// An arena hands out memory for encoded messages without an allocation for
// each. What was handed out is never written again, so one message may lie on
// many links; the garbage collector frees an arena when the last is gone.
type arena struct{ buf []byte }

// open gives an empty slice to append one message to.
func (a *arena) open() []byte {
	if cap(a.buf)-len(a.buf) < arenaLeast {
		a.buf = make([]byte, 0, arenaSize)
	}
	return a.buf[len(a.buf):]
}

// keep takes what was appended to the slice from open and makes it permanent.
// The slice reaches to the end of the arena: a loop that queues one message
// right behind another may take both as one (see loop.Net.Send). Nobody may
// append to it.
func (a *arena) keep(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	if n := len(a.buf); n+len(b) <= cap(a.buf) && &b[0] == &a.buf[:n+1][n] {
		a.buf = a.buf[:n+len(b)]
	}
	return b
}
