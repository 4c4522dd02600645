package scenarios

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
)

// TestBrokenOutput: a program whose output nobody can read ends with code 7
// and says why, and is not killed by a signal.
func TestBrokenOutput(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
	}{
		{"serve", []string{"serve", "--host", "127.0.0.1", "--mim0", "0"}},
		{"join", []string{"join", "alice@" + startServer(t).at, "--json"}},
		{"man", []string{"man"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			r.Close() // nobody reads
			var errs bytes.Buffer
			cmd := exec.Command(mimPath, c.args...)
			cmd.Env = append(os.Environ(), beside()...)
			cmd.Stdout, cmd.Stderr = w, &errs
			// Its input stays open: that is not what ends it.
			if _, err := cmd.StdinPipe(); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			w.Close()
			cmd.Wait() // the code says it
			if code := cmd.ProcessState.ExitCode(); code != 7 || !bytes.Contains(errs.Bytes(), []byte("mim: cannot write to standard output: broken pipe\n")) {
				t.Errorf("ended with %d and said %q", code, errs.String())
			}
		})
	}
}
