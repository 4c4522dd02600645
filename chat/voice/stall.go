package voice

import "time"

// A device may play nothing for a while, when it starts or when the machine is
// busy, and does not always make up for that: then all that comes has to wait so
// much longer, which no piece's arrival shows. Or it asks for more all at once,
// and keeps it. A stall sees both, and tells them from a device that only plays
// in larger portions: of each stallEach it compares the time at which the device
// was least behind.
const (
	stallEach = 200 * time.Millisecond
	stallBy   = Rate * 15 / 1000 // what is less is portions, or a clock that is a little wrong
)

type stall struct {
	from   time.Time // zero: nothing was played yet
	played int64     // samples since
	till   time.Time // of the portion of time that is looked at
	least  int64     // samples by which the device was behind in it, at best
	before int64     // and in the one before that
}

// took notes that the device took n samples. It says by how many samples the
// device has fallen behind for good since the last call, below 0 if it is ahead.
func (s *stall) took(now time.Time, n int) (samples int64) {
	if s.from.IsZero() {
		s.from, s.till = now, now.Add(stallEach)
		return 0
	}
	s.played += int64(n)
	behind := samplesIn(now.Sub(s.from)) - s.played
	if now.Before(s.till) {
		s.least = min(s.least, behind)
		return 0
	}
	if jump := s.least - s.before; jump > stallBy || jump < -stallBy {
		samples = jump
	}
	s.before, s.least, s.till = s.least, behind, now.Add(stallEach)
	return samples
}

// samplesIn is how many samples lie in a time, rounded down.
func samplesIn(d time.Duration) int64 {
	whole := d / time.Second
	return int64(whole)*Rate + int64(d%time.Second)*Rate/int64(time.Second)
}
