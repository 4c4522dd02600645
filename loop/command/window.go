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

// A window shows on the server's terminal who comes and goes. The loop hands
// lines over without waiting; one goroutine writes them.
type window struct {
	lines chan string
	end   chan struct{} // closed to ask for the end
	ended chan struct{} // closed when the last line is written
}

func newWindow(w io.Writer) *window {
	win := &window{make(chan string, windowLines), make(chan struct{}), make(chan struct{})}
	go win.write(w)
	return win
}

func (w *window) write(to io.Writer) {
	defer close(w.ended)
	for {
		select {
		case line := <-w.lines:
			io.WriteString(to, line) // a terminal that is gone shows nothing
		case <-w.end:
			for len(w.lines) > 0 {
				io.WriteString(to, <-w.lines)
			}
			return
		}
	}
}

// tell is called on the loop. A line that finds no room is left out.
func (w *window) tell(came bool, who *chat.Person) {
	verb := "went"
	if came {
		verb = "came"
	}
	line := fmt.Sprintf("%s %s %s (%s, %s)\n", time.Now().Format(time.TimeOnly), harmless(who.Name), verb, who.Dialect, who.Near)
	select {
	case w.lines <- line:
	default:
	}
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
func (w *window) close() {
	close(w.end)
	select {
	case <-w.ended:
	case <-time.After(windowLinger):
	}
}
