package chat

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What others write (names, texts, titles) may hold what acts on a terminal
// instead of being seen on it: ends of lines, escape sequences, what turns
// letters around or hides them. All that mim shows passes here, once:
//
//	AppendHarmless       a text on one line, as in plain output
//	AppendHarmlessLines  a text that may have several lines, as on a screen
//	AppendHarmlessName   a name, inside brackets that it cannot leave
//	Quote, QuoteRoom     a name, inside a sentence
//
// The result is valid UTF-8 without any character that is Hidden, but for "\n"
// from AppendHarmlessLines and U+200D inside an emoji sequence. What acts is
// written as its number, \x1b or \u202e, so that it is seen that it was there;
// bytes that are no UTF-8 become U+FFFD. What is harmless already stays as it is.

const (
	joiner    = 0x200d // ZERO WIDTH JOINER: makes one emoji of several
	nonJoiner = 0x200c // ZERO WIDTH NON-JOINER
	asPicture = 0xfe0f // VARIATION SELECTOR-16: the character before it is shown as an emoji
	// MaxMarks is how many marks may sit on one letter; more of them reach into
	// the lines above and below.
	MaxMarks = 8
)

// A harm says where a text will stand.
type harm struct {
	lines  bool   // line ends stay
	name   bool   // two names that are not the same must not look the same
	escape string // characters that would end the name where it stands
}

// AppendHarmless appends s as one line. A tab becomes four blanks. The two
// joiners stay inside emoji sequences; elsewhere they are dropped.
func AppendHarmless(dst []byte, s string) []byte { return appendHarmless(dst, s, harm{}) }

// AppendHarmlessLines is AppendHarmless for where a text may have several lines:
// "\n" stays, and "\r\n" is one.
func AppendHarmlessLines(dst []byte, s string) []byte {
	return appendHarmless(dst, s, harm{lines: true})
}

// AppendHarmlessName appends a name. The characters in escape, which would end
// the name where it stands, are written as numbers, too; so is all that is seen
// as nothing or as a blank but is none, since two names must not look alike.
func AppendHarmlessName(dst []byte, name, escape string) []byte {
	return appendHarmless(dst, name, harm{name: true, escape: escape})
}

func appendHarmless(dst []byte, s string, h harm) []byte {
	before := rune(-1) // that was appended; -1: none
	marks := 0
	emoji := false // it ends one: a joiner may join it to the next
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		rest := s[i+n:]
		i += n
		if r >= 0x20 && r < 0x7f && !strings.ContainsRune(h.escape, r) {
			dst, before, marks, emoji = append(dst, byte(r)), r, 0, false
			continue
		}
		switch {
		case h.lines && r == '\r' && strings.HasPrefix(rest, "\n"):
			continue
		case h.lines && r == '\n':
			dst, before, marks, emoji = append(dst, '\n'), -1, 0, false
			continue
		case r == '\t' && !h.name:
			dst, before, marks, emoji = append(dst, "    "...), ' ', 0, false
			continue
		case r == joiner && emoji && joinsOn(rest):
			dst, before, marks, emoji = utf8.AppendRune(dst, r), r, 0, false
			continue
		case (r == joiner || r == nonJoiner) && !h.name:
			continue
		case Hidden(r), blank(r), h.name && unseen(r, before), strings.ContainsRune(h.escape, r):
			dst, before, marks, emoji = appendNumber(dst, r), ' ', 0, false
			continue
		case !unicode.Is(unicode.M, r):
			marks = 0
		case before < 0: // it would sit on what stands before the text
			dst, before, marks, emoji = appendNumber(dst, r), ' ', 0, false
			continue
		case marks == MaxMarks && h.name:
			dst, before, marks, emoji = appendNumber(dst, r), ' ', 0, false
			continue
		case marks == MaxMarks:
			continue
		default:
			marks++
		}
		dst, before = utf8.AppendRune(dst, r), r
		emoji = picture(r) || r == asPicture && emoji
	}
	return dst
}

// joinsOn reports whether s begins with what a joiner may join.
func joinsOn(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return picture(r)
}

// picture reports whether r may be part of an emoji sequence (UTS #51): the
// arrows, signs and pictures among which the emoji are.
func picture(r rune) bool {
	return 0x2190 <= r && r <= 0x2bff || 0x1f000 <= r && r <= 0x1faff
}

// blank reports whether r is seen as nothing although it is no format character.
func blank(r rune) bool {
	switch r {
	case 0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x3164, 0xffa0:
		return true
	}
	return 0x180b <= r && r <= 0x180f || 0xe0000 <= r && r <= 0xe0fff
}

// unseen reports whether r, behind before, makes a name that looks like another:
// blanks that are no blank, and what chooses between forms of a character.
func unseen(r, before rune) bool {
	switch {
	case r == asPicture:
		return !picture(before)
	case 0xfe00 <= r && r <= 0xfe0e, r == 0x2800, r == 0x1d159:
		return true
	}
	return r != ' ' && unicode.IsSpace(r)
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

// wordly reports whether r may stand in a name without quotes.
func wordly(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || strings.ContainsRune("-._~+", r)
}

// Quote gives a name as it stands inside a sentence: bare if it is one plain
// word, else in quotes, which is also how it can be typed behind @. It is
// harmless, and cannot be taken for more than a name.
func Quote(name string) string {
	if name != "" && !strings.ContainsFunc(name, func(r rune) bool { return !wordly(r) }) {
		return string(AppendHarmlessName(nil, name, ""))
	}
	return `"` + string(AppendHarmlessName(nil, name, `"`)) + `"`
}

// QuoteRoom is Quote for a room, whose # may stand without quotes.
func QuoteRoom(name string) string {
	if bare, ok := strings.CutPrefix(name, "#"); ok && Quote(bare) == bare {
		return name
	}
	return Quote(name)
}
