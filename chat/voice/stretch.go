package voice

import "math"

// Two sound cards never run at quite the same rate. A stretch plays a stream a
// little faster or slower, up to maxStretch, by reading between its samples: a
// sinc under a Hann window, 16 taps long, in 128 positions that are mixed.
const (
	taps       = 16
	positions  = 128
	maxStretch = 0.005
	chunk      = 256 // the most samples that are stretched at once
)

// A sincTable has the taps of each position.
type sincTable [positions + 1][taps]float32

func newSincTable() *sincTable {
	t := new(sincTable)
	for p := range t {
		sum := 0.0
		for k := range t[p] {
			x := float64(k) - (taps/2 - 1) - float64(p)/positions
			w := 0.5 + 0.5*math.Cos(math.Pi*x/(taps/2))
			v := w
			if x != 0 {
				v = w * math.Sin(math.Pi*x) / (math.Pi * x)
			}
			t[p][k] = float32(v)
			sum += v
		}
		for k := range t[p] {
			t[p][k] = float32(float64(t[p][k]) / sum)
		}
	}
	return t
}

// at is the value of x, taps long, frac behind its sample taps/2-1.
func (t *sincTable) at(x []int16, frac float64) int16 {
	position := frac * positions
	row := int(position)
	w := float32(position - float64(row))
	a, b := &t[row], &t[row+1]
	x = x[:taps]
	var sum float32
	for k, v := range x {
		sum += float32(v) * (a[k] + w*(b[k]-a[k]))
	}
	return saturate(int32(math.RoundToEven(float64(sum))))
}

// A stretch holds the place between the samples. Its output is taps/2+1 samples
// behind its input, and equal to it as long as it was never asked to change the
// speed.
type stretch struct {
	table *sincTable
	line  [taps + chunk + 8]int16 // taps old samples, then new ones
	frac  float64                 // of the next output, 0 to 1
}

// fill makes len(dst) samples, at most chunk, from those that more gives;
// faster is by how much the stream is played too fast.
func (s *stretch) fill(dst []int16, faster float64, more func([]int16)) {
	step := 1 + max(-maxStretch, min(maxStretch, faster))
	till := s.frac + float64(len(dst))*step
	n := int(till)
	more(s.line[taps : taps+n])
	if step == 1 && s.frac == 0 {
		copy(dst, s.line[taps/2-1:])
	} else {
		for i := range dst {
			place := s.frac + float64(i)*step
			dst[i] = s.table.at(s.line[int(place):], place-float64(int(place)))
		}
	}
	s.frac = till - float64(n)
	copy(s.line[:taps], s.line[n:n+taps])
}

func saturate(v int32) int16 {
	return int16(max(math.MinInt16, min(math.MaxInt16, v)))
}
