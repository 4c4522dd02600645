package wav

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"mim/chat/voice"
	"mim/chat/voice/resample"
)

// A Device is a voice.Device of files. It keeps to the times that it is given:
// with those of a clock a file lasts as long as its sound, with those of a
// simulation it is over at once. It reads and writes its files in the calls of
// the one goroutine that it belongs to.
type Device struct {
	in, out  *os.File
	read     *Reader
	write    *Writer
	convert  *resample.Converter // nil: the file has voice.Rate
	raw      []int16             // samples of the file's rate
	rest     []int16             // of raw, not converted yet
	drain    int                 // zeros that push the last samples out of convert
	ended    bool
	heard    voice.Pace
	played   voice.Pace
	err      error
	isClosed bool
}

var _ voice.Device = (*Device)(nil)

// Open makes a device that hears the file in and writes the file out, which it
// makes anew and which only its owner can read. in "": silence; after its end,
// too. out "": what is played is dropped. Both must be plain files: a pipe
// could keep its reader waiting.
func Open(in, out string) (*Device, error) {
	d := new(Device)
	if err := errors.Join(d.openIn(in), d.openOut(in, out)); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *Device) openIn(path string) error {
	if path == "" {
		d.ended = true
		return nil
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("is no plain file")
	}
	if err == nil {
		d.in, err = os.Open(path)
	}
	if err == nil {
		d.read, err = NewReader(d.in)
	}
	if err == nil && d.read.format.Rate != voice.Rate {
		d.convert, err = resample.New(d.read.format.Rate, voice.Rate)
	}
	if err != nil {
		return cannot("read", path, err)
	}
	d.raw = make([]int16, 2048)
	if d.convert != nil {
		d.drain = d.convert.Delay()
	}
	return nil
}

func (d *Device) openOut(in, path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	case err == nil && info.Mode()&^fs.ModePerm&(fs.ModeNamedPipe|fs.ModeSocket|fs.ModeDir) != 0:
		err = errors.New("is no plain file")
	case err == nil && d.in != nil:
		if of, e := d.in.Stat(); e == nil && os.SameFile(info, of) {
			err = errors.New("it is the one that is read")
		}
	}
	if err == nil {
		d.out, err = os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	}
	if err == nil {
		d.write, err = NewWriter(d.out, voice.Rate)
	}
	if err != nil {
		return cannot("write", path, err)
	}
	return nil
}

// cannot makes a sentence of an error, which names the file once.
func cannot(do, path string, err error) error {
	if of := (*fs.PathError)(nil); errors.As(err, &of) {
		err = of.Err
	}
	return fmt.Errorf("cannot %s the sound file %s: %w", do, path, err)
}

// Ended reports whether all of the file was heard. It is true if there is none.
func (d *Device) Ended() bool { return d.ended }

// Capture gives what is due of the file, and silence behind its end.
func (d *Device) Capture(now time.Time, dst []int16) int {
	dst = dst[:min(len(dst), d.heard.Due(now))]
	d.heard.Took(len(dst))
	for n := 0; n < len(dst); {
		got := d.next(dst[n:])
		if got == 0 {
			clear(dst[n:])
			break
		}
		n += got
	}
	return len(dst)
}

// next reads and converts some samples; 0: it is at the end.
func (d *Device) next(dst []int16) int {
	for !d.ended {
		if d.convert == nil {
			if n := d.fetch(dst); n > 0 {
				return n
			}
			d.ended = true
			break
		}
		gave, took := d.convert.Convert(dst, d.rest)
		d.rest = d.rest[took:]
		if gave > 0 {
			return gave
		}
		n := d.fetch(d.raw)
		if n == 0 {
			n = min(d.drain, len(d.raw))
			clear(d.raw[:n])
			d.drain -= n
			d.ended = n == 0
		}
		d.rest = d.raw[:n]
	}
	return 0
}

// fetch reads samples at the file's rate; 0: there are no more.
func (d *Device) fetch(dst []int16) int {
	n, err := d.read.Read(dst)
	if err != nil && !errors.Is(err, io.EOF) && d.err == nil {
		d.err = cannot("read", d.in.Name(), err)
	}
	return n
}

// Wants is what is due.
func (d *Device) Wants(now time.Time) int { return d.played.Due(now) }

// Play writes src into the file.
func (d *Device) Play(_ time.Time, src []int16) {
	d.played.Took(len(src))
	if d.write == nil || d.isClosed {
		return
	}
	if err := d.write.Write(src); err != nil && d.err == nil {
		d.err = cannot("write", d.out.Name(), err)
	}
}

// Latency is none, but for that of the conversion.
func (d *Device) Latency() (in, out time.Duration) {
	if d.convert != nil {
		in = time.Duration(d.convert.Delay()) * time.Second / time.Duration(d.read.format.Rate)
	}
	return in, 0
}

// Err says why a file cannot be read or written any more. The other one goes
// on, and so does time.
func (d *Device) Err() error { return d.err }

// Close puts the header of the file right that was written.
func (d *Device) Close() error {
	if d.isClosed {
		return nil
	}
	d.isClosed, d.ended = true, true
	var errs []error
	if d.write != nil {
		errs = append(errs, d.write.Close())
	}
	for _, f := range []*os.File{d.out, d.in} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	if err := errors.Join(errs...); err != nil {
		if d.out != nil {
			return cannot("write", d.out.Name(), err)
		}
		return err
	}
	return nil
}
