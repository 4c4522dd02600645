package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"sync/atomic"
	"time"

	"mim/chat"
	"mim/roster"
)

const (
	// gather is how long a commit waits for company, if the one before it had some.
	gather = 2 * time.Millisecond
	// walPages is how many pages the log holds before they are moved into the
	// file: 4 MiB. The log then starts again, so that it stays about that long.
	walPages = 1000
	// maxLog is how long the file of the log may stay after a rush, in bytes.
	maxLog = 16 << 20
	// idle is the silence after which the writer tidies up: what is in the log
	// goes into the file, and free pages, if there are more than spare, go back
	// to the disk, a few at a time.
	idle      = time.Second
	sparePage = 1024
	busyWait  = 2 * time.Second // for tools that write into the file, which they should not
)

// A writer is the one goroutine that changes the file.
// maxSeen is how many names without an account are kept of those who were here,
// since anybody can invent them.
const maxSeen = 10000

type writer struct {
	queue  queue
	path   string // of the file; empty: in memory
	source string

	db    *writing // nil: has to be opened again
	top   int64    // the highest ID of a text that was put
	noted int64    // the highest that meta knows
	tried int64    // pages in the log when they were last to be moved
	sees  int      // changes of when somebody was here

	lost    error         // why something was not kept that was taken after Close was called
	done    chan struct{} // closed at the end of loop
	commits atomic.Int64  // that were carried out, for tests and benchmarks
}

// newWriter makes a writer; its loop is to be started when it has a connection.
func newWriter(path, source string) writer {
	return writer{
		queue: queue{wake: make(chan struct{}, 1)},
		path:  path, source: source,
		done: make(chan struct{}),
	}
}

// A writing is the writer's connection with its statements.
type writing struct {
	*conn
	page int64 // bytes

	begin, commit, rollback          *stmt
	put, find, drop                  *stmt
	block, unblock, see, forget      *stmt
	note, log, move, free, giveBack  *stmt
	account, shut, setHash, setValue *stmt
}

// openWriting makes a connection that is ready for writing; the tables are there.
func openWriting(source string) (*writing, error) {
	d := &writing{}
	var err error
	if d.conn, err = connect(source, busyWait); err != nil {
		return nil, err
	}
	if err := d.ready(); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// setup is how a connection writes: a log beside the file, synced at each
// commit; the writer itself says when the log is moved into the file.
var setup = fmt.Sprintf(`PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;
	PRAGMA journal_size_limit=%d; PRAGMA cache_size=-8192; PRAGMA secure_delete=FAST`, maxLog)

func (d *writing) ready() (err error) {
	if err = d.run(setup); err != nil {
		return err
	}
	if d.page, err = d.number("PRAGMA page_size"); err != nil {
		return err
	}
	return d.prepareAll([]plan{
		{&d.begin, "BEGIN IMMEDIATE"},
		{&d.commit, "COMMIT"},
		{&d.rollback, "ROLLBACK"},
		{&d.put, "INSERT INTO text (id, owner, receiver, sender, at, body) VALUES (?, ?, ?, ?, ?, coalesce(?, x'')) ON CONFLICT DO NOTHING"},
		{&d.find, "SELECT receiver, sender, at, body FROM text WHERE id = ?"},
		{&d.drop, "DELETE FROM text WHERE id = ? AND owner = ?"},
		{&d.block, "INSERT INTO block (by_folded, who_folded, by_name, who_name) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET by_name = excluded.by_name, who_name = excluded.who_name"},
		{&d.unblock, "DELETE FROM block WHERE by_folded = ? AND who_folded = ?"},
		{&d.see, "INSERT INTO seen (folded, name, at) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET name = excluded.name, at = excluded.at"},
		{&d.forget, fmt.Sprintf(`DELETE FROM seen WHERE folded NOT IN (SELECT folded FROM account)
			AND at < (SELECT at FROM seen ORDER BY at DESC LIMIT 1 OFFSET %d)`, maxSeen)},
		{&d.note, "UPDATE meta SET value = max(value, ?) WHERE key = 'last_text'"},
		{&d.log, "PRAGMA wal_checkpoint=NOOP"},
		{&d.move, "PRAGMA wal_checkpoint=PASSIVE"},
		{&d.free, "PRAGMA freelist_count"},
		{&d.giveBack, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", sparePage)},
		{&d.account, `INSERT INTO account (folded, name, alias, bound, open, hash) VALUES (?, ?, ?, ?, 1, ?) ON CONFLICT DO UPDATE
			SET name = excluded.name, alias = excluded.alias, bound = excluded.bound, open = 1, hash = excluded.hash`},
		{&d.shut, "UPDATE account SET open = 0, bound = 0, hash = '' WHERE folded = ?"},
		{&d.setHash, "UPDATE account SET hash = ? WHERE folded = ? AND open = 1"},
		{&d.setValue, "UPDATE meta SET value = ? WHERE key = ?"},
	})
}

// loop is the life of the writer: until the queue is closed and empty.
func (w *writer) loop() {
	defer close(w.done)
	var batch []entry
	company := 1  // entries in the last batch
	tidy := false // there may be something to tidy up
	for {
		var most time.Duration
		if tidy {
			most = idle
		}
		some, closed := w.queue.await(1, most)
		if !some {
			if closed {
				break
			}
			tidy = w.tidy()
			continue
		}
		if company > 1 {
			w.queue.await(min(company, maxBatch), gather)
		}
		batch = w.queue.take(batch[:0])
		company = len(batch)
		w.carryOut(batch)
		for i := range batch {
			if closed && w.lost == nil {
				w.lost = batch[i].err
			}
		}
		clear(batch)
		tidy = true
	}
}

// carryOut makes a batch lasting and tells everyone how it went.
func (w *writer) carryOut(batch []entry) {
	err := w.reopen()
	if err == nil {
		begun := false
		if begun, err = w.apply(batch); err != nil {
			w.undo(begun)
		} else {
			w.commits.Add(1)
		}
	}
	w.queue.release(batch)
	for i := range batch {
		e := &batch[i]
		if err != nil {
			e.err = err
		}
		if e.err != nil {
			e.err = notKept(w.path, e.err)
		}
		if e.done != nil {
			e.done(e.err)
		}
	}
	w.moveLog()
}

// reopen opens the file again if a commit before has failed.
func (w *writer) reopen() (err error) {
	if w.db == nil {
		w.tried = 0
		w.db, err = openWriting(w.source)
	}
	return err
}

// apply carries a batch out in one transaction. Entries that are no good by
// themselves get their err; an error is that of all. begun: the transaction
// had begun, so that something may have been written.
func (w *writer) apply(batch []entry) (begun bool, err error) {
	if _, err := w.db.begin.run(); err != nil {
		return false, fmt.Errorf("begin: %w", err)
	}
	dropped := false
	for i := range batch {
		e := &batch[i]
		if e.job != nil {
			if err := e.job(w.db); err != nil {
				return true, err // the only one of its batch
			}
			continue
		}
		if err := w.change(&e.change); err != nil && !alone(err) {
			return true, err
		} else if err != nil {
			e.err = err
		}
		dropped = dropped || e.change.Kind == roster.Drop
	}
	// As long as no text goes, the highest ID is that of a text.
	if dropped && w.noted < w.top {
		if _, err := w.db.note.run(w.top); err != nil {
			return true, err
		}
	}
	if _, err := w.db.commit.run(); err != nil {
		return true, fmt.Errorf("commit: %w", err)
	}
	if dropped {
		w.noted = w.top
	}
	return true, nil
}

// change carries one change out.
func (w *writer) change(c *roster.Change) (err error) {
	d := w.db
	switch c.Kind {
	case roster.Put:
		return w.put(&c.Text)
	case roster.Drop:
		if c.Text.ID <= math.MaxInt64 {
			_, err = d.drop.run(int64(c.Text.ID), fold(c.Text.To))
		}
	case roster.Block:
		_, err = d.block.run(fold(c.Block.By), fold(c.Block.Who), c.Block.By, c.Block.Who)
	case roster.Unblock:
		_, err = d.unblock.run(fold(c.Block.By), fold(c.Block.Who))
	case roster.See:
		_, err = d.see.run(fold(c.Seen.Name), c.Seen.Name, c.Seen.At.UnixMicro())
		if w.sees++; err == nil && w.sees%maxSeen == 1 {
			_, err = d.forget.run() // at the first, and now and then
		}
	default:
		err = fmt.Errorf("%w: of kind %d", errChange, c.Kind)
	}
	return err
}

// put puts a text into an inbox. A text that is there already is fine; one
// with the ID of another is not, or it would be confirmed and lost.
func (w *writer) put(t *roster.Text) error {
	if t.ID == 0 || t.ID > math.MaxInt64 {
		return fmt.Errorf("%w: a text of number %d", errChange, t.ID)
	}
	id, at := int64(t.ID), t.At.UnixMicro()
	n, err := w.db.put.run(id, fold(t.To), t.To, t.From, at, t.Text)
	if err != nil {
		return err
	}
	w.top = max(w.top, id)
	if n > 0 {
		return nil
	}
	same := false
	err = w.db.find.each(func(row []value) {
		same = text(row[0]) == t.To && text(row[1]) == t.From && integer(row[2]) == at && bytes.Equal(blob(row[3]), t.Text)
	}, id)
	if err == nil && !same {
		err = fmt.Errorf("%w: number %d belongs to another text", errChange, id)
	}
	return err
}

// undo ends a batch that failed, so that it never comes back, and lets the
// connection go: after a sync that failed nobody knows what of its file is on
// the disk, and the next one starts with what was confirmed.
//
// When the sync of a commit fails its pages are in the log already, with the
// mark of a commit behind them. Nobody reads them, since the index of the log
// in memory does not count them; but who finds the log after a crash makes a
// new index, and would. So they are cut off.
func (w *writer) undo(begun bool) {
	_, _ = w.db.rollback.run() // often SQLite has done so itself
	if w.path == "" {
		return // the connection is the store
	}
	if begun {
		if pages, _, err := w.db.logged(w.db.log); err == nil && pages >= 0 {
			_ = cutLog(w.path+"-wal", pages, w.db.page)
		}
	}
	w.db.close()
	w.db = nil
}

// cutLog makes the log as long as that many pages (sqlite.org/fileformat2.html,
// "WAL File Format": 32 bytes, then 24 bytes before each page) and asks that
// this be lasting. Its first error is that of a disk about which nothing more
// can be done now.
func cutLog(path string, pages, page int64) error {
	size := int64(0)
	if pages > 0 {
		size = 32 + pages*(24+page)
	}
	if info, err := os.Stat(path); err != nil || info.Size() <= size {
		return err
	}
	if err := os.Truncate(path, size); err != nil {
		return err
	}
	// Another descriptor of this file may be closed: SQLite keeps its locks on
	// the other two.
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// logged asks how many pages are in the log, and how many of them were moved
// into the file; -1 if there is no log. By moving, it is asked to do so first.
func (d *writing) logged(by *stmt) (pages, moved int64, err error) {
	err = by.each(func(row []value) { pages, moved = integer(row[1]), integer(row[2]) })
	return pages, moved, err
}

// moveLog moves the log into the file when it is long. What cannot be moved
// now (a full disk, somebody who reads) stays in the log, where it is as safe,
// and is tried again when the log has grown.
func (w *writer) moveLog() {
	if w.db == nil || w.path == "" {
		return
	}
	pages, moved, err := w.db.logged(w.db.log)
	if err == nil && pages < w.tried {
		w.tried = 0 // it has started again
	}
	if err == nil && (moved == pages || pages-w.tried < walPages) {
		return
	}
	w.tried = pages
	w.move(err)
}

// move moves what it can, unless there was an error already. If the disk
// failed in it, the connection is not used again.
func (w *writer) move(err error) {
	if err == nil {
		_, _, err = w.db.logged(w.db.move)
	}
	if primary(err) == codeIO {
		w.undo(false)
	}
}

// tidy is for quiet moments. It reports whether there is more to do.
func (w *writer) tidy() bool {
	if w.db == nil || w.path == "" {
		return false
	}
	pages, moved, err := w.db.logged(w.db.log)
	if err != nil || moved < pages {
		if w.move(err); w.db == nil {
			return false
		}
	}
	free := int64(0)
	if err := w.db.free.each(func(row []value) { free = integer(row[0]) }); err != nil || free <= sparePage {
		return false
	}
	if _, err := w.db.giveBack.run(); err != nil {
		w.undo(true)
		return false
	}
	return true
}

// fold is how names are found, the same as in the roster.
func fold(name string) string { return chat.Fold(name) }
