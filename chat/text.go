package chat

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxNameUnits is the longest name in UTF-16 units (mim0.md, rule 6).
const MaxNameUnits = 64

// CheckName says whether name may be a user's: 1 to MaxNameUnits UTF-16
// units, valid UTF-8, no control or format character and no line separator
// (Cc, Cf, U+2028, U+2029), not blank at its ends, and something in it that
// shows. The error is a *Error of
// kind BadName whose text says what to change.
func CheckName(name string) error {
	switch {
	case name == "":
		return Errorf(BadName, "the name is empty")
	case !utf8.ValidString(name):
		return Errorf(BadName, "the name is no UTF-8")
	case len(name) > 3*MaxNameUnits || units(name) > MaxNameUnits:
		return Errorf(BadName, "the name is longer than %d characters", MaxNameUnits)
	}
	first, _ := utf8.DecodeRuneInString(name)
	last, _ := utf8.DecodeLastRuneInString(name)
	if unicode.IsSpace(first) || unicode.IsSpace(last) {
		return Errorf(BadName, "the name begins or ends with a blank")
	}
	shows := false
	for _, r := range name {
		if Hidden(r) {
			return Errorf(BadName, "the name holds a control or format character (U+%04X)", r)
		}
		shows = shows || !empty(r) && !unicode.IsSpace(r)
	}
	if !shows {
		return Errorf(BadName, "nothing of the name shows")
	}
	return nil
}

func units(s string) (n int) {
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// IsWord reports whether a name holds neither blanks nor colons.
func IsWord(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return r == ':' || unicode.IsSpace(r) })
}

// Hidden reports whether r is no character that a person sees but one that
// acts on those around it: controls (Cc), formats (Cf: bidi overrides, zero
// width joiners, tags), line and paragraph separators.
func Hidden(r rune) bool {
	if r < 0x7f {
		return r < 0x20
	}
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029
}

// AppendUTF8 appends p as UTF-8: as it is if it is valid, else each byte read
// as a Latin-1 character (spec README: "bytes that are no UTF-8 are read as
// Latin-1 and kept readable").
func AppendUTF8(dst, p []byte) []byte {
	if utf8.Valid(p) {
		return append(dst, p...)
	}
	for _, b := range p {
		dst = utf8.AppendRune(dst, rune(b))
	}
	return dst
}

// AppendLine appends text as one line without its end: whatever could end a
// line or act on a terminal becomes harmless. CR LF and each other control
// character but the tab, U+2028 and U+2029 become one blank each; bytes that
// are no UTF-8 become U+FFFD. Other format characters stay: they belong to
// the text of some languages and emoji, and a screen decides what it shows.
func AppendLine(dst, text []byte) []byte {
	for len(text) > 0 {
		plain := 0
		for plain < len(text) && text[plain] >= 0x20 && text[plain] < 0x7f {
			plain++
		}
		if dst = append(dst, text[:plain]...); plain == len(text) {
			break
		}
		text = text[plain:]
		r, n := utf8.DecodeRune(text)
		switch {
		case r == '\r' && len(text) > 1 && text[1] == '\n':
			n = 2
			dst = append(dst, ' ')
		case r == '\t':
			dst = append(dst, '\t')
		case unicode.Is(unicode.Cc, r), r == 0x2028, r == 0x2029:
			dst = append(dst, ' ')
		default:
			dst = utf8.AppendRune(dst, r)
		}
		text = text[n:]
	}
	return dst
}

// AppendText appends text that may have several lines: line ends (LF, CR LF)
// and tabs stay, all else is as in AppendLine.
func AppendText(dst, text []byte) []byte {
	for {
		i := bytes.IndexByte(text, '\n')
		if i < 0 {
			return AppendLine(dst, text)
		}
		end := i
		if i > 0 && text[i-1] == '\r' {
			end--
		}
		dst = append(AppendLine(dst, text[:end]), text[end:i+1]...)
		text = text[i+1:]
	}
}

// Clip is the longest prefix of text that has at most max bytes and does not
// end inside a UTF-8 character.
func Clip(text []byte, max int) []byte {
	if len(text) <= max {
		return text
	}
	for i := max; i > max-utf8.UTFMax && i >= 0; i-- {
		if utf8.RuneStart(text[i]) {
			return text[:i]
		}
	}
	return text[:max]
}
