package dtu

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"mim/chat"
)

const (
	// blanks stand between words; of a line whose end has not come yet they may
	// be half of it.
	blanks = " \t\r"

	// maxRoom is the longest name of a channel in bytes, with its # (dtu rule 7).
	maxRoom = 64

	// maxName bounds any other name in bytes: three of UTF-8 for each unit of
	// the longest one.
	maxName = 3 * chat.MaxNameUnits
)

// A line is a command, or what a server says. All of it lies in the bytes it
// was cut from; blanks around each part are dropped (dtu rule 2).
type line struct {
	word  []byte
	args  []byte // between word and colon
	rest  []byte // behind the colon
	at    int    // where rest begins, in the bytes it was cut from
	colon bool
}

// cutLine splits a line at its first colon.
func cutLine(p []byte) (l line) {
	head := p
	if i := bytes.IndexByte(p, ':'); i >= 0 {
		head, l.rest, l.colon, l.at = p[:i], p[i+1:], true, i+1
		for len(l.rest) > 0 && isBlank(l.rest[0]) {
			l.rest = l.rest[1:]
			l.at++
		}
		l.rest = bytes.TrimRight(l.rest, blanks)
	}
	head = bytes.Trim(head, blanks)
	l.word = head
	if i := bytes.IndexAny(head, blanks); i >= 0 {
		l.word, l.args = head[:i], bytes.TrimLeft(head[i:], blanks)
	}
	return l
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

// one reports whether args are one word.
func (l line) one() bool { return len(l.args) > 0 && !bytes.ContainsAny(l.args, blanks) }

// last is the last word of args.
func (l line) last() []byte { return l.args[bytes.LastIndexAny(l.args, blanks)+1:] }

// first is what stands in front of the last word of args.
func (l line) first() []byte { return bytes.TrimRight(l.args[:len(l.args)-len(l.last())], blanks) }

// cutConnect splits what stands behind CONNECT: two names in quotes, then
// anything (dtu rule 4).
func cutConnect(rest []byte) (nick []byte, ok bool) {
	nick, rest, ok = cutQuoted(rest)
	if !ok || len(rest) == 0 || !isBlank(rest[0]) {
		return nil, false
	}
	_, _, ok = cutQuoted(bytes.TrimLeft(rest, blanks))
	return nick, ok
}

func cutQuoted(p []byte) (name, rest []byte, ok bool) {
	if len(p) == 0 || p[0] != '"' {
		return nil, nil, false
	}
	return bytes.Cut(p[1:], []byte(`"`))
}

// isNick reports whether somebody may log in by this name here (dtu rule 6).
func isNick(name string) bool { return isName(name) && utf8.RuneCountInString(name) <= maxNickRunes }

// isName reports whether a name can be written without danger.
func isName(name string) bool {
	return !strings.ContainsFunc(name, breaksName) && chat.CheckName(name) == nil
}

func breaksName(r rune) bool {
	return r == ':' || r == '"' || r == ',' || r == '#' || r == utf8.RuneError || unicode.IsSpace(r)
}

// isRoom reports whether a channel may have this name (dtu rule 7).
func isRoom(name string) bool {
	return len(name) > len("#") && len(name) <= maxRoom && name[0] == '#' &&
		utf8.ValidString(name) && !strings.ContainsFunc(name, breaksRoom)
}

func breaksRoom(r rune) bool {
	return r == ':' || r == '"' || r == ',' || unicode.IsSpace(r) || chat.Hidden(r)
}

// readRoom is the name of a channel as chat has it: with a # in front and in
// lower case. ok is false if none may be called that.
func readRoom(p []byte) (name string, ok bool) {
	if len(p) > 4*maxRoom {
		return "", false
	}
	if name = string(p); !strings.HasPrefix(name, "#") {
		name = "#" + name
	}
	name = strings.ToLower(name)
	return name, isRoom(name)
}

// plainRoom reports whether p is such a name as it stands, of ASCII: most are.
func plainRoom(p []byte) bool {
	if len(p) < 2 || len(p) > maxRoom || p[0] != '#' {
		return false
	}
	for _, c := range p {
		if c <= ' ' || c >= 0x7f || c >= 'A' && c <= 'Z' || c == ':' || c == '"' || c == ',' {
			return false
		}
	}
	return true
}

const (
	keyDigits = 15
	minKey    = 1e14
	maxKey    = 1e15 - 1
)

// readKey reads a session key: 15 decimal digits, the first not 0.
func readKey(p []byte) (key uint64, ok bool) {
	if len(p) != keyDigits {
		return 0, false
	}
	key, ok = readNumber(p)
	return key, ok && isKey(key)
}

func isKey(key uint64) bool { return key >= minKey && key <= maxKey }

// readNumber reads 1 to 18 decimal digits.
func readNumber(p []byte) (n uint64, ok bool) {
	if !isDigits(p) || len(p) > 18 {
		return 0, false
	}
	for _, c := range p {
		n = 10*n + uint64(c-'0')
	}
	return n, true
}

func isDigits(p []byte) bool {
	for _, c := range p {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(p) > 0
}
