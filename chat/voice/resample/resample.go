// Package resample converts mono sound from one rate to another.
//
// A Converter is a polyphase filter: a low pass that is a sinc under a Kaiser
// window, with one row of taps for each position that an output sample can have
// between two input samples. For rates whose ratio in lowest terms has so many
// positions that the rows would have more than MaxTable taps, there are fewer
// rows, and the two next to a position are mixed. The band
// below 0.875 of the lower rate's half passes with a ripple under 0.001 dB;
// images and aliases are at least 80 dB down. The tests measure both with tones
// and print the figures; -87 dB is what 16 bits leave.
package resample

import (
	"fmt"
	"math"
)

const (
	// MinRate and MaxRate bound what New takes, in samples a second.
	MinRate, MaxRate = 1000, 384000

	// MaxTable bounds the taps of all rows, and so what New takes: 1 MiB and
	// some milliseconds. Without it a file that says that it has 383,995 samples
	// a second took a second and 24 MiB. All common rates need less.
	MaxTable = 1 << 18

	pass = 0.875 // of the lower rate's half: here the band that passes ends
	stop = 80.0  // dB that the filter is made for

	// mixedRows are the rows, when positions are too many, of a filter that passes
	// all that the input has. A narrower one is smoother, and needs less of them.
	mixedRows    = 512
	mixedRowsMin = 4
)

// A Converter turns a stream of one rate into another's. It belongs to one
// goroutine and allocates only in New.
type Converter struct {
	from, to int
	rows     int       // how many there are; one more stands behind them if they are mixed
	taps     int       // length of a row
	table    []float32 // row by row
	line     []float32 // the last taps input samples, twice, so that a window of them is one slice
	at       int       // where the next input sample goes in line
	phase    int       // position of the next output sample behind the newest input sample that it needs, in 1/to of an input sample
	need     int       // input samples until that one is there
	mixed    bool
}

// New makes a converter; an error if a rate is not between MinRate and MaxRate.
func New(from, to int) (*Converter, error) {
	for _, rate := range []int{from, to} {
		if rate < MinRate || rate > MaxRate {
			return nil, fmt.Errorf("a rate of %d samples a second cannot be converted: it must be between %d and %d", rate, MinRate, MaxRate)
		}
	}
	d := gcd(from, to)
	c := &Converter{from: from / d, to: to / d}
	lower := min(1, float64(c.to)/float64(c.from)) // the lower rate in input samples
	width := (1 - pass) / 2 * lower                // of the band between pass and stop, in cycles per input sample
	c.taps = int(math.Ceil((stop-7.95)/(14.36*width)))/2*2 + 2
	if c.rows = c.to; (c.rows+1)*c.taps > MaxTable {
		c.mixed, c.rows = true, max(mixedRowsMin, int(mixedRows*lower))
	}
	c.fill((1 + pass) / 4 * lower)
	c.line = make([]float32, 2*c.taps)
	c.need = 1
	return c, nil
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// fill computes the rows of a filter that cuts off at cut cycles per input
// sample.
func (c *Converter) fill(cut float64) {
	beta := 0.1102 * (stop - 8.7)
	top := bessel(beta)
	half := float64(c.taps) / 2
	c.table = make([]float32, (c.rows+1)*c.taps)
	for row := 0; row <= c.rows; row++ {
		taps := c.table[row*c.taps:][:c.taps]
		frac := float64(row) / float64(c.rows)
		sum := 0.0
		for k := range taps {
			// Tap k meets the input sample k of the window; the output
			// sample lies frac behind sample half-1.
			x := float64(k) - (half - 1) - frac
			v := 2 * cut * sinc(2*cut*x) * kaiser(x/half, beta) / top
			taps[k] = float32(v)
			sum += v
		}
		for k := range taps {
			taps[k] = float32(float64(taps[k]) / sum) // each row passes a constant unchanged
		}
	}
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// kaiser is the window at x in -1..1, not divided by its middle; 0 outside.
func kaiser(x, beta float64) float64 {
	if x < -1 || x > 1 {
		return 0
	}
	return bessel(beta * math.Sqrt(1-x*x))
}

// bessel is I0, the modified Bessel function of order 0, by its series.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; k < 60 && term > 1e-12*sum; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}

// Delay is by how many input samples the output is behind.
func (c *Converter) Delay() int { return c.taps / 2 }

// Room is the most output samples that n input samples can give.
func (c *Converter) Room(n int) int {
	return int(int64(n)*int64(c.to)/int64(c.from)) + 2
}

// Convert takes input samples and gives output samples until src is used up or
// dst is full, and says how many of each. The rest of src is to be given again.
func (c *Converter) Convert(dst, src []int16) (gave, took int) {
	for {
		for c.need > 0 {
			if took == len(src) {
				return gave, took
			}
			c.line[c.at] = float32(src[took])
			c.line[c.at+c.taps] = c.line[c.at]
			if c.at++; c.at == c.taps {
				c.at = 0
			}
			took++
			c.need--
		}
		if gave == len(dst) {
			return gave, took
		}
		dst[gave] = clip(c.sample())
		gave++
		c.phase += c.from
		c.need = c.phase / c.to
		c.phase %= c.to
	}
}

// sample computes the output at the present phase.
func (c *Converter) sample() float32 {
	window := c.line[c.at:][:c.taps]
	if !c.mixed {
		return dot(window, c.table[c.phase*c.taps:][:c.taps])
	}
	position := float64(c.phase) * float64(c.rows) / float64(c.to)
	row := int(position)
	w := float32(position - float64(row))
	a := dot(window, c.table[row*c.taps:][:c.taps])
	b := dot(window, c.table[(row+1)*c.taps:][:c.taps])
	return a + w*(b-a)
}

func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s, t float32
	for i := 0; i+1 < len(a); i += 2 { // rows have an even length
		s += a[i] * b[i]
		t += a[i+1] * b[i+1]
	}
	return s + t
}

func clip(v float32) int16 {
	return int16(max(math.MinInt16, min(math.MaxInt16, math.RoundToEven(float64(v)))))
}
