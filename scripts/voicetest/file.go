package voicetest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
)

// Sound files are WAV: RIFF, then a chunk "fmt " and a chunk "data", of 16 bits
// and one channel. This is not mim's own reader, which is what is tested.

// WriteFile writes samples as a sound file of that rate.
func WriteFile(path string, rate int, samples []int16) error {
	var b bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			binary.Write(&b, binary.LittleEndian, v) // a Buffer takes all
		}
	}
	bytes := uint32(2 * len(samples))
	put([]byte("RIFF"), 36+bytes, []byte("WAVE"))
	put([]byte("fmt "), uint32(16), uint16(1), uint16(1), uint32(rate), uint32(2*rate), uint16(2), uint16(16))
	put([]byte("data"), bytes, samples)
	return os.WriteFile(path, b.Bytes(), 0o600)
}

// ReadFile gives the samples of a sound file, and its rate. One that is still
// being written has the samples that are there.
func ReadFile(path string) (samples []int16, rate int, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, err
	}
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return nil, 0, fmt.Errorf("%s is no WAV file", path)
	}
	for rest := b[12:]; len(rest) >= 8; {
		name, size := string(rest[:4]), int64(binary.LittleEndian.Uint32(rest[4:]))
		body := rest[8:]
		body = body[:min(int64(len(body)), size)]
		switch {
		case name == "fmt " && len(body) >= 16:
			rate = int(binary.LittleEndian.Uint32(body[4:]))
			if form, channels, bits := binary.LittleEndian.Uint16(body), binary.LittleEndian.Uint16(body[2:]), binary.LittleEndian.Uint16(body[14:]); form != 1 || channels != 1 || bits != 16 {
				return nil, 0, fmt.Errorf("%s: format %d, %d channels, %d bits; want 1, 1, 16", path, form, channels, bits)
			}
		case name == "data":
			for i := 0; i+1 < len(body); i += 2 {
				samples = append(samples, int16(binary.LittleEndian.Uint16(body[i:])))
			}
			return samples, rate, nil
		}
		rest = rest[min(int64(len(rest)), 8+size+size%2):]
	}
	return nil, rate, fmt.Errorf("%s holds no sound", path)
}
