package wav

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math"
)

const (
	headLen  = 44
	maxSound = math.MaxUint32 - headLen - 1 // bytes; the header's sizes have 32 bits
)

// A Writer writes 16-bit samples of one channel as a file.
type Writer struct {
	w     *bufio.Writer
	under io.Writer
	rate  int
	bytes int64
	err   error
	done  bool
}

// NewWriter writes the header. What w writes before Close is a file whose
// header does not know the length, which most programs read to its end; Close
// puts it right if w is an io.Seeker that can.
func NewWriter(w io.Writer, rate int) (*Writer, error) {
	x := &Writer{w: bufio.NewWriterSize(w, 1<<15), under: w, rate: rate}
	_, x.err = x.w.Write(header(rate, unknown))
	if x.err == nil {
		x.err = x.w.Flush()
	}
	return x, x.err
}

// header is that of a file with so many bytes of sound, or unknown many.
func header(rate int, bytes uint32) []byte {
	whole := uint32(unknown)
	if bytes != unknown {
		whole = bytes + headLen - 8
	}
	b := append(make([]byte, 0, headLen), "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, whole)
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, integers)
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate)*2)
	b = binary.LittleEndian.AppendUint16(b, 2)
	b = binary.LittleEndian.AppendUint16(b, 16)
	b = append(b, "data"...)
	return binary.LittleEndian.AppendUint32(b, bytes)
}

// Write appends samples. After an error, of a full disk or of 4 GiB, nothing
// more is written and every call gives it again.
func (x *Writer) Write(samples []int16) error {
	if x.err == nil && x.done {
		x.err = errors.New("the file is closed")
	}
	if x.err == nil && x.bytes+2*int64(len(samples)) > maxSound {
		x.err = errors.New("the file is full: a WAV file has at most 4 GiB")
	}
	for i := 0; x.err == nil && i < len(samples); i++ {
		b := binary.LittleEndian.AppendUint16(x.w.AvailableBuffer(), uint16(samples[i]))
		if _, x.err = x.w.Write(b); x.err == nil {
			x.bytes += 2
		}
	}
	return x.err
}

// Close writes what is left and the length into the header. It does not close
// what lies below.
func (x *Writer) Close() error {
	if x.done {
		return nil
	}
	x.done = true
	if err := x.w.Flush(); x.err == nil {
		x.err = err
	}
	s, ok := x.under.(io.Seeker)
	if !ok {
		return x.err
	}
	if _, err := s.Seek(0, io.SeekStart); err != nil {
		return x.err // a pipe: it keeps the header that it has
	}
	_, err := x.under.Write(header(x.rate, uint32(x.bytes)))
	if _, end := s.Seek(0, io.SeekEnd); err == nil {
		err = end
	}
	return errors.Join(x.err, err)
}
