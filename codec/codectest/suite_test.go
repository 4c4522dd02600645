package codectest

import (
	"strings"
	"testing"

	"mim/chat"
)

func TestGoodToyPasses(t *testing.T) { Run(t, toySuite("")) }

func FuzzToyRead(f *testing.F)  { FuzzRead(f, toySuite("")) }
func FuzzToyWrite(f *testing.F) { FuzzWrite(f, toySuite("")) }

// TestBrokenToysAreCaught: each way to break a rule has a toy that does, and
// the rule's check says so in words that lead to it.
func TestBrokenToysAreCaught(t *testing.T) {
	for _, c := range []struct{ breaks, rule, says string }{
		{"trusts segments", "split anywhere", "in one piece it gives"},
		{"holds on to them", "split anywhere", "in one piece it gives"},
		{"changes its bytes", "split anywhere", "changed the bytes"},
		{"panics", "any bytes", "panics"},
		{"takes too much", "any bytes", "Next took"},
		{"takes less than nothing", "any bytes", "Next took -1 bytes"},
		{"never ends", "any bytes", "took no bytes"},
		{"keeps all", "any bytes", "the bound is 1001"},
		{"injects", "one in, one out", "read"},
		{"leaves the end out", "one in, one out", "waits for more"},
		{"garbles", "one in, one out", `without ["bob"]`},
		{"does not read what it writes", "one in, one out", "read\n\tnothing"},
		{"is deaf after a notice", "one in, one out", "instead of"},
		{"forgets people", "one in, one out", "of a page of 3 people"},
		{"overwrites", "append only", "touches bytes before len(dst)"},
		{"overwrites what it leaves", "append only", "touches bytes before len(dst)"},
		{"starts anew", "append only", "touches bytes before len(dst)"},
		{"answers over it", "any bytes", "Answer touches bytes before len(dst)"},
		{"starts over it", "append only", "Start touches bytes before len(dst)"},
		{"counts", "append only", "at the second call"},
		{"keeps what it wrote", "append only", "at the second call"},
		{"edits the event", "append only", "the event was changed"},
		{"tells what it saw", "split anywhere", "in one piece it gives"},
		{"tells time apart", "split anywhere", "in one piece it gives"},
		{"changes its bytes at rest", "split anywhere", "Idle changed the bytes"},
		{"does not wait", "split anywhere", "behind a Refuse that is the last"},
		{"counts letters otherwise", "split anywhere", "without that"},
		{"knows no failure", "split anywhere", "Answer panics: it went wrong"},
		{"never wakes", "one in, one out", "server waits for more"},
		{"panics at rest", "any bytes", "Idle panics"},
		{"panics at the end", "any bytes", "Idle panics: nothing will ever follow"},
		{"takes too much at rest", "any bytes", "Idle took"},
		{"never rests", "any bytes", "took no bytes"},
		{"panics in time", "any bytes", "Due panics: too late"},
		{"is always due", "any bytes", "again and again"},
		{"panics when told", "any bytes", "Count panics"},
		{"hurries", "any bytes", "Gap is -1ns"},
		{"panics when all is over", "any bytes", "End panics"},
		{"is never over", "any bytes", "took no bytes"},
		{"takes too much when all is over", "any bytes", "End took"},
		{"changes its bytes when all is over", "any bytes", "End changed the bytes"},
		{"is deaf at rest", "one in, one out", "server waits for more"},
		{"is deaf in time", "one in, one out", "client waits for more"},
		{"says each line", "one in, one out", "read"},
		{"says the first line", "one in, one out", `without ["two\\nlines" "two lines"]`},
		{"writes badly once it was told", "one in, one out", "waits for more"},
		{"writes over it in time", "any bytes", "Due touches bytes before len(dst)"},
		{"documents not all", "page", "no row for the event Notice"},
	} {
		t.Run(c.breaks, func(t *testing.T) {
			err := ruleNamed(t, c.rule).check(toySuite(c.breaks))
			if err == nil {
				t.Fatalf("%q passes", c.rule)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q says %q, not a word of %q", c.rule, err, c.says)
			}
		})
	}
}

func ruleNamed(t *testing.T, name string) rule {
	for _, r := range rules {
		if r.name == name {
			return r
		}
	}
	t.Fatalf("no rule %q", name)
	return rule{}
}

// TestEveryKindIsSampled: the samples hold each kind of event, so that a new
// kind in package chat cannot be forgotten here.
func TestEveryKindIsSampled(t *testing.T) {
	for _, kind := range chat.EventKinds() {
		word, _, _ := strings.Cut(describe(kind), " ")
		found := false
		for _, m := range toySuite("").samples() {
			found = found || strings.HasPrefix(describe(m.value), word)
		}
		if !found {
			t.Errorf("no sample of %s", word)
		}
	}
}
