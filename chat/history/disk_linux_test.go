package history

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestFullDisk: on a disk that is full the person is told once, nobody waits,
// and when there is room again all that could wait is kept, in order.
func TestFullDisk(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		cmd := child(t, t.TempDir())
		var out strings.Builder
		cmd.Stdout = &out
		if err := cmd.Run(); err != nil {
			t.Errorf("%v\n%s%s", err, out.String(), cmd.Stderr)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	told := make(chan string, 100)
	h, err := Open(dir, alice, func(s string) { told <- s })
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	keep := func(count int) {
		for range count {
			h.Keep(bob, said(n, fmt.Sprintf("%d %s", n, strings.Repeat("x", 1000))))
			n++
		}
	}
	keep(10)
	settle(t, h)
	limitFiles(t, 200<<10)
	for end := time.Now().Add(enough); len(told) == 0; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("the disk was never full")
		}
		if h.writer.waiting() < 100 {
			keep(10)
		}
	}
	keep(50)
	if s := <-told; !strings.Contains(s, "not being kept") {
		t.Errorf("told %q", s)
	}
	limitFiles(t, 0)
	settle(t, h)
	if len(told) > 0 {
		t.Errorf("told again: %q", <-told)
	}
	shut(t, h)
	h = open(t, dir, alice)
	defer shut(t, h)
	list, _, err := h.Older(bob, time.Time{}, 1<<30)
	if err != nil || len(list) != n {
		t.Fatalf("%d of %d records, %v", len(list), n, err)
	}
	for i, r := range list {
		if !strings.HasPrefix(r.Text, fmt.Sprint(i, " ")) {
			t.Fatalf("record %d is %.10q", i, r.Text)
		}
	}
}

// waiting is how many entries wait.
func (w *writer) waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.queue)
}

// limitFiles lets no file of this process grow above n bytes; 0: any size.
func limitFiles(t *testing.T, n uint64) {
	t.Helper()
	var l syscall.Rlimit
	if err := syscall.Getrlimit(unix.RLIMIT_FSIZE, &l); err != nil {
		t.Fatal(err)
	}
	if l.Cur = n; n == 0 {
		l.Cur = l.Max
	}
	if err := syscall.Setrlimit(unix.RLIMIT_FSIZE, &l); err != nil {
		t.Fatal(err)
	}
}
