package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// diskDir and diskMim tell a child of TestFullDisk where to work, and on what.
	diskDir = "MIM_DISK_DIR"
	diskMim = "MIM_DISK_MIM"

	cannotMount = "this machine does not let a test mount a disk"
)

// TestFullDisk: a server whose disk is full tells senders so; what it confirmed
// stays and can be read; when there is room again it goes on, without a restart.
func TestFullDisk(t *testing.T) {
	if dir := os.Getenv(diskDir); dir != "" {
		s := mustSite(t, os.Getenv(diskMim), dir)
		free := smallDisk(t, s.path("data"))
		fullDisk(t, s, func(int) {}, func(int) { free() })
		return
	}
	mim := buildMim(t)
	t.Run("tmpfs", func(t *testing.T) { onSmallDisk(t, mim) })
	t.Run("limit of a file's size", func(t *testing.T) {
		fullDisk(t, mustSite(t, mim, t.TempDir()), func(pid int) { limitFiles(t, pid, 600<<10) }, func(pid int) { limitFiles(t, pid, unix.RLIM_INFINITY) })
	})
}

// onSmallDisk runs the test in a child that may mount: it is root in a
// namespace of its own.
func onSmallDisk(t *testing.T, mim string) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
	cmd.Env = append(os.Environ(), diskDir+"="+t.TempDir(), diskMim+"="+mim)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Skipf("this machine does not let a test have a disk of its own: %v", err)
	}
	err := cmd.Wait()
	switch {
	case strings.Contains(out.String(), cannotMount):
		t.Skip(cannotMount)
	case err != nil:
		t.Errorf("%v\n%s", err, out.String())
	}
}

// smallDisk makes dir a disk of 1 MiB, some of which is in use for now.
func smallDisk(t *testing.T, dir string) (free func()) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("mim", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(cannotMount, err)
	}
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 400<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(ballast); err != nil {
			t.Error(err)
		}
	}
}

// limitFiles lets no file of a process grow above so many bytes.
func limitFiles(t *testing.T, pid int, most uint64) {
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: most, Max: unix.RLIM_INFINITY}, nil); err != nil {
		t.Skipf("this machine does not let a test limit a child: %v", err)
	}
}

// The people of TestFullDisk.
var (
	diskAuthors   = []person{{name: "alice"}, {name: "hans", comp9331: true, password: "falcon"}}
	diskReceivers = []person{{name: "bob"}, {name: "yoda", comp9331: true, password: "green"}}
)

func mustSite(t *testing.T, mim, dir string) *site {
	s, err := newSite(mim, dir, io.Discard, []byte("hans falcon\nyoda green\nbob\n"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A disk is the state of TestFullDisk.
type disk struct {
	*testing.T
	server    *server
	alice     relay
	hans      *link
	sent      int
	confirmed [2][]string // by receiver
	got       [2][]string // what each has read, each text once
	refused   map[string]bool
}

func fullDisk(t *testing.T, s *site, fill, free func(pid int)) {
	d := &disk{T: t, refused: map[string]bool{}}
	d.start(s)
	d.try(20)
	fill(d.server.cmd.Process.Pid)
	for n := 0; d.try(10) > 0; n++ {
		if n > 1000 {
			t.Fatal("the disk was never full")
		}
	}
	for range 5 {
		d.try(10) // small ones may fit at times
	}
	if len(d.refused) < 10 {
		t.Fatalf("on a full disk only %d texts were refused", len(d.refused))
	}
	d.readAll("on a full disk")
	if f := d.say(d.alice, "alice", "to herself"); f != confirmed {
		t.Error("on a full disk nobody can talk to who is here")
	}
	free(d.server.cmd.Process.Pid)
	for until := time.Now().Add(answerWithin); d.try(10) < 10; time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("there is room again, and nothing is kept")
		}
	}
	d.server.kill()
	d.start(s)
	d.try(1)
	d.readAll("after all, and a kill")
	if err := d.server.stop(); err != nil {
		t.Error(err)
	}
}

// start starts a server, and the authors.
func (d *disk) start(s *site) {
	var err error
	if d.server, err = s.start(); err != nil {
		d.Fatal(err)
	}
	d.Cleanup(d.server.kill)
	if d.alice, err = logInMessenger(d.server.messenger, diskAuthors[0]); err != nil {
		d.Fatal(err)
	}
	d.Cleanup(d.alice.close)
	go func(l *link) { // she confirms what she says to herself
		for {
			if _, err := l.block(); err != nil {
				return
			}
			l.write([]byte("RECEIVED alice\n\n"))
		}
	}(d.alice.in)
	if d.hans, err = logIn9331(d.server.comp9331, diskAuthors[1]); err != nil {
		d.Fatal(err)
	}
	d.Cleanup(func() { d.hans.Close() })
}

// say is a text by messenger, and what became of it.
func (d *disk) say(from relay, to, words string) fate {
	var out bytes.Buffer
	appendSend(&out, to, words)
	err := from.out.write(out.Bytes())
	f := unanswered
	if err == nil {
		f, err = fateMessenger(from.out)
	}
	if err != nil {
		d.Fatal(err)
	}
	return f
}

// try sends n texts, by both dialects to both receivers in turn, and says how
// many were confirmed. Each is confirmed or refused.
func (d *disk) try(n int) (good int) {
	d.Helper()
	for range n {
		d.sent++
		to, words := d.sent/2%2, wordsOf("text", d.sent, 0)
		var f fate
		if d.sent%2 == 0 {
			f = d.say(d.alice, diskReceivers[to].name, words)
		} else {
			err := d.hans.write([]byte("message " + diskReceivers[to].name + " " + words + "\n" + afterEach + "\n"))
			if err == nil {
				f, err = fate9331(d.hans)
			}
			if err != nil {
				d.Fatal(err)
			}
		}
		switch f {
		case confirmed:
			good++
			d.confirmed[to] = append(d.confirmed[to], words)
		case refused:
			d.refused[words] = true
		default:
			d.Fatalf("text %d of %s was neither confirmed nor refused", d.sent, diskAuthors[d.sent%2].name)
		}
	}
	return good
}

// readAll lets both receivers read what waits until the last that was
// confirmed has come. What could not be taken out of the store comes again.
func (d *disk) readAll(when string) {
	d.Helper()
	for i, p := range diskReceivers {
		want := d.confirmed[i]
		for _, words := range d.read(p, want[len(want)-1]) {
			if d.refused[words] {
				d.Errorf("%s %s got what was refused: %.40q", when, p.name, words)
			}
			if !slices.Contains(d.got[i], words) {
				d.got[i] = append(d.got[i], words)
			}
		}
		if !slices.Equal(d.got[i], want) {
			d.Errorf("%s %s has read %d texts, and %d were confirmed, or their order differs", when, p.name, len(d.got[i]), len(want))
		}
	}
}

// read logs a receiver in, reads until a text has come, and logs it out.
func (d *disk) read(p person, last string) (got []string) {
	d.Helper()
	next, end := d.visit(p)
	defer end()
	for len(got) == 0 || got[len(got)-1] != last {
		words, err := next()
		if err != nil {
			d.Fatalf("%s: %v behind %d texts", p.name, err, len(got))
		}
		if words != "" {
			got = append(got, words)
		}
	}
	return got
}

// visit logs a receiver in; next is the next text, or "" for something else.
func (d *disk) visit(p person) (next func() (string, error), end func()) {
	d.Helper()
	if p.comp9331 {
		l, err := logIn9331(d.server.comp9331, p)
		if err != nil {
			d.Fatal(err)
		}
		l.SetReadDeadline(time.Now().Add(answerWithin))
		return func() (string, error) {
				line, err := l.line()
				_, words, stored := parse9331(line)
				if err != nil || !stored {
					words = ""
				}
				return words, err
			}, func() {
				l.write([]byte("logout\n"))
				io.Copy(io.Discard, l.in)
				l.Close()
			}
	}
	l, err := logInMessenger(d.server.messenger, p)
	if err != nil {
		d.Fatal(err)
	}
	l.in.SetReadDeadline(time.Now().Add(answerWithin))
	return func() (string, error) {
		b, err := l.in.block()
		if from, ok := strings.CutPrefix(b.first, "FORWARD "); ok && err == nil {
			err = l.in.write([]byte("RECEIVED " + from + "\n\n"))
		}
		return b.body, err
	}, func() { leave(l) }
}

// leave ends both connections and returns when the server has closed them: then
// it knows.
func leave(r relay) {
	for _, l := range []*link{r.out, r.in} {
		l.Conn.(*net.TCPConn).CloseWrite()
	}
	for _, l := range []*link{r.out, r.in} {
		io.Copy(io.Discard, l.in)
	}
	r.close()
}
