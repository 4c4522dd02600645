package codectest

import (
	"strings"
	"testing"
)

// Prompt has nothing to say, but for toys that say it wrong.
func (s *toySession) Prompt(dst []byte) []byte {
	switch s.breaks {
	case "prompts without end":
		return append(dst, "W\n"...)
	case "prompts over it":
		return append(dst[:0], 'x')
	case "panics at the prompt":
		panic("what next?")
	}
	return dst
}

func TestBrokenPromptsAreCaught(t *testing.T) {
	for _, c := range []struct{ breaks, says string }{
		{"prompts without end", "Prompt has something to say again and again"},
		{"prompts over it", "Prompt touches bytes before len(dst)"},
		{"panics at the prompt", "Prompt panics: what next?"},
	} {
		err := ruleNamed(t, "any bytes").check(toySuite(c.breaks))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.breaks, err)
		}
	}
}

// TestFirstIsForgotten: what logs an end in is no part of what it reads.
func TestFirstIsForgotten(t *testing.T) {
	s := toySuite("")
	end := s.Pairs[0].Ends[0]
	end.First = []byte("L1 alice\n")
	e, err := open(s.Dialect, end, manner{})
	if err != nil || len(e.got)+len(e.wrote) > 0 {
		t.Fatalf("got %q, wrote %q, %v", e.got, e.wrote, err)
	}
	end.First = []byte("L1 alice\nhalf")
	if _, err := open(s.Dialect, end, manner{}); err == nil {
		t.Error("a login that leaves bytes passes")
	}
}
