package script

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// A Person is how far one of the people is in a script: 120 bytes. Times are
// counted from the start of the run.
type Person struct {
	due    time.Duration // when what comes next should happen
	until  time.Duration // of an expect that waits; 0: none does
	random uint64
	counts [maxNested]time.Duration // of the repeats we are in: times left, or when it ends
	heard  [8]int32                 // who said something that no expect has taken, the last ones
	number int32
	them   int32
	op     int32
	texts  uint8 // in heard
	ended  bool
}

// Begin puts person n (from 1) at the beginning of what it does, at now. All
// chance comes from the seed.
func (s *Script) Begin(n int, seed uint64, now time.Duration) Person {
	p := Person{number: int32(n), due: now, random: seed ^ uint64(n)*0x9e3779b97f4a7c15, ended: true}
	for i := range s.parts {
		if s.parts[i].has(n) {
			p.op, p.ended = int32(s.parts[i].begin), false
			break
		}
	}
	return p
}

// Do is what a driver has to do next for a person.
type Do uint8

const (
	// End: nothing; it is at its end and only listens.
	End Do = iota
	// Sleep: Step again at Step.At, not before.
	Sleep
	// Listen: Step again when something was Heard, or at Step.At.
	Listen
	// Everyone: Step again when all have logged in, and tell it by Late.
	Everyone
	// Say: Step.Text to Step.Target; Step again at once.
	Say
	// Join, Part: Step.Name. Step again when it is so, or refused.
	Join
	Part
	// Leave, Return: log out, log in again. Step again when it is so.
	Leave
	Return
	// Missed: a text that was expected did not come. Step again at once.
	Missed
)

// A Step is the next thing of a person.
type Step struct {
	Do     Do
	Target Target        // of Say: Number, Named, All or Room
	Number int           // of Target Number: the person
	Name   string        // of Target Named, Room and of Join, Part
	Text   string        // of Say; may be empty
	Size   int           // of Say: Text is to have so many bytes; 0: as it is
	At     time.Duration // of Sleep and Listen
	Due    time.Duration // when it should have happened, by the plan
	Line   int           // of the script
}

// A World is what a person must know of the others.
type World interface {
	// People is how many there are in all.
	People() int
	// Other is one of those who are logged in, but not self, by a number that is
	// drawn evenly from all; 0: there is none.
	Other(self int, random uint64) int
}

const (
	// budget is how many lines one Step goes over that take no time. A repeat of
	// nothing else rests for a moment then.
	budget = 1000
	rest   = time.Millisecond
	// nobodyYet is how long a person waits when there is no other to choose.
	nobodyYet = 50 * time.Millisecond
)

// Step goes on to the next thing that a driver has to do. It may be called
// again and again: what waits says so again, with the same At.
func (s *Script) Step(p *Person, now time.Duration, w World) Step {
	for range budget {
		if p.ended {
			return Step{Do: End}
		}
		o := &s.ops[p.op]
		step := Step{Due: p.due, Line: int(o.line)}
		switch o.verb {
		case end:
			p.ended = true
		case say:
			if s.say(p, o, now, w, &step) {
				return step
			}
		case wait, waitAbout:
			if p.until == 0 { // it begins
				p.due += p.span(o)
				p.until = 1
			}
			if now < p.due {
				step.Do, step.At = Sleep, p.due
				return step
			}
			p.until, p.op = 0, p.op+1
		case barrier:
			p.op++
			step.Do = Everyone
			return step
		case expect:
			if s.expect(p, o, now, w, &step) {
				return step
			}
		case choose:
			if p.choose(now, w, &step); step.Do == Sleep {
				return step
			}
			p.op++
		case join, part, leave, comeBack:
			step.Do = Join + Do(o.verb-join) // both lists have the same order
			step.Name = p.fill(o.name)
			p.op++
			return step
		default:
			p.repeat(s, o, now)
		}
	}
	p.due = max(p.due, now+rest)
	return Step{Do: Sleep, At: p.due, Due: p.due}
}

// Late says that what comes next does so from now on: what went before took as
// long as it took, and no plan could know it.
func (p *Person) Late(now time.Duration) { p.due = max(p.due, now) }

// Heard says that somebody said something to the person: one of the people by
// number, or 0. Of what nobody expects the last few are remembered.
func (p *Person) Heard(from int) {
	if int(p.texts) == len(p.heard) {
		copy(p.heard[:], p.heard[1:])
		p.texts--
	}
	p.heard[p.texts] = int32(from)
	p.texts++
}

// Ended reports whether the person only listens any more.
func (p *Person) Ended() bool { return p.ended }

// Number is which of the people it is, from 1.
func (p *Person) Number() int { return int(p.number) }

// say finds for whom a text is; false: there is nobody, now or ever.
func (s *Script) say(p *Person, o *op, now time.Duration, w World, step *Step) bool {
	step.Do, step.Target, step.Text, step.Size = Say, o.target, p.fill(o.words), int(o.size)
	switch o.target {
	case Other:
		if p.choose(now, w, step); step.Do == Sleep {
			return true
		}
		step.Do, step.Target, step.Number = Say, Number, int(p.them)
	case Them, Partner, Number:
		step.Target, step.Number = Number, p.who(o, w)
		if step.Number == 0 {
			p.op++
			return false
		}
	default:
		step.Name = p.fill(o.name)
	}
	p.op++
	return true
}

// who is the person that a line means; 0: there is none.
func (p *Person) who(o *op, w World) int {
	switch o.target {
	case Them:
		return int(p.them)
	case Number:
		return int(o.number)
	}
	n := int(p.number-1) ^ 1 + 1
	if n > w.People() {
		return 0
	}
	return n
}

// choose picks somebody, or sleeps until there may be one.
func (p *Person) choose(now time.Duration, w World, step *Step) {
	them := w.Other(int(p.number), p.draw())
	if them == 0 {
		p.due = max(p.due, now+nobodyYet)
		step.Do, step.At, step.Due = Sleep, p.due, p.due
		return
	}
	p.them = int32(them)
}

// expect takes a text that was heard, or waits for it; false: it was there.
func (s *Script) expect(p *Person, o *op, now time.Duration, w World, step *Step) bool {
	from := int32(0)
	if o.target != Anyone {
		if from = int32(p.who(o, w)); from == 0 { // who has no partner expects nothing
			p.op++
			return false
		}
	}
	if p.until == 0 {
		p.until = max(p.due, now) + o.least
	}
	for i, who := range p.heard[:p.texts] {
		if o.target == Anyone || who == from {
			copy(p.heard[i:], p.heard[i+1:p.texts])
			p.texts--
			p.until, p.op = 0, p.op+1
			p.Late(now)
			return false
		}
	}
	step.Do, step.At = Listen, p.until
	if now >= p.until {
		step.Do = Missed
		p.until, p.op = 0, p.op+1
		p.Late(now)
	}
	return true
}

// repeat carries out the beginning or the end of a repeat.
func (p *Person) repeat(s *Script, o *op, now time.Duration) {
	if o.verb == again {
		p.op = o.jump
		begin := &s.ops[o.jump]
		switch begin.verb {
		case repeatTimes:
			p.counts[o.depth]--
			p.pass(begin, p.counts[o.depth] > 0)
		case repeatFor:
			p.pass(begin, max(p.due, now) < p.counts[o.depth])
		default:
			p.pass(begin, true)
		}
		return
	}
	switch o.verb {
	case repeatTimes:
		p.counts[o.depth] = time.Duration(o.number)
		p.pass(o, o.number > 0)
	case repeatFor:
		p.counts[o.depth] = p.due + o.least
		p.pass(o, o.least > 0)
	default:
		p.pass(o, true)
	}
}

// pass goes into a repeat, whose beginning p is at, or behind it.
func (p *Person) pass(begin *op, in bool) {
	if in {
		p.op++
	} else {
		p.op = begin.jump
	}
}

// span draws how long a wait is.
func (p *Person) span(o *op) time.Duration {
	if o.verb == waitAbout {
		// 1-u is in (0, 1]: its logarithm is finite.
		u := float64(p.draw()>>11) / (1 << 53)
		return time.Duration(-math.Log(1-u) * float64(o.least))
	}
	wide, _ := bits.Mul64(p.draw(), uint64(o.most-o.least)+1)
	return o.least + time.Duration(wide)
}

// draw gives 64 random bits (splitmix64, Steele, Lea and Flood 2014).
func (p *Person) draw() uint64 {
	p.random += 0x9e3779b97f4a7c15
	z := p.random
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// fill puts the person's number into what has braces.
func (p *Person) fill(s string) string {
	if strings.IndexByte(s, '{') < 0 {
		return s
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '{')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		j := i + strings.IndexByte(s[i:], '}')
		n := int(p.number)
		if by, ok := strings.CutPrefix(s[i+1:j], "n%"); ok {
			k, _ := strconv.Atoi(by) // isField has seen it
			n %= k
		}
		b.WriteString(s[:i])
		b.WriteString(strconv.Itoa(n))
		s = s[j+1:]
	}
}
