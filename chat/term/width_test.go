package term

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

var (
	byCode     = ruler{ansi.WcWidth}
	byGrapheme = ruler{ansi.GraphemeWidth}
)

const family = "👨\u200d👩\u200d👧"

func TestWidth(t *testing.T) {
	for _, c := range []struct {
		what, s        string
		code, grapheme int
	}{
		{"nothing", "", 0, 0},
		{"letters", "hello", 5, 5},
		{"Chinese", "你好", 4, 4},
		{"an accent of its own", "e\u0301", 1, 1},
		{"an emoji", "🍲", 2, 2},
		{"a family", family, 6, 2},
		{"a style", "\x1b[1mbold\x1b[m", 4, 4},
	} {
		t.Run(c.what, func(t *testing.T) {
			if n := byCode.width(c.s); n != c.code {
				t.Errorf("by code points: %d, want %d", n, c.code)
			}
			if n := byGrapheme.width(c.s); n != c.grapheme {
				t.Errorf("by graphemes: %d, want %d", n, c.grapheme)
			}
		})
	}
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		s     string
		cells int
		want  string
	}{
		{"bob", 5, "bob  "}, {"bob", 3, "bob"}, {"bobby", 4, "bob…"}, {"你好吗", 5, "你好…"}, {"你好吗", 4, "你… "},
		{"bob", 0, ""}, {"bob", 1, "…"}, {"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
	} {
		if got := byGrapheme.fit(c.s, c.cells); got != c.want {
			t.Errorf("fit(%q, %d) is %q, want %q", c.s, c.cells, got, c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		what, s string
		cells   int
		want    []string
	}{
		{"nothing", "", 10, []string{""}},
		{"fits", "lunch?", 10, []string{"lunch?"}},
		{"at a blank", "lunch at twelve", 10, []string{"lunch at", "twelve"}},
		{"a blank over the edge", "lunch noodle", 5, []string{"lunch", "noodl", "e"}},
		{"a word that is too long", "a supercalifragilistic b", 8, []string{"a", "supercal", "ifragili", "stic b"}},
		{"lines", "one\ntwo\n\nfour", 10, []string{"one", "two", "", "four"}},
		{"wide", "你好你好", 5, []string{"你好", "你好"}},
		{"a family", family + family + family, 4, []string{family + family, family}},
		{"wide ones behind a word", "bob: 你好你好你好", 10, []string{"bob: 你好", "你好你好"}},
		{"the least", "你好", 1, []string{"你", "好"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			var got []string
			for _, p := range byGrapheme.wrap(c.s, c.cells) {
				got = append(got, c.s[p.from:p.to])
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Whatever the text, no row is too wide and nothing but blanks and line ends is
// missing.
func TestWrapAll(t *testing.T) {
	parts := []string{"a", " ", "word", "你", "🍲", "e\u0301", family, "\n", "supercalifragilistic", "\u0301"}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		var s strings.Builder
		for range r.IntN(30) {
			s.WriteString(parts[r.IntN(len(parts))])
		}
		rule, cells := byCode, 6+r.IntN(20)
		if r.IntN(2) == 0 {
			rule = byGrapheme
		}
		var kept strings.Builder
		for _, p := range rule.wrap(s.String(), cells) {
			row := s.String()[p.from:p.to]
			if rule.width(row) > cells {
				t.Fatalf("%q in %d cells: %q is too wide", s.String(), cells, row)
			}
			kept.WriteString(row)
		}
		bare := strings.NewReplacer(" ", "", "\n", "")
		if bare.Replace(kept.String()) != bare.Replace(s.String()) {
			t.Fatalf("%q in %d cells became %q", s.String(), cells, kept.String())
		}
	}
}
