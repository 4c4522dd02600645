package command

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"mim/chat"
)

// windowLines is how many lines may wait for a terminal that was stopped.
const windowLines = 1024

// windowLinger is how long the end waits for a terminal that does not scroll.
const windowLinger = time.Second

// A window shows on the server's terminal who comes and goes.
type window struct{ *queue }

func newWindow(w io.Writer) window { return window{newQueue(w, windowLines, 0)} }

// tell is called on the loop. A line that finds no room is left out.
func (w window) tell(came bool, who *chat.Person) {
	verb := "went"
	if came {
		verb = "came"
	}
	w.offer(fmt.Appendf(nil, "%s %s %s (%s, %s)\n", time.Now().Format(time.TimeOnly), harmless(who.Name), verb, who.Dialect, who.Near))
}

// harmless quotes a name that would not show as it is, or could pass for more
// than a name. chat.CheckName lets blanks and fillers of all kinds through.
func harmless(name string) string {
	odd := func(r rune) bool {
		return !unicode.IsPrint(r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
	}
	switch {
	case strings.ContainsFunc(name, odd):
		return strconv.QuoteToASCII(name)
	case strings.ContainsAny(name, " \"'\\(),"):
		return strconv.Quote(name)
	}
	return name
}

// close writes what is left. A loop that still runs may go on telling.
func (w window) close() { w.queue.close(windowLinger) }
