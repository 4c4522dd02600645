package voicetest

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"mim/chat/voice/resample"
)

// alike is what a correlation has to be for a call that harmed nothing.
const alike = 0.95

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
			atBob, atAlice := s.call(t, mim, alice, bob)
			// The two began at different times; in the mean of both ways that is gone.
			delay := (atBob.Delay + atAlice.Delay) / 2
			t.Logf("bob hears alice: %v", atBob)
			t.Logf("alice hears bob: %v", atAlice)
			t.Logf("delay, one way: %v", delay)
			for who, h := range map[string]heard{"bob": atBob, "alice": atAlice} {
				h.check(t, who, alike)
			}
			checkDelay(t, delay, atBob.disturbed() || atAlice.disturbed())
		})
	}
}

// A heard is what reached somebody, and what their messenger says of it.
type heard struct {
	Hearing
	stats  string  // the sentence of /stats
	made   float64 // of it: per cent that were made up
	stalls int     // of it: times that the device stood still
}

func (h heard) String() string { return h.Hearing.String() + "; " + h.stats }

// disturbed reports whether the messenger itself says that something was not as
// it should be: on a busy machine programs stand still for longer than a jitter
// buffer lasts.
func (h heard) disturbed() bool { return h.made > 0 || h.stalls > 0 }

// check wants a call that harmed nothing. One of which the messenger says that it
// was disturbed may have gaps; still, the most of it has to be as it was said.
func (h heard) check(t *testing.T, who string, alike float64) {
	t.Helper()
	if h.Parts < 3 || h.Typical < alike || h.made > 15 || !h.disturbed() && (h.Correlation < alike || h.Harmed > 1) {
		t.Errorf("%s hears: %v; want %.2f", who, h, alike)
	}
}

// checkDelay wants one way to take less than 150 ms, or somewhat longer in a call
// that was disturbed.
func checkDelay(t *testing.T, delay time.Duration, disturbed bool) {
	t.Helper()
	most := 150 * time.Millisecond
	if disturbed {
		most = 500 * time.Millisecond
	}
	if delay <= 0 || delay > most {
		t.Errorf("delay %v, one way, want at most %v", delay, most)
	}
}

// call has one made, and compares what was heard with what was said.
func (s server) call(t *testing.T, mim string, alice, bob speech) (atBob, atAlice heard) {
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
	atAlice, atBob = a.stats(), b.stats()
	a.types("/hangup")
	a.see("event", "call", "state", "ended")
	b.see("event", "call", "state", "ended")
	a.quits()
	b.quits()
	atBob.Hearing, atAlice.Hearing = compare(t, alice, bobOut), compare(t, bob, aliceOut)
	return atBob, atAlice
}

// isHeard waits until both have opened their devices, and somebody is heard.
func (p *program) isHeard() {
	p.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for range 100 {
		p.types("/stats")
		if m := p.line(`"event":"notice".*"text":"(?:sent [0-9]+ pieces of 20 ms, heard ([0-9]+) from|the sound is being opened)`); len(m[1]) > 1 {
			return
		}
		<-tick.C
	}
	p.fail("it hears nothing")
}

// stats asks a messenger in a call how well it hears.
func (p *program) stats() (h heard) {
	p.Helper()
	p.types("/stats")
	m := p.line(`"text":"(sent [0-9]+ pieces.*made up ([0-9.]+) %[^"]*?(?:standstills of the device: ([0-9]+))?)"`)
	h.stats = m[1]
	if _, err := fmt.Sscan(m[2], &h.made); err != nil {
		p.fail(err.Error())
	}
	if m[3] != "" {
		fmt.Sscan(m[3], &h.stalls)
	}
	return h
}

func compare(t *testing.T, said speech, file string) Hearing {
	t.Helper()
	samples, rate, err := ReadFile(file)
	if err != nil || rate != Rate {
		t.Fatalf("%s has %d samples a second, %v", file, rate, err)
	}
	return Follow(said.samples, samples, Rate)
}
