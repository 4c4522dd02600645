package command

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestJournalNeverWaits: a log that nobody reads takes some lines and loses
// the others, which it says once it is read again.
func TestJournalNeverWaits(t *testing.T) {
	r, w := io.Pipe() // blocks until it is read
	j := newJournal(w)
	line := []byte(strings.Repeat("x", 99) + "\n")
	const lines = 3 * journalBytes / 100
	for range lines { // would never end if Write waited
		if n, err := j.Write(line); n != len(line) || err != nil {
			t.Fatalf("Write: %d, %v", n, err)
		}
	}
	got := make(chan string)
	go func() {
		all, _ := io.ReadAll(r)
		got <- string(all)
	}()
	for said := false; !said; { // until there was room for one more
		j.queue.mu.Lock()
		said = j.size == 0
		j.queue.mu.Unlock()
	}
	fmt.Fprintln(j, "the last")
	j.close()
	w.Close()
	all := <-got
	kept, leftOut := strings.Count(all, string(line)), 0
	for s := range strings.Lines(all) {
		var n int
		if _, err := fmt.Sscanf(s, "%d lines were left out here: the log was not read", &n); err == nil {
			leftOut += n
		}
	}
	if kept+leftOut != lines || leftOut == 0 || !strings.HasSuffix(all, "\nthe last\n") {
		t.Errorf("of %d lines %d were kept and %d left out; the log ends %q", lines, kept, leftOut, all[max(0, len(all)-200):])
	}
}

// TestJournalCloses: the end does not wait for a log that is never read.
func TestJournalCloses(t *testing.T) {
	r, w := io.Pipe()
	defer r.Close()
	j := newJournal(w)
	fmt.Fprintln(j, "nobody reads this")
	done := make(chan struct{})
	go func() { j.close(); close(done) }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("close waits for a reader")
	}
}

// TestLimit: strangers cannot fill the log, and what is left out is counted.
func TestLimit(t *testing.T) {
	var out bytes.Buffer
	h := newLimit(slog.NewTextHandler(&out, nil))
	say := func(at int64, message string) {
		r := slog.NewRecord(time.Unix(at, 0), slog.LevelInfo, message, 0)
		if err := h.Handle(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for range sameAtMost + 50 {
		say(1, "malformed")
	}
	say(1, "login")
	if n := strings.Count(out.String(), "msg=malformed"); n != sameAtMost {
		t.Errorf("%d lines of one kind in a second, want %d", n, sameAtMost)
	}
	if !strings.Contains(out.String(), "msg=login") {
		t.Error("another kind was left out")
	}
	out.Reset()
	say(2, "malformed")
	say(2, "malformed")
	if got := out.String(); strings.Count(got, "left_out=50") != 1 || strings.Count(got, "msg=malformed") != 2 {
		t.Errorf("a second later: %q", got)
	}
	out.Reset()
	with := slog.New(h).With("who", "x").WithGroup("g")
	for range sameAtMost + 50 {
		with.Info("opened")
	}
	if n := strings.Count(out.String(), "msg=opened who=x"); n > 2*sameAtMost || n < sameAtMost {
		t.Errorf("%d lines by a logger made from the first, want %d a second", n, sameAtMost)
	}
}
