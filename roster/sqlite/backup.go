package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Backup writes a copy of the store into a new file, as Copy does.
func (s *Store) Backup(path string) error {
	if s.memory != nil {
		return errors.New("a store in memory has no copy")
	}
	return copyFile(s.writer.source, path)
}

// Copy writes a copy of the store in a directory into a new file, also while a
// server uses it, in this process or another. The copy is the store at one
// moment, whole, tidy and on the disk, and only its owner can read it. A file
// that is there is not overwritten. It waits for the disk; meanwhile the
// server goes on, and its log grows by what is changed.
func Copy(dir, path string) error {
	file, err := filepath.Abs(filepath.Join(dir, fileName))
	if err != nil {
		return err
	}
	if _, err := os.Stat(file); err != nil {
		return fmt.Errorf("there is no store to copy: %w", err)
	}
	return copyFile(source(file), path)
}

func copyFile(source, path string) (err error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = fs.ErrExist
		}
		return fmt.Errorf("cannot copy the store to %s: %w", path, err)
	}
	// Under its name there is only ever a whole one.
	f, err := os.CreateTemp(filepath.Dir(path), ".mim-copy-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err = vacuumInto(source, f.Name()); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("cannot copy the store to %s: %w", path, err)
	}
	return syncDir(filepath.Dir(path))
}

func vacuumInto(source, path string) error {
	c, err := connect(source, busyWait)
	if err != nil {
		return err
	}
	s, err := c.prepare("VACUUM INTO ?")
	if err == nil {
		_, err = s.run(path)
	}
	return errors.Join(err, c.close())
}
