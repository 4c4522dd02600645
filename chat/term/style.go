package term

import (
	"hash/fnv"

	"github.com/charmbracelet/x/ansi"
)

// A style is how a part of the screen looks. Colours are the sixteen of the
// terminal, which its user has chosen to be readable; none carries a meaning
// that is not also a word or a sign. A terminal without colours (NO_COLOR, dumb)
// gets the same styles with the colours taken out, by the renderer.
type style struct{ open string }

func styled(s ansi.Style) style { return style{s.String()} }

// on gives s in the style; s has no sequences but those of styles.
func (t style) on(s string) string {
	if t.open == "" || s == "" {
		return s
	}
	return t.open + s + ansi.ResetStyle
}

// styles are the looks of everything.
type styles struct {
	strong, faint, alert, mention style
	selected, grey, line, good    style
	names                         []style
}

// newStyles gives the looks for a terminal with a dark background or a light one.
func newStyles(dark bool) *styles {
	s := &styles{
		strong:   styled(ansi.Style{}.Bold()),
		faint:    styled(ansi.Style{}.Faint()),
		grey:     styled(ansi.Style{}.Faint().Italic(true)),
		line:     styled(ansi.Style{}.Faint()),
		selected: styled(ansi.Style{}.Reverse(true)),
		mention:  styled(ansi.Style{}.Bold().Underline(true)),
	}
	colours := []ansi.BasicColor{ansi.Red, ansi.Green, ansi.Blue, ansi.Magenta, ansi.Cyan}
	s.alert, s.good = styled(ansi.Style{}.Bold().ForegroundColor(ansi.Red)), styled(ansi.Style{}.ForegroundColor(ansi.Green))
	if dark {
		colours = []ansi.BasicColor{ansi.BrightRed, ansi.BrightGreen, ansi.BrightYellow, ansi.BrightBlue, ansi.BrightMagenta, ansi.BrightCyan}
		s.alert, s.good = styled(ansi.Style{}.Bold().ForegroundColor(ansi.BrightRed)), styled(ansi.Style{}.ForegroundColor(ansi.BrightGreen))
	}
	for _, c := range colours {
		s.names = append(s.names, styled(ansi.Style{}.Bold().ForegroundColor(c)))
	}
	return s
}

// name is the look of a name, the same each time.
func (s *styles) name(name string) style {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return s.names[h.Sum32()%uint32(len(s.names))]
}
