package comp9331

import (
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/codec"
	"mim/codec/codectest"
)

// suite tells the conformance suite what a comp9331 connection is: one that is
// at the login, and one behind it.
func suite(tb testing.TB) codectest.Suite {
	login := []chat.Request{&chat.Login{Name: "hans", Pass: []byte("falcon")}}
	asks := []chat.Request{
		login[0],
		&chat.Say{To: []byte("yoda"), Text: []byte("Hi")},
		&chat.WhoElse{Now: true},
		&chat.Say{All: true, Text: []byte("Hi all")},
		&chat.Block{Name: []byte("luke")},
		&chat.Say{To: []byte("a b"), Text: []byte("cannot be asked")},
		&chat.Block{Name: []byte("luke"), Undo: true},
		&chat.Logout{},
	}
	long := strings.Repeat("x", maxLine+100)
	hears := append(streams(tb, "client->server"),
		[]byte("message yoda "+long+"\nwhoelse\n"), []byte(long), []byte("whoelse\r"),
		[]byte("hans\nwrong\nhans\nwrong\nhans\nwrong\nhans\nfalcon\n"),
		[]byte("hans\nfalcon\nmessage yoda a\nmessage yoda h\xe9\nblock luke\nunblock luke\nwhoelsesince 1.5\nlogout\nwhoelse\n"),
	)
	says := append(streams(tb, "server->client"),
		[]byte("username: username: password: Welcome\n"), []byte("username: password: Invalid  username\nusername: "),
		[]byte("yoda \nhans is blocked\nError. hans was not blocked\nError. Invalid user\nyoda: username: \npassword: \n"),
		[]byte(strings.Repeat("name ", 2000)+"\n\nyoda logged in\n"),
		[]byte("bye\nGoodbye\n"),
	)
	from, to := codec.Link{Role: codec.Registry}, codec.Link{Role: codec.Registry}
	return codectest.Suite{
		Dialect: New(),
		Page:    "../../docs/dialects/comp9331.md",
		Pairs: []codectest.Pair{
			{Name: "at the login", Ends: [2]codectest.End{
				{Name: "server", Link: from, Hears: hears, Keeps: maxLine + 1},
				{Name: "client", Link: to, Calls: true, Asks: login, Hears: says, Keeps: maxLine + 1},
			}},
			{Name: "behind it", Ends: [2]codectest.End{
				{Name: "server", Link: from, First: []byte("hans\nfalcon\n"), Hears: hears, Keeps: maxLine + 1},
				{
					Name: "client", Link: to, Calls: true, Asks: asks, Hears: says, Keeps: maxLine + 1,
					First: []byte(askName + askPass + saysWelcome + "\n"),
				},
			}},
		},
	}
}

func TestConformance(t *testing.T) { codectest.Run(t, suite(t)) }

func FuzzRead(f *testing.F)  { codectest.FuzzRead(f, suite(f)) }
func FuzzWrite(f *testing.F) { codectest.FuzzWrite(f, suite(f)) }

// TestFacts: what the rest of mim is told of the dialect, in numbers as they
// stand in docs/dialects/comp9331.md.
func TestFacts(t *testing.T) {
	d := New()
	if got, want := d.Traits(), (chat.Traits{
		Dialect: "comp9331", Reach: chat.ByLink, Presence: true, All: true, Accounts: true, NotSelf: true, Silent: true, TimesOut: true,
		WhoElse: true, Blocks: true, Logout: true,
		MaxText: 4096, Piece: 3878, LoginWithin: 2 * time.Minute,
	}); got != want {
		t.Errorf("traits %+v, want %+v", got, want)
	}
	if got := d.Ports(); len(got) != 1 || got[0] != (codec.Port{Role: codec.Registry, Network: "tcp", Number: 9331}) {
		t.Errorf("ports %+v", got)
	}
	if d.Name() != "comp9331" {
		t.Errorf("name %q", d.Name())
	}
}
