package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"modernc.org/sqlite"
)

// A value is an argument or a result: int64, string, []byte or nil.
type value = driver.Value

// A conn is one connection to the file, for one goroutine at a time. It uses
// the driver without database/sql: that would add a lock and a conversion of
// each argument to every statement, and a pool, where each goroutine here has
// its own connection for life.
type conn struct {
	raw   driver.Conn
	runs  driver.ExecerContext
	stmts []*stmt
}

// source is how the driver is told a file, which must be there.
func source(path string) string {
	u := url.URL{Scheme: "file", Path: path, RawQuery: "mode=rw"}
	return u.String()
}

// connect opens a connection; busy is how long it waits for tools that have
// the file locked.
func connect(source string, busy time.Duration) (*conn, error) {
	raw, err := new(sqlite.Driver).Open(source)
	if err != nil {
		return nil, err
	}
	runs, ok := raw.(driver.ExecerContext)
	if !ok {
		raw.Close()
		return nil, errors.New("the driver cannot run statements")
	}
	c := &conn{raw: raw, runs: runs}
	if err := c.run(fmt.Sprintf("PRAGMA busy_timeout=%d; PRAGMA temp_store=MEMORY", busy.Milliseconds())); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// close ends the connection and all its statements.
func (c *conn) close() error {
	for _, s := range c.stmts {
		s.raw.Close()
	}
	c.stmts = nil
	return c.raw.Close()
}

// run carries out SQL, one statement or more, without arguments.
func (c *conn) run(sql string) error {
	_, err := c.runs.ExecContext(context.Background(), sql, nil)
	return err
}

// A stmt is a prepared statement. It lives as long as its connection.
type stmt struct {
	raw  driver.Stmt
	exec driver.StmtExecContext
	ask  driver.StmtQueryContext
	args []driver.NamedValue // used again
	row  []value             // used again
}

// prepare makes a statement.
func (c *conn) prepare(sql string) (*stmt, error) {
	raw, err := c.raw.Prepare(sql)
	if err != nil {
		return nil, err
	}
	exec, ok1 := raw.(driver.StmtExecContext)
	ask, ok2 := raw.(driver.StmtQueryContext)
	if !ok1 || !ok2 {
		raw.Close()
		return nil, errors.New("the driver cannot run prepared statements")
	}
	s := &stmt{raw: raw, exec: exec, ask: ask}
	c.stmts = append(c.stmts, s)
	return s, nil
}

// A plan is a statement that is to be prepared.
type plan struct {
	to  **stmt
	sql string
}

// prepareAll makes several statements.
func (c *conn) prepareAll(plans []plan) (err error) {
	for _, p := range plans {
		if *p.to, err = c.prepare(p.sql); err != nil {
			return err
		}
	}
	return nil
}

func (s *stmt) bind(args []value) {
	s.args = s.args[:0]
	for i, a := range args {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
}

// run carries the statement out and says how many rows it changed.
func (s *stmt) run(args ...value) (int64, error) {
	s.bind(args)
	r, err := s.exec.ExecContext(context.Background(), s.args)
	clear(s.args) // or it keeps a text alive
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// each calls f with each row of the answer. The row is used again; strings and
// byte slices in it may be kept.
func (s *stmt) each(f func(row []value), args ...value) (err error) {
	s.bind(args)
	defer clear(s.args)
	rows, err := s.ask.QueryContext(context.Background(), s.args)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if n := len(rows.Columns()); len(s.row) != n {
		s.row = make([]value, n)
	}
	defer clear(s.row)
	for {
		if err := rows.Next(s.row); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		f(s.row)
	}
}

// each asks once, without keeping the statement.
func (c *conn) each(sql string, f func(row []value), args ...value) error {
	s, err := c.prepare(sql)
	if err != nil {
		return err
	}
	c.stmts = c.stmts[:len(c.stmts)-1]
	defer s.raw.Close()
	return s.each(f, args...)
}

// number asks for one number; 0 if there is none.
func (c *conn) number(sql string) (n int64, err error) {
	err = c.each(sql, func(row []value) { n = integer(row[0]) })
	return n, err
}

// integer, text and blob read a value; what is of another type is empty.
func integer(v value) int64 { n, _ := v.(int64); return n }
func text(v value) string   { s, _ := v.(string); return s }
func blob(v value) []byte   { p, _ := v.([]byte); return p }
