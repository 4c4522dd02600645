package voice

import "math"

// What is missing is made up from what was heard last, as ITU-T G.711 Appendix
// I does: the last periods of the voice's pitch are repeated, at full strength
// for 10 ms and then fading, to nothing at 60 ms.
const (
	minLag   = Rate / 394 // samples of a period, 394 Hz
	maxLag   = Rate / 60  // 60 Hz
	matchLen = Rate / 64  // samples that are compared to find the period, 15.6 ms
	atLeast  = Rate / 100 // what is repeated is this long or longer, lest it buzz
	fadeFrom = Rate / 100
	fadeTo   = Rate * 6 / 100
	joinLen  = 36 // samples over which made up and real sound are mixed, 3.5 ms
	longest  = maxLag + atLeast
)

// A history is the last samples that were heard, of one speaker.
type history struct {
	ring [512]int16
	at   int
}

func (h *history) push(v int16) {
	h.ring[h.at] = v
	h.at = (h.at + 1) % len(h.ring)
}

// last copies the newest samples into dst, at most 512, oldest first.
func (h *history) last(dst []int16) {
	from := h.at - len(dst) + len(h.ring)
	for i := range dst {
		dst[i] = h.ring[(from+i)%len(h.ring)]
	}
}

// A concealer goes on where a history ends.
type concealer struct {
	cycle [longest]int16
	len   int // samples of cycle that are used
	at    int // the next of them
	age   int // samples that were made
}

// begin prepares for sound that continues h.
func (c *concealer) begin(h *history) {
	var past [maxLag + matchLen]int16
	h.last(past[:])
	lag, _ := pitch(past[:])
	c.len = (atLeast + lag - 1) / lag * lag
	c.at, c.age = 0, 0
	join := min(lag/4, joinLen)
	var recent [longest + joinLen]int16
	h.last(recent[:c.len+join])
	copy(c.cycle[:], recent[join:join+c.len])
	// Its end runs into its beginning: what stood before the beginning is mixed in.
	for i := range join {
		w := float32(i+1) / float32(join+1)
		end := &c.cycle[c.len-join+i]
		*end = int16((1-w)*float32(*end) + w*float32(recent[i]))
	}
}

// next makes one sample.
func (c *concealer) next() int16 {
	if c.age >= fadeTo {
		return 0
	}
	v := int32(c.cycle[c.at])
	if c.at++; c.at == c.len {
		c.at = 0
	}
	if c.age > fadeFrom {
		v = v * int32(fadeTo-c.age) / (fadeTo - fadeFrom)
	}
	c.age++
	return int16(v)
}

// pitch finds the period of the end of past, whose length is maxLag+matchLen,
// by the highest normalized correlation, and that correlation, -1 to 1. Where
// there is no period it is maxLag, which sounds least like one.
func pitch(past []int16) (lag int, alike float64) {
	end := past[maxLag:]
	own := 1.0
	for _, v := range end {
		own += float64(v) * float64(v)
	}
	lag = maxLag
	for l := minLag; l <= maxLag; l++ {
		at := past[maxLag-l:][:matchLen]
		var cross, energy int64
		for i, v := range end {
			cross += int64(v) * int64(at[i])
			energy += int64(at[i]) * int64(at[i])
		}
		// A multiple of the period is as much alike: the first wins unless
		// another is clearly better.
		if a := float64(cross) / math.Sqrt(own*(float64(energy)+1)); a > alike+0.02 {
			lag, alike = l, a
		}
	}
	if alike < 0.3 {
		return maxLag, alike
	}
	return lag, alike
}
