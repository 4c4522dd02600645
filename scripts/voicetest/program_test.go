package voicetest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds each wait for what must come.
const patience = time.Minute

// build makes the program that is tested.
func build(t *testing.T) string {
	t.Helper()
	mim := filepath.Join(t.TempDir(), "mim")
	c := exec.Command("go", "build", "-o", mim, ".")
	c.Dir = filepath.Join("..", "..")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return mim
}

// A program is a running mim.
type program struct {
	*testing.T
	name    string
	process *os.Process
	in      io.WriteCloser
	lines   chan string // of its output; closed at its end
	ended   chan error
	mu      sync.Mutex
	told    strings.Builder
}

// start runs mim until the end of the test.
func start(t *testing.T, mim, name string, args ...string) *program {
	t.Helper()
	return startIn(t, nil, mim, name, args...)
}

// startIn runs it with more variables.
func startIn(t *testing.T, environ []string, mim, name string, args ...string) *program {
	t.Helper()
	p := &program{T: t, name: name, lines: make(chan string, 10_000), ended: make(chan error, 1)}
	c := exec.Command(mim, args...)
	c.Env = append(os.Environ(), environ...)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in = in
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = p
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	p.process = c.Process
	done := make(chan struct{})
	go func() {
		defer close(done)
		for s := bufio.NewScanner(out); s.Scan(); {
			p.Write(append(s.Bytes(), '\n'))
			p.lines <- s.Text()
		}
		close(p.lines)
		p.ended <- c.Wait()
	}()
	t.Cleanup(func() {
		c.Process.Kill() // may have ended
		<-done
	})
	return p
}

// Write keeps what the program told, for failures.
func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.told.Write(b)
}

func (p *program) fail(what string) {
	p.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Fatalf("%s: %s; it told\n%s", p.name, what, p.told.String())
}

// line waits for one that matches.
func (p *program) line(pattern string) []string {
	p.Helper()
	re, late := regexp.MustCompile(pattern), time.After(patience)
	for {
		select {
		case s, ok := <-p.lines:
			if !ok {
				p.fail("it ended without " + pattern)
			}
			if m := re.FindStringSubmatch(s); m != nil {
				return m
			}
		case <-late:
			p.fail("there is no " + pattern)
		}
	}
}

// see waits for an event with these fields.
func (p *program) see(fields ...string) {
	p.Helper()
	late := time.After(patience)
	for {
		select {
		case s, ok := <-p.lines:
			if !ok {
				p.fail(fmt.Sprint("it ended without ", fields))
			}
			var e map[string]any
			if err := json.Unmarshal([]byte(s), &e); err != nil {
				p.fail(fmt.Sprintf("%q is no JSON: %v", s, err))
			}
			all := true
			for i := 0; i+1 < len(fields); i += 2 {
				all = all && e[fields[i]] == fields[i+1]
			}
			if all {
				return
			}
		case <-late:
			p.fail(fmt.Sprint("there is no ", fields))
		}
	}
}

func (p *program) types(line string) { fmt.Fprintln(p.in, line) }

// quits ends its input and waits for its end.
func (p *program) quits() {
	p.Helper()
	p.in.Close()
	select {
	case err := <-p.ended:
		if err != nil {
			p.fail(err.Error())
		}
	case <-time.After(patience):
		p.fail("it does not end")
	}
}

// A server is where its doors are.
type server struct {
	mim            string
	process        *os.Process
	tcp, voicePort string
}

func serve(t *testing.T, mim string) server {
	t.Helper()
	p := start(t, mim, "server", "serve", "--host", "127.0.0.1", "--only", "dtu", "--dtu", "0", "--data", ":memory:")
	tcp := p.line(`^ +dtu +tcp +(\S+)$`)
	udp := p.line(`^ +dtu +udp +\S+:(\d+)$`)
	return server{mim, p.process, tcp[1], udp[1]}
}

// join starts the messenger of somebody who speaks from a file, and writes what
// they hear.
func (s server) join(t *testing.T, mim, name, in, out string) *program {
	t.Helper()
	return s.joinBy(t, mim, name, nil, "--voice-in", in, "--voice-out", out)
}

// joinBy starts it with these variables and flags.
func (s server) joinBy(t *testing.T, mim, name string, environ []string, flags ...string) *program {
	t.Helper()
	args := append([]string{"join", "--dialect", "dtu", "--json", "--voice-port", s.voicePort}, flags...)
	p := startIn(t, environ, mim, name, append(args, name+"@"+s.tcp)...)
	p.see("event", "joined", "room", "#lobby")
	return p
}

// grown waits until a file has so many bytes: sound takes as long as it lasts.
func grown(t *testing.T, path string, bytes int) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		if info, err := os.Stat(path); err == nil && info.Size() >= int64(bytes) {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s has not %d bytes", path, bytes)
		}
	}
}
