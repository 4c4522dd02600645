//go:build linux

package loop

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// childVar names the part that a child process of this test binary plays.
const childVar = "LOOP_TEST_CHILD"

func TestMain(m *testing.M) {
	switch part := os.Getenv(childVar); part {
	case "":
		os.Exit(m.Run())
	case "limited":
		os.Exit(serveLimited(echoing, false))
	case "exhausted":
		os.Exit(serveLimited(echoing, true))
	case "owing":
		os.Exit(serveLimited(owingAll, false))
	case "idle":
		os.Exit(serveIdle())
	default:
		fmt.Fprintln(os.Stderr, "unknown part:", part)
		os.Exit(2)
	}
}

// childFiles is the open-file limit of the limited children.
const childFiles = 400

// echoing says everything back.
func echoing(m *puppet) {
	m.data = func(id ID, p []byte, _ bool) int {
		m.Send(id, append([]byte(nil), p...), 0, false)
		return len(p)
	}
}

// owingAll owes every link an answer that it never gives.
func owingAll(m *puppet) {
	m.data = func(id ID, p []byte, _ bool) int {
		m.Owe(id, true)
		return len(p)
	}
}

// serveLimited serves with few descriptors until its input ends or its engine
// does. It says its address, then one line for what happened. exhaust: at the
// first line of input it opens files until there is no descriptor left.
func serveLimited(as func(*puppet), exhaust bool) int {
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: childFiles, Max: childFiles}); err != nil {
		fmt.Println(err)
		return 1
	}
	m := &puppet{}
	as(m)
	r := New(Config{Doors: []Door{tcp4}}, m)
	if err := r.Start(); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(r.Local(0))
	input := make(chan struct{})
	go func() {
		defer close(input)
		in := bufio.NewReader(os.Stdin)
		if _, err := in.ReadString('\n'); err == nil && exhaust {
			var files []*os.File
			for {
				f, err := os.Open(os.DevNull)
				if err != nil {
					break
				}
				files = append(files, f)
			}
			fmt.Println("exhausted")
			_, _ = io.Copy(io.Discard, in)
			runtime.KeepAlive(files)
			return
		}
		_, _ = io.Copy(io.Discard, in)
	}()
	select {
	case err := <-r.Done():
		fmt.Println("ended:", err)
		return 3
	case <-input:
		fmt.Println("refused:", r.Stats().Refused > 0)
		if err := r.Stop(); err != nil {
			fmt.Println(err)
			return 1
		}
		return 0
	}
}

// A child is this test binary in another part.
type child struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	at  string
}

func spawn(t *testing.T, part string) *child {
	t.Helper()
	c := &child{t: t, cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(os.Environ(), childVar+"="+part)
	c.cmd.Stderr = os.Stderr
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
	})
	c.out = bufio.NewReader(out)
	c.at = c.line()
	if _, err := netip.ParseAddrPort(c.at); err != nil {
		t.Fatalf("child said %q", c.at)
	}
	return c
}

// line reads one line of the child's output.
func (c *child) line() string {
	c.t.Helper()
	got := make(chan string, 1)
	go func() {
		s, _ := c.out.ReadString('\n')
		got <- strings.TrimSpace(s)
	}()
	return await(c.t, "a line from the child", got)
}

// echo reports whether a connection of the child still answers.
func echo(c net.Conn, deadline time.Time) error {
	if err := c.SetDeadline(deadline); err != nil {
		return err
	}
	if _, err := io.WriteString(c, "x"); err != nil {
		return err
	}
	_, err := io.ReadFull(c, make([]byte, 1))
	return err
}

// TestFullHouse: thousands of connects to a server with few descriptors cost
// only newcomers. Those who are in stay in, and a place that becomes free is
// taken again.
func TestFullHouse(t *testing.T) {
	t.Parallel()
	c := spawn(t, "limited")
	first, err := net.Dial("tcp", c.at)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	var others []net.Conn
	for range 3000 {
		if o, err := net.DialTimeout("tcp", c.at, patience); err == nil {
			others = append(others, o)
		}
	}
	if err := echo(first, time.Now().Add(patience)); err != nil {
		t.Fatalf("who was in first gets no answer any more: %v", err)
	}
	in := 0
	for _, o := range others {
		if echo(o, time.Now().Add(patience)) == nil {
			in++
		}
	}
	for _, o := range others {
		o.Close()
	}
	if in == 0 || in >= childFiles-256 {
		t.Errorf("%d of %d were let in with %d descriptors and a reserve of 256", in, len(others), childFiles)
	}
	eventually(t, "somebody gets in after the others left", func() bool {
		o, err := net.Dial("tcp", c.at)
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		return echo(o, time.Now().Add(patience)) == nil
	})
	c.in.Close()
	if got := c.line(); got != "refused: true" {
		t.Errorf("the server says %q", got)
	}
}

// TestHalvesFillTheHouse: a link that has ended its input lives on a duplicate
// of its descriptor and leaves its own number to a newcomer; so many of them
// that no descriptor is left must be refused like all others.
func TestHalvesFillTheHouse(t *testing.T) {
	t.Parallel()
	c := spawn(t, "owing")
	for range 2 * childFiles {
		o, err := net.DialTimeout("tcp", c.at, patience)
		if err != nil {
			t.Fatalf("the server is gone: %v", err)
		}
		defer o.Close()
		_, _ = io.WriteString(o, "x")
		_ = o.(*net.TCPConn).CloseWrite()
	}
	c.in.Close()
	if got := c.line(); got != "refused: true" {
		t.Errorf("the server says %q", got)
	}
}

// TestEngineEndsUnasked: when gnet gives up (here because something else took
// every descriptor) it returns no error; Done gives one all the same. Also:
// gnet writes nothing to stdout.
func TestEngineEndsUnasked(t *testing.T) {
	t.Parallel()
	c := spawn(t, "exhausted")
	fmt.Fprintln(c.in, "go")
	if got := c.line(); got != "exhausted" {
		t.Fatalf("child said %q", got)
	}
	if o, err := net.Dial("tcp", c.at); err == nil {
		defer o.Close()
	}
	if got := c.line(); !strings.Contains(got, ErrEngineEnded.Error()) {
		t.Fatalf("after its accept failed the server says %q", got)
	}
	if err := c.cmd.Wait(); c.cmd.ProcessState.ExitCode() != 3 {
		t.Fatalf("exit: %v", err)
	}
}

// idleLinks is how many connections the memory of a link is measured with.
const idleLinks = 10_000

// serveIdle says its address and then, for each line of input, how many links
// it has and its resident bytes.
func serveIdle() int {
	r := New(Config{Doors: []Door{tcp4}}, &puppet{})
	if err := r.Start(); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(r.Local(0))
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(r.Stats().Open, resident())
	}
	return 0
}

// resident is the resident memory of this process that is its own, after the
// garbage was given back. Bytes.
func resident() int {
	for range 3 {
		runtime.GC()
	}
	debug.FreeOSMemory()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, pages, shared int
	fmt.Sscan(string(b), &size, &pages, &shared)
	return (pages - shared) * os.Getpagesize()
}

// TestIdleMemory: an idle connection costs at most 1 KiB of resident memory.
func TestIdleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("opens 10,000 connections")
	}
	if raceEnabled {
		t.Skip("the race detector takes memory of its own")
	}
	c := spawn(t, "idle")
	ask := func() (links, bytes int) {
		fmt.Fprintln(c.in, "?")
		fmt.Sscan(c.line(), &links, &bytes)
		return links, bytes
	}
	_, before := ask()
	for i := range idleLinks {
		// Many sources: one has 28,000 ports, shared with all other tests.
		d := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(i%50))}}
		o, err := d.Dial("tcp", c.at)
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
	}
	var links, after int
	eventually(t, "all are open", func() bool {
		links, after = ask()
		return links == idleLinks
	})
	each := float64(after-before) / idleLinks
	t.Logf("%d idle links, %.0f B of resident memory each", links, each)
	if each > 1024 {
		t.Errorf("an idle link costs %.0f B of resident memory, at most 1024 are allowed", each)
	}
}
