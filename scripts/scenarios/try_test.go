package scenarios

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTry: what the README tells a newcomer to run without a terminal.
func TestTry(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		flags          []string
	}{
		{"plain", "@parrot hello\n", "<parrot> hello, hello!", []string{"--plain"}},
		{"json, no end of line", "@parrot hello 👋", `"from":"parrot","to":"you","text":"hello 👋, hello 👋!"`, []string{"--json"}},
		{"two lines", "@parrot one\nand two?\n", "<parrot> and two? Who knows!", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			cmd := exec.Command(filepath.Join("..", "try"), c.flags...)
			cmd.Env = append(os.Environ(), beside()...)
			cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(c.in), &out, &errs
			err := cmd.Run()
			if err != nil || !strings.Contains(out.String(), c.want) {
				t.Errorf("%v: no %q in\n%s%s", err, c.want, out.String(), errs.String())
			}
		})
	}
}
