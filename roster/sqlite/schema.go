package sqlite

import (
	"fmt"
	"strings"
)

// appID marks a file as a store of mim ("mim1"; sqlite.org/pragma.html, application_id).
const appID = 0x6d696d31

// steps make a store of version n+1 out of one of version n; an empty file has
// version 0. A step that has left the house is never changed: what is to be
// different is a new step. docs/STORE.md explains the tables.
//
// Names are there twice: folded, by which they are found, and as written.
var steps = []string{
	`CREATE TABLE meta (
		key   TEXT PRIMARY KEY,
		value ANY
	) STRICT, WITHOUT ROWID;
	CREATE TABLE account (
		folded TEXT PRIMARY KEY,
		name   TEXT NOT NULL,
		alias  TEXT NOT NULL,
		bound  INTEGER NOT NULL,
		open   INTEGER NOT NULL,
		hash   TEXT NOT NULL
	) STRICT, WITHOUT ROWID;
	CREATE TABLE block (
		by_folded  TEXT NOT NULL,
		who_folded TEXT NOT NULL,
		by_name    TEXT NOT NULL,
		who_name   TEXT NOT NULL,
		PRIMARY KEY (by_folded, who_folded)
	) STRICT, WITHOUT ROWID;
	CREATE TABLE seen (
		folded TEXT PRIMARY KEY,
		name   TEXT NOT NULL,
		at     INTEGER NOT NULL
	) STRICT, WITHOUT ROWID;
	CREATE TABLE text (
		id       INTEGER PRIMARY KEY,
		owner    TEXT NOT NULL,
		receiver TEXT NOT NULL,
		sender   TEXT NOT NULL,
		at       INTEGER NOT NULL,
		body     BLOB NOT NULL
	) STRICT;
	CREATE INDEX text_owner ON text (owner);
	INSERT INTO meta VALUES ('last_text', 0), ('seal', '');`,
}

// examine says whether the file is one that these steps can be taken on,
// without changing it, and gives its version.
func examine(c *conn, steps []string) (version int, err error) {
	v, err := c.number("PRAGMA user_version")
	if err != nil {
		return 0, err
	}
	tables, err := c.number("SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return 0, err
	}
	app, err := c.number("PRAGMA application_id")
	switch {
	case err != nil:
		return 0, err
	case v == 0 && tables == 0 && app == 0:
		return 0, nil
	case app != appID:
		return 0, fmt.Errorf("%w: it is a database of another program", ErrDamaged)
	case v < 1:
		return 0, fmt.Errorf("%w: it has no version", ErrDamaged)
	case v > int64(len(steps)):
		return 0, fmt.Errorf("%w: it has version %d, this one knows up to %d", ErrNewer, v, len(steps))
	}
	return int(v), nil
}

// migrate takes the steps that the file lacks, each of them whole or not at all.
func migrate(c *conn, version int, steps []string) error {
	for ; version < len(steps); version++ {
		if err := step(c, version+1, steps[version]); err != nil {
			return fmt.Errorf("bringing the store from version %d to %d: %w", version, version+1, err)
		}
	}
	return nil
}

func step(c *conn, to int, sql string) error {
	if err := c.run("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := c.run(sql)
	if err == nil {
		err = c.run(fmt.Sprintf("PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT", appID, to))
	}
	if err != nil {
		_ = c.run("ROLLBACK") // says nothing new if SQLite has done so itself
	}
	return err
}

// check looks at each page of the file, some 200 MB a second.
func check(c *conn) error {
	said := ""
	err := c.each("PRAGMA quick_check(1)", func(row []value) { said = text(row[0]) })
	if err == nil && said != "ok" {
		err = fmt.Errorf("%w: %s", ErrDamaged, strings.Join(strings.Fields(said), " "))
	}
	return err
}
