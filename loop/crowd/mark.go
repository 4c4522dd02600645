package crowd

import "strconv"

// The mark in front of a text, in plain ASCII so that every dialect can carry
// it, with a blank behind it:
//
//	[RUN FROM TO NUMBER]
//
// RUN is the run's number in hexadecimal. FROM and TO are people by number, TO
// is 0 if it is for many; NUMBER is the ledger's.
type mark struct {
	run      uint64
	from, to int
	id       uint64
}

// MaxMark is the longest mark in bytes.
const MaxMark = len("[ffffffffffffffff 1048576 1048576 18446744073709551615] ")

// append appends the mark.
func (k mark) append(dst []byte) []byte {
	dst = strconv.AppendUint(append(dst, '['), k.run, 16)
	dst = strconv.AppendInt(append(dst, ' '), int64(k.from), 10)
	dst = strconv.AppendInt(append(dst, ' '), int64(k.to), 10)
	dst = strconv.AppendUint(append(dst, ' '), k.id, 10)
	return append(dst, ']', ' ')
}

// readMark reads the mark of a text; not ok: it has none.
func readMark(text []byte) (k mark, ok bool) {
	if len(text) == 0 || text[0] != '[' {
		return k, false
	}
	rest := text[1:min(len(text), MaxMark)]
	var from, to uint64
	for _, f := range []struct {
		value *uint64
		base  uint64
		end   byte
	}{{&k.run, 16, ' '}, {&from, 10, ' '}, {&to, 10, ' '}, {&k.id, 10, ']'}} {
		if *f.value, rest, ok = readNumber(rest, f.base, f.end); !ok {
			return mark{}, false
		}
	}
	if from > 1<<30 || to > 1<<30 {
		return mark{}, false
	}
	k.from, k.to = int(from), int(to)
	return k, true
}

// readNumber reads digits and what must stand behind them.
func readNumber(p []byte, base uint64, end byte) (n uint64, rest []byte, ok bool) {
	for i, c := range p {
		digit := uint64(255)
		switch {
		case c >= '0' && c <= '9':
			digit = uint64(c - '0')
		case c >= 'a' && c <= 'f':
			digit = uint64(c-'a') + 10
		case c == end:
			return n, p[i+1:], i > 0
		}
		if digit >= base || n > (1<<64-1-digit)/base {
			break
		}
		n = n*base + digit
	}
	return 0, nil, false
}
