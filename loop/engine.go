package loop

import (
	"net"
	"time"

	"github.com/panjf2000/gnet/v2"
)

// Keep-alive finds a client whose machine or network is gone within 2 minutes.
const (
	keepAliveIdle     = 60 * time.Second
	keepAliveInterval = 15 * time.Second
	keepAliveProbes   = 4
)

// engine is what gnet calls: on the loop, but for OnBoot and OnTick.
type engine struct {
	gnet.BuiltinEventEngine
	*Reactor
}

// OnBoot is called when gnet has bound all doors; the guards may go.
func (e *engine) OnBoot(g gnet.Engine) gnet.Action {
	r := e.Reactor
	r.gnet = g
	r.dropGuards()
	for i, d := range r.doors {
		if d.Network != "udp" {
			continue
		}
		if err := r.openUDP(i); err != nil {
			r.bootErr = &ListenError{d, err}
			return gnet.Shutdown
		}
	}
	return gnet.None
}

// OnTick is called first when the loop has started, on a goroutine of its own.
func (e *engine) OnTick() (time.Duration, gnet.Action) {
	e.tickOnce.Do(func() { close(e.ticked) })
	return time.Hour, gnet.None
}

// OnOpen is called for the anchor, for newcomers, and for what was dialled.
func (e *engine) OnOpen(c gnet.Conn) (out []byte, action gnet.Action) {
	r := e.Reactor
	r.begin(c)
	defer r.finish()
	switch who := c.Context().(type) {
	case *Reactor: // the anchor
	case *dial:
		if who.told {
			return nil, gnet.Close
		}
		who.told = true
		if !r.room(c) {
			r.modeFailed(who.tag, ErrFull)
			return nil, gnet.Close
		}
		r.open(c, Info{Door: -1, Remote: netAddr(c.RemoteAddr()), Tag: who.tag})
	default:
		door := r.doorOf(c.LocalAddr())
		if door < 0 || !r.room(c) {
			return nil, gnet.Close
		}
		r.open(c, Info{Door: door, Remote: netAddr(c.RemoteAddr())})
	}
	return nil, gnet.None
}

// room reports whether c may stay. Descriptors are given out lowest first, so
// the number of the newest counts all open files of the process below it, and
// above it there are but duplicates of half-closed links: each left a hole for
// a newcomer. Refusing by the sum keeps the reserve free: if gnet's accept
// ever found no descriptor, it would end the whole engine.
func (r *Reactor) room(c gnet.Conn) bool {
	if c.Fd()+r.halves >= r.maxFD || r.cfg.MaxConns > 0 && r.count.Open >= r.cfg.MaxConns || r.stopping {
		r.count.Refused++
		return false
	}
	return true
}

func (r *Reactor) open(c gnet.Conn, in Info) {
	// Not by gnet's options: its keep-alive option hides bind errors, and
	// dialled connections get none of them.
	_ = c.SetNoDelay(true)
	_ = c.SetKeepAlive(true, keepAliveIdle, keepAliveInterval, keepAliveProbes)
	_ = setUserTimeout(c.Fd())
	_ = setKernelQueue(c.Fd())
	r.modeOpened(r.add(c), in)
}

// OnTraffic is called when bytes came: for the anchor that means a turn.
func (e *engine) OnTraffic(c gnet.Conn) gnet.Action {
	r := e.Reactor
	r.begin(c)
	switch who := c.Context().(type) {
	case *Reactor:
		_, _ = c.Discard(-1)
		r.turn()
		return gnet.None
	case *link:
		p, _ := c.Next(-1)
		r.receive(who, p)
	default:
		if _, ok := c.LocalAddr().(*net.UDPAddr); ok {
			r.datagram(c)
		}
	}
	r.finish()
	return gnet.None
}

// OnClose is called while the descriptor is still open: after an end of input
// or an error, inside our own sever, and for all when the engine ends.
func (e *engine) OnClose(c gnet.Conn, err error) gnet.Action {
	r := e.Reactor
	switch who := c.Context().(type) {
	case *link:
		if who.phase == doomed && r.turning {
			r.over(who, err) // inside sever
			break
		}
		r.begin(c)
		r.over(who, err)
		r.finish()
	case *Reactor:
		if !r.stopping { // no turns any more
			return gnet.Shutdown
		}
	}
	return gnet.None
}

// begin starts a callback: it reads the clock, once. The very first one boots
// the mode, which may be ahead of the anchor's: clients can be early.
func (r *Reactor) begin(c gnet.Conn) {
	r.now = time.Now()
	r.at = r.now.Sub(r.start)
	if !r.booted {
		r.booted = true
		r.loop = c.EventLoop()
		r.poller = findPoller(c.Fd())
		r.mode.Booted(r)
		close(r.ready)
	}
}

// finish ends a callback other than a turn: if it left something to do it
// asks for a turn, which comes after the rest of this epoll round.
func (r *Reactor) finish() {
	if r.busy() {
		r.mail.wake()
	}
	r.setTimer()
	r.publish()
	if r.cfg.Turn != nil {
		r.worked += time.Since(r.now)
	}
}

// busy reports whether there is something for a turn to do.
func (r *Reactor) busy() bool {
	return len(r.dirty) > 0 || len(r.again) > 0 || len(r.doomed) > 0 || len(r.closed) > 0
}

// turn does what was put off to the end of the round.
func (r *Reactor) turn() {
	r.turning = true
	r.count.Turns++
	batch, rung := r.mail.take(r.batch[:0])
	if rung {
		r.timerAt = 0
	}
	for i, f := range batch {
		batch[i] = nil
		r.runPost(f)
	}
	r.batch = batch
	r.expire()
	r.runAgain()
	r.reap()
	r.flush()
	r.reap()
	r.tellClosed()
	r.wind()
	r.publish()
	r.turning = false
	r.setTimer()
	r.mail.rest(r.busy())
	if r.cfg.Turn != nil {
		r.cfg.Turn(r.worked + time.Since(r.now))
		r.worked = 0
	}
}
