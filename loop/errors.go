package loop

import (
	"errors"
	"fmt"
)

// Reasons given to Mode.Closed and Mode.Failed, and found in errors of the
// Reactor, by errors.Is.
var (
	// ErrSlow: the other end does not read what is sent to it.
	ErrSlow = errors.New("reads too slowly")
	// ErrFlood: the other end sent more than was used, beyond the bound, and
	// nothing of it was used for too long; see Mode.Data.
	ErrFlood = errors.New("too many bytes without a complete request")
	// ErrOwed: the other end ended its input and its answers did not leave in
	// the time that is given then.
	ErrOwed = errors.New("answers did not leave in time after the end of input")
	// ErrPanic: a callback for this connection panicked; the log has the stack.
	ErrPanic = errors.New("internal error")
	// ErrFull: no descriptor is left for one more connection.
	ErrFull = errors.New("too many connections")
	// ErrStopped: the loop was stopped.
	ErrStopped = errors.New("loop stopped")
	// ErrEngineEnded: the event loop ended although nobody stopped it. The
	// process cannot go on.
	ErrEngineEnded = errors.New("event loop ended unasked")
	// ErrNoDoors: a Reactor needs at least one Door.
	ErrNoDoors = errors.New("no doors to listen on")
)

// A ListenError says which door could not be opened and why.
type ListenError struct {
	Door Door
	Err  error
}

func (e *ListenError) Error() string {
	return fmt.Sprintf("listen on %s %s: %v", e.Door.Network, e.Door.Addr, e.Err)
}

func (e *ListenError) Unwrap() error { return e.Err }
