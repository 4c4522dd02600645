package command

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"mim/chat"
	"mim/codec/all"
	"mim/loop"
)

func TestAnnounce(t *testing.T) {
	first := all.Dialects()[0].Name()
	reachable := []netip.Addr{netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("192.0.2.8")}
	for _, c := range []struct {
		name  string
		doors []door
		want  []string // the commands to paste, without the program
	}{
		{"loopback", []door{{first, "tcp", "127.0.0.1:5000"}}, []string{"alice@127.0.0.1:5000"}},
		{"every address", []door{{first, "tcp", "0.0.0.0:5000"}}, []string{"alice@127.0.0.1:5000", "bob@192.0.2.7:5000"}},
		{"IPv6", []door{{first, "tcp", "[::1]:5000"}}, []string{"alice@[::1]:5000"}},
		{"every IPv6 address", []door{{first, "tcp", "[::]:5000"}}, []string{"alice@[::1]:5000"}},
		{"another dialect needs its flag", []door{{"other", "tcp", "0.0.0.0:1"}}, []string{"other:alice@127.0.0.1:1", "other:bob@192.0.2.7:1"}},
		{"UDP is no door to join by", []door{{"d", "udp", "127.0.0.1:1"}, {first, "tcp", "127.0.0.1:2"}}, []string{"alice@127.0.0.1:2"}},
	} {
		var out strings.Builder
		if err := announce(&out, c.doors, "Nothing is kept on disk.", reachable); err != nil {
			t.Fatal(err)
		}
		for _, d := range c.doors {
			if !strings.Contains(out.String(), d.Address) {
				t.Errorf("%s: %s is not named in\n%s", c.name, d.Address, out.String())
			}
		}
		var got []string
		for _, m := range regexp.MustCompile(` join (?:--dialect (\S+) )?'?([^\s']+)`).FindAllStringSubmatch(out.String(), -1) {
			if m[1] != "" {
				m[1] += ":"
			}
			got = append(got, m[1]+m[2])
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

// TestReachable: no address is given away by which nobody is let in.
func TestReachable(t *testing.T) {
	const any = "0.0.0.0:1"
	for _, c := range []struct {
		name, at, ours string
		public         bool
		want           string
		hint           bool
	}{
		{"private", any, "192.168.1.7", false, "[192.168.1.7]", false},
		{"public, closed", any, "203.0.113.5", false, "[]", true},
		{"public, open", any, "203.0.113.5", true, "[203.0.113.5]", false},
		{"both, closed", any, "203.0.113.5 10.0.0.7", false, "[10.0.0.7]", false},
		{"IPv6 is not for a door of IPv4", any, "2001:db8::1", false, "[]", false},
		{"IPv6", "[::]:1", "203.0.113.5", false, "[]", false},
		{"nothing", any, "", false, "[]", false},
		{"loopback", "127.0.0.1:1", "203.0.113.5", false, "[]", false},
		{"that very address, closed", "203.0.113.5:1", "203.0.113.5", false, "[]", true},
		{"that very address, open", "203.0.113.5:1", "203.0.113.5", true, "[203.0.113.5]", false},
	} {
		var ours []netip.Addr
		for _, a := range strings.Fields(c.ours) {
			ours = append(ours, netip.MustParseAddr(a))
		}
		got := fmt.Sprint(reachable(ours, c.public))
		hint := closedTo([]door{{"d", "tcp", c.at}}, ours, c.public)
		if got != c.want || (len(hint) > 0) != c.hint || c.hint && hint[1] != "  mim serve --public" {
			t.Errorf("%s: %s and %q, want %s and a hint: %v", c.name, got, hint, c.want, c.hint)
		}
	}
}

func TestHarmless(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"ann", "ann"},
		{"Zoë", "Zoë"},
		{"דוד", "דוד"},
		{"🍲", "🍲"},
		{"Anna Maria", `"Anna Maria"`},
		{"ann came (d", `"ann came (d"`},
		{"ann\u00a0", `"ann\u00a0"`},
		{"ann\u3164", `"ann\u3164"`},
		{"\u202eann", `"\u202eann"`},
	} {
		if got := harmless(c.name); got != c.want {
			t.Errorf("%+q is shown as %s, want %s", c.name, got, c.want)
		}
	}
}

// TestThisMachine: only a server of this machine can be started here.
func TestThisMachine(t *testing.T) {
	for _, c := range []struct{ server, port string }{
		{"localhost:1", "1"}, {"127.0.0.1:2", "2"}, {"[::1]:3", "3"}, {"127.9.9.9:4", "4"},
		{"192.0.2.7:1", ""}, {"host:1", ""}, {"[2001:db8::1]:1", ""}, {"nonsense", ""},
	} {
		if port, ok := thisMachine(c.server); ok != (c.port != "") || ok && port != c.port {
			t.Errorf("%s: port %q, ours: %v; want %q", c.server, port, ok, c.port)
		}
	}
}

func TestShellWord(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"alice@host:1", "alice@host:1"}, {"zoë", "zoë"},
		{"", "''"}, {"a b", "'a b'"}, {"[::1]", "'[::1]'"}, {"o'b", `'o'\''b'`}, {"a\u00a0b", "'a\u00a0b'"}, {"a^b", "'a^b'"},
	} {
		if got := shellWord(c.in); got != c.want {
			t.Errorf("%q becomes %s, want %s", c.in, got, c.want)
		}
	}
}

// TestEngineLog: the reactor's library is heard when something is wrong.
func TestEngineLog(t *testing.T) {
	var out strings.Builder
	log := engineLog(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
	log.Debug("hello")
	log.With("a", 1).Info("hello")
	log.WithGroup("g").Error("broken")
	if got := out.String(); strings.Contains(got, "hello") || !strings.Contains(got, "broken") {
		t.Errorf("the log holds %q", got)
	}
}
