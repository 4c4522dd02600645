package chat

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestAppendHarmless(t *testing.T) {
	for _, c := range []struct{ name, in, line, lines, label string }{
		{"nothing", "", "", "", ""},
		{"plain", "hello, bob", "hello, bob", "hello, bob", "hello, bob"},
		{"of people", "Grüße 你好 שלום 👋🏽", "Grüße 你好 שלום 👋🏽", "Grüße 你好 שלום 👋🏽", "Grüße 你好 שלום 👋🏽"},
		{"line ends", "a\r\nb\nc\rd", `a\x0d\x0ab\x0ac\x0dd`, "a\nb\nc\\x0dd", `a\x0d\x0ab\x0ac\x0dd`},
		{"separators", "a\u2028b\u2029c\u0085d", `a\u2028b\u2029c\x85d`, `a\u2028b\u2029c\x85d`, `a\u2028b\u2029c\x85d`},
		{"escape", "\x1b[2J\x9b\u009b31m\x7f", "\\x1b[2J\ufffd\\x9b31m\\x7f", "\\x1b[2J\ufffd\\x9b31m\\x7f", "\\x1b[2J\ufffd\\x9b31m\\x7f"},
		{"bidi", "\u202eevil\u2066\u061c", `\u202eevil\u2066\u061c`, `\u202eevil\u2066\u061c`, `\u202eevil\u2066\u061c`},
		{"zero width", "a\u200bb\ufeffc", `a\u200bb\ufeffc`, `a\u200bb\ufeffc`, `a\u200bb\ufeffc`},
		{"tags", "x\U000e0062\U000e007f", `x\U000e0062\U000e007f`, `x\U000e0062\U000e007f`, `x\U000e0062\U000e007f`},
		{"half a surrogate", "a\xed\xa0\x80b", "a\ufffd\ufffd\ufffdb", "a\ufffd\ufffd\ufffdb", "a\ufffd\ufffd\ufffdb"},
		{"tab", "a\tb", "a    b", "a    b", `a\x09b`},
		{"a family", "👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"},
		{"a woman of colour in space", "👩🏽\u200d🚀", "👩🏽\u200d🚀", "👩🏽\u200d🚀", "👩🏽\u200d🚀"},
		{"the flag of rainbows", "🏳\ufe0f\u200d🌈", "🏳\ufe0f\u200d🌈", "🏳\ufe0f\u200d🌈", "🏳\ufe0f\u200d🌈"},
		{"a heart on fire", "❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"},
		{"joiners elsewhere", "a\u200db\u200cc👩\u200d \u200d👩", "abc👩 👩", "abc👩 👩", `a\u200db\u200cc👩\u200d \u200d👩`},
		{"joiners twice", "👩\u200d\u200d🚀", "👩\u200d🚀", "👩\u200d🚀", `👩\u200d\u200d🚀`},
		{"no emoji before the selector", "a\ufe0f\u200d🚀", "a\ufe0f🚀", "a\ufe0f🚀", `a\ufe0f\u200d🚀`},
		{"a mark on nothing", "\u0301a\n\u0301", `\u0301a\x0a` + "\u0301", "\\u0301a\n\\u0301", `\u0301a\x0a` + "\u0301"},
		{"a tower", "a" + strings.Repeat("\u0301", 9), "a" + strings.Repeat("\u0301", 8), "a" + strings.Repeat("\u0301", 8), "a" + strings.Repeat("\u0301", 8) + `\u0301`},
		{"blanks that are none", "a\u00a0b\u3000c\u2800d", "a\u00a0b\u3000c\u2800d", "a\u00a0b\u3000c\u2800d", `a\xa0b\u3000c\u2800d`},
		{"fillers", "a\u3164b", `a\u3164b`, `a\u3164b`, `a\u3164b`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(AppendHarmless(nil, c.in)); got != c.line {
				t.Errorf("one line: %q, want %q", got, c.line)
			}
			if got := string(AppendHarmlessLines(nil, c.in)); got != c.lines {
				t.Errorf("lines: %q, want %q", got, c.lines)
			}
			if got := string(AppendHarmlessName(nil, c.in, "")); got != c.label {
				t.Errorf("a name: %q, want %q", got, c.label)
			}
		})
	}
}

// No name can be taken for a sentence of ours: bare it is one word of letters
// and digits, else it stands in quotes that it cannot end.
func TestQuote(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"bob", "bob"},
		{"* server", `"* server"`},
		{"bob is gone", `"bob is gone"`},
		{`x" is gone`, `"x\x22 is gone"`},
		{"", `""`},
		{"#tea", `"#tea"`},
		{"bob\u200d", `"bob\u200d"`},
	} {
		if got := Quote(c.name); got != c.want {
			t.Errorf("Quote(%q) is %s, want %s", c.name, got, c.want)
		}
	}
	for _, c := range []struct{ room, want string }{{"#tea", "#tea"}, {"#a b", `"#a b"`}, {"tea", "tea"}} {
		if got := QuoteRoom(c.room); got != c.want {
			t.Errorf("QuoteRoom(%q) is %s, want %s", c.room, got, c.want)
		}
	}
}

// alarming are the runes of the random strings below: every control and format
// character, all that joins, covers or hides, and some that people write.
func alarming() (list []rune) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if Hidden(r) || blank(r) || unicode.IsSpace(r) || unicode.Is(unicode.Variation_Selector, r) {
			list = append(list, r)
		}
	}
	return append(list, []rune("ab \"<>*1#éжאمक你👩🏽🚀🏳❤♂🇩🇪\u0301\u0338\u20e3\ufe0f\u200d\u200d\u200d\u200c\n\n\r\t")...)
}

// checkHarmless says what is wrong with what became of s.
func checkHarmless(t *testing.T, s string, out []byte, lines bool) {
	t.Helper()
	if !utf8.Valid(out) {
		t.Fatalf("%q became %q, which is no UTF-8", s, out)
	}
	before := rune(-1)
	runes := []rune(string(out))
	for i, r := range runes {
		switch {
		case r == '\n' && lines:
		case r == joiner:
			ok := i > 0 && i+1 < len(runes) && picture(runes[i+1]) && (picture(before) || before == asPicture && i > 1)
			if !ok {
				t.Fatalf("%q became %q: a joiner outside an emoji", s, out)
			}
		case Hidden(r) || unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r):
			t.Fatalf("%q became %q, with %U in it", s, out, r)
		}
		before = r
	}
}

// TestHarmlessRandom: whatever the string, nothing that acts is left but line
// ends where they may be, and what was made harmless stays as it is.
func TestHarmlessRandom(t *testing.T) {
	n := 1_000_000
	if testing.Short() {
		n = 50_000
	}
	runes := alarming()
	rnd := rand.New(rand.NewPCG(20, 26))
	var in, out, again []byte
	for range n {
		in = in[:0]
		for range 1 + rnd.IntN(12) {
			switch rnd.IntN(20) {
			case 0:
				in = append(in, byte(rnd.Uint32())) // often no UTF-8
			case 1:
				in = append(in, 0xed, 0xa0+byte(rnd.IntN(32)), 0x80) // half a surrogate pair
			case 2:
				in = utf8.AppendRune(in, rune(rnd.IntN(unicode.MaxRune+1)))
			default:
				in = utf8.AppendRune(in, runes[rnd.IntN(len(runes))])
			}
		}
		s := string(in)
		for _, h := range []harm{{}, {lines: true}, {name: true}, {name: true, escape: `"`}} {
			out = appendHarmless(out[:0], s, h)
			checkHarmless(t, s, out, h.lines)
			if again = appendHarmless(again[:0], string(out), h); string(again) != string(out) {
				t.Fatalf("%q became %q and that %q", s, out, again)
			}
			if h.escape != "" && strings.Contains(string(out), h.escape) {
				t.Fatalf("%q leaves its quotes as %q", s, out)
			}
		}
	}
}

// Two names that differ in what is seen as nothing do not look alike.
func TestNamesApart(t *testing.T) {
	seen := map[string]string{}
	for _, r := range alarming() {
		for _, name := range []string{"bob" + string(r), "b" + string(r) + "ob"} {
			label := string(AppendHarmlessName(nil, name, ""))
			if other, ok := seen[label]; ok && other != name {
				t.Errorf("%q and %q both look like %q", other, name, label)
			}
			seen[label] = name
		}
	}
}

func TestHarmlessAllocs(t *testing.T) {
	dst := make([]byte, 0, 256)
	text := "a plain text of some length, with Grüße and 👩🏽\u200d🚀"
	if n := testing.AllocsPerRun(100, func() { dst = AppendHarmlessLines(dst[:0], text) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
