package voice

import (
	"math"
	"time"
)

// The jitter buffer of one speaker. Each sample has a place in the speaker's
// stream; head is the next one to be played. A piece that comes when head is
// still before it has slack, how much earlier it is than needed. The least
// slack of the last ten seconds is steered to wantSlack: by a speed that is up
// to 0.5 % wrong, and in pauses of the voice by steps of 10 ms. So the delay is
// what the arrivals make necessary, and follows the other end's clock.
const (
	ringLen   = 1 << 14 // samples that are kept, 1.6 s
	wantSlack = Rate * 30 / 1000
	slackBand = Rate * 12 / 1000 // what is as good as wantSlack: no change of speed inside
	minDelay  = Rate * 40 / 1000
	maxDelay  = Rate * 200 / 1000
	regrow    = Rate / 100 // by how much more a stream is held back whose piece came too late
	pauseStep = Rate / 100 // what is left out or put in while the voice pauses
	burst     = Rate / 10  // beyond maxDelay, what may lie in the ring for a moment

	pull     = maxStretch / (Rate / 20) // change of speed for a sample of wrong slack: 0.5 % for 50 ms
	learn    = pull / (30 * Rate)       // for a sample of it in each sample: the drift is known after half a minute
	maxDrift = 0.004

	window  = 10   // seconds whose least slack counts
	backTo  = 256  // pieces behind the newest that are remembered
	forward = 3000 // pieces that may be missing at once, a minute
)

// A stream is what came from one speaker.
type stream struct {
	id     uint32 // 0: unmarked
	ring   [ringLen]int16
	have   [ringLen]bool
	head   int64 // next place to be played
	end    int64 // behind the last place that came
	solid  int64 // behind the last real sample that was played
	begun  bool  // something came
	played bool  // and was heard

	first, last int64 // numbers of the earliest and the newest piece, counted on behind 65534
	seen        [backTo / 64]uint64
	probe       int64 // the number that would prove that the speaker began anew

	gap   int // samples that were made up since the last real one
	hold  int // samples to be made up without going on
	join  int // samples of made up sound still to be mixed into the real
	past  history
	made  concealer
	speed stretch
	drift float64
	moved float64 // samples by which head was moved on beyond its pace, to compare slacks

	least   [window]float64 // slack+moved of each second
	second  int64           // the newest of them
	started time.Time       // when second 0 began

	lastAt    time.Time // of the last arrival
	lastPlace int64
	jitter    float64 // seconds, RFC 3550 6.4.1
	delay     float64 // samples in the ring before a pull, smoothed
	meter     meter

	twin    [MaxPayload]byte // the last unmarked payload
	twinLen int
	StreamStats
}

// StreamStats counts what came from a speaker, or from all.
type StreamStats struct {
	Received  int64 // payloads that were new
	Expected  int64 // pieces with a mark that must have been sent
	Lost      int64 // of these, never came
	Repeated  int64 // payloads that had come already
	Reordered int64 // pieces that came behind a later one
	Late      int64 // pieces that came when, at least in part, they should have been heard
	Strange   int64 // pieces whose number fits nothing, and payloads of no sample
	Played    int64 // samples that were heard, made up ones too
	Concealed int64 // of these, made up
	Missing   int64 // samples left silent in the middle of what came
	Skipped   int64 // samples that came and were left out
}

func (s *stream) reset(id uint32, table *sincTable) {
	*s = stream{id: id}
	s.speed.table = table
	s.meter.level = silence
}

// marked takes a piece with a number.
func (s *stream) marked(now time.Time, number uint16, samples []int16) {
	n := s.count(number)
	if s.begun && (n > s.last+forward || n <= s.last-backTo) {
		if n != s.probe {
			s.probe = n + 1
			s.Strange++
			return
		}
		s.renew(n)
		n = s.last + 1
	}
	switch {
	case !s.begun:
		s.first, s.last, s.Expected = n, n, 1
	case n > s.last:
		s.Expected += n - s.last
		for i := s.last + 1; i <= min(n, s.last+backTo); i++ {
			s.see(i, false)
		}
		s.last = n
	case s.saw(n):
		s.Repeated++
		return
	default:
		s.Reordered++
		s.Expected += max(0, s.first-n)
		s.first = min(s.first, n)
	}
	s.see(n, true)
	s.Received++
	s.Lost = s.Expected - s.Received
	s.arrived(now, pieceAt(n))
	s.place(now, pieceAt(n), samples, true)
}

// count finds the number that is meant, next to the last one.
func (s *stream) count(number uint16) int64 {
	if !s.begun {
		return numbers + int64(number)
	}
	d := (int64(number) - s.last) % numbers
	switch {
	case d > numbers/2:
		d -= numbers
	case d < -(numbers / 2):
		d += numbers
	}
	return s.last + d
}

func (s *stream) saw(n int64) bool { return s.seen[n/64%int64(len(s.seen))]>>(n%64)&1 != 0 }

func (s *stream) see(n int64, yes bool) {
	word := &s.seen[n/64%int64(len(s.seen))]
	*word &^= 1 << (n % 64)
	if yes {
		*word |= 1 << (n % 64)
	}
}

// renew forgets the old place: the speaker began anew at number n.
func (s *stream) renew(n int64) {
	if n < numbers { // none is ever below 0
		n += numbers
	}
	clear(s.seen[:])
	s.first, s.last = n, n-1
	s.anchor(pieceAt(n))
}

// unmarked takes samples that belong behind all others.
func (s *stream) unmarked(now time.Time, payload []byte, samples []int16) {
	if s.twinLen == len(payload) && string(s.twin[:s.twinLen]) == string(payload) &&
		(!constant(samples) || now.Sub(s.lastAt) < time.Duration(len(samples))*time.Second/Rate/2) {
		s.Repeated++
		return
	}
	s.twinLen = copy(s.twin[:], payload)
	s.Received++
	s.arrived(now, s.end)
	s.place(now, s.end, samples, false)
}

// constant reports whether all samples are the same: silence that goes on is no
// repeated datagram, unless it comes too soon.
func constant(samples []int16) bool {
	for _, v := range samples {
		if v != samples[0] {
			return false
		}
	}
	return true
}

// arrived takes down how regularly pieces come (RFC 3550 6.4.1).
func (s *stream) arrived(now time.Time, place int64) {
	if s.begun && !s.lastAt.IsZero() {
		d := now.Sub(s.lastAt).Seconds() - float64(place-s.lastPlace)/Rate
		if math.Abs(d) < 1 { // else a pause
			s.jitter += (math.Abs(d) - s.jitter) / 16
		}
	}
	s.lastAt, s.lastPlace = now, place
}

// place puts samples where they belong, and moves head if they came too late
// or far too early.
func (s *stream) place(now time.Time, at int64, samples []int16, numbered bool) {
	behind := at + int64(len(samples))
	slack := at - s.head
	idle := s.head >= s.end && s.gap >= fadeTo
	switch {
	case !s.begun:
		s.begun = true
		s.anchor(at)
	case idle && (slack < 0 || slack > maxDelay):
		s.anchor(at)
	case max(s.end, behind)-s.head > maxDelay+burst+2*int64(len(samples)):
		s.skip(max(s.head, at-s.depth()))
	case slack < 0:
		if numbered {
			s.Late++
		}
		s.note(now, max(slack, -maxDelay))
		if s.head >= s.end && at >= s.solid { // it was missed just now, and nothing else is there
			s.moved += float64(at - s.head)
			s.head, s.hold = at, regrow
		}
	}
	if slack = at - s.head; slack >= 0 {
		s.note(now, slack)
	}
	for i, v := range samples {
		if p := at + int64(i); p >= s.head && p-s.head < ringLen {
			s.ring[slot(p)], s.have[slot(p)] = v, true
		}
	}
	s.end = max(s.end, behind)
}

// depth is how long the first piece after a pause waits.
func (s *stream) depth() int64 {
	return max(minDelay, min(maxDelay, int64(minDelay+3*s.jitter*Rate)))
}

// anchor puts head so that what begins at a place is played in a while.
func (s *stream) anchor(at int64) {
	s.head = at - s.depth()
	s.end, s.solid = at, at
	clear(s.have[:])
	s.second, s.started, s.moved = 0, time.Time{}, 0
	s.gap = fadeTo // it was silent
}

// slot is where a place is kept.
func slot(place int64) int64 { return place & (ringLen - 1) }

// skip moves head on to a place.
func (s *stream) skip(to int64) {
	if to <= s.head {
		return
	}
	for p := s.head; p < min(to, s.end); p++ {
		if s.have[slot(p)] {
			s.have[slot(p)] = false
			s.Skipped++
		}
	}
	s.moved += float64(to - s.head)
	s.head = to
	s.end = max(s.end, to)
	if s.gap == 0 && s.played {
		s.made.begin(&s.past)
		s.join = joinLen
	}
}

// note takes down a slack.
func (s *stream) note(now time.Time, slack int64) {
	if s.started.IsZero() {
		s.started = now
		for i := range s.least {
			s.least[i] = math.Inf(1)
		}
	}
	second := int64(now.Sub(s.started) / time.Second)
	for s.second < second {
		s.second = max(s.second+1, second-window+1)
		s.least[s.second%window] = math.Inf(1)
	}
	at := &s.least[s.second%window]
	*at = min(*at, float64(slack)+s.moved)
}

// excess is how much more slack there is than wanted; 0 inside the band.
func (s *stream) excess() float64 {
	least := math.Inf(1)
	if !s.started.IsZero() {
		for _, v := range s.least {
			least = min(least, v)
		}
	}
	e := least - s.moved - wantSlack
	switch {
	case math.IsInf(e, 1):
		return 0
	case e > slackBand:
		return e - slackBand
	case e < -slackBand && s.delay < maxDelay:
		return e + slackBand
	}
	return 0
}

// play fills dst, at most chunk samples, with what is to be heard next.
func (s *stream) play(dst []int16) {
	s.delay += (float64(max(s.end-s.head, 0)) - s.delay) / 16
	e := s.excess()
	if s.gap == 0 && s.join == 0 && s.hold == 0 && s.meter.pausing() {
		switch {
		case e > pauseStep && s.end-s.head > 2*pauseStep:
			s.skip(s.head + pauseStep)
			e -= pauseStep
		case e < -pauseStep:
			s.hold = pauseStep
			e += pauseStep
		}
	}
	now := max(-maxStretch, min(maxStretch, e*pull))
	s.drift = max(-maxDrift, min(maxDrift, s.drift+e*learn*float64(len(dst))))
	faster := max(-maxStretch, min(maxStretch, now+s.drift))
	if s.gap >= fadeTo { // silence: nothing to follow
		faster = 0
	}
	s.moved += (faster - s.drift) * float64(len(dst))
	s.speed.fill(dst, faster, s.fill)
	s.meter.measure(dst)
}

// fill gives the next samples of the stream, with what is missing made up.
func (s *stream) fill(dst []int16) {
	for i := range dst {
		at := slot(s.head)
		var v int16
		if s.have[at] && s.hold == 0 {
			v = s.real(at)
		} else {
			v = s.missing()
		}
		s.past.push(v)
		dst[i] = v
	}
}

// real is the sample at head.
func (s *stream) real(at int64) int16 {
	v := s.ring[at]
	s.have[at] = false
	s.head++
	s.solid = s.head
	if s.gap > 0 {
		s.gap, s.join = 0, joinLen
		if !s.played {
			s.join = 0 // nothing to be mixed with
		}
	}
	s.played = true
	s.Played++
	if s.join > 0 {
		w := float32(s.join) / (joinLen + 1)
		v = int16(w*float32(s.made.next()) + (1-w)*float32(v))
		s.join--
	}
	return v
}

// missing is what is heard instead of it.
func (s *stream) missing() (v int16) {
	if s.gap == 0 {
		s.made.begin(&s.past)
	}
	if s.hold > 0 {
		s.moved--
		s.hold--
	} else {
		s.head++
	}
	switch {
	case s.gap < fadeTo && s.played:
		v = s.made.next()
		s.Played++
		s.Concealed++
	case s.played && s.solid < s.head && s.head < s.end:
		s.Missing++
	}
	s.gap++
	return v
}
