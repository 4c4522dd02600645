package script

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// crowd is a World of so many people, all of them there.
type crowd int

func (c crowd) People() int { return int(c) }
func (c crowd) Other(self int, random uint64) int {
	if c < 2 {
		return 0
	}
	n := int(random%uint64(c-1)) + 1
	if n >= self {
		n++
	}
	return n
}

// follow carries out a script for one person, with a world where everything
// takes no time, and gives what it did and when, in tenths of a second.
func follow(t *testing.T, source string, n int, w World, heard map[time.Duration]int) string {
	t.Helper()
	s, err := Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	p, now := s.Begin(n, 7, 0), time.Duration(0)
	var out []string
	for range 60 {
		if from, ok := heard[now]; ok {
			p.Heard(from)
			delete(heard, now)
		}
		step := s.Step(&p, now, w)
		at := fmt.Sprintf("%d:", now/(100*time.Millisecond))
		switch step.Do {
		case End:
			return strings.Join(append(out, at+"end"), " ")
		case Sleep:
			now = step.At
		case Listen:
			next := step.At
			for when := range heard {
				if when > now && when < next {
					next = when
				}
			}
			now = next
		case Say:
			out = append(out, fmt.Sprintf("%ssay(%d %d %s %q %d)", at, step.Target, step.Number, step.Name, step.Text, step.Size))
		case Missed:
			out = append(out, fmt.Sprintf("%smissed(%d)", at, step.Line))
		default:
			out = append(out, fmt.Sprintf("%sdo%d(%s)", at, step.Do, step.Name))
		}
	}
	return strings.Join(append(out, "..."), " ")
}

func TestStep(t *testing.T) {
	for _, c := range []struct {
		what, source string
		n            int
		heard        map[time.Duration]int
		want         string
	}{
		{"waits add up", "wait 1s\nwait 500ms\nleave", 1, nil, "15:do7() 15:end"},
		{"times", "repeat 2 times\nwait 1s\npart #r{n}\nend\nleave", 3, nil, "10:do6(#r3) 20:do6(#r3) 20:do7() 20:end"},
		{"no times", "repeat 0 times\nleave\nend\nreturn", 1, nil, "0:do8() 0:end"},
		{"for a time", "repeat for 25 s\nwait 10s\njoin #a\nend", 1, nil, "100:do5(#a) 200:do5(#a) 300:do5(#a) 300:end"},
		{"nested", "repeat 2 times\nrepeat 2 times\nleave\nend\nreturn\nend", 1, nil, "0:do7() 0:do7() 0:do8() 0:do7() 0:do7() 0:do8() 0:end"},
		{"sections", "people odd\nleave\npeople 2\nreturn\npeople rest\njoin #x", 2, nil, "0:do8() 0:end"},
		{"the rest", "people odd\nleave\npeople 2\nreturn\npeople rest\njoin #x{n%3}", 4, nil, "0:do5(#x1) 0:end"},
		{"for nobody", "people 9\nleave", 4, nil, "0:end"},
		{"partner", "say partner \"hi {n}\"", 2, nil, `0:say(6 1  "hi 2" 0) 0:end`},
		{"no partner", "say partner\nexpect text from partner within 1s\nleave", 5, nil, "0:do7() 0:end"},
		{"size", "say ALL 100 bytes", 2, nil, `0:say(4 0  "" 100) 0:end`},
		{"a room by number", "say #r{n%2} \"x\"", 3, nil, `0:say(5 0 #r1 "x" 0) 0:end`},
		{"nothing chosen", "say them\nleave", 3, nil, "0:do7() 0:end"},
		{"chosen", "choose other\nsay them\nsay them", 1, nil, `0:say(6 3  "" 0) 0:say(6 3  "" 0) 0:end`},
		{"expected and missed", "expect a text within 2s\nleave", 1, nil, "20:missed(1) 20:do7() 20:end"},
		{"expected in time", "expect a text within 2s\nleave", 1, map[time.Duration]int{time.Second: 4}, "10:do7() 10:end"},
		{"heard before", "wait 2s\nexpect a text within 2s\nleave", 1, map[time.Duration]int{0: 4}, "20:do7() 20:end"},
		{"from another", "expect a text from person 2 within 2s", 1, map[time.Duration]int{time.Second: 4}, "20:missed(1) 20:end"},
		{"one text, one expect", "expect a text within 1s\nexpect a text within 1s", 1, map[time.Duration]int{0: 4}, "10:missed(2) 10:end"},
		{"everyone", "wait for everyone\nleave", 1, nil, "0:do3() 0:do7() 0:end"},
	} {
		if got := follow(t, c.source, c.n, crowd(5), c.heard); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.what, got, c.want)
		}
	}
}

// TestPlan: who is held up says at once what was due meanwhile, and the plan
// still says when each was due.
func TestPlan(t *testing.T) {
	s, err := Parse([]byte("repeat forever\nwait 1s\nsay ALL\nend"))
	if err != nil {
		t.Fatal(err)
	}
	p := s.Begin(1, 1, 0)
	if step := s.Step(&p, 0, crowd(2)); step.Do != Sleep || step.At != time.Second {
		t.Fatalf("first %+v", step)
	}
	var due []time.Duration
	late := 3500 * time.Millisecond
	for {
		step := s.Step(&p, late, crowd(2))
		if step.Do != Say {
			if step.Do != Sleep || step.At != 4*time.Second {
				t.Errorf("behind it %+v", step)
			}
			break
		}
		due = append(due, step.Due)
	}
	if fmt.Sprint(due) != "[1s 2s 3s]" {
		t.Errorf("due %v", due)
	}
}

// TestRepeatOfNothing: a repeat that takes no time rests now and then.
func TestRepeatOfNothing(t *testing.T) {
	s, _ := Parse([]byte("repeat forever\nend"))
	p := s.Begin(1, 1, 0)
	for now := time.Duration(0); now < 100*time.Millisecond; {
		step := s.Step(&p, now, crowd(1))
		if step.Do != Sleep || step.At <= now {
			t.Fatalf("at %v: %+v", now, step)
		}
		now = step.At
	}
}

// TestAlone: to choose another where there is none takes time, not the processor.
func TestAlone(t *testing.T) {
	s, _ := Parse([]byte("say other"))
	p := s.Begin(1, 1, 0)
	if step := s.Step(&p, 0, crowd(1)); step.Do != Sleep || step.At != nobodyYet {
		t.Fatalf("alone: %+v", step)
	}
	if step := s.Step(&p, nobodyYet, crowd(2)); step.Do != Say || step.Number != 2 || step.Due != nobodyYet {
		t.Errorf("when there is one: %+v", step)
	}
}

// TestDraws: waits have the distribution that the script asks for, and two
// people do not draw the same.
func TestDraws(t *testing.T) {
	s, _ := Parse([]byte("repeat forever\nwait about 1s\nend"))
	u, _ := Parse([]byte("repeat forever\nwait 1s to 3s\nend"))
	const n = 20_000
	p, q := s.Begin(1, 1, 0), u.Begin(2, 1, 0)
	long := 0
	for range n {
		d := p.span(&s.ops[1])
		if d > time.Second {
			long++
		}
		p.due += d
		d = q.span(&u.ops[1])
		if d < time.Second || d > 3*time.Second {
			t.Fatalf("evenly: %v", d)
		}
		q.due += d
	}
	if mean := p.due / n; mean < 970*time.Millisecond || mean > 1030*time.Millisecond {
		t.Errorf("about 1s: %v in the mean", mean)
	}
	if part := float64(long) / n; part < 0.35 || part > 0.39 { // 1/e
		t.Errorf("about 1s: %.3f of them are longer", part)
	}
	if mean := q.due / n; mean < 1970*time.Millisecond || mean > 2030*time.Millisecond {
		t.Errorf("1s to 3s: %v in the mean", mean)
	}
	a, b := s.Begin(1, 1, 0), s.Begin(2, 1, 0)
	if a.draw() == b.draw() {
		t.Error("two people draw the same")
	}
}

func TestHeardIsBounded(t *testing.T) {
	s, _ := Parse([]byte("expect a text from person 1 within 1s"))
	p := s.Begin(2, 1, 0)
	p.Heard(1)
	for range 100 {
		p.Heard(9)
	}
	if step := s.Step(&p, 0, crowd(9)); step.Do != Listen {
		t.Errorf("a text of long ago: %+v", step)
	}
	p.Heard(1)
	if step := s.Step(&p, 0, crowd(9)); step.Do != End {
		t.Errorf("the last text: %+v", step)
	}
}

// TestSize: there are tens of thousands of them.
func TestSize(t *testing.T) {
	if n := unsafe.Sizeof(Person{}); n > 120 {
		t.Errorf("a person takes %d bytes, want 120 at most", n)
	}
	s, _ := Parse([]byte("repeat forever\nwait 1s\nsay other \"hello\"\nend"))
	p, now := s.Begin(1, 1, 0), time.Duration(0)
	if n := testing.AllocsPerRun(100, func() {
		now += time.Second
		s.Step(&p, now, crowd(5))
		s.Step(&p, now, crowd(5))
	}); n > 1 { // the crowd of the test as a World
		t.Errorf("%v allocations a step", n)
	}
}
