package scenarios

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"syscall"
)

// A program is a running mim.
type program struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *tail
	err    *tail
	code   int           // once ended is closed
	ended  chan struct{} // closed when it has ended and all its output is read
	events events
	lines  map[int]bool // of its output: those that a script has seen
}

// start runs mim with args in dir.
func start(dir string, env []string, args ...string) (*program, error) {
	p := &program{
		cmd: exec.Command(mimPath, args...), out: newTail(), err: newTail(),
		ended: make(chan struct{}), lines: map[int]bool{},
	}
	p.cmd.Dir, p.cmd.Env = dir, env
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.err
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.in = in
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		err := p.cmd.Wait()
		p.code = p.cmd.ProcessState.ExitCode()
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			p.code = -2 // its output could not be read
		}
		close(p.ended)
		p.out.end()
		p.err.end()
	}()
	return p, nil
}

// stop ends the program for good; at the end of a scenario.
func (p *program) stop() {
	p.cmd.Process.Kill() // may have ended already
	<-p.ended
}

// running reports whether it has not ended.
func (p *program) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// wait waits for its end and gives the exit code.
func (p *program) wait() (int, error) {
	if err := p.out.wait(func(_ []byte, ended bool) bool { return ended }); err != nil {
		return 0, err
	}
	return p.code, nil
}

func (p *program) signal(name string) error {
	s, ok := map[string]syscall.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "KILL": syscall.SIGKILL, "HUP": syscall.SIGHUP}[name]
	if !ok {
		return fmt.Errorf("no signal %s", name)
	}
	if err := p.cmd.Process.Signal(s); !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// waitLine waits for a line that matches pattern.
func waitLine(t *tail, pattern string) ([]string, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	var found []string
	err = t.wait(func(text []byte, _ bool) bool {
		for _, line := range lines(text) {
			if m := re.FindSubmatch(line); m != nil {
				found = found[:0]
				for _, group := range m {
					found = append(found, string(group))
				}
				return true
			}
		}
		return false
	})
	return found, err
}

// seeLine waits for a line of its output that matches pattern and was not seen
// before.
func (p *program) seeLine(pattern string) error {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	return p.out.wait(func(text []byte, _ bool) bool {
		for i, line := range lines(text) {
			if !p.lines[i] && re.Match(line) {
				p.lines[i] = true
				return true
			}
		}
		return false
	})
}

// told is everything a program wrote, for a scenario that failed.
func (p *program) told() string {
	return fmt.Sprintf("--- its standard output:\n%s--- its standard error:\n%s---", p.out.all(), p.err.all())
}
