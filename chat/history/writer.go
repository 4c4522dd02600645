package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"mim/chat"
	"mim/chat/book"
)

const (
	// maxWaiting and maxBytes bound what waits for the disk.
	maxWaiting = 20_000
	maxBytes   = 16 << 20
	// maxBatch is how many entries one commit holds.
	maxBatch = 1000
	// again is how long the writer waits before it tries a disk again that failed.
	again = 2 * time.Second
)

// kind says what an entry wants.
type kind uint8

const (
	keep kind = iota
	draft
	forget
	forgetAll
)

// An entry is something for the writer to do.
type entry struct {
	kind   kind
	key    book.Key
	record book.Record
	text   string      // of a draft
	done   func(error) // of a forget; may be nil
}

func (e *entry) size() int {
	return len(e.record.Text) + len(e.record.From) + len(e.record.Why) + len(e.text) + len(e.key.Name) + 100
}

// forgets reports whether the entry takes something out of the file.
func (e *entry) forgets() bool { return e.kind == forget || e.kind == forgetAll }

// A writer is the one goroutine that changes the file.
type writer struct {
	db      *sql.DB
	account int64
	run     int64
	trouble func(string)
	ids     map[book.Key]int64 // of conversations

	// What is told of a text of ours after it was forgotten does not bring it
	// back: the last ticket that was kept, and what it was when a conversation
	// was forgotten, or all.
	ticket     uint64
	forgot     map[book.Key]uint64
	forgotAlls uint64

	wake chan struct{} // holds one: there is something to do
	stop chan struct{} // closed when what waits is to be given up
	done chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	queue   []entry
	bytes   int
	left    int // records left out, and not told yet
	closing bool

	told bool  // of a trouble, which is not over; the goroutine's own
	lost error // why something was not kept at the end; read behind done
}

var errClosed = errors.New("the history is closed")

func newWriter(db *sql.DB, account int64, trouble func(string)) *writer {
	w := &writer{
		db: db, account: account, run: run(), trouble: trouble, ids: map[book.Key]int64{}, forgot: map[book.Key]uint64{},
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	go w.loop()
	return w
}

// put queues an entry.
func (w *writer) put(e entry) {
	w.mu.Lock()
	full := len(w.queue) >= maxWaiting || w.bytes >= maxBytes
	closed := w.closing
	switch {
	case closed:
	case full && !e.forgets(): // who wants something forgotten gets an answer
		w.left++
	default:
		w.queue = append(w.queue, e)
		w.bytes += e.size()
	}
	w.mu.Unlock()
	if closed && e.done != nil {
		e.done(errClosed)
	}
	w.poke()
}

func (w *writer) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// close ends the writer.
func (w *writer) close(within time.Duration) error {
	w.mu.Lock()
	first := !w.closing
	w.closing = true
	w.mu.Unlock()
	w.poke()
	t := time.NewTimer(within)
	defer t.Stop()
	select {
	case <-w.done:
	case <-t.C:
		if first {
			close(w.stop)
		}
		<-w.done // at most one statement more, which waits for busyWait
	}
	if !first {
		return nil
	}
	return errors.Join(w.lost, w.db.Close())
}

// loop is the life of the writer: until it is closed and nothing waits, or what
// waits is given up.
func (w *writer) loop() {
	defer close(w.done)
	for {
		batch, closing := w.take()
		if len(batch) == 0 {
			if closing {
				return
			}
			<-w.wake
			continue
		}
		err := w.carryOut(batch)
		if err == nil {
			w.release(batch, nil)
			w.well()
			continue
		}
		w.tell(plainly(err))
		select {
		case <-w.stop:
			w.giveUp(err)
			return
		default:
		}
		if closing { // one more try would make the end wait for a disk
			w.giveUp(err)
			return
		}
		w.rest()
	}
}

// rest waits before the disk is tried again.
func (w *writer) rest() {
	t := time.NewTimer(again)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			return
		case <-w.stop:
			return
		case <-w.wake:
			w.mu.Lock()
			closing := w.closing
			w.mu.Unlock()
			if closing {
				return
			}
		}
	}
}

// take gives the first entries, which stay in the queue until release. One that
// forgets is alone.
func (w *writer) take() (batch []entry, closing bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.queue), maxBatch)
	for i := range w.queue[:n] {
		if w.queue[i].forgets() {
			n = max(i, 1)
			break
		}
	}
	return w.queue[:n:n], w.closing
}

// release takes a batch out of the queue and tells who waits for it.
func (w *writer) release(batch []entry, err error) {
	w.mu.Lock()
	for i := range batch {
		w.bytes -= batch[i].size()
	}
	w.queue = w.queue[len(batch):]
	if len(w.queue) == 0 {
		w.queue = nil
	}
	w.mu.Unlock()
	for i := range batch {
		if done := batch[i].done; done != nil {
			done(err)
		}
	}
}

// giveUp ends with what was not kept.
func (w *writer) giveUp(err error) {
	for {
		w.mu.Lock()
		rest := w.queue
		w.mu.Unlock()
		if len(rest) == 0 {
			break
		}
		if w.lost == nil {
			w.lost = fmt.Errorf("%d entries of the history were not kept: %w", len(rest), plainly(err))
		}
		w.release(rest, err)
	}
}

// tell says once that nothing can be kept.
func (w *writer) tell(err error) {
	if !w.told && w.trouble != nil {
		w.trouble("what is said is not being kept: " + err.Error() + "; mim goes on and tries again")
	}
	w.told = true
}

// well notes that the disk works, and says what was left out meanwhile.
func (w *writer) well() {
	w.mu.Lock()
	left := w.left
	w.left = 0
	w.mu.Unlock()
	if left > 0 && w.trouble != nil {
		w.trouble(fmt.Sprintf("the history could not follow: %d lines were not kept", left))
	}
	w.told = false
}

// carryOut makes a batch lasting. An error is that of the disk, and nothing was
// changed; what is wrong with one entry alone costs that entry.
func (w *writer) carryOut(batch []entry) error {
	err := w.commit(batch)
	if err == nil || ofDisk(err) || len(batch) == 1 {
		if len(batch) == 1 && err != nil && !ofDisk(err) {
			return w.refuse(&batch[0], err)
		}
		return err
	}
	for i := range batch {
		if err := w.commit(batch[i : i+1]); ofDisk(err) {
			return err
		}
	}
	return nil
}

// refuse answers an entry that can never be carried out.
func (w *writer) refuse(e *entry, err error) error {
	if e.done != nil {
		e.done(err)
		e.done = nil
	}
	return nil
}

// ofDisk reports whether an error may be gone when it is tried again.
func ofDisk(err error) bool {
	switch code(err) {
	case codeBusy, codeReadOnly, codeIO, codeCorrupt, codeFull, codeCantOpen, codeNotADB:
		return true
	}
	return errors.Is(err, os.ErrDeadlineExceeded)
}

// commit carries entries out in one transaction.
func (w *writer) commit(batch []entry) (err error) {
	tx, err := w.db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			tx.Rollback()
			clear(w.ids) // some may have been of this transaction
		}
	}()
	for i := range batch {
		switch e := &batch[i]; e.kind {
		case keep:
			err = w.keep(tx, e)
		case draft:
			err = w.draft(tx, e)
		case forget:
			_, err = tx.Exec("DELETE FROM conversation WHERE account = ? AND kind = ? AND name = ?", w.account, e.key.Kind, e.key.Name)
		case forgetAll:
			_, err = tx.Exec("DELETE FROM conversation WHERE account = ?", w.account)
		}
		if err != nil {
			return err
		}
	}
	if err = tx.Commit(); err == nil && batch[0].forgets() {
		clear(w.ids)
		w.forgotten(&batch[0])
		// What is forgotten stands in the log, too. If others read just now it
		// goes a little later, when the log is used again.
		_, _ = w.db.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	}
	return err
}

// forgotten notes which texts of ours are not to come back.
func (w *writer) forgotten(e *entry) {
	if e.kind == forgetAll {
		w.forgotAlls = w.ticket
		clear(w.forgot)
		return
	}
	if w.ticket > 0 {
		w.forgot[e.key] = w.ticket
	}
}

// conversation is the number of a conversation, which is entered if it is new.
func (w *writer) conversation(tx *sql.Tx, k book.Key) (id int64, err error) {
	if id, ok := w.ids[k]; ok {
		return id, nil
	}
	err = tx.QueryRow(`INSERT INTO conversation (account, kind, name) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET name = excluded.name RETURNING id`, w.account, k.Kind, k.Name).Scan(&id)
	if err == nil {
		if len(w.ids) >= maxBatch {
			clear(w.ids)
		}
		w.ids[k] = id
	}
	return id, err
}

func (w *writer) keep(tx *sql.Tx, e *entry) error {
	if t := e.record.Ticket; t > 0 {
		if t <= w.forgotAlls || t <= w.forgot[e.key] {
			return nil
		}
		w.ticket = max(w.ticket, t)
	}
	id, err := w.conversation(tx, e.key)
	if err != nil {
		return err
	}
	r := &e.record
	body := strings.ToValidUTF8(r.Text, "\ufffd")
	var folded any
	if f := chat.Fold(body); f != body {
		folded = f
	}
	written := int64(0)
	if !r.Written.IsZero() {
		written = r.Written.UnixNano()
	}
	n, err := tx.Exec(`INSERT INTO line (conversation, at, written, sender, own, body, folded, state, why, run, ticket)
		SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM conversation WHERE id = ?1)
		ON CONFLICT (run, ticket) WHERE ticket > 0 DO UPDATE SET state = excluded.state, why = excluded.why`,
		id, r.At.UnixNano(), written, strings.ToValidUTF8(r.From, "\ufffd"), r.Own, body, folded, r.State, strings.ToValidUTF8(r.Why, "\ufffd"), w.run, int64(r.Ticket))
	if err != nil {
		return err
	}
	if rows, err := n.RowsAffected(); err == nil && rows == 0 && w.ids[e.key] == id {
		delete(w.ids, e.key) // another mim has forgotten it
		return w.keep(tx, e)
	}
	_, err = tx.Exec("UPDATE conversation SET used = max(used, ?) WHERE id = ?", r.At.UnixNano(), id)
	return err
}

func (w *writer) draft(tx *sql.Tx, e *entry) error {
	text := strings.ToValidUTF8(e.text, "\ufffd")
	if text == "" {
		_, err := tx.Exec("UPDATE conversation SET draft = '' WHERE account = ? AND kind = ? AND name = ?", w.account, e.key.Kind, e.key.Name)
		return err
	}
	_, err := tx.Exec(`INSERT INTO conversation (account, kind, name, draft) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET draft = excluded.draft`, w.account, e.key.Kind, e.key.Name, text)
	return err
}
