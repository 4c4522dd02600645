package messenger

import "bytes"

// maxHeader bounds a block in bytes: its first line, its header lines and the
// empty line, without a body (messenger rule 2).
const maxHeader = 1024

// maxDigits bounds the number behind Content-length (messenger rule 3).
const maxDigits = 9

const lengthHeader = "Content-length"

// blanks may stand at the end of a line. A CR is one of them, so that CR LF
// ends a line as LF does.
const blanks = " \t\r"

// What Content-length says if it says no number.
const (
	lengthMissing = -1 // no such header
	lengthBad     = -2 // not 1 to 9 digits, or two that differ
)

// A block is what a message begins with: a first line, header lines, an empty
// line. Its slices lie in the bytes that it was read from.
type block struct {
	word   []byte // the first word of the first line
	rest   []byte // what stands behind it, without blanks at its ends
	length int    // 0 to 999,999,999, or why there is none
	size   int    // of the block in bytes, its empty line included
}

// progress says how much of something has come.
type progress uint8

const (
	partial progress = iota // more bytes are wanted
	whole
	overlong // no end within maxHeader bytes: more bytes do not help
)

// readBlock reads the block at the front of p, which begins with a line that
// is not empty: skipBlank takes those between messages. Header names may be
// written in any case, unknown headers are skipped. Only of a whole block all
// fields are set.
func readBlock(p []byte) (b block, at progress) {
	window := p[:min(len(p), maxHeader)]
	line, n := readLine(window)
	b.word, b.rest = cutWord(line)
	b.length = lengthMissing
	for n > 0 {
		b.size += n
		line, n = readLine(window[b.size:])
		if n > 0 && len(line) == 0 {
			b.size += n
			return b, whole
		}
		b.header(line)
	}
	if len(p) >= maxHeader {
		return b, overlong
	}
	return b, partial
}

// header takes a header line; only the length of the body matters.
func (b *block) header(line []byte) {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok || !bytes.EqualFold(bytes.Trim(name, blanks), []byte(lengthHeader)) {
		return
	}
	n := readLength(bytes.Trim(value, blanks))
	if b.length != lengthMissing && b.length != n {
		n = lengthBad // two readers could see two different bodies
	}
	b.length = n
}

// readLength is the number that 1 to 9 digits stand for. A sign is no digit:
// +5 and -1 are bad.
func readLength(digits []byte) (n int) {
	if len(digits) == 0 || len(digits) > maxDigits {
		return lengthBad
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return lengthBad
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// readLine gives the first line in p without its end and the blanks before
// that, and says how many bytes it takes; 0: its end has not come.
func readLine(p []byte) (line []byte, n int) {
	end := bytes.IndexByte(p, '\n')
	if end < 0 {
		return nil, 0
	}
	return bytes.TrimRight(p[:end], blanks), end + 1
}

// cutWord splits a line into its first word and the rest, which has no blanks
// at its ends.
func cutWord(line []byte) (word, rest []byte) {
	if i := bytes.IndexAny(line, blanks); i >= 0 {
		return line[:i], bytes.Trim(line[i:], blanks)
	}
	return line, nil
}

// skipBlank is how many bytes of empty lines stand at the front of p. Some
// programs send one behind each body (messenger rule 2).
func skipBlank(p []byte) (n int) {
	for i, c := range p {
		switch c {
		case '\n':
			n = i + 1
		case ' ', '\t', '\r':
		default:
			return n
		}
	}
	return n
}
