package command

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"unicode"

	"golang.org/x/sys/unix"
)

// isTerminal reports whether a person is at the other end of a stream.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// sameTerminal reports whether two streams go to one terminal.
func sameTerminal(a, b any) bool {
	if !isTerminal(a) || !isTerminal(b) {
		return false
	}
	x, errX := a.(*os.File).Stat()
	y, errY := b.(*os.File).Stat()
	if errX != nil || errY != nil {
		return false
	}
	s, okX := x.Sys().(*syscall.Stat_t)
	t, okY := y.Sys().(*syscall.Stat_t)
	return okX && okY && s.Rdev == t.Rdev
}

// self is how this program is called from any other terminal: by its name if
// the path finds it, else by where it lies.
func self() string {
	path, err := os.Executable()
	if err != nil {
		return "mim"
	}
	name := filepath.Base(path)
	if found, err := exec.LookPath(name); err == nil && sameFile(found, path) {
		return name
	}
	return shellWord(path)
}

// shellWord quotes s if a shell would read it as anything but one plain word.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("@%+=:,./-_", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}
