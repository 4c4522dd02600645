package client

import (
	"strings"
	"unicode/utf8"

	"mim/chat"
)

const (
	// maxRefusal is the longest line, in bytes, that is taken for a refusal: a
	// server of our dialect says why in a sentence and closes.
	maxRefusal = 512
	// maxExcerpt is how many characters of another server's words are shown.
	maxExcerpt = 60
)

// foreign reports whether a server's first line is that of another protocol:
// HTTP's or SSH's, the three digits of SMTP, FTP and others (RFC 5321, 959),
// or no sentence at all but a flood.
func foreign(line string) bool {
	return len(line) > maxRefusal ||
		strings.HasPrefix(line, "HTTP/") || strings.HasPrefix(line, "SSH-") ||
		len(line) > 3 && digit(line[0]) && digit(line[1]) && digit(line[2]) && (line[3] == ' ' || line[3] == '-')
}

func digit(b byte) bool { return '0' <= b && b <= '9' }

// excerpt is the beginning of what a foreign server says, for a sentence.
func excerpt(line string) string {
	n := 0
	for i := range line {
		if n++; n > maxExcerpt {
			return visible(line[:i]) + "..."
		}
	}
	return visible(line)
}

// visible is s with a blank for each character that would act instead of being
// seen: such a sentence also goes where nobody makes it harmless.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r != utf8.RuneError && chat.Hidden(r) {
			return ' '
		}
		return r
	}, s)
}
