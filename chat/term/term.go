// Package term is the screen of a messenger on a terminal: it draws a chat/book
// and turns keys into lines for the messenger. Everything that is worth keeping
// is in the book; here is only what a screen has by itself: its size, the text
// being edited, what is scrolled or open on top.
//
// Three goroutines meet here. The loop gives views to Show, which never waits:
// they lie in a queue (queue.go). A pump takes them, many at a time, and gives
// them to the program, which may take its time: a terminal can be stopped. The
// program (Bubble Tea) owns the model and the book and is alone with them; lines
// that were typed leave by Config.Line.
//
//	loop --Show--> queue --pump--> program (model, book) --Line--> loop
//
// Names and texts come from strangers. The book has made them harmless; and what
// is drawn is written into cells by the renderer, which knows no other sequences
// than those of our styles.
package term

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	tea "charm.land/bubbletea/v2"

	"mim/chat/book"
	"mim/chat/client"
)

// Frames are drawn so often in a second at most; a key shows within one frame.
const frames = 120

// pause is how long the pump lets views gather after it has handed some on: more
// frames than the renderer draws would be drawn for nobody.
const pause = time.Second / frames

// A Screen is a messenger's screen on a terminal.
type Screen struct {
	queue   *queue
	program *tea.Program
	end     chan struct{} // closed when the pump is to end
	pumped  chan struct{} // closed when it has
}

// New makes a screen that shows nothing yet. in and out are the terminal, env
// the environment that describes it (TERM, NO_COLOR, COLORTERM).
func New(cfg Config, in, out *os.File, env []string) *Screen {
	return newScreen(cfg, tea.WithInput(in), tea.WithOutput(out), tea.WithEnvironment(env))
}

func newScreen(cfg Config, options ...tea.ProgramOption) *Screen {
	options = append(options, tea.WithFPS(frames), tea.WithoutSignalHandler())
	return &Screen{
		queue:   newQueue(),
		program: tea.NewProgram(newModel(cfg), options...),
		end:     make(chan struct{}),
		pumped:  make(chan struct{}),
	}
}

// Show takes a view. Any goroutine; it never waits, whatever the terminal does.
func (s *Screen) Show(v client.View) { s.queue.put(v) }

// Run shows the screen until Close, or until the terminal fails. When it
// returns, the terminal is as it was, after a panic too. It is called once.
func (s *Screen) Run() error {
	go s.pump()
	_, err := s.program.Run()
	close(s.end)
	<-s.pumped
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return nil
	case errors.Is(err, tea.ErrProgramPanic):
		return fmt.Errorf("the screen broke: %w", err)
	}
	return err
}

// Do has f called with the book, on the goroutine that owns it, behind all that
// was shown before. Any goroutine; it does not wait.
func (s *Screen) Do(f func(b *book.Book)) { s.queue.post(f) }

// Close ends Run, when what was shown before has been drawn; it waits until then.
// Any goroutine.
func (s *Screen) Close() { s.program.Send(closing(s.queue.take())) }

// Kill ends Run at once. Any goroutine.
func (s *Screen) Kill() { s.program.Kill() }

// Messages of the pump to the model: views in order; the same, and the end.
type (
	arrived waiting
	closing waiting
)

// pump hands on what waits in the queue. Send waits for the program, and not any
// more once that has ended.
func (s *Screen) pump() {
	defer close(s.pumped)
	rest := time.NewTimer(pause)
	defer rest.Stop()
	for {
		select {
		case <-s.end:
			return
		case <-s.queue.wake:
		}
		if w := s.queue.take(); len(w.views) > 0 || len(w.posts) > 0 {
			s.program.Send(arrived(w))
		}
		rest.Reset(pause)
		select {
		case <-s.end:
			return
		case <-rest.C:
		}
	}
}
