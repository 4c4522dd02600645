package elc004

import "bytes"

// A shape is how a program writes its datagrams (elc004 rules 8 and 12).
type shape uint8

const (
	unknown shape = iota
	ours          // Q:n:id and so on
	plus          // (a): text LF + name
	fields        // (b): text LF \: ip\: port\: name
	bang          // (c): port!text LF
)

// What a datagram says. Those of our shape are their letters.
const (
	nothing  = 0
	says     = 't' // text that confirms nothing
	asksName = 'i' // in shape (b) or (c)
	isCalled = 'n' // in shape (b) or (c)
)

// A datagram is one that came, taken apart; all of it lies in the bytes that came.
type datagram struct {
	shape  shape
	word   byte
	n      uint64
	digits []byte // n as it was written
	name   []byte // a claim
	group  []byte
	text   []byte
}

const (
	fieldSep = "\\: "
	nameAsk  = "X_GET_NAME|"
	nameIs   = "X_NAME|"
)

// readDatagram takes a datagram apart, in the order of elc004 rule 12.
func readDatagram(p []byte) datagram {
	if d, ok := readOurs(p); ok {
		return d
	}
	if d, ok := readFields(p); ok {
		return d
	}
	if d, ok := readBang(p); ok {
		return d
	}
	if i := bytes.LastIndex(p, []byte("\n+")); i >= 0 {
		return readPlus(p[:i], p[i+2:])
	}
	return datagram{word: says, text: withoutEnd(p)}
}

// readOurs reads a letter, a number and the rest.
func readOurs(p []byte) (d datagram, ok bool) {
	if len(p) < len("Q:1:") || p[1] != ':' || bytes.IndexByte([]byte("QAMGJLB"), p[0]) < 0 {
		return d, false
	}
	digits, rest, found := bytes.Cut(p[2:], colon)
	if d.n, ok = readNumber(digits, maxDigits); !ok || !found {
		return d, false
	}
	d.shape, d.word, d.digits = ours, p[0], digits
	switch d.word {
	case 'Q', 'A':
		d.name = rest
	case 'M':
		d.text = withoutEnd(rest)
	case 'J', 'L':
		d.group = withoutEnd(rest)
	case 'G':
		if d.group, d.text, found = bytes.Cut(rest, colon); !found {
			d.word = nothing
		}
		d.text = withoutEnd(d.text)
	}
	return d, true
}

// readFields reads shape (b).
func readFields(p []byte) (d datagram, ok bool) {
	d.shape = fields
	line := withoutEnd(p)
	if rest, found := bytes.CutPrefix(line, []byte("IDReq"+fieldSep)); found {
		digits, rest, _ := bytes.Cut(rest, []byte(fieldSep))
		_, port, _ := bytes.Cut(rest, []byte(fieldSep))
		d.word, d.digits = asksName, digits
		_, hasPort := readPort(port)
		d.n, ok = readNumber(digits, maxDigits)
		return d, ok && hasPort
	}
	if rest, found := bytes.CutPrefix(line, []byte("ID"+fieldSep)); found {
		name, digits, _ := bytes.Cut(rest, []byte(fieldSep))
		d.word, d.name = isCalled, name
		_, ok = readNumber(digits, maxDigits)
		return d, ok
	}
	i := bytes.LastIndex(p, []byte("\n"+fieldSep))
	if i < 0 {
		return d, false
	}
	_, rest, _ := bytes.Cut(p[i+len("\n"+fieldSep):], []byte(fieldSep))
	port, name, found := bytes.Cut(rest, []byte(fieldSep))
	_, ok = readPort(port)
	d.word, d.text, d.name = says, p[:i], name
	return d, ok && found
}

// readBang reads shape (c).
func readBang(p []byte) (d datagram, ok bool) {
	digits := countDigits(p)
	if digits == 0 || digits > len("65535") || digits == len(p) || p[digits] != '!' {
		return d, false
	}
	d.shape = bang
	rest := p[digits+1:]
	line := withoutEnd(rest)
	if field, found := bytes.CutPrefix(line, []byte(nameAsk)); found {
		d.word = asksName
		_, ok = readPort(field)
		return d, ok
	}
	if field, found := bytes.CutPrefix(line, []byte(nameIs)); found {
		name, field, _ := bytes.Cut(field, []byte("|"))
		d.word, d.name = isCalled, name
		_, ok = readPort(field)
		return d, ok
	}
	d.word, d.text = says, line
	return d, len(rest) > len(line)
}

// readPlus reads shape (a), in which ours has a number behind the name; without
// a text it is a Q to one whose shape is not known.
func readPlus(text, name []byte) datagram {
	d := datagram{shape: plus, word: says, text: text, name: withoutEnd(name)}
	if i := bytes.LastIndexByte(d.name, '+'); i >= 0 {
		if n, ok := readNumber(d.name[i+1:], maxDigits); ok {
			d.shape, d.word, d.n, d.digits, d.name = ours, 'M', n, d.name[i+1:], d.name[:i]
			if len(text) == 0 {
				d.word = 'Q'
			}
		}
	}
	return d
}

// withoutEnd is p without line ends at its end: some programs send typed lines.
func withoutEnd(p []byte) []byte { return bytes.TrimRight(p, "\r\n") }
