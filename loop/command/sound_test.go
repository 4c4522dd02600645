package command

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"mim/chat/voice"
)

func TestNumbered(t *testing.T) {
	for _, c := range []struct {
		file string
		n    int
		want string
	}{
		{"x.wav", 1, "x.wav"},
		{"x.wav", 2, "x-2.wav"},
		{"a.b/x", 10, "a.b/x-10"},
		{"a.b/x.y.wav", 3, "a.b/x.y-3.wav"},
		{"", 2, ""},
	} {
		if got := numbered(c.file, c.n); got != c.want {
			t.Errorf("number %d of %q is %q, want %q", c.n, c.file, got, c.want)
		}
	}
}

// Each call writes a file of its own; one that cannot be made is an error, and
// no device.
func TestSoundFiles(t *testing.T) {
	dir := t.TempDir()
	s := sound{out: filepath.Join(dir, "x.wav")}
	open := func() (d voice.Device, err error) {
		s.open(func(opened voice.Device, why error) { d, err = opened, why })
		return d, err
	}
	for _, name := range []string{"x.wav", "x-2.wav"} {
		d, err := open()
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	s.out = filepath.Join(dir, "none", "x.wav")
	if d, err := open(); err == nil || d != nil {
		t.Errorf("device %v, error %v", d, err)
	}
}

func TestCanBeMade(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "x.wav")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	in := filepath.Join(dir, "in.wav")
	if err := os.WriteFile(in, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in, file string
		ok       bool
	}{
		{"", file, true}, {in, file, true}, {filepath.Join(dir, "gone"), file, true}, {"", filepath.Join(dir, "new.wav"), true},
		{"", dir, false}, {"", filepath.Join(dir, "none", "x"), false}, {"", filepath.Join(file, "x"), false},
		{in, in, false}, {in, filepath.Join(dir, ".", "in.wav"), false},
	} {
		if err := canBeMade(c.in, c.file); (err == nil) != c.ok {
			t.Errorf("%s, %s: %v", c.in, c.file, err)
		}
	}
}

// The socket for voice is of the family by which the server is reached.
func TestVoiceListen(t *testing.T) {
	f := finder{
		lookup: func(context.Context, string, string) ([]netip.Addr, error) { return nil, net.ErrClosed },
		dial:   func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed },
	}
	for server, want := range map[string]string{"192.0.2.1:1": "0.0.0.0:0", "[2001:db8::1]:1": "[::]:0", "unknown:1": "0.0.0.0:0"} {
		if got := f.voiceListen(t.Context(), server); got.String() != want {
			t.Errorf("%s: %v, want %s", server, got, want)
		}
	}
}
