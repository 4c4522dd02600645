package account

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		what, content string
		want          []string // name and password of each, in turn
	}{
		{"one", "alice secret\n", []string{"alice", "secret"}},
		{"no end of the last line", "alice secret\nbob pw", []string{"alice", "secret", "bob", "pw"}},
		{"CR LF", "alice secret\r\nbob pw\r\n", []string{"alice", "secret", "bob", "pw"}},
		{"byte order mark", "\ufeffalice secret\n", []string{"alice", "secret"}},
		{"several blanks and tabs", "alice \t  secret\n", []string{"alice", "secret"}},
		{"blanks in the password stay", "alice my  own secret \n", []string{"alice", "my  own secret "}},
		{"empty lines and remarks", "# who\n\n  \t\nalice secret\n\r\n#bob pw\n", []string{"alice", "secret"}},
		{"a # that begins no line", "alice #1\n", []string{"alice", "#1"}},
		{"name alone", "alice\nbob \ncarol\r\n", []string{"alice", "", "bob", "", "carol", ""}},
		{"other script", "你好 пароль\n", []string{"你好", "пароль"}},
		{"CR inside", "alice a\rb\r\n", []string{"alice", "a\rb"}},
		{"the longest password", "alice " + strings.Repeat("p", MaxPass), []string{"alice", strings.Repeat("p", MaxPass)}},
		{"nothing", "", nil},
		{"only a byte order mark", "\ufeff", nil},
	} {
		list, err := parse("f", []byte(c.content))
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		var got []string
		for _, cred := range list {
			got = append(got, cred.name, string(cred.pass))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	const hush = "hunter2"
	for _, c := range []struct{ what, content, want string }{
		{"blank before the name", "a b\n x " + hush, "creds: line 2: a blank before the name"},
		{"no UTF-8", "alice " + hush + "\xff", "creds: line 1: no UTF-8"},
		{"UTF-16", "\xff\xfea\x00 \x00" + hush, "creds: line 1: no UTF-8"},
		{"colon instead of a blank", "alice:" + hush, "creds: line 1: a colon in the name"},
		{"wide blank", "alice\u3000" + hush, "creds: line 1: a blank in the name"},
		{"control character", "al\x1bice " + hush, "U+001B"},
		{"long name", strings.Repeat("a", 65) + " " + hush, "longer than 64"},
		{"long password", "# \nalice " + strings.Repeat(hush, 147), "creds: line 2: the password has 1029 bytes, the most is 1024"},
		{"twice", "alice " + hush + "\n\nbob x\nAlice y", "creds: line 4: the same name as in line 1"},
		{"twice in another script", "Ölaf x\nölaf " + hush, "creds: line 2: the same name as in line 1"},
		{"too many lines", strings.Repeat("\n", maxLines) + "alice " + hush, "creds: line 1000001: more than 1000000 lines"},
	} {
		list, err := parse("creds", []byte(c.content))
		switch {
		case err == nil:
			t.Errorf("%s: no error, %d accounts", c.what, len(list))
		case !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: %q, want %q in it", c.what, err, c.want)
		case strings.Contains(err.Error(), hush):
			t.Errorf("%s: %q holds the password", c.what, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("\xef\xbb\xbfalice secret\r\nbob\n# x\n"))
	f.Add([]byte("a b\nA c"))
	f.Fuzz(func(t *testing.T, content []byte) {
		list, err := parse("f", content)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, c := range list {
			if c.name == "" || strings.ContainsAny(c.name, " \t\n:") || len(c.pass) > MaxPass || seen[c.folded] {
				t.Fatalf("%q gives %q, %d bytes", content, c.name, len(c.pass))
			}
			if !bytes.Contains(content, c.pass) {
				t.Fatalf("%q gives a password that is not in it", content)
			}
			seen[c.folded] = true
		}
	})
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const most = 3 * firstRead
	long := strings.Repeat("alice secret\n", 2*firstRead/13)
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	go os.WriteFile(pipe, []byte(long), 0o600)
	for _, c := range []struct{ what, path, want, err string }{
		{"a file", write("a", "alice secret\n"), "alice secret\n", ""},
		{"an empty one", write("b", ""), "", ""},
		{"the largest", write("c", strings.Repeat("x", most)), strings.Repeat("x", most), ""},
		{"a pipe", pipe, long, ""},
		{"too large", write("d", strings.Repeat("x", most+1)), "", "larger than"},
		{"none", filepath.Join(dir, "none"), "", "none: no such file or directory"},
		{"a folder", dir, "", "is a directory"},
	} {
		got, err := readFile(c.path, most)
		switch {
		case c.err == "" && (err != nil || string(got) != c.want):
			t.Errorf("%s: %d bytes, %v; want %d", c.what, len(got), err, len(c.want))
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s: %v, want %q", c.what, err, c.err)
		}
	}
	if _, err := readFile(filepath.Join(dir, "none"), most); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}
