package wire

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// scan gives the lines of a stream that comes in the given segments; a cut one
// ends in "...", what is left at the end in "|".
func scan(max int, segments ...string) (got []string) {
	var l Lines
	var p []byte
	for _, s := range segments {
		p = append(p, s...)
		for {
			line, n, cut := l.Next(p, max)
			p = p[n:]
			switch {
			case cut:
				got = append(got, string(line)+"...")
			case line != nil:
				got = append(got, string(line))
			}
			if n == 0 {
				break
			}
		}
	}
	if len(p) > 0 {
		got = append(got, string(p)+"|")
	}
	return got
}

func TestLines(t *testing.T) {
	for _, c := range []struct {
		what, stream string
		want         []string
	}{
		{"nothing", "", nil},
		{"LF", "one\ntwo\n", []string{"one", "two"}},
		{"CR LF", "one\r\ntwo\r\n", []string{"one", "two"}},
		{"empty lines", "\n\r\n", []string{"", ""}},
		{"CR inside a line", "a\rb\n", []string{"a\rb"}},
		{"two CR", "a\r\r\n", []string{"a\r"}},
		{"no end yet", "one\ntw", []string{"one", "tw|"}},
		{"CR at the end", "one\r", []string{"one\r|"}},
		{"as long as may be", "12345\n6\n", []string{"12345", "6"}},
		{"as long as may be, CR LF", "12345\r\n6\n", []string{"12345", "6"}},
		{"as long as may be, no end yet", "12345\r", []string{"12345\r|"}},
		{"one byte more", "123456\n7\n", []string{"12345...", "7"}},
		{"one byte more, a CR", "12345\r6\n7\n", []string{"12345...", "7"}},
		{"one byte more, CR LF", "123456\r\n7\n", []string{"12345...", "7"}},
		{"two CR behind the longest", "12345\r\r\n7\n", []string{"12345...", "7"}},
		{"very long", strings.Repeat("x", 100) + "\n\n7\n", []string{"xxxxx...", "", "7"}},
		{"very long, no end", strings.Repeat("x", 100), []string{"xxxxx..."}},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := scan(5, c.stream); !slices.Equal(got, c.want) {
				t.Errorf("in one piece: %q, want %q", got, c.want)
			}
			if got := scan(5, strings.Split(c.stream, "")...); !slices.Equal(got, c.want) {
				t.Errorf("byte by byte: %q, want %q", got, c.want)
			}
		})
	}
}

// TestLinesKeepLittle: what is left untaken never grows beyond the bound and one.
func TestLinesKeepLittle(t *testing.T) {
	for _, fill := range []string{"x", "\r", "x\n", "\r\n"} {
		var l Lines
		var p []byte
		for range 100 {
			p = append(p, fill...)
			for {
				_, n, _ := l.Next(p, 5)
				if p = p[n:]; n == 0 {
					break
				}
			}
			if len(p) > 6 {
				t.Fatalf("%q: %d bytes are kept", fill, len(p))
			}
		}
	}
}

func BenchmarkLines(b *testing.B) {
	p := append(bytes.Repeat([]byte("x"), 60), '\n')
	var l Lines
	for b.Loop() {
		if line, n, _ := l.Next(p, 4096); len(line) != 60 || n != 61 {
			b.Fatal(n)
		}
	}
}
