package wav

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mim/chat/voice"
)

// chunk is one of a file.
func chunk(name string, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body)))
	b = append(b, body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

// format is the body of a fmt chunk.
func format(kind, channels, rate, bits int) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(kind))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate*channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels*bits/8))
	return binary.LittleEndian.AppendUint16(b, uint16(bits))
}

func riff(chunks ...[]byte) []byte {
	all := bytes.Join(chunks, nil)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(all)+4)), append([]byte("WAVE"), all...)...)
}

func TestRead(t *testing.T) {
	extended := append(format(extensible, 1, 8000, 16), 22, 0, 16, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71)
	f32 := func(v ...float32) (b []byte) {
		for _, v := range v {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
		return b
	}
	for _, c := range []struct {
		name string
		file []byte
		want []int16
	}{
		{"8 bits", riff(chunk("fmt ", format(1, 1, 8000, 8)), chunk("data", []byte{0, 128, 255})), []int16{-32768, 0, 32512}},
		{"16 bits", riff(chunk("fmt ", format(1, 1, 8000, 16)), chunk("data", []byte{1, 0, 0xff, 0xff, 0, 0x80})), []int16{1, -1, -32768}},
		{"24 bits", riff(chunk("fmt ", format(1, 1, 8000, 24)), chunk("data", []byte{0, 1, 0, 0, 0, 0x80})), []int16{1, -32768}},
		{"32 bits", riff(chunk("fmt ", format(1, 1, 8000, 32)), chunk("data", []byte{0, 0, 1, 0, 0, 0, 0, 0x80})), []int16{1, -32768}},
		{"floats", riff(chunk("fmt ", format(3, 1, 8000, 32)), chunk("data", f32(0.5, -1, 2, float32(math.NaN()), float32(math.Inf(-1))))), []int16{16384, -32768, 32767, 0, -32768}},
		{"long floats", riff(chunk("fmt ", format(3, 1, 8000, 64)), chunk("data", binary.LittleEndian.AppendUint64(nil, math.Float64bits(0.25)))), []int16{8192}},
		{"two channels", riff(chunk("fmt ", format(1, 2, 8000, 16)), chunk("data", []byte{10, 0, 20, 0, 1, 0, 1, 0})), []int16{15, 1}},
		{"extensible", riff(chunk("fmt ", extended), chunk("data", []byte{5, 0})), []int16{5}},
		{"other chunks, of odd size", riff(chunk("LIST", []byte("abc")), chunk("fmt ", format(1, 1, 8000, 16)), chunk("junk", []byte{1}), chunk("data", []byte{5, 0}), chunk("tail", nil)), []int16{5}},
		{"cut in a frame", riff(chunk("fmt ", format(1, 1, 8000, 16)), append([]byte("data\xff\x00\x00\x00"), 1, 0, 2)), []int16{1}},
		{"size not known", riff(chunk("fmt ", format(1, 1, 8000, 16)), append([]byte("data\xff\xff\xff\xff"), 1, 0, 2, 0)), []int16{1, 2}},
		{"size never written", riff(chunk("fmt ", format(1, 1, 8000, 16)), append([]byte("data\x00\x00\x00\x00"), 1, 0, 2, 0)), []int16{1, 2}},
		{"no sound", riff(chunk("fmt ", format(1, 1, 8000, 16)), chunk("data", nil)), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := NewReader(bytes.NewReader(c.file))
			if err != nil {
				t.Fatal(err)
			}
			var got []int16
			for buf := make([]int16, 2); ; {
				n, err := r.Read(buf)
				got = append(got, buf[:n]...)
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if len(got) != len(c.want) {
				t.Fatalf("read %d, want %d", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Fatalf("read %d, want %d", got, c.want)
				}
			}
		})
	}
}

func TestBad(t *testing.T) {
	good := chunk("fmt ", format(1, 1, 8000, 16))
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"nothing", nil, "too short"},
		{"text", []byte("hello, this is a text"), "is no WAV file"},
		{"no chunks", riff(), "no data chunk"},
		{"no format", riff(chunk("data", []byte{1, 0})), "no fmt chunk"},
		{"format cut", riff([]byte("fmt \x10\x00\x00\x00ab")), "no data chunk"},
		{"format short", riff(chunk("fmt ", []byte{1, 0})), "fmt chunk of 2 bytes"},
		{"format huge", riff([]byte("fmt \xff\xff\xff\xff"), make([]byte, 100)), "fmt chunk of 4294967295 bytes"},
		{"chunk cut", riff(good, []byte("LIST\x0f\x00\x00\x00")), "no data chunk"},
		{"huge chunk", riff(good, []byte("LIST\xff\xff\xff\xff")), "no sound in its first 16 MiB"},
		{"compressed", riff(chunk("fmt ", format(85, 1, 8000, 16)), chunk("data", nil)), "format 85"},
		{"no channels", riff(chunk("fmt ", format(1, 0, 8000, 16)), chunk("data", nil)), "0 channels"},
		{"65535 channels", riff(chunk("fmt ", format(1, 65535, 8000, 16)), chunk("data", nil)), "65535 channels"},
		{"slow", riff(chunk("fmt ", format(1, 1, 0, 16)), chunk("data", nil)), "0 samples a second"},
		{"fast", riff(chunk("fmt ", format(1, 1, -1, 16)), chunk("data", nil)), "4294967295 samples a second"},
		{"12 bits", riff(chunk("fmt ", format(1, 1, 8000, 12)), chunk("data", nil)), "12 bits"},
		{"short floats", riff(chunk("fmt ", format(3, 1, 8000, 16)), chunk("data", nil)), "16 bits"},
		{"wrong frame", riff(chunk("fmt ", append(format(1, 2, 8000, 16)[:12], 3, 0, 16, 0)), chunk("data", nil)), "frame has 3 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := NewReader(bytes.NewReader(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

// zeros has no end, and counts what is read of it.
type zeros struct{ read int64 }

func (z *zeros) Read(p []byte) (int, error) {
	clear(p)
	z.read += int64(len(p))
	return len(p), nil
}

// TestBefore: a file whose sound does not come is not read for long, whether it
// says so in one chunk or in many.
func TestBefore(t *testing.T) {
	for name, head := range map[string][]byte{
		"one chunk":   riff([]byte("LIST\xff\xff\xff\xff")),
		"many chunks": riff(),
		"a format":    riff([]byte("fmt \xff\xff\xff\xff")),
	} {
		z := new(zeros)
		if _, err := NewReader(io.MultiReader(bytes.NewReader(head), io.LimitReader(z, 4*MaxBefore))); err == nil {
			t.Errorf("%s: no error", name)
		}
		if z.read > MaxBefore+1<<16 {
			t.Errorf("%s: %d bytes were read, more than %d", name, z.read, MaxBefore)
		}
	}
	picture := chunk("id3 ", make([]byte, MaxBefore-100))
	if _, err := NewReader(bytes.NewReader(riff(picture, chunk("fmt ", format(1, 1, 8000, 16)), chunk("data", nil)))); err != nil {
		t.Errorf("a file with a large picture: %v", err)
	}
}

// FuzzRead: any bytes are an error or an end, and as many samples as they have
// bytes at most.
func FuzzRead(f *testing.F) {
	f.Add(riff(chunk("fmt ", format(1, 2, 44100, 24)), chunk("data", make([]byte, 60))))
	f.Add(riff(chunk("LIST", []byte("abc")), chunk("fmt ", format(3, 1, 8000, 32)), chunk("data", make([]byte, 64))))
	f.Add(riff(chunk("fmt ", format(1, 1, 8000, 8)), []byte("data\xff\xff\xff\xffabcdef")))
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := NewReader(bytes.NewReader(file))
		if err != nil {
			return
		}
		total, buf := 0, make([]int16, 100)
		for {
			n, err := r.Read(buf)
			total += n
			if err != nil {
				break
			}
		}
		if total > len(file) {
			t.Errorf("%d bytes became %d samples", len(file), total)
		}
	})
}

// TestWriteRead: what is written is read again, with a header that is whole.
func TestWriteRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.wav")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := NewWriter(f, voice.Rate)
	if err != nil {
		t.Fatal(err)
	}
	var want []int16
	for i := range 100 {
		piece := make([]int16, i)
		for k := range piece {
			piece[k] = int16(i*331 - k*77)
		}
		want = append(want, piece...)
		if err := w.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := binary.LittleEndian.Uint32(file[4:]); int(got) != len(file)-8 {
		t.Errorf("the header says %d bytes, there are %d", got, len(file)-8)
	}
	if got := binary.LittleEndian.Uint32(file[40:]); int(got) != 2*len(want) {
		t.Errorf("the header says %d bytes of sound, there are %d", got, 2*len(want))
	}
	r, err := NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if f := r.Format(); f != (Format{Rate: voice.Rate, Channels: 1, Bits: 16}) {
		t.Errorf("format %+v", f)
	}
	got := make([]int16, len(want)+1)
	if n, err := r.Read(got); n != len(want) || err != nil {
		t.Fatalf("read %d, %v; want %d", n, err, len(want))
	}
	for i, v := range want {
		if got[i] != v {
			t.Fatalf("sample %d is %d, want %d", i, got[i], v)
		}
	}
	if err := w.Write(want); err == nil {
		t.Error("a closed file was written")
	}
}

// full is a disk that takes so many bytes.
type full int

func (d *full) Write(b []byte) (int, error) {
	if *d -= full(len(b)); *d < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(b), nil
}

func TestFullDisk(t *testing.T) {
	d := full(1000)
	w, err := NewWriter(&d, voice.Rate)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		err = w.Write(make([]int16, 1000))
	}
	if err == nil || w.Close() == nil {
		t.Error("nobody said that the disk is full")
	}
}

// TestDevice: a file of another rate takes as long as its sound, then there is
// silence; what is played is in the other file.
func TestDevice(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.wav"), filepath.Join(dir, "out.wav")
	var sound []byte
	for i := range 44100 {
		v := uint16(int16(10000 * math.Sin(2*math.Pi*440*float64(i)/44100)))
		sound = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(sound, v), v)
	}
	if err := os.WriteFile(in, riff(chunk("fmt ", format(1, 2, 44100, 16)), chunk("data", sound)), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := Open(in, out)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Unix(1_800_000_000, 0)
	heard, endedAt := 0, time.Duration(0)
	buf := make([]int16, 4096)
	for at := time.Duration(0); at <= 2*time.Second; at += 20 * time.Millisecond {
		now := start.Add(at)
		n := d.Capture(now, buf)
		heard += n
		if d.Ended() && endedAt == 0 {
			endedAt = at
		}
		d.Play(now, buf[:d.Wants(now)])
	}
	if heard != 2*voice.Rate {
		t.Errorf("heard %d samples in 2 s, want %d", heard, 2*voice.Rate)
	}
	if endedAt < 980*time.Millisecond || endedAt > 1060*time.Millisecond {
		t.Errorf("a file of 1 s ended after %v", endedAt)
	}
	if err := errors.Join(d.Err(), d.Close(), d.Close()); err != nil {
		t.Error(err)
	}
	r, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	w, err := NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]int16, 3*voice.Rate)
	n, err := w.Read(got)
	if n != 2*voice.Rate || err != nil {
		t.Fatalf("the file written has %d samples (%v), want %d", n, err, 2*voice.Rate)
	}
	sum := 0.0
	for _, v := range got[voice.Rate/4 : voice.Rate*3/4] {
		sum += float64(v) * float64(v)
	}
	if rms := math.Sqrt(sum / (voice.Rate / 2)); math.Abs(rms-10000/math.Sqrt2) > 30 {
		t.Errorf("a tone of %.0f came out with %.0f", 10000/math.Sqrt2, rms)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "a.txt")
	if err := os.WriteFile(text, []byte("this is a text and no sound"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := filepath.Join(dir, "good.wav")
	if err := os.WriteFile(good, riff(chunk("fmt ", format(1, 1, 8000, 16)), chunk("data", make([]byte, 10))), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, in, out, want string }{
		{"not there", filepath.Join(dir, "none.wav"), "", "cannot read the sound file " + filepath.Join(dir, "none.wav") + ": no such file"},
		{"a directory", dir, "", "is no plain file"},
		{"a text", text, "", "is no WAV file"},
		{"no directory", "", filepath.Join(dir, "no", "a.wav"), "cannot write the sound file"},
		{"onto a directory", "", dir, "is no plain file"},
		{"onto itself", good, good, "it is the one that is read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Open(c.in, c.out)
			if err == nil {
				d.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestNoAllocations(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.wav")
	if err := os.WriteFile(in, riff(chunk("fmt ", format(1, 2, 48000, 24)), chunk("data", make([]byte, 48000*6*4))), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := Open(in, filepath.Join(dir, "out.wav"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	now, buf := time.Unix(1_800_000_000, 0), make([]int16, 1024)
	if n := testing.AllocsPerRun(100, func() {
		now = now.Add(voice.Step)
		d.Capture(now, buf)
		d.Play(now, buf[:d.Wants(now)])
	}); n != 0 {
		t.Errorf("%v allocations for 20 ms", n)
	}
}
