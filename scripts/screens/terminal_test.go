package screens

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// patience is how long anything may take. It costs time only where a script
// fails, so it is generous.
const patience = 20 * time.Second

// A terminal is an emulator with a program in it.
type terminal struct {
	cmd    *exec.Cmd
	master *os.File
	slave  *os.File // kept open, so that its modes can be looked at afterwards
	before unix.Termios
	ended  chan struct{} // closed when the program has ended and its output is shown

	mu      sync.Mutex
	screen  *vt.Emulator
	changed chan struct{} // closed and replaced at each change
	title   string
	bells   int
	modes   map[ansi.Mode]bool // those that were switched since the start
	bytes   int
	over    bool
	code    int
}

// open starts a program on a terminal of its own, of a dark background or a
// light one.
func open(width, height int, light bool, cmd *exec.Cmd) (*terminal, error) {
	master, slave, err := pty.Open()
	if err != nil {
		return nil, err
	}
	t := &terminal{cmd: cmd, master: master, slave: slave, screen: vt.NewEmulator(width, height),
		changed: make(chan struct{}), ended: make(chan struct{}), modes: map[ansi.Mode]bool{ansi.ModeTextCursorEnable: true}}
	if err := t.setSize(width, height); err != nil {
		return nil, err
	}
	modes, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	if err != nil {
		return nil, err
	}
	t.before = *modes
	if light {
		t.screen.SetDefaultBackgroundColor(color.White)
		t.screen.SetDefaultForegroundColor(color.Black)
	}
	t.screen.SetCallbacks(vt.Callbacks{
		Bell:        func() { t.bells++ },
		Title:       func(s string) { t.title = s },
		EnableMode:  func(m ansi.Mode) { t.modes[m] = true },
		DisableMode: func(m ansi.Mode) { t.modes[m] = false },
	})
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, master.Close(), slave.Close())
	}
	go t.answer()
	go t.show()
	return t, nil
}

// answer gives the program what the terminal says by itself, as its modes when
// it was asked for them.
func (t *terminal) answer() {
	b := make([]byte, 1024)
	for {
		n, err := t.screen.Read(b)
		if err != nil {
			return
		}
		// The emulator measures by grapheme clusters, and does not say so by itself.
		said := strings.ReplaceAll(string(b[:n]), "\x1b[?2027;0$y", "\x1b[?2027;2$y")
		if _, err := t.master.WriteString(said); err != nil {
			return
		}
	}
}

// show draws what the program writes, until it has ended.
func (t *terminal) show() {
	defer close(t.ended)
	quit := make(chan error, 1)
	go func() {
		quit <- t.cmd.Wait()
		// What it wrote last is read before this: reads of a master come in order,
		// and we stop at the mark.
		_, _ = t.slave.Write([]byte(mark))
	}()
	b := make([]byte, 64<<10)
	var tail string
	for {
		n, err := t.master.Read(b)
		tail += string(b[:n])
		end := strings.Index(tail, mark)
		text := tail
		if end >= 0 {
			text = tail[:end]
		} else if err == nil {
			text = tail[:len(tail)-max(partial(tail), cluster(tail))]
		}
		tail = tail[len(text):]
		t.update(func() {
			t.bytes += len(text)
			_, _ = t.screen.WriteString(text)
		})
		if end >= 0 || err != nil {
			break
		}
	}
	<-quit
	t.update(func() { t.over, t.code = true, t.cmd.ProcessState.ExitCode() })
}

// mark is what we write behind the program's last byte.
const mark = "\x1b]1999;end\x07"

// partial is how many bytes at the end of s may be the beginning of the mark.
func partial(s string) int {
	for n := min(len(s), len(mark)-1); n > 0; n-- {
		if strings.HasSuffix(s, mark[:n]) {
			return n
		}
	}
	return 0
}

// cluster is how many bytes at the end of s may be a part of a character that
// goes on: the emulator takes what one write has as whole. What is no ASCII
// waits; a program's frame ends with a sequence.
func cluster(s string) int {
	n := 0
	for n < len(s) && s[len(s)-1-n] >= 0x80 {
		n++
	}
	return n
}

func (t *terminal) update(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f()
	close(t.changed)
	t.changed = make(chan struct{})
}

// wait calls good until it says yes; good is called with the lock held.
func (t *terminal) wait(good func() bool) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		t.mu.Lock()
		ok, over, changed := good(), t.over, t.changed
		t.mu.Unlock()
		switch {
		case ok:
			return nil
		case over:
			return fmt.Errorf("the program has ended (%d) without that; the screen is\n%s", t.code, t.seen())
		}
		select {
		case <-changed:
		case <-late.C:
			return fmt.Errorf("it did not come within %v; the screen is\n%s", patience, t.seen())
		}
	}
}

// grid is what stands on the screen, without blanks at the ends. With the lock.
func (t *terminal) grid() string {
	lines := strings.Split(t.screen.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

func (t *terminal) seen() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.grid()
}

// press sends what is typed.
func (t *terminal) press(s string) error {
	_, err := t.master.WriteString(s)
	return err
}

func (t *terminal) setSize(width, height int) error {
	return pty.Setsize(t.master, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)})
}

// resize changes the window, as its user does.
func (t *terminal) resize(width, height int) error {
	t.update(func() { t.screen.Resize(width, height) })
	return t.setSize(width, height)
}

// restored says what of the terminal is not as it was before the program.
func (t *terminal) restored() error {
	now, err := unix.IoctlGetTermios(int(t.slave.Fd()), unix.TCGETS)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Iflag != t.before.Iflag || now.Oflag != t.before.Oflag || now.Lflag != t.before.Lflag {
		return fmt.Errorf("its modes are %+v, were %+v", *now, t.before)
	}
	for name, m := range modes {
		if t.modes[m] != (name == "cursor") {
			return fmt.Errorf("mode %s is %v", name, t.modes[m])
		}
	}
	return nil
}

// modes are those that a program switches, by what we call them.
var modes = map[string]ansi.Mode{
	"alternate": ansi.ModeAltScreenSaveCursor, "cursor": ansi.ModeTextCursorEnable, "paste": ansi.ModeBracketedPaste,
	"mouse": ansi.ModeMouseButtonEvent, "focus": ansi.ModeFocusEvent,
}

// close ends the program for good and gives the terminal back.
func (t *terminal) close() {
	t.cmd.Process.Kill() // may have ended already
	<-t.ended
	t.screen.InputPipe().(io.Closer).Close() // its own Close races with answer
	t.master.Close()
	t.slave.Close()
}
