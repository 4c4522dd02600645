package command

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"mim/loop"
)

// stopWithin is how long an orderly end may take before it is cut short: with
// the second that the loop takes to stop, and a moment for the output, a first
// signal ends the program within 5 s.
const stopWithin = 3200 * time.Millisecond

// stopSignals gives the signals that ask us to stop; end gives them back to
// the system, which kills. A SIGINT that is ignored from the start stays so: a
// script's background commands are not meant by the Ctrl-C of its terminal. So
// does a SIGHUP, which nohup(1) ignores; else a terminal that goes away is an
// orderly end, unless SIGHUP means something else (hup is false).
func stopSignals(hup bool) (signals <-chan os.Signal, end func()) {
	c := make(chan os.Signal, 2)
	signal.Notify(c, syscall.SIGTERM)
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGHUP} {
		if !signal.Ignored(s) && (hup || s != syscall.SIGHUP) {
			signal.Notify(c, s)
		}
	}
	return c, func() { signal.Stop(c) }
}

// echo is how long the same request to stop may still arrive: timeout(1), for
// one, signals its command and then the whole group in which it runs.
const echo = 100 * time.Millisecond

// stopped ends the reactor in an orderly way: goodbyes are said and what is
// queued is written. A second signal, or time, cuts it short.
func stopped(r *loop.Reactor, again <-chan os.Signal) error {
	asked := time.Now()
	done := make(chan error, 1)
	go func() { done <- r.Stop() }()
	late := time.NewTimer(stopWithin)
	defer late.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				return engineEnded(err)
			}
			return nil
		case <-late.C:
			return nil
		case sig := <-again:
			if time.Since(asked) > echo {
				return secondSignal(sig)
			}
		}
	}
}

// secondSignal ends at once, with the code that shells give to a signal.
func secondSignal(sig os.Signal) error {
	code := exitBroken
	if number, ok := sig.(syscall.Signal); ok {
		code = 128 + int(number)
	}
	return &failure{code: code, what: "stopped at once: " + sig.String()}
}
