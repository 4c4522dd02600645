package elc004

import (
	"net/netip"
	"strings"
	"testing"
	"time"
	"unsafe"

	"mim/chat"
	"mim/codec"
)

// TestRequests: elc004 rules 1 to 3.
func TestRequests(t *testing.T) {
	v6 := netip.MustParseAddrPort("[2001:db8::7]:50000")
	mapped := netip.MustParseAddrPort("[::ffff:192.0.2.7]:50000")
	long := strings.Repeat("x", maxRequest-len("R:1.2.3.4:3001:"))
	for _, c := range []struct {
		what string
		from netip.AddrPort
		sent string
		want string
	}{
		{"the ip counts for nothing", loopback, "R:no address:3001:al", `login "al" 3001`},
		{"no ip", loopback, "R::3001:al", `login "al" 3001`},
		{"CR LF", loopback, "R:1.2.3.4:3001\r\n", `login "u3001" 3001`},
		{"an empty id", loopback, "R:1.2.3.4:3001:", `login "u3001" 3001`},
		{"an id of which nothing is left", loopback, "R:1.2.3.4:3001:你+-", `login "u3001" 3001`},
		{"an id with marks", loopback, "R:1.2.3.4:3001:Jürgen.K", `login "JurgenK" 3001`},
		{"an id with marks, in Latin-1", loopback, "R:1.2.3.4:3001:J\xfcrgen", `login "Jurgen" 3001`},
		{"a long id with a mark", loopback, "R:1.2.3.4:3001:" + long[:63] + "üü", `login "` + long[:63] + `u" 3001`},
		{"a long id", loopback, "R:1.2.3.4:3001:" + long, `login "` + long[:64] + `" 3001`},
		{"a whole request of 1024 bytes", loopback, "R:1.2.3.4:3001:" + long + "\n", `login "` + long[:64] + `" 3001`},
		{"one byte more", loopback, "R:1.2.3.4:3001:" + long + "x\n", "refuse: toolong"},
		{"no line end in sight", loopback, strings.Repeat("R", 5000), "refuse: toolong"},
		{"port 1", loopback, "R::1:al", `login "al" 1`},
		{"port 65535", loopback, "K::65535:al", `withdraw "al" 65535`},
		{"port 0", loopback, "R::0:al", "refuse: malformed"},
		{"port 65536", loopback, "K::65536:al", "refuse: malformed"},
		{"a port with blanks", loopback, "R: 1.2.3.4 : 3001 : al", `login "al" 3001`},
		{"a signed port", loopback, "R::+3001:al", "refuse: malformed"},
		{"no port", loopback, "R:::al", "refuse: malformed"},
		{"lower case", loopback, "r::3001:al", "refuse: malformed"},
		{"a word", loopback, "RR::3001:al", "refuse: malformed"},
		{"an empty line", loopback, "\n", "refuse: malformed"},
		{"another protocol", loopback, "GET / HTTP/1.1\r\n\r\n", "refuse: malformed"},
		{"IPv6", v6, "R::3001:al", "refuse: unsupported"},
		{"IPv4 in IPv6", mapped, "R::3001:al", `login "al" 3001`},
		{"two requests", loopback, "R::3001:al\nR::3002:bo\n", `login "al" 3001`},
		{"two requests that are not apart", loopback, "R::3001:alR::3002:bo", `login "alR3002bo" 3001`},
	} {
		for how, finish := range map[string]func(*link){"silence": func(l *link) { l.silence() }, "end": func(l *link) { l.end() }} {
			l := open(t, c.from).feed([]byte(c.sent))
			finish(l)
			if got := strings.Join(l.read, "; "); got != c.want || len(l.kept) > 0 {
				t.Errorf("%s, %s: %s, %q is left; want %s", c.what, how, got, l.kept, c.want)
			}
		}
	}
}

// TestNothingFollows: a connection carries one request, and waits with what
// comes behind it until that is answered.
func TestNothingFollows(t *testing.T) {
	s := New().Open(codec.Link{Remote: loopback})
	r, n, _ := s.Next([]byte("R::3001:al\nK::3001"))
	if r == nil || n != len("R::3001:al\n") {
		t.Fatalf("%v of %d bytes", r, n)
	}
	if r, n, _ := s.Next([]byte("K::3001\n")); r != nil || n != 0 {
		t.Errorf("before the answer: %v, %d", r, n)
	}
	s.Answer(nil, chat.Answer{To: r})
	if r, n, _ := s.Next([]byte("K::3001\n")); r != nil || n != 8 {
		t.Errorf("behind the answer: %v, %d", r, n)
	}
	if r, n, _ := s.(codec.Idler).Idle([]byte("K::3001"), true); r != nil || n != 7 {
		t.Errorf("behind the answer, at rest: %v, %d", r, n)
	}
	if got := s.(codec.Idler).Quiet(); got != 50*time.Millisecond {
		t.Errorf("quiet is %v", got)
	}
}

// TestTable: elc004 rules 3 and 4.
func TestTable(t *testing.T) {
	far := netip.MustParseAddrPort("192.0.2.9:50000")
	at := netip.MustParseAddrPort
	people := []*chat.Person{
		{Name: "alice", Near: aliceAt, Far: at("192.0.2.7:3001")},
		{Name: "Jörg K.", Near: at("[::1]:3002"), Far: at("[::ffff:192.0.2.8]:3002")},
		{Name: "你", Near: at("127.0.0.1:3003"), Far: at("[2001:db8::1]:3003")},
		{Name: "none"}, {Name: "zero", Near: at("127.0.0.1:0"), Far: at("0.0.0.0:3004")},
		{Name: "many", Near: at("224.0.0.1:3005"), Far: at("255.255.255.255:3005")},
	}
	for _, c := range []struct {
		what string
		from netip.AddrPort
		bare bool
		of   []*chat.Person
		want string
	}{
		{"near", loopback, false, people, "2-R:127.0.0.1:3001:alice-R:127.0.0.1:3003:u3003"},
		{"far", far, false, people, "2-R:192.0.2.7:3001:alice-R:192.0.2.8:3002:JorgK"},
		{"without names", far, true, people, "2-R:192.0.2.7:3001-R:192.0.2.8:3002"},
		{"nobody", far, false, nil, "Null-"},
		{"nobody who can be written to", far, false, people[3:], "Null-"},
	} {
		l := &link{tb: t, s: dialect{bare: c.bare}.Open(codec.Link{Remote: c.from}).(*session), table: c.of}
		if l.feed([]byte("R::3001:al\n")); string(l.wrote) != c.want {
			t.Errorf("%s: %q, want %q", c.what, l.wrote, c.want)
		}
	}
}

// TestNoWords: only a login that went well has an answer.
func TestNoWords(t *testing.T) {
	full := chat.Errorf(chat.Full, "no room")
	for what, a := range map[string]chat.Answer{
		"offline":      {To: &chat.Withdraw{}, People: []*chat.Person{alice}},
		"refused":      {To: &chat.Refuse{}, Err: full},
		"a full table": {To: &chat.Login{}, Err: full, People: []*chat.Person{alice}},
		"last words":   {Err: full},
	} {
		s := New().Open(codec.Link{Remote: loopback})
		if got := s.Answer(nil, a); len(got) > 0 {
			t.Errorf("%s: %q", what, got)
		}
		if r, n, err := s.Next([]byte("R::3001\n")); r != nil || n != 8 || err != nil {
			t.Errorf("%s: then %v, %d, %v", what, r, n, err)
		}
	}
	for _, e := range chat.EventKinds() {
		if got := New().Append(nil, e, 0); len(got) > 0 {
			t.Errorf("%T is said as %q", e, got)
		}
	}
}

// TestLogLine: elc004 rule 6.
func TestLogLine(t *testing.T) {
	for _, c := range []struct{ what, request, want string }{
		{"as it came", "R:127.0.0.1:3001:alice", "R:127.0.0.1:3001:alice\n"},
		{"a line end", "R::3001:a\nb\r", "R::3001:a?b?\n"},
		{"an escape", "R::3001:\x1b[2J", "R::3001:?[2J\n"},
		{"what turns the line around", "R::3001:\u202ea\u2028", "R::3001:?a?\n"},
		{"letters", "R::3001:jürgen", "R::3001:jürgen\n"},
		{"no UTF-8", "R::3001:j\xfcrgen\x9b", "R::3001:jürgen?\n"},
		{"too long", strings.Repeat("x", 2000), strings.Repeat("x", 1024) + "\n"},
	} {
		if got := string(LogLine([]byte(c.request))); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

func TestConfigure(t *testing.T) {
	for value, want := range map[string]string{"true": "1-R:127.0.0.1:3001:alice", "false": "1-R:127.0.0.1:3001"} {
		d, err := New().(codec.Configurable).Configure(func(name string) string { return map[string]string{"elc004-ids": value}[name] })
		if err != nil {
			t.Fatal(err)
		}
		s := d.Open(codec.Link{Remote: loopback})
		if got := string(s.Answer(nil, chat.Answer{To: &chat.Login{}, People: []*chat.Person{alice}})); got != want {
			t.Errorf("%s: %q, want %q", value, got, want)
		}
	}
	if _, err := New().(codec.Configurable).Configure(func(string) string { return "yes" }); err == nil || !strings.Contains(err.Error(), "--elc004-ids") {
		t.Errorf("yes: %v", err)
	}
}

// TestIdleSize: what a silent link costs.
func TestIdleSize(t *testing.T) {
	if size := unsafe.Sizeof(session{}); size > 80 {
		t.Errorf("a session takes %d bytes", size)
	}
}

// TestRecord: what a server's log and its file tell of a request (elc004 rule 6).
func TestRecord(t *testing.T) {
	for _, c := range []struct{ sent, words, line string }{
		{"R:10.9.9.9:3001:alice", "got request from :10.9.9.9:3001:alice", "R:10.9.9.9:3001:alice\n"},
		{"R:no:3001", "got request from :no:3001", "R:no:3001\n"},
		{"R::3001:a\x1b[2J\tb\u202e", "got request from ::3001:a?[2J?b?", "R::3001:a?[2J?b?\n"},
		{"R::3001:\xe9", "got request from ::3001:é", "R::3001:é\n"},
		{"K:10.9.9.9:3001:alice", "receive offline from:10.9.9.9:3001:alice", "K:10.9.9.9:3001:alice\n"},
		{"X:10.9.9.9:3001:alice", "", ""},
		{"R:10.9.9.9:0:alice", "", ""},
	} {
		s := New().Open(codec.Link{Remote: loopback}).(*session)
		p := []byte(c.sent)
		s.Idle(p, false)
		words, line := s.Record()
		if words != c.words || string(line) != c.line {
			t.Errorf("%q: %q, %q", c.sent, words, line)
		}
		s.Answer(nil, chat.Answer{})
		if words, _ = s.Record(); words != "" {
			t.Errorf("%q: answered, and still %q", c.sent, words)
		}
	}
}
