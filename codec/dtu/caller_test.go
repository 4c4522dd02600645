package dtu

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/codec/asked"
)

const (
	loginDone = `answer to login "Will": done`
	key       = 827742843590392
	key2      = 540727327892856
)

// TestCallerLogin: every outcome, and another try.
func TestCallerLogin(t *testing.T) {
	for _, c := range []struct {
		what, came string
		read       []string
	}{
		{"accepted", "ACCEPTED: host\r\n", []string{loginDone}},
		{"the seed's word", "ACCEPT: host\n", []string{loginDone}},
		{"without a host", "ACCEPTED:\n", []string{loginDone}},
		{"glued", "ACCEPTED: ip.voice.orgJOINED: #lobby\r\nUSERLIST #lobby: Will\r\n", []string{loginDone, `in #lobby: ["Will"]`}},
		{"a host with its port", "ACCEPTED: localhost:10000\n", []string{loginDone}},
		{"taken", "NICKNAMEINUSE: The nickname 'Will' is already taken\n", []string{`answer to login "Will": taken`}},
		{"malformed", badConnect + "\n", []string{`answer to login "Will": name`}},
		{"a bad nick", badNick + "\n", []string{`answer to login "Will": name`}},
		{"refused", "NOTACCEPTED: no\n", []string{`answer to login "Will": refused`}},
		{"a greeting", "hello\nACCEPTED: host\n", []string{`notice "hello"`, loginDone}},
		{"accepted twice", "ACCEPTED: host\nACCEPTED: host\n", []string{loginDone, `notice "ACCEPTED: host"`}},
		{"silence", "", nil},
	} {
		for _, cut := range cuts(c.came) {
			call(t).ask(loginWill).hear(cut...).after(time.Minute).want(c.what, c.read, nil)
		}
	}
	c := call(t).ask(loginWill, loginWill).hear("NICKNAMEINUSE: x\n").ask(&chat.Login{Name: "Bill"}).hear("ACCEPTED: host\n").ask(loginWill)
	c.want("again", []string{
		`answer to login "Will": taken`, `answer to login "Will": toofast`, `answer to login "Bill": done`, `answer to login "Will": already`,
	}, []string{`CONNECT: "Will" "Will" 1.0.0` + lineEnd, `CONNECT: "Bill" "Bill" 1.0.0` + lineEnd})
	call(t).ask(toRoom("#lobby", "x")).want("too early", []string{`answer to say to #lobby "": unregistered`}, []string{})
}

// TestCallerAsks: what goes over the wire for each request, and what is
// refused without a byte.
func TestCallerAsks(t *testing.T) {
	long := strings.Repeat("x", maxLine-len("MSG a: ")-len(lineEnd))
	for _, c := range []struct {
		what string
		ask  chat.Request
		want string // a line, or the kind of the error
	}{
		{"join", &chat.Join{Room: "#lunch"}, "JOIN: #lunch\r\n"},
		{"join in capitals", &chat.Join{Room: "Lunch"}, "JOIN: #lunch\r\n"},
		{"join what cannot be", &chat.Join{Room: "#a b"}, "name"},
		{"leave", &chat.Leave{Room: "#lunch"}, "LEAVE: #lunch\r\n"},
		{"leave what cannot be", &chat.Leave{Room: ""}, "name"},
		{"say to a channel", toRoom("#lunch", "a: b"), "MSG #lunch: a: b\r\n"},
		{"say to one in capitals", toRoom("Lunch", "a"), "MSG #lunch: a\r\n"},
		{"say to what cannot be", toRoom("#a,b", "a"), "name"},
		{"say to a nick", toNick("Jörg", "two\r\nlines"), "MSG Jörg: two lines\r\n"},
		{"say to no nick", toNick("a b", "a"), "name"},
		{"say to nobody", toNick("", "a"), "name"},
		{"say to a channel as a nick", toNick("#lobby", "a"), "name"},
		{"say nothing", toNick("a", " \n"), "usage"},
		{"say as much as can be", toNick("a", long), "MSG a: " + long + "\r\n"},
		{"say too much", toNick("a", long+"x"), "toolong"},
		{"say far too much", toNick("a", strings.Repeat("x", 1<<20)), "toolong"},
		{"say to all", &chat.Say{All: true, Text: []byte("a")}, "unsupported"},
		{"talk", &chat.Talk{To: []byte("bob")}, "TALK bob: REQUEST\r\n"},
		{"talk in a channel", &chat.Talk{To: []byte("#lunch"), Room: true}, "TALK #lunch: REQUEST\r\n"},
		{"talk to nobody", &chat.Talk{To: []byte("b\nb")}, "name"},
		{"accept", &chat.TalkReply{Key: key, Yes: true}, "TALK 827742843590392: ACCEPT\r\n"},
		{"deny", &chat.TalkReply{Key: key}, "TALK 827742843590392: DENY\r\n"},
		{"deny what is no key", &chat.TalkReply{Key: 1}, "unknown"},
		{"end", &chat.TalkEnd{Key: key}, "TALK 827742843590392: END\r\n"},
		{"end what is no key", &chat.TalkEnd{Key: 1e15}, "unknown"},
		{"goodbye", &chat.Logout{}, "DISCONNECT\r\n"},
		{"a pong, which has left already", &chat.Pong{Number: 1}, ""},
		{"who else", &chat.WhoElse{Now: true}, ""},
	} {
		cl := insider(t).ask(c.ask)
		switch got := strings.Join(cl.wrote, ""); {
		case c.want == "" || strings.HasSuffix(c.want, lineEnd):
			if got != c.want || len(cl.read) > 0 {
				t.Errorf("%s: wrote %q, read %q, want %q", c.what, got, cl.read, c.want)
			}
		case got != "" || len(cl.read) != 1 || !strings.HasSuffix(cl.read[0], ": "+c.want):
			t.Errorf("%s: wrote %q, read %q, want an answer: %s", c.what, got, cl.read, c.want)
		}
	}
	c := insider(t)
	for range asked.Max + 1 {
		c.ask(&chat.Join{Room: "#a"})
	}
	if c.hear(strings.Repeat("JOINED: #a\n", asked.Max)); c.read[asked.Max] != "answer to join #a: toofast" || len(c.wrote) != asked.Max {
		t.Errorf("of %d requests: %q", asked.Max+1, c.read)
	}
}

func answered(what string, outcomes ...string) (all []string) {
	for _, o := range outcomes {
		all = append(all, fmt.Sprintf("answer to %s: %s", what, o))
	}
	return all
}

// TestOutcomes: which line is about which request, and what is reported when
// (dtu, "How our client knows").
func TestOutcomes(t *testing.T) {
	bob, ann, room := toNick("bob", "x"), toNick("ann", "x"), toRoom("#x", "x")
	join, leave := &chat.Join{Room: "#x"}, &chat.Leave{Room: "#x"}
	talk := &chat.Talk{To: []byte("Bob")}
	yes, end := &chat.TalkReply{Key: key, Yes: true}, &chat.TalkEnd{Key: key}
	toBob, toAnn, inRoom, joins, leaves := `say to bob ""`, `say to ann ""`, `say to #x ""`, "join #x", "leave #x"
	talks, replies, ends := "talk to Bob, room false", fmt.Sprintf("talk %d true", uint64(key)), fmt.Sprintf("talk %d ends", uint64(key))
	for _, c := range []struct {
		what   string
		asks   []chat.Request
		came   string
		atOnce []string
		later  []string // after 300 ms
		last   []string // after 10 s
	}{
		{"a text, silence", []chat.Request{bob}, "", nil, answered(toBob, "done"), nil},
		{"no such nick", []chat.Request{bob}, "NOTACCEPTED: no such nick: Bob\n", answered(toBob, "unknown"), nil, nil},
		{"not in there", []chat.Request{room}, "NOTACCEPTED: you are not in #x\n", answered(inRoom, "unknown"), nil, nil},
		{"another sentence", []chat.Request{bob}, "NOTACCEPTED: whatever\n", answered(toBob, "refused"), nil, nil},
		{"too long", []chat.Request{bob}, tooLong + "\n", answered(toBob, "toolong"), nil, nil},
		{"the one of that nick", []chat.Request{bob, ann}, "NOTACCEPTED: no such nick: bob\n", answered(toBob, "unknown"), answered(toAnn, "done"), nil},
		{"the one asked last", []chat.Request{bob, ann}, "NOTACCEPTED: whatever\n", slices.Concat(answered(toBob, "done"), answered(toAnn, "refused")), nil, nil},
		{"of nobody who was asked for", []chat.Request{bob}, "NOTACCEPTED: no such nick: zoe\n", []string{`notice "no such nick: zoe"`}, answered(toBob, "done"), nil},
		{"of a channel, not of a nick", []chat.Request{toNick("x", "x")}, "NOTACCEPTED: you are not in #x\n", []string{`notice "you are not in #x"`}, answered(`say to x ""`, "done"), nil},
		{"nobody asked", nil, "NOTACCEPTED: whatever\n", []string{`notice "whatever"`}, nil, nil},
		{"beside one that was not asked", []chat.Request{bob, toNick("a b", "x"), ann}, "NOTACCEPTED: no such nick: ann\n",
			slices.Concat(answered(toBob, "done"), answered(`say to a b ""`, "name"), answered(toAnn, "unknown")), nil, nil},

		{"join", []chat.Request{join}, "JOINED: #X\nUSERLIST #x: Will\n", append(answered(joins, "done"), `in #x: ["Will"]`), nil, nil},
		{"join another", []chat.Request{join}, "JOINED: #y\n", nil, nil, answered(joins, "toolate")},
		{"join refused", []chat.Request{join}, "NOTACCEPTED: No channel can have this name\n", answered(joins, "name"), nil, nil},
		{"a text before a join", []chat.Request{bob, join}, "JOINED: #x\n", slices.Concat(answered(toBob, "done"), answered(joins, "done")), nil, nil},
		{"a text behind a join", []chat.Request{join, bob}, "NOTACCEPTED: no such nick: bob\nJOINED: #x\n",
			append([]string{`notice "no such nick: bob"`}, answered(joins, "done")...), answered(toBob, "done"), nil},
		{"a server without LEAVE", []chat.Request{leave, join}, "JOINED: #x\n", slices.Concat(answered(leaves, "toolate"), answered(joins, "done")), nil, nil},
		{"leave", []chat.Request{leave}, "USERLEAVE #x: bob\nUSERLEAVE #x: Will\n", append([]string{"bob leaves #x"}, answered(leaves, "done")...), nil, nil},
		{"leave what one is not in", []chat.Request{leave}, "NOTACCEPTED: you are not in #x\n", answered(leaves, "unknown"), nil, nil},
		{"we leave unasked", nil, "USERLEAVE #x: Will\n", []string{"Will leaves #x"}, nil, nil},

		{"talk", []chat.Request{talk}, "TALK bob 827742843590392: REQUEST\n", append(answered(talks, "done"), "call 827742843590392 with bob asked"), nil, nil},
		{"talk, denied at once", []chat.Request{talk}, "TALK bob 827742843590392: REQUEST\nTALK bob 827742843590392: DENIED\n",
			append(answered(talks, "done"), "call 827742843590392 with bob asked", "call 827742843590392 with bob denied"), nil, nil},
		{"talk, and somebody else asks", []chat.Request{talk}, "TALK ann 540727327892856: REQUEST\n", []string{"call 540727327892856 with ann asked"}, nil, answered(talks, "toolate")},
		{"talk refused", []chat.Request{talk}, "NOTACCEPTED: too fast\n", answered(talks, "refused"), nil, nil},
		{"talk to nobody", []chat.Request{talk}, "NOTACCEPTED: no such nick: Bob\n", answered(talks, "unknown"), nil, nil},
		{"accept", []chat.Request{yes}, "", nil, answered(replies, "done"), nil},
		{"accept what is gone", []chat.Request{yes, bob}, "TALK: BADSESSIONKEY\n", answered(replies, "unknown"), answered(toBob, "done"), nil},
		{"end", []chat.Request{end}, "TALK 827742843590392: END\n", append(answered(ends, "done"), "call 827742843590392 with nobody ended"), nil, nil},
		{"end another", []chat.Request{end}, "TALK 540727327892856: END\n", []string{"call 540727327892856 with nobody ended"}, nil, answered(ends, "toolate")},
		{"a wrong key that nobody asked about", []chat.Request{bob}, "TALK: BADSESSIONKEY\n", nil, answered(toBob, "done"), nil},
		{"end what has just ended", []chat.Request{end}, "TALK 827742843590392: END\nTALK: BADSESSIONKEY\n", append(answered(ends, "done"), "call 827742843590392 with nobody ended"), nil, nil},
		{"accept, behind a text that is refused", []chat.Request{bob, yes}, "NOTACCEPTED: bob has blocked you\n", answered(toBob, "refused"), answered(replies, "done"), nil},
		{"goodbye", []chat.Request{&chat.Logout{}}, "", nil, answered("logout", "done"), nil},
	} {
		for _, cut := range cuts(c.came) {
			cl := insider(t).ask(c.asks...).hear(cut...).want(c.what+", at once", c.atOnce, nil)
			cl.read = nil
			cl.after(asked.QuietWithin).want(c.what+", later", c.later, nil).read = nil
			cl.after(10*time.Second).want(c.what+", at last", c.last, nil)
		}
	}
}

// TestEvents: what a server tells, in odd forms, too.
func TestEvents(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	for _, c := range []struct {
		what, came string
		read       []string
		wrote      string
	}{
		{"a text in a channel", "MSG ann #Lobby:  a: b \r\n", []string{`ann in #lobby: "a: b"`}, ""},
		{"texts by several", "MSG ann #a: 1\nMSG bob #b: 2\nMSG ann #b: 3\n", []string{`ann in #a: "1"`, `bob in #b: "2"`, `ann in #b: "3"`}, ""},
		{"a private text", "MSG ann Will: hey\nMSG ann bob: hey\n", []string{`ann to Will: "hey"`, `ann to bob: "hey"`}, ""},
		{"Latin-1", "MSG J\xf6rg Will: h\xe9\n", []string{`Jörg to Will: "hé"`}, ""},
		{"nothing said", "MSG ann #a:\n", []string{`ann in #a: ""`}, ""},
		{"too long a text", "MSG ann #a: " + long + "\nMSG ann #a: b\n", []string{fmt.Sprintf("ann in #a: %q", long[:maxLine-1-len("MSG ann #a: ")]), `ann in #a: "b"`}, ""},
		{"no text of anybody", "MSG #a: b\nMSG: a\nMSG a b c: d\nMSG a #b,c: d\n", []string{`notice "MSG #a: b"`, `notice "MSG: a"`, `notice "MSG a b c: d"`, `notice "MSG a #b,c: d"`}, ""},
		{"a list", "USERLIST #a: Will,bob , , Jörg\n", []string{`in #a: ["Will" "bob" "Jörg"]`}, ""},
		{"a list of nobody", "USERLIST #a:\n", []string{`in #a: []`}, ""},
		{"a list of what nobody is called", "USERLIST #a: a b, #c, d\"e, " + strings.Repeat("y", maxName+1) + ", f\n", []string{`in #a: ["f"]`}, ""},
		{"no list", "USERLIST: a\nUSERLIST #a\n", []string{`notice "USERLIST: a"`, `notice "USERLIST #a"`}, ""},
		{"come and go", "USERJOIN #A: bob\r\nUSERLEAVE #a: bob\r\n", []string{"bob enters #a", "bob leaves #a"}, ""},
		{"nobody comes", "USERJOIN #a:\nUSERJOIN: bob\n", []string{`notice "USERJOIN #a:"`, `notice "USERJOIN: bob"`}, ""},
		{"joined, unasked", "JOINED: #lobby\n", nil, ""},
		{"joined what cannot be", "JOINED: #a,b\n", []string{`notice "JOINED: #a,b"`}, ""},
		{"ping", "PING: 000000012\r\nPING: 1\n", []string{"ping 12", "ping 1"}, "PONG: 000000012\r\nPONG: 1\r\n"},
		{"a long ping", "PING: " + strings.Repeat("1", maxPing) + "\n", []string{"ping 0"}, "PONG: " + strings.Repeat("1", maxPing) + "\r\n"},
		{"no ping", "PING: x\nPING\nPING a: 1\n", []string{`notice "PING: x"`, `notice "PING"`, `notice "PING a: 1"`}, ""},
		{"too long a ping", "PING: " + strings.Repeat("1", maxPing+1) + "\n", []string{`notice "PING: ` + strings.Repeat("1", maxPing+1) + `"`}, ""},
		{"a call", "TALK ann 827742843590392: REQUEST\nTALK 827742843590392: ACCEPTED\nTALK 827742843590392: END\nTALK 827742843590392: END\n", []string{
			"call 827742843590392 with ann asked", "call 827742843590392 with ann accepted",
			"call 827742843590392 with ann ended", "call 827742843590392 with nobody ended",
		}, ""},
		{"a call of a channel", "TALK #Lunch 827742843590392: REQUEST\nTALK ann 827742843590392: ACCEPTED\nTALK 827742843590392: END\n", []string{
			"call 827742843590392 with nobody#lunch asked", "call 827742843590392 with ann accepted", "call 827742843590392 with nobody#lunch ended",
		}, ""},
		{"no call", "TALK ann: REQUEST\nTALK 827742843590392: REQUEST\nTALK a b 827742843590392: REQUEST\nTALK ann 827742843590392: HUH\nTALK #a,b 827742843590392: DENIED\n", []string{
			`notice "TALK ann: REQUEST"`, `notice "TALK 827742843590392: REQUEST"`, `notice "TALK a b 827742843590392: REQUEST"`,
			`notice "TALK ann 827742843590392: HUH"`, `notice "TALK #a,b 827742843590392: DENIED"`,
		}, ""},
		{"anything else", "ERROR: \x1b[2J\xff\nWelcome\n:\n\n \r\n", []string{`notice "ERROR:  [2Jÿ"`, `notice "Welcome"`, `notice ":"`}, ""},
		{"a long line of anything", long + long + "\nPING: 1\n", []string{`notice "` + long[:maxSentence] + `"`, "ping 1"}, "PONG: 1\r\n"},
	} {
		for _, cut := range cuts(c.came) {
			cl := insider(t).hear(cut...).want(c.what, c.read, nil)
			if got := strings.Join(cl.wrote, ""); got != c.wrote {
				t.Errorf("%s: wrote %q, want %q", c.what, got, c.wrote)
			}
		}
	}
}

// TestGlued: lines without their end, by what follows or by silence.
func TestGlued(t *testing.T) {
	const k = "TALK 827742843590392: "
	call := func(state string) string { return "call 827742843590392 with nobody " + state }
	for _, c := range []struct {
		what, came string
		atOnce     []string
		silence    []string // what 150 ms of it bring
		kept       string
	}{
		{"a join, silence", "USERJOIN #a: bob", nil, []string{"bob enters #a"}, ""},
		{"a leave, silence", "USERLEAVE #a: bob\r", nil, []string{"bob leaves #a"}, ""},
		{"two of them", "USERJOIN #a: bobUSERJOIN #a: ann", nil, []string{"bob enters #a", "ann enters #a"}, ""},
		{"a join, then half a text", "USERJOIN #a: bobMSG bob #a: he", nil, []string{"bob enters #a"}, "MSG bob #a: he"},
		{"a join, then a text", "USERJOIN #a: bobMSG bob #a: hey\n", []string{"bob enters #a", `bob in #a: "hey"`}, nil, ""},
		{"a longer word first", "USERJOIN #a: bobNOTACCEPTED: no\n", []string{"bob enters #a", `notice "no"`}, nil, ""},
		{"no word of a server", "USERJOIN #a: bobJOIN: #b\n", []string{`notice "USERJOIN #a: bobJOIN: #b"`}, nil, ""},
		{"a nick like a word", "USERJOIN #a: bobMSG\n", []string{"bobMSG enters #a"}, nil, ""},
		{"a nick that is a word", "USERJOIN #a: MSG bob #a: hey\n", []string{`notice "USERJOIN #a: MSG bob #a: hey"`}, nil, ""},
		{"nobody yet", "USERJOIN #a: ", nil, nil, "USERJOIN #a: "},
		{"accepted", k + "ACCEPTED", nil, []string{call("accepted")}, ""},
		{"denied", k + "DENIED", nil, []string{call("denied")}, ""},
		{"end", k + "END", nil, []string{call("ended")}, ""},
		{"half of it", k + "ACCEPT", nil, nil, k + "ACCEPT"},
		{"a request has its end", "TALK bob 827742843590392: REQUEST", nil, nil, "TALK bob 827742843590392: REQUEST"},
		{"no key", "TALK 1: END", nil, nil, "TALK 1: END"},
		{"accepted, and a ping", k + "ACCEPTEDPING: 1\n", []string{call("accepted"), "ping 1"}, nil, ""},
		{"end, and end", k + "END" + k + "END", nil, []string{call("ended"), call("ended")}, ""},
		{"end of what", k + "ENDING: 1\n", []string{`notice "` + k + `ENDING: 1"`}, nil, ""},
		{"a text is never cut", "MSG bob #a: USERJOIN #a: annMSG ann #a: x\n", []string{`bob in #a: "USERJOIN #a: annMSG ann #a: x"`}, nil, ""},
		{"half of anything", "MSG bob #a: hey", nil, nil, "MSG bob #a: hey"},
	} {
		for _, cut := range cuts(c.came) {
			cl := insider(t).hear(cut...)
			if !slices.Equal(cl.read, c.atOnce) {
				t.Errorf("%s: at once %q, want %q", c.what, cl.read, c.atOnce)
			}
			cl.read = nil
			if cl.after(quiet - 1); len(cl.read) > 0 {
				t.Errorf("%s: too soon %q", c.what, cl.read)
			}
			if cl.after(time.Second); !slices.Equal(cl.read, c.silence) || string(cl.kept) != c.kept {
				t.Errorf("%s: silence brings %q, %q is left, want %q and %q", c.what, cl.read, cl.kept, c.silence, c.kept)
			}
		}
	}
	c := insider(t).hear("USERJOIN #a: b").after(quiet - 1).hear("ob").after(quiet - 1)
	c.hear("\r\n").after(time.Second).want("silence begins anew with each byte", []string{"bob enters #a"}, nil)
}

// TestLongList: a list that is longer than any other line, however it comes.
func TestLongList(t *testing.T) {
	var names []string
	for i := range 3000 {
		names = append(names, fmt.Sprintf("user%d", i))
	}
	list := "USERLIST #big: " + strings.Join(names, ", ")
	for _, c := range []struct{ what, came, want string }{
		{"long", list + "\r\nPING: 1\n", fmt.Sprintf("in #big: %q", names)},
		{"with a name that is none", list + ", " + strings.Repeat("x", 2*maxLine) + ", bob\r\nPING: 1\n", fmt.Sprintf("in #big: %q", append(slices.Clone(names), "bob"))},
		{"with blanks for a name", list + "," + strings.Repeat(" ", 2*maxLine) + "ann, bob\r\nPING: 1\n", fmt.Sprintf("in #big: %q", append(slices.Clone(names), "bob"))},
		{"with one at its end", list + ", " + strings.Repeat("x", 2*maxLine) + "\r\nPING: 1\n", fmt.Sprintf("in #big: %q", names)},
	} {
		insider(t).hear(c.came).want(c.what, []string{c.want, "ping 1"}, nil)
		for _, size := range []int{1, 7, 1000, maxLine} {
			cl := insider(t)
			for s := range slices.Chunk([]byte(c.came), size) {
				if cl.hear(string(s)); len(cl.kept) > maxLine {
					t.Fatalf("%s: %d bytes are kept", c.what, len(cl.kept))
				}
			}
			cl.want(fmt.Sprintf("%s, by %d", c.what, size), []string{c.want, "ping 1"}, nil)
		}
	}
	c := insider(t).hear("USERLIST #big: " + strings.Repeat("a,", maxListed+10) + "\n")
	if got := strings.Count(c.read[0], `"a"`); got != maxListed {
		t.Errorf("%d people of one list", got)
	}
}

// TestCallNames: a TalkReply names the other end as the last REQUEST did; of
// many calls the last ones are remembered.
func TestCallNames(t *testing.T) {
	c := insider(t)
	for i := range uint64(maxCalls + 1) {
		c.hear(fmt.Sprintf("TALK user%d %d: REQUEST\n", i, key2+i))
	}
	c.hear(fmt.Sprintf("TALK %d: DENIED\n", key2+2))
	for _, i := range []uint64{0, 1, 2, maxCalls} {
		c.ask(&chat.TalkReply{Key: key2 + i, Yes: true})
	}
	want := []string{
		"TALK 540727327892856: ACCEPT\r\n", "TALK user1 540727327892857: ACCEPT\r\n",
		"TALK 540727327892858: ACCEPT\r\n", "TALK user64 540727327892920: ACCEPT\r\n",
	}
	if !slices.Equal(c.wrote, want) {
		t.Errorf("wrote %q, want %q", c.wrote, want)
	}
	if len(c.c.calls) > maxCalls {
		t.Errorf("%d calls are remembered", len(c.c.calls))
	}
}

// TestManyPings: a server that never stops pinging makes nobody's memory grow.
func TestManyPings(t *testing.T) {
	c := insider(t).c
	for range 10 * maxLine {
		if e, n, _ := c.Next([]byte("PING: 1\n")); e == nil || n != 8 {
			t.Fatal("no ping")
		}
	}
	if n := len(c.out); n > 2*maxLine {
		t.Errorf("%d bytes of pongs wait", n)
	}
}
