package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"mim/chat"
	"mim/roster"
	"mim/roster/account"
)

// monday is a moment that a store can keep: it has no nanoseconds.
var monday = time.Date(2026, 11, 16, 9, 30, 0, 123_000, time.UTC)

func mustOpen(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustClose(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// keep keeps a change and waits until it is kept, or not.
func keep(s *Store, c roster.Change) error {
	kept := make(chan error, 1)
	s.Keep(c, func(err error) { kept <- err })
	return <-kept
}

func mustKeep(t testing.TB, s *Store, all ...roster.Change) {
	t.Helper()
	for _, c := range all {
		if err := keep(s, c); err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
	}
}

func inbox(s *Store, name string, after uint64, max int) (all []roster.Text, err error) {
	read := make(chan struct{})
	s.Inbox(name, after, max, func(got []roster.Text, e error) { all, err = got, e; close(read) })
	<-read
	return all, err
}

// ids reads the numbers of the texts in an inbox.
func ids(t testing.TB, s *Store, name string, after uint64, max int) string {
	t.Helper()
	all, err := inbox(s, name, after, max)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, x := range all {
		fmt.Fprintf(&b, "%d ", x.ID)
	}
	return strings.TrimSpace(b.String())
}

func put(id uint64, to, from, said string) roster.Change {
	return roster.Change{Kind: roster.Put, Text: roster.Text{ID: id, To: to, From: from, At: monday, Text: []byte(said)}}
}

func drop(id uint64, to string) roster.Change {
	return roster.Change{Kind: roster.Drop, Text: roster.Text{ID: id, To: to}}
}

func block(by, who string) roster.Change {
	return roster.Change{Kind: roster.Block, Block: roster.Blocking{By: by, Who: who}}
}

func unblock(by, who string) roster.Change {
	return roster.Change{Kind: roster.Unblock, Block: roster.Blocking{By: by, Who: who}}
}

func see(name string, at time.Time) roster.Change {
	return roster.Change{Kind: roster.See, Seen: roster.Seen{Name: name, At: at}}
}

// TestRoundTrip: what was kept is there, at once and when the store is opened again.
func TestRoundTrip(t *testing.T) {
	long := strings.Repeat("你\x00\xff\n", 20_000)
	for _, c := range []struct {
		what    string
		changes []roster.Change
		want    roster.Known
	}{
		{"nothing", nil, roster.Known{}},
		{"a text", []roster.Change{put(7, "Bob", "alice", "hi")},
			roster.Known{Waiting: map[string]int{"Bob": 1}, LastText: 7}},
		{"texts, one name in two ways", []roster.Change{put(1, "BOB", "alice", "hi"), put(2, "bob", "Anna Maria", long), put(3, "carol", "bob", "")},
			roster.Known{Waiting: map[string]int{"BOB": 2, "carol": 1}, LastText: 3}},
		{"a text put twice", []roster.Change{put(1, "bob", "alice", "hi"), put(1, "bob", "alice", "hi")},
			roster.Known{Waiting: map[string]int{"bob": 1}, LastText: 1}},
		{"texts dropped, one of them twice", []roster.Change{put(1, "bob", "a", "x"), put(2, "bob", "a", "y"), put(9, "bob", "a", "z"),
			drop(9, "BOB"), drop(1, "bob"), drop(1, "bob")},
			roster.Known{Waiting: map[string]int{"bob": 1}, LastText: 9}},
		{"all dropped: the numbers go on", []roster.Change{put(5, "bob", "a", "x"), drop(5, "bob")}, roster.Known{LastText: 5}},
		{"dropped from another's inbox", []roster.Change{put(5, "bob", "a", "x"), drop(5, "carol")},
			roster.Known{Waiting: map[string]int{"bob": 1}, LastText: 5}},
		{"blocks", []roster.Change{block("bob", "Carol"), block("bob", "alice"), block("bob", "alice"), block("al", "bob"), unblock("AL", "Bob"), unblock("al", "bob")},
			roster.Known{Blocks: []roster.Blocking{{By: "bob", Who: "alice"}, {By: "bob", Who: "Carol"}}}},
		{"seen", []roster.Change{see("Jürgen", monday), see("bob", monday.Add(time.Hour)), see("JÜRGEN", monday.Add(2*time.Hour)), see("old", time.Time{})},
			roster.Known{Seen: []roster.Seen{{Name: "old"}, {Name: "bob", At: monday.Add(time.Hour)}, {Name: "JÜRGEN", At: monday.Add(2 * time.Hour)}}}},
	} {
		t.Run(c.what, func(t *testing.T) {
			if c.want.Waiting == nil {
				c.want.Waiting = map[string]int{}
			}
			dir := t.TempDir()
			for _, where := range []string{dir, Memory} {
				s := mustOpen(t, where)
				mustKeep(t, s, c.changes...)
				wantKnown(t, s, c.want)
				mustClose(t, s)
			}
			s := mustOpen(t, dir)
			defer mustClose(t, s)
			wantKnown(t, s, c.want)
		})
	}
}

func wantKnown(t *testing.T, s *Store, want roster.Known) {
	t.Helper()
	if got, err := s.Known(); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("Known() = %+v, %v\nwant %+v", got, err, want)
	}
}

// TestInbox: in order, above a number, at most so many, whole.
func TestInbox(t *testing.T) {
	for _, where := range []string{t.TempDir(), Memory} {
		s := mustOpen(t, where)
		defer mustClose(t, s)
		for _, id := range []uint64{3, 1, 20, 2} {
			mustKeep(t, s, put(id, "Bob", "Alice", fmt.Sprint("text\x00", id)), put(id+100, "carol", "alice", "not for bob"))
		}
		for _, c := range []struct {
			what, name string
			after      uint64
			max        int
			want       string
		}{
			{"all", "bob", 0, 100, "1 2 3 20"},
			{"by another case", "BOB", 0, 100, "1 2 3 20"},
			{"above one", "bob", 2, 100, "3 20"},
			{"above one that is not there", "bob", 10, 100, "20"},
			{"above all", "bob", 20, 100, ""},
			{"above what there can be", "bob", 1<<64 - 1, 100, ""},
			{"some", "bob", 1, 2, "2 3"},
			{"none wanted", "bob", 0, 0, ""},
			{"fewer than none", "bob", 0, -1, ""},
			{"nobody", "dave", 0, 100, ""},
		} {
			if got := ids(t, s, c.name, c.after, c.max); got != c.want {
				t.Errorf("%s, %s: %q, want %q", where, c.what, got, c.want)
			}
		}
		got, err := inbox(s, "bob", 0, 1)
		want := []roster.Text{{ID: 1, To: "Bob", From: "Alice", At: monday, Text: []byte("text\x001")}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	}
}

// TestInboxUsesIndex: whoever has nothing waiting does not pay for others.
func TestInboxUsesIndex(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	defer mustClose(t, s)
	plan := ""
	if err := s.ask(func(r *reading) error {
		return r.each("EXPLAIN QUERY PLAN SELECT id, body FROM text WHERE owner = 'bob' AND id > 7 ORDER BY id LIMIT 3",
			func(row []value) { plan += text(row[3]) + "\n" })
	}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(plan, "text_owner (owner=? AND rowid>?)") || strings.Contains(plan, "TEMP B-TREE") {
		t.Errorf("an inbox is read by\n%s", plan)
	}
}

// TestBadChanges: a change that is no good gets its error; those in the same
// commit do not suffer.
func TestBadChanges(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	defer mustClose(t, s)
	mustKeep(t, s, put(1, "bob", "alice", "first"))
	free := hold(t, s)
	var wg sync.WaitGroup
	got := make([]error, 7)
	for i, c := range []roster.Change{
		put(2, "bob", "alice", "good"),
		put(1, "bob", "alice", "another text with the number of the first"),
		{},
		put(0, "bob", "alice", "without a number"),
		put(1<<63, "bob", "alice", "with too large a number"),
		{Kind: 99},
		put(3, "bob", "alice", "good too"),
	} {
		wg.Add(1)
		s.Keep(c, func(err error) { got[i] = err; wg.Done() })
	}
	free()
	wg.Wait()
	for i, err := range got {
		var told *chat.Error
		if bad := i != 0 && i != 6; bad != (err != nil) {
			t.Errorf("change %d: %v", i, err)
		} else if bad && (!errors.As(err, &told) || told.Kind != chat.Broken) {
			t.Errorf("change %d: %v is not of kind Broken", i, err)
		}
	}
	if got := ids(t, s, "bob", 0, 9); got != "1 2 3" {
		t.Errorf("kept %s", got)
	}
}

// hold makes the writer wait until the function is called, so that what is
// given meanwhile comes together.
func hold(t testing.TB, s *Store) (free func()) {
	t.Helper()
	held, stop := make(chan struct{}), make(chan struct{})
	s.job(func(*writing) error { close(held); <-stop; return nil }, nil)
	<-held
	return func() { close(stop) }
}

// TestGrouping: what waits together is one commit, up to 1,024 changes, and
// everyone is told in the order of the calls.
func TestGrouping(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	defer mustClose(t, s)
	free := hold(t, s)
	const n = 3000
	var order []int
	all := make(chan struct{})
	for i := range n {
		s.Keep(put(uint64(i+1), fmt.Sprint("user", i%7), "alice", "hi"), func(err error) {
			if err != nil {
				t.Error(err)
			}
			if order = append(order, i); len(order) == n {
				close(all)
			}
		})
	}
	before := s.writer.commits.Load()
	free()
	<-all
	mustKeep(t, s, see("bob", monday)) // behind it all commits are counted
	// The job, three of the texts, the last change.
	if got := s.writer.commits.Load() - before; got != 5 {
		t.Errorf("%d commits for %d changes", got, n)
	}
	for i, was := range order {
		if i != was {
			t.Fatalf("change %d was told of as number %d", was, i)
		}
	}
}

// TestOrder: the last word counts, also when all come in one commit.
func TestOrder(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	defer mustClose(t, s)
	free := hold(t, s)
	for i := range uint64(500) {
		s.Keep(put(i+1, "bob", "alice", "x"), nil)
		s.Keep(block("bob", "alice"), nil)
		s.Keep(drop(i+1, "bob"), nil)
		s.Keep(unblock("bob", "alice"), nil)
		s.Keep(see("bob", monday.Add(time.Duration(i)*time.Second)), nil)
	}
	free()
	mustKeep(t, s, put(501, "bob", "alice", "x"))
	wantKnown(t, s, roster.Known{
		Seen:    []roster.Seen{{Name: "bob", At: monday.Add(499 * time.Second)}},
		Waiting: map[string]int{"bob": 1}, LastText: 501,
	})
}

// TestBounds: what is too much is refused at once, and only that.
func TestBounds(t *testing.T) {
	for _, c := range []struct {
		what string
		c    roster.Change
		fit  int
	}{
		{"changes", see("", monday), maxWaiting - 1}, // and the job that holds the writer
		{"bytes", put(1, "bob", "alice", strings.Repeat("x", 8<<20-8)), 32},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := mustOpen(t, Memory)
			free := hold(t, s)
			for range c.fit {
				s.Keep(c.c, func(err error) {
					if err != nil {
						t.Error(err)
					}
				})
			}
			var got error
			s.Keep(c.c, func(err error) { got = err }) // on this goroutine
			var told *chat.Error
			if !errors.As(got, &told) || told.Kind != chat.Full {
				t.Errorf("one more: %v", got)
			}
			free()
			mustClose(t, s)
			if s.writer.queue.held != 0 || s.writer.queue.bytes != 0 {
				t.Errorf("%d entries of %d bytes were never released", s.writer.queue.held, s.writer.queue.bytes)
			}
		})
	}
}

// TestClose: what was given before is kept, what is given after is refused.
func TestClose(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	var kept, read int
	for i := range uint64(5000) {
		s.Keep(put(i+1, "bob", "alice", "hi"), func(err error) {
			if err == nil {
				kept++
			}
		})
	}
	var mu sync.Mutex
	for range 100 {
		s.Inbox("bob", 0, 10, func(_ []roster.Text, err error) {
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				read++
			}
		})
	}
	mustClose(t, s)
	if kept != 5000 || read != 100 {
		t.Errorf("%d changes were kept, %d inboxes were read", kept, read)
	}
	var told *chat.Error
	if err := keep(s, see("bob", monday)); !errors.As(err, &told) || told.Kind != chat.Lost {
		t.Errorf("Keep behind Close: %v", err)
	}
	if _, err := inbox(s, "bob", 0, 1); !errors.As(err, &told) || told.Kind != chat.Lost {
		t.Errorf("Inbox behind Close: %v", err)
	}
	if _, err := s.Known(); err == nil {
		t.Error("Known behind Close: no error")
	}
	if err := s.Sync(nil); err == nil {
		t.Error("Sync behind Close: no error")
	}
	s = mustOpen(t, dir)
	defer mustClose(t, s)
	if known, err := s.Known(); err != nil || known.Waiting["bob"] != 5000 {
		t.Errorf("Known() = %+v, %v", known, err)
	}
	if _, err := os.Stat(filepath.Join(dir, lockName)); err != nil {
		t.Error(err)
	}
}

// TestInUse: a directory has one server.
func TestInUse(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	if _, err := Open(dir); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) || !strings.Contains(err.Error(), dir) {
		t.Errorf("the second: %v", err)
	}
	mustKeep(t, s, see("bob", monday))
	mustClose(t, s)
	s = mustOpen(t, dir)
	wantKnown(t, s, roster.Known{Waiting: map[string]int{}, Seen: []roster.Seen{{Name: "bob", At: monday}}})
	mustClose(t, s)
	// Memory is nobody's.
	a, b := mustOpen(t, Memory), mustOpen(t, Memory)
	mustKeep(t, a, see("bob", monday))
	wantKnown(t, b, roster.Known{Waiting: map[string]int{}})
	mustClose(t, a)
	mustClose(t, b)
}

// TestFiles: nobody else can read them, whatever the directory is called.
func TestFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "a?b#c%20d e")
	s := mustOpen(t, dir)
	mustKeep(t, s, see("bob", monday))
	for name, want := range map[string]os.FileMode{
		"": 0o700, fileName: 0o600, fileName + "-wal": 0o600, fileName + "-shm": 0o600, lockName: 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		} else if got := info.Mode().Perm(); got != want {
			t.Errorf("%q can be used as %o, want %o", name, got, want)
		}
	}
	mustClose(t, s)
}

// TestAccounts: a list replaces the one before; who is gone from it keeps all
// but the right to come in.
func TestAccounts(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	sync := func(open ...account.Kept) {
		t.Helper()
		if err := s.Sync(open); err != nil {
			t.Fatal(err)
		}
	}
	done := func(set func(func(error))) {
		t.Helper()
		answer := make(chan error, 1)
		set(func(err error) { answer <- err })
		if err := <-answer; err != nil {
			t.Fatal(err)
		}
	}
	sync(account.Kept{Name: "Alice", Bound: true, Hash: "h1"}, account.Kept{Name: "Jürgen", Alias: "jurgen", Bound: true}, account.Kept{Name: "guest"})
	mustKeep(t, s, put(1, "ALICE", "bob", "hi"), block("alice", "bob"), see("alice", monday))
	sync(account.Kept{Name: "JÜRGEN", Alias: "jurgen", Bound: true}, account.Kept{Name: "guest"})
	done(func(f func(error)) { s.SetHash("jürgen", "h2", f) })
	done(func(f func(error)) { s.SetHash("alice", "not open", f) })
	done(func(f func(error)) { s.SetHash("nobody", "not there", f) })
	done(func(f func(error)) { s.SetSeal("sealed", f) })
	s.SetSeal("sealed again", nil)

	want := []account.Kept{
		{Name: "Alice"}, {Name: "guest", Open: true},
		{Name: "JÜRGEN", Alias: "jurgen", Bound: true, Open: true, Hash: "h2"},
	}
	known := roster.Known{
		Accounts: []roster.Account{{Name: "guest"}, {Name: "JÜRGEN", Alias: "jurgen", Bound: true}},
		Blocks:   []roster.Blocking{{By: "alice", Who: "bob"}},
		Seen:     []roster.Seen{{Name: "alice", At: monday}},
		Waiting:  map[string]int{"Alice": 1}, LastText: 1,
	}
	for range 2 {
		mustClose(t, s)
		s = mustOpen(t, dir)
		got, seal, err := s.Accounts()
		if err != nil || seal != "sealed again" || !reflect.DeepEqual(got, want) {
			t.Errorf("Accounts() = %+v, %q, %v\nwant %+v", got, seal, err, want)
		}
		wantKnown(t, s, known)
	}
	sync()
	if got, _, err := s.Accounts(); err != nil || len(got) != 3 || got[1].Open || got[2].Hash != "" {
		t.Errorf("with an empty list: %+v, %v", got, err)
	}
	mustClose(t, s)
}

// TestReadersWhileWriting: an inbox holds what was confirmed before it was
// asked for, and no text that was not given.
func TestReadersWhileWriting(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	defer mustClose(t, s)
	var wg sync.WaitGroup
	for u := range 8 {
		wg.Go(func() {
			name := fmt.Sprint("user", u)
			for i := range uint64(100) {
				id := uint64(u)*1000 + i + 1
				if err := keep(s, put(id, name, "alice", name)); err != nil {
					t.Error(err)
					return
				}
				all, err := inbox(s, name, 0, 1000)
				if err != nil || len(all) != int(i)%10+1 || all[len(all)-1].ID != id {
					t.Errorf("%s has %d texts behind number %d: %v", name, len(all), id, err)
					return
				}
				if len(all) == 10 {
					for _, x := range all {
						s.Keep(drop(x.ID, name), nil)
					}
					mustKeep(t, s, see(name, monday))
				}
			}
		})
	}
	wg.Wait()
}

// TestQueueAllocs: to give the writer something costs the loop no allocation.
func TestQueueAllocs(t *testing.T) {
	q := queue{wake: make(chan struct{}, 1)}
	c := put(1, "bob", "alice", "hi")
	done := func(error) {}
	var batch []entry
	if n := testing.AllocsPerRun(100, func() {
		for range 100 {
			if err := q.put(entry{change: c, done: done}); err != nil {
				t.Fatal(err)
			}
		}
		batch = q.take(batch[:0])
		q.release(batch)
	}); n > 0 {
		t.Errorf("100 changes cost %v allocations", n)
	}
	if q.held != 0 || q.bytes != 0 {
		t.Errorf("held %d, bytes %d", q.held, q.bytes)
	}
}

// TestQueueRoom: a queue that never gets empty does not grow for ever, and one
// that does lets the room of a rush go.
func TestQueueRoom(t *testing.T) {
	q := queue{wake: make(chan struct{}, 1)}
	var batch []entry
	give := func(n int) {
		for range n {
			if err := q.put(entry{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	give(3 * maxBatch)
	for range 200 {
		batch = q.take(batch[:0])
		q.release(batch)
		give(maxBatch)
	}
	if cap(q.list) > 16*maxBatch {
		t.Errorf("room for %d where at most %d waited", cap(q.list), 3*maxBatch)
	}
	for len(q.list) > 0 {
		batch = q.take(batch[:0])
		q.release(batch)
	}
	if cap(q.list) > 4*maxBatch || q.held != 0 {
		t.Errorf("room for %d where none waits, %d held", cap(q.list), q.held)
	}
}

// Names that anybody can invent are not remembered without end.
func TestSeenIsBounded(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	base := time.Unix(1e9, 0)
	done := make(chan error, 1)
	for i := range 2*maxSeen + 10 {
		s.Keep(roster.Change{Kind: roster.See, Seen: roster.Seen{Name: fmt.Sprintf("guest%d", i), At: base.Add(time.Duration(i) * time.Second)}}, nil)
	}
	s.Keep(roster.Change{Kind: roster.See, Seen: roster.Seen{Name: "last", At: base}}, func(err error) { done <- err })
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	k, err := s.Known()
	if err != nil {
		t.Fatal(err)
	}
	if len(k.Seen) > maxSeen+20 {
		t.Errorf("%d names are remembered", len(k.Seen))
	}
	for _, v := range k.Seen {
		if v.Name == "guest5" {
			t.Error("the oldest is remembered, later ones are not")
		}
	}
}
