// Package script is the language in which a load test says what its people do,
// and each person's way through it as a state machine. It knows no network: a
// driver asks for the next step, carries it out and asks again.
//
// A script is lines of words. "#" and a blank begin a comment, "#room" is a
// room. docs/LOAD.md teaches it; in short:
//
//	ramp 500 per second            so many log in
//	stop after 30s                 counted from when all are in, or sooner if all are at the end
//	people all                     whose lines follow: all (also without this
//	                               line), odd, even, rest, 7, 1 to 10
//	say to TARGET "text"           or 200 bytes, or nothing
//	wait 2s                        wait 1s to 3s: evenly between them
//	wait about 1s                  exponentially distributed, this in the mean
//	wait for everyone              until all have logged in
//	expect a text within 2s        from anyone, or: from TARGET
//	choose other                   somebody at random, "them" from now on
//	join #room, part #room         and wait until it is so
//	leave, return                  log out, log in again
//	repeat 10 times ... end        also: repeat for 30s, repeat forever
//
// TARGET is other (somebody at random), partner (of 1 it is 2, of 2 it is 1),
// them (chosen last), ALL, #room, person 7, or a name; one that is a word of
// the language, or has blanks, stands in quotes. In texts, names and rooms {n}
// is the person's number, from 1, and {n%20} the rest of dividing it by 20.
//
// Waits are a plan: each begins when the one before should have ended, however
// late that was. So a person who is held up says what is due at once
// afterwards, and how late it came is measured from when it was due.
package script

import (
	"fmt"
	"slices"
	"time"
)

// Bounds of a script.
const (
	MaxSize   = 256 << 10 // bytes
	MaxPeople = 1 << 20
	maxOps    = 10_000
	maxNested = 4 // repeats within each other
	maxTimes  = 1_000_000_000
	maxSpan   = 30 * 24 * time.Hour
	maxWord   = 1024 // bytes of a name, a room, a number
)

// A Script is what was parsed. It is immutable.
type Script struct {
	Ramp  float64       // logins per second; 0: as fast as the server takes them
	Stop  time.Duration // from when all are in; 0: when all have come to their end
	ops   []op
	parts []section
}

// A section is what some of the people do.
type section struct {
	who         who
	first, last int // inRange
	begin       int // index into ops
}

// who says whom a section is for.
type who uint8

const (
	everyone who = iota
	odd
	even
	inRange
)

func (s *section) has(n int) bool {
	switch s.who {
	case odd:
		return n%2 == 1
	case even:
		return n%2 == 0
	case inRange:
		return s.first <= n && n <= s.last
	}
	return true
}

// Target says who is meant; see the package's comment.
type Target uint8

const (
	Anyone  Target = iota // of an expect only
	Other                 // somebody at random
	Partner               // of 1 it is 2, of 2 it is 1
	Them                  // who was chosen last
	All                   // everyone who is here
	Room                  // those in a room
	Number                // one of the people by number
	Named                 // a name that need not be of these people
)

// verb is what an op does.
type verb uint8

const (
	end verb = iota // of the script
	say
	wait
	waitAbout
	barrier
	expect
	choose
	join
	part
	leave
	comeBack
	repeatTimes
	repeatFor
	forever
	again // the end of a repeat
)

// An op is one line that is carried out.
type op struct {
	verb   verb
	target Target
	depth  uint8 // of a repeat and its end
	line   int32
	column int32
	number int32         // of a person; of times
	size   int32         // of a text in bytes; 0: words as they are
	jump   int32         // of a repeat: behind its end; of an end: the op behind its repeat
	least  time.Duration // of a wait, an expect, a repeat
	most   time.Duration // of a wait between two times
	words  string        // a text
	name   string        // of a target, a room
}

// An Error says what is wrong with a script, where, counted from 1, and what
// to write instead. Column counts bytes.
type Error struct {
	Line, Column int
	Text         string
}

func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Text)
}

func errorAt(line, column int, format string, args ...any) *Error {
	return &Error{line, column, fmt.Sprintf(format, args...)}
}

// Names reports whether the script speaks to people by name, who need not be of
// its crowd.
func (s *Script) Names() bool {
	return slices.ContainsFunc(s.ops, func(o op) bool { return o.target == Named })
}

// A Can is what a dialect and a crowd can do, for Check.
type Can struct {
	Dialect string
	People  int // at least 1
	All     bool
	Rooms   bool
	Names   bool // texts for people who are not of the crowd
	MaxText int  // bytes of a text; 0: no bound
	MinText int  // bytes that the driver puts in front of it
}

// Check says what cannot be done as it is written; nil: nothing.
func (s *Script) Check(can Can) error {
	for i := range s.ops {
		o := &s.ops[i]
		if o.verb != say && o.verb != expect && o.verb != join && o.verb != part {
			continue
		}
		room := o.verb == join || o.verb == part || o.target == Room
		switch fail := func(format string, args ...any) error {
			return errorAt(int(o.line), int(o.column), format, args...)
		}; {
		case room && !can.Rooms:
			return fail("%s has no rooms", can.Dialect)
		case o.target == All && !can.All && o.verb == say:
			return fail("by %s nothing can be said to ALL", can.Dialect)
		case o.target == Number && int(o.number) > can.People:
			return fail("there is no person %d, the last is %d (--count)", o.number, can.People)
		case o.target == Named && !can.Names && o.verb == say:
			return fail("by %s a person of a crowd knows only those of the crowd: say it to \"person 7\", for one", can.Dialect)
		case (o.target == Other || o.target == Partner) && can.People < 2:
			return fail("there is nobody else: --count is 1")
		case o.verb == say && can.MaxText > 0 && can.MinText+max(len(o.words), int(o.size)) > can.MaxText:
			return fail("a text by %s has at most %d bytes in a load test, with %d in front that tell it from others", can.Dialect, can.MaxText, can.MinText)
		}
	}
	return nil
}
