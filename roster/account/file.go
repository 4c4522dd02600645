package account

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"mim/chat"
)

const (
	// MaxPass is the longest password. Bytes.
	MaxPass = 1024
	// maxLines is how many lines a file may have, empty ones too.
	maxLines = 1_000_000
	// maxFile is the largest file. Bytes.
	maxFile = 64 << 20
	// firstRead is the room for a file whose size is not known before. Bytes.
	firstRead = 64 << 10
)

var bom = []byte("\xef\xbb\xbf")

// A credential is one line of the file. Pass is a part of the bytes that were
// parsed; it is empty if the line has a name alone.
type credential struct {
	name   string
	folded string
	pass   []byte
	line   int
}

// fold makes names equal that differ only in case, as the roster does.
func fold(name string) string { return chat.Fold(name) }

// fileError says which line of which file cannot be read and what to change.
// It never repeats what is in the line, which may be a password.
func fileError(path string, line int, format string, args ...any) error {
	return fmt.Errorf("%s: line %d: %s", path, line, fmt.Sprintf(format, args...))
}

// readFile gives the content of a file, which the caller wipes. Copies that
// come of reading (from a pipe, say) are wiped here.
func readFile(path string, most int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, plain(err))
	}
	defer f.Close()
	room := firstRead
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		// One byte more shows that the file ended, and that it has grown.
		room = int(min(info.Size(), int64(most))) + 1
	}
	buf := make([]byte, 0, room)
	for {
		n, err := f.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case len(buf) > most:
			clear(buf)
			return nil, fmt.Errorf("%s: larger than %d MiB: take accounts out", path, most>>20)
		case err == io.EOF:
			return buf, nil
		case err != nil:
			clear(buf)
			return nil, fmt.Errorf("%s: %w", path, plain(err))
		case len(buf) == cap(buf):
			larger := make([]byte, len(buf), min(2*cap(buf), most+1))
			copy(larger, buf)
			clear(buf)
			buf = larger
		}
	}
}

// plain is err without the path and the call, which the sentence has already.
func plain(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}

// parse reads the lines of a file of credentials: a name, the first run of
// blanks and tabs, and a password, which is the rest of the line as it is.
// Lines end with LF or CR LF, the last one need not; those that are empty or
// begin with # are skipped. The path is for errors.
func parse(path string, content []byte) ([]credential, error) {
	var list []credential
	seen := make(map[string]int) // folded name -> line
	line := 0
	for rest := bytes.TrimPrefix(content, bom); len(rest) > 0; {
		var text []byte
		text, rest, _ = bytes.Cut(rest, []byte("\n"))
		if line++; line > maxLines {
			return nil, fileError(path, line, "more than %d lines: take accounts out", maxLines)
		}
		text = bytes.TrimSuffix(text, []byte("\r"))
		if len(bytes.TrimLeft(text, " \t")) == 0 || text[0] == '#' {
			continue
		}
		c, err := split(text)
		if err != nil {
			return nil, fileError(path, line, "%v", err)
		}
		if before, twice := seen[c.folded]; twice {
			return nil, fileError(path, line, "the same name as in line %d (names that differ only in case are one): take one of the two out", before)
		}
		c.line = line
		seen[c.folded] = line
		list = append(list, c)
	}
	return list, nil
}

// split reads one line that is not empty.
func split(text []byte) (c credential, err error) {
	switch i := bytes.IndexAny(text, " \t"); {
	case !utf8.Valid(text):
		return c, errors.New("no UTF-8: save the file as UTF-8")
	case i == 0:
		return c, errors.New("a blank before the name: take it out")
	case i > 0:
		c.name, c.pass = string(text[:i]), bytes.TrimLeft(text[i:], " \t")
	default:
		c.name = string(text)
	}
	if len(c.pass) > MaxPass {
		return c, fmt.Errorf("the password has %d bytes, the most is %d: make it shorter", len(c.pass), MaxPass)
	}
	if err := chat.CheckName(c.name); err != nil {
		return c, fmt.Errorf("%w: write NAME PASSWORD", err)
	}
	// NAME: begins a message of that user: no other part of a line may look so.
	// A line NAME:PASSWORD would make a password a name that all can read.
	if strings.ContainsRune(c.name, ':') {
		return c, errors.New("a colon in the name: write NAME PASSWORD, with a blank between them")
	}
	if strings.ContainsFunc(c.name, unicode.IsSpace) {
		return c, errors.New("a blank in the name that is neither the usual one nor a tab: write NAME PASSWORD, with a blank between them")
	}
	c.folded = fold(c.name)
	return c, nil
}
