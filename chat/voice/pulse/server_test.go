package pulse

import (
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		name, server string
		want         []address
	}{
		{"nothing", "", nil},
		{"a path", "/run/pulse", []address{{"unix", "/run/pulse"}}},
		{"unix", "unix:/run/pulse", []address{{"unix", "/run/pulse"}}},
		{"tcp", "tcp:sound.example:4000", []address{{"tcp", "sound.example:4000"}}},
		{"the usual port", "tcp4:sound.example tcp6:[::1]", []address{{"tcp4", "sound.example:4713"}, {"tcp6", "[::1]:4713"}}},
		{"of a machine", "{here}/a {there}/b {here}unix:/c", []address{{"unix", "/a"}, {"unix", "/c"}}},
		{"nonsense", "{ {here} } {here}unix: ftp:x : unix: ://", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := addresses(c.server, "here"); !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// TestNoServer: the sentence says where nobody answered, and what to do.
func TestNoServer(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "native")
	for _, c := range []struct {
		name, server string
		want         []string
	}{
		{"no socket", gone, []string{"no sound", gone, "no such file", "PULSE_SERVER"}},
		{"no address", "nonsense", []string{"no sound", `"nonsense" is no address`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Open(Options{Server: c.server})
			if err == nil {
				d.Close()
				t.Fatal("somebody answered")
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
}

// TestHangsUp: a server that takes the connection and ends it is no panic.
func TestHangsUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "native")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for _, say := range []string{"", "half a mess", strings.Repeat("\x00", 20)} {
			if conn, err := l.Accept(); err == nil {
				conn.Write([]byte(say))
				conn.Close()
			}
		}
	}()
	for range 3 {
		if d, err := Open(Options{Server: path}); err == nil {
			d.Close()
			t.Error("that was no sound server")
		} else if !strings.Contains(err.Error(), "no sound: the sound server") {
			t.Error(err)
		}
	}
	<-ended
}

func TestRing(t *testing.T) {
	r := newRing(5)
	r.put([]int16{1, 2, 3})
	got := make([]int16, 9)
	if n := r.take(got[:2]); n != 2 || got[0] != 1 || got[1] != 2 {
		t.Fatalf("took %d", got[:n])
	}
	r.put([]int16{4, 5, 6, 7})
	r.put([]int16{8})
	if n := r.take(got); !slices.Equal(got[:n], []int16{4, 5, 6, 7, 8}) || r.dropped != 1 {
		t.Errorf("took %d, dropped %d", got[:n], r.dropped)
	}
	r.put([]int16{1, 2, 3, 4, 5, 6, 7, 8, 9})
	if n := r.take(got); !slices.Equal(got[:n], []int16{5, 6, 7, 8, 9}) {
		t.Errorf("took %d", got[:n])
	}
	if n := r.take(got); n != 0 {
		t.Errorf("took %d of nothing", n)
	}
}
