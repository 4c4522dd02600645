package voice

import "time"

const (
	// Step is the time between two Ticks.
	Step = 20 * time.Millisecond

	// MaxSpeakers bounds whom a Call hears at once. Of one more nothing is
	// heard until somebody has been silent for a while.
	MaxSpeakers = 32

	giveUp     = 10 * time.Second       // a speaker of whom nothing comes for so long is gone
	makeRoom   = 2 * time.Second        // and after so long if the place is wanted
	dryAfter   = 100 * time.Millisecond // a device that gives nothing for so long is silent: we send silence
	dryMost    = Rate / 10              // samples of such silence in one Tick
	maxPercent = 400                    // Volume
)

// Config says what a Call is made of.
type Config struct {
	// Device is where sound comes from and goes to; nil is a Null. The Call
	// closes it in Close.
	Device Device

	// Speaker is our SpeakerID. 0: our pieces are sent without marks.
	Speaker uint32

	// First is the number of our first piece; take a random one, so that a
	// program that was started anew is not taken for the old one repeating
	// itself.
	First uint16
}

// A Call is the sound of one call, with one or many others. It belongs to one
// goroutine, starts none, and allocates only when somebody new is heard.
type Call struct {
	device  Device
	speaker uint32
	number  int64

	piece    [205]int16 // being filled
	filled   int
	payload  []byte
	scratch  [2 * 205]byte
	muted    bool
	gain     int32 // 256 is as it came
	captured time.Time
	dry      bool // the device gives nothing
	silent   Pace // of what is sent instead
	own      meter

	streams []*stream // in the order in which they were heard first
	free    []*stream
	table   *sincTable
	stalled stall
	next    time.Time

	heard [MaxPayload / 2]int16
	mixed [chunk]int16
	sum   [chunk]int32
	total Stats // of speakers that are gone, and of the call
}

// Stats is what happened in a call.
type Stats struct {
	StreamStats // of all speakers together

	Sent     int64 // pieces
	Payloads int64 // Heard
	Own      int64 // payloads of ours that came back; they are not played
	Crowded  int64 // payloads of one speaker too many
	Stalls   int64 // times that the device stood still while it played, for 15 ms or more

	Speakers int           // heard now
	Jitter   time.Duration // of the speaker with the most, RFC 3550 6.4.1
	Delay    time.Duration // of the speaker with the most: from arrival to Device.Play
	In, Out  time.Duration // Device.Latency
}

// ConcealedShare is how much of what was heard was made up, 0 to 1.
func (s StreamStats) ConcealedShare() float64 {
	if s.Played == 0 {
		return 0
	}
	return float64(s.Concealed) / float64(s.Played)
}

// LostShare is how much of what was sent with marks did not come, 0 to 1.
func (s StreamStats) LostShare() float64 {
	if s.Expected == 0 {
		return 0
	}
	return float64(s.Lost) / float64(s.Expected)
}

func (s *StreamStats) add(o StreamStats) {
	s.Received += o.Received
	s.Expected += o.Expected
	s.Lost += o.Lost
	s.Repeated += o.Repeated
	s.Reordered += o.Reordered
	s.Late += o.Late
	s.Strange += o.Strange
	s.Played += o.Played
	s.Concealed += o.Concealed
	s.Missing += o.Missing
	s.Skipped += o.Skipped
}

// A Speaker is somebody who is heard.
type Speaker struct {
	ID       uint32  // SpeakerID; 0: all who send no marks
	Level    float64 // dB of full scale, of the last 20 ms; -96 is silence
	Speaking bool    // has been louder than -42 dB, and not yet softer than -50 dB for 0.4 s
	Stats    StreamStats
	Jitter   time.Duration
	Delay    time.Duration
}

// New makes a Call. Its first Tick may be at any time.
func New(c Config) *Call {
	call := &Call{
		device: c.Device, speaker: c.Speaker, number: int64(c.First) % numbers,
		gain: 256, table: newSincTable(), payload: make([]byte, 0, 2*205),
		own: meter{level: silence},
	}
	if call.device == nil {
		call.device = &Null{}
	}
	return call
}

// Tick does what is due: it sends what was captured, in pieces of 20 ms, and
// gives the device what is to be heard. It says when it wants to be called
// next, a Step later; being called sooner or later does no harm. The payload is
// the caller's only until send returns; send may be called often or not at all,
// and must not call the Call. A device that gives nothing, or has failed, is
// silence that is sent, so that the call does not end.
func (c *Call) Tick(now time.Time, send func(payload []byte)) (next time.Time) {
	c.record(now, send)
	c.playAll(now)
	c.drop(now, giveUp)
	if c.next = c.next.Add(Step); c.next.Before(now) || c.next.Sub(now) > Step {
		c.next = now.Add(Step)
	}
	return c.next
}

// playAll gives the device what it wants.
func (c *Call) playAll(now time.Time) {
	total := 0
	for range maxDue / chunk { // no more than a second at once
		n := min(c.device.Wants(now), chunk)
		if n <= 0 {
			break
		}
		c.mix(c.mixed[:n])
		c.device.Play(now, c.mixed[:n])
		total += n
	}
	if behind := c.stalled.took(now, total); behind != 0 {
		if behind > 0 {
			c.total.Stalls++
		}
		for _, s := range c.streams {
			s.moved -= float64(behind)
		}
	}
}

// record takes what the device heard.
func (c *Call) record(now time.Time, send func([]byte)) {
	if c.captured.IsZero() {
		c.captured = now
	}
	for range maxDue / len(c.heard) { // no more than a second at once
		n := c.device.Capture(now, c.heard[:])
		if n == 0 {
			break
		}
		c.captured, c.dry = now, false
		c.cut(c.heard[:n], send)
	}
	if !c.dry && now.Sub(c.captured) >= dryAfter {
		c.dry, c.silent = true, Pace{} // what was not sent is not made up for
	}
	if c.dry {
		due := c.silent.Due(now)
		c.silent.Took(due)
		n := min(due, dryMost)
		clear(c.heard[:n])
		c.cut(c.heard[:n], send)
	}
}

// cut fills pieces and sends those that are full.
func (c *Call) cut(samples []int16, send func([]byte)) {
	if c.muted {
		clear(samples)
	}
	for len(samples) > 0 {
		want := pieceLen(c.number)
		n := copy(c.piece[c.filled:want], samples)
		samples = samples[n:]
		if c.filled += n; c.filled < want {
			return
		}
		c.own.measure(c.piece[:want])
		c.payload = encode(c.payload[:0], c.piece[:want])
		if c.speaker != 0 {
			mark{c.speaker, uint16(c.number)}.write(c.payload)
		}
		c.filled, c.number = 0, (c.number+1)%numbers
		c.total.Sent++
		send(c.payload)
	}
}

// Heard takes a payload that came at now; it stays the caller's.
func (c *Call) Heard(now time.Time, payload []byte) {
	c.total.Payloads++
	payload = payload[:min(len(payload), MaxPayload)]
	samples := decode(c.heard[:], payload)
	if len(samples) == 0 {
		c.total.Strange++
		return
	}
	m, ok := readMark(payload, &c.scratch)
	if ok && m.speaker == c.speaker {
		c.total.Own++
		return
	}
	s := c.stream(now, m, ok)
	switch {
	case s == nil:
		c.total.Crowded++
	case ok:
		s.marked(now, m.number, samples)
	default:
		s.unmarked(now, payload, samples)
	}
}

// stream is that of the speaker; nil: there is no room.
func (c *Call) stream(now time.Time, m mark, marked bool) *stream {
	id := uint32(0)
	if marked {
		id = m.speaker
	}
	for _, s := range c.streams {
		if s.id == id {
			return s
		}
	}
	if len(c.streams) == MaxSpeakers {
		c.drop(now, makeRoom)
		if len(c.streams) == MaxSpeakers {
			return nil
		}
	}
	var s *stream
	if n := len(c.free); n > 0 {
		s, c.free = c.free[n-1], c.free[:n-1]
	} else {
		s = new(stream)
	}
	s.reset(id, c.table)
	c.streams = append(c.streams, s)
	return s
}

// drop lets go of speakers of whom nothing has come for so long.
func (c *Call) drop(now time.Time, after time.Duration) {
	kept := c.streams[:0]
	for _, s := range c.streams {
		if now.Sub(s.lastAt) < after {
			kept = append(kept, s)
			continue
		}
		c.total.add(s.StreamStats)
		c.free = append(c.free, s)
	}
	clear(c.streams[len(kept):])
	c.streams = kept
}

// mix adds up all speakers into dst, at most chunk samples. What is too loud is
// cut off.
func (c *Call) mix(dst []int16) {
	sum := c.sum[:len(dst)]
	clear(sum)
	for _, s := range c.streams {
		s.play(dst)
		for i, v := range dst {
			sum[i] += int32(v)
		}
	}
	for i, v := range sum {
		dst[i] = saturate(int32(int64(v) * int64(c.gain) >> 8))
	}
}

// Mute sends silence instead of what is captured, or no longer does.
func (c *Call) Mute(on bool) { c.muted = on }

// Muted reports what Mute was told.
func (c *Call) Muted() bool { return c.muted }

// Volume sets how loud the others are played: 100 is as they came, 0 nothing,
// 400 the most.
func (c *Call) Volume(percent int) {
	c.gain = int32(max(0, min(maxPercent, percent))*256+50) / 100
}

// Level is how loud we are, as Speaker.Level, and whether we speak.
func (c *Call) Level() (dB float64, speaking bool) { return c.own.level, c.own.talking }

// Speakers appends all who are heard to dst, in the order in which they came.
func (c *Call) Speakers(dst []Speaker) []Speaker {
	for _, s := range c.streams {
		dst = append(dst, Speaker{
			ID: s.id, Level: max(silence, s.meter.level), Speaking: s.meter.talking, Stats: s.StreamStats,
			Jitter: time.Duration(s.jitter * float64(time.Second)), Delay: samplesLast(s.delay),
		})
	}
	return dst
}

func samplesLast(n float64) time.Duration { return time.Duration(n * float64(time.Second) / Rate) }

// Stats is what happened so far.
func (c *Call) Stats() Stats {
	t := c.total
	for _, s := range c.streams {
		t.add(s.StreamStats)
		t.Jitter = max(t.Jitter, time.Duration(s.jitter*float64(time.Second)))
		t.Delay = max(t.Delay, samplesLast(s.delay))
	}
	t.Speakers = len(c.streams)
	t.In, t.Out = c.device.Latency()
	return t
}

// Err says why the device has stopped working; nil while it works.
func (c *Call) Err() error { return c.device.Err() }

// Close closes the device.
func (c *Call) Close() error { return c.device.Close() }
