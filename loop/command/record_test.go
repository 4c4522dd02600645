package command

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
)

// TestRecords: lines are in the file in their order when close returns, and a
// disk that fails is told of in the log.
func TestRecords(t *testing.T) {
	path := t.TempDir() + "/record"
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	var told bytes.Buffer
	log := slog.New(slog.NewTextHandler(&told, nil))
	r := &records{queues: map[string]*queue{"a": newQueue(logged{f, path, log}, recordLines, recordBytes)}, files: []*os.File{f}, log: log}
	want := ""
	for i := range 1000 {
		line := fmt.Sprintf("R::%d\n", i)
		want += line
		r.keep("a", []byte(line))
		r.keep("b", []byte("of a dialect without a file\n"))
	}
	r.close()
	if got, err := os.ReadFile(path); err != nil || string(got) != want || told.Len() > 0 {
		t.Errorf("%d bytes of %d, %v, log %q", len(got), len(want), err, told.String())
	}

	r = &records{queues: map[string]*queue{"a": newQueue(logged{f, path, log}, recordLines, recordBytes)}, log: log}
	r.keep("a", []byte("to a closed file\n"))
	r.keep("a", make([]byte, recordBytes+1)) // whatever waits
	r.close()
	if !strings.Contains(told.String(), "file already closed") || !strings.Contains(told.String(), "a line was left out") {
		t.Errorf("the log: %q", told.String())
	}
}
