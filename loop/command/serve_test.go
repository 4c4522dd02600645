package command

import (
	"errors"
	"io"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"mim/chat"
	"mim/loop"
)

func TestAnnounce(t *testing.T) {
	reachable := []netip.Addr{netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("192.0.2.8")}
	for _, c := range []struct {
		name  string
		doors []door
		want  []string // the commands to paste, without the program
	}{
		{"loopback", []door{{"d", "tcp", "127.0.0.1:5000"}}, []string{"alice@127.0.0.1:5000"}},
		{"every address", []door{{"d", "tcp", "0.0.0.0:5000"}}, []string{"alice@127.0.0.1:5000", "bob@192.0.2.7:5000"}},
		{"IPv6", []door{{"d", "tcp", "[::1]:5000"}}, []string{"alice@[::1]:5000"}},
		{"every IPv6 address", []door{{"d", "tcp", "[::]:5000"}}, []string{"alice@[::1]:5000"}},
		{"UDP is no door to join by", []door{{"d", "udp", "127.0.0.1:1"}, {"e", "tcp", "127.0.0.1:2"}}, []string{"alice@127.0.0.1:2"}},
	} {
		var out strings.Builder
		if err := announce(&out, c.doors, reachable); err != nil {
			t.Fatal(err)
		}
		for _, d := range c.doors {
			if !strings.Contains(out.String(), d.Address) {
				t.Errorf("%s: %s is not named in\n%s", c.name, d.Address, out.String())
			}
		}
		var got []string
		for _, m := range regexp.MustCompile(` join '?([^\s']+)`).FindAllStringSubmatch(out.String(), -1) {
			got = append(got, m[1])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: to paste: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestStartFailure(t *testing.T) {
	at := netip.MustParseAddrPort("192.0.2.7:80")
	for _, c := range []struct {
		err  error
		code int
		want string
	}{
		{syscall.EADDRINUSE, exitCannotListen, "cannot listen on 80: already in use"},
		{syscall.EACCES, exitCannotListen, "cannot listen on 80: not permitted"},
		{syscall.EADDRNOTAVAIL, exitCannotListen, "cannot listen on 192.0.2.7:80: this machine has no such address"},
		{errors.New("odd"), exitCannotListen, "cannot listen on 80: odd"},
	} {
		f := startFailure(&loop.ListenError{Door: loop.Door{Network: "tcp", Addr: at}, Err: c.err}, "mim serve")
		if f.code != c.code || !strings.HasPrefix(f.what, c.want) {
			t.Errorf("%v: %d %q, want %d %q", c.err, f.code, f.what, c.code, c.want)
		}
	}
	if f := startFailure(errors.New("no files left"), ""); f.code != exitBroken || f.what != "cannot start: no files left" {
		t.Errorf("got %d %q", f.code, f.what)
	}
}

// TestWindow: lines come in order, the last one before close returns.
func TestWindow(t *testing.T) {
	r, w := io.Pipe()
	win := newWindow(w)
	ann := &chat.Person{Name: "ann", Dialect: "d", Near: netip.MustParseAddrPort("127.0.0.1:1")}
	win.tell(true, ann)
	win.tell(false, ann)
	read := make(chan string)
	go func() {
		all, _ := io.ReadAll(r) // a pipe that we close ourselves
		read <- string(all)
	}()
	win.close()
	w.Close()
	want := regexp.MustCompile(`^\d\d:\d\d:\d\d ann came \(d, 127\.0\.0\.1:1\)\n\d\d:\d\d:\d\d ann went \(d, 127\.0\.0\.1:1\)\n$`)
	if got := <-read; !want.MatchString(got) {
		t.Errorf("the window shows %q", got)
	}
}

// TestWindowStopped: a terminal that does not scroll holds nobody up.
func TestWindowStopped(t *testing.T) {
	r, w := io.Pipe()
	win := newWindow(w)
	for range 3 * windowLines {
		win.tell(true, &chat.Person{Name: "ann"})
	}
	win.close() // in its own time, with nothing read
	r.Close()
}
