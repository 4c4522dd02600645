package voice

import "time"

// A Device is where sound comes from and where it goes: a sound card
// (chat/voice/pulse), files (chat/voice/wav), or Null. All samples are at Rate,
// mono. Its methods are called by one goroutine and do not wait for sound or
// for another machine. A device that has stopped working captures nothing and
// wants nothing.
type Device interface {
	// Capture fills dst with what was recorded and not captured yet, oldest
	// first, and says how many samples that were; 0 if there is none now.
	Capture(now time.Time, dst []int16) int

	// Wants is how many samples Play should be given now, so that nothing is
	// missing until the next Tick of a Call. It may be large after a pause.
	Wants(now time.Time) int

	// Play takes samples to be heard behind those it has; src stays the
	// caller's. Of more than it wants it may drop some.
	Play(now time.Time, src []int16)

	// Latency is how old a sample is when Capture gives it, and how long one
	// takes from Play to the ear.
	Latency() (in, out time.Duration)

	// Err says why the device has stopped working; nil while it works.
	Err() error

	// Close frees the device; only the first call does anything.
	Close() error
}

// A Pace counts the samples that are due by a clock: for devices that have none
// of their own.
type Pace struct {
	from time.Time
	done int64
}

// maxDue is the most samples that a Pace lets pile up, a second: what is more
// was slept through.
const maxDue = Rate

// Due is how many samples are due at now beyond those of Took. It is 0 at the
// first call, which starts the count, and if the clock has gone back.
func (p *Pace) Due(now time.Time) int {
	if p.from.IsZero() {
		p.from = now
	}
	due := p.at(now) - p.done
	if due > maxDue {
		p.done += due - maxDue
		due = maxDue
	}
	return int(max(due, 0))
}

// at is how many samples lie between the start and now, rounded down.
func (p *Pace) at(now time.Time) int64 { return samplesIn(now.Sub(p.from)) }

// Took says that n of those which were due are dealt with.
func (p *Pace) Took(n int) { p.done += int64(n) }

// Null is a Device that hears silence and plays to nobody, at the pace of the
// times it is given. Its zero value is ready.
type Null struct{ in, out Pace }

// Capture gives as many zeros as are due.
func (d *Null) Capture(now time.Time, dst []int16) int {
	n := min(len(dst), d.in.Due(now))
	clear(dst[:n])
	d.in.Took(n)
	return n
}

// Wants is what is due.
func (d *Null) Wants(now time.Time) int { return d.out.Due(now) }

// Play drops src.
func (d *Null) Play(_ time.Time, src []int16) { d.out.Took(len(src)) }

// Latency is none.
func (d *Null) Latency() (in, out time.Duration) { return 0, 0 }

// Err is nil.
func (d *Null) Err() error { return nil }

// Close does nothing.
func (d *Null) Close() error { return nil }
