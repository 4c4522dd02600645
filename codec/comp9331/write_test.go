package comp9331

import (
	"strings"
	"testing"
	"time"

	"mim/chat"
)

// TestNames: no name of another dialect forges a line (comp9331 rule 6).
func TestNames(t *testing.T) {
	for _, c := range []struct{ what, name, want string }{
		{"plain", "hans", "hans"},
		{"letters of any kind", "Jörg你", "Jörg你"},
		{"signs", "a.b-c_d!", "a.b-c_d!"},
		{"a blank", "Anna Maria", "AnnaMaria"},
		{"a wide blank", "Anna\u3000Maria", "AnnaMaria"},
		{"a tab", "a\tb", "ab"},
		{"a colon", "luke:", "luke"},
		{"a forged message", "luke: Hi", "lukeHi"},
		{"a forged login", "luke logged in", "lukeloggedin"},
		{"a newline", "a\nb", "ab"},
		{"an escape", "\x1b[2Ja", "2Ja"},
		{"no UTF-8", "a\xffb", "ab"},
		{"nothing left", "你 好", ""},
		{"none", "", ""},
		{"the longest", strings.Repeat("a", 64), strings.Repeat("a", 64)},
		{"longer", strings.Repeat("a", 65), strings.Repeat("a", 64)},
	} {
		who := &chat.Person{Name: c.name}
		for tail, e := range map[string]chat.Event{
			" logged in\n":  &chat.Came{Who: who},
			" logged out\n": &chat.Went{Who: who},
			": Hi\n":        &chat.Said{From: who, Text: []byte("Hi")},
		} {
			want := ""
			if c.want != "" {
				want = c.want + tail
			}
			if got := string(New().Append(nil, e, 0)); got != want {
				t.Errorf("%s: %q, want %q", c.what, got, want)
			}
		}
	}
}

// TestSilentEvents: nothing is said that would be taken for an answer.
func TestSilentEvents(t *testing.T) {
	for _, e := range []chat.Event{
		&chat.Came{}, &chat.Went{}, &chat.Said{Text: []byte("Hi")}, &chat.Notice{Text: "Goodbye"},
		&chat.Page{People: []*chat.Person{{Name: "bob"}}}, &chat.Answer{},
	} {
		if got := New().Append(nil, e, 0); len(got) > 0 {
			t.Errorf("%T is said as %q", e, got)
		}
	}
}

// TestTexts: one line, whatever it holds, with its time if it is old, of at
// most 4096 bytes (comp9331 rule 7).
func TestTexts(t *testing.T) {
	bob := &chat.Person{Name: "bob"}
	for _, c := range []struct {
		what, text string
		at         time.Time
		want       string
	}{
		{"plain", "Hi", time.Time{}, "Hi"},
		{"blanks", "  a  b ", time.Time{}, "  a  b "},
		{"lines", "a\r\nb\nc", time.Time{}, "a b c"},
		{"escape", "\x1b[2J", time.Time{}, " [2J"},
		{"empty", "", time.Time{}, ""},
		{"stored", "Hi", noon, "Hi [2026-11-20 12:04 UTC]"},
		{"stored elsewhere", "Hi", noon.In(time.FixedZone("", 7200)), "Hi [2026-11-20 12:04 UTC]"},
		{"stored in no year", "Hi", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "Hi"},
		{"stored before all years", "Hi", time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), "Hi"},
		{"the longest", strings.Repeat("x", piece), time.Time{}, strings.Repeat("x", piece)},
		{"longer", strings.Repeat("x", piece+1), time.Time{}, strings.Repeat("x", piece)},
		{"grown", strings.Repeat("\xff", piece), time.Time{}, strings.Repeat("\ufffd", piece/3)},
	} {
		got := string(New().Append(nil, &chat.Said{From: bob, Text: []byte(c.text), At: c.at}, 0))
		if got != "bob: "+c.want+"\n" {
			t.Errorf("%s: %q", c.what, got)
		}
	}
	whole := &chat.Said{From: &chat.Person{Name: strings.Repeat("你", 64)}, Text: make([]byte, 1<<16), At: noon}
	if got := New().Append(nil, whole, 0); len(got) != maxLine {
		t.Errorf("the longest line has %d bytes", len(got))
	}
}
