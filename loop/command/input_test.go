package command

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadLines(t *testing.T) {
	long := strings.Repeat("x", maxInput)
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"nothing", "", nil},
		{"two lines", "a\nb\n", []string{"a", "b"}},
		{"no end", "a\nb", []string{"a", "b"}},
		{"empty lines", "\n\na\n", []string{"", "", "a"}},
		{"carriage returns", "a\r\n\r\nb\r", []string{"a", "", "b\r"}},
		{"emoji", "hé 👋\n", []string{"hé 👋"}},
		{"the longest", long + "\nb\n", []string{long, "b"}},
		{"the longest, CR LF", long + "\r\nb\n", []string{long, "b"}},
		{"too long", long + "yz\nb\n", []string{long + "y", "b"}},
		{"far too long", strings.Repeat(long, 9) + "\nb\n", []string{long + "x", "b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in))} {
				var got []string
				err := readLines(r, func(line string, done func()) { got = append(got, line); done() })
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("read %d lines, want %d: %.60q", len(got), len(c.want), got)
				}
			}
		})
	}
}

func TestReadLinesBroken(t *testing.T) {
	broken := errors.New("terminal gone")
	var got []string
	err := readLines(io.MultiReader(strings.NewReader("a\n"), iotest.ErrReader(broken)), func(line string, done func()) { got = append(got, line); done() })
	if !errors.Is(err, broken) || !slices.Equal(got, []string{"a"}) {
		t.Errorf("got %q and %v, want the line and the error", got, err)
	}
}

// TestReadLinesWaits: no more than maxWaiting lines are under way at once.
func TestReadLinesWaits(t *testing.T) {
	const total = 10 * maxWaiting
	posted := make(chan func(), total)
	ended := make(chan error)
	go func() {
		ended <- readLines(strings.NewReader(strings.Repeat("line\n", total)), func(_ string, done func()) { posted <- done })
	}()
	var waiting []func()
	for range maxWaiting {
		waiting = append(waiting, <-posted)
	}
	for range total - maxWaiting {
		if len(posted) > 0 {
			t.Fatalf("%d lines were posted beyond the %d that wait", len(posted), maxWaiting)
		}
		waiting[0]() // makes place for one more
		waiting = append(waiting[1:], <-posted)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}
