package term

// The least screen, in cells; on a smaller one there is one sentence.
const (
	leastWidth  = 40
	leastHeight = 8
	// foldWidth is the width below which the panels at the sides are folded, if
	// nobody asks for them.
	foldWidth = 80
	// ruleHeight is the height from which a line separates header and text.
	ruleHeight = 12
)

// A toggle is a choice of the user, or none yet.
type toggle int8

const (
	unasked toggle = iota
	shown
	folded
)

// on is what the choice means where it would be def without one.
func (t toggle) on(def bool) bool { return t == shown || t == unasked && def }

// A layout says how many cells each part of the screen has. From left to right:
// left, a line, middle, a line, right; a part of width 0 is not there. From top
// to bottom: header, rule (0 or 1), banner, text, status, input.
type layout struct {
	width, height       int
	left, middle, right int
	rule                int
	banner              int
	text                int
	input               int
}

// tooSmall reports whether there is only room for a sentence.
func tooSmall(width, height int) bool { return width < leastWidth || height < leastHeight }

// arrange divides the screen. banner and input are the rows that they want; the
// text keeps at least three.
func arrange(width, height int, left, right toggle, banner, input int) layout {
	l := layout{width: width, height: height, banner: banner}
	if left.on(width >= foldWidth) {
		l.left = clamp(width/5, 14, 26)
	}
	if right.on(width >= foldWidth) {
		l.right = clamp(width/6, 12, 24)
	}
	l.middle = width
	for _, side := range []int{l.left, l.right} {
		if side > 0 {
			l.middle -= side + 1
		}
	}
	if height >= ruleHeight {
		l.rule = 1
	}
	rest := height - 2 - l.rule // header and status
	l.banner = min(l.banner, rest-4)
	l.input = clamp(input, 1, max(1, min(rest-l.banner-3, height/3)))
	l.text = rest - l.banner - l.input
	return l
}

func clamp(n, least, most int) int { return max(least, min(n, most)) }
