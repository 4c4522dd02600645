package messenger

import (
	"encoding/binary"
	"unicode/utf8"

	"mim/chat"
)

const (
	// maxBody bounds a body in bytes, however it is counted (messenger rule 3).
	maxBody = 64 << 10

	// maxBetween is how many bytes of line ends behind a body are looked at for
	// what follows them; more are taken for the end.
	maxBetween = 64
)

// A ruler tells where bodies end in what one program sends. Some programs
// count the bytes of a body, some its characters, which differ in a text that
// is not ASCII; there, what follows the body decides (messenger rule 8). The
// decision depends on the bytes and on silence, never on how they are cut.
//
// The zero value is ready and knows nothing of the program.
type ruler struct {
	as chat.Count // how the program counts, from its first text that shows it

	// How far the body at hand was read as characters, so that one that comes
	// byte by byte is not read from its beginning each time. No more than
	// maxBody and one character.
	at, runes int32
}

// body measures the body at the front of p, of the length that its header
// states, and says how many bytes it has; not ok: more bytes are wanted. A
// size above maxBody: the body is too long, whatever comes. A size of more
// bytes than p has is never ok otherwise.
//
// next are the words by which a message of the other end may begin. quiet says
// that nothing came behind p for a while or nothing ever will, so that what
// has come decides. Until a body is measured each call gives the same p again,
// with or without more behind it.
//
// A changed r.as says that this body has shown how the program counts.
func (r *ruler) body(p []byte, length int, next []string, quiet bool) (size int, ok bool) {
	if length > maxBody {
		return length, true
	}
	if int(r.at) > len(p) {
		r.at, r.runes = 0, 0 // not the same p: measure it anew
	}
	switch r.as {
	case chat.CountBytes:
		size, ok = length, len(p) >= length
	case chat.CountRunes:
		size, ok = r.counted(p, length)
	default:
		size, ok = r.guessed(p, length, next, quiet)
	}
	if ok {
		r.at, r.runes = 0, 0
	}
	return size, ok
}

// counted measures a body of a program that counts characters. In one that is
// no UTF-8 each byte is a character.
func (r *ruler) counted(p []byte, length int) (size int, ok bool) {
	switch r.read(p, length) {
	case complete:
		return int(r.at), true
	case latin:
		return length, len(p) >= length
	}
	return maxBody + 1, r.at > maxBody
}

// guessed measures a body of a program that has not shown how it counts.
func (r *ruler) guessed(p []byte, length int, next []string, quiet bool) (size int, ok bool) {
	if len(p) < length {
		return 0, false
	}
	if int(r.at) < length || length == 0 {
		if r.read(p[:length], length) != short {
			return length, true // ASCII or Latin-1: bytes are characters
		}
	}
	switch follows(p[length:], next, quiet) {
	case undecided:
		return 0, false
	case plausible:
		if int(r.at) == length { // else its last character is cut: no UTF-8
			r.as = chat.CountBytes
		}
		return length, true
	}
	// As bytes it makes no sense. From here on r.at is beyond length.
	switch r.read(p, length) {
	case latin:
		return length, true
	case short:
		return length, quiet || r.at > maxBody
	}
	switch follows(p[r.at:], next, quiet) {
	case undecided:
		return 0, false
	case plausible:
		r.as = chat.CountRunes
		return int(r.at), true
	}
	return length, true // neither does the other way
}

// outcome says how a body was read as characters.
type outcome uint8

const (
	short    outcome = iota // not so many characters have come, or fit into maxBody
	complete                // length characters, up to r.at
	latin                   // it is no UTF-8
)

// read goes on reading p as characters until there are length of them.
func (r *ruler) read(p []byte, length int) outcome {
	for int(r.runes) < length {
		if r.at > maxBody {
			return short
		}
		rest := p[r.at:]
		if n := ascii(rest[:min(len(rest), length-int(r.runes))]); n > 0 {
			r.at += int32(n)
			r.runes += int32(n)
			continue
		}
		if !utf8.FullRune(rest) {
			return short
		}
		c, n := utf8.DecodeRune(rest)
		if c == utf8.RuneError && n == 1 {
			return latin
		}
		r.at += int32(n)
		r.runes++
	}
	if r.at > maxBody {
		return short
	}
	return complete
}

// ascii is how many bytes at the front of p are ASCII.
func ascii(p []byte) (n int) {
	const high = 0x8080808080808080
	for len(p)-n >= 8 && binary.LittleEndian.Uint64(p[n:])&high == 0 {
		n += 8
	}
	for n < len(p) && p[n] < utf8.RuneSelf {
		n++
	}
	return n
}

// verdict says whether a body may have ended where it was thought to end.
type verdict uint8

const (
	undecided verdict = iota // more bytes tell
	plausible
	wrong
)

// follows looks at what stands behind a body: line ends, then nothing or the
// beginning of the next message, or else the body ended elsewhere.
func follows(p []byte, next []string, quiet bool) verdict {
	n := 0
	for n < len(p) && n < maxBetween && (p[n] == '\n' || p[n] == '\r') {
		n++
	}
	if p = p[n:]; n == maxBetween || len(p) == 0 && quiet {
		return plausible
	}
	begun := false
	for _, word := range next {
		switch {
		case len(p) > len(word):
			if string(p[:len(word)]) == word && (p[len(word)] == ' ' || p[len(word)] == '\t') {
				return plausible
			}
		case string(p) == word[:len(p)]:
			begun = true
		}
	}
	if begun && !quiet {
		return undecided
	}
	return wrong
}
