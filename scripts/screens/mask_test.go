package screens

import "testing"

func TestMask(t *testing.T) {
	for _, c := range []struct{ what, grid, want string }{
		{"a time", "12:04 bob: hi at 12:05", "hh:mm bob: hi at hh:mm"},
		{"one minute later", "a │12:04 bob: hi\nb │12:05 bob: ho", "a │hh:mm bob: hi\nb │      bob: ho"},
		{"seconds", "12:04:05 alice came", "hh:mm:ss alice came"},
		{"a day", "── 2026-11-20 ──", "── yyyy-mm-dd ──"},
		{"a port", "at 127.0.0.1:43147; 127.0.0.2:5", "at 127.0.0.1:ppppp; 127.0.0.2:p"},
		{"a wait keeps what is behind it in place", "again in 12 s   │", "again in N      │"},
		{"a wait of a fraction", "next try in 800ms   │", "next try in N       │"},
	} {
		if got := Mask(c.grid); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

func TestTyped(t *testing.T) {
	for in, want := range map[string]string{"hi<enter>": "hi\r", "<ctrl-c>": "\x03", "<alt-1>": "\x1b1", "<click 3 4>": "\x1b[<0;3;4M\x1b[<0;3;4m", "a<lt>b": "a<b"} {
		if got, err := Typed(in); got != want || err != nil {
			t.Errorf("%s: %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"<nokey>", "<enter"} {
		if _, err := Typed(in); err == nil {
			t.Errorf("%s is no key", in)
		}
	}
}
