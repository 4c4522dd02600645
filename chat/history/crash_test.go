package history

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"mim/chat/book"
)

// childDir says to a test that it runs in a child process, and on which
// directory.
const childDir = "MIM_HISTORY_TEST"

// child runs this test, by itself, in a process of its own.
func child(t *testing.T, dir string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1")
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = new(bytes.Buffer)
	return cmd
}

// TestCrash: a mim that is killed at any moment leaves a whole file with all
// that was committed and, of what was not, the first part.
func TestCrash(t *testing.T) {
	if dir := os.Getenv(childDir); dir != "" {
		crashing(t, dir)
		return
	}
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	for round := range rounds {
		dir := t.TempDir()
		cmd := child(t, dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		committed := 0
		for r := bufio.NewScanner(out); r.Scan(); {
			n := 0
			if _, err := fmt.Sscanf(r.Text(), "committed %d", &n); err == nil {
				committed = n
			}
		}
		if err := cmd.Wait(); err == nil || committed == 0 {
			t.Fatalf("the child was not killed in its work: %v, %d committed: %s", err, committed, cmd.Stderr)
		}
		left := inspect(t, dir)
		if left < committed {
			t.Errorf("round %d: %d records, %d were committed", round, left, committed)
		}
		t.Logf("round %d: %d records, %d told as committed", round, left, committed)
	}
}

// TestProcesses: several mim write at once, and make the tables at once; each
// line of each is kept, in its order.
func TestProcesses(t *testing.T) {
	const each = 500
	if dir := os.Getenv(childDir); dir != "" {
		h := open(t, dir, alice)
		for n := range each {
			h.Keep(bob, book.Record{At: time.Now(), From: fmt.Sprint(os.Getpid()), Text: fmt.Sprint(n), Own: true, State: book.Sent, Ticket: uint64(n + 1)})
		}
		shut(t, h)
		return
	}
	dir := t.TempDir()
	var all []*exec.Cmd
	for range 3 {
		cmd := child(t, dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, cmd)
	}
	for _, cmd := range all {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %s", err, cmd.Stderr)
		}
	}
	h := open(t, dir, alice)
	defer shut(t, h)
	list, _, err := h.Older(bob, time.Time{}, 1<<30)
	if err != nil || len(list) != len(all)*each {
		t.Fatalf("%d lines of %d, %v", len(list), len(all)*each, err)
	}
	next := map[string]int{}
	for _, r := range list {
		if r.Text != fmt.Sprint(next[r.From]) {
			t.Fatalf("of %s comes %s, want %d", r.From, r.Text, next[r.From])
		}
		next[r.From]++
	}
}

// crashing keeps records and says what is committed, until it is killed in the
// middle of that.
func crashing(t *testing.T, dir string) {
	h := open(t, dir, alice)
	last := 100 + rand.IntN(5000)
	for n := 0; ; n++ {
		h.Keep(bob, said(n, fmt.Sprint(n)))
		switch {
		case n == last:
			go syscall.Kill(os.Getpid(), syscall.SIGKILL)
		case n < last && n%50 == 49:
			settle(t, h)
			if _, err := fmt.Printf("committed %d\n", n+1); err != nil {
				os.Exit(1)
			}
		}
	}
}

// inspect opens what is left, says how many records there are, and fails if the
// file is not whole or one is missing before another.
func inspect(t *testing.T, dir string) int {
	t.Helper()
	h := open(t, dir, alice)
	defer shut(t, h)
	var check string
	if err := h.read.QueryRow("PRAGMA integrity_check").Scan(&check); err != nil || check != "ok" {
		t.Errorf("the file is not whole: %s %v", check, err)
	}
	list, _, err := h.Older(bob, time.Time{}, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range list {
		if r.Text != fmt.Sprint(i) {
			t.Fatalf("record %d is %q", i, r.Text)
		}
	}
	return len(list)
}
