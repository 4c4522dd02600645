package command

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// A door is an open port of a dialect, as scripts are told of it.
type door struct {
	Dialect string `json:"dialect"`
	Network string `json:"network"`
	Address string `json:"address"`
}

// writeReady tells at path that all doors listen. The file appears in one
// piece: whoever waits for it can read it at once.
func writeReady(path string, doors []door) error {
	content, err := json.Marshal(struct {
		PID   int    `json:"pid"`
		Doors []door `json:"doors"`
	}{os.Getpid(), doors})
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(content, '\n'))
	if err == nil {
		err = f.Chmod(0o644)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
