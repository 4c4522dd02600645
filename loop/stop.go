package loop

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// An orderly stop is over within a second: flushFor for what is queued, then
// partFor for the other ends to read it and close, the rest for gnet. stuckFor
// is for a loop that does not come to it: a callback does not return.
const (
	flushFor = 600 * time.Millisecond
	partFor  = 150 * time.Millisecond
	stuckFor = 3 * time.Second
)

// errStuck: a callback did not return in time.
var errStuck = errors.New("loop did not stop in time")

// Stop ends the loop in order: Mode.Stopping, what is queued, then all
// connections. It returns when the engine has ended, within a second, or with
// an error after three if a callback hangs. Not to be called on the loop.
func (r *Reactor) Stop() error {
	select {
	case <-r.ready:
	case <-r.ended:
		return nil
	default:
		return nil // it was never started
	}
	r.stopOnce.Do(func() { r.Post(r.beginStop) })
	select {
	case <-r.ended:
		return nil
	case <-time.After(stuckFor):
		r.halt()
		return errStuck
	}
}

// halt ends the engine without waiting: gnet's Stop looks only twice a second
// whether it is over, run knows at once.
func (r *Reactor) halt() {
	go func() { _ = r.gnet.Stop(r.ctx) }()
}

// beginStop is the first step of Stop, on the loop.
func (r *Reactor) beginStop() {
	r.stopping = true
	r.modeStopping()
	r.flushLazy()
	r.stopAt = r.at + flushFor
}

// wind is the rest of Stop, a step at the end of each turn.
func (r *Reactor) wind() {
	if !r.stopping || r.stopAt == 0 {
		return
	}
	if !r.parting && (r.backlog == 0 || r.at >= r.stopAt) {
		r.parting = true
		r.stopAt = r.at + partFor
		for _, l := range r.links {
			if l != nil && !l.is(half|shut) && l.phase < doomed {
				_ = unix.Shutdown(int(l.fd), unix.SHUT_WR)
			}
		}
	}
	if r.parting && (r.count.Open == 0 || r.at >= r.stopAt) {
		r.stopAt = 0
		r.halt()
	}
}

// epilogue ends the Reactor after its engine: the loop's goroutine is gone, so
// this one is the loop for the last callbacks.
func (r *Reactor) epilogue(err error) {
	r.dropGuards()
	r.mail.close()
	r.cancel()
	r.poller = -1 // gnet has closed it
	if r.timer != nil {
		r.timer.Stop()
	}
	r.now = time.Now()
	r.at = r.now.Sub(r.start)
	for _, l := range r.links {
		if l != nil {
			if l.phase < doomed {
				r.need(l).why = ErrStopped
			}
			if l.is(half) {
				r.sever(l)
			} else { // gnet has closed its descriptor without a word
				l.fd = -1
				r.bury(l, l.reason())
			}
		}
	}
	r.tellClosed()
	r.closeUDP()
	r.publish()
	switch {
	case r.stopping:
		err = nil
	case err != nil:
		err = fmt.Errorf("%w: %w", ErrEngineEnded, err)
	default:
		err = ErrEngineEnded
	}
	r.done <- err
	close(r.done)
	close(r.ended)
}
