package command

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	// journalLines and journalBytes may wait for a log that nobody reads.
	journalLines = 4096
	journalBytes = 1 << 20
	// journalLinger is how long the end waits for the rest to be written.
	journalLinger = 500 * time.Millisecond
	// sameAtMost lines of one kind are written in a second. Most of them can
	// be had by strangers, who must not fill a disk.
	sameAtMost = 100
)

// A journal is where log lines go. The loop logs, and a log may be a pipe that
// nobody reads: what it does not take in time is left out and counted.
type journal struct {
	*queue
	mu   sync.Mutex
	left int // lines left out since the last one taken
}

func newJournal(w io.Writer) *journal {
	return &journal{queue: newQueue(w, journalLines, journalBytes)}
}

// Write takes one line, which it copies. It never waits and never fails.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var line []byte
	if j.left > 0 {
		line = fmt.Appendf(line, "%d lines were left out here: the log was not read\n", j.left)
	}
	if j.offer(append(line, p...)) {
		j.left = 0
	} else {
		j.left++
	}
	return len(p), nil
}

// close writes what waits, for journalLinger at most.
func (j *journal) close() { j.queue.close(journalLinger) }

// A limit is a handler that passes on sameAtMost records of one message in a
// second. The first one of a later second says how many were left out. Our
// messages are few; what strangers send is in the attributes.
type limit struct {
	slog.Handler
	*counts
}

// counts are shared by all handlers made from one.
type counts struct {
	mu   sync.Mutex
	kind map[string]*count
}

type count struct {
	second  int64
	passed  int
	leftOut int
}

func newLimit(next slog.Handler) limit {
	return limit{next, &counts{kind: make(map[string]*count)}}
}

// Handle implements slog.Handler.
func (l limit) Handle(ctx context.Context, r slog.Record) error {
	leftOut, ok := l.pass(r.Message, r.Time.Unix())
	if !ok {
		return nil
	}
	if leftOut > 0 {
		r.AddAttrs(slog.Int("left_out", leftOut))
	}
	return l.Handler.Handle(ctx, r)
}

// pass reports whether a record of a kind may pass, and how many did not
// since the last one.
func (c *counts) pass(message string, second int64) (leftOut int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.kind[message]
	if k == nil {
		k = new(count)
		c.kind[message] = k
	}
	if k.second != second {
		k.second, k.passed = second, 0
	}
	if k.passed == sameAtMost {
		k.leftOut++
		return 0, false
	}
	k.passed++
	leftOut, k.leftOut = k.leftOut, 0
	return leftOut, true
}

// WithAttrs implements slog.Handler.
func (l limit) WithAttrs(attrs []slog.Attr) slog.Handler {
	return limit{l.Handler.WithAttrs(attrs), l.counts}
}

// WithGroup implements slog.Handler.
func (l limit) WithGroup(name string) slog.Handler {
	return limit{l.Handler.WithGroup(name), l.counts}
}
