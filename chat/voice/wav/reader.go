// Package wav reads and writes sound files, and makes of them a device of
// chat/voice: one file is heard instead of a microphone, another one is written
// instead of what a loudspeaker would play.
//
// A file is (RIFF WAVE; all numbers little-endian)
//
//	"RIFF" size:4 "WAVE"
//	"fmt " size:4 format:2 channels:2 rate:4 bytes a second:4 bytes a frame:2 bits:2 ...
//	"data" size:4 frames ...
//
// and may hold other chunks, which are left out; a chunk of odd size is
// followed by a byte. Read are format 1 (integers of 8, 16, 24 and 32 bits), 3
// (floating point of 32 and 64 bits) and 0xfffe (one of them, with more words
// behind). Written are 16 bits, mono.
package wav

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"mim/chat/voice/resample"
)

const (
	// MaxChannels is how many channels a file may have.
	MaxChannels = 64

	// MaxBefore is how many bytes of chunks may stand before the sound, titles
	// and pictures. They are read while somebody waits, at each call anew: a file
	// that says that they have 4 GiB took ten seconds.
	MaxBefore = 1 << 24
)

const (
	integers   = 1
	floats     = 3
	extensible = 0xfffe
	unknown    = math.MaxUint32 // size of what was written without coming back to the header
)

// A Format is how a file holds its samples.
type Format struct {
	Rate     int // samples a second of each channel
	Channels int
	Bits     int  // of a sample: 8, 16, 24, 32; 32 or 64 if Float
	Float    bool // full scale is 1
}

// frame is the bytes of one sample of all channels.
func (f Format) frame() int { return f.Channels * f.Bits / 8 }

// A Reader gives the sound of a file as 16-bit samples, all channels mixed to
// one, at the file's rate.
type Reader struct {
	format Format
	r      *bufio.Reader
	left   int64 // bytes of sound; -1: up to the end of the file
	buf    []byte
}

// NewReader reads up to where the sound begins. Its errors are sentences
// without the name of the file.
func NewReader(r io.Reader) (*Reader, error) {
	w := &Reader{r: bufio.NewReaderSize(r, 1<<15)}
	var head [12]byte
	if _, err := io.ReadFull(w.r, head[:]); err != nil {
		return nil, short("is too short to be a WAV file", err)
	}
	if string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return nil, errors.New("is no WAV file: it does not begin with RIFF and WAVE")
	}
	for before := int64(0); before <= MaxBefore; {
		var chunk [8]byte
		if _, err := io.ReadFull(w.r, chunk[:]); err != nil {
			return nil, short("ends before its sound begins (no data chunk)", err)
		}
		size := int64(binary.LittleEndian.Uint32(chunk[4:]))
		switch string(chunk[:4]) {
		case "fmt ":
			if err := w.readFormat(size); err != nil {
				return nil, err
			}
		case "data":
			if w.format.Channels == 0 {
				return nil, errors.New("does not say what its sound is (no fmt chunk before the data)")
			}
			w.left = size
			if size == 0 || size == unknown { // whoever wrote it was ended, or wrote into a pipe
				w.left = -1
			}
			w.buf = make([]byte, (4096/w.format.frame()+1)*w.format.frame())
			return w, nil
		default:
			if before += size + size&1; before > MaxBefore {
				break
			}
			if _, err := io.CopyN(io.Discard, w.r, size+size&1); err != nil {
				return nil, short("ends before its sound begins (no data chunk)", err)
			}
		}
		before += int64(len(chunk))
	}
	return nil, fmt.Errorf("has no sound in its first %d MiB (no data chunk)", MaxBefore>>20)
}

// short words an error of reading; the end of the file is the sentence itself.
func short(sentence string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New(sentence)
	}
	return err
}

func (w *Reader) readFormat(size int64) error {
	var b [40]byte
	n := min(size, int64(len(b)))
	if n < 16 || size > MaxBefore {
		return fmt.Errorf("has a fmt chunk of %d bytes, which none has", size)
	}
	if _, err := io.ReadFull(w.r, b[:n]); err != nil {
		return short("ends before its sound begins (no data chunk)", err)
	}
	if _, err := io.CopyN(io.Discard, w.r, size+size&1-n); err != nil {
		return short("ends before its sound begins (no data chunk)", err)
	}
	kind := binary.LittleEndian.Uint16(b[0:])
	if kind == extensible && n >= 26 {
		kind = binary.LittleEndian.Uint16(b[24:])
	}
	f := Format{
		Channels: int(binary.LittleEndian.Uint16(b[2:])),
		Rate:     int(binary.LittleEndian.Uint32(b[4:])),
		Bits:     int(binary.LittleEndian.Uint16(b[14:])),
		Float:    kind == floats,
	}
	switch {
	case kind != integers && kind != floats:
		return fmt.Errorf("holds sound of format %d; only uncompressed WAV can be read (sox or ffmpeg convert it)", kind)
	case f.Channels < 1 || f.Channels > MaxChannels:
		return fmt.Errorf("has %d channels; 1 to %d can be read", f.Channels, MaxChannels)
	case f.Rate < resample.MinRate || f.Rate > resample.MaxRate:
		return fmt.Errorf("has %d samples a second; %d to %d can be read", f.Rate, resample.MinRate, resample.MaxRate)
	case f.Float && f.Bits != 32 && f.Bits != 64, !f.Float && f.Bits != 8 && f.Bits != 16 && f.Bits != 24 && f.Bits != 32:
		return fmt.Errorf("has samples of %d bits; 8, 16, 24 and 32 can be read, and floating point of 32 and 64", f.Bits)
	case int(binary.LittleEndian.Uint16(b[12:])) != f.frame():
		return fmt.Errorf("says that a frame has %d bytes, but %d channels of %d bits have %d", binary.LittleEndian.Uint16(b[12:]), f.Channels, f.Bits, f.frame())
	}
	w.format = f
	return nil
}

// Format is that of the file.
func (w *Reader) Format() Format { return w.format }

// Read fills dst and says how many samples that were. At the end of the sound
// it is 0 and io.EOF; a file that ends in the middle has ended there.
func (w *Reader) Read(dst []int16) (int, error) {
	frame := w.format.frame()
	done := 0
	for done < len(dst) {
		want := min((len(dst)-done)*frame, len(w.buf))
		if w.left >= 0 {
			want = int(min(int64(want), w.left/int64(frame)*int64(frame)))
		}
		if want == 0 {
			break
		}
		n, err := io.ReadFull(w.r, w.buf[:want])
		for b := w.buf[:n/frame*frame]; len(b) > 0; b = b[frame:] {
			dst[done] = w.format.mono(b[:frame])
			done++
		}
		if w.left >= 0 {
			w.left -= int64(n)
		}
		if err != nil {
			w.left = 0
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				break
			}
			return done, err
		}
	}
	if done == 0 && len(dst) > 0 {
		return 0, io.EOF
	}
	return done, nil
}

// mono is the mean of the channels of a frame.
func (f Format) mono(frame []byte) int16 {
	sum := 0.0
	for size := f.Bits / 8; len(frame) > 0; frame = frame[size:] {
		sum += f.sample(frame)
	}
	v := math.RoundToEven(sum / float64(f.Channels))
	if v != v {
		return 0
	}
	return int16(max(math.MinInt16, min(math.MaxInt16, v)))
}

// sample is one, with 32768 as full scale.
func (f Format) sample(b []byte) float64 {
	switch {
	case f.Float && f.Bits == 32:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))) * 32768
	case f.Float:
		return math.Float64frombits(binary.LittleEndian.Uint64(b)) * 32768
	case f.Bits == 8: // the only ones without a sign
		return (float64(b[0]) - 128) * 256
	case f.Bits == 16:
		return float64(int16(binary.LittleEndian.Uint16(b)))
	case f.Bits == 24:
		return float64(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)) / 65536
	default:
		return float64(int32(binary.LittleEndian.Uint32(b))) / 65536
	}
}
