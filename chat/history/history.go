// Package history keeps conversations on this machine, so that the next mim
// finds them again: what was said, what became of what we said, and what was
// typed and not sent.
//
// It is one database of SQLite, history.db, that only its owner can read. Its
// rows are by account (who we are, at which server, by which dialect), by
// conversation and by time. Several mim may use it at once. What is in it, table
// by table, says schema.go.
//
// One goroutine writes, many records in one commit; whoever gives it a record
// never waits. A mim that is killed loses what was not committed, which is what
// came in the last moments; the file stays whole. If the disk is full or broken
// the person is told once, and everything else goes on.
package history

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"

	"mim/chat/book"
)

// fileName is the database; SQLite adds history.db-wal and history.db-shm.
const fileName = "history.db"

// Why a history cannot be opened. The errors of Open wrap them; the file was
// left as it is.
var (
	// ErrNewer: a later mim made it.
	ErrNewer = errors.New("made by a later mim")
	// ErrForeign: it is no history of mim.
	ErrForeign = errors.New("no history of mim")
)

// busyWait is how long a statement waits for another mim that writes.
const busyWait = 5 * time.Second

// A History keeps the conversations of one account. Its methods may be called
// on any goroutine.
type History struct {
	path    string
	account int64
	read    *sql.DB
	writer  *writer
}

// Open opens the history in a directory for an account, "NAME@HOST:PORT+dialect",
// and makes what is not there: the directory with mode 0700, the file with 0600.
// trouble is told, in a sentence for the person, when something cannot be kept:
// once until it works again. It is called on the writer's goroutine and must not
// call this history.
func Open(dir, account string, trouble func(text string)) (*History, error) {
	return openBy(dir, account, trouble, steps)
}

func openBy(dir, account string, trouble func(string), steps []string) (*History, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot keep conversations: %w", err)
	}
	h := &History{path: filepath.Join(dir, fileName)}
	if err := h.open(account, trouble, steps); err != nil {
		return nil, fmt.Errorf("cannot keep conversations in %s: %w", h.path, err)
	}
	return h, nil
}

func (h *History) open(account string, trouble func(string), steps []string) error {
	f, err := os.OpenFile(h.path, os.O_RDWR|os.O_CREATE, 0o600) // SQLite would let others read it
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	write, err := connect(h.path, 1)
	if err != nil {
		return err
	}
	if err = migrate(write, steps); err == nil {
		h.account, err = accountID(write, account)
	}
	if err == nil {
		h.read, err = connect(h.path, 2)
	}
	if err != nil {
		write.Close()
		return plainly(err)
	}
	h.writer = newWriter(write, h.account, trouble)
	return nil
}

// connect opens a pool of so many connections.
func connect(path string, n int) (*sql.DB, error) {
	q := url.Values{"_txlock": {"immediate"}, "mode": {"rw"}, "_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busyWait.Milliseconds()),
		"synchronous(NORMAL)", // a commit is safe from the end of mim; the last ones not from that of the machine
		"secure_delete(ON)",   // what is forgotten is gone
		"temp_store(MEMORY)",
		"foreign_keys(ON)",
	}}
	u := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}

// Codes of SQLite (sqlite.org/rescode.html): the low byte of an extended code.
const (
	codeBusy     = 5
	codeReadOnly = 8
	codeIO       = 10
	codeCorrupt  = 11
	codeFull     = 13
	codeCantOpen = 14
	codeNotADB   = 26
)

// code is the primary code of an error of SQLite; 0 for others.
func code(err error) int {
	if e := (*sqlite.Error)(nil); errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// plainly adds what to do about an error of a file.
func plainly(err error) error {
	switch code(err) {
	case codeCorrupt, codeNotADB:
		return fmt.Errorf("it is damaged (%w): move it away, and mim makes a new one", err)
	case codeBusy:
		return fmt.Errorf("another program has it locked (%w)", err)
	case codeFull:
		return fmt.Errorf("the disk is full (%w)", err)
	}
	return err
}

// Path is the file; empty if nothing is kept.
func (h *History) Path() string {
	if h == nil {
		return ""
	}
	return h.path
}

// Keep gives a record to the writer. Records of ours with the same Ticket are
// one text, of which the last counts. It never waits for the disk: when more
// waits than may, records are left out, which the person is told.
func (h *History) Keep(k book.Key, r book.Record) {
	if h != nil {
		h.writer.put(entry{kind: keep, key: k, record: r})
	}
}

// Draft keeps what was typed in a conversation and not sent; "" is nothing.
func (h *History) Draft(k book.Key, text string) {
	if h != nil {
		h.writer.put(entry{kind: draft, key: k, text: text})
	}
}

// Forget takes a conversation and its draft out of the file for good, behind
// what was kept before; then done is told, on the writer's goroutine.
func (h *History) Forget(k book.Key, done func(error)) {
	h.forget(entry{kind: forget, key: k, done: done})
}

// ForgetAll is Forget for all conversations of the account.
func (h *History) ForgetAll(done func(error)) { h.forget(entry{kind: forgetAll, done: done}) }

func (h *History) forget(e entry) {
	switch {
	case h != nil:
		h.writer.put(e)
	case e.done != nil:
		e.done(ErrNone)
	}
}

// Close commits what waits, for at most within, and closes the file. What could
// not be committed is in the error.
func (h *History) Close(within time.Duration) error {
	if h == nil {
		return nil
	}
	err := h.writer.close(within)
	return errors.Join(err, h.read.Close())
}

// A Conversation is what a history knows of one.
type Conversation struct {
	Key   book.Key
	Used  time.Time // when something was said in it last
	Draft string
}

// Conversations are the n that were used last, the latest first, and with them
// all that have a draft. It waits for the disk.
func (h *History) Conversations(n int) (list []Conversation, err error) {
	if h == nil {
		return nil, nil
	}
	rows, err := h.read.Query(`SELECT kind, name, used, draft FROM conversation c WHERE account = ?1
		AND (draft != '' OR used > 0 AND id IN (SELECT id FROM conversation WHERE account = ?1 ORDER BY used DESC LIMIT ?2))
		ORDER BY used DESC, id`, h.account, n)
	if err != nil {
		return nil, plainly(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c Conversation
		var used int64
		if err := rows.Scan(&c.Key.Kind, &c.Key.Name, &used, &c.Draft); err != nil {
			return nil, err
		}
		if used > 0 {
			c.Used = time.Unix(0, used)
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// columns are those that make a record.
const columns = "l.id, l.at, l.written, l.sender, l.own, l.body, l.state, l.why"

// Older gives the n records of a conversation before a time, the oldest first;
// the zero time is the end of all time. Of records of one moment it gives all or
// none, so that there may be a few more than n. all: there are no older ones. It
// waits for the disk.
func (h *History) Older(k book.Key, before time.Time, n int) (list []book.Record, all bool, err error) {
	if h == nil {
		return nil, true, nil
	}
	until := int64(1<<63 - 1)
	if !before.IsZero() {
		until = before.UnixNano()
	}
	const of = `SELECT ` + columns + ` FROM line l JOIN conversation c ON c.id = l.conversation
		WHERE c.account = ? AND c.kind = ? AND c.name = ?`
	newest, last, err := h.records(of+" AND l.at < ? ORDER BY l.at DESC, l.id DESC LIMIT ?", h.account, k.Kind, k.Name, until, n)
	if err != nil || len(newest) < n {
		return reversed(newest), true, err
	}
	oldest := newest[len(newest)-1].At.UnixNano()
	same, _, err := h.records(of+" AND l.at = ? AND l.id < ? ORDER BY l.id DESC", h.account, k.Kind, k.Name, oldest, last)
	if err != nil {
		return nil, false, err
	}
	more, _, err := h.records(of+" AND l.at < ? LIMIT 1", h.account, k.Kind, k.Name, oldest)
	return reversed(append(newest, same...)), len(more) == 0, err
}

func reversed(list []book.Record) []book.Record {
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// records carries a query out; last is the number of the last row.
func (h *History) records(query string, args ...any) (list []book.Record, last int64, err error) {
	rows, err := h.read.Query(query, args...)
	if err != nil {
		return nil, 0, plainly(err)
	}
	defer rows.Close()
	for rows.Next() {
		var r book.Record
		row := scanner{r: &r}
		if err := rows.Scan(row.into()...); err != nil {
			return nil, 0, err
		}
		row.finish()
		list, last = append(list, r), row.id
	}
	return list, last, rows.Err()
}

// A scanner reads a row of columns into a record.
type scanner struct {
	r               *book.Record
	id, at, written int64
}

func (s *scanner) into() []any {
	return []any{&s.id, &s.at, &s.written, &s.r.From, &s.r.Own, &s.r.Text, &s.r.State, &s.r.Why}
}

func (s *scanner) finish() {
	s.r.At = time.Unix(0, s.at)
	if s.written != 0 {
		s.r.Written = time.Unix(0, s.written)
	}
}

// run is a number for the records of this process.
func run() int64 { return rand.Int64() }
