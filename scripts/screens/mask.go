package screens

import (
	"fmt"
	"regexp"
	"strings"
)

// What differs from run to run is masked, and keeps its width: hours and minutes,
// dates, ports, seconds to wait, a call's length and how loud one is.
var (
	precise = regexp.MustCompile(`\b\d\d:\d\d:\d\d\b`)
	clock   = regexp.MustCompile(`\b\d\d:\d\d\b`)
	date    = regexp.MustCompile(`\b\d{4}-\d\d-\d\d\b`)
	address = regexp.MustCompile(`127\.0\.0\.\d+:\d+`)
	// How loud we are in a call, and how long it has gone on.
	meter  = regexp.MustCompile(`\[#*-*\]`)
	lasted = regexp.MustCompile(`(in a call with \S+) \d+:\d\d\b`)
	// The wait for the next try is of any length; blanks behind it make up for it.
	wait = regexp.MustCompile(`\b(try|again) in (\d+ s|[\d.]+m?s)( *)`)
)

// Mask makes a grid one that is the same at each run. A time that stands right
// below another, which is there only if a minute has passed between the two, is
// taken out.
func Mask(grid string) string {
	lines := strings.Split(grid, "\n")
	last := -1 // the column, in bytes, of the time above
	for i, line := range lines {
		at := clock.FindStringIndex(precise.ReplaceAllString(line, "--------"))
		if at != nil && at[0] == last && blankBefore(line, at[0]) {
			line = line[:at[0]] + "     " + line[at[1]:]
		} else if at != nil && blankBefore(line, at[0]) {
			last = at[0]
		}
		line = precise.ReplaceAllString(line, "hh:mm:ss")
		line = clock.ReplaceAllString(line, "hh:mm")
		line = lasted.ReplaceAllString(line, "$1 m:ss")
		line = meter.ReplaceAllStringFunc(line, func(s string) string { return "[" + strings.Repeat("m", len(s)-2) + "]" })
		line = date.ReplaceAllString(line, "yyyy-mm-dd")
		line = address.ReplaceAllStringFunc(line, func(s string) string {
			host, _, _ := strings.Cut(s, ":")
			return host + ":" + strings.Repeat("p", len(s)-len(host)-1)
		})
		line = wait.ReplaceAllStringFunc(line, func(s string) string {
			word, _, _ := strings.Cut(s, " ")
			return fmt.Sprintf("%-*s", len(s), word+" in N")
		})
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
}

// blankBefore reports whether a time at this place is the stamp of a line: it
// stands at the edge or behind the line between two panels.
func blankBefore(line string, at int) bool {
	before := strings.TrimRight(line[:at], " ")
	return before == "" || strings.HasSuffix(before, "│")
}
