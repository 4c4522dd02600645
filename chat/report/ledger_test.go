package report

import (
	"fmt"
	"testing"
	"time"
)

func set(of ...int) *Set {
	s := &Set{}
	for _, i := range of {
		s.Add(i)
	}
	return s
}

// TestLedger: each row sends texts and lets them arrive; says are the verdicts.
func TestLedger(t *testing.T) {
	type tally = Tally
	for _, c := range []struct {
		what string
		do   func(l *Ledger) []Verdict
		want tally
		says string
		open int
	}{
		{"all is well", func(l *Ledger) []Verdict {
			return got(l, l.Sent(1, 2, 0), 2, l.Sent(1, 3, 0), 3, l.Sent(2, 1, 0), 1)
		}, tally{Sent: 3, Expected: 3, Delivered: 3}, "[0 0 0]", 0},
		{"lost", func(l *Ledger) []Verdict {
			l.Sent(1, 2, 0)
			return got(l, l.Sent(1, 2, 0), 2)
		}, tally{Sent: 2, Expected: 2, Delivered: 1}, "[0]", 1},
		{"repeated", func(l *Ledger) []Verdict {
			a := l.Sent(1, 2, 0)
			return got(l, a, 2, a, 2)
		}, tally{Sent: 1, Expected: 1, Delivered: 1, Repeated: 1}, "[0 2]", 0},
		{"overtaken", func(l *Ledger) []Verdict {
			a, b := l.Sent(1, 2, 0), l.Sent(1, 2, 0)
			return got(l, b, 2, a, 2)
		}, tally{Sent: 2, Expected: 2, Delivered: 2, Reordered: 1}, "[0 1]", 0},
		{"different readers may be served in any order", func(l *Ledger) []Verdict {
			a, b := l.Sent(1, 2, 0), l.Sent(1, 3, 0)
			return got(l, b, 3, a, 2)
		}, tally{Sent: 2, Expected: 2, Delivered: 2}, "[0 0]", 0},
		{"astray", func(l *Ledger) []Verdict {
			a := l.Sent(1, 2, 0)
			return got(l, a, 3, a, 2)
		}, tally{Sent: 1, Expected: 1, Delivered: 1, Strayed: 1}, "[4 0]", 0},
		{"failed, and comes all the same", func(l *Ledger) []Verdict {
			a := l.Sent(1, 2, 0)
			l.Fail(a)
			l.Fail(a)
			return got(l, a, 2)
		}, tally{Sent: 1, Expected: 1, Failed: 1, Repeated: 1}, "[2]", 0},
		{"failed without a number", func(l *Ledger) []Verdict {
			a, b := l.Sent(1, 2, 0), l.Sent(1, 3, 0)
			l.FailTo(1, 3)
			_ = b
			return got(l, a, 2)
		}, tally{Sent: 2, Expected: 2, Delivered: 1, Failed: 1}, "[0]", 0},
		{"many", func(l *Ledger) []Verdict {
			a := l.SentMany(1, 0, set(1, 2, 3), 0)
			return got(l, a, 2, a, 3)
		}, tally{Sent: 1, Expected: 2, Delivered: 2}, "[0 0]", 0},
		{"many, repeated before and after the last has it", func(l *Ledger) []Verdict {
			a := l.SentMany(1, 0, set(1, 2, 3), 0)
			return got(l, a, 2, a, 2, a, 3, a, 3)
		}, tally{Sent: 1, Expected: 2, Delivered: 2, Repeated: 2}, "[0 2 0 2]", 0},
		{"somebody came into the room meanwhile", func(l *Ledger) []Verdict {
			a := l.SentMany(1, 5, set(1, 2), 0)
			return got(l, a, 4, a, 2, a, 4)
		}, tally{Sent: 1, Expected: 1, Delivered: 1}, "[3 0 3]", 0},
		{"many, overtaken for one of them", func(l *Ledger) []Verdict {
			a, b := l.SentMany(1, 0, set(2, 3), 0), l.SentMany(1, 0, set(2, 3), 0)
			return got(l, a, 2, b, 2, b, 3, a, 3)
		}, tally{Sent: 2, Expected: 4, Delivered: 4, Reordered: 1}, "[0 0 0 1]", 0},
		{"a text for one overtakes one for many", func(l *Ledger) []Verdict {
			a, b := l.SentMany(1, 0, set(2, 3), 0), l.Sent(1, 2, 0)
			return got(l, b, 2, a, 2, a, 3)
		}, tally{Sent: 2, Expected: 3, Delivered: 3, Reordered: 1}, "[0 1 0]", 0},
		{"excused", func(l *Ledger) []Verdict {
			a, b := l.SentMany(1, 7, set(2, 3), 0), l.SentMany(1, 8, set(2, 3), 0)
			l.Excuse(3, 7)
			return got(l, a, 2, b, 2)
		}, tally{Sent: 2, Expected: 4, Delivered: 2, Excused: 1}, "[0 0]", 1},
		{"many fail", func(l *Ledger) []Verdict {
			a := l.SentMany(1, 0, set(2, 3, 4), 0)
			v := got(l, a, 2)
			l.FailTo(1, 0)
			return v
		}, tally{Sent: 1, Expected: 3, Delivered: 1, Failed: 2}, "[0]", 0},
		{"to nobody", func(l *Ledger) []Verdict {
			l.SentMany(1, 0, set(1), 0)
			return nil
		}, tally{Sent: 1}, "[]", 0},
		{"numbers that nobody gave", func(l *Ledger) []Verdict {
			return got(l, 0, 1, 1, 1, 2, 1, 1<<63, 1)
		}, tally{}, "[3 3 3 3]", 0},
	} {
		l := NewLedger(10)
		v := c.do(l)
		if l.Tally != c.want || fmt.Sprint(v) != c.says || l.Open() != c.open {
			t.Errorf("%s:\n got %+v %v, %d open\nwant %+v %v, %d open", c.what, l.Tally, v, l.Open(), c.want, c.says, c.open)
		}
		if lost := l.Expected - l.Delivered - l.Failed - l.Excused; l.Lost() != lost {
			t.Errorf("%s: %d lost, want %d", c.what, l.Lost(), lost)
		}
	}
}

// got lets texts arrive: number, reader, number, reader ...
func got(l *Ledger, pairs ...uint64) (v []Verdict) {
	for i := 0; i < len(pairs); i += 2 {
		_, verdict := l.Got(pairs[i], int(pairs[i+1]))
		v = append(v, verdict)
	}
	return v
}

func TestDueOfText(t *testing.T) {
	l := NewLedger(3)
	id := l.Sent(1, 2, 3*time.Second)
	if due, _ := l.Got(id, 2); due != 3*time.Second {
		t.Errorf("due %v", due)
	}
}

// TestLedgerIsSmall: what has arrived takes no memory, however much it was.
func TestLedgerIsSmall(t *testing.T) {
	l := NewLedger(100)
	all := &Set{}
	for i := range 100 {
		all.Add(i + 1)
	}
	round := func() {
		a, b := l.Sent(1, 2, 0), l.SentMany(3, 0, all, 0)
		l.Got(a, 2)
		for i := range 100 {
			if i+1 != 3 {
				l.Got(b, i+1)
			}
		}
	}
	for range 1000 {
		round()
	}
	if n := testing.AllocsPerRun(1000, round); n != 0 {
		t.Errorf("%v allocations for texts that arrive", n)
	}
	if l.Open() != 0 || l.Lost() != 0 || l.Reordered+l.Repeated != 0 {
		t.Errorf("%+v, %d open", l.Tally, l.Open())
	}
}
