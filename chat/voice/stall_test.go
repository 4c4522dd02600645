package voice

import (
	"testing"
	"time"
)

// TestStall: a device that takes a portion every so often, but for some
// time in which it stands still: by how much it is behind for good.
func TestStall(t *testing.T) {
	for _, c := range []struct {
		name      string
		each      time.Duration // it takes a portion
		drift     float64       // by which its clock is faster
		at, still time.Duration // it stands still
		catchUp   bool          // then takes all that it missed
		want      time.Duration // in the end it is so much behind
		margin    time.Duration
	}{
		{"steady", Step, 0, 0, 0, false, 0, 0},
		{"in portions", 5 * Step, 0, 0, 0, false, 0, 0},
		{"0.3 % fast, in portions", 3 * Step, 0.003, 0, 0, false, 0, 0},
		{"0.3 % slow, in portions", 3 * Step, -0.003, 0, 0, false, 0, 0},
		{"stands still once", Step, 0, time.Second, 400 * time.Millisecond, false, 400 * time.Millisecond, 5 * time.Millisecond},
		{"in portions, stands still", 3 * Step, 0, 1100 * time.Millisecond, 100 * time.Millisecond, false, 100 * time.Millisecond, 5 * time.Millisecond},
		{"stands still from the beginning", Step, 0, 0, 400 * time.Millisecond, false, 400 * time.Millisecond, 5 * time.Millisecond},
		{"makes up for it", Step, 0, time.Second, 400 * time.Millisecond, true, 0, 5 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s stall
			start := time.Unix(1_800_000_000, 0)
			behind, played, lost := int64(0), int64(0), time.Duration(0)
			for d := time.Duration(0); d < 20*time.Second; d += Step {
				n := int64(0)
				switch {
				case d > c.at && d <= c.at+c.still:
					if !c.catchUp {
						lost += Step
					}
				case d%c.each == 0:
					n = int64((d-lost).Seconds()*Rate*(1+c.drift)) - played
				}
				played += n
				behind += s.took(start.Add(d), int(n))
			}
			if got := samplesLast(float64(behind)); got < c.want-c.margin || got > c.want+c.margin {
				t.Errorf("%v behind, want %v", got, c.want)
			}
		})
	}
}

// TestDeviceStarts: a sound card that takes its time to begin, and one that stands
// still in the middle of a talk, make what is heard late for two seconds and not
// for longer, and little is made up for it.
func TestDeviceStarts(t *testing.T) {
	for _, c := range []struct {
		name  string
		still time.Duration
		after time.Duration
	}{
		{"begins late", 400 * time.Millisecond, 0},
		{"stands still", 150 * time.Millisecond, 5 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(straight)
			w.join(&tape{in: speech(31, 20)}, Config{Speaker: 1})
			ear := &tape{}
			b := w.join(ear, Config{Speaker: 2})
			w.run(c.after + Step)
			ear.deaf = true
			w.run(c.still)
			ear.deaf, ear.got = false, ear.due(w.now) // it does not make up for it
			w.run(3 * time.Second)
			report(t, b)
			s := b.Stats()
			if s.Delay > 110*time.Millisecond {
				t.Errorf("delay %v three seconds later", s.Delay)
			}
			if s.Concealed > Rate/10 {
				t.Errorf("%v was made up", samplesLast(float64(s.Concealed)))
			}
			if s.Stalls == 0 {
				t.Error("no stall was counted")
			}
		})
	}
}
