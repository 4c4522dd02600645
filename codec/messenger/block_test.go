package messenger

import (
	"strings"
	"testing"
)

func TestReadBlock(t *testing.T) {
	const tail = "SEND bob\nContent-length: 2\n\nhi"
	for _, c := range []struct {
		what, p    string
		at         progress
		word, rest string
		length     int
		size       int
	}{
		{"the seed's form", tail, whole, "SEND", "bob", 2, len(tail) - 2},
		{"no header line", "RECEIVED alice\n\n", whole, "RECEIVED", "alice", lengthMissing, 16},
		{"a word alone", "HELLO\n\n", whole, "HELLO", "", lengthMissing, 7},
		{"CR LF", "SEND bob\r\nContent-length: 2\r\n\r\n", whole, "SEND", "bob", 2, 31},
		{"one of each", "SEND bob\r\nContent-length: 2\n\r\n", whole, "SEND", "bob", 2, 30},
		{"blanks at line ends", "SEND bob \t \nContent-length: 2  \n \t\n", whole, "SEND", "bob", 2, 35},
		{"several blanks between", "SEND \t bob\n\n", whole, "SEND", "bob", lengthMissing, 12},
		{"a name of two words", "SEND bo  b\n\n", whole, "SEND", "bo  b", lengthMissing, 12},
		{"a blank in front", " SEND bob\n\n", whole, "", "SEND bob", lengthMissing, 11},
		{"unknown headers", "SEND bob\nX-Any: 1\nContent-length: 2\nno colon\n:\n\n", whole, "SEND", "bob", 2, 48},
		{"header name in capitals", "SEND bob\nCONTENT-LENGTH: 2\n\n", whole, "SEND", "bob", 2, 28},
		{"header name in any case", "SEND bob\ncontent-Length: 2\n\n", whole, "SEND", "bob", 2, 28},
		{"blank before the colon", "SEND bob\nContent-length : 2\n\n", whole, "SEND", "bob", 2, 29},
		{"no blank behind the colon", "SEND bob\nContent-length:2\n\n", whole, "SEND", "bob", 2, 27},
		{"many blanks behind the colon", "SEND bob\nContent-length: \t  2\n\n", whole, "SEND", "bob", 2, 31},
		{"longer name is another header", "SEND bob\nXContent-length: 2\n\n", whole, "SEND", "bob", lengthMissing, 29},
		{"no colon is no header", "SEND bob\nContent-length 2\n\n", whole, "SEND", "bob", lengthMissing, 27},
		{"the same twice", "SEND bob\nContent-length: 2\nContent-length: 2\n\n", whole, "SEND", "bob", 2, 46},
		{"two that differ", "SEND bob\nContent-length: 2\nContent-length: 3\n\n", whole, "SEND", "bob", lengthBad, 46},
		{"a bad one and a good one", "SEND bob\nContent-length: x\nContent-length: 3\n\n", whole, "SEND", "bob", lengthBad, 46},
		{"empty", "", partial, "", "", 0, 0},
		{"half a line", "SEND bo", partial, "", "", 0, 0},
		{"no empty line", "SEND bob\nContent-length: 2\n", partial, "", "", 0, 0},
		{"CR alone ends nothing", "SEND bob\r\r", partial, "", "", 0, 0},
	} {
		b, at := readBlock([]byte(c.p))
		switch {
		case at != c.at:
			t.Errorf("%s: %q is %v, want %v", c.what, c.p, at, c.at)
		case at == whole && (string(b.word) != c.word || string(b.rest) != c.rest || b.length != c.length || b.size != c.size):
			t.Errorf("%s: %q is %q %q, length %d, size %d", c.what, c.p, b.word, b.rest, b.length, b.size)
		}
	}
}

func TestReadLength(t *testing.T) {
	for _, c := range []struct {
		what, digits string
		want         int
	}{
		{"one digit", "0", 0},
		{"nine digits", "999999999", 999999999},
		{"zeros in front", "000000002", 2},
		{"ten digits", "0000000002", lengthBad},
		{"none", "", lengthBad},
		{"plus", "+5", lengthBad},
		{"minus", "-1", lengthBad},
		{"letters", "abc", lengthBad},
		{"hexadecimal", "0x2", lengthBad},
		{"fraction", "2.0", lengthBad},
		{"two numbers", "2 2", lengthBad},
		{"digits of another script", "٣", lengthBad},
		{"more than fits an int", "99999999999999999999999999", lengthBad},
	} {
		if got := readLength([]byte(c.digits)); got != c.want {
			t.Errorf("%s: %q is %d, want %d", c.what, c.digits, got, c.want)
		}
	}
}

// TestHeaderBound: 1024 bytes with the empty line, and the end of a longer one
// is not waited for (messenger rule 2).
func TestHeaderBound(t *testing.T) {
	line := func(n int) string { return "SEND " + strings.Repeat("b", n-7) + "\n\n" }
	lines := strings.Repeat("X: 1\n", 300)
	for _, c := range []struct {
		what, p string
		want    progress
	}{
		{"the longest line", line(maxHeader), whole},
		{"one byte more", line(maxHeader + 1), overlong},
		{"1023 bytes without an end", line(2 * maxHeader)[:maxHeader-1], partial},
		{"1024 bytes without an end", line(2 * maxHeader)[:maxHeader], overlong},
		{"many lines", lines, overlong},
		{"many lines with an end", lines + "\n", overlong},
		{"the longest lines", lines[:1020] + "A:\n\n", whole},
		{"the longest, and a body", lines[:1020] + "A:\n\n" + line(5000), whole},
	} {
		b, at := readBlock([]byte(c.p))
		if at != c.want || at == whole && b.size != maxHeader {
			t.Errorf("%s: %v of %d bytes, want %v", c.what, at, b.size, c.want)
		}
	}
}

func TestSkipBlank(t *testing.T) {
	for _, c := range []struct {
		what, p string
		want    int
	}{
		{"nothing", "", 0},
		{"a request", "SEND", 0},
		{"newlines", "\n\n\nSEND", 3},
		{"CR LF", "\r\n\r\nSEND", 4},
		{"blanks on the line", " \t\nSEND", 3},
		{"blanks before a request stay", "\n SEND", 1},
		{"half an empty line waits", "\n\r", 1},
		{"blanks alone wait", "  ", 0},
	} {
		if got := skipBlank([]byte(c.p)); got != c.want {
			t.Errorf("%s: %d bytes of %q, want %d", c.what, got, c.p, c.want)
		}
	}
}
