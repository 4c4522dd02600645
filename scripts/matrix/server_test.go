package matrix

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// mimPath is the program under test, built once from this module.
var mimPath string

// sideBySide is how many tests run at a time, unless -parallel says more or
// less: most of what they do is wait.
const sideBySide = "8"

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	if err := flag.Set("test.parallel", sideBySide); err != nil { // the command line is read later
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	dir, err := os.MkdirTemp("", "mim-matrix-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	mimPath = filepath.Join(dir, "mim")
	build := exec.Command("go", "build", "-o", mimPath, ".")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// A server is a running mim serve with all doors open.
type server struct {
	t     *testing.T
	doors map[string]string // addresses, by dialect; of TCP
}

// accounts are those of every server: a name and a password each.
const accounts = "carla moon\nclaus star\ncora sun\nleia comet\n"

// passwords are the same.
var passwords = map[string]string{"carla": "moon", "claus": "star", "cora": "sun", "leia": "comet"}

// serve starts a server, which ends with the test, and fails the test if it does
// not end well.
func serve(t *testing.T) *server {
	t.Helper()
	dir := t.TempDir()
	credentials, ready := filepath.Join(dir, "accounts"), filepath.Join(dir, "ready")
	if err := os.WriteFile(credentials, []byte(accounts), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"serve", "--host", "127.0.0.1", "--lend", "0", "--data", ":memory:", "--credentials", credentials, "--ready-file", ready}
	for _, w := range wires {
		args = append(args, "--"+w.name, "0")
	}
	var log bytes.Buffer
	cmd := exec.Command(mimPath, args...)
	cmd.Stderr = &log
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME=")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	first, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		out.Read(make([]byte, 1)) // its first word: all doors listen
		close(first)
		io.Copy(io.Discard, out)
		ended <- cmd.Wait()
	}()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("mim serve: %v", err)
			}
		case <-time.After(patience):
			cmd.Process.Kill()
			t.Errorf("mim serve did not end within %v", patience)
		}
		if t.Failed() {
			t.Logf("the server said:\n%s", log.Bytes())
		}
	})
	select {
	case <-first:
	case <-time.After(patience):
		t.Fatalf("the server is not ready after %v", patience)
	}
	return &server{t, readDoors(t, ready)}
}

// readDoors reads the ready file, which says where the doors are.
func readDoors(t *testing.T, path string) map[string]string {
	t.Helper()
	var told struct {
		Doors []struct{ Dialect, Network, Address string }
	}
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &told)
	}
	if err != nil {
		t.Fatal(err)
	}
	doors := map[string]string{}
	for _, d := range told.Doors {
		if d.Network == "tcp" {
			doors[d.Dialect] = d.Address
		}
	}
	return doors
}
