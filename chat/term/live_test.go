package term

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"mim/chat"
	"mim/chat/client"
)

// patience is how long anything may take; it costs time only in a failure.
const patience = 20 * time.Second

// A glass is a terminal that keeps what is written to it, and can be stopped.
type glass struct {
	mu      sync.Mutex
	screen  *vt.Emulator
	all     bytes.Buffer
	keep    bool
	bytes   int
	seek    string         // not empty: nothing is emulated until this is written,
	found   chan time.Time // which this tells
	stopped chan struct{}  // not nil: a write waits until it is closed
	changed chan struct{}
}

func newGlass(width, height int) *glass {
	g := &glass{screen: vt.NewEmulator(width, height), changed: make(chan struct{}), found: make(chan time.Time, 1)}
	go func() { _, _ = io.Copy(io.Discard, g.screen) }() // what it answers to questions
	return g
}

func (g *glass) Write(p []byte) (int, error) {
	g.mu.Lock()
	stopped := g.stopped
	g.mu.Unlock()
	if stopped != nil {
		<-stopped
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.keep {
		g.all.Write(p)
	}
	g.bytes += len(p)
	if g.seek != "" {
		if bytes.Contains(p, []byte(g.seek)) {
			g.seek = ""
			g.found <- time.Now()
		}
		return len(p), nil
	}
	// What is no terminal is written to as one that maps line ends (ONLCR).
	_, _ = g.screen.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n")))
	close(g.changed)
	g.changed = make(chan struct{})
	return len(p), nil
}

// close ends who reads the answers. The emulator's own Close is not for that: it
// races with a read.
func (g *glass) close() { _ = g.screen.InputPipe().(io.Closer).Close() }

// stop makes writes wait until the function it gives is called.
func (g *glass) stop() (start func()) {
	c := make(chan struct{})
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopped = c
	return func() {
		g.mu.Lock()
		g.stopped = nil
		g.mu.Unlock()
		close(c)
	}
}

// until waits for good, which is called with the lock held.
func (g *glass) until(t testing.TB, good func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		g.mu.Lock()
		ok, changed := good(), g.changed
		g.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("it did not come; the screen is\n%s", g.grid())
		}
	}
}

func (g *glass) grid() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.screen.String()
}

func (g *glass) sees(t testing.TB, text string) {
	t.Helper()
	g.until(t, func() bool { return strings.Contains(g.screen.String(), text) })
}

// A show is a screen that runs, on a glass, with a keyboard.
type show struct {
	*Screen
	glass *glass
	keys  io.WriteCloser
	ended chan error
}

func perform(t testing.TB, width, height int, change ...func(*Config)) *show {
	cfg := Config{Name: "alice", Server: "host:4242", Traits: chat.Traits{Dialect: "mim0", Reach: chat.ByPeerTCP, Presence: true}, Zone: time.UTC,
		Line: func(string) {}, Interrupt: func() {}}
	for _, c := range change {
		c(&cfg)
	}
	in, keys := io.Pipe()
	s := &show{glass: newGlass(width, height), keys: keys, ended: make(chan error, 1)}
	s.Screen = newScreen(cfg, tea.WithInput(in), tea.WithOutput(s.glass), tea.WithWindowSize(width, height),
		tea.WithColorProfile(colorprofile.ANSI), tea.WithEnvironment([]string{"TERM=xterm-256color", "TERM_PROGRAM=Apple_Terminal"}))
	go func() { s.ended <- s.Run() }()
	// The emulator measures by grapheme clusters, and does not say so by itself.
	s.program.Send(tea.ModeReportMsg{Mode: ansi.ModeUnicodeCore, Value: ansi.ModeReset})
	s.Show(client.View{Event: client.Ready, At: time.Unix(1e9, 0), Name: "alice", Address: "host:4242"})
	return s
}

func (s *show) finish(t testing.TB) {
	t.Helper()
	s.Close()
	_ = s.keys.Close()
	defer s.glass.close()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}

// ours are the sequences that the renderer makes, by prefix and last byte; of
// modes the numbers.
var (
	ours  = strings.Fields("A B C D E F G H J K L M P S T X @ a b d e f m r >m >u <u ?u =u ?$p SP_q")
	modes = []int{25, 1004, 1049, 2004, 2026, 2027, 1000, 1002, 1003, 1006}
)

// checkStream wants nothing else in what was written.
func checkStream(t *testing.T, out []byte) {
	t.Helper()
	p := ansi.NewParser()
	p.SetHandler(ansi.Handler{
		HandleCsi: func(cmd ansi.Cmd, params ansi.Params) {
			name := string(rune(cmd.Final()))
			if c := cmd.Intermediate(); c != 0 {
				name = strings.ReplaceAll(string(rune(c)), " ", "SP_") + name
			}
			if c := cmd.Prefix(); c != 0 {
				name = string(rune(c)) + name
			}
			if name == "?h" || name == "?l" {
				if n, _, _ := params.Param(0, 0); slices.Contains(modes, n) {
					return
				}
			}
			if !slices.Contains(ours, name) {
				t.Errorf("a sequence that is not ours: CSI %s %v", name, params)
			}
		},
		HandleOsc: func(cmd int, data []byte) {
			if cmd != 2 && cmd != 0 && cmd != 11 || bytes.ContainsAny(data, "\x00\x1b\x07") || len(data) > 200 {
				t.Errorf("OSC %d %q", cmd, data)
			}
		},
		HandleDcs: func(cmd ansi.Cmd, _ ansi.Params, data []byte) { t.Errorf("DCS %v %q", cmd, data) },
		HandleApc: func(data []byte) { t.Errorf("APC %q", data) },
		HandlePm:  func(data []byte) { t.Errorf("PM %q", data) },
		HandleSos: func(data []byte) { t.Errorf("SOS %q", data) },
		HandleEsc: func(cmd ansi.Cmd) {
			if c := cmd.Final(); c != '7' && c != '8' && c != 'M' && c != '\\' {
				t.Errorf("ESC %q", rune(c))
			}
		},
		Execute: func(b byte) {
			if b != '\r' && b != '\n' && b != '\b' && b != '\a' && b != '\t' {
				t.Errorf("control %#x", b)
			}
		},
	})
	p.Parse(out)
}

// Strange strings through the renderer itself: a terminal sees no sequence that
// is not ours, and the lines between the panels stand where they should.
func TestStrangeStringsLive(t *testing.T) {
	s := perform(t, 100, 30)
	s.glass.keep = true
	s.glass.sees(t, "you are alice")
	r := rand.New(rand.NewPCG(11, 12))
	shown := 0
	for n := 0; n < strangers(40_000, 2_000); shown++ {
		views, more := strangeViews(r)
		n += more
		for _, v := range views {
			v.At = time.Unix(1e9, 0)
			s.Show(v)
		}
		last := fmt.Sprintf("seen %d.", shown)
		s.Show(client.View{Event: client.Notice, At: time.Unix(1e9, 0), Text: last})
		s.glass.sees(t, last)
	}
	s.glass.mu.Lock()
	for y := 6; y < 28; y++ {
		for _, x := range []int{20, 83} {
			if c := s.glass.screen.CellAt(x, y); c == nil || c.Content != "│" {
				t.Errorf("row %d, column %d is %q:\n%s", y, x, c.Content, s.glass.screen.String())
			}
		}
	}
	s.glass.mu.Unlock()
	s.finish(t)
	checkStream(t, s.glass.all.Bytes())
}

// A terminal that is stopped makes nobody wait; when it goes on, the screen
// comes to what is so. Nothing runs any more when the screen has ended.
func TestStoppedTerminal(t *testing.T) {
	before := runtime.NumGoroutine()
	s := perform(t, 80, 24) // and its emulator, which ends behind it
	s.glass.sees(t, "you are alice")
	start := s.glass.stop()
	at := time.Unix(1e9, 0)
	for i := range 20 * mostQueued { // on the loop's goroutine: it must come through here
		s.Show(client.View{Event: client.Said, At: at, From: "bob", Text: fmt.Sprint("text ", i)})
		s.Show(client.View{Event: client.Came, At: at, Name: fmt.Sprint("user", i%50)})
		s.Show(client.View{Event: client.Went, At: at, Name: fmt.Sprint("user", i%50)})
	}
	s.Show(client.View{Event: client.Came, At: at, Name: "carol"})
	start()
	s.glass.sees(t, "here: 1")
	_, _ = io.WriteString(s.keys, "\x1b2")
	s.glass.sees(t, fmt.Sprint("text ", 20*mostQueued-1))
	s.finish(t)
	// The last tick of the program may still be under way.
	for late := time.Now().Add(patience); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("%d goroutines, were %d", runtime.NumGoroutine(), before)
		}
	}
}

// A panic in the screen gives the terminal back and is an error, not the end of
// the messenger.
func TestPanic(t *testing.T) {
	s := perform(t, 80, 24, func(c *Config) { c.Line = func(string) { panic("a bug") } })
	s.glass.sees(t, "you are alice")
	_, _ = io.WriteString(s.keys, "@bob hello\r")
	if err := <-s.ended; err == nil {
		t.Error("no error")
	}
	s.Show(client.View{Event: client.Notice, Text: "late"})
	s.Close()
	if s.glass.screen.IsAltScreen() {
		t.Error("the terminal is on the other screen")
	}
	s.glass.close()
}

// crowded is a screen with a thousand people and a talk that is open.
func crowded(b testing.TB) *show {
	s := perform(b, 120, 40)
	at := time.Unix(1e9, 0)
	for i := range 1000 {
		s.Show(client.View{Event: client.Came, At: at, Name: fmt.Sprint("user", i), Dialect: "mim0", Address: fmt.Sprint("10.0.0.1:", 1000+i)})
	}
	for i := range 100 {
		s.Show(client.View{Event: client.Said, At: at, From: "user1", Text: fmt.Sprint("line ", i)})
	}
	s.glass.sees(b, "here: 1000")
	_, _ = io.WriteString(s.keys, "\x1b2")
	s.glass.sees(b, "line 99")
	return s
}

// BenchmarkKeyToScreen is the time from a key to its letter on the terminal, with
// a thousand people here and 200 texts a second.
func BenchmarkKeyToScreen(b *testing.B) {
	s := crowded(b)
	end := make(chan struct{})
	go func() {
		every := time.NewTicker(5 * time.Millisecond)
		defer every.Stop()
		for i := 0; ; i++ {
			select {
			case <-end:
				return
			case at := <-every.C:
				s.Show(client.View{Event: client.Said, At: at, From: fmt.Sprint("user", i%20), Text: fmt.Sprint("text ", i, " of many")})
			}
		}
	}()
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		letter := string(rune(0x4e00 + i%5000))
		s.glass.mu.Lock()
		s.glass.seek = letter
		s.glass.mu.Unlock()
		begun := time.Now()
		_, _ = io.WriteString(s.keys, "\x15"+letter)
		select {
		case at := <-s.glass.found:
			took = append(took, at.Sub(begun))
		case <-time.After(patience):
			b.Fatal("the letter does not come")
		}
	}
	close(end)
	s.finish(b)
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkRedraw is how many bytes the terminal gets for one more text in the
// conversation that is open.
func BenchmarkRedraw(b *testing.B) {
	s := crowded(b)
	s.glass.mu.Lock()
	first := s.glass.bytes
	s.glass.mu.Unlock()
	n := 0
	for ; b.Loop(); n++ {
		text := fmt.Sprintf("one more, %d.", n)
		s.Show(client.View{Event: client.Said, At: time.Unix(1e9, 0), From: "user1", Text: text})
		s.glass.sees(b, text)
	}
	s.glass.mu.Lock()
	all := s.glass.bytes - first
	s.glass.mu.Unlock()
	s.finish(b)
	b.ReportMetric(float64(all)/float64(n), "B/text")
}

// BenchmarkView is what it costs to draw a frame, before it is compared.
func BenchmarkView(b *testing.B) {
	s := sit(b, 120, 40)
	for i := range 1000 {
		s.hear(client.View{Event: client.Came, Name: fmt.Sprint("user", i)})
	}
	for i := range 1000 {
		s.hear(client.View{Event: client.Said, From: fmt.Sprint("user", i%30), Text: fmt.Sprint("a text of some words, ", i)})
	}
	s.pressKeys("alt+2")
	b.ReportAllocs()
	for b.Loop() {
		s.fresh = false
		s.View()
	}
}
