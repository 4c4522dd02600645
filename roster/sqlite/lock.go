package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// A lock keeps other servers away from a directory. It is a file with flock(2)
// on it: the kernel takes that back when the process ends, however it ends, so
// the file that is left says nothing by itself.
type lock struct{ file *os.File }

// lockDir takes the lock file of a directory. Another holder: ErrInUse.
func lockDir(path string) (lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return lock{}, err
	}
	if err := flock(f); errors.Is(err, syscall.EWOULDBLOCK) {
		who := "another server"
		var p [20]byte // the number of a process, by which its owner finds it
		if n, _ := f.ReadAt(p[:], 0); n > 0 {
			who += " (process " + string(bytes.TrimSpace(p[:n])) + ")"
		}
		f.Close()
		return lock{}, fmt.Errorf("%w by %s", ErrInUse, who)
	} else if err != nil {
		f.Close()
		return lock{}, fmt.Errorf("cannot lock %s: %w", path, err)
	}
	// Only for the sentence above: a full disk must not keep a server from
	// giving out what it has.
	if f.Truncate(0) == nil {
		_, _ = f.WriteAt(strconv.AppendInt(nil, int64(os.Getpid()), 10), 0)
	}
	return lock{f}, nil
}

func flock(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var locked error
	err = raw.Control(func(fd uintptr) { locked = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) })
	return errors.Join(err, locked)
}

// free gives the lock back. The file stays: who removes it may remove that of
// a server that has just started.
func (l lock) free() {
	if l.file != nil {
		l.file.Close()
	}
}
