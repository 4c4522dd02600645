package script

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		what, source string
		ramp         float64
		stop         time.Duration
		ops          int
	}{
		{"one line", `say to other "hello"`, 0, 0, 2},
		{"the word to may be left out", `say other`, 0, 0, 2},
		{"ramp and stop", "ramp 500 per second\nstop after 1m30s\nwait 1s", 500, 90 * time.Second, 2},
		{"a blank before the unit", "stop after 30 s\nwait 5 ms", 0, 30 * time.Second, 2},
		{"comments", "# what it is for\n  \nsay to #hall # and there", 0, 0, 2},
		{"windows line ends and a byte order mark", "\ufeffwait 1s\r\nsay to bob \"x\"\r\n", 0, 0, 3},
		{"sections", "people odd\nwait 1s\npeople 2 to 4\nwait 2s\npeople rest\njoin #a", 0, 0, 6},
		{"repeats", "repeat 3 times\nrepeat for 2s\nwait 1s\nend\nend\nrepeat forever\nwait 1s\nend", 0, 0, 9},
		{"every statement", "say ALL 100 bytes\nwait 1s to 2s\nwait about 1s\nwait for everyone\nexpect a text from partner within 1s\nexpect text within 1s\nchoose other\nsay them\nsay person 3\njoin #r{n%20}\npart #r{n%20}\nleave\nreturn", 0, 0, 14},
		{"quoted names", `say to "Anna Maria" "a \"b\" \\"`, 0, 0, 2},
	} {
		s, err := Parse([]byte(c.source))
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if s.Ramp != c.ramp || s.Stop != c.stop || len(s.ops) != c.ops {
			t.Errorf("%s: ramp %v, stop %v, %d ops; want %v, %v, %d", c.what, s.Ramp, s.Stop, len(s.ops), c.ramp, c.stop, c.ops)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct {
		what, source string
		line, column int
		says         string
	}{
		{"nothing", "# only this\n", 2, 1, "nobody does anything"},
		{"unknown word", "wait 1s\n  shout hello", 2, 3, `not "shout"`},
		{"a comment without a blank", "#hello", 1, 1, "a comment has a blank"},
		{"the same behind a line", "wait 1s #hello", 1, 9, "a comment has a blank"},
		{"whom", "say to", 1, 7, "wants whom"},
		{"text without quotes", "say to bob hello", 1, 12, "a text in quotes"},
		{"bytes are missing", "say to bob 12", 1, 14, `"bytes"`},
		{"quotes", `say to bob "hello`, 1, 12, "do not end"},
		{"escape", `say to bob "a\n"`, 1, 14, "stands only before"},
		{"no time", "wait long", 1, 6, "wants a time"},
		{"negative time", "wait -1s", 1, 6, "wants a time"},
		{"time without a unit", "wait 3", 1, 6, "wants a time"},
		{"back to front", "wait 3s to 2s", 1, 12, "less than the first"},
		{"expects another", "expect a text from other within 1s", 1, 20, "anyone, partner"},
		{"expect without end", "expect a text", 1, 14, "within"},
		{"no room", "join hall", 1, 6, "wants a room"},
		{"braces", "join #r{m}", 1, 8, "in braces"},
		{"braces in a text", `say bob "a {n%0}"`, 1, 12, "in braces"},
		{"end of nothing", "end", 1, 1, "no repeat"},
		{"open repeat", "wait 1s\nrepeat forever\nwait 1s", 2, 1, "has no end"},
		{"open in its section", "people 1\nrepeat forever\npeople 2\nwait 1s", 2, 1, "has no end"},
		{"too deep", strings.Repeat("repeat 2 times\n", 5), 5, 1, "4 deep"},
		{"after the rest", "people rest\nwait 1s\npeople odd", 3, 1, "nobody is left"},
		{"lines before people", "wait 1s\npeople odd", 2, 1, "are for all"},
		{"range", "people 3 to 2", 1, 13, "from 3"},
		{"ramp twice", "ramp 1 per second\nramp 2 per second", 2, 1, "already"},
		{"ramp of none", "ramp 0 per second", 1, 6, "from 1"},
		{"control character", "say bob \"\x1b[2J\"", 1, 10, "U+001B"},
		{"no UTF-8", "say bob \"\xff\"", 1, 1, "UTF-8"},
		{"more on the line", "leave now", 1, 7, "should end here"},
	} {
		_, err := Parse([]byte(c.source))
		e := (*Error)(nil)
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v, want an Error", c.what, err)
			continue
		}
		if e.Line != c.line || e.Column != c.column || !strings.Contains(e.Text, c.says) {
			t.Errorf("%s: %v; want line %d, column %d, %q in it", c.what, e, c.line, c.column, c.says)
		}
	}
}

func TestCheck(t *testing.T) {
	rich := Can{Dialect: "toy", People: 10, All: true, Rooms: true, Names: true, MaxText: 100, MinText: 40}
	for _, c := range []struct {
		what, source string
		change       func(*Can)
		says         string // in the error; "": none
	}{
		{"all can be done", "say ALL\nsay #r\nsay bob\nsay person 10\nsay other 60 bytes", nil, ""},
		{"no ALL", "say ALL", func(c *Can) { c.All = false }, "nothing can be said to ALL"},
		{"no rooms to speak in", "say #r", func(c *Can) { c.Rooms = false }, "no rooms"},
		{"no rooms to join", "join #r", func(c *Can) { c.Rooms = false }, "no rooms"},
		{"no names", "say bob", func(c *Can) { c.Names = false }, "only those of the crowd"},
		{"too few people", "say person 11", nil, "no person 11"},
		{"alone", "say other", func(c *Can) { c.People = 1 }, "nobody else"},
		{"too long", "say other 61 bytes", nil, "at most 100 bytes"},
		{"too long in words", `say other "` + strings.Repeat("x", 61) + `"`, nil, "at most 100 bytes"},
	} {
		s, err := Parse([]byte(c.source))
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		can := rich
		if c.change != nil {
			c.change(&can)
		}
		switch err := s.Check(can); {
		case c.says == "" && err != nil, c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v, want %q", c.what, err, c.says)
		}
	}
}

// TestExamples: what scripts/load has for people to learn from can be read.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../scripts/load/*.mim")
	if err != nil || len(files) < 6 {
		t.Fatalf("found %d examples, %v", len(files), err)
	}
	for _, f := range files {
		source, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(source); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}

// FuzzParse: whatever a file holds, it is a script or an error with a place in
// it; and whoever follows a script never hangs or panics.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"ramp 5 per second\nstop after 3s\npeople odd\nrepeat forever\nsay to other \"x {n}\"\nwait about 1s\nend\npeople rest\nexpect a text from partner within 1s",
		"repeat 2 times\nrepeat for 1s\nend\nend\nleave\nreturn", "choose other\nsay them 10 bytes\njoin #r{n%3}\npart #r{n%3}", "repeat forever\nend",
		"wait 1 s to 2s # and\nwait for everyone", `say "a b" "\"\\"`, "say {n} \"{\"",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		s, err := Parse(source)
		if err != nil {
			e := (*Error)(nil)
			lines := strings.Split(string(source), "\n")
			if !errors.As(err, &e) || e.Line < 1 || e.Line > len(lines) || e.Column < 1 || e.Column > len(lines[e.Line-1])+1 {
				t.Fatalf("the error has no place: %v", err)
			}
			return
		}
		for n := 1; n <= 3; n++ {
			p, now := s.Begin(n, 1, 0), time.Duration(0)
			for range 50 {
				step := s.Step(&p, now, crowd(3))
				if step.Do == Sleep || step.Do == Listen {
					if step.At <= now {
						t.Fatalf("at %v it waits for %v", now, step.At)
					}
					now = step.At
				}
			}
		}
	})
}
