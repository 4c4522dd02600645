package voicetest

import (
	"math"
	"math/rand/v2"
)

// Rate is the samples a second of what Speech makes.
const Rate = 10240

// Speech is n samples of something like a voice: syllables of a pitch that
// glides, with overtones and hiss, and pauses between words. Each seed is
// another one.
func Speech(seed uint64, n int) []int16 {
	r := rand.New(rand.NewPCG(seed, 3))
	out := make([]int16, 0, n)
	low := 80 + 120*r.Float64()
	for len(out) < n {
		if r.IntN(5) == 0 {
			out = append(out, make([]int16, Rate/20+r.IntN(Rate/5))...)
		}
		out = syllable(r, out, low)
	}
	return out[:n]
}

func syllable(r *rand.Rand, out []int16, low float64) []int16 {
	long := Rate/10 + r.IntN(Rate/6)
	pitch, glide, hiss := low*(0.9+0.4*r.Float64()), 0.3*(r.Float64()-0.5), 0.1*r.Float64()
	var tone [10]float64
	for k := range tone {
		tone[k] = r.Float64() / float64(1+k)
	}
	phase := 0.0
	for i := range long {
		at := float64(i) / float64(long)
		phase += 2 * math.Pi * pitch * (1 + glide*at) / Rate
		v := hiss * (r.Float64() - 0.5)
		for k, a := range tone {
			v += a * math.Sin(phase*float64(k+1))
		}
		out = append(out, int16(6000*v*math.Sin(math.Pi*at)))
	}
	return out
}
