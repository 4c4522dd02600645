package loop

import (
	"errors"
	"io"
	"syscall"
	"time"

	"github.com/panjf2000/gnet/v2"
	"golang.org/x/sys/unix"
)

const (
	// lingerFor is how long the other end has to end its direction after we
	// have ended ours. Closing before that, with bytes of it unread, would make
	// the kernel send a reset, which can overtake our last words.
	lingerFor = 2 * time.Second
	// halfFor is how long a link outlives the end of its input to answer.
	halfFor = 5 * time.Second
)

// Owe says whether the mode still owes the link something.
func (r *Reactor) Owe(id ID, yes bool) {
	l := r.get(id)
	if l == nil || l.is(owing) == yes {
		return
	}
	if yes {
		l.set(owing)
	} else {
		l.clear(owing)
	}
	switch {
	case l.is(unread):
		r.grant(l)
	case l.is(half) && !yes:
		r.mark(l) // it ends with its last byte
	}
}

// Finish ends our direction after what is queued has left.
func (r *Reactor) Finish(id ID) {
	if l := r.get(id); l != nil && l.phase == live {
		l.phase = ending
		r.lastWords(l)
	}
}

// CloseSoon closes after what is queued has left.
func (r *Reactor) CloseSoon(id ID, why error) {
	if l := r.get(id); l != nil && l.phase < closing {
		l.phase = closing
		s := r.need(l)
		s.in = s.in[:0]
		if why != nil {
			s.why = why
		}
		r.arm(l, quiet, 0)
		r.resume(l) // to throw it away
		r.lastWords(l)
	}
}

// lastWords sees to what is queued on l, with its end to follow.
func (r *Reactor) lastWords(l *link) {
	if !l.is(half | broken) { // those have a deadline
		r.arm(l, linger, r.at+r.cfg.SlowFor)
	}
	r.mark(l)
}

// Kill closes at once.
func (r *Reactor) Kill(id ID, why error) {
	if l := r.get(id); l != nil {
		r.doom(l, why)
	}
}

// doom has l end in this turn. Nothing more is read or written.
func (r *Reactor) doom(l *link, why error) {
	if l.phase >= doomed {
		return
	}
	l.phase = doomed
	if why != nil {
		r.need(l).why = why
	}
	r.doomed = append(r.doomed, l)
}

// reap ends the doomed links.
func (r *Reactor) reap() {
	for i := 0; i < len(r.doomed); i++ { // it may grow meanwhile
		l := r.doomed[i]
		r.doomed[i] = nil
		r.sever(l)
	}
	r.doomed = r.doomed[:0]
}

// sever closes the descriptor of l. Never called inside the mode.
func (r *Reactor) sever(l *link) {
	if l.phase == dead {
		return
	}
	l.phase = doomed
	if l.is(half) {
		fd := int(l.fd)
		r.bury(l, l.reason())
		unix.Close(fd)
		return
	}
	c := l.conn
	c.EventLoop().Close(c) // runs OnClose, which buries it
}

// reason is why l ends, nil if nothing is wrong.
func (l *link) reason() error {
	if l.side == nil {
		return nil
	}
	return l.side.why
}

// settle does what had to wait until all bytes of l had left. If Left has sent
// more since, it waits for those.
func (r *Reactor) settle(l *link) {
	switch {
	case l.phase >= doomed || l.unsent() > 0:
		return
	case l.is(half):
		if l.phase != live || !l.is(owing) {
			r.sever(l)
		}
		return
	case l.phase != live && !l.is(shut|broken):
		l.set(shut)
		r.arm(l, linger, r.at+lingerFor)
		if err := unix.Shutdown(int(l.fd), unix.SHUT_WR); err != nil {
			r.lose(l, failure(int(l.fd)))
		}
	}
	r.tidy(l)
}

// lingered ends a link whose time for an orderly end is over.
func (r *Reactor) lingered(l *link) {
	why := l.reason()
	if why == nil {
		switch {
		case l.is(half) && l.phase == live:
			why = ErrOwed
		case !l.is(shut):
			why = ErrSlow
		}
	}
	r.doom(l, why)
}

// over takes gnet's word that l's connection is ending; its descriptor is
// still open. An end of input is not the end of a link that has something to
// say: it goes on, write-only, with a duplicate of the descriptor.
func (r *Reactor) over(l *link, err error) {
	if l.phase == dead {
		return
	}
	if errors.Is(err, io.EOF) {
		// gnet also says so where epoll reports an error without input: a reset
		// of which the kernel has told one half when it is asked.
		if why := failure(int(l.fd)); errors.Is(why, syscall.ECONNRESET) {
			err = why
		}
	}
	if l.phase == doomed || l.is(broken) || !errors.Is(err, io.EOF) {
		if why := l.reason(); why != nil || l.phase == doomed {
			err = why
		} else if err == nil { // gnet closes all when the engine ends
			err = ErrStopped
		}
		r.bury(l, err)
		return
	}
	l.set(ended)
	r.arm(l, quiet, 0)
	if l.takesInput() {
		r.feed(l, nil)
	}
	if l.phase < doomed && (l.unsent() > 0 || l.phase == live && l.is(owing)) && r.halve(l, l.conn) {
		return
	}
	r.bury(l, l.reason())
}

// halve moves l to a duplicate of its descriptor, which gnet does not know.
// For a moment there are both, so half of the reserve must be free for it.
func (r *Reactor) halve(l *link, c gnet.Conn) bool {
	fd, err := unix.FcntlInt(uintptr(c.Fd()), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		r.need(l).why = err
		return false
	}
	if fd >= r.maxFD+r.cfg.Reserve/2 {
		unix.Close(fd)
		r.need(l).why = ErrFull
		return false
	}
	l.fd, l.conn = int32(fd), nil
	l.set(half)
	r.halves++
	r.arm(l, linger, r.at+halfFor)
	r.mark(l)
	return true
}
