package asked

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"mim/chat"
)

var (
	begin = time.Unix(1e9, 0)
	login = &chat.Login{Name: "alice"}
	say   = &chat.Say{To: []byte("bob")}
	other = &chat.Say{To: []byte("ann")}
	who   = &chat.WhoElse{}
	no    = chat.Errorf(chat.Refused, "no")
)

func isSay(r chat.Request) bool { _, ok := r.(*chat.Say); return ok }

func isWho(r chat.Request) bool { _, ok := r.(*chat.WhoElse); return ok }

func isAny(chat.Request) bool { return true }

// outcomes takes what can be reported, a line each.
func outcomes(q *Queue) (all []string) {
	for a := (chat.Answer{}); q.Pop(&a); {
		says := "done"
		if e := (*chat.Error)(nil); errors.As(a.Err, &e) {
			says = e.Kind.String()
		}
		all = append(all, fmt.Sprintf("%T %s", a.To, says))
	}
	return all
}

// TestQueue: whose an answer is, what is reported for those before it, and
// when the rest is.
func TestQueue(t *testing.T) {
	for _, c := range []struct {
		what    string
		asks    []chat.Request
		does    func(*Queue) bool // nil: no answer comes
		settles bool
		want    []string // at once
		due     time.Duration
		later   []string // when that has passed; due 0: never
	}{
		{"nothing", nil, func(q *Queue) bool { return q.Settle(q.Last(isAny), chat.Answer{}) }, false, nil, 0, nil},
		{"a quiet one went well", []chat.Request{say}, nil, false, nil, QuietWithin, []string{"*chat.Say done"}},
		{"an answer is lost", []chat.Request{who}, nil, false, nil, AnswerWithin, []string{"*chat.WhoElse toolate"}},
		{"a login has no time", []chat.Request{login}, nil, false, nil, 0, nil},
		{"of two that fit, the last", []chat.Request{say, other},
			func(q *Queue) bool { return q.Settle(q.Last(isAny), chat.Answer{Err: no}) }, true,
			[]string{"*chat.Say done", "*chat.Say refused"}, 0, nil},
		{"not behind one that is answered", []chat.Request{say, who, other},
			func(q *Queue) bool { return q.Settle(q.Last(isSay), chat.Answer{Err: no}) }, true,
			[]string{"*chat.Say refused"}, QuietWithin, nil},
		{"none fits", []chat.Request{say},
			func(q *Queue) bool { return q.Settle(q.Last(isWho), chat.Answer{}) }, false,
			nil, QuietWithin, []string{"*chat.Say done"}},
		{"passed over", []chat.Request{who, say},
			func(q *Queue) bool { return q.Settle(q.First(isSay), chat.Answer{}) }, true,
			[]string{"*chat.WhoElse toolate", "*chat.Say done"}, 0, nil},
		{"one alone, in its turn", []chat.Request{say, login},
			func(q *Queue) bool { q.Finish(q.First(IsLogin), chat.Answer{}); return true }, true,
			nil, QuietWithin, []string{"*chat.Say done", "*chat.Login done"}},
	} {
		q := New(isSay)
		for _, r := range c.asks {
			q.Push(r, nil)
		}
		next := q.Due(begin)
		if c.does != nil {
			if got := c.does(&q); got != c.settles {
				t.Errorf("%s: settled %v, want %v", c.what, got, c.settles)
			}
			next = time.Time{}
		}
		if got := outcomes(&q); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
		if c.does == nil && c.due > 0 && !next.Equal(begin.Add(c.due)) || c.due == 0 && !next.IsZero() {
			t.Errorf("%s: due %v", c.what, next)
		}
		q.Due(begin.Add(c.due - 1))
		if got := outcomes(&q); got != nil {
			t.Errorf("%s: too early %q", c.what, got)
		}
		q.Due(begin.Add(c.due))
		if got := outcomes(&q); !slices.Equal(got, c.later) {
			t.Errorf("%s: later %q, want %q", c.what, got, c.later)
		}
	}
}

// TestNotAsked: what was not asked is reported at once, but in its turn.
func TestNotAsked(t *testing.T) {
	q := New(isSay)
	q.Push(say, no)
	if next := q.Due(begin); !next.Equal(begin) || q.Open() != 0 {
		t.Errorf("due %v, %d open", next, q.Open())
	}
	if next := q.Due(begin); !next.IsZero() {
		t.Errorf("and due again %v", next)
	}
	if got := outcomes(&q); !slices.Equal(got, []string{"*chat.Say refused"}) {
		t.Errorf("%q", got)
	}
	q.Push(who, nil)
	q.Push(say, no)
	if got := outcomes(&q); got != nil {
		t.Errorf("before its turn: %q", got)
	}
}

// TestFull: Max may be open, one more is too fast, until there is room.
func TestFull(t *testing.T) {
	q := New(isSay)
	for range Max {
		if err := q.Full(); err != nil {
			t.Fatal(err)
		}
		q.Push(who, nil)
	}
	if e := (*chat.Error)(nil); !errors.As(q.Full(), &e) || e.Kind != chat.TooFast {
		t.Errorf("%d are open: %v", q.Open(), q.Full())
	}
	if q.Settle(0, chat.Answer{}); q.Full() != nil || q.Open() != Max-1 {
		t.Errorf("%d are open: %v", q.Open(), q.Full())
	}
	q.Finish(0, chat.Answer{Err: no}) // it has an outcome already
	if got := outcomes(&q); !slices.Equal(got, []string{"*chat.WhoElse done"}) || q.Open() != Max-1 {
		t.Errorf("%q, %d open", got, q.Open())
	}
}
