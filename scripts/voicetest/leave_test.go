package voicetest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// files is how many files and sockets a program has open.
func (p *program) files() int {
	p.Helper()
	all, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.process.Pid))
	if err != nil {
		p.fail(err.Error())
	}
	return len(all)
}

// filesAre waits until it has so many: what another program ended, ends soon.
func (p *program) filesAre(want int) {
	p.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	got := 0
	for range 250 {
		if got = p.files(); got == want {
			return
		}
		<-tick.C
	}
	p.fail(fmt.Sprintf("%d files are open, before it were %d", got, want))
}

// goroutines ends a program, and says how many it had of its own.
func (p *program) goroutines() int {
	p.Helper()
	p.process.Signal(syscall.SIGQUIT) // the runtime lists them and ends
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.fail("it does not end")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	told := p.told.String()
	return strings.Count(told, "\ncreated by ") - strings.Count(told, "\ncreated by runtime.")
}

// calls has alice call bob, who answers; both hear something.
func calls(alice, bob *program) {
	alice.Helper()
	alice.types("/call bob")
	bob.see("event", "call", "state", "ringing")
	bob.types("/answer alice")
	bob.see("event", "call", "state", "accepted")
	alice.see("event", "call", "state", "accepted")
	alice.isHeard()
}

// However a call ends, both sides say so and why, and nothing of it is left: no
// file, no socket, no goroutine.
func TestCallLeavesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a program")
	}
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("no /proc")
	}
	for _, c := range []struct {
		what  string
		sound func(t *testing.T) (environ, flags []string)
	}{
		{"files", func(t *testing.T) ([]string, []string) {
			in, out := made(t, 1).file, filepath.Join(t.TempDir(), "out.wav")
			return nil, []string{"--voice-in", in, "--voice-out", out}
		}},
		{"a sound server", func(t *testing.T) ([]string, []string) {
			socket, _ := PulseAudio(t, "module-null-sink sink_name=nobody rate=48000")
			return []string{"PULSE_SERVER=unix:" + socket}, nil
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			environ, flags := c.sound(t)
			environ = append(environ, "GOTRACEBACK=all")
			leavesNothing(t, serve(t, build(t)), environ, flags)
		})
	}
}

func leavesNothing(t *testing.T, s server, environ, flags []string) {
	alice := s.joinBy(t, s.mim, "alice", environ, flags...)
	carol := s.joinBy(t, s.mim, "carol", environ, flags...) // who is in no call
	before := alice.files()
	newBob := func() (bob *program, files int) {
		bob = s.joinBy(t, s.mim, "bob", environ, "--voice-in", made(t, 2).file)
		return bob, bob.files()
	}
	bob, bobBefore := newBob()
	for range 3 {
		calls(alice, bob)
		alice.types("/hangup")
		alice.see("event", "call", "state", "ended", "why", "you hung up")
		bob.see("event", "call", "state", "ended", "why", "the other side, or the server, has ended it")
		alice.filesAre(before)
		bob.filesAre(bobBefore)
	}

	alice.types("/call bob")
	bob.see("event", "call", "state", "ringing")
	bob.types("/deny alice")
	alice.see("event", "call", "state", "denied", "why", "they declined")
	alice.filesAre(before)
	bob.filesAre(bobBefore)

	calls(alice, bob)
	bob.process.Kill()
	alice.see("event", "call", "state", "ended", "why", "the other side, or the server, has ended it")
	alice.filesAre(before)

	bob, bobBefore = newBob()
	calls(alice, bob)
	s.process.Kill()
	for p, files := range map[*program]int{alice: before, bob: bobBefore} {
		p.see("event", "call", "state", "ended", "why", "the server is lost")
		p.see("event", "offline")
		p.filesAre(files - 1) // the link to the server is gone, too
	}
	carol.see("event", "offline")
	if with, without := alice.goroutines(), carol.goroutines(); with != without || with == 0 {
		alice.fail(fmt.Sprintf("%d goroutines, who was in no call has %d", with, without))
	}
}
