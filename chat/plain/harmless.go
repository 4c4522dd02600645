package plain

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"mim/chat"
)

const (
	joiner    = 0x200d // joins emoji, and letters of some scripts
	nonJoiner = 0x200c // keeps letters of some scripts apart
	// maxMarks is how many marks may sit on one letter; more of them reach
	// into the lines above and below.
	maxMarks = 8
)

// appendText appends s so that a terminal shows it and nothing else happens:
// one line, no control or format character. What acts is written as its
// number, \x1b or \u202e. The two joiners stay between letters or emoji that
// they belong to; a tab becomes four blanks.
func appendText(dst []byte, s string) []byte { return appendSafe(dst, s, "") }

// appendName appends a name; the characters in escape, which would end the
// name where it stands, are written as numbers, too.
func appendName(dst []byte, s, escape string) []byte { return appendSafe(dst, s, escape) }

func appendSafe(dst []byte, s, escape string) []byte {
	var before rune
	marks := 0
	for i, r := range s {
		if unicode.Is(unicode.M, r) {
			marks++
		} else {
			marks = 0
		}
		switch {
		case marks > maxMarks:
		case marks > 0 && i == 0: // it would sit on what we wrote before it
			dst = appendNumber(dst, r)
		case r == '\t' && escape == "":
			dst = append(dst, "    "...)
		case (r == joiner || r == nonJoiner) && joins(before) && joins(after(s[i:])):
			dst = utf8.AppendRune(dst, r)
		case chat.Hidden(r), blank(r), strings.ContainsRune(escape, r):
			dst = appendNumber(dst, r)
		default:
			dst = utf8.AppendRune(dst, r)
		}
		before = r
	}
	return dst
}

// after is the character behind the first of s.
func after(s string) rune {
	_, n := utf8.DecodeRuneInString(s)
	r, _ := utf8.DecodeRuneInString(s[n:])
	return r
}

// joins reports whether a joiner beside r does what it is for: beyond Latin,
// at a letter, a mark or a symbol.
func joins(r rune) bool {
	return r >= 0x0300 && r != utf8.RuneError && !chat.Hidden(r) &&
		(unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsSymbol(r))
}

// blank reports whether r is seen as nothing although it is no format
// character, so that two names could look alike.
func blank(r rune) bool {
	switch r {
	case 0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x3164, 0xffa0:
		return true
	}
	return 0x180b <= r && r <= 0x180f || 0xe0000 <= r && r <= 0xe0fff
}

// wordly reports whether r may stand in a name without quotes.
func wordly(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || strings.ContainsRune("-._~+", r)
}

func appendNumber(dst []byte, r rune) []byte {
	switch {
	case r < 0x100:
		return fmt.Appendf(dst, `\x%02x`, r)
	case r < 0x10000:
		return fmt.Appendf(dst, `\u%04x`, r)
	}
	return fmt.Appendf(dst, `\U%08x`, r)
}
