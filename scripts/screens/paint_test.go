package screens

import (
	"fmt"
	"image/color"
	"regexp"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	uv "github.com/charmbracelet/ultraviolet"
)

// painted lists what is not plain text, row by row: how it looks, and the text.
// Times and what is drawn with lines alone are left out. With the lock.
func (t *terminal) painted() string {
	var out strings.Builder
	for y := range t.screen.Height() {
		var look, text string
		flush := func() {
			if s := strings.Trim(text, " │─┼"); look != "" && !unpainted.MatchString(s) {
				fmt.Fprintf(&out, "%-20s %s\n", look, s)
			}
			text = ""
		}
		for x := range t.screen.Width() {
			c := t.screen.CellAt(x, y)
			if c == nil || c.Width == 0 {
				continue
			}
			if l := lookOf(&c.Style); l != look {
				flush()
				look = l
			}
			text += c.Content
		}
		flush()
	}
	return address.ReplaceAllString(out.String(), "HOST:PORT")
}

// unpainted is what painted leaves out: blanks, times, days, lines.
var unpainted = regexp.MustCompile(`^(\d\d:\d\d)?$|^\d{4}-\d\d-\d\d$`)

// lookOf names how a cell looks: "bold red"; empty: as plain text.
func lookOf(s *uv.Style) string {
	var words []string
	for _, name := range []string{"bold", "faint", "italic", "underline", "reverse"} {
		if attributes[name](s) {
			words = append(words, name)
		}
	}
	for _, c := range []color.Color{s.Fg, s.Bg} {
		switch c := c.(type) {
		case nil:
		case ansi.BasicColor:
			words = append(words, colours[c])
		default:
			words = append(words, fmt.Sprint(c))
		}
	}
	return strings.Join(slices.Compact(words), " ")
}

// colours are the sixteen that every terminal has.
var colours = []string{"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white", "grey",
	"bright-red", "bright-green", "bright-yellow", "bright-blue", "bright-magenta", "bright-cyan", "bright-white"}
