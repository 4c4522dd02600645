package command

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// While a screen has the terminal, the last lines of a log are kept for later.
func TestHeld(t *testing.T) {
	var out bytes.Buffer
	h := &held{out: &out}
	write := func(s string) {
		if n, err := h.Write([]byte(s)); n != len(s) || err != nil {
			t.Errorf("%q: %d, %v", s, n, err)
		}
	}
	write("before\n")
	h.hold()
	for i := range heldLines + 50 {
		write(fmt.Sprintf("line %d\n", i))
	}
	if out.String() != "before\n" {
		t.Errorf("written while held: %q", out.String())
	}
	h.release()
	write("after\n")
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != heldLines+2 || lines[1] != "line 50" || lines[len(lines)-1] != "after" {
		t.Errorf("%d lines, %q ... %q", len(lines), lines[1], lines[len(lines)-1])
	}

	out.Reset()
	h.hold()
	long := strings.Repeat("x", heldBytes/2) + "\n"
	for range 10 {
		write(long)
	}
	h.release()
	if out.Len() > heldBytes+len(long) {
		t.Errorf("%d bytes were kept, the most is %d", out.Len(), heldBytes)
	}
}
