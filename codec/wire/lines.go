// Package wire holds the bounded scanners that dialects share. They work on
// the bytes that have come so far, keep none of them, and decide nothing for
// the reason that a segment ended: any cut of a stream gives the same values.
package wire

import "bytes"

// Lines scans a stream of lines, each ended by LF or CR LF. Of a line longer
// than the bound it gives the beginning once and then skips to the line's end.
//
// The zero value is ready. Whoever uses it keeps the bytes that it did not
// take: never more than max+1 of them.
type Lines struct{ skipping bool }

// Next finds the first line in p, of at most max bytes without its end, and
// says how many bytes it took:
//
//	(nil, 0, false)   more bytes are wanted
//	(nil, n, false)   n bytes of the rest of a long line, to forget
//	(line, n, false)  a whole line; empty ones are not nil
//	(line, n, true)   the first max bytes of a longer line
//
// line lies in p. One that is cut may end inside a character.
func (l *Lines) Next(p []byte, max int) (line []byte, n int, cut bool) {
	if l.skipping {
		return nil, l.skip(p), false
	}
	// A line of max bytes may have two more, its CR LF: then it is not long.
	window := p[:min(len(p), max+2)]
	end := bytes.IndexByte(window, '\n')
	if end >= 0 {
		line = window[:end]
		if end > 0 && line[end-1] == '\r' {
			line = line[:end-1]
		}
		if len(line) <= max {
			return line, end + 1, false
		}
	} else if len(window) <= max || len(window) == max+1 && window[max] == '\r' {
		return nil, 0, false
	}
	l.skipping = true
	return window[:max], max, true
}

// Skipping reports whether p goes on inside a long line.
func (l *Lines) Skipping() bool { return l.skipping }

// skip takes the rest of a long line, its end too if that has come.
func (l *Lines) skip(p []byte) int {
	end := bytes.IndexByte(p, '\n')
	if end < 0 {
		return len(p)
	}
	l.skipping = false
	return end + 1
}
