package join

import (
	"testing"
	"time"

	"mim/chat/voice"
	"mim/loop/sim"
	"mim/scripts/voicetest"
)

// A skewed device has a clock that is wrong.
type skewed struct {
	voice.Device
	from time.Time
	rate float64 // 1 is right
}

func (d *skewed) at(now time.Time) time.Time {
	if d.from.IsZero() {
		d.from = now
	}
	return d.from.Add(time.Duration(float64(now.Sub(d.from)) * d.rate))
}

func (d *skewed) Capture(now time.Time, dst []int16) int { return d.Device.Capture(d.at(now), dst) }
func (d *skewed) Wants(now time.Time) int                { return d.Device.Wants(d.at(now)) }
func (d *skewed) Play(now time.Time, src []int16)        { d.Device.Play(d.at(now), src) }

// talks makes a call of two and leaves it going.
func (x *exchange) talks(alice, bob *phone) {
	x.Helper()
	alice.types("/call bob")
	x.Run(time.Second)
	bob.types("/answer alice")
}

// A network that loses one datagram in twenty, delays and reorders them: what is
// missing is hidden, and the most of it is heard as it was said.
func TestVoiceRough(t *testing.T) {
	// Each datagram takes two ways, to the server and from it: 5 % are lost, the
	// jitter is 20 ms, 2 % are overtaken.
	x := newExchange(t, 1, sim.Faults{Delay: time.Millisecond, Jitter: 10 * time.Millisecond, Loss: 0.0253, Reorder: 0.01})
	p := x.phones(30, "alice", "bob")
	alice, bob := p[0], p[1]
	x.talks(alice, bob)
	x.Run(32 * time.Second)
	stats := []voice.Stats{alice.mode.talk.sound.Stats(), bob.mode.talk.sound.Stats()}
	alice.types("/hangup")
	x.Run(time.Second)
	for i, u := range p {
		h, s := u.follow(p[1-i]), stats[i]
		t.Logf("%s hears: %v; lost %.1f %%, reordered %d, made up %.1f %%, jitter %v, delay %v",
			u.name, h, 100*s.LostShare(), s.Reordered, 100*s.ConcealedShare(), s.Jitter.Round(100*time.Microsecond), s.Delay.Round(time.Millisecond))
		if h.Gap > 40*time.Millisecond {
			t.Errorf("%s hears a gap of %v that nothing hides", u.name, h.Gap)
		}
		if raceEnabled { // too short for the rest
			continue
		}
		if h.Correlation < 0.9 || h.Typical < 0.95 {
			t.Errorf("%s hears: %v", u.name, h)
		}
		if s.LostShare() < 0.03 || s.LostShare() > 0.07 || s.Reordered < 10 {
			t.Errorf("the network loses %.3f and reorders %d: not what is to be tested", s.LostShare(), s.Reordered)
		}
		if s.ConcealedShare() < 0.03 || s.ConcealedShare() > 0.1 {
			t.Errorf("%.3f was made up", s.ConcealedShare())
		}
		if s.Delay > 200*time.Millisecond { // who is overtaken is up to 110 ms late
			t.Errorf("delay %v", s.Delay)
		}
	}
}

// Five minutes with sound cards that are 0.3 % apart: the delay stays what it was,
// and next to nothing is made up.
func TestVoiceDrift(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing in it crosses goroutines")
	}
	x := newExchange(t, 1, sim.Faults{Delay: 10 * time.Millisecond, Jitter: 5 * time.Millisecond})
	p := x.phones(300, "alice", "bob")
	alice, bob := p[0], p[1]
	alice.rate = 1.003
	x.talks(alice, bob)
	x.Run(10 * time.Second)
	low, high := [2]time.Duration{time.Hour, time.Hour}, [2]time.Duration{}
	for range 290 {
		x.Run(time.Second)
		for i, u := range p {
			d := u.mode.talk.sound.Stats().Delay
			low[i], high[i] = min(low[i], d), max(high[i], d)
		}
	}
	for i, u := range p {
		s := u.mode.talk.sound.Stats()
		t.Logf("%s: delay %v to %v, made up %.2f %%, skipped %d samples", u.name, low[i].Round(time.Millisecond), high[i].Round(time.Millisecond), 100*s.ConcealedShare(), s.Skipped)
		if high[i] > 150*time.Millisecond || low[i] < 20*time.Millisecond {
			t.Errorf("%s: delay %v to %v", u.name, low[i], high[i])
		}
		if s.ConcealedShare() > 0.005 {
			t.Errorf("%s: %.2f %% was made up", u.name, 100*s.ConcealedShare())
		}
	}
	alice.types("/hangup")
	x.Run(time.Second)
	// Bob's file is of his own clock, by which alice is heard 0.3 % faster.
	if h := bob.follow(alice); h.Typical < 0.9 {
		t.Errorf("bob hears: %v", h)
	} else {
		t.Logf("bob hears: %v", h)
	}
}

// follow is how well p, whose call is over, heard from, part by part.
func (p *phone) follow(from *phone) voicetest.Hearing {
	p.Helper()
	heard, rate, err := voicetest.ReadFile(p.out)
	if err != nil || rate != voicetest.Rate {
		p.Fatalf("rate %d, %v", rate, err)
	}
	h := voicetest.Follow(from.said, heard, voicetest.Rate/2)
	began := p.opened.Sub(from.opened)
	h.Delay, h.Most = h.Delay+began, h.Most+began
	return h
}
