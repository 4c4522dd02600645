package command

import (
	"bytes"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"mim/chat/client"
	"mim/chat/term"
)

// screenAfter is how long a messenger that has nothing to show yet waits before
// it takes the terminal: a server that is not there, or says no, is told like
// the failure of any command.
const screenAfter = 400 * time.Millisecond

// An output is what shows the views of a messenger. Show is called on the loop
// and does not wait; Close ends it, within a time, and gives its error.
type output interface {
	Show(v client.View)
	Close(within time.Duration) error
}

// fitsScreen reports whether a person with a terminal that can move its cursor
// is at both ends.
func fitsScreen(s streams) bool {
	kind := os.Getenv("TERM")
	return isTerminal(s.in) && isTerminal(s.out) && kind != "dumb" && kind != ""
}

// A display is the output of a messenger that has the terminal for itself.
type display struct {
	screen  *term.Screen
	broken  func(error)
	modes   *unix.Termios // of the terminal before; nil: not known
	fd      int
	start   sync.Once
	started chan struct{}
	ended   chan error
	late    *time.Timer
}

// newDisplay makes a display on the terminal of s, which it takes with the first
// view that is not the end. broken is called if the terminal fails.
func newDisplay(s streams, cfg term.Config, broken func(error)) *display {
	in, out := s.in.(*os.File), s.out.(*os.File)
	d := &display{screen: term.New(cfg, in, out, os.Environ()), broken: broken, fd: int(in.Fd()), started: make(chan struct{}), ended: make(chan error, 1)}
	d.modes, _ = unix.IoctlGetTermios(d.fd, unix.TCGETS) // without them, the screen's own care is all there is
	d.late = time.AfterFunc(screenAfter, d.take)
	return d
}

// take starts the screen, once.
func (d *display) take() {
	d.start.Do(func() {
		close(d.started)
		go func() {
			err := d.screen.Run()
			d.ended <- err
			if err != nil {
				d.broken(printed(0, err))
			}
		}()
	})
}

// Show implements output.
func (d *display) Show(v client.View) {
	d.screen.Show(v)
	if !v.Final && v.Event != client.Bye && v.Event != client.Notice {
		d.take()
	}
}

// Close implements output. A terminal that takes nothing, as one that was
// stopped, is given up when the time is over; its modes are set back even so.
func (d *display) Close(within time.Duration) error {
	d.late.Stop()
	d.start.Do(func() { d.ended <- nil }) // it never had the terminal
	go d.screen.Close()
	defer d.restore()
	select {
	case err := <-d.ended:
		return err
	case <-time.After(within):
		return nil
	}
}

// restore sets the modes of the terminal back.
func (d *display) restore() {
	if d.modes != nil {
		_ = unix.IoctlSetTermios(d.fd, unix.TCSETS, d.modes) // it may be gone
	}
}

// heldLines and heldBytes are how much of a log is kept for the end.
const (
	heldLines = 200
	heldBytes = 64 << 10
)

// A held log lets lines through or, while a screen has the terminal, keeps the
// last of them for later. Any goroutine.
type held struct {
	out io.Writer

	mu      sync.Mutex
	holding bool
	lines   [][]byte
	bytes   int
}

// Write implements io.Writer; p is one line, or several.
func (h *held) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.holding {
		return h.out.Write(p)
	}
	h.lines = append(h.lines, bytes.Clone(p))
	h.bytes += len(p)
	for len(h.lines) > heldLines || h.bytes > heldBytes && len(h.lines) > 1 {
		h.bytes -= len(h.lines[0])
		h.lines = h.lines[1:]
	}
	return len(p), nil
}

// hold begins to keep lines, release writes those that were kept and ends it.
func (h *held) hold() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.holding = true
}

func (h *held) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, line := range h.lines {
		_, _ = h.out.Write(line) // a log that fails is no reason to fail
	}
	h.holding, h.lines, h.bytes = false, nil, 0
}
