package mim0

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"mim/chat"
	"mim/codec"
)

func openRegistry(t *testing.T, d codec.Dialect) *registrySession {
	t.Helper()
	return d.Open(codec.Link{Role: codec.Registry, Remote: elsewhere}).(*registrySession)
}

func configured(t *testing.T, welcome string) codec.Dialect {
	t.Helper()
	d, err := New().(codec.Configurable).Configure(func(flag string) string {
		if flag != "mim0-welcome" {
			t.Errorf("asked for the flag %q", flag)
		}
		return welcome
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var loggedIn = chat.Answer{To: &chat.Login{Name: "alice", Port: 1}}

// TestLogo: the logo answers the first login, in a segment of its own, and no
// other (mim0 rule 2).
func TestLogo(t *testing.T) {
	s := openRegistry(t, configured(t, "Hi\n\n there"))
	if got := string(s.Answer(nil, loggedIn)); got != "Hi\n \n there\n" {
		t.Errorf("the logo is %q", got)
	}
	if s.Gap() != 50*time.Millisecond || s.Gap() != 0 {
		t.Error("there is no gap behind the logo, or behind the table too")
	}
	if got := s.Answer(nil, loggedIn); len(got) != 0 || s.Gap() != 0 {
		t.Errorf("a rename is answered by %q", got)
	}
}

func TestLogoLeftOut(t *testing.T) {
	s := openRegistry(t, configured(t, ""))
	if out, next := s.Due(nil, time.Unix(1, 0)); len(out) != 0 || !next.IsZero() {
		t.Errorf("a registry without a logo says %q, and waits until %v", out, next)
	}
	if got := s.Answer(nil, loggedIn); len(got) != 0 || s.Gap() != 0 {
		t.Errorf("a login is answered by %q", got)
	}
}

// TestLogoForTheSilent: a link that says nothing for 1 s gets the logo then,
// and none after its login (mim0 rule 2).
func TestLogoForTheSilent(t *testing.T) {
	opened := time.Unix(100, 0)
	login := appendLogin(nil, &chat.Login{Name: "alice", Port: 1})
	for _, c := range []struct {
		what  string
		came  []byte        // before after
		after time.Duration // when Due is asked again
		logo  bool
	}{
		{"nothing came", nil, time.Second, true},
		{"too soon", nil, time.Second - 1, false},
		{"a byte came", login[:1], time.Second, false},
		{"a login came", login, time.Second, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := openRegistry(t, New())
			if out, next := s.Due(nil, opened); len(out) != 0 || !next.Equal(opened.Add(time.Second)) {
				t.Fatalf("at the opening: %q, again at %v", out, next)
			}
			if _, _, err := s.Next(c.came); err != nil {
				t.Fatal(err)
			}
			out, next := s.Due(nil, opened.Add(c.after))
			if got := len(out) > 0; got != c.logo || got != (s.Gap() > 0) {
				t.Fatalf("says %q", out)
			}
			if waits := !next.IsZero(); waits != (c.came == nil && !c.logo) {
				t.Errorf("asks to be called at %v", next)
			}
			if got := s.Answer(nil, loggedIn); (len(got) > 0) == c.logo {
				t.Errorf("the login is answered by %q", got)
			}
		})
	}
}

// TestLastWords: one line, whatever the error holds (mim0 rules 2 and 6).
func TestLastWords(t *testing.T) {
	for _, c := range []struct {
		what string
		err  error
		want string
	}{
		{"a sentence", chat.Errorf(chat.TooFast, "slow down"), "slow down\n"},
		{"nothing to say", &chat.Error{Kind: chat.Refused}, " \n"},
		{"lines", chat.Errorf(chat.Refused, "a\nb\r\nc"), "a b c\n"},
		{"a tab in front", chat.Errorf(chat.Refused, "\tno"), " no\n"},
		{"escape in front", chat.Errorf(chat.Refused, "\x1b[2Jno"), " [2Jno\n"},
		{"no UTF-8", chat.Errorf(chat.Refused, "\xff"), "\ufffd\n"},
		{"too long", chat.Errorf(chat.Refused, "%s", strings.Repeat("x", 5000)), strings.Repeat("x", maxLine) + "\n"},
		{"internal detail", errors.New("disk /dev/sda1 is full"), "The registry closes this connection.\n"},
		{"wrapped", errors.Join(errors.New("at 7"), chat.Errorf(chat.Full, "no room")), "no room\n"},
	} {
		s := openRegistry(t, New())
		if got := string(s.Answer([]byte("> "), chat.Answer{Err: c.err})); got != "> "+c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

// TestRefusedLogin: who is told no hears why, and gets no logo.
func TestRefusedLogin(t *testing.T) {
	s := openRegistry(t, New())
	no := chat.Answer{To: loggedIn.To, Err: chat.Errorf(chat.TooFast, "slow down")}
	if got := string(s.Answer(nil, no)); got != "slow down\n" || s.Gap() != 0 {
		t.Errorf("a refused login is answered by %q", got)
	}
}

// TestRefusedAtOnce: a bad size is not waited for; a good one is (mim0 rule 6).
func TestRefusedAtOnce(t *testing.T) {
	for _, c := range []struct {
		what string
		p    string
		bad  bool
	}{
		{"nothing", "", false},
		{"one byte of text", "G", false},
		{"text", "GE", true},
		{"size 5", "\x00\x05", true},
		{"size 6", "\x00\x06", false},
		{"size 4095", "\x0f\xff", false},
		{"size 4096", "\x10\x00", true},
		{"size 65535", "\xff\xff", true},
	} {
		r, n, err := openRegistry(t, New()).Next([]byte(c.p))
		if (err != nil) != c.bad || r != nil || n != 0 {
			t.Errorf("%s: %v, %d, %v", c.what, r, n, err)
		}
		var told *chat.Error
		if err != nil && (!errors.As(err, &told) || told.Kind != chat.Malformed) {
			t.Errorf("%s: %v is no sentence for people", c.what, err)
		}
	}
}

// TestNearAndFar: each viewer gets the address that it can call, or nothing
// (mim0 rule 7).
func TestNearAndFar(t *testing.T) {
	home, world := netip.MustParseAddrPort("127.0.0.1:40002"), netip.MustParseAddrPort("192.0.2.7:40002")
	for _, c := range []struct {
		what, viewer string
		near, far    netip.AddrPort
		want         string
	}{
		{"near", "127.0.0.1:5", home, world, "127.0.0.1:40002"},
		{"near, another loopback", "127.9.9.9:5", home, world, "127.0.0.1:40002"},
		{"near, IPv6", "[::1]:5", home, world, "127.0.0.1:40002"},
		{"near, IPv4-mapped", "[::ffff:127.0.0.1]:5", home, world, "127.0.0.1:40002"},
		{"far", "192.0.2.1:5", home, world, "192.0.2.7:40002"},
		{"far, not known yet", "192.0.2.1:5", home, netip.AddrPort{}, ""},
		{"near only", "127.0.0.1:5", home, netip.AddrPort{}, "127.0.0.1:40002"},
		{"mapped", "192.0.2.1:5", home, netip.MustParseAddrPort("[::ffff:192.0.2.7]:1"), "192.0.2.7:1"},
		{"zone", "192.0.2.1:5", home, netip.MustParseAddrPort("[fe80::1%eth0]:1"), "[fe80::1]:1"},
		{"port 0", "192.0.2.1:5", home, netip.MustParseAddrPort("192.0.2.7:0"), ""},
		{"nowhere", "192.0.2.1:5", home, netip.MustParseAddrPort("0.0.0.0:1"), ""},
		{"multicast", "192.0.2.1:5", home, netip.MustParseAddrPort("[ff02::1]:1"), ""},
	} {
		d := New()
		v := d.Open(codec.Link{Role: codec.Registry, Remote: netip.MustParseAddrPort(c.viewer)}).Variant()
		bob := &chat.Person{Name: "bob", Near: c.near, Far: c.far}
		var want []string
		if c.want != "" {
			want = []string{`came "bob" ` + c.want + " " + c.want}
		}
		p := d.Append(nil, &chat.Came{Who: bob}, v)
		got, _ := read(reader("server->client"), [][]byte{p})
		if strings.Join(got, "") != strings.Join(want, "") {
			t.Errorf("%s: %q, want %q", c.what, got, want)
		}
		if c.want != "" && !bytes.Contains(p, appendString(nil, netip.MustParseAddrPort(c.want).Addr().String())) {
			t.Errorf("%s: %x does not hold the address %s", c.what, p, c.want)
		}
		gone := d.Append(nil, &chat.Went{Who: bob}, v)
		if len(p) > 0 {
			p[sizeLen] = deleted
		}
		if string(gone) != string(p) { // mim0 rule 4
			t.Errorf("%s: came as %x, went as %x", c.what, p, gone)
		}
	}
}

func TestConfigure(t *testing.T) {
	flag := New().(codec.Configurable).Flags()[0]
	if got, want := configured(t, flag.Default).(*dialect).logo, New().(*dialect).logo; got != want || got == "" {
		t.Errorf("the default %q makes the logo %q, want %q", flag.Default, got, want)
	}
	for _, c := range []struct{ what, text, want string }{
		{"one line", "Hello", "Hello\n"},
		{"ended", "Hello\n", "Hello\n"},
		{"lines", "a\nb\r\nc", "a\nb\nc\n"},
		{"empty first", "\na", " \na\n"},
		{"controls", "\x1b[2Ja\x00\tb", " [2Ja \tb\n"},
		{"none", "", ""},
	} {
		if got := configured(t, c.text).(*dialect).logo; got != c.want {
			t.Errorf("%s: %q gives %q, want %q", c.what, c.text, got, c.want)
		}
	}
	long := "ok\n" + strings.Repeat("x", maxLine+1)
	_, err := New().(codec.Configurable).Configure(func(string) string { return long })
	if err == nil || !strings.Contains(err.Error(), "--mim0-welcome: line 2") {
		t.Errorf("a line of %d bytes: %v", maxLine+1, err)
	}
}

// TestFacts: what the rest of mim is told of the dialect, in numbers as they
// stand in docs/dialects/mim0.md.
func TestFacts(t *testing.T) {
	d := New()
	if got, want := d.Traits(), (chat.Traits{
		Dialect: "mim0", Reach: chat.ByPeerTCP, Presence: true, MaxText: 4096,
		LoginWithin: 30 * time.Second, RenameGap: time.Second,
	}); got != want {
		t.Errorf("traits %+v, want %+v", got, want)
	}
	want := []codec.Port{{Role: codec.Registry, Network: "tcp", Number: 4242}, {Role: codec.Peer, Network: "tcp"}}
	if got := d.Ports(); !slices.Equal(got, want) {
		t.Errorf("ports %+v, want %+v", got, want)
	}
	if d.Name() != "mim0" {
		t.Errorf("name %q", d.Name())
	}
}

// TestIdleSize: what a silent link costs, since 10,000 of them are many.
func TestIdleSize(t *testing.T) {
	for what, size := range map[string]uintptr{
		"registry session": unsafe.Sizeof(registrySession{}),
		"peer session":     unsafe.Sizeof(peerSession{}),
		"caller":           unsafe.Sizeof(caller{}),
	} {
		if size > 100 {
			t.Errorf("a %s takes %d bytes", what, size)
		}
	}
	for what, link := range map[string]codec.Link{
		"registry": {Role: codec.Registry, Remote: elsewhere},
		"accepted": {Role: codec.Peer, Remote: elsewhere},
		"dialled":  {Role: codec.Peer, Remote: elsewhere, Dialed: true, As: "alice"},
	} {
		d := New()
		if n := testing.AllocsPerRun(100, func() { d.Open(link) }); n > 1 {
			t.Errorf("%s: a session is %v allocations", what, n)
		}
	}
}
