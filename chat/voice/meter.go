package voice

import "math"

// A meter says how loud a stream is, and whether somebody speaks.
type meter struct {
	level   float64 // dBFS of the last samples measured, -96 is silence
	top     float64 // of the loudest of late, sinking by 3 dB a second
	loud    int     // samples above speakOn in a row
	quiet   int     // samples below speakOff in a row
	talking bool
	used    bool
}

const (
	silence   = -96.0
	speakOn   = -42.0 // dBFS: louder than this for onAfter is speech
	speakOff  = -50.0 // softer than this for offAfter is none
	onAfter   = Rate * 30 / 1000
	offAfter  = Rate * 400 / 1000
	pauseDrop = 26.0 // dB below the loudest of late is a pause of the voice
)

func (m *meter) measure(x []int16) {
	if len(x) == 0 {
		return
	}
	m.level = loudness(x)
	if !m.used {
		m.used, m.top = true, m.level
	}
	m.top = max(m.level, m.top-3*float64(len(x))/Rate)
	switch {
	case m.level >= speakOn:
		m.loud, m.quiet = m.loud+len(x), 0
	case m.level < speakOff:
		m.loud, m.quiet = 0, m.quiet+len(x)
	default:
		m.quiet = 0
	}
	if m.loud >= onAfter {
		m.talking = true
	}
	if m.quiet >= offAfter {
		m.talking = false
	}
}

// pausing reports whether the last samples were between words.
func (m *meter) pausing() bool { return m.used && m.level < max(m.top-pauseDrop, -60) }

// loudness is the root of the mean square, in dB of a full square wave.
func loudness(x []int16) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return max(silence, 10*math.Log10(sum/float64(len(x))/(1<<30)+1e-10))
}
