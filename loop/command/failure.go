package command

import (
	"errors"
	"fmt"
	"io"
	"syscall"
)

// Exit codes; scripts rely on them.
const (
	exitFine         = 0
	exitBadUse       = 2 // flags, arguments, addresses that mean nothing
	exitRefused      = 3 // the name is taken or malformed
	exitNotReached   = 4 // no server there, or not one of this dialect
	exitCannotListen = 6 // a port is taken or forbidden
	exitBroken       = 7 // input, output, or the engine itself broke
)

// A failure ends the program: what failed and why, in words for the person at
// the terminal, one command to try, and the exit code.
type failure struct {
	code int
	what string // "cannot listen on 4242: already in use"
	try  string // one command; "" if there is none to give
	pass bool   // the password was wrong, at the first login
}

func (f *failure) Error() string { return f.what }

// badUse is a failure of the command line itself.
func badUse(try, format string, args ...any) *failure {
	return &failure{code: exitBadUse, what: fmt.Sprintf(format, args...), try: try}
}

// report writes err as people and scripts expect it and gives the exit code.
func report(w io.Writer, err error) int {
	f := (*failure)(nil)
	if !errors.As(err, &f) {
		f = badUse("mim --help", "%s", err)
	}
	fmt.Fprintf(w, "mim: %s\n", f.what)
	if f.try != "" {
		fmt.Fprintf(w, "  try: %s\n", f.try)
	}
	return f.code
}

// reason is what the system says is wrong, without the call and the file that
// the sentence around it names better.
func reason(err error) string {
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}

// nearest is the candidate that word is most likely a slip of; "" if it
// resembles none.
func nearest(word string, candidates []string) string {
	best, least := "", len(word)/3+2
	for _, c := range candidates {
		if d := distance(word, c); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance counts the bytes to insert, delete or change to make b of a
// (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
