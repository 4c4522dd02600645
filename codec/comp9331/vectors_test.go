package comp9331

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/codec/codectest"
)

// seed is the part of codec/testdata/vectors.json that is about this dialect.
const seed = "002"

// streams gives the vectors of one direction for the conformance suite.
func streams(tb testing.TB, direction string) [][]byte {
	return codectest.Streams(codectest.Vectors(tb, seed), direction)
}

var (
	hansAsks = []string{`login "hans" "falcon"`, "whoelse"}
	lukeAsks = []string{`login "luke" "lightsaber"`, "whoelse"}
	loggedIn = []string{askPass, saysWelcome + "\n", "yoda \n"}
	refuses  = "refuse: malformed"
)

// hears says what the server reads of each vector that a client sends, by
// which link and what it answers if all goes well. Silence follows each
// segment where a link without line ends says so.
var hears = map[string]struct {
	by    func(testing.TB) *link
	read  []string
	wrote []string
	asks  chat.Request // that our client asks for the same bytes
}{
	"username":                           {open, nil, []string{askName, askPass}, nil},
	"username without newline":           {open, nil, []string{askName, askPass}, nil},
	"logout":                             {in, []string{"logout"}, []string{"Goodbye\n"}, &chat.Logout{}},
	"logout on Ctrl+C":                   {in, []string{"logout"}, []string{"Goodbye\n"}, nil},
	"login and a command in one segment": {open, lukeAsks, append([]string{askName}, loggedIn...), nil},
	"CR LF":                              {open, hansAsks, append([]string{askName}, loggedIn...), nil},
	"command without newline":            {typist, []string{"whoelse"}, []string{"yoda \n"}, nil},
	"message cut inside a character":     {in, []string{`say to "hans" "é"`}, nil, &chat.Say{To: []byte("hans"), Text: []byte("é")}},
	"message with runs of blanks":        {in, []string{`say to "yoda" "Hey   Dude"`}, nil, &chat.Say{To: []byte("yoda"), Text: []byte("Hey   Dude")}},
	"whoelsesince without a number":      {in, []string{"refuse: usage"}, []string{"Usage: whoelsesince time\n"}, nil},
	"upper case":                         {in, []string{refuses}, []string{"Error. Invalid command\n"}, nil},
	"command cut in two, 300 ms apart, after line ends": {
		in, []string{`say to all "hello world"`}, nil, &chat.Say{All: true, Text: []byte("hello world")},
	},
}

func answers(r chat.Request, a chat.Answer) func() []byte {
	return func() []byte {
		a.To = r
		return new(session).Answer(nil, a)
	}
}

func fails(r chat.Request, k chat.Kind) func() []byte {
	return answers(r, chat.Answer{Err: chat.Errorf(k, "it went wrong")})
}

func tells(e chat.Event) func() []byte { return func() []byte { return New().Append(nil, e, 0) } }

func prompts(s *session) func() []byte { return func() []byte { return s.Prompt(nil) } }

var (
	hans = &chat.Person{Name: "hans"}
	luke = &chat.Person{Name: "luke"}
	say  = &chat.Say{To: []byte("yoda"), Text: []byte("Hi")}
	toll = &chat.Say{All: true, Text: []byte("Hi")}

	login     = &chat.Login{Name: "hans", Pass: []byte("falcon")}
	blockHans = &chat.Block{Name: []byte("hans")}
	unblock   = &chat.Block{Name: []byte("yoda"), Undo: true}
	noon      = time.Date(2026, 11, 20, 12, 4, 59, 0, time.UTC)
)

const notice = "notice "

// says has the server write each vector that it sends, and says what our
// client reads of it when asked was asked. What it asked in vain it is told.
var says = map[string]struct {
	by    func() []byte // nil: ours never says it
	asked chat.Request
	read  string
}{
	"greeting prompt": {func() []byte { return new(session).Start(nil) }, nil, ""},
	"password prompt": {prompts(&session{prompt: passPrompt}), login, ""},
	"welcome":         {answers(login, chat.Answer{}), login, `answer to login "hans": done`},
	"bad password":    {fails(login, chat.BadPass), login, `answer to login "hans": password`},
	"unknown user":    {nil, login, `answer to login "hans": password`},
	"locked":          {fails(login, chat.Locked), login, `answer to login "hans": locked`},
	"already on":      {fails(login, chat.Online), login, `answer to login "hans": online`},

	"login presence":      {tells(&chat.Came{Who: luke}), nil, "came luke"},
	"logout presence":     {tells(&chat.Went{Who: luke}), nil, "went luke"},
	"message delivered":   {tells(&chat.Said{From: hans, Text: []byte("Hey Dude")}), nil, `hans: "Hey Dude"`},
	"broadcast delivered": {tells(&chat.Said{From: hans, Text: []byte("vader sucks")}), nil, `hans: "vader sucks"`},
	"stored message delivered": {
		tells(&chat.Said{From: hans, Text: []byte("stored one"), At: noon}), nil, `hans at 2026-11-20T12:04:00Z: "stored one"`,
	},

	"whoelse reply":         {answers(&chat.WhoElse{}, chat.Answer{Names: []string{"yoda"}}), &chat.WhoElse{Now: true}, `answer to whoelse: ["yoda"]`},
	"whoelse reply, nobody": {answers(&chat.WhoElse{}, chat.Answer{}), &chat.WhoElse{Now: true}, "answer to whoelse: done"},
	"stored":                {answers(say, chat.Answer{Stored: true}), say, `answer to say to "yoda" "": stored`},
	"blocked message":       {fails(say, chat.Blocked), say, `answer to say to "yoda" "": blocked`},
	"blocked broadcast":     {fails(toll, chat.Blocked), toll, `answer to say to all "": blocked`},
	"block ok":              {answers(blockHans, chat.Answer{}), blockHans, `answer to block "hans": done`},
	"unblock ok":            {answers(&chat.Block{Name: []byte("hans"), Undo: true}, chat.Answer{}), unblock, `answer to unblock "yoda": done`},
	"block twice":           {fails(blockHans, chat.Already), blockHans, `answer to block "hans": already`},
	"block self":            {fails(blockHans, chat.Self), blockHans, `answer to block "hans": self`},
	"unblock self":          {fails(unblock, chat.Self), unblock, `answer to unblock "yoda": self`},
	"unblock not blocked":   {fails(unblock, chat.NotSo), unblock, `answer to unblock "yoda": notso`},
	"invalid user":          {fails(say, chat.Unknown), say, `answer to say to "yoda" "": unknown`},
	"invalid command":       {fails(&chat.Refuse{Err: errBadCommand}, chat.Unregistered), nil, notice + `"Error. Invalid command"`},
	"usage message":         {nil, nil, `Useage: "message name words "`},
}

// TestVectors runs every vector of seed 002; one that no table names fails.
func TestVectors(t *testing.T) {
	const total = 38 // of seed 002, so that none is lost on the way
	codectest.RunVectors(t, seed, total, func(t *testing.T, v *codectest.Vector) {
		if v.Direction == "client->server" {
			hearVector(t, v)
		} else {
			sayVector(t, v)
		}
	}, maps.Keys(hears), maps.Keys(says))
}

func hearVector(t *testing.T, v *codectest.Vector) {
	want, ok := hears[v.What]
	if !ok {
		t.Fatal("no test for this vector")
	}
	l := want.by(t)
	for _, s := range v.Segments(t) {
		l.feed(string(s)).silence()
	}
	l.end().want(v.What, want.read, want.wrote)
	if want.asks != nil {
		if got := insider(t).c.Ask(nil, want.asks); !bytes.Equal(got, v.Bytes) {
			t.Errorf("our client writes %q, want %q", got, v.Bytes)
		}
	} else if v.Use == "both" && v.What != "username" {
		t.Error("our client never writes it")
	}
}

func sayVector(t *testing.T, v *codectest.Vector) {
	want, ok := says[v.What]
	if !ok || (want.by == nil) != (v.Use == "accept") {
		t.Fatalf("no test for this vector, of use %q", v.Use)
	}
	if want.by != nil {
		if got := want.by(); !bytes.Equal(got, v.Bytes) {
			t.Errorf("wrote %q, want %q", got, v.Bytes)
		}
	}
	var c *client
	if want.asked == chat.Request(login) {
		c = call(t).ask(login).hear(askName)
		if v.What != "password prompt" {
			c.hear(askPass)
		}
	} else {
		c = insider(t)
		if want.asked != nil {
			c.ask(want.asked)
		}
		if v.What == "greeting prompt" {
			c = call(t)
		}
	}
	c.hear(string(v.Bytes))
	if got := strings.Join(c.read, "; "); got != want.read || len(c.kept) > 0 {
		t.Errorf("our client reads %s, %q is left; want %s", got, c.kept, want.read)
	}
	if v.What == "password prompt" && !slices.Equal(c.wrote, []string{"hans\n", "falcon\n"}) {
		t.Errorf("our client answers %q", c.wrote)
	}
}
