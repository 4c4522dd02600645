package loop

import (
	"os"

	"golang.org/x/sys/unix"
)

// A mode that waits for something, say for the answers to a hundred requests,
// leaves what comes meanwhile unused. The loop then stops reading from that
// socket: the kernel's buffers fill, and the other end has to wait as well.
//
// gnet cannot do that. But it reads level-triggered, changes what it asks of a
// descriptor only when it has bytes of its own to write, which it never has
// (flush.go), and waits with epoll(7): so we change it behind its back, on its
// own epoll descriptor (poller_linux.go). Where that cannot be had a link that
// keeps too much is dropped at once, as before.
//
// What a link that is not read has in the kernel may take its mode hours. If
// the connection breaks meanwhile, nobody waits for it: the link ends at once.

// unreadTimes UnreadFor is the most that a link is unread while its mode uses
// nothing, however much it owes.
const unreadTimes = 10

// ration looks at how much is kept of l after the mode has used some bytes,
// or none, and stops reading from it or goes on.
func (r *Reactor) ration(l *link, used int) {
	switch {
	case !l.takesInput() || l.is(ended) || l.side == nil || len(l.side.in) <= maxKept:
		if l.is(unread) {
			r.resume(l)
			r.tidy(l)
		}
	case l.is(unread):
		if used > 0 {
			l.side.used = r.at
			r.grant(l)
		}
	case r.poller < 0 || askRead(r.poller, int(l.fd), false) != nil:
		r.doom(l, ErrFlood)
	default:
		l.set(unread)
		l.side.used = r.at
		r.grant(l)
	}
}

// grant sets by when the mode must have used something of an unread link. A
// link that is owed something waits for that and is not at fault.
func (r *Reactor) grant(l *link) {
	at := l.side.used + unreadTimes*r.cfg.UnreadFor
	if !l.is(owing) {
		at = min(at, r.at+r.cfg.UnreadFor)
	}
	r.arm(l, starved, at)
}

// resume has l read again. What is about to be closed keeps its descriptor as
// it is: after that the number may be another connection's.
func (r *Reactor) resume(l *link) {
	if !l.is(unread) {
		return
	}
	l.clear(unread)
	r.arm(l, starved, 0)
	if l.phase >= doomed || l.is(ended|half) {
		return
	}
	if r.poller >= 0 {
		if err := askRead(r.poller, int(l.fd), true); err != nil {
			r.lose(l, err)
		}
	}
}

// lose ends a link whose connection is gone; a reason that it has stays.
func (r *Reactor) lose(l *link, err error) {
	if l.reason() != nil {
		err = nil
	}
	r.doom(l, err)
}

// failure is why the connection of a socket broke, nil if it did not. The
// kernel tells it once.
func failure(fd int) error {
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	switch {
	case err != nil:
		return os.NewSyscallError("getsockopt", err)
	case n != 0:
		return os.NewSyscallError("read", unix.Errno(n))
	}
	return nil
}

// starve ends a link of which the mode has used nothing for too long.
func (r *Reactor) starve(l *link) {
	if l.is(unread) {
		r.doom(l, ErrFlood)
	}
}
