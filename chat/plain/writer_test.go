package plain

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"mim/chat/client"
)

func notice(i int) client.View {
	return client.View{Event: client.Notice, At: at, Text: fmt.Sprintf("%d %s", i, strings.Repeat("x", 1000))}
}

// A gate is an output that blocks until it is opened. wrote, if there is one, is
// told of each write, as far as it has room.
type gate struct {
	open  chan struct{}
	wrote chan struct{}
	mu    sync.Mutex
	buf   bytes.Buffer
}

func (g *gate) Write(p []byte) (int, error) {
	<-g.open
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case g.wrote <- struct{}{}:
	default:
	}
	return g.buf.Write(p)
}

func (g *gate) lines() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.Split(strings.TrimSuffix(g.buf.String(), "\n"), "\n")
}

func TestWriterKeepsOrder(t *testing.T) {
	g := &gate{open: make(chan struct{})}
	close(g.open)
	w := NewWriter(g, AppendPlain, func(err error) { t.Error(err) })
	for i := range 1000 {
		w.Show(notice(i))
	}
	if err := w.Close(time.Minute); err != nil {
		t.Fatal(err)
	}
	lines := g.lines()
	if len(lines) != 1000 {
		t.Fatalf("%d lines, want 1000", len(lines))
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, fmt.Sprintf("15:04:05 * %d x", i)) {
			t.Fatalf("line %d is %.30q", i, line)
		}
	}
	w.Show(notice(0)) // nobody reads it any more
	if n := len(g.lines()); n != 1000 {
		t.Errorf("%d lines after Close", n)
	}
}

// Show never waits for the output; what is too much is left out, and said so.
func TestWriterBlocked(t *testing.T) {
	g := &gate{open: make(chan struct{}), wrote: make(chan struct{}, 1)}
	w := NewWriter(g, AppendPlain, func(err error) { t.Error(err) })
	const n = 3 * maxQueued / 1000
	for i := range n {
		w.Show(notice(i))
	}
	if w.Close(time.Millisecond) != nil { // given up, not broken
		t.Error("a blocked output is reported as broken")
	}
	w.mu.Lock()
	left, queued := w.left, len(w.queue)
	w.closing = false
	w.mu.Unlock()
	if queued > maxQueued+2000 || left == 0 {
		t.Fatalf("%d bytes wait, %d views were left out", queued, left)
	}
	close(g.open)
	for late := time.After(time.Minute); len(g.lines()) < n-left; {
		select {
		case <-g.wrote:
		case <-late:
			t.Fatalf("%d of %d lines came out", len(g.lines()), n-left)
		}
	}
	w.Show(notice(n))
	w.Close(time.Minute)
	lines := g.lines()
	want := fmt.Sprintf("15:04:05 ! the output was blocked: %d lines were left out here", left)
	if got := lines[len(lines)-2]; got != want {
		t.Errorf("got %.100q, want %q", got, want)
	}
}

// A broken pipe is told once, and then everything is dropped.
func TestWriterBroken(t *testing.T) {
	r, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer out.Close()
	told := make(chan error, 10)
	w := NewWriter(out, AppendJSON, func(err error) { told <- err })
	w.Show(notice(1))
	if err := <-told; !errors.Is(err, io.ErrClosedPipe) && !strings.Contains(err.Error(), "broken pipe") {
		t.Errorf("told %v", err)
	}
	for i := range 1000 {
		w.Show(notice(i))
	}
	if w.Close(time.Minute) == nil {
		t.Error("Close says nothing of a broken output")
	}
	if len(told) != 0 {
		t.Error("told more than once")
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	v := client.View{Event: client.Said, At: at, From: "bob", To: "alice", Text: "hello there", Path: client.PathDirect}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendJSON(buf[:0], v)
	}
}

func BenchmarkAppendPlain(b *testing.B) {
	v := client.View{Event: client.Said, At: at, From: "bob", To: "alice", Text: "hello there", Path: client.PathDirect}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendPlain(buf[:0], v)
	}
}
