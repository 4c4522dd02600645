package voicetest

import (
	"fmt"
	"slices"
	"time"
)

const (
	// part is the length of what is compared at once, 400 ms of Rate: a gap in
	// what was heard costs the parts that it lies in, and a shift of time behind
	// it none.
	part = 4096
	// few is the length of a piece of a part, and drift by how many samples the lag
	// of one may differ from its part's: sound that is played up to 0.5 % faster or
	// slower, as a jitter buffer does, is 2 ms off in 400.
	few   = part / 16
	drift = Rate * 2 / 1000
	// wander is by how many samples the lag of a part may differ from that of
	// the one before, 150 ms.
	wander = Rate * 15 / 100
	// sure is the correlation of a part whose lag is believed.
	sure = 0.7
	// loud is the least power of a part that is compared: in pauses there is
	// nothing to be alike. Of full scale that is -46 dB.
	loud = 160 * 160
)

// A Hearing is how well something was heard, part by part.
type Hearing struct {
	Correlation float64       // mean of the parts, each by its energy
	Typical     float64       // that of the middle one
	Delay       time.Duration // by which it was heard later than said, of the middle of the parts that are sure
	Most        time.Duration // of the latest of these
	Parts       int           // 400 ms each, without those of silence
	Harmed      int           // whose correlation is below 0.9
	Gap         time.Duration // the longest silence in the middle of a word, in those that are sure
}

func (h Hearing) String() string {
	return fmt.Sprintf("correlation %.4f, typical %.4f, %d of %d parts harmed, longest gap %v, delay %v, at most %v",
		h.Correlation, h.Typical, h.Harmed, h.Parts, h.Gap, h.Delay.Round(time.Millisecond), h.Most.Round(time.Millisecond))
}

// Follow compares, part by part, what was said with what was heard at most that
// many samples sooner or later. Both are samples of Rate.
func Follow(said, heard []int16, most int) (h Hearing) {
	var all []float64
	var lags []int
	energy, sum, known, last := 0.0, 0.0, false, 0
	for at := 0; at+part <= len(said); at += part {
		x := said[at : at+part]
		own := power(x, 0, part)
		if own < loud*part {
			continue
		}
		lag, span := last, wander
		if !known {
			lag, span = 0, most
		}
		m := alignAround(x, heard, at+lag, span)
		m.Lag -= at
		m.Correlation = inPieces(x, heard, at+m.Lag)
		if m.Correlation >= sure {
			known, last = true, m.Lag
			lags = append(lags, m.Lag)
			h.Gap = max(h.Gap, gap(x, heard, at+m.Lag))
		}
		if m.Correlation < 0.9 {
			h.Harmed++
		}
		energy, sum, all = energy+own, sum+own*m.Correlation, append(all, m.Correlation)
	}
	h.Parts = len(all)
	if len(lags) == 0 {
		return h
	}
	slices.Sort(all)
	slices.Sort(lags)
	h.Correlation, h.Typical = sum/energy, all[len(all)/2]
	h.Delay, h.Most = lasts(lags[len(lags)/2]), lasts(lags[len(lags)-1])
	return h
}

// inPieces is the correlation of a part with what was heard from a place on, the
// mean of its pieces, each by its energy.
func inPieces(x, heard []int16, from int) (c float64) {
	energy, all := prefix(x), 0.0
	for at := 0; at < part; at += few {
		m := alignAround(x[at:at+few], heard, from+at, drift)
		e := energy[at+few] - energy[at]
		all += e
		c += e * max(0, m.Correlation)
	}
	return c / all
}

// gap is the longest time in which x is louder than -40 dB of full scale, and what
// was heard from a place on softer than -60 dB, behind something louder: looked at
// every 5 ms. What is missing at the begin of a word can be hidden by nothing.
func gap(x, heard []int16, from int) (longest time.Duration) {
	const frame = Rate / 200
	const spoken, silent = 328 * 328 * frame, 33 * 33 * frame
	said, run, inside := prefix(x), time.Duration(0), false
	for at := 0; at+frame <= part; at += frame {
		quiet := power(heard, from+at, frame) <= silent
		switch {
		case !quiet:
			inside, run = true, 0
		case said[at+frame]-said[at] < spoken:
			inside, run = false, 0
		case inside:
			run += 5 * time.Millisecond
		}
		longest = max(longest, run)
	}
	return longest
}

// power is the energy of n samples from a place on, as far as there are any.
func power(samples []int16, from, n int) (sum float64) {
	for i := max(0, from); i < min(from+n, len(samples)); i++ {
		sum += float64(samples[i]) * float64(samples[i])
	}
	return sum
}

// lasts is how long so many samples take.
func lasts(samples int) time.Duration { return time.Duration(samples) * time.Second / Rate }
