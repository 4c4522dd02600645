package plain

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"mim/chat"
	"mim/chat/client"
)

var at = time.Date(2005, 2, 27, 15, 4, 5, 6_789_000, time.FixedZone("", 3600))

// views are one of each kind, with what people and scripts see of it.
var views = []struct {
	name  string
	view  client.View
	lines string
	json  string
}{
	{"ready", client.View{Event: client.Ready, Name: "alice", Dialect: "mim0", Address: "server:4242", Listening: "192.0.2.1:2001"},
		`15:04:05 * you are alice at server:4242; others reach you at 192.0.2.1:2001`,
		`{"event":"ready","at":"2005-02-27T15:04:05.006+01:00","name":"alice","dialect":"mim0","address":"server:4242","listening":"192.0.2.1:2001"}`},
	{"ready, reached through the server", client.View{Event: client.Ready, Name: "alice", Dialect: "toy", Address: "server:1"},
		`15:04:05 * you are alice at server:1; others reach you through the server`,
		`{"event":"ready","at":"2005-02-27T15:04:05.006+01:00","name":"alice","dialect":"toy","address":"server:1"}`},
	{"came", client.View{Event: client.Came, Name: "bob", Dialect: "mim0", Address: "192.0.2.2:2002"},
		`15:04:05 * bob is here (192.0.2.2:2002)`,
		`{"event":"came","at":"2005-02-27T15:04:05.006+01:00","name":"bob","dialect":"mim0","address":"192.0.2.2:2002"}`},
	{"came, without an address", client.View{Event: client.Came, Name: "Anna Maria", Dialect: "toy"},
		`15:04:05 * "Anna Maria" is here`,
		`{"event":"came","at":"2005-02-27T15:04:05.006+01:00","name":"Anna Maria","dialect":"toy"}`},
	{"went", client.View{Event: client.Went, Name: "Anna Maria", Dialect: "mim0", Address: "192.0.2.2:2002"},
		`15:04:05 * "Anna Maria" is gone`,
		`{"event":"went","at":"2005-02-27T15:04:05.006+01:00","name":"Anna Maria","dialect":"mim0","address":"192.0.2.2:2002"}`},
	{"an empty table", client.View{Event: client.Table},
		`15:04:05 * nobody else is here`,
		`{"event":"table","at":"2005-02-27T15:04:05.006+01:00","people":[]}`},
	{"a table", client.View{Event: client.Table, People: []client.Person{{Name: "bob", Dialect: "mim0", Address: "192.0.2.2:2002"}, {Name: "x y"}}},
		"15:04:05 * 2 others are here:\n15:04:05 *   bob  192.0.2.2:2002  mim0\n15:04:05 *   \"x y\"",
		`{"event":"table","at":"2005-02-27T15:04:05.006+01:00","people":[{"name":"bob","dialect":"mim0","address":"192.0.2.2:2002"},{"name":"x y"}]}`},
	{"a table that is not who is here", client.View{Event: client.Table, Text: "you wrote with\nthese:", People: []client.Person{{Name: "bob", Dialect: "toy"}}},
		"15:04:05 * you wrote with\\x0athese:\n15:04:05 *   bob  toy",
		`{"event":"table","at":"2005-02-27T15:04:05.006+01:00","text":"you wrote with\nthese:","people":[{"name":"bob","dialect":"toy"}]}`},
	{"opened", client.View{Event: client.Opened, Name: "bob", Dialect: "mim0", Address: "192.0.2.2:2002", Path: client.PathDirect},
		`15:04:05 * the line with bob is open (192.0.2.2:2002)`,
		`{"event":"opened","at":"2005-02-27T15:04:05.006+01:00","name":"bob","dialect":"mim0","address":"192.0.2.2:2002","path":"direct"}`},
	{"closed", client.View{Event: client.Closed, Name: "bob", Path: client.PathDirect, Why: "you ended the talk"},
		`15:04:05 * the line with bob is closed: you ended the talk`,
		`{"event":"closed","at":"2005-02-27T15:04:05.006+01:00","name":"bob","path":"direct","why":"you ended the talk"}`},
	{"said", client.View{Event: client.Said, From: "bob", To: "alice", Text: "a <b> & \"c\" 👋", Dialect: "mim0", Path: client.PathDirect},
		`15:04:05 <bob> a <b> & "c" 👋`,
		`{"event":"said","at":"2005-02-27T15:04:05.006+01:00","from":"bob","to":"alice","text":"a <b> & \"c\" 👋","dialect":"mim0","path":"direct"}`},
	{"said before, in another zone", client.View{Event: client.Said, From: "bob", Text: "hi", Written: at.Add(-24 * time.Hour).UTC(), Path: client.PathRelay},
		`15:04:05 <bob> hi (written 2005-02-26 15:04)`,
		`{"event":"said","at":"2005-02-27T15:04:05.006+01:00","from":"bob","text":"hi","written":"2005-02-26T15:04:05.006+01:00","path":"relay"}`},
	{"an empty text", client.View{Event: client.Said, From: "bob"},
		`15:04:05 <bob> `,
		`{"event":"said","at":"2005-02-27T15:04:05.006+01:00","from":"bob","text":""}`},
	{"sent", client.View{Event: client.Sent, From: "alice", To: "bob", Text: "hi", Path: client.PathDirect, State: client.StateSent},
		`15:04:05 <alice -> bob> hi`,
		`{"event":"sent","at":"2005-02-27T15:04:05.006+01:00","from":"alice","to":"bob","text":"hi","path":"direct","state":"sent"}`},
	{"sent through the server", client.View{Event: client.Sent, From: "alice", To: "bob", Text: "hi", Path: client.PathRelay, State: client.StateSent},
		`15:04:05 <alice -> bob> hi`,
		`{"event":"sent","at":"2005-02-27T15:04:05.006+01:00","from":"alice","to":"bob","text":"hi","path":"relay","state":"sent"}`},
	{"delivered", client.View{Event: client.Sent, From: "alice", To: "ALL", Text: "hi", Path: client.PathRelay, State: client.StateDelivered},
		`15:04:05 <alice -> ALL> hi (delivered)`,
		`{"event":"sent","at":"2005-02-27T15:04:05.006+01:00","from":"alice","to":"ALL","text":"hi","path":"relay","state":"delivered"}`},
	{"stored", client.View{Event: client.Sent, From: "alice", To: "bob", Text: "hi", Path: client.PathRelay, State: client.StateStored},
		`15:04:05 <alice -> bob> hi (stored)`,
		`{"event":"sent","at":"2005-02-27T15:04:05.006+01:00","from":"alice","to":"bob","text":"hi","path":"relay","state":"stored"}`},
	{"not delivered", client.View{Event: client.Sent, From: "alice", To: "bob", Text: "hi", Path: client.PathRelay, State: client.StateFailed, Why: "nobody of that name is there"},
		`15:04:05 ! not sent to bob: hi (nobody of that name is there)`,
		`{"event":"sent","at":"2005-02-27T15:04:05.006+01:00","from":"alice","to":"bob","text":"hi","path":"relay","state":"failed","why":"nobody of that name is there"}`},
	{"failed", client.View{Event: client.Sent, From: "alice", To: "bob", Text: "hi", State: client.StateFailed, Why: "it broke"},
		`15:04:05 ! not sent to bob: hi (it broke)`,
		`{"event":"sent","at":"2005-02-27T15:04:05.006+01:00","from":"alice","to":"bob","text":"hi","state":"failed","why":"it broke"}`},
	{"joined", client.View{Event: client.Joined, Room: "#tea", People: []client.Person{{Name: "alice"}, {Name: "x y"}}},
		`15:04:05 * you are in #tea, where these are: alice, "x y"`,
		`{"event":"joined","at":"2005-02-27T15:04:05.006+01:00","room":"#tea","people":[{"name":"alice"},{"name":"x y"}]}`},
	{"joined, and nobody is named", client.View{Event: client.Joined, Room: "#tea> x"},
		`15:04:05 * you are in "#tea> x"`,
		`{"event":"joined","at":"2005-02-27T15:04:05.006+01:00","room":"#tea> x","people":[]}`},
	{"joined a crowd", client.View{Event: client.Joined, Room: "#tea", People: slices.Repeat([]client.Person{{Name: "x"}}, 52)},
		`15:04:05 * you are in #tea, where these are: ` + strings.Repeat("x, ", 49) + `x and 2 more`,
		`{"event":"joined","at":"2005-02-27T15:04:05.006+01:00","room":"#tea","people":[` + strings.Repeat(`{"name":"x"},`, 51) + `{"name":"x"}]}`},
	{"userjoin", client.View{Event: client.UserJoin, Room: "#tea", Name: "bob"},
		`15:04:05 * bob is in #tea`,
		`{"event":"userjoin","at":"2005-02-27T15:04:05.006+01:00","name":"bob","room":"#tea"}`},
	{"userleave", client.View{Event: client.UserLeave, Room: "#\x1b", Name: "bob"},
		`15:04:05 * bob has left "#\x1b"`,
		`{"event":"userleave","at":"2005-02-27T15:04:05.006+01:00","name":"bob","room":"#\u001b"}`},
	{"said in a room", client.View{Event: client.Said, From: "bob", Room: "#tea", Text: "hi", Dialect: "toy", Path: client.PathRelay},
		`15:04:05 <bob -> #tea> hi`,
		`{"event":"said","at":"2005-02-27T15:04:05.006+01:00","from":"bob","room":"#tea","text":"hi","dialect":"toy","path":"relay"}`},
	{"sent to a room", client.View{Event: client.Sent, From: "alice", Room: "#tea", Text: "hi", Path: client.PathRelay, State: client.StateSent},
		`15:04:05 <alice -> #tea> hi`,
		`{"event":"sent","at":"2005-02-27T15:04:05.006+01:00","from":"alice","room":"#tea","text":"hi","path":"relay","state":"sent"}`},
	{"not sent to a room", client.View{Event: client.Sent, From: "alice", Room: "#tea", Text: "hi", Path: client.PathRelay, State: client.StateFailed, Why: "no"},
		`15:04:05 ! not sent to #tea: hi (no)`,
		`{"event":"sent","at":"2005-02-27T15:04:05.006+01:00","from":"alice","room":"#tea","text":"hi","path":"relay","state":"failed","why":"no"}`},
	{"a call is asked for", client.View{Event: client.Called, State: client.StateAsked, Name: "x y"},
		`15:04:05 * you call "x y"; /hangup gives up`,
		`{"event":"call","at":"2005-02-27T15:04:05.006+01:00","name":"x y","state":"asked"}`},
	{"of a room", client.View{Event: client.Called, State: client.StateAsked, Room: "#tea"},
		`15:04:05 * you call all in #tea; /hangup gives up`,
		`{"event":"call","at":"2005-02-27T15:04:05.006+01:00","room":"#tea","state":"asked"}`},
	{"a call rings", client.View{Event: client.Called, State: client.StateRinging, Name: "bob"},
		`15:04:05 * bob calls you: /answer bob or /deny bob`,
		`{"event":"call","at":"2005-02-27T15:04:05.006+01:00","name":"bob","state":"ringing"}`},
	{"a call begins", client.View{Event: client.Called, State: client.StateAccepted, Name: "bob"},
		`15:04:05 * you are in a call with bob`,
		`{"event":"call","at":"2005-02-27T15:04:05.006+01:00","name":"bob","state":"accepted"}`},
	{"a call of a room begins", client.View{Event: client.Called, State: client.StateAccepted, Room: "#tea", Name: "bob", People: []client.Person{{Name: "bob"}}},
		`15:04:05 * bob takes part in your call`,
		`{"event":"call","at":"2005-02-27T15:04:05.006+01:00","name":"bob","room":"#tea","state":"accepted","people":[{"name":"bob"}]}`},
	{"a third one", client.View{Event: client.Called, State: client.StateAccepted, Name: "x y", People: []client.Person{{Name: "bob"}, {Name: "\x1b"}, {Name: "x y"}}},
		`15:04:05 * "x y" takes part in your call, beside bob, "\x1b"`,
		`{"event":"call","at":"2005-02-27T15:04:05.006+01:00","name":"x y","state":"accepted","people":[{"name":"bob"},{"name":"\u001b"},{"name":"x y"}]}`},
	{"a crowd in a call", client.View{Event: client.Called, State: client.StateAccepted, Name: "y", People: slices.Repeat([]client.Person{{Name: "x"}}, 52)},
		`15:04:05 * y takes part in your call, beside ` + strings.Repeat("x, ", 49) + `x and others`,
		`{"event":"call","at":"2005-02-27T15:04:05.006+01:00","name":"y","state":"accepted","people":[` + strings.Repeat(`{"name":"x"},`, 51) + `{"name":"x"}]}`},
	{"a call is declined", client.View{Event: client.Called, State: client.StateDenied, Name: "bob", Why: "they declined"},
		`15:04:05 * no call with bob: they declined`,
		`{"event":"call","at":"2005-02-27T15:04:05.006+01:00","name":"bob","state":"denied","why":"they declined"}`},
	{"a call ends", client.View{Event: client.Called, State: client.StateEnded, Room: "#tea", Why: "you hung up"},
		`15:04:05 * the call with all in #tea is over: you hung up`,
		`{"event":"call","at":"2005-02-27T15:04:05.006+01:00","room":"#tea","state":"ended","why":"you hung up"}`},
	{"notice", client.View{Event: client.Notice, Text: "welcome"},
		`15:04:05 * welcome`,
		`{"event":"notice","at":"2005-02-27T15:04:05.006+01:00","text":"welcome"}`},
	{"a notice about someone", client.View{Event: client.Notice, Name: "bob", Text: "cut"},
		`15:04:05 * bob: cut`,
		`{"event":"notice","at":"2005-02-27T15:04:05.006+01:00","name":"bob","text":"cut"}`},
	{"error", client.View{Event: client.Error, Kind: "unknown", Text: "who?"},
		`15:04:05 ! who?`,
		`{"event":"error","at":"2005-02-27T15:04:05.006+01:00","text":"who?","kind":"unknown"}`},
	{"the error that ends the program", client.View{Event: client.Error, Kind: "lost", Text: "no server", Final: true},
		``, // who started the program is told with the exit code
		`{"event":"error","at":"2005-02-27T15:04:05.006+01:00","text":"no server","kind":"lost"}`},
	{"offline", client.View{Event: client.Offline, Address: "server:4242", Why: "reset", Text: "next try in 1s"},
		`15:04:05 * the server is lost: reset; next try in 1s`,
		`{"event":"offline","at":"2005-02-27T15:04:05.006+01:00","text":"next try in 1s","address":"server:4242","why":"reset"}`},
	{"online", client.View{Event: client.Online, Address: "server:4242"},
		`15:04:05 * the server is back`,
		`{"event":"online","at":"2005-02-27T15:04:05.006+01:00","address":"server:4242"}`},
	{"sent, with what is for a screen", client.View{Event: client.Sent, From: "alice", To: "bob", Text: "hi", State: client.StateSent, Ticket: 7, Unsure: true},
		`15:04:05 <alice -> bob> hi`,
		`{"event":"sent","at":"2005-02-27T15:04:05.006+01:00","from":"alice","to":"bob","text":"hi","state":"sent"}`},
	{"error about a line", client.View{Event: client.Error, Kind: "unknown", Text: "who?", Line: "@eve hi"},
		`15:04:05 ! who?`,
		`{"event":"error","at":"2005-02-27T15:04:05.006+01:00","text":"who?","kind":"unknown"}`},
	{"waiting, for a screen", client.View{Event: client.Waiting, From: "alice", To: "bob", Text: "hi", Ticket: 7}, ``, ``},
	{"trying, for a screen", client.View{Event: client.Trying, Until: at}, ``, ``},
	{"bye", client.View{Event: client.Bye},
		`15:04:05 * bye`,
		`{"event":"bye","at":"2005-02-27T15:04:05.006+01:00"}`},
}

func TestViews(t *testing.T) {
	for _, test := range views {
		t.Run(test.name, func(t *testing.T) {
			test.view.At = at
			want, object := test.lines+"\n", test.json+"\n"
			if test.view.Final {
				want = ""
			}
			if test.view.Event.ForScreen() {
				want, object = "", ""
			}
			if got := string(AppendPlain([]byte("before "), test.view)); got != "before "+want {
				t.Errorf("plain:\n got %s\nwant %s", got, test.lines)
			}
			if got := string(AppendJSON([]byte("before "), test.view)); got != "before "+object {
				t.Errorf("JSON:\n got %s\nwant %s", got, test.json)
			}
		})
	}
}

// Each day has its date once, before the first line there is, in the zone of
// the times.
func TestDated(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	bye := func(at time.Time) client.View { return client.View{Event: client.Bye, At: at} }
	steps := []struct {
		name string
		view client.View
		want string
	}{
		{"nothing is no line of a day", client.View{Event: client.Error, At: noon, Final: true}, ""},
		{"the first", bye(noon), "-- 2026-11-20 --\n12:00:00 * bye\n"},
		{"the same day", bye(noon.Add(12*time.Hour - 1)), "23:59:59 * bye\n"},
		{"midnight", bye(noon.Add(12 * time.Hour)), "-- 2026-11-21 --\n00:00:00 * bye\n"},
		{"the same day elsewhere", bye(noon.Add(12 * time.Hour).In(time.FixedZone("", 3600))), "01:00:00 * bye\n"},
		{"not yet the day elsewhere", bye(noon.Add(12 * time.Hour).In(time.FixedZone("", -3600))), "-- 2026-11-20 --\n23:00:00 * bye\n"},
		{"a year later", bye(noon.AddDate(1, 0, 0)), "-- 2027-11-20 --\n12:00:00 * bye\n"},
	}
	dated := Dated()
	for _, s := range steps {
		if got := string(dated([]byte("before "), s.view)); got != "before "+s.want {
			t.Errorf("%s: got %q, want %q", s.name, got, s.want)
		}
	}
	if got := string(Dated()(nil, bye(noon))); got != steps[1].want {
		t.Errorf("another output: got %q, want %q", got, steps[1].want)
	}
}

// Milliseconds are always there, so that times have one form.
func TestWholeSecond(t *testing.T) {
	got := string(AppendJSON(nil, client.View{Event: client.Bye, At: at.Truncate(time.Second).UTC()}))
	if want := `{"event":"bye","at":"2005-02-27T14:04:05.000Z"}` + "\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// What strangers write cannot act on a terminal or look like another line.
func TestHarmless(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"line ends", "a\r\nb\nc\vd\fe\u0085f\u2028g\u2029h", `a\x0d\x0ab\x0ac\x0bd\x0ce\x85f\u2028g\u2029h`},
		{"cursor", "\x1b[2J\x9b2Jx\b\x7f\x00", `\x1b[2J` + "\ufffd" + `2Jx\x08\x7f\x00`},
		{"C1 as a character", "\u009b2J", `\x9b2J`},
		{"bidi", "\u202eabc\u2066\u200f\u061c", `\u202eabc\u2066\u200f\u061c`},
		{"zero width", "a\u200bb\ufeffc\u2060d\u00ade\u180ef", `a\u200bb\ufeffc\u2060d\xade\u180ef`},
		{"fillers", "a\u3164\u115f\u1160\uffa0\u034f", `a\u3164\u115f\u1160\uffa0\u034f`},
		{"tags", "a\U000e0041\U000e0001\U000e0100", `a\U000e0041\U000e0001\U000e0100`},
		{"joined emoji", "👩\u200d🚀 🏳\ufe0f\u200d🌈", "👩\u200d🚀 🏳\ufe0f\u200d🌈"},
		{"joined letters", "می\u200cخواهم क्\u200dष", "میخواهم क्ष"},
		{"joiners that join nothing", "a\u200db \u200c\u200d👩\u200d", `ab 👩`},
		{"a mark on nothing", "\u0338x", `\u0338x`},
		{"a tower of marks", "a" + strings.Repeat("\u0301", 50) + "b", "a" + strings.Repeat("\u0301", chat.MaxMarks) + "b"},
		{"tab", "a\tb", "a    b"},
		{"text of people", "Grüße, 你好, שלום 👋🏽 \\x1b", "Grüße, 你好, שלום 👋🏽 \\x1b"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := string(chat.AppendHarmless(nil, test.text)); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestNames(t *testing.T) {
	tests := []struct{ name, bracket, quoted string }{
		{"bob", "bob", "bob"},
		{"bob~2", "bob~2", "bob~2"},
		{"jürgen.k", "jürgen.k", "jürgen.k"},
		{"Anna Maria", "Anna Maria", `"Anna Maria"`},
		{"bob> hi", `bob\x3e hi`, `"bob> hi"`},
		{"a -> b", `a -\x3e b`, `"a -> b"`},
		{`x" is gone`, `x" is gone`, `"x\x22 is gone"`},
		{"bob\u200b", `bob\u200b`, `"bob\u200b"`},
		{"a\tb", `a\x09b`, `"a\x09b"`},
		{"bob (192.0.2.2)", "bob (192.0.2.2)", `"bob (192.0.2.2)"`},
		{"", "", `""`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := string(appendTalk(nil, test.name, "")); got != " <"+test.bracket+"> " {
				t.Errorf("in brackets: %q, want %q", got, test.bracket)
			}
			if got := chat.Quote(test.name); got != test.quoted {
				t.Errorf("quoted: %s, want %s", got, test.quoted)
			}
		})
	}
}

// Any view makes exactly one line of JSON that reads back as it was, and lines
// for people that all begin as lines do and hold nothing that acts.
func FuzzView(f *testing.F) {
	for _, test := range views {
		v := test.view
		f.Add(string(v.Event), v.Name, v.From, v.To, v.Text, v.Why, v.State)
	}
	f.Add("said", "\x1b[2J", "bob> x\n15:04:05 * bob", "\u202e", "\r\n! x\u2028\u2029\U000e0041\xff", "\x9b", "sent")
	f.Fuzz(func(t *testing.T, event, name, from, to, text, why, state string) {
		v := client.View{
			Event: client.Event(event), At: at, Name: name, From: from, To: to, Room: why, Text: text, Why: why, State: state,
			Dialect: name, Address: to, Kind: why, Listening: text, Path: state,
			People: []client.Person{{Name: from, Dialect: text, Address: why}},
		}
		checkJSON(t, v)
		checkPlain(t, v)
	})
}

func checkJSON(t *testing.T, v client.View) {
	b := AppendJSON(nil, v)
	if v.Event.ForScreen() {
		if len(b) > 0 {
			t.Fatalf("%s is for a screen alone: %q", v.Event, b)
		}
		return
	}
	if bytes.Count(b, []byte("\n")) != 1 || b[len(b)-1] != '\n' || !utf8.Valid(b) {
		t.Fatalf("not one line: %q", b)
	}
	for _, r := range string(b[:len(b)-1]) {
		if r < 0x20 || 0x7f <= r && r < 0xa0 || r == 0x202e || r == 0x2028 {
			t.Fatalf("%U is bare in %q", r, b)
		}
	}
	var o object
	if err := json.Unmarshal(b, &o); err != nil {
		t.Fatalf("%v in %q", err, b)
	}
	valid := func(s string) string { return string([]rune(s)) } // each bad byte becomes U+FFFD
	if o.Name != valid(v.Name) || o.From != valid(v.From) || o.Room != valid(v.Room) || o.Why != valid(v.Why) || o.Text != nil && *o.Text != valid(v.Text) {
		t.Fatalf("reads back as %+v, was %+v", o, v)
	}
	if o.Text == nil && v.Text != "" {
		t.Fatalf("the text is missing in %q", b)
	}
}

func checkPlain(t *testing.T, v client.View) {
	lines := strings.Split(string(AppendPlain(nil, v)), "\n")
	want := 1
	if v.Event == client.Table {
		want += len(v.People)
	}
	if v.Event.ForScreen() {
		want = 0
	}
	if len(lines) != want+1 || lines[want] != "" {
		t.Fatalf("%d lines, want %d: %q", len(lines)-1, want, lines)
	}
	for _, line := range lines[:want] {
		talk := v.Event == client.Said || v.Event == client.Sent && v.State != client.StateFailed
		rest, ok := strings.CutPrefix(line, "15:04:05 ")
		switch {
		case !ok:
			t.Fatalf("no time in %q", line)
		case talk != strings.HasPrefix(rest, "<"), !talk && !strings.HasPrefix(rest, "* ") && !strings.HasPrefix(rest, "! "):
			t.Fatalf("%q is not marked as what it is", line)
		case talk && strings.Count(rest[:strings.Index(rest, "> ")], "<") != 1:
			t.Fatalf("the name leaves its brackets in %q", line)
		}
		for _, r := range line {
			if chat.Hidden(r) && r != 0x200d {
				t.Fatalf("%U is bare in %q", r, line)
			}
		}
	}
}
