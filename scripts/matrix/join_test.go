package matrix

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// A joined is a mim join --json.
type joined struct {
	*diary
	is *wire
	in io.WriteCloser
}

// What is in the diary of one, beside what all have. Of sent, the kind has the
// state behind it.
const (
	ready = "ready"
	sent  = "sent "
)

// joinMim starts mim join and waits until it has logged in.
func (s *server) joinMim(t *testing.T, dialect, name string) *joined {
	t.Helper()
	cmd := exec.Command(mimPath, "join", "--json", "--no-retry", "--dialect", dialect, name+"@"+s.doors[dialect])
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "XDG_STATE_HOME=", "MIM_PASSWORD="+passwords[name])
	var problems bytes.Buffer
	cmd.Stderr = &problems
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	j := &joined{newDiary(name), wireOf(dialect), in}
	ended := make(chan error, 1)
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			j.event(lines.Bytes())
		}
		ended <- cmd.Wait()
	}()
	t.Cleanup(func() {
		in.Close() // the end of input is /quit
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("mim join %s: %v\n%s", name, err, problems.Bytes())
			}
		case <-time.After(patience):
			cmd.Process.Kill()
			t.Errorf("mim join %s did not end", name)
		}
	})
	if _, err := j.take(ready, name); err != nil {
		t.Fatal(err)
	}
	return j
}

// event takes a line of output.
func (j *joined) event(line []byte) {
	var e struct{ Event, Name, From, To, Room, Text, State, Kind string }
	if err := json.Unmarshal(line, &e); err != nil {
		j.add(gone, "", err.Error()+string(line))
	}
	switch e.Event {
	case "ready":
		j.add(ready, e.Name, "")
	case "came", "went":
		j.add(e.Event, e.Name, "")
	case "said":
		j.add(said, e.From, e.Room+e.Text)
	case "sent":
		j.add(sent+e.State, e.To, e.Text)
	case "error":
		j.add(gone, "", e.Kind+": "+e.Text)
	}
}

// states are what a messenger of mim knows of a text that has arrived, by dialect.
var states = map[string]string{"mim0": "sent", "messenger": "delivered", "comp9331": "sent", "dtu": "sent", "elc004": "delivered"}

// TestMimToMim: the 25 pairs once more, with mim join at both ends.
func TestMimToMim(t *testing.T) {
	t.Parallel()
	s := serve(t)
	var to, from []*joined
	for _, w := range wires {
		to = append(to, s.joinMim(t, w.name, readers[w.name]))
	}
	for _, w := range wires {
		from = append(from, s.joinMim(t, w.name, authors[w.name]))
	}
	var all sync.WaitGroup
	problems := make([][]string, len(wires))
	for i, a := range from {
		all.Go(func() {
			for _, b := range to {
				problems[i] = append(problems[i], talk(a, b))
			}
		})
	}
	all.Wait()
	for i, a := range from {
		for j, b := range to {
			t.Run(a.is.name+" to "+b.is.name, func(t *testing.T) {
				if p := problems[i][j]; p != "" {
					t.Error(p)
				}
			})
		}
	}
	for _, u := range append(from, to...) {
		for _, what := range [...]string{said, gone, sent + "failed"} {
			u.never(t, what, "")
		}
	}
}

// talk has one say some texts to another, and says what went wrong.
func talk(a, b *joined) string {
	if a.is.name == "mim0" { // others are told so later, or not at all
		if _, err := a.take(came, b.name); err != nil {
			return err.Error()
		}
	}
	texts := []string{"Hi there", "Grüße, 日本語 😀", "a: b-c+d", "MSG x: y SENT M:1:x eve logged out", strings.Repeat("0123456789", 100)}
	for _, text := range texts {
		if _, err := fmt.Fprintf(a.in, "@%s %s\n", b.name, text); err != nil {
			return err.Error()
		}
		want := strings.Join(arrives(a.is, b.is, text), "")
		for got := ""; got != want; {
			e, err := b.take(said, a.name)
			if got += e.text; err != nil || !strings.HasPrefix(want, got) {
				return fmt.Sprintf("%q arrives as %q, %v", text, got, err)
			}
		}
	}
	for _, text := range texts {
		if e, err := a.take(sent+states[a.is.name], b.name); err != nil || e.text != text {
			return fmt.Sprintf("of %q the author is told %q, %v", text, e.text, err)
		}
	}
	return ""
}
