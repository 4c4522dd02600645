package dtu

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"mim/chat"
	"mim/codec"
)

const (
	notAccepted  = "NOTACCEPTED: "
	notConnected = notAccepted + "Please send or resend the CONNECT request"
	badConnect   = notAccepted + "Syntax error, please resend the CONNECT request"
	badNick      = notAccepted + "A nick has 1 to 32 characters without blanks, quotes, colons, commas and #"
	tooLong      = notAccepted + "A line has at most 4096 bytes"
	badRoom      = notAccepted + "No channel can have this name"
	unknownWord  = notAccepted + "Unknown command"
	howMsg       = notAccepted + "Syntax error, write MSG #channel: text or MSG nick: text"
	howJoin      = notAccepted + "Syntax error, write JOIN: #channel"
	howLeave     = notAccepted + "Syntax error, write LEAVE: #channel"
	howTalk      = notAccepted + "Syntax error, write TALK nick: REQUEST, or TALK key: and ACCEPT, DENY or END"
	badSession   = "TALK: BADSESSIONKEY"
	accepted     = "ACCEPTED: mim"
	loginIs      = `login "Will"`
)

// whole and byte by byte gives the same.
func cuts(stream string) [][]string { return [][]string{{stream}, strings.Split(stream, "")} }

// TestLogin: rules 4 and 5.
func TestLogin(t *testing.T) {
	long := strings.Repeat("x", maxLine+1)
	most := strings.Repeat("é", maxNickRunes)
	for _, c := range []struct {
		what, stream string
		answer       func(chat.Request) *chat.Answer
		read, wrote  []string
		kept         string
	}{
		{"nothing", "", well, nil, nil, ""},
		{"empty lines", "\r\n\n \t \n", well, nil, nil, ""},
		{"well", connectWill, well, []string{loginIs}, []string{accepted}, ""},
		{"newline alone", "CONNECT: \"Will\" \"W\"\n", well, []string{loginIs}, []string{accepted}, ""},
		{"blanks everywhere", " CONNECT\t:\t\"Will\"  \"W W\"  x y  \r\n", well, []string{loginIs}, []string{accepted}, ""},
		{"no blank behind the colon", `CONNECT:"Will" "W"` + "\n", well, []string{loginIs}, []string{accepted}, ""},
		{"a colon in the version", `CONNECT: "Will" "W:W" 1:0` + "\n", well, []string{loginIs}, []string{accepted}, ""},
		{"the longest nick", `CONNECT: "` + most + `" ""` + "\n", well, []string{`login "` + most + `"`}, []string{accepted}, ""},
		{"Latin-1", "CONNECT: \"J\xf6rg\" \"\"\n", well, []string{`login "Jörg"`}, []string{accepted}, ""},
		{"a command with it", connectWill + "MSG a: b\n", well, []string{loginIs, `say to a "b"`}, []string{accepted}, ""},
		{"twice", connectWill + connectWill, well, []string{loginIs, "refuse already"}, []string{accepted, notAccepted + "You are connected already"}, ""},

		{"no quotes", "CONNECT: Will W 1\n", well, []string{"refuse malformed"}, []string{badConnect}, ""},
		{"one name", `CONNECT: "Will" 1` + "\n", well, []string{"refuse malformed"}, []string{badConnect}, ""},
		{"no blank between the names", `CONNECT: "Will""W" 1` + "\n", well, []string{"refuse malformed"}, []string{badConnect}, ""},
		{"no end of the second name", `CONNECT: "Will" "W 1` + "\n", well, []string{"refuse malformed"}, []string{badConnect}, ""},
		{"no colon", `CONNECT "Will" "W" 1` + "\n", well, []string{"refuse malformed"}, []string{badConnect}, ""},
		{"an argument", `CONNECT me: "Will" "W" 1` + "\n", well, []string{"refuse malformed"}, []string{badConnect}, ""},
		{"lower case", `connect: "Will" "W" 1` + "\n", well, []string{"refuse unregistered"}, []string{notConnected}, ""},
		{"a colon alone", ":\n", well, []string{"refuse unregistered"}, []string{notConnected}, ""},
		{"other lines first", "MSG a: b\nPONG: 1\nJOIN: #a #b\nTALK: END\n" + connectWill, well,
			[]string{"refuse unregistered", "refuse unregistered", "refuse unregistered", "refuse unregistered", loginIs},
			[]string{notConnected, notConnected, notConnected, notConnected, accepted}, ""},
		{"answered as too early", "MSG a: b\n", badly(chat.Unregistered), []string{"refuse unregistered"}, []string{notConnected}, ""},
		{"too long a line", long + "\n" + connectWill, well, []string{"refuse toolong", loginIs}, []string{tooLong, accepted}, ""},
		{"goodbye", "DISCONNECT\r\n" + connectWill, well, []string{"logout"}, nil, ""},

		{"taken", connectWill + connectWill, badly(chat.Taken), []string{loginIs, loginIs},
			[]string{"NICKNAMEINUSE: The nickname 'Will' is already taken", "NICKNAMEINUSE: The nickname 'Will' is already taken"}, ""},
		{"refused", connectWill, badly(chat.Full), []string{loginIs}, []string{notAccepted + "it went wrong"}, ""},
		{"not answered", connectWill + "MSG a: b\n", never, []string{loginIs}, nil, "MSG a: b\n"},
	} {
		for _, cut := range cuts(c.stream) {
			l := open(t)
			l.answer = c.answer
			for _, s := range cut {
				l.feed(s)
			}
			l.want(c.what, c.read, c.wrote, c.kept)
		}
	}
}

// TestNicks: which may log in (rule 6), and that our client asks for no other.
func TestNicks(t *testing.T) {
	for _, nick := range []string{"a", "Will", "Jörg", "a-b+c.d", "123456789012345", "NOTACCEPTED", "@ALL", "日本", strings.Repeat("👋", maxNickRunes)} {
		open(t).feed(`CONNECT: "`+nick+`" "x"`+"\n").want(nick, []string{fmt.Sprintf("login %q", nick)}, []string{accepted}, "")
		c := call(t).ask(&chat.Login{Name: nick})
		open(t).feed(strings.Join(c.wrote, "")).want("asked for "+nick, []string{fmt.Sprintf("login %q", nick)}, []string{accepted}, "")
	}
	for _, nick := range []string{
		"", " ", "a b", "a:b", "a,b", "a#b", "#a", "a\u00a0b", "a\tb", "a\x1bb", "a\u200bb", "a\u2028b", "\ufeff", strings.Repeat("a", maxNickRunes+1), strings.Repeat("x", 500),
	} {
		open(t).feed(`CONNECT: "`+nick+`" "x"`+"\n").want(nick, []string{"refuse name"}, []string{badNick}, "")
	}
	for _, nick := range []string{"", "a b", "a\nb", `a"b`, "a\xffb"} {
		call(t).ask(&chat.Login{Name: nick}).want(nick, []string{fmt.Sprintf("answer to login %q: name", nick)}, []string{})
	}
}

// TestCommands: rules 7, 8 and 10 to 14, all going well.
func TestCommands(t *testing.T) {
	longest := "#" + strings.Repeat("x", maxRoom-1)
	text := strings.Repeat("x", maxLine-len("MSG a: "))
	for _, c := range []struct {
		what, stream string
		read, wrote  []string
	}{
		{"join", "JOIN: #Turbo\n", []string{"join #turbo"}, []string{"JOINED: #turbo"}},
		{"join without #", "JOIN: Turbo\n", []string{"join #turbo"}, []string{"JOINED: #turbo"}},
		{"join several", "JOIN: #a \t b  #C\n", []string{"join #a", "join #b", "join #c"}, []string{"JOINED: #a", "JOINED: #b", "JOINED: #c"}},
		{"join, one bad", "JOIN: #a b,c #d\n", []string{"join #a", "refuse usage", "join #d"}, []string{"JOINED: #a", badRoom, "JOINED: #d"}},
		{"the longest", "JOIN: " + longest + "\n", []string{"join " + longest}, []string{"JOINED: " + longest}},
		{"too long", "JOIN: " + longest + "x\n", []string{"refuse usage"}, []string{badRoom}},
		{"far too long", "JOIN: #" + strings.Repeat("x", 4000) + "\n", []string{"refuse usage"}, []string{badRoom}},
		{"no name", "JOIN: #\n", []string{"refuse usage"}, []string{badRoom}},
		{"a quote", "JOIN: \"a\"\n", []string{"refuse usage"}, []string{badRoom}},
		{"a colon", "JOIN: #a:b\n", []string{"refuse usage"}, []string{badRoom}},
		{"a control character", "JOIN: #a\x01\n", []string{"refuse usage"}, []string{badRoom}},
		{"other letters", "JOIN: #ÄÖ\n", []string{"join #äö"}, []string{"JOINED: #äö"}},
		{"Latin-1", "JOIN: #\xc4\xd6\n", []string{"join #äö"}, []string{"JOINED: #äö"}},
		{"join nothing", "JOIN:\nJOIN\nJOIN #a\nJOIN #a: b\n", slices.Repeat([]string{"refuse usage"}, 4), slices.Repeat([]string{howJoin}, 4)},
		{"leave", "LEAVE: #Turbo b\n", []string{"leave #turbo", "leave #b"}, []string{"USERLEAVE #turbo: Will", "USERLEAVE #b: Will"}},
		{"leave nothing", "LEAVE\n", []string{"refuse usage"}, []string{howLeave}},

		{"to a channel", "MSG #lobby: a: b \r\n", []string{`say to #lobby "a: b"`}, nil},
		{"to a channel in capitals", "MSG #LobbyÄ: a\n", []string{`say to #lobbyä "a"`}, nil},
		{"to none that can be", "MSG #a,b: a\n", []string{"refuse usage"}, []string{badRoom}},
		{"to a nick", "MSG Will: a\tb\n", []string{`say to Will "a\tb"`}, nil},
		{"Latin-1 text", "MSG Will: h\xe9\n", []string{`say to Will "hé"`}, nil},
		{"Latin-1 grows", "MSG a: " + strings.Repeat("\xe9", 4000) + "\n", []string{fmt.Sprintf("say to a %q, cut", strings.Repeat("é", maxLine/2))}, nil},
		{"nothing", "MSG Will:\nMSG #lobby:  \t\n", nil, nil},
		{"to nobody", "MSG: a\nMSG\nMSG a\nMSG a b: c\n", slices.Repeat([]string{"refuse usage"}, 4), slices.Repeat([]string{howMsg}, 4)},
		{"the longest line", "MSG a: " + text + "\r\n", []string{fmt.Sprintf("say to a %q", text)}, nil},
		{"too long a line", "MSG a: x" + text + "\nPONG: 1\n", []string{"refuse toolong", "pong 1"}, []string{tooLong}},

		{"pong", "PONG: 466707830\nPONG: 000000012\n", []string{"pong 466707830", "pong 12"}, nil},
		{"no pong of ours", "PONG: x\nPONG\nPONG: -1\nPONG: 4294967296\nPONG: 99999999999999999999\n", nil, nil},

		{"talk", "TALK John: REQUEST\n", []string{"talk to John, room false"}, nil},
		{"talk of a channel", "TALK #Lobby: REQUEST\n", []string{"talk to #lobby, room true"}, nil},
		{"talk to no name", "TALK \",\": REQUEST\n", []string{"refuse unknown"}, []string{notAccepted + `no such nick: ","`}},
		{"talk of none that can be", "TALK #: REQUEST\n", []string{"refuse usage"}, []string{badRoom}},
		{"accept", "TALK John 123456789012345: ACCEPT\n", []string{"talk 123456789012345 true"}, nil},
		{"accept by the key", "TALK 123456789012345:ACCEPT\n", []string{"talk 123456789012345 true"}, nil},
		{"deny", "TALK #x 123456789012345: DENY\n", []string{"talk 123456789012345 false"}, nil},
		{"end", "TALK 123456789012345: END\n", []string{"talk 123456789012345 ends"}, nil},
		{"no key", "TALK John: ACCEPT\nTALK: END\nTALK 12345678901234: DENY\nTALK 023456789012345: END\nTALK 1234567890123456: END\n",
			slices.Repeat([]string{"refuse unknown"}, 5), slices.Repeat([]string{badSession}, 5)},
		{"what of it", "TALK John: HUH\nTALK John\nTALK: REQUEST\nTALK a b: REQUEST\nTALK 123456789012345: ACCEPTED\n",
			slices.Repeat([]string{"refuse usage"}, 5), slices.Repeat([]string{howTalk}, 5)},

		{"unknown", "ERROR: x\nmsg a: b\nx\n:\nDISCONNECT me\nDISCONNECTED\n", slices.Repeat([]string{"refuse malformed"}, 6), slices.Repeat([]string{unknownWord}, 6)},
		{"goodbye", "DISCONNECT\nMSG a: b\n", []string{"logout"}, nil},
		{"goodbye in words", "DISCONNECT: see you\nMSG a: b\n", []string{"logout"}, nil},
	} {
		for _, cut := range cuts(c.stream) {
			l := in(t)
			for _, s := range cut {
				l.feed(s)
			}
			l.want(c.what, c.read, c.wrote, "")
		}
	}
}

// TestAnswers: what is said about what does not go well.
func TestAnswers(t *testing.T) {
	key := &chat.TalkEnd{Key: 123456789012345}
	for _, c := range []struct {
		what string
		to   chat.Request
		err  error
		want string
	}{
		{"no such nick", toNick("bob", "x"), chat.Errorf(chat.Unknown, "x"), notAccepted + "no such nick: bob"},
		{"no nick at all", toNick("b\x1bob", "x"), chat.Errorf(chat.BadName, "x"), notAccepted + "no such nick: b ob"},
		{"not in the channel", toRoom("#x", "x"), chat.Errorf(chat.Unknown, "x"), notAccepted + "you are not in #x"},
		{"not told", toNick("bob", "x"), chat.Errorf(chat.NotDelivered, "not delivered\r\nPING: 1"), notAccepted + "not delivered PING: 1"},
		{"internal", toNick("bob", "x"), errors.New("secret"), notAccepted + "This cannot be done now"},
		{"empty words", toNick("bob", "x"), &chat.Error{Kind: chat.Full}, notAccepted + "This cannot be done now"},
		{"join", &chat.Join{Room: "#x"}, chat.Errorf(chat.Full, "too many"), notAccepted + "too many"},
		{"leave", &chat.Leave{Room: "#x"}, chat.Errorf(chat.Unknown, "x"), notAccepted + "you are not in #x"},
		{"leave, not so", &chat.Leave{Room: "#x"}, chat.Errorf(chat.NotSo, "x"), notAccepted + "you are not in #x"},
		{"leave, otherwise", &chat.Leave{Room: "#x"}, chat.Errorf(chat.Broken, "broken"), notAccepted + "broken"},
		{"talk to nobody", &chat.Talk{To: []byte("bob")}, chat.Errorf(chat.Unknown, "x"), notAccepted + "no such nick: bob"},
		{"talk in a channel", &chat.Talk{To: []byte("#x"), Room: true}, chat.Errorf(chat.NotSo, "x"), notAccepted + "you are not in #x"},
		{"talk too often", &chat.Talk{To: []byte("bob")}, chat.Errorf(chat.TooFast, "too fast"), notAccepted + "too fast"},
		{"no call", &chat.TalkReply{Key: 1}, chat.Errorf(chat.NotSo, "x"), badSession},
		{"no call to end", key, errors.New("x"), badSession},
		{"a call before the login", key, chat.Errorf(chat.Unregistered, "log in"), notAccepted + "log in"},
		{"a call that ends", key, nil, ""},
		{"goodbye", &chat.Logout{}, nil, ""},
		{"refused for nothing", &chat.Refuse{Err: errBadKey}, nil, badSession},
		{"last words", nil, chat.Errorf(chat.TooLate, "no answer to a ping"), notAccepted + "no answer to a ping"},
		{"the server stops", nil, chat.Errorf(chat.Lost, "x"), notAccepted + "The server stops. Come back later"},
		{"no last words", nil, nil, ""},
	} {
		got := string(in(t).s.Answer(nil, chat.Answer{To: c.to, Err: c.err}))
		if got != c.want+lineEnd && (got != "" || c.want != "") {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	s := in(t).s
	s.Answer(nil, chat.Answer{Err: errBadKey})
	if r, n, err := s.Next([]byte("MSG a: b\n")); r != nil || n != 9 || err != nil {
		t.Errorf("behind the last words: %v, %d, %v", r, n, err)
	}
}

// TestSilence: what counts without a line end (rule 3).
func TestSilence(t *testing.T) {
	long := strings.Repeat("x", maxLine+1)
	for _, c := range []struct {
		what, stream string
		by           func(testing.TB) *link
		read         []string
		kept         string
		before       int // of read, before the silence
	}{
		{"connect", `CONNECT: "Will" "W W" 1.0.0`, open, []string{loginIs}, "", 0},
		{"connect, no version", `CONNECT: "Will" "W W"`, open, []string{loginIs}, "", 0},
		{"connect, half its line end", `CONNECT: "Will" "W W"` + "\r", open, []string{loginIs}, "", 0},
		{"half a connect", `CONNECT: "Will" "W W`, open, nil, `CONNECT: "Will" "W W`, 0},
		{"no connect", `CONNECT: Will W`, open, nil, `CONNECT: Will W`, 0},
		{"a nick that cannot be", `CONNECT: "a b" "W W"`, open, []string{"refuse name"}, "", 0},
		{"another word", `MSG Will: "a" "b"`, in, nil, `MSG Will: "a" "b"`, 0},
		{"connect twice", `CONNECT: "Will" "W W"`, in, []string{"refuse already"}, "", 0},
		{"disconnect", "DISCONNECT", in, []string{"logout"}, "", 0},
		{"disconnect at once", "DISCONNECT", open, []string{"logout"}, "", 0},
		{"half a disconnect", "DISCONN", in, nil, "DISCONN", 0},
		{"another line in front", "PONG: 1\nDISCONNECT", in, []string{"pong 1", "logout"}, "", 1},
		{"behind a connect without an end", connectWill + "DISCONNECT", open, []string{loginIs, "logout"}, "", 1},
		{"the end of a long line", long + "DISCONNECT", in, []string{"refuse toolong"}, "", 1},
	} {
		at := c.by(t).feed(c.stream)
		before := len(at.read)
		if at.silence(); !slices.Equal(at.read, c.read) || string(at.kept) != c.kept {
			t.Errorf("%s: read %q, %q is left", c.what, at.read, at.kept)
		}
		if before != c.before {
			t.Errorf("%s: %d requests before the silence, want %d", c.what, before, c.before)
		}
		if l := c.by(t).feed(c.stream).end(); !slices.Equal(l.read, c.read) {
			t.Errorf("%s: at the end of input: %q", c.what, l.read)
		}
	}
}

// TestWaits: a login is waited for, and 100 answers; several channels of one
// line wait likewise, and nothing is lost (rules 4 and 11).
func TestWaits(t *testing.T) {
	l := open(t)
	l.answer = never
	l.feed(connectWill + "JOIN:" + strings.Repeat(" #a", maxOpen+10) + "\nDISCONNECT").silence().end()
	if len(l.read) != 1 {
		t.Fatalf("before the answer: %q", l.read)
	}
	l.settle(chat.Answer{})
	if len(l.read) != 1+maxOpen {
		t.Fatalf("%d requests", len(l.read))
	}
	l.silence().end()
	if len(l.read) != 1+maxOpen || string(l.kept) != "DISCONNECT" {
		t.Fatalf("%d requests, %q is left", len(l.read), l.kept)
	}
	l.settle(chat.Answer{}).silence()
	if len(l.read) != 1+maxOpen+10+1 || l.read[len(l.read)-1] != "logout" {
		t.Errorf("%d requests, the last %s", len(l.read), l.read[len(l.read)-1])
	}
	if joined := slices.Index(l.wrote, "JOINED: #a"); joined != 1 || len(l.wrote) != 1+maxOpen {
		t.Errorf("wrote %d lines, the first %q", len(l.wrote), l.wrote[:2])
	}
}

// TestLobby: everyone is told of the lobby though nobody asked.
func TestLobby(t *testing.T) {
	l := in(t)
	l.reply(&chat.Join{Room: "#lobby"}, chat.Answer{})
	l.want("lobby", nil, []string{"JOINED: #lobby"}, "")
}

// TestSize: a session is as small as its comment says.
func TestSize(t *testing.T) {
	if size := unsafe.Sizeof(session{}); size > 64 {
		t.Errorf("a session has %d bytes", size)
	}
}

// TestPaced: 5 ms, for every message.
func TestPaced(t *testing.T) {
	if got := New().Open(codec.Link{}).(codec.Paced).Gap(); got != 5*time.Millisecond {
		t.Errorf("the gap is %v", got)
	}
}
