package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"mim/roster"
)

// fill makes a store with n texts for bob and gives its file.
func fill(t *testing.T, dir string, n int) (path string) {
	t.Helper()
	s := mustOpen(t, dir)
	for i := range n {
		s.Keep(put(uint64(i+1), "bob", "alice", strings.Repeat("x", 1000)), nil)
	}
	mustClose(t, s)
	return filepath.Join(dir, fileName)
}

// TestDamaged: a file that is no store is refused in words that help, and is
// not touched.
func TestDamaged(t *testing.T) {
	whole := func(p []byte) []byte { return p }
	for _, c := range []struct {
		what   string
		damage func(p []byte) []byte // of the file of a store with 300 texts
		log    string                // in the log beside it
		want   string
	}{
		{"noise", func(p []byte) []byte { return bytes.Repeat([]byte{7, 0xff, 13}, 10_000) }, "", "not a database"},
		{"a text", func(p []byte) []byte { return []byte("milk, eggs") }, "", "not a database"},
		{"the first half", func(p []byte) []byte { return p[:len(p)/8192*4096] }, "", "malformed"},
		{"a piece of a page", func(p []byte) []byte { return p[:1000] }, "", "malformed"},
		{"the start is gone", func(p []byte) []byte { clear(p[:100]); return p }, "", "not a database"},
		{"a page is gone", func(p []byte) []byte { clear(p[20*4096 : 21*4096]); return p }, "", "damaged"},
		{"a page is noise", func(p []byte) []byte { copy(p[30*4096:], bytes.Repeat([]byte{0xa5}, 4096)); return p }, "", "damaged"},
		{"empty, with a log", func(p []byte) []byte { return nil }, "something", "empty"},
		{"of another program", func(p []byte) []byte { copy(p[68:], "good"); return p }, "", "another program"},
		{"without a version", func(p []byte) []byte { clear(p[60:64]); return p }, "", "no version"},
		{"whole", whole, "", ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			dir := t.TempDir()
			path := fill(t, dir, 300)
			p, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			good := bytes.Clone(p)
			p = c.damage(p)
			write(t, path, p)
			if c.log != "" {
				write(t, path+"-wal", []byte(c.log))
			}
			s, err := Open(dir)
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				mustClose(t, s)
				return
			}
			if err == nil {
				s.Close()
				t.Fatal("it was opened")
			}
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path+" ") || !strings.Contains(err.Error(), "put a copy in its place") || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error: %v", err)
			}
			if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, p) {
				t.Errorf("the file has changed: %d bytes were %d, %v", len(now), len(p), err)
			}
			// Its advice helps.
			for _, f := range []string{path, path + "-wal", path + "-shm"} {
				if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Error(err)
				}
			}
			write(t, path, good)
			s = mustOpen(t, dir)
			if known, err := s.Known(); err != nil || known.Waiting["bob"] != 300 {
				t.Errorf("with a copy in its place: %+v, %v", known, err)
			}
			mustClose(t, s)
		})
	}
}

func write(t *testing.T, path string, p []byte) {
	t.Helper()
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedWhileOpen: a file that goes bad under a server is not read as if
// it were good; who asks is told so, and the log hears which file and what to do.
func TestDamagedWhileOpen(t *testing.T) {
	dir := t.TempDir()
	path := fill(t, dir, 3000) // more than the readers have in their caches
	s := mustOpen(t, dir)
	defer s.Close()
	// Not closed before the store is: that would take its locks away.
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(bytes.Repeat([]byte{0xa5}, int(info.Size())-40*4096), 40*4096); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, err = inbox(s, "bob", 0, 5000)
		wantBroken(t, err, "cannot read")
		if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), advice(path)) {
			t.Errorf("the log hears: %v", err)
		}
	}
	// What lies elsewhere still goes.
	if err := keep(s, see("bob", monday)); err != nil {
		t.Error(err)
	}
}

// TestCannotOpen: what is no damage is not called so.
func TestCannotOpen(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), nil)
	if err := os.Mkdir(filepath.Join(dir, fileName), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{filepath.Join(dir, "file"), filepath.Join(dir, "file", "below"), dir} {
		if s, err := Open(at); err == nil {
			s.Close()
			t.Errorf("%s was opened", at)
		} else if errors.Is(err, ErrDamaged) || errors.Is(err, ErrInUse) {
			t.Errorf("%s: %v", at, err)
		}
	}
}

// schema reads what tables a file has.
func schema(t *testing.T, path string) (all []string) {
	t.Helper()
	c, err := connect(source(path), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if err := c.each("SELECT sql FROM sqlite_schema ORDER BY name", func(row []value) { all = append(all, text(row[0])) }); err != nil {
		t.Fatal(err)
	}
	return all
}

// version1 makes a directory with a store as the first mim made it.
func version1(t *testing.T) (dir, path string) {
	t.Helper()
	sql, err := os.ReadFile(filepath.Join("testdata", "version1.sql"))
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	path = filepath.Join(dir, fileName)
	write(t, path, nil)
	c, err := connect(source(path), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.run(string(sql)), c.close()); err != nil {
		t.Fatal(err)
	}
	return dir, path
}

// TestVersion1: what the first mim kept is known to this one.
func TestVersion1(t *testing.T) {
	dir, path := version1(t)
	first := filepath.Join(t.TempDir(), fileName)
	s, err := open(filepath.Dir(first), steps[:1])
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	if a, b := schema(t, path), schema(t, first); !reflect.DeepEqual(a, b) {
		t.Errorf("the first step has changed: it makes\n%s\nand made\n%s", b, a)
	}

	s = mustOpen(t, dir)
	defer mustClose(t, s)
	wantKnown(t, s, roster.Known{
		Accounts: []roster.Account{{Name: "Alice", Bound: true}, {Name: "Jürgen K", Alias: "JurgenK", Bound: true}},
		Blocks:   []roster.Blocking{{By: "Alice", Who: "Mallory"}},
		Seen:     []roster.Seen{{Name: "Alice", At: monday}},
		Waiting:  map[string]int{"Alice": 2},
		LastText: 41,
	})
	if all, seal, err := s.Accounts(); err != nil || len(all) != 3 || seal != "$argon2id$seal" || all[0].Hash != "$argon2id$alice" {
		t.Errorf("%+v, %q, %v", all, seal, err)
	}
	if got := ids(t, s, "alice", 0, 9); got != "12 40" {
		t.Errorf("texts %s", got)
	}
}

// TestMigrations: each step is taken once and whole; a file that is ahead is
// left alone.
func TestMigrations(t *testing.T) {
	dir, path := version1(t)
	later := append(append([]string{}, steps...),
		"ALTER TABLE seen ADD COLUMN place TEXT; UPDATE seen SET place = 'here'",
		"CREATE TABLE room (name TEXT PRIMARY KEY) STRICT; INSERT INTO room SELECT place FROM seen")
	bad := append(later[:len(steps)+1:len(steps)+1],
		"CREATE TABLE hall (name TEXT PRIMARY KEY) STRICT; INSERT INTO hall VALUES (no such thing)")

	if _, err := open(dir, bad); err == nil || errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), fmt.Sprintf("from version %d to %d", len(steps)+1, len(steps)+2)) {
		t.Errorf("a bad step: %v", err)
	}
	if got := strings.Join(schema(t, path), "\n"); strings.Contains(got, "hall") || !strings.Contains(got, "place") {
		t.Errorf("behind a bad step there is\n%s", got)
	}
	for range 2 {
		s, err := open(dir, later)
		if err != nil {
			t.Fatal(err)
		}
		err = s.ask(func(r *reading) error {
			n, err := r.number("SELECT count(*) FROM room WHERE name = 'here'")
			if err == nil && n != 1 {
				err = fmt.Errorf("%d rooms", n)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		mustClose(t, s)
	}
	before := schema(t, path)
	if _, err := Open(dir); !errors.Is(err, ErrNewer) || errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), path) {
		t.Errorf("a file that is ahead: %v", err)
	}
	if !reflect.DeepEqual(before, schema(t, path)) {
		t.Error("a file that is ahead was changed")
	}
}

// TestBackup: a copy that is made while the server works is the store at one
// moment.
func TestBackup(t *testing.T) {
	dir, to := t.TempDir(), t.TempDir()
	fill(t, dir, 100)
	s := mustOpen(t, dir)
	defer mustClose(t, s)
	for i, backup := range []func(string) error{s.Backup, func(path string) error { return Copy(dir, path) }} {
		path := filepath.Join(to, fmt.Sprint(i), fileName)
		if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		stop := make(chan struct{})
		go func() {
			defer close(stop)
			for n := range uint64(300) {
				if err := keep(s, put(1000*uint64(i+1)+n, "carol", "alice", "x")); err != nil {
					t.Error(err)
				}
			}
		}()
		if err := backup(path); err != nil {
			t.Fatal(err)
		}
		<-stop
		if err := backup(path); !errors.Is(err, fs.ErrExist) {
			t.Errorf("over a file that is there: %v", err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		copied := mustOpen(t, filepath.Dir(path))
		known, err := copied.Known()
		if err != nil || known.Waiting["bob"] != 100 {
			t.Errorf("%+v, %v", known, err)
		}
		// Of carol's texts it has the oldest, without a hole.
		all, err := inbox(copied, "carol", 1000*uint64(i+1)-1, 1000)
		for j, x := range all {
			if x.ID != 1000*uint64(i+1)+uint64(j) {
				t.Errorf("text %d is number %d", j, x.ID)
			}
		}
		if err != nil {
			t.Error(err)
		}
		mustClose(t, copied)
	}
	if err := s.Backup(filepath.Join(to, "no", "such", "directory")); err == nil {
		t.Error("no error for a directory that is not there")
	}
	if err := Copy(filepath.Join(dir, "nothing"), filepath.Join(to, "x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a copy of nothing: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(to, "*", ".mim-copy-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestGrowth: neither the log nor the file grows without end, and what was
// dropped gives its room back.
func TestGrowth(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	path := filepath.Join(dir, fileName)
	size := func(path string) int64 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	said := strings.Repeat("x", 4000)
	n := uint64(20_000) // 80 MB, 100 at a time in the inbox
	if testing.Short() {
		n = 2000
	}
	for i := range n {
		s.Keep(put(i+1, "bob", "alice", said), nil)
		if i >= 100 {
			s.Keep(drop(i-99, "bob"), nil)
		}
	}
	mustKeep(t, s, see("bob", monday))
	if file, log := size(path), size(path+"-wal"); file > 32<<20 || log > 32<<20 {
		t.Errorf("for 100 texts at a time the file has %d bytes and the log %d", file, log)
	}
	// A rush of texts that are then dropped, all at once.
	for i := range uint64(5000) {
		s.Keep(put(n+i+1, "bob", "alice", said), nil)
	}
	mustKeep(t, s, see("bob", monday))
	for i := range uint64(5100) {
		s.Keep(drop(n-99+i, "bob"), nil)
	}
	mustKeep(t, s, see("bob", monday))
	high := size(path)
	// What a quiet second does, as often as it finds something to do.
	again := make(chan bool, 1)
	for more := true; more; more = <-again {
		s.job(func(*writing) error { return nil }, func(error) { again <- s.writer.tidy() })
	}
	if low := size(path); low > 8<<20 || low >= high {
		t.Errorf("the file has %d bytes, after %d", low, high)
	}
	if log := size(path + "-wal"); log > 32<<20 {
		t.Errorf("the log has %d bytes", log)
	}
	mustClose(t, s)
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a log is left: %v", err)
	}
}
