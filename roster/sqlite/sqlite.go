// Package sqlite keeps what must outlive a server in one file of SQLite:
// accounts, blocks, when users were here last, inboxes.
//
// One goroutine writes and makes many changes one commit, which is on the disk
// before anybody is told; a few others read, each with its own connection.
// docs/STORE.md says what is promised and what is in the file.
package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mim/roster"
	"mim/roster/account"
)

// Memory is the directory that is none: such a store keeps nothing.
const Memory = ":memory:"

// The files of a store. SQLite adds those of its log: mim.db-wal and mim.db-shm.
const (
	fileName = "mim.db"
	lockName = "mim.lock"
)

// checkUpTo is the size of a file that is looked through when it is opened;
// to look through a larger one would take longer than people wait for a start.
const checkUpTo = 64 << 20

// A Store is a roster.Store and an account.Store. Its methods may be called on
// any goroutine.
type Store struct {
	lock   lock
	writer writer
	pool   pool
	memory *reading // of a store in memory: the writer reads too
}

var (
	_ roster.Store  = (*Store)(nil)
	_ account.Store = (*Store)(nil)
)

// Open opens the store in a directory and makes both if they are not there;
// only their owner can read them. Its errors may wrap ErrInUse, ErrDamaged and
// ErrNewer; whatever the error is, no file that was there has changed but by
// migrations that succeeded. It reads the whole file if that is under 64 MiB.
func Open(dir string) (*Store, error) { return open(dir, steps) }

func open(dir string, steps []string) (*Store, error) {
	if dir == Memory {
		return openMemory(steps)
	}
	dir, err := filepath.Abs(dir) // what SQLite needs in a URI
	if err != nil {
		return nil, err
	}
	if err := makeDir(dir); err != nil {
		return nil, fmt.Errorf("cannot make the directory of the store: %w", err)
	}
	l, err := lockDir(filepath.Join(dir, lockName))
	if errors.Is(err, ErrInUse) {
		return nil, fmt.Errorf("the store in %s is %w: stop that one, or use another directory", dir, err)
	} else if err != nil {
		return nil, fmt.Errorf("cannot use the store in %s: %w", dir, err)
	}
	s, err := openFile(filepath.Join(dir, fileName), steps)
	if err != nil {
		l.free()
		return nil, err
	}
	s.lock = l
	return s, nil
}

// makeDir makes a directory and those above it, and sees to it that its name
// is as lasting as what will be in it.
func makeDir(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	if up := filepath.Dir(dir); up != dir {
		if err := makeDir(up); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// openFile opens the file and starts what works on it.
func openFile(path string, steps []string) (*Store, error) {
	s := &Store{writer: newWriter(path, source(path)), pool: pool{path: path, source: source(path)}}
	err := s.prepare(steps)
	if damage(err) || errors.Is(err, ErrDamaged) {
		return nil, fmt.Errorf("%s cannot be used: %w; it was left as it is: %s", path, asDamaged(err), advice(path))
	} else if err != nil {
		return nil, fmt.Errorf("cannot open the store %s: %w", path, err)
	}
	go s.writer.loop()
	return s, nil
}

// asDamaged makes sure that ErrDamaged is found in err.
func asDamaged(err error) error {
	if errors.Is(err, ErrDamaged) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// prepare brings the file up to date and opens all connections.
func (s *Store) prepare(steps []string) error {
	w := &s.writer
	if err := present(w.path); err != nil {
		return err
	}
	c, err := connect(w.source, busyWait)
	if err != nil {
		return err
	}
	err = update(c, w.path, steps)
	if err = errors.Join(err, c.close()); err != nil {
		return err
	}
	if w.db, err = openWriting(w.source); err != nil {
		return err
	}
	if err = w.learn(); err == nil {
		err = s.pool.start()
	}
	if err != nil {
		w.db.close()
	}
	return err
}

// present makes the file if there is none. An empty one beside a log is not
// new: SQLite would throw the log away.
func present(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() > 0 {
		return err
	}
	if log, err := os.Stat(path + "-wal"); err == nil && log.Size() > 0 {
		return fmt.Errorf("%w: it is empty, and there is a log of changes beside it", ErrDamaged)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// update examines the file and then takes the steps it lacks.
func update(c *conn, path string, steps []string) error {
	version, err := examine(c, steps)
	if err != nil {
		return err
	}
	if info, err := os.Stat(path); version > 0 && (err != nil || info.Size() <= checkUpTo) {
		if err := check(c); err != nil {
			return err
		}
	}
	how := setup
	if version == 0 {
		how = "PRAGMA auto_vacuum=INCREMENTAL;" + setup // only before the first table
	}
	mode := ""
	if err := c.run(how); err != nil {
		return err
	}
	if err := c.each("PRAGMA journal_mode=WAL", func(row []value) { mode = text(row[0]) }); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("its disk cannot hold a log of changes (journal mode %q)", mode)
	}
	return migrate(c, version, steps)
}

// openMemory makes a store that keeps nothing.
func openMemory(steps []string) (*Store, error) {
	c, err := connect(Memory, busyWait)
	if err != nil {
		return nil, err
	}
	s := &Store{writer: newWriter("", Memory), memory: &reading{conn: c}}
	d := &writing{conn: c}
	if err = migrate(c, 0, steps); err == nil {
		err = errors.Join(d.ready(), s.memory.ready())
	}
	if err != nil {
		c.close()
		return nil, err
	}
	s.writer.db = d
	go s.writer.loop()
	return s, nil
}

// Close keeps all that was given before, answers all that was asked, and gives
// the directory free. An error says that something was not kept. What is given
// later gets an error of kind chat.Lost. It is called once.
func (s *Store) Close() error {
	s.writer.queue.close()
	<-s.writer.done
	s.pool.stop()
	if s.writer.db != nil {
		// By itself, and last: who closes last moves the log into the file.
		s.writer.db.close()
	}
	s.lock.free()
	return s.writer.lost
}

// Keep makes a change lasting; see roster.Store. Above 100,000 changes or
// 256 MiB that wait, done gets an error of kind chat.Full before Keep returns.
func (s *Store) Keep(c roster.Change, done func(error)) {
	if err := s.writer.queue.put(entry{change: c, done: done}); err != nil && done != nil {
		done(err)
	}
}

// Inbox reads an inbox; see roster.Store. Above 100,000 readings that wait,
// done gets an error of kind chat.Full before Inbox returns. Names in the
// texts are as they were written, times in UTC and whole microseconds.
func (s *Store) Inbox(name string, after uint64, max int, done func([]roster.Text, error)) {
	var all []roster.Text
	err := s.read(func(r *reading) (err error) {
		all, err = r.texts(name, after, max)
		return err
	}, func(err error) { done(all, err) })
	if err != nil {
		done(nil, err)
	}
}

// read gives the pool a task, or, in memory, the writer; an error: it did not,
// and done is not called.
func (s *Store) read(read func(*reading) error, done func(error)) error {
	if s.memory == nil {
		return s.pool.put(task{read, done})
	}
	return s.writer.queue.put(entry{job: func(*writing) error { return read(s.memory) }, done: done})
}

// ask is read for who has time to wait.
func (s *Store) ask(read func(*reading) error) error {
	answer := make(chan error, 1)
	if err := s.read(read, func(err error) { answer <- err }); err != nil {
		return err
	}
	return <-answer
}

// Known reads all that a roster wants at the start. It waits for the disk and
// sees every change for which done was called before. Accounts are those that
// are open.
func (s *Store) Known() (k roster.Known, err error) {
	err = s.ask(func(r *reading) error {
		k, err = r.known()
		return err
	})
	return k, err
}
