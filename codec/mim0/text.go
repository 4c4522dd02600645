package mim0

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"mim/chat"
	"mim/codec"
)

const (
	welcomeFlag    = "mim0-welcome"
	defaultWelcome = "Welcome to mim. Whoever is here is in your list: pick a name and talk."
)

// Flags has the welcome logo (mim0 rule 2).
func (*dialect) Flags() []codec.Flag {
	return []codec.Flag{{
		Name:    welcomeFlag,
		Default: defaultWelcome,
		Help:    "the `TEXT` that greets mim0 clients, one line or several; \"\" for clients that read blocks only",
	}}
}

// Configure takes the logo. What could act on a terminal in it becomes blanks.
func (*dialect) Configure(value func(name string) string) (codec.Dialect, error) {
	text := strings.TrimSuffix(value(welcomeFlag), "\n")
	if text == "" {
		return &dialect{}, nil
	}
	var logo []byte
	for i, line := range strings.Split(text, "\n") {
		if len(line) > maxLine {
			return nil, fmt.Errorf("--%s: line %d has %d bytes, a line may have at most %d", welcomeFlag, i+1, len(line), maxLine)
		}
		logo = appendTextLine(logo, strings.TrimSuffix(line, "\r"))
	}
	return &dialect{logo: string(logo)}, nil
}

// appendTextLine appends a line of text for a registry's client: never empty,
// never begun by a byte below 0x20, at most maxLine bytes (mim0 rule 2).
func appendTextLine(dst []byte, text string) []byte {
	at := len(dst)
	dst = appendLine(dst, []byte(text))
	if len(dst) == at+1 { // only its LF
		dst = append(dst[:at], " \n"...)
	}
	if dst[at] < 0x20 { // a tab: the one control that a line may hold
		dst[at] = ' '
	}
	return dst
}

// appendLine appends text as one line of at most maxLine bytes, and its LF.
func appendLine(dst, text []byte) []byte {
	at := len(dst)
	// Clipped twice: before, to bound the work; after, since a byte that is no
	// UTF-8 grows to three on the way.
	dst = chat.AppendLine(dst, chat.Clip(text, maxLine))
	return append(dst[:at+len(chat.Clip(dst[at:], maxLine))], '\n')
}

// appendWords appends what a person should know of err, as a line of text.
func appendWords(dst []byte, err error) []byte {
	if told := (*chat.Error)(nil); errors.As(err, &told) {
		return appendTextLine(dst, told.Text)
	}
	return appendTextLine(dst, "The registry closes this connection.") // why is for its log
}

// readText gives a line as UTF-8: as it is, or if that is none each byte as a
// Latin-1 character, in memory of its own. Of a line that was cut at a bound
// the character that was cut too is left out.
func readText(line []byte, cut bool) []byte {
	if cut {
		if whole := withoutPart(line); utf8.Valid(whole) {
			return whole
		}
	}
	if utf8.Valid(line) {
		return line
	}
	return chat.AppendUTF8(make([]byte, 0, 2*len(line)), line)
}

// withoutPart is p without the beginning of a UTF-8 character at its end.
func withoutPart(p []byte) []byte {
	for i := len(p) - 1; i >= 0 && i > len(p)-utf8.UTFMax; i-- {
		if utf8.RuneStart(p[i]) {
			if !utf8.FullRune(p[i:]) {
				return p[:i]
			}
			break
		}
	}
	return p
}
