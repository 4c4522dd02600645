package sqlite

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"

	"mim/chat"
)

// Why a store cannot be opened. The errors of Open wrap them and say which
// file is meant and what to do.
var (
	// ErrInUse: another server has it open.
	ErrInUse = errors.New("in use")
	// ErrDamaged: the file is no store, or not a whole one. It was left as it is.
	ErrDamaged = errors.New("damaged")
	// ErrNewer: a later mim made it.
	ErrNewer = errors.New("made by a later mim")
)

// What people are told. What the disk said is in the log only.
var (
	toldFull    = chat.Errorf(chat.Full, "the server has too much to store now; try again later")
	toldClosed  = chat.Errorf(chat.Lost, "the server stops")
	toldNoSpace = chat.Errorf(chat.Broken, "the server cannot store this now: its disk is full; try again later")
	toldBroken  = chat.Errorf(chat.Broken, "the server cannot store this now; try again later")
	toldUnread  = chat.Errorf(chat.Broken, "the server cannot read what it has stored now; try again later")
)

// A Trouble is why a change was not kept, or something was not read: its text
// is for the log; errors.As finds the *chat.Error with the sentence for the
// person concerned, and errors.Is the cause.
type Trouble struct {
	told  *chat.Error
	cause error
}

func (t *Trouble) Error() string   { return "store: " + t.cause.Error() }
func (t *Trouble) Unwrap() []error { return []error{t.told, t.cause} }

// notKept is the error of a change that was not kept.
func notKept(path string, err error) error {
	if primary(err) == codeFull {
		return &Trouble{toldNoSpace, detail(path, err)}
	}
	return &Trouble{toldBroken, detail(path, err)}
}

// notRead is the error of something that was not read.
func notRead(path string, err error) error { return &Trouble{toldUnread, detail(path, err)} }

// detail is err for the log, with the file and, if that is damaged, what to do.
func detail(path string, err error) error {
	if path == "" {
		return err
	}
	if damage(err) {
		return fmt.Errorf("%s: %w: %w: stop the server, %s", path, ErrDamaged, err, advice(path))
	}
	return fmt.Errorf("%s: %w", path, err)
}

// advice is what to do with a file that is damaged.
func advice(path string) string {
	return fmt.Sprintf("move it away together with %[1]s-wal and %[1]s-shm and put a copy in its place", path)
}

// Codes of SQLite (sqlite.org/rescode.html): the low byte of an extended code.
const (
	codeError      = 1
	codeIO         = 10
	codeCorrupt    = 11
	codeFull       = 13
	codeTooBig     = 18
	codeConstraint = 19
	codeMismatch   = 20
	codeRange      = 25
	codeNotADB     = 26
)

// primary is the primary code of an error of SQLite; 0 for others.
func primary(err error) int {
	if e := (*sqlite.Error)(nil); errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// errChange is a change that cannot be kept, whatever the disk does.
var errChange = errors.New("no change that can be kept")

// alone reports whether err is the trouble of one statement: the transaction
// around it goes on.
func alone(err error) bool {
	switch primary(err) {
	case codeError, codeTooBig, codeConstraint, codeMismatch, codeRange:
		return true
	}
	return errors.Is(err, errChange)
}

// damage reports whether err says that the file is not whole.
func damage(err error) bool {
	c := primary(err)
	return c == codeCorrupt || c == codeNotADB
}
