package sqlite

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// childDir says to a test that it runs in a child process, and on which
// directory.
const childDir = "MIM_STORE_TEST"

// child runs this test, by itself, in a process of its own, which finds dir in
// childDir. start is how; nil is the plain way.
func child(t *testing.T, dir string, how *syscall.SysProcAttr) *exec.Cmd {
	t.Helper()
	name := "^" + strings.ReplaceAll(t.Name(), "/", "$/^") + "$"
	cmd := exec.Command(os.Args[0], "-test.run="+name, "-test.count=1")
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.SysProcAttr = how
	cmd.Stderr = new(bytes.Buffer)
	return cmd
}

// said is what a child wrote to stderr.
func said(cmd *exec.Cmd) string { return cmd.Stderr.(*bytes.Buffer).String() }
