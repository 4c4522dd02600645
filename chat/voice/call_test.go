package voice

import (
	"testing"
	"time"
)

// TestUnharmed: over a network that loses nothing the output is the input.
func TestUnharmed(t *testing.T) {
	for _, c := range []struct {
		name    string
		speaker uint32
	}{{"marked", 17}, {"unmarked", 0}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(straight)
			in := speech(1, 10)
			w.join(&tape{in: in}, Config{Speaker: c.speaker, First: 65000})
			b := w.join(&tape{out: make([]int16, 0, 11*Rate)}, Config{Speaker: 2})
			w.run(11 * time.Second)
			report(t, b)
			got, shift := alike(in, b.out, Rate/2)
			t.Logf("correlation %.5f behind by %v", got, samplesLast(float64(shift)))
			if got < 0.99 {
				t.Errorf("correlation %.4f, want 0.99", got)
			}
			if s := b.Stats(); s.Concealed != 0 || s.Lost != 0 {
				t.Errorf("made up %d samples of nothing lost", s.Concealed)
			}
			if shift > Rate*150/1000 {
				t.Errorf("behind by %d samples", shift)
			}
		})
	}
}
