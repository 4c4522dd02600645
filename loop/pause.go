package loop

// A mode that waits for something, say for the answers to a hundred requests,
// leaves what comes meanwhile unused. The loop then stops reading from that
// socket: the kernel's buffers fill, and the other end has to wait as well.
//
// gnet cannot do that. But it reads level-triggered, changes what it asks of a
// descriptor only when it has bytes of its own to write, which it never has
// (flush.go), and waits with epoll(7): so we change it behind its back, on its
// own epoll descriptor (poller_linux.go). Where that cannot be had a link that
// keeps too much is dropped at once, as before.

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
			r.arm(l, starved, r.at+r.cfg.UnreadFor)
		}
	case r.poller < 0 || askRead(r.poller, int(l.fd), false) != nil:
		r.doom(l, ErrFlood)
	default:
		l.set(unread)
		r.arm(l, starved, r.at+r.cfg.UnreadFor)
	}
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
	if l.is(broken) { // it had no limit while it was not read
		r.arm(l, linger, r.at+lingerFor)
	}
	if r.poller >= 0 {
		if err := askRead(r.poller, int(l.fd), true); err != nil {
			r.doom(l, err)
		}
	}
}

// starve ends a link of which the mode has used nothing for too long.
func (r *Reactor) starve(l *link) {
	if !l.is(unread) {
		return
	}
	why := ErrFlood
	if l.is(broken) {
		why = l.reason() // the other end is gone
	}
	r.doom(l, why)
}
