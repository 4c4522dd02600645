package voicetest

import "math"

// A Match says where in what was heard lies what was said.
type Match struct {
	Lag         int     // samples by which it was heard later than said; may be below 0
	Correlation float64 // of the two, so shifted: 1 is the same, however loud; 0 has nothing in common
}

// Align finds the lag from -most to most at which heard is most like said. All
// of said counts: what is missing of it in heard counts as silence.
func Align(said, heard []int16, most int) Match { return alignAround(said, heard, 0, most) }

// alignAround looks for lags that differ from one by at most that many samples.
func alignAround(said, heard []int16, around, most int) Match {
	best := Match{Correlation: math.Inf(-1)}
	first := max(0, around-most) // what lies before is never looked at
	heard = heard[min(first, len(heard)):]
	heard = heard[:min(len(heard), max(0, around+most+len(said)-first))]
	around -= first
	energy := prefix(heard)
	power := 0.0
	for _, v := range said {
		power += float64(v) * float64(v)
	}
	for lag := around - most; lag <= around+most; lag++ {
		from, to := max(0, lag), min(len(heard), lag+len(said))
		if from >= to {
			continue
		}
		dot := int64(0)
		for i, v := range said[from-lag : to-lag] {
			dot += int64(v) * int64(heard[from+i])
		}
		c := 0.0
		if both := power * (energy[to] - energy[from]); both > 0 {
			c = float64(dot) / math.Sqrt(both)
		}
		if c > best.Correlation {
			best = Match{lag, c}
		}
	}
	best.Lag += first
	return best
}

// prefix gives, at i, the energy of the first i samples.
func prefix(samples []int16) []float64 {
	sums := make([]float64, len(samples)+1)
	for i, v := range samples {
		sums[i+1] = sums[i] + float64(v)*float64(v)
	}
	return sums
}
