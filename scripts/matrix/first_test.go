package matrix

import (
	"strings"
	"testing"
)

// TestFirstWords: of an elc004 program that has said nothing yet nobody knows
// which datagrams it takes. It gets a shape in which a plus sign is written with
// three bytes and a text is one line, whoever writes, and all of it arrives.
func TestFirstWords(t *testing.T) {
	for _, c := range []content{
		{"plain", "Hi there"},
		{"plus and two lines", "1+1\n=2"},
		{"4,000 bytes", strings.Repeat("0123456789", 400)},
		{"4,000 plus signs", strings.Repeat("+", 4000)},
		{"like ours", "M:1:x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			a, b := s.join(t, "messenger", "alice"), s.join(t, "elc004", "bob")
			if got, err := a.say("bob", c.text); got != "SENT bob" || err != nil {
				t.Fatalf("the author is told %q, %v", got, err)
			}
			want := strings.NewReplacer("\n", " ", "+", "＋").Replace(c.text)
			if strings.HasPrefix(want, "M:") {
				want = " " + want // else a program of ours took it for more than text
			}
			for got := ""; got != want; {
				e, err := b.seen().take(said, "alice")
				if got += strings.ReplaceAll(e.text, "+", "＋"); err != nil || !strings.HasPrefix(want, got) {
					t.Fatalf("it arrives as %q, %v, want %q", got, err, want)
				}
			}
			b.seen().never(t, said, "")
		})
	}
}
