package resample

import (
	"fmt"
	"math"
	"testing"
)

// tone is n samples of a sine.
func tone(rate int, hertz float64, amplitude float64, n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(math.Round(amplitude * math.Sin(2*math.Pi*hertz*float64(i)/float64(rate))))
	}
	return out
}

// convert runs all of src through, in pieces of odd sizes.
func convert(t testing.TB, from, to int, src []int16) []int16 {
	t.Helper()
	c, err := New(from, to)
	if err != nil {
		t.Fatal(err)
	}
	var out []int16
	buf := make([]int16, 333)
	for len(src) > 0 {
		gave, took := c.Convert(buf, src[:min(len(src), 777)])
		out = append(out, buf[:gave]...)
		src = src[took:]
	}
	return out
}

// gain is the part of x at hertz, over amplitude, in dB; rest is all else.
func gain(x []int16, rate int, hertz, amplitude float64) (at, rest float64) {
	var re, im, all float64
	for i, v := range x {
		w := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(len(x))) // Hann
		a := 2 * math.Pi * hertz * float64(i) / float64(rate)
		re += w * float64(v) * math.Cos(a)
		im += w * float64(v) * math.Sin(a)
	}
	n := float64(len(x))
	re, im = re*4/n, im*4/n
	for i, v := range x {
		a := 2 * math.Pi * hertz * float64(i) / float64(rate)
		d := float64(v) - re*math.Cos(a) - im*math.Sin(a)
		all += d * d
	}
	return 20 * math.Log10(math.Hypot(re, im)/amplitude), 10 * math.Log10(2*all/n/amplitude/amplitude+1e-20)
}

// TestSweep measures, for each pair of rates, the ripple below the band's end,
// what a tone leaves at other frequencies (images and aliases), and how far
// down tones above the lower half come out.
func TestSweep(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing in it crosses goroutines")
	}
	const amplitude = 16000.0
	for _, pair := range [][2]int{
		{10240, 48000}, {48000, 10240}, {10240, 44100}, {44100, 10240}, {8000, 10240}, {11025, 10240},
		{16000, 10240}, {22050, 10240}, {32000, 10240}, {96000, 10240}, {192000, 10240}, {10240, 10240}, {44101, 10240}, {10240, 48001},
		{383995, 10240}, // many positions and long rows
	} {
		t.Run(fmt.Sprintf("%d to %d", pair[0], pair[1]), func(t *testing.T) {
			from, to := pair[0], pair[1]
			half := float64(min(from, to)) / 2
			ripple, image, alias := 0.0, -200.0, -200.0
			for f := half / 40; f < half*pass; f += half / 23.7 {
				y := convert(t, from, to, tone(from, f, amplitude, from/2))
				y = y[len(y)/4:]
				at, rest := gain(y, to, f, amplitude)
				ripple = max(ripple, math.Abs(at))
				image = max(image, rest)
			}
			for f := half * 1.001; f < float64(from)/2; f += half / 7.7 {
				y := convert(t, from, to, tone(from, f, amplitude, from/2))
				y = y[len(y)/4:]
				sum := 0.0
				for _, v := range y {
					sum += float64(v) * float64(v)
				}
				alias = max(alias, 10*math.Log10(2*sum/float64(len(y))/amplitude/amplitude+1e-20))
			}
			t.Logf("ripple %.4f dB, images and noise %.1f dB, aliases %.1f dB", ripple, image, alias)
			if ripple > 0.001 || image > -80 || alias > -80 {
				t.Errorf("ripple %.4f dB (at most 0.001), images %.1f dB, aliases %.1f dB (at most -80)", ripple, image, alias)
			}
		})
	}
}

// TestTable: no pair of rates makes New slow and large. A file says what its
// rate is.
func TestTable(t *testing.T) {
	for _, pair := range [][2]int{
		{383995, 10240}, {383999, 10240}, {384000, 383999}, {10240, 383999}, {44101, 10240}, {88205, 10240},
		{MaxRate, MinRate}, {MaxRate - 1, MinRate}, {MinRate, MaxRate - 1}, {44100, 10240}, {10240, 44100},
	} {
		c, err := New(pair[0], pair[1])
		if err != nil {
			t.Fatal(err)
		}
		if len(c.table) > MaxTable {
			t.Errorf("%v: a table of %d taps, more than %d", pair, len(c.table), MaxTable)
		}
	}
	for _, rate := range []int{8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 176400, 192000} {
		if c, err := New(rate, 10240); err != nil || c.mixed {
			t.Errorf("rows are mixed for the common rate %d: %v", rate, err)
		}
	}
}

// TestLength: nothing is lost or made over a minute.
func TestLength(t *testing.T) {
	for _, pair := range [][2]int{{10240, 48000}, {44100, 10240}, {383999, 10240}, {10240, 1000}} {
		n := len(convert(t, pair[0], pair[1], make([]int16, pair[0]*10)))
		if want := pair[1] * 10; n < want-1 || n > want+1 {
			t.Errorf("%v: 10 s became %d samples, want %d", pair, n, want)
		}
		c, err := New(pair[0], pair[1])
		if err != nil {
			t.Fatal(err)
		}
		dst := make([]int16, c.Room(1000))
		for range 50 {
			if _, took := c.Convert(dst, make([]int16, 1000)); took != 1000 {
				t.Fatalf("%v: Room(1000) = %d, but only %d were taken", pair, len(dst), took)
			}
		}
	}
}

// TestDelay: an impulse comes out where Delay says.
func TestDelay(t *testing.T) {
	src := make([]int16, 4000)
	src[1000] = 30000
	c, err := New(48000, 48000)
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]int16, 5000)
	n, _ := c.Convert(dst, src)
	top := 0
	for i, v := range dst[:n] {
		if v > dst[top] {
			top = i
		}
	}
	if top != 1000+c.Delay() {
		t.Errorf("an impulse at 1000 came at %d, Delay is %d", top, c.Delay())
	}
}

func TestRates(t *testing.T) {
	for _, rate := range []int{-1, 0, 999, 384001, 1 << 30} {
		if _, err := New(rate, 10240); err == nil {
			t.Errorf("a rate of %d was taken", rate)
		}
		if _, err := New(10240, rate); err == nil {
			t.Errorf("a rate of %d was taken", rate)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	for _, pair := range [][2]int{{10240, 48000}, {44100, 10240}} {
		c, err := New(pair[0], pair[1])
		if err != nil {
			t.Fatal(err)
		}
		src, dst := make([]int16, 500), make([]int16, 5000)
		if n := testing.AllocsPerRun(100, func() { c.Convert(dst, src) }); n != 0 {
			t.Errorf("%v: %v allocations", pair, n)
		}
	}
}

// BenchmarkConvert converts 20 ms.
func BenchmarkConvert(b *testing.B) {
	for _, pair := range [][2]int{{10240, 48000}, {48000, 10240}, {44100, 10240}} {
		b.Run(fmt.Sprintf("%d to %d", pair[0], pair[1]), func(b *testing.B) {
			c, err := New(pair[0], pair[1])
			if err != nil {
				b.Fatal(err)
			}
			src, dst := make([]int16, pair[0]/50), make([]int16, pair[1]/50+2)
			for b.Loop() {
				c.Convert(dst, src)
			}
		})
	}
}
