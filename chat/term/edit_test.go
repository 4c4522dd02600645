package term

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEditor(t *testing.T) {
	type step = func(e *editor)
	typed := func(s string) step { return func(e *editor) { e.insert(s) } }
	for _, c := range []struct {
		what  string
		steps []step
		want  string // with | where the cursor is
	}{
		{"typing", []step{typed("hi"), typed("!")}, "hi!|"},
		{"left and a letter", []step{typed("hi"), (*editor).left, typed("o")}, "ho|i"},
		{"left over a family", []step{typed("a" + family), (*editor).left}, "a|" + family},
		{"backspace takes a whole emoji", []step{typed("a" + family), (*editor).backspace}, "a|"},
		{"backspace takes the letter with its accent", []step{typed("xe\u0301"), (*editor).backspace}, "x|"},
		{"backspace at the start", []step{typed("a"), (*editor).home, (*editor).backspace}, "|a"},
		{"backspace joins lines", []step{typed("a\nb"), (*editor).home, (*editor).backspace}, "a|b"},
		{"delete", []step{typed("ab"), (*editor).home, (*editor).del}, "|b"},
		{"delete at the end", []step{typed("a"), (*editor).del}, "a|"},
		{"a word", []step{typed("one two  "), (*editor).killWord}, "one |"},
		{"a word and back", []step{typed("one two"), (*editor).killWord, (*editor).home, (*editor).yank}, "two|one "},
		{"the line", []step{typed("one\ntwo"), (*editor).killLine}, "one\n|"},
		{"the word ahead", []step{typed("one two"), (*editor).home, (*editor).killAhead}, "| two"},
		{"up keeps the column", []step{typed("one\nlonger"), func(e *editor) { e.up() }}, "one|\nlonger"},
		{"up and down", []step{typed("one\ntwo"), func(e *editor) { e.up() }, func(e *editor) { e.down() }}, "one\ntwo|"},
		{"home and end of a line", []step{typed("a\nbc"), (*editor).home, (*editor).end}, "a\nbc|"},
		{"what acts is not typed", []step{typed("a\x1b[31mb\u202ec\x00d\u0085")}, "a[31mbcd|"},
		{"a tab is a blank, CR LF a line end", []step{typed("a\tb\r\nc\rd")}, "a b\nc\nd|"},
		{"no UTF-8", []step{typed("a\xffb")}, "a\ufffdb|"},
	} {
		t.Run(c.what, func(t *testing.T) {
			e := &editor{rule: byGrapheme}
			for _, s := range c.steps {
				s(e)
			}
			if got := e.text[:e.at] + "|" + e.text[e.at:]; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestEditorFull(t *testing.T) {
	e := &editor{rule: byGrapheme}
	if !e.insert(strings.Repeat("x", maxEdit-1)) {
		t.Error("there was room")
	}
	if e.insert("你好") || len(e.text) != maxEdit-1 || !utf8.ValidString(e.text) {
		t.Errorf("%d bytes of %d", len(e.text), maxEdit)
	}
}

func TestEditorRows(t *testing.T) {
	for _, c := range []struct {
		what        string
		text        string
		at, cells   int
		rows        []string
		row, column int
	}{
		{"nothing", "", 0, 5, []string{""}, 0, 0},
		{"one row", "abc", 1, 5, []string{"abc"}, 0, 1},
		{"two rows", "abcdefg", 6, 5, []string{"abcde", "fg"}, 1, 1},
		{"behind a full row", "abcde", 5, 5, []string{"abcde", ""}, 1, 0},
		{"between two rows", "abcdefg", 5, 5, []string{"abcde", "fg"}, 1, 0},
		{"two lines", "ab\ncd", 3, 5, []string{"ab", "cd"}, 1, 0},
		{"wide", "你好吗", 6, 5, []string{"你好", "吗"}, 1, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			e := &editor{text: c.text, at: c.at, rule: byGrapheme}
			rows, row, column := e.rows(c.cells)
			if !slices.Equal(rows, c.rows) || row != c.row || column != c.column {
				t.Errorf("got %q, row %d, column %d", rows, row, column)
			}
		})
	}
}

// Any keys in any order leave a text that is valid, with the cursor between two
// characters.
func TestEditorAnyKeys(t *testing.T) {
	steps := []func(*editor){
		(*editor).left, (*editor).right, (*editor).home, (*editor).end, (*editor).backspace, (*editor).del,
		(*editor).killWord, (*editor).killAhead, (*editor).killLine, (*editor).yank,
		func(e *editor) { e.up() }, func(e *editor) { e.down() },
		func(e *editor) { e.insert("a b") }, func(e *editor) { e.insert(family) }, func(e *editor) { e.insert("e\u0301\n你") },
	}
	r := rand.New(rand.NewPCG(3, 4))
	e := &editor{rule: byGrapheme}
	for i := range 30000 {
		if len(e.text) > 400 {
			e.set("")
		}
		k := r.IntN(len(steps))
		steps[k](e)
		if !utf8.ValidString(e.text) || e.at < 0 || e.at > len(e.text) || !utf8.ValidString(e.text[:e.at]) {
			t.Fatalf("step %d, %d: %q at %d", i, k, e.text, e.at)
		}
		rows, row, column := e.rows(7)
		if row >= len(rows) || column > 7 {
			t.Fatalf("step %d, %d: row %d of %q, column %d", i, k, row, rows, column)
		}
	}
}
