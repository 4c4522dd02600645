package voicetest

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"mim/chat/voice/resample"
)

const (
	// alike is what a correlation has to be for a call that harmed nothing.
	alike = 0.95
	// tries bounds how often a call may be made for that: on a machine that is
	// busy with other tests a program may stand still for longer than its jitter
	// buffer lasts, which is a gap in the sound and no mistake.
	tries = 3
)

// A speech is what somebody says, in a file of any rate.
type speech struct {
	file    string
	samples []int16 // at Rate
}

// made is one without a voice.
func made(t *testing.T, seed uint64) speech {
	t.Helper()
	s := speech{filepath.Join(t.TempDir(), "made.wav"), Speech(seed, 3*Rate)}
	if err := WriteFile(s.file, Rate, s.samples); err != nil {
		t.Fatal(err)
	}
	return s
}

// spoken is one by espeak-ng, in a voice of its own.
func spoken(t *testing.T, voice, text string) speech {
	t.Helper()
	file := filepath.Join(t.TempDir(), "spoken.wav")
	if _, err := exec.LookPath("espeak-ng"); err != nil {
		t.Skip("espeak-ng is not installed: scripts/test installs it")
	}
	if out, err := exec.Command("espeak-ng", "-v", voice, "-w", file, text).CombinedOutput(); err != nil {
		t.Fatalf("espeak-ng: %v\n%s", err, out)
	}
	samples, rate, err := ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, err := resample.New(rate, Rate)
	if err != nil {
		t.Fatal(err)
	}
	return speech{file, convert(c, samples)}
}

// convert gives all of samples at Rate.
func convert(c *resample.Converter, samples []int16) (out []int16) {
	part := make([]int16, 4096)
	for rest := samples; len(rest) > 0; {
		n, used := c.Convert(part, rest)
		out, rest = append(out, part[:n]...), rest[used:]
	}
	return out
}

// Two real messengers call each other through a real server: what one says the
// other hears, soon.
func TestCall(t *testing.T) {
	if testing.Short() {
		t.Skip("speech takes its time")
	}
	mim := build(t)
	for _, c := range []struct {
		what       string
		alice, bob func(t *testing.T) speech
	}{
		{"made",
			func(t *testing.T) speech { return made(t, 1) },
			func(t *testing.T) speech { return made(t, 2) }},
		{"spoken",
			func(t *testing.T) speech { return spoken(t, "en+f3", "The quick brown fox jumps over the lazy dog.") },
			func(t *testing.T) speech { return spoken(t, "de+m2", "Franz jagt im Taxi quer durch Bayern.") }},
	} {
		t.Run(c.what, func(t *testing.T) {
			alice, bob := c.alice(t), c.bob(t)
			s := serve(t, mim)
			for n := 1; ; n++ {
				atBob, atAlice := s.call(t, mim, alice, bob)
				// The two began at different times; in the mean of both ways that is gone.
				delay := time.Duration(atBob.Lag+atAlice.Lag) * time.Second / Rate / 2
				t.Logf("bob hears alice: correlation %.4f; alice hears bob: %.4f; delay, one way: %v", atBob.Correlation, atAlice.Correlation, delay)
				if atBob.Correlation >= alike && atAlice.Correlation >= alike && delay > 0 && delay < time.Second {
					return
				}
				if n == tries {
					t.Fatalf("want %.2f", alike)
				}
			}
		})
	}
}

// call has one made, and compares what was heard with what was said.
func (s server) call(t *testing.T, mim string, alice, bob speech) (atBob, atAlice Match) {
	t.Helper()
	dir := t.TempDir()
	aliceOut, bobOut := filepath.Join(dir, "alice.wav"), filepath.Join(dir, "bob.wav")
	a := s.join(t, mim, "alice", alice.file, aliceOut)
	b := s.join(t, mim, "bob", bob.file, bobOut)
	a.types("/call bob")
	b.see("event", "call", "state", "ringing", "name", "alice")
	b.types("/answer alice")
	b.see("event", "call", "state", "accepted")
	a.see("event", "call", "state", "accepted")
	long := 2 * (max(len(alice.samples), len(bob.samples)) + Rate)
	grown(t, aliceOut, long)
	grown(t, bobOut, long)
	a.types("/hangup")
	a.see("event", "call", "state", "ended")
	b.see("event", "call", "state", "ended")
	a.quits()
	b.quits()
	return compare(t, alice, bobOut), compare(t, bob, aliceOut)
}

func compare(t *testing.T, said speech, file string) Match {
	t.Helper()
	heard, rate, err := ReadFile(file)
	if err != nil || rate != Rate {
		t.Fatalf("%s has %d samples a second, %v", file, rate, err)
	}
	return Align(said.samples, heard, Rate)
}
