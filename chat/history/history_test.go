package history

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"mim/chat"
	"mim/chat/book"
	"mim/chat/client"
)

var (
	noon = time.Date(2026, 11, 20, 12, 0, 0, 123456789, time.UTC)
	bob  = book.Key{Kind: book.Person, Name: "bob"}
	tea  = book.Key{Kind: book.Room, Name: "#tea"}
)

const alice = "alice@127.0.0.1:4242+mim0"

// enough is how long a test waits for a disk before it says that it is stuck.
const enough = time.Minute

func open(t testing.TB, dir, account string) *History {
	t.Helper()
	h, err := Open(dir, account, func(s string) { t.Errorf("trouble: %s", s) })
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func shut(t testing.TB, h *History) {
	t.Helper()
	if err := h.Close(enough); err != nil {
		t.Error(err)
	}
}

// settle waits until all that was given so far is in the file.
func settle(t testing.TB, h *History) {
	t.Helper()
	done := make(chan error, 1)
	h.Forget(book.Key{Kind: book.Person, Name: "nobody of these tests"}, func(err error) { done <- err })
	if err := wait(t, done); err != nil {
		t.Fatal(err)
	}
}

func wait(t testing.TB, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(enough):
		t.Fatal("the writer is stuck")
		return nil
	}
}

func said(n int, text string) book.Record {
	return book.Record{At: noon.Add(time.Duration(n) * time.Second), From: "bob", Text: text}
}

func texts(list []book.Record) string {
	var s []string
	for _, r := range list {
		s = append(s, r.Text)
	}
	return strings.Join(s, " ")
}

func older(t testing.TB, h *History, k book.Key, before time.Time, n int) (string, bool) {
	t.Helper()
	list, all, err := h.Older(k, before, n)
	if err != nil {
		t.Fatal(err)
	}
	return texts(list), all
}

// What is kept is found by the next mim, each record as it was, the fate of a
// text of ours with it; another account sees nothing of it.
func TestFoundAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "mim")
	h := open(t, dir, alice)
	written := noon.Add(-time.Hour)
	records := []book.Record{
		{At: noon, From: "bob", Text: "hi\nthere \x00 \x1b[2J ünï"},
		{At: noon.Add(1), Written: written, From: "bob", Text: "late"},
		{At: noon.Add(2), From: "alice", Own: true, Text: "waits", State: book.Waiting, Ticket: 1},
		{At: noon.Add(3), From: "alice", Own: true, Text: "fails", State: book.Waiting, Ticket: 2},
	}
	for _, r := range records {
		h.Keep(bob, r)
	}
	h.Keep(bob, book.Record{At: noon.Add(9), From: "alice", Own: true, Text: "fails", State: book.Failed, Why: "it broke", Ticket: 2})
	h.Keep(bob, book.Record{At: noon.Add(4), From: "bob\xff", Text: "no \xff UTF-8"})
	h.Draft(bob, "half a")
	h.Draft(bob, "half a sentence")
	h.Draft(tea, "cup?")
	shut(t, h)

	h = open(t, dir, alice)
	defer shut(t, h)
	got, all, err := h.Older(bob, time.Time{}, 100)
	if err != nil || !all {
		t.Fatal(all, err)
	}
	records[3].State, records[3].Why = book.Failed, "it broke"
	records = append(records, book.Record{At: noon.Add(4), From: "bob\ufffd", Text: "no \ufffd UTF-8"})
	if len(got) != len(records) {
		t.Fatalf("%d records: %+v", len(got), got)
	}
	for i, want := range records {
		want.Ticket = 0
		if !got[i].At.Equal(want.At) || !got[i].Written.Equal(want.Written) {
			t.Errorf("times %v %v, want %v %v", got[i].At, got[i].Written, want.At, want.Written)
		}
		got[i].At, got[i].Written, want.At, want.Written = noon, noon, noon, noon
		if got[i] != want {
			t.Errorf("%+v, want %+v", got[i], want)
		}
	}
	list, err := h.Conversations(10)
	if err != nil || len(list) != 2 || list[0].Key != bob || list[0].Draft != "half a sentence" || list[1].Key != tea || list[1].Draft != "cup?" {
		t.Errorf("conversations %+v, %v", list, err)
	}
	h.Draft(bob, "")
	settle(t, h)
	if list, _ := h.Conversations(0); len(list) != 1 || list[0].Key != tea {
		t.Errorf("with a draft: %+v", list)
	}
	other := open(t, dir, "alice@127.0.0.1:9331+comp9331")
	defer shut(t, other)
	if s, _ := older(t, other, bob, time.Time{}, 10); s != "" {
		t.Errorf("another account finds %q", s)
	}
}

// Only the owner can read what is kept.
func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mim")
	h := open(t, dir, alice)
	defer shut(t, h)
	h.Keep(bob, said(1, "hi"))
	settle(t, h)
	for name, want := range map[string]os.FileMode{".": 0o700, fileName: 0o600, fileName + "-wal": 0o600, fileName + "-shm": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want mode %v", name, info.Mode(), err, want)
		}
	}
}

// Older pages overlap nowhere and leave nothing out, also where many records
// are of one moment.
func TestOlder(t *testing.T) {
	h := open(t, t.TempDir(), alice)
	defer shut(t, h)
	var want []string
	for i := range 100 {
		r := said(i/7, fmt.Sprint(i))
		h.Keep(bob, r)
		h.Keep(tea, said(i, "other"))
		want = append(want, r.Text)
	}
	settle(t, h)
	for _, n := range []int{1, 3, 7, 10, 100, 1000} {
		var got []string
		var before time.Time
		for all := false; !all; {
			list, last, err := h.Older(bob, before, n)
			if err != nil || len(list) == 0 {
				t.Fatal(n, err, len(list))
			}
			got = append(strings.Fields(texts(list)), got...)
			before, all = list[0].At, last
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("by %d: %v", n, got)
		}
	}
}

func TestSearch(t *testing.T) {
	h := open(t, t.TempDir(), alice)
	defer shut(t, h)
	for i, s := range []string{"Grüße an alle", "100% sicher", "GRÜSSE", "ein_wort", "你好吗", "plain"} {
		h.Keep([]book.Key{bob, tea}[i%2], said(i, s))
	}
	settle(t, h)
	for _, c := range []struct {
		name, words string
		in          *book.Key
		want        string
	}{
		{"folded", "GRÜßE", nil, "Grüße an alle"},
		{"folded in the file", "grüsse", nil, "GRÜSSE"},
		{"the latest first", "e", nil, "ein_wort GRÜSSE 100% sicher Grüße an alle"},
		{"in one", "e", &bob, "GRÜSSE Grüße an alle"},
		{"no pattern", "%", nil, "100% sicher"},
		{"no pattern either", "_", nil, "ein_wort"},
		{"two characters", "好吗", nil, "你好吗"},
		{"nothing", "  ", nil, ""},
		{"not there", "xyz", nil, ""},
	} {
		found, err := h.Search(c.in, c.words, 10)
		var got []string
		for _, f := range found {
			got = append(got, f.Record.Text)
		}
		if s := strings.Join(got, " "); s != c.want || err != nil {
			t.Errorf("%s: %q, %v, want %q", c.name, s, err, c.want)
		}
	}
}

// What is forgotten is gone from the files, with its draft; all else stays.
func TestForget(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir, alice)
	defer shut(t, h)
	other := open(t, dir, "eve@127.0.0.1:4242+mim0")
	defer shut(t, other)
	h.Keep(bob, said(1, "the-secret-of-bob"))
	h.Draft(bob, "the-secret-draft")
	h.Keep(tea, said(2, "said at tea"))
	other.Keep(bob, said(3, "to eve"))
	settle(t, h)
	settle(t, other)
	done := make(chan error, 1)
	h.Forget(bob, func(err error) { done <- err })
	if err := wait(t, done); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{fileName, fileName + "-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "the-secret") {
			t.Errorf("%s still holds what was forgotten", name)
		}
	}
	if s, _ := older(t, h, bob, time.Time{}, 10); s != "" {
		t.Errorf("forgotten: %q", s)
	}
	if s, _ := older(t, h, tea, time.Time{}, 10); s != "said at tea" {
		t.Errorf("not forgotten: %q", s)
	}
	h.Keep(bob, said(4, "again"))
	h.ForgetAll(func(err error) { done <- err })
	if err := wait(t, done); err != nil {
		t.Fatal(err)
	}
	if list, err := h.Conversations(10); len(list) != 0 || err != nil {
		t.Errorf("after all was forgotten: %+v, %v", list, err)
	}
	h.Keep(bob, book.Record{At: noon, Own: true, Text: "in flight", State: book.Waiting, Ticket: 7})
	h.Forget(bob, nil)
	h.Keep(bob, book.Record{At: noon, Own: true, Text: "in flight", State: book.Sent, Ticket: 7})
	h.Keep(bob, said(5, "anew"))
	settle(t, h)
	if s, _ := older(t, h, bob, time.Time{}, 10); s != "anew" {
		t.Errorf("said after that: %q", s)
	}
	if s, _ := older(t, other, bob, time.Time{}, 10); s != "to eve" {
		t.Errorf("of another account: %q", s)
	}
}

// Two mim of one account write and forget at once; nothing is lost but what is
// forgotten, and nothing gets into another conversation.
func TestTwoAtOnce(t *testing.T) {
	dir := t.TempDir()
	const each = 300
	var wg sync.WaitGroup
	for who := range 3 {
		wg.Add(1)
		go func() { // opening too: all of them make the tables
			defer wg.Done()
			h, err := Open(dir, alice, func(s string) { t.Error(s) })
			if err != nil {
				t.Error(err)
				return
			}
			for i := range each {
				h.Keep(bob, book.Record{At: noon.Add(time.Duration(i)), From: "alice", Own: true, Text: fmt.Sprintf("%d.%d", who, i), State: book.Waiting, Ticket: uint64(i + 1)})
				if i%100 == 0 {
					h.Keep(tea, said(i, "tea"))
					h.Forget(tea, nil)
				}
			}
			h.Keep(tea, said(1, "tea"))
			if err := h.Close(enough); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	h := open(t, dir, alice)
	defer shut(t, h)
	list, _, err := h.Older(bob, time.Time{}, 10*each)
	if err != nil || len(list) != 3*each {
		t.Errorf("%d of %d lines, %v", len(list), 3*each, err)
	}
	for _, r := range list {
		if r.Text == "tea" {
			t.Error("a line got into another conversation")
		}
	}
}

// What cannot be opened is left as it is.
func TestCannotOpen(t *testing.T) {
	sqlFile := func(sql string) func(string) error {
		return func(path string) error {
			db, err := connect(path, 1)
			if err != nil {
				return err
			}
			defer db.Close()
			_, err = db.Exec(sql)
			return err
		}
	}
	for _, c := range []struct {
		name string
		make func(path string) error
		want error
		says string
	}{
		{"no database", func(p string) error { return os.WriteFile(p, []byte(strings.Repeat("not a database ", 100)), 0o600) }, nil, "damaged"},
		{"of another program", sqlFile("CREATE TABLE x (y)"), ErrForeign, ""},
		{"of a later mim", sqlFile(fmt.Sprintf("CREATE TABLE x (y); PRAGMA application_id=%d; PRAGMA user_version=99", appID)), ErrNewer, "99"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, fileName)
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := c.make(path); err != nil {
				t.Fatal(err)
			}
			before := runtime.NumGoroutine()
			_, err := Open(dir, alice, nil)
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v", err)
			}
			fewer(t, before)
		})
	}
	if _, err := Open(filepath.Join(os.DevNull, "x"), alice, nil); err == nil {
		t.Error("a history in a file that is no directory")
	}
}

// fewer waits until there are no more goroutines than before.
func fewer(t *testing.T, before int) {
	t.Helper()
	end := time.Now().Add(enough)
	for runtime.NumGoroutine() > before {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		runtime.Gosched()
	}
}

func TestGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 3 {
		h := open(t, t.TempDir(), alice)
		h.Keep(bob, said(1, "hi"))
		older(t, h, bob, time.Time{}, 1)
		shut(t, h)
		h.Keep(bob, said(2, "too late"))
		h.Forget(bob, func(err error) {
			if !errors.Is(err, errClosed) {
				t.Errorf("after the end: %v", err)
			}
		})
	}
	fewer(t, before)
}

// A database that another program holds for long costs no caller any time: what
// does not fit is left out and told once it works again, and the rest is kept.
func TestNeverBlocks(t *testing.T) {
	dir := t.TempDir()
	told := make(chan string, 100)
	h, err := Open(dir, alice, func(s string) { told <- s })
	if err != nil {
		t.Fatal(err)
	}
	h.Keep(bob, said(0, "before"))
	settle(t, h)
	holder, err := connect(filepath.Join(dir, fileName), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	tx, err := holder.Begin() // BEGIN IMMEDIATE
	if err != nil {
		t.Fatal(err)
	}
	for i := range maxWaiting + 500 {
		h.Keep(bob, said(i, "x"))
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	select {
	case s := <-told:
		if !strings.Contains(s, "lines were not kept") {
			t.Errorf("told %q", s)
		}
	case <-time.After(enough):
		t.Fatal("nothing was told")
	}
	shut(t, h)
	h = open(t, dir, alice)
	defer shut(t, h)
	var n int
	if err := h.read.QueryRow("SELECT count(*) FROM line").Scan(&n); err != nil || n < maxWaiting || n > maxWaiting+501 {
		t.Errorf("%d lines were kept, %v", n, err)
	}
}

// Migration: the file of a version before this one keeps what is in it; a step
// that fails changes nothing.
func TestSteps(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir, alice)
	h.Keep(bob, said(1, "old"))
	shut(t, h)
	longer := append(steps[:len(steps):len(steps)], "ALTER TABLE line ADD COLUMN extra TEXT NOT NULL DEFAULT 'new'")
	h, err := openBy(dir, alice, nil, longer)
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, h)
	var extra string
	if err := h.read.QueryRow("SELECT extra FROM line").Scan(&extra); err != nil || extra != "new" {
		t.Errorf("%q, %v", extra, err)
	}
	if _, err := openBy(dir, alice, nil, append(longer, "CREATE TABLE y (z); nonsense")); err == nil {
		t.Error("a step that fails was taken")
	}
	var version, tables int
	if err := h.read.QueryRow("PRAGMA user_version").Scan(&version); err != nil || version != len(longer) {
		t.Errorf("version %d, %v", version, err)
	}
	if err := h.read.QueryRow("SELECT count(*) FROM sqlite_schema WHERE name = 'y'").Scan(&tables); err != nil || tables != 0 {
		t.Errorf("half a step was taken: %v", err)
	}
	if _, err := Open(dir, alice, nil); !errors.Is(err, ErrNewer) {
		t.Errorf("opened by an earlier mim: %v", err)
	}
}

// A book is found again: what a first mim has heard and what was typed in it is
// in the book of the next one.
func TestBook(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir, alice)
	config := book.Config{Name: "alice", Traits: chat.Traits{Reach: chat.ByLink, Rooms: true}, Zone: time.UTC}
	b := book.New(config)
	for _, v := range []client.View{
		{Event: client.Ready, At: noon, Name: "alice"},
		{Event: client.Said, At: noon, From: "bob", Text: "hi alice"},
		{Event: client.Waiting, At: noon.Add(1), To: "bob", Text: "hi", Ticket: 1},
		{Event: client.Sent, At: noon.Add(2), To: "bob", Text: "hi", Ticket: 1, State: client.StateSent},
		{Event: client.Waiting, At: noon.Add(3), To: "bob", Text: "still there?", Ticket: 2},
		{Event: client.Joined, At: noon.Add(4), Room: "#tea"},
		{Event: client.Said, At: noon.Add(5), From: "bob", Room: "#tea", Text: "cup?"},
	} {
		b.Apply(v)
		h.Heard(b, v)
	}
	b.Open(bob)
	b.SetDraft(bob, "I sai")
	h.Typed(b)
	b.SetDraft(bob, "I said")
	h.Typed(b)
	shut(t, h)

	h = open(t, dir, alice)
	defer shut(t, h)
	b = book.New(config)
	if err := h.Fill(b, 10, 2); err != nil {
		t.Fatal(err)
	}
	c := b.Conversation(bob)
	if c == nil || c.Draft() != "I said" || c.Unread() != 0 || len(c.Lines()) != 2 {
		t.Fatalf("bob: %+v", c)
	}
	lines := c.Lines()
	if l := lines[0]; l.Text != "hi" || l.State != book.Sent || !l.Old {
		t.Errorf("first line %+v", l)
	}
	if l := lines[1]; l.Text != "still there?" || l.State != book.Failed || !l.Unsure {
		t.Errorf("last line %+v", l)
	}
	if s, _ := b.Conversation(tea).Standing(); s != book.Closed {
		t.Error("a room that we are not in can be talked in")
	}
	before, ok := c.WantsOlder()
	if !ok {
		t.Fatal("no older lines are wanted")
	}
	list, all, err := h.Older(bob, before, 100)
	if err != nil {
		t.Fatal(err)
	}
	b.Restore(bob, list, all)
	if l := c.Lines(); len(l) != 3 || l[0].Text != "hi alice" || !l[0].Mention || l[0].ID >= l[1].ID {
		t.Errorf("with older ones: %+v", l)
	}
	if _, ok := c.WantsOlder(); ok {
		t.Error("more is wanted than there is")
	}
}

// Without a history all is as with an empty one.
func TestNone(t *testing.T) {
	var h *History
	b := book.New(book.Config{Name: "alice"})
	h.Keep(bob, said(1, "x"))
	h.Draft(bob, "x")
	h.Heard(b, client.View{Event: client.Said, From: "bob"})
	h.Typed(b)
	h.Forget(bob, func(err error) {
		if !errors.Is(err, ErrNone) {
			t.Error(err)
		}
	})
	list, all, err := h.Older(bob, time.Time{}, 1)
	found, err2 := h.Search(nil, "x", 1)
	if h.Fill(b, 1, 1) != nil || len(list) != 0 || !all || len(found) != 0 || err != nil || err2 != nil || h.Close(0) != nil || h.Path() != "" {
		t.Error("a history that is none knows something")
	}
}
