package command

import (
	"bufio"
	"errors"
	"io"
)

const (
	// maxInput is the longest input line in bytes; of a longer one the first
	// maxInput+1 are handed on, for which the messenger says that it is too long.
	maxInput = 64 << 10
	// maxWaiting is how many lines may be on their way to the loop. A reader of
	// a fast file then waits, and so does whoever writes into our pipe.
	maxWaiting = 64
)

// readLines reads r until its end and hands each line, without its end, to
// post, which may keep it and calls done once it was dealt with. The error is
// nil at the end of input.
func readLines(r io.Reader, post func(line string, done func())) error {
	places := make(chan struct{}, maxWaiting)
	in := bufio.NewReaderSize(r, 4096)
	for {
		line, err := readLine(in)
		if line != nil {
			places <- struct{}{}
			post(string(line), func() { <-places })
		}
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// readLine reads one line, dropping what is beyond maxInput+1 bytes, and the
// line's end, "\n" or "\r\n". A last line without an end is a line; nil is none.
func readLine(in *bufio.Reader) (line []byte, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if len(part) > 0 && line == nil {
			line = make([]byte, 0, len(part))
		}
		line = append(line, part[:min(len(part), maxInput+2-len(line))]...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if n := len(line); n > 0 && line[n-1] == '\n' {
			line = line[:n-1]
			if n > 1 && line[n-2] == '\r' {
				line = line[:n-2]
			}
		}
		return line[:min(len(line), maxInput+1)], err
	}
}
