package chat

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCheckName(t *testing.T) {
	for _, c := range []struct {
		what, name string
		ok         bool
	}{
		{"plain", "alice", true},
		{"blank inside", "Anna Maria", true},
		{"other script", "你好", true},
		{"emoji of two units", "😀", true},
		{"the longest", strings.Repeat("a", MaxNameUnits), true},
		{"the longest of wide characters", strings.Repeat("你", MaxNameUnits), true},
		{"the longest of surrogate pairs", strings.Repeat("😀", MaxNameUnits/2), true},
		{"empty", "", false},
		{"one unit too long", strings.Repeat("a", MaxNameUnits+1), false},
		{"too long in pairs", strings.Repeat("😀", MaxNameUnits/2+1), false},
		{"blank before", " alice", false},
		{"blank behind", "alice ", false},
		{"wide blank behind", "alice\u3000", false},
		{"newline", "al\nice", false},
		{"escape", "\x1b[2J", false},
		{"C1 control", "a\u0085b", false},
		{"right-to-left override", "a\u202eb", false},
		{"zero width joiner", "a\u200db", false},
		{"line separator", "a\u2028b", false},
		{"tag", "a\U000e0041b", false},
		{"no UTF-8", "a\xff", false},
	} {
		err := CheckName(c.name)
		if (err == nil) != c.ok {
			t.Errorf("%s: CheckName(%q) = %v", c.what, c.name, err)
		}
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.Kind != BadName) {
			t.Errorf("%s: %v is no Error of kind BadName", c.what, err)
		}
	}
}

func TestAppendUTF8(t *testing.T) {
	for _, c := range []struct{ what, in, want string }{
		{"valid", "héllo", "héllo"},
		{"Latin-1", "h\xe9llo", "héllo"},
		{"half a character", "h\xc3", "hÃ"},
		{"empty", "", ""},
	} {
		if got := string(AppendUTF8([]byte("> "), []byte(c.in))); got != "> "+c.want {
			t.Errorf("%s: %q gives %q", c.what, c.in, got)
		}
	}
}

func TestAppendLine(t *testing.T) {
	for _, c := range []struct{ what, in, want string }{
		{"plain", "hello", "hello"},
		{"newline", "a\nb", "a b"},
		{"CR LF is one end", "a\r\nb", "a b"},
		{"CR alone", "a\rb", "a b"},
		{"line separators", "a\u2028b\u2029c\u0085d", "a b c d"},
		{"escape sequence", "\x1b[2Jx", " [2Jx"},
		{"C1 sequence", "\u009b2Jx", " 2Jx"},
		{"NUL", "a\x00b", "a b"},
		{"tab stays", "a\tb", "a\tb"},
		{"family emoji stays whole", "👨‍👩‍👧", "👨‍👩‍👧"},
		{"no UTF-8", "a\xffb", "a\ufffdb"},
	} {
		if got := string(AppendLine(nil, []byte(c.in))); got != c.want {
			t.Errorf("%s: %q gives %q, want %q", c.what, c.in, got, c.want)
		}
	}
}

func TestAppendText(t *testing.T) {
	for _, c := range []struct{ what, in, want string }{
		{"plain", "hello", "hello"},
		{"lines stay", "a\nb\r\nc\n", "a\nb\r\nc\n"},
		{"CR alone moves the cursor", "a\rb\n", "a b\n"},
		{"two CRs", "a\r\r\nb", "a \r\nb"},
		{"escape sequence", "\x1b[2J\nx", " [2J\nx"},
		{"only ends", "\n\n", "\n\n"},
		{"empty", "", ""},
	} {
		if got := string(AppendText(nil, []byte(c.in))); got != c.want {
			t.Errorf("%s: %q gives %q, want %q", c.what, c.in, got, c.want)
		}
	}
}

func TestAnswered(t *testing.T) {
	for _, c := range []struct {
		r    Request
		want bool
	}{
		{&Login{}, true}, {&Hello{}, true}, {&Say{}, true}, {&Refuse{}, true},
		{&Received{}, false}, {&Counts{}, false},
	} {
		if Answered(c.r) != c.want {
			t.Errorf("Answered(%T) = %v", c.r, !c.want)
		}
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		what, in string
		max      int
		want     string
	}{
		{"short", "abc", 5, "abc"},
		{"exact", "abc", 3, "abc"},
		{"between letters", "abcd", 3, "abc"},
		{"inside two bytes", "aé", 2, "a"},
		{"inside four bytes", "a😀", 4, "a"},
		{"behind four bytes", "a😀b", 5, "a😀"},
		{"nothing fits", "😀", 2, ""},
		{"zero", "abc", 0, ""},
	} {
		if got := string(Clip([]byte(c.in), c.max)); got != c.want {
			t.Errorf("%s: Clip(%q, %d) = %q, want %q", c.what, c.in, c.max, got, c.want)
		}
	}
}

func FuzzAppendLine(f *testing.F) {
	f.Add([]byte("a\r\nb\x1b[2J\u2028"))
	f.Add([]byte{0xff, 0xe2, 0x80})
	f.Fuzz(func(t *testing.T, p []byte) {
		line := AppendLine(nil, p)
		if !utf8.Valid(line) {
			t.Fatalf("%q gives %q, no UTF-8", p, line)
		}
		for _, r := range string(line) {
			if r < 0x20 && r != '\t' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 {
				t.Fatalf("%q gives %q, with %U in it", p, line, r)
			}
		}
	})
}

func TestKindsHaveWords(t *testing.T) {
	for k := Malformed; k <= Usage; k++ {
		if strings.HasPrefix(k.String(), "kind") {
			t.Errorf("Kind %d has no word", k)
		}
	}
	if got := Kind(200).String(); got != "kind200" {
		t.Errorf("unknown kind: %q", got)
	}
}
