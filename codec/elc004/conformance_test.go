package elc004

import (
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/codec"
	"mim/codec/codectest"
)

// suite tells the conformance suite what an elc004 connection is. It carries
// one request and one answer, so what is said behind them is none: the suite's
// client has asked, and TestAsk, TestAnswers and FuzzLogin try what it may ask.
func suite(tb testing.TB) codectest.Suite {
	s := reading(tb)
	client := &s.Pairs[0].Ends[1]
	client.First = []byte(nobody)
	return s
}

// reading is the same with a client that waits for its answer.
func reading(tb testing.TB) codectest.Suite {
	from := codec.Link{Role: codec.Registry, Remote: loopback}
	long := strings.Repeat("x", 2000)
	return codectest.Suite{
		Dialect: New(),
		Page:    "../../docs/dialects/elc004.md",
		Pairs: []codectest.Pair{{Name: "one request", Ends: [2]codectest.End{
			{
				Name: "server", Link: from, Keeps: maxRequest,
				Hears: append(streams(tb, "client->server"), []byte("R::3001:a\nK::3001\n"), []byte("\n"), []byte("R::3001\r"), []byte(long+"\n")),
			}, {
				Name: "client", Link: from, Calls: true, Keeps: maxEntry,
				Asks: []chat.Request{&chat.Login{Name: "alice", Port: 40001}},
				Hears: append(streams(tb, "server->client"), []byte("-R:127.0.0.1:3001:al-ice-R::x:-R:-R:1.2.3.4:5"),
					[]byte("0"), []byte("3-R:127.0.0.1:3001"), []byte("Nul"), []byte("7-R:"+long)),
			},
		}}},
	}
}

func TestConformance(t *testing.T) { codectest.Run(t, suite(t)) }

func FuzzRead(f *testing.F)  { codectest.FuzzRead(f, reading(f)) }
func FuzzWrite(f *testing.F) { codectest.FuzzWrite(f, suite(f)) }

// FuzzLogin: whatever a name holds, the server reads one login of it, and
// whoever asks later reads one entry.
func FuzzLogin(f *testing.F) {
	for _, name := range []string{"alice", "", "你", "a:b-c+d", "-R:1.2.3.4:5:x", "\n", "Null-", strings.Repeat("a", 100), "\xff1"} {
		f.Add(name, uint16(3001))
	}
	f.Fuzz(func(t *testing.T, name string, port uint16) {
		c := call(t)
		asked := c.ask(&chat.Login{Name: name, Port: port})
		if port == 0 {
			if len(asked) > 0 || len(c.read) != 1 {
				t.Fatalf("port 0: %q, %q", asked, c.read)
			}
			return
		}
		l := open(t, loopback).feed(asked).silence()
		if len(asked) > maxRequest || len(l.read) != 1 || !strings.HasPrefix(l.read[0], "login ") {
			t.Fatalf("%q is read as %q", asked, l.read)
		}
		at := aliceAt
		l = open(t, loopback)
		l.table = []*chat.Person{{Name: name, Near: at}, bob}
		l.feed([]byte("R::3002:bob\n"))
		c = call(t)
		c.ask(&chat.Login{Name: "carol", Port: 3003})
		c.hear(l.wrote).end().want("table: " + string(appendID(nil, name, at.Port())) + " 127.0.0.1:3001, bob 127.0.0.1:3002")
	})
}

// TestFacts: what the rest of mim is told of the dialect, in numbers as they
// stand in docs/dialects/elc004.md.
func TestFacts(t *testing.T) {
	d := New()
	if got, want := d.Traits(), (chat.Traits{
		Dialect: "elc004", Reach: chat.ByPeerUDP, Lease: 95 * time.Second, Renew: 30 * time.Second, MaxText: 1011, Piece: 930, LoginWithin: 10 * time.Second,
	}); got != want {
		t.Errorf("traits %+v, want %+v", got, want)
	}
	if got := d.Ports(); len(got) != 2 || got[0] != (codec.Port{Role: codec.Registry, Network: "tcp", Number: 2002}) || got[1] != (codec.Port{Role: codec.Peer, Network: "udp"}) {
		t.Errorf("ports %+v", got)
	}
	if d.Name() != "elc004" {
		t.Errorf("name %q", d.Name())
	}
}
