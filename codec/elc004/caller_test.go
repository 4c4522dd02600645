package elc004

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/codec"
)

// TestAsk: what is written, and what is answered without the server.
func TestAsk(t *testing.T) {
	for _, c := range []struct {
		what string
		asks chat.Request
		want string
		read string
	}{
		{"a login", &chat.Login{Name: "alice", Port: 3001}, "R:127.0.0.1:3001:alice", ""},
		{"a name of other letters", &chat.Login{Name: "jürgen.k", Port: 3001}, "R:127.0.0.1:3001:jurgenk", ""},
		{"a name that breaks the line", &chat.Login{Name: "a\n:-+b", Port: 3001}, "R:127.0.0.1:3001:ab", ""},
		{"a name of which nothing is left", &chat.Login{Name: "你", Port: 3001}, "R:127.0.0.1:3001:u3001", ""},
		{"no port", &chat.Login{Name: "alice"}, "", `login "alice" 0: usage`},
		{"offline", &chat.Withdraw{Name: "alice", Port: 3001}, "K:127.0.0.1:3001:alice", `withdraw "alice" 3001: done`},
		{"what has no words", &chat.WhoElse{}, "", ""},
	} {
		l := call(t)
		if got := string(l.ask(c.asks)); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
		l.want(c.read)
		if got := l.ask(&chat.Login{Name: "bob", Port: 3002}); c.want != "" && len(got) > 0 {
			t.Errorf("%s: then %q", c.what, got)
		}
	}
	for from, want := range map[string]string{"192.0.2.1:2002": "R:0.0.0.0:3001:al", "[::ffff:192.0.2.1]:2002": "R:0.0.0.0:3001:al", "[::1]:2002": ""} {
		c := New().(codec.Calling).Call(codec.Link{Remote: netip.MustParseAddrPort(from)})
		if got := string(c.Ask(nil, &chat.Login{Name: "al", Port: 3001})); got != want {
			t.Errorf("to %s: %q, want %q", from, got, want)
		}
		e, _, _ := c.Next(nil)
		if a, ok := e.(*chat.Answer); ok != (want == "") || ok && !isLost(a.Err) {
			t.Errorf("to %s: %v right away", from, e)
		}
	}
}

func isLost(err error) bool {
	e, ok := err.(*chat.Error)
	return ok && e.Kind == chat.Lost
}

// TestAnswers: elc004 rule 7, each in one piece and byte by byte, ended by the
// server's close or by silence.
func TestAnswers(t *testing.T) {
	const a, b = "alice 127.0.0.1:3001", "bob 192.0.2.8:3002"
	lost, late := `login "carol" 3003: lost`, `login "carol" 3003: toolate`
	malformed := `login "carol" 3003: malformed`
	for _, c := range []struct {
		what, sent    string
		ended, silent string // "": as ended
	}{
		{"nobody", "Null-", "table: ", ""},
		{"nobody, counted", "0", "table: ", ""},
		{"four fields", "2-R:127.0.0.1:3001:alice-R:192.0.2.8:3002:bob", "table: " + a + ", " + b, ""},
		{"three fields", "2-R:127.0.0.1:3001-R:192.0.2.8:3002", "table:  127.0.0.1:3001,  192.0.2.8:3002", ""},
		{"both", "2-R:127.0.0.1:3001:alice-R:192.0.2.8:3002", "table: " + a + ",  192.0.2.8:3002", ""},
		{"no number", "-R:127.0.0.1:3001:alice-R:192.0.2.8:3002:bob", "table: " + a + ", " + b, ""},
		{"a name with a separator", "2-R:127.0.0.1:3001:al-i:ce-R:192.0.2.8:3002:bob", "table: " + a + ", " + b, ""},
		{"a line end", "1-R:127.0.0.1:3001:alice\r\n", "table: " + a, ""},
		{"more than promised", "1-R:127.0.0.1:3001:alice-R:192.0.2.8:3002:bob", "table: " + a + ", " + b, ""},
		{"an entry without an address", "2-R:127.0.0.1:3001:alice-R:example.org:3002:bob", "table: " + a, ""},
		{"an entry of IPv6", "2-R:fe80::1:3002:bob-R:127.0.0.1:3001:alice", "table: " + a, ""},
		{"an entry with port 0", "2-R:192.0.2.8:0:bob-R:127.0.0.1:3001:alice", "table: " + a, ""},
		{"an entry short", "3-R:127.0.0.1:3001:alice-R:192.0.2.8:3002:bob", lost, late},
		{"cut in a port's field", "1-R:127.0.0.1:", "table: ", ""},
		{"a number alone", "2", lost, late},
		{"half of nobody", "Nul", lost, late},
		{"nothing", "", lost, late},
		{"another protocol", "SSH-2.0", malformed, ""},
		{"a number and another protocol", "220 mail", malformed, ""},
		{"a long number", "1234567890-R:", malformed, ""},
		{"no entry", "2-K:127.0.0.1:3001:alice", malformed, ""},
		{"an entry without end", "2-R:" + strings.Repeat("x", 2000), malformed, ""},
		{"a long entry", "2-R:" + strings.Repeat("x", 2000) + "-R:127.0.0.1:3001:alice", malformed, ""},
	} {
		for _, step := range []int{len(c.sent) + 1, 1} {
			for _, how := range []string{"end", "silence"} {
				l := call(t)
				l.ask(&chat.Login{Name: "carol", Port: 3003})
				for at := 0; at < len(c.sent); at += step {
					l.hear([]byte(c.sent[at:min(len(c.sent), at+step)]))
				}
				want := c.ended
				if how == "end" {
					l.end()
				} else if l.after(10 * time.Second); c.silent != "" {
					want = c.silent
				}
				if got := strings.Join(l.read, "; "); got != want || len(l.kept) > 0 {
					t.Errorf("%s, steps of %d, %s: %s, %q is left; want %s", c.what, step, how, got, l.kept, want)
				}
			}
		}
	}
}

// TestPatience: how long an answer may stand still, and that what comes in time
// belongs to it.
func TestPatience(t *testing.T) {
	l := call(t)
	l.ask(&chat.Login{Name: "carol", Port: 3003})
	l.after(4900 * time.Millisecond).want("")
	l.hear([]byte("2-R:127.0.0.1:3001:alice")).after(4900 * time.Millisecond).want("")
	l.hear([]byte("-R:192.0.2.8:3002:b")).after(290 * time.Millisecond).want("")
	l.hear([]byte("ob")).after(290 * time.Millisecond).want("")
	l.after(10 * time.Millisecond).want("table: alice 127.0.0.1:3001, bob 192.0.2.8:3002")
	l.hear([]byte("-R:192.0.2.8:3002:zed")).after(time.Hour).end().want("table: alice 127.0.0.1:3001, bob 192.0.2.8:3002")
	if !l.next.IsZero() {
		t.Errorf("waits until %v for nothing", l.next)
	}
}

// TestSilence: 300 ms end only what may be whole.
func TestSilence(t *testing.T) {
	for sent, want := range map[string]string{
		"0": "table: ", "1-R:127.0.0.1:3001": "table:  127.0.0.1:3001", "1-R:127.0.0.1:3001:al": "table: al 127.0.0.1:3001",
		"1": "", "1-R:127.0.0.1": "", "1-R:127.0.0.1:": "", "2-R:127.0.0.1:3001:al": "", "1-R:127.0.0.1:3001:al-R": "table: alR 127.0.0.1:3001", "1-": "", "Nul": "",
	} {
		l := call(t)
		l.ask(&chat.Login{Name: "carol", Port: 3003})
		l.hear([]byte(sent)).after(rest)
		if got := strings.Join(l.read, "; "); got != want {
			t.Errorf("%q: %q, want %q", sent, got, want)
		}
	}
}

// TestManyEntries: what is kept of an endless table is bounded.
func TestManyEntries(t *testing.T) {
	l := call(t)
	l.ask(&chat.Login{Name: "carol", Port: 3003})
	segment := []byte(strings.Repeat("-R:127.0.0.1:3001:alice", 1000))
	for range 110 {
		l.hear(segment)
		if len(l.kept) > maxEntry {
			t.Fatalf("%d bytes are kept", len(l.kept))
		}
	}
	a, _, _ := l.c.End(l.kept)
	if got := len(a.(*chat.Answer).People); got != maxPeople {
		t.Errorf("%d people", got)
	}
}
