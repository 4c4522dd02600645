package history

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// appID marks a file as a history of mim ("mimh"; sqlite.org/pragma.html, application_id).
const appID = 0x6d696d68

// steps make a history of version n+1 out of one of version n; an empty file has
// version 0. A step that has left the house is never changed.
//
// Times are nanoseconds since 1970 (UTC), 0 is none. kind and state are numbers
// of chat/book (Kind, State). folded is body in lower case, by which it is
// searched, if that is another text. Numbers of conversations are not used
// again: another mim may remember one that was forgotten. run and ticket name a text of ours: a
// number that a mim drew at its start, and its own number of the text.
var steps = []string{
	`CREATE TABLE account (
		id   INTEGER PRIMARY KEY,
		name TEXT NOT NULL UNIQUE
	) STRICT;
	CREATE TABLE conversation (
		id      INTEGER PRIMARY KEY AUTOINCREMENT,
		account INTEGER NOT NULL REFERENCES account (id),
		kind    INTEGER NOT NULL,
		name    TEXT NOT NULL,
		used    INTEGER NOT NULL DEFAULT 0,
		draft   TEXT NOT NULL DEFAULT '',
		UNIQUE (account, kind, name)
	) STRICT;
	CREATE TABLE line (
		id           INTEGER PRIMARY KEY,
		conversation INTEGER NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
		at           INTEGER NOT NULL,
		written      INTEGER NOT NULL,
		sender       TEXT NOT NULL,
		own          INTEGER NOT NULL,
		body         TEXT NOT NULL,
		folded       TEXT,
		state        INTEGER NOT NULL,
		why          TEXT NOT NULL,
		run          INTEGER NOT NULL,
		ticket       INTEGER NOT NULL
	) STRICT;
	CREATE INDEX line_at ON line (conversation, at);
	CREATE UNIQUE INDEX line_ticket ON line (run, ticket) WHERE ticket > 0;`,
}

// migrate brings a file up to date, step by step, each whole or not at all.
// Another mim may do so at the same time.
func migrate(db *sql.DB, steps []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*busyWait)
	defer cancel()
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := logBeside(ctx, c); err != nil {
		return err
	}
	for {
		done, err := step(ctx, c, steps)
		if done || err != nil {
			return err
		}
	}
}

// logBeside has changes written to a log beside the file, so that others can
// read and write meanwhile. SQLite does not wait by itself for who does the same
// at this moment.
func logBeside(ctx context.Context, c *sql.Conn) (err error) {
	for {
		var mode string
		err = c.QueryRowContext(ctx, "PRAGMA journal_mode=WAL").Scan(&mode)
		if err == nil && mode != "wal" {
			return fmt.Errorf("its disk cannot hold a log of changes (journal mode %q)", mode)
		}
		if code(err) != codeBusy {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// step takes one step, if there is one to take.
func step(ctx context.Context, c *sql.Conn, steps []string) (done bool, err error) {
	tx, err := c.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	var version, app, tables int
	for query, n := range map[string]*int{"PRAGMA user_version": &version, "PRAGMA application_id": &app, "SELECT count(*) FROM sqlite_schema": &tables} {
		if err := tx.QueryRowContext(ctx, query).Scan(n); err != nil {
			return false, err
		}
	}
	switch {
	case version == 0 && app == 0 && tables == 0:
	case app != appID:
		return false, ErrForeign
	case version > len(steps):
		return false, fmt.Errorf("%w: it has version %d, this one knows up to %d", ErrNewer, version, len(steps))
	case version == len(steps):
		return true, nil
	}
	sql := steps[version] + fmt.Sprintf("; PRAGMA application_id=%d; PRAGMA user_version=%d", appID, version+1)
	if _, err := tx.ExecContext(ctx, sql); err != nil {
		return false, fmt.Errorf("bringing it from version %d to %d: %w", version, version+1, err)
	}
	return false, tx.Commit()
}

// accountID is the number of an account, which is entered if it is new.
func accountID(db *sql.DB, name string) (id int64, err error) {
	if _, err := db.Exec("INSERT INTO account (name) VALUES (?) ON CONFLICT DO NOTHING", name); err != nil {
		return 0, err
	}
	err = db.QueryRow("SELECT id FROM account WHERE name = ?", name).Scan(&id)
	return id, err
}
