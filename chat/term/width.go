package term

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// A ruler measures text in cells. Everything on the screen is measured by one
// ruler, and by the method that the terminal itself uses: the sum of code points
// or, if it says that it knows grapheme clusters (mode 2027), whole clusters. So
// a family of emoji is as wide for us as for the terminal, and nothing behind it
// is out of place.
type ruler struct{ method ansi.Method }

// width is how many cells s takes. Escape sequences of ours take none.
func (r ruler) width(s string) int {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return r.method.StringWidth(s)
		}
	}
	return len(s)
}

// cluster gives the first character as a person sees it, and its cells.
func (r ruler) cluster(s string) (string, int) {
	if s[0] >= 0x20 && s[0] < 0x7f && (len(s) == 1 || s[1] < 0x7f) {
		return s[:1], 1
	}
	return ansi.FirstGraphemeCluster(s, r.method)
}

// apart reports whether a character, as a person sees it, begins at i.
func (r ruler) apart(s string, i int) bool {
	if i == 0 || i == len(s) || s[i-1] < 0x80 && s[i] < 0x80 {
		return true
	}
	at := 0
	for at < i {
		c, _ := r.cluster(s[at:])
		at += len(c)
	}
	return at == i
}

// cut gives the longest beginning of s, which has no escape sequences, that
// fits into so many cells, and its cells.
func (r ruler) cut(s string, cells int) (string, int) {
	taken, at := 0, 0
	for at < len(s) {
		c, w := r.cluster(s[at:])
		if taken+w > cells {
			break
		}
		taken += w
		at += len(c)
	}
	return s[:at], taken
}

// clip is s if it fits, else as much of it as fits with an ellipsis.
func (r ruler) clip(s string, cells int) string {
	if cells <= 0 {
		return ""
	}
	if r.width(s) <= cells {
		return s
	}
	s, _ = r.cut(s, cells-1)
	return s + "…"
}

// fit is clip, filled up with blanks to exactly so many cells.
func (r ruler) fit(s string, cells int) string {
	s = r.clip(s, cells)
	return s + blanks(cells-r.width(s))
}

// fill adds blanks to s, which may have escape sequences and is not wider, up
// to so many cells.
func (r ruler) fill(s string, cells int) string { return s + blanks(cells-r.width(s)) }

func blanks(n int) string {
	const some = "                                                                "
	if n <= 0 {
		return ""
	}
	if n <= len(some) {
		return some[:n]
	}
	return strings.Repeat(" ", n)
}

// A piece is the part of a text from one byte to another.
type piece struct{ from, to int }

// wrap cuts s, which has no escape sequences, into rows of at most so many
// cells: at line ends, else behind the last blank that fits, else where the row
// is full; so too beside a wide character, since who writes with them does not
// part words by blanks. Blanks at the end of a row are not part of it. There is
// at least one.
func (r ruler) wrap(s string, cells int) (rows []piece) {
	cells = max(cells, 2) // no character is wider
	from := 0
	for {
		end := strings.IndexByte(s[from:], '\n')
		if end < 0 {
			return r.wrapLine(rows, s, from, len(s), cells)
		}
		rows = r.wrapLine(rows, s, from, from+end, cells)
		from += end + 1
	}
}

// wrapLine appends the rows of s[from:to], which has no line end.
func (r ruler) wrapLine(rows []piece, s string, from, to, cells int) []piece {
	at, taken, blank := from, 0, -1 // blank: the last one in this row
	wide := false                   // the character before is
	for at < to {
		c, w := r.cluster(s[at:to])
		if taken+w > cells && at > from {
			if c == " " { // it may hang over the edge
				rows = append(rows, piece{from, at})
				from = at + 1
				at = from
			} else if blank > from && w < 2 && !wide {
				rows = append(rows, piece{from, blank})
				from = blank + 1
				at = from
			} else {
				rows = append(rows, piece{from, at})
				from = at
			}
			taken, blank, wide = 0, -1, false
			continue
		}
		if c == " " {
			blank = at
		}
		taken, wide = taken+w, w > 1
		at += len(c)
	}
	return append(rows, piece{from, to})
}
