package command

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"mim/codec"
	"mim/loop/serve"
)

const (
	// recordLines and recordBytes may wait for a disk.
	recordLines = 4096
	recordBytes = 1 << 20
	// recordLinger is how long the end waits for it.
	recordLinger = 2 * time.Second
)

// records are the files in which dialects keep a record of who came, by the
// dialect's name. The loop hands over lines; a goroutine for each file writes.
type records struct {
	queues map[string]*queue
	files  []*os.File
	log    *slog.Logger
}

// openRecords opens the files that flags name for the dialects of doors. What
// is in them stays.
func openRecords(c *cli.Context, doors []serve.Door, log *slog.Logger) (*records, error) {
	r := &records{queues: map[string]*queue{}, log: log}
	for _, d := range doors {
		kept, ok := d.Dialect.(codec.Recorded)
		if !ok || r.queues[d.Dialect.Name()] != nil {
			continue
		}
		flag := kept.RecordFlag().Name
		path := c.String(flag)
		if path == "" {
			continue
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
		if err != nil {
			r.close()
			return nil, &failure{code: exitBroken, what: fmt.Sprintf("cannot use %s: cannot write %s: %s", given(c, flag), path, reason(err))}
		}
		r.files = append(r.files, f)
		r.queues[d.Dialect.Name()] = newQueue(logged{f, path, log}, recordLines, recordBytes)
	}
	return r, nil
}

// keep takes a line, on the loop. One that finds no room is left out, and the
// log says so.
func (r *records) keep(dialect string, line []byte) {
	if q := r.queues[dialect]; q != nil && !q.offer(line) {
		r.log.Error("record", "dialect", dialect, "why", "the disk is too slow: a line was left out")
	}
}

// close writes what waits, for recordLinger at most.
func (r *records) close() {
	for _, q := range r.queues {
		q.close(recordLinger)
	}
	for _, f := range r.files {
		f.Close()
	}
}

// A logged writer says in the log when it cannot write.
type logged struct {
	io.Writer
	path string
	log  *slog.Logger
}

func (w logged) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil {
		w.log.Error("record", "file", w.path, "why", reason(err))
	}
	return n, err
}
