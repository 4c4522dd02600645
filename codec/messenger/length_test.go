package messenger

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"mim/chat"
)

// TestRuler: what a program that has not shown how it counts sends, and what
// is behind it (messenger rule 8).
func TestRuler(t *testing.T) {
	const more = -1 // wants more bytes
	for _, c := range []struct {
		what, p     string
		length      int
		now, silent int // the size of the body before and after silence
		as          chat.Count
	}{
		{"ASCII", "hello", 5, 5, 5, 0},
		{"ASCII, then anything", "hello\xff", 5, 5, 5, 0},
		{"ASCII, half", "hel", 5, more, more, 0},
		{"none", "", 0, 0, 0, 0},
		{"none, then no request", "é", 0, 0, 0, 0},
		{"no UTF-8", "h\xe9llo", 5, 5, 5, 0},
		{"no UTF-8, then a request", "h\xe9lloSEND bob", 5, 5, 5, 0},
		{"no UTF-8 at its end", "hell\xe9", 5, more, 5, 0},
		{"no UTF-8 at its end, then a request", "hell\xe9\nSEND ", 5, 5, 5, 0},
		{"no UTF-8 at its end, then another letter", "hell\xe9x", 5, 5, 5, 0},

		{"bytes", "héllo", 6, more, 6, chat.CountBytes},
		{"bytes, then a line end", "héllo\r\n", 6, more, 6, chat.CountBytes},
		{"bytes, then half a word", "hélloSEN", 6, more, 6, 0},
		{"bytes, then a whole word", "hélloSEND", 6, more, 6, 0},
		{"bytes, then a request", "hélloSEND ", 6, 6, 6, chat.CountBytes},
		{"bytes, then a line end and a request", "héllo\n\nRECEIVED\tx", 6, 6, 6, chat.CountBytes},
		{"bytes, then no request", "hélloHELLO ", 6, 6, 6, 0},
		{"bytes, then a longer word", "hélloSENDER x", 6, 6, 6, 0},
		{"bytes, wide", "你好", 6, more, 6, chat.CountBytes},
		{"bytes, half", "hél", 6, more, more, 0},
		{"bytes, then many line ends", "é" + strings.Repeat("\n", maxBetween), 2, 2, 2, chat.CountBytes},

		{"characters", "héllo", 5, more, 6, chat.CountRunes},
		{"characters, then a line end", "héllo\n", 5, more, 6, chat.CountRunes},
		{"characters, then half a word", "hélloSEN", 5, more, 5, 0},
		{"characters, then a request", "hélloSEND ", 5, 6, 6, chat.CountRunes},
		{"characters, then a line end and a request", "héllo\nERROR 103", 5, 6, 6, chat.CountRunes},
		{"characters, then no request", "hélloHELLO ", 5, 5, 5, 0},
		{"characters, cut in one", "h\xc3", 2, more, 2, 0},
		{"characters, one lacks", "hélléo", 7, more, 7, 0},
		{"characters of four bytes", "👋👋", 2, more, 8, chat.CountRunes},
		{"characters that look like a word", "éSEND ", 6, more, 7, chat.CountRunes},
		{"characters that end like a word begins", "éééS", 4, more, 7, chat.CountRunes},
		{"characters, lines", "é\n\né", 4, more, 6, chat.CountRunes},
		{"more characters than fit", strings.Repeat("é", maxBody/2+2), maxBody/2 + 2, maxBody/2 + 2, maxBody/2 + 2, 0},
		{"invalid behind the bytes", "éé\xffabc", 3, 3, 3, 0},
	} {
		for _, round := range []struct {
			name  string
			quiet bool
			want  int
		}{{"at once", false, c.now}, {"after silence", true, c.silent}} {
			var r ruler
			size, ok := r.body([]byte(c.p), c.length, asks, round.quiet)
			if !ok {
				size = more
			}
			if size != round.want || ok && round.quiet && r.as != c.as {
				t.Errorf("%s, %s: %q of length %d is %d bytes, learned %d; want %d, %d",
					c.what, round.name, c.p, c.length, size, r.as, round.want, c.as)
			}
		}
	}
}

// TestRulerKnows: a program counts in one way only, and then nothing is waited
// for.
func TestRulerKnows(t *testing.T) {
	for _, c := range []struct {
		what, p string
		length  int
		as      chat.Count
		size    int
		ok      bool
	}{
		{"bytes", "hélloX", 6, chat.CountBytes, 6, true},
		{"bytes, half", "héll", 6, chat.CountBytes, 0, false},
		{"characters", "hélloX", 5, chat.CountRunes, 6, true},
		{"characters, as many bytes have come", "héll", 5, chat.CountRunes, 0, false},
		{"characters, cut in one", "hé\xf0\x9f", 3, chat.CountRunes, 0, false},
		{"characters, no UTF-8", "h\xe9lloX", 5, chat.CountRunes, 5, true},
		{"characters, no UTF-8, half", "h\xe9l", 5, chat.CountRunes, 0, false},
		{"the longest in characters", strings.Repeat("é", maxBody/2), maxBody / 2, chat.CountRunes, maxBody, true},
		{"more characters than fit", strings.Repeat("é", maxBody/2+1), maxBody/2 + 1, chat.CountRunes, maxBody + 1, true},
		{"more bytes than fit", "", maxBody + 1, chat.CountBytes, maxBody + 1, true},
	} {
		r := ruler{as: c.as}
		size, ok := r.body([]byte(c.p), c.length, asks, false)
		if ok != c.ok || ok && size != c.size || r.as != c.as {
			t.Errorf("%s: %d bytes, %v; want %d, %v", c.what, size, ok, c.size, c.ok)
		}
		if ok && (r.at != 0 || r.runes != 0) {
			t.Errorf("%s: the next body would be measured from %d", c.what, r.at)
		}
	}
}

// bodies are texts that are counted in two ways.
var bodies = []string{
	"héllo", "é", "éé\n", "你好", "a👋b", "grüße\nan alle\n", "ends with é", "éSEND bob", "\n\né", "日本語のテキスト\n\n!",
	strings.Repeat("é👋", 200),
}

// TestCutAnywhere: wherever two texts and what is between them are cut, by one
// who counts bytes and by one who counts characters, the same is read.
func TestCutAnywhere(t *testing.T) {
	count := map[string]func(string) int{inOctet: func(s string) int { return len(s) }, inChars: utf8.RuneCountInString}
	for counts, length := range count {
		for _, body := range bodies {
			for _, between := range []string{"", "\n"} {
				one := fmt.Sprintf("SEND bob\nContent-length: %d\n\n%s%s", length(body), body, between)
				stream := one + one + "RECEIVED bob\n\n"
				say := fmt.Sprintf("say to %q %q", "bob", body)
				want := []string{counts, say, say, `received "bob"`}
				for at := range stream {
					l := open(t).feed(stream[:at]).feed(stream[at:])
					if !slices.Equal(l.read, want) {
						t.Fatalf("%s of %q, cut at %d: read\n%q, want\n%q", counts, body, at, l.read, want)
					}
				}
				l := open(t)
				for i := range len(stream) {
					l.feed(stream[i : i+1])
				}
				l.want(counts+", byte by byte", want, []string{sentBob, sentBob})
			}
		}
	}
}

// TestCutBeforeSilence: the same of one text with nothing behind it.
func TestCutBeforeSilence(t *testing.T) {
	for _, body := range bodies {
		if strings.HasSuffix(body, "\n") {
			continue // its own line end is one between requests: nothing shows which
		}
		for length, counts := range map[int]string{len(body): inOctet, utf8.RuneCountInString(body): inChars} {
			stream := fmt.Sprintf("SEND bob\nContent-length: %d\n\n%s", length, body)
			want := []string{counts, fmt.Sprintf("say to %q %q", "bob", body)}
			for at := range stream {
				l := open(t).feed(stream[:at]).feed(stream[at:])
				if len(l.read) > 0 {
					t.Fatalf("%q, cut at %d: read %q before silence", body, at, l.read)
				}
				l.silence().want(fmt.Sprintf("%s of %q, cut at %d", counts, body, at), want, []string{sentBob})
			}
		}
	}
}

// TestReadOnce: a long body that comes byte by byte is read as characters once
// from its beginning to its end, not again for each byte.
func TestReadOnce(t *testing.T) {
	var r ruler
	body := []byte(strings.Repeat("é", maxBody/2))
	for n := maxBody / 2; n < len(body); n++ {
		before := r.at
		if _, ok := r.body(body[:n], maxBody/2, asks, false); ok {
			t.Fatalf("%d bytes of %d are enough", n, len(body))
		}
		if r.at < before || int(r.at) < n-utf8.UTFMax {
			t.Fatalf("of %d bytes %d were kept as read", n, r.at)
		}
	}
}
