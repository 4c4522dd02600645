package codectest

import (
	"fmt"
	"time"
)

const (
	// mostTurns bounds the timers of a link on which nothing comes: a heartbeat
	// would go on for ever.
	mostTurns = 20
	// mostAtOnce bounds how often in a row Due may name the time that it is.
	mostAtOnce = 5
)

// due gives the timers their turn, and those again that want it at once.
func (e *endpoint) due() error {
	if e.timed == nil || e.ended {
		return nil
	}
	for range mostAtOnce {
		err := e.write("Due", func(dst []byte) []byte {
			dst, e.next = e.timed.Due(dst, e.now)
			return dst
		})
		if err != nil || e.next.IsZero() || e.next.After(e.now) {
			return err
		}
	}
	return fmt.Errorf("%s: Due names the time that it is, again and again", e.end.Name)
}

// silence lets time pass while nothing comes: timers run out, and an Idler is
// shown what is left after its Quiet, whichever is first.
func (e *endpoint) silence() error {
	shown := false
	for range mostTurns {
		idle, quiet := false, time.Time{}
		if e.idler != nil && !shown && len(e.kept) > 0 && e.idler.Quiet() > 0 {
			idle, quiet = true, e.now.Add(e.idler.Quiet())
		}
		switch {
		case e.ended || !idle && e.next.IsZero():
			return nil
		case idle && (e.next.IsZero() || quiet.Before(e.next)):
			shown, e.now = true, quiet
			if err := e.idle(false); err != nil {
				return err
			}
		default:
			e.now = e.next
			e.rests++
			if err := e.due(); err != nil {
				return err
			}
		}
		if err := e.take(nil); err != nil {
			return err
		}
	}
	return nil
}

// finish is the end of input.
func (e *endpoint) finish() error {
	switch {
	case e.idler != nil:
		return e.idle(true)
	case e.ending != nil:
		return e.close()
	}
	return nil
}

// close shows a caller what is left, perhaps nothing, until End makes nothing
// more of it.
func (e *endpoint) close() error {
	e.rests++
	return e.look("End", nil, func(p []byte) (used int, err error) {
		for !e.ended {
			event, n, bad := e.ending.End(p[used:])
			var found any
			if event != nil {
				found = event
			}
			more, err := e.step("End", found, n, bad, len(p)-used)
			if err != nil || !more {
				return used, err
			}
			used += n
		}
		return used, nil
	})
}

// idle shows what is left, until Idle makes nothing more of it: at last it may
// be nothing.
func (e *endpoint) idle(end bool) error {
	e.rests++
	for more := len(e.kept) > 0; more && !e.ended; {
		err := e.look("Idle", nil, func(p []byte) (used int, err error) {
			found, n, bad := e.request(e.idler.Idle(p, end))
			if more, err = e.step("Idle", found, n, bad, len(p)); err != nil {
				return 0, err
			}
			if err := e.settle(); err != nil || e.ended {
				return n, err
			}
			rest, err := e.drain(p[n:])
			return n + rest, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
