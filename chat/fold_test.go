package chat

import (
	"testing"
	"unicode/utf8"
)

func TestFold(t *testing.T) {
	for _, c := range []struct {
		what, a, b string
		same       bool
	}{
		{"case", "Alice", "aLICE", true},
		{"case beyond ASCII", "JÜRGEN", "jürgen", true},
		{"wide letters", "\uff21\uff4c\uff49\uff43\uff45", "alice", true},
		{"Cyrillic a", "\u0430lice", "alice", true},
		{"a Cyrillic capital", "\u0410lice", "alice", true},
		{"Greek omicron", "b\u03bfb", "bob", true},
		{"composed and not", "ju\u0308rgen", "j\u00fcrgen", true},
		{"a filler inside", "bo\u3164b", "bob", true},
		{"accents are letters of their own", "jürgen", "jurgen", false},
		{"digits and letters of ASCII", "bob1", "bobl", false},
		{"rn and m", "corn", "com", false},
		{"blanks count", "anna maria", "annamaria", false},
	} {
		if got := Fold(c.a) == Fold(c.b); got != c.same {
			t.Errorf("%s: %q folds to %q, %q to %q", c.what, c.a, Fold(c.a), c.b, Fold(c.b))
		}
	}
}

// TestFoldAllocatesNothing: names in lower-case ASCII, which are most, cost nothing.
func TestFoldAllocatesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Fold("alice") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"alice", "\u0410lice", "\u00df\u1e9e", "\u0130", "\u03a3\u03c3\u03c2", "\u3164", "a\u0301\u0327", "\ufb01", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 3*MaxNameUnits || !utf8.ValidString(s) {
			return
		}
		once := Fold(s)
		if CheckName(s) == nil && Fold(once) != once {
			t.Errorf("%q folds to %q, that to %q", s, once, Fold(once))
		}
	})
}
