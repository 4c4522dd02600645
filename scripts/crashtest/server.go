package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// startWithin is how long a server may take until all its doors listen.
const startWithin = 30 * time.Second

// A site is where a server can be started again and again, on the same data.
type site struct {
	mim string    // the program
	dir string    // of the file of accounts, the data and the ready file
	log io.Writer // gets what servers write about errors
}

// newSite writes the file of accounts into dir.
func newSite(mim, dir string, log io.Writer, credentials []byte) (*site, error) {
	s := &site{mim: mim, dir: dir, log: log}
	return s, os.WriteFile(s.path("credentials"), credentials, 0o600)
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

// launch starts mim serve; nobody has waited for it yet.
func (s *site) launch() (*server, error) {
	os.Remove(s.path("ready")) // of a server that was killed
	v := &server{first: make(chan struct{})}
	v.cmd = exec.Command(s.mim, "serve", "--host", "127.0.0.1", "--only", "comp9331,messenger",
		"--comp9331", "0", "--messenger", "0", "--credentials", s.path("credentials"),
		"--data", s.path("data"), "--ready-file", s.path("ready"), "--log-level", "error")
	v.cmd.Stdout, v.cmd.Stderr = v, io.MultiWriter(&v.said, s.log)
	return v, v.cmd.Start()
}

// start starts mim serve and waits until all its doors listen.
func (s *site) start() (*server, error) {
	v, err := s.launch()
	if err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() { v.cmd.Wait(); close(ended) }()
	v.ended = ended
	select {
	case <-v.first:
	case <-ended:
		return nil, fmt.Errorf("mim serve has ended: %v: %s", v.cmd.ProcessState, v.said.Bytes())
	case <-time.After(startWithin):
		v.kill()
		return nil, fmt.Errorf("mim serve was not there within %v: %s", startWithin, v.said.Bytes())
	}
	text, err := os.ReadFile(s.path("ready"))
	if err != nil {
		v.kill()
		return nil, err
	}
	var ready struct {
		Doors []struct{ Dialect, Address string }
	}
	if err := json.Unmarshal(text, &ready); err != nil {
		v.kill()
		return nil, err
	}
	for _, d := range ready.Doors {
		switch d.Dialect {
		case "comp9331":
			v.comp9331 = d.Address
		case "messenger":
			v.messenger = d.Address
		}
	}
	return v, nil
}

// A server is a running mim serve.
type server struct {
	cmd                 *exec.Cmd
	comp9331, messenger string // addresses
	said                bytes.Buffer
	first               chan struct{} // closed at its first line of output: its doors listen
	once                sync.Once
	ended               <-chan struct{}
}

// Write takes the server's standard output.
func (v *server) Write(p []byte) (int, error) {
	v.once.Do(func() { close(v.first) })
	return len(p), nil
}

// kill ends the server with SIGKILL and returns when it is gone.
func (v *server) kill() {
	v.cmd.Process.Kill()
	<-v.ended
}

// stop asks the server to end and returns when it has.
func (v *server) stop() error {
	v.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-v.ended:
	case <-time.After(startWithin):
		v.kill()
		return fmt.Errorf("mim serve did not stop within %v", startWithin)
	}
	if !v.cmd.ProcessState.Success() {
		return fmt.Errorf("mim serve has ended: %v: %s", v.cmd.ProcessState, v.said.Bytes())
	}
	return nil
}
