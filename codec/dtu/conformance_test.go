package dtu

import (
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/codec"
	"mim/codec/codectest"
)

// suite tells the conformance suite what a dtu connection is: one that is at
// the login, and one behind it.
func suite(tb testing.TB) codectest.Suite {
	login := []chat.Request{loginWill}
	asks := []chat.Request{
		login[0],
		&chat.Join{Room: "#turbo"},
		toNick("John", "hey"),
		&chat.Talk{To: []byte("John")},
		toRoom("#lobby", "Sup"),
		&chat.TalkReply{Key: 827742843590392, Yes: true},
		toNick("a b", "cannot be asked"),
		&chat.TalkEnd{Key: 540727327892856},
		&chat.Leave{Room: "#lobby"},
		&chat.Logout{},
	}
	long := strings.Repeat("x", maxLine+100)
	hears := append(streams(tb, "client->server"),
		[]byte("MSG yoda: "+long+"\r\nJOIN: #a\r\n"), []byte(long), []byte("DISCONNECT\r"),
		[]byte("JOIN: #a b C #\tb:x \"\" #"+long[:60]+"\nLEAVE: #a #b\r\nLEAVE:\n"),
		[]byte("JOIN:"+strings.Repeat(" x", 300)+"\nMSG #x: y\n"),
		[]byte("MSG #L\xd8: h\xe9\nMSG #\xc3\x84: x\nTALK #\xc3\x84: REQUEST\nTALK: END\nTALK a b 123456789012345: END\nTALK 012345678901234: END\nPONG: x\nPONG: 99999999999\n"),
		[]byte(connectWill+"MSG a: b\n\n \r\n"+connectWill+"DISCONNECT: bye\nMSG a: b\n"),
	)
	says := append(streams(tb, "server->client"),
		[]byte("USERJOIN #lobby: JohnUSERLEAVE #lobby: JohnUSERJOIN #lobby: Mi"),
		[]byte("TALK 540727327892856: ENDTALK 540727327892856: DENIEDPING: 1\r\nACCEPTED: a.bJOINED: #lobby\r\n"),
		[]byte("USERJOIN #lobby: JohnNOTACCEPTED: no such nick: John\r\nNOTACCEPTED: you are not in #lobby\r\nNOTACCEPTED: "+long+"\n"),
		[]byte("USERLIST #big: "+strings.Repeat("name, ", 2000)+long+","+long[:maxLine]+", last\r\nMSG a #big: x\r\n"),
		[]byte("MSG a #big: "+long+"\nMSG a b: \xe9\nMSG a:b\nMSG: c\nUSERLIST: a\nPING: \nPING: "+long[:40]+"\nTALK a: REQUEST\nTALK #x 123456789012345: REQUEST\n"),
		[]byte("JOINED: #turbo\nTALK John 827742843590392: REQUEST\nTALK: BADSESSIONKEY\nUSERLEAVE #lobby: Will\n"),
	)
	from, to := codec.Link{Role: codec.Registry}, codec.Link{Role: codec.Registry}
	return codectest.Suite{
		Dialect: New(),
		Page:    "../../docs/dialects/dtu.md",
		Pairs: []codectest.Pair{
			{Name: "at the login", Ends: [2]codectest.End{
				{Name: "server", Link: from, Hears: hears, Keeps: maxLine + 1},
				// Its CONNECT has left already: a second one is refused, so that it
				// could not be read as if it stood alone. TestNicks has them.
				{Name: "client", Link: to, Calls: true, Asks: login, First: []byte(lineEnd), Hears: says, Keeps: maxLine + 1},
			}},
			{Name: "behind it", Ends: [2]codectest.End{
				{Name: "server", Link: from, First: []byte(connectWill), Hears: hears, Keeps: maxLine + 1},
				{
					Name: "client", Link: to, Calls: true, Asks: asks, Hears: says, Keeps: maxLine + 1,
					First: []byte("ACCEPTED: mim\r\nJOINED: #lobby\r\n"),
				},
			}},
		},
	}
}

func TestConformance(t *testing.T) { codectest.Run(t, suite(t)) }

func FuzzRead(f *testing.F)  { codectest.FuzzRead(f, suite(f)) }
func FuzzWrite(f *testing.F) { codectest.FuzzWrite(f, suite(f)) }

// TestFacts: what the rest of mim is told of the dialect, in numbers as they
// stand in docs/dialects/dtu.md.
func TestFacts(t *testing.T) {
	d := New()
	if got, want := d.Traits(), (chat.Traits{
		Dialect: "dtu", Reach: chat.ByLink, Rooms: true, Calls: true, Lobby: "#lobby", Silent: true, Logout: true,
		PingAfter: 150 * time.Second, PongWithin: 50 * time.Second,
		MaxText: 4096, Piece: 3703, LoginWithin: 2 * time.Minute,
	}); got != want {
		t.Errorf("traits %+v, want %+v", got, want)
	}
	tcp, udp := codec.Port{Role: codec.Registry, Network: "tcp", Number: 10000}, codec.Port{Role: codec.Voice, Network: "udp", Number: 10001}
	if got := d.Ports(); len(got) != 2 || got[0] != tcp || got[1] != udp {
		t.Errorf("ports %+v", got)
	}
	if d.Name() != "dtu" {
		t.Errorf("name %q", d.Name())
	}
}

// TestConfigure: what the flags may be, and what they do.
func TestConfigure(t *testing.T) {
	d := New().(codec.Configurable)
	plain := map[string]string{}
	for _, f := range d.Flags() {
		plain[f.Name] = f.Default
	}
	entered := &chat.Entered{Room: "#lobby", Who: john}
	exited := &chat.Exited{Room: "#lobby", Who: john}
	for _, c := range []struct {
		what, flag, value string
		ok                bool
		accepted          string
		quiet             bool
	}{
		{"nothing", "", "", true, "ACCEPTED: mim", false},
		{"the seed's word", "dtu-accept", "ACCEPT", true, "ACCEPT: mim", false},
		{"another word", "dtu-accept", "YES", false, "", false},
		{"quiet", "dtu-quiet", "true", true, "ACCEPTED: mim", true},
		{"half quiet", "dtu-quiet", "maybe", false, "", false},
		{"lines together", "dtu-gap", "0", true, "ACCEPTED: mim", false},
		{"another gap", "dtu-gap", "1s", false, "", false},
		{"a host", "dtu-host", "chat.example.org", true, "ACCEPTED: chat.example.org", false},
		{"a host that ends the line", "dtu-host", "a\r\nPING: 1", false, "", false},
		{"too long a host", "dtu-host", strings.Repeat("a", 256), false, "", false},
	} {
		made, err := d.Configure(func(name string) string {
			if name == c.flag {
				return c.value
			}
			return plain[name]
		})
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.what, err)
		}
		if err != nil {
			if !strings.Contains(err.Error(), c.flag) {
				t.Errorf("%s: %v does not say which flag", c.what, err)
			}
			continue
		}
		if apart := made.Open(codec.Link{}).(codec.Paced).Gap() > 0; apart != (c.value != "0") {
			t.Errorf("%s: lines are apart: %v", c.what, apart)
		}
		if c.value == "0" {
			continue // the helper below wants a gap
		}
		openBy(t, made).feed(connectWill).want(c.what, []string{`login "Will"`}, []string{c.accepted}, "")
		for _, e := range []chat.Event{entered, exited} {
			if got := made.Append(nil, e, 0); (len(got) == 0) != c.quiet {
				t.Errorf("%s: %T is said as %q", c.what, e, got)
			}
		}
	}
}
