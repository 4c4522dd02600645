package dtu

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"mim/chat"
	"mim/codec"
	"mim/codec/codectest"
)

// seed is the part of codec/testdata/vectors.json that is about this dialect.
const seed = "003"

// streams gives the vectors of one direction for the conformance suite, those
// over UDP left out.
func streams(tb testing.TB, direction string) [][]byte {
	all := codectest.Vectors(tb, seed)
	all = slices.DeleteFunc(all, func(v *codectest.Vector) bool { return strings.HasPrefix(v.What, "udp ") })
	return codectest.Streams(all, direction)
}

// hears says what the server reads of each vector that a client sends over
// TCP, and what it answers if all goes well.
var hears = map[string]struct {
	by    func(testing.TB) *link
	read  []string
	wrote []string
	heard string       // by our client, before it asks
	asks  chat.Request // that our client asks for the same bytes
}{
	"connect, Voix client":                     {open, []string{`login "Will"`}, []string{"ACCEPTED: mim"}, "", nil},
	"connect, Voixer test client":              {open, []string{`login "John"`}, []string{"ACCEPTED: mim"}, "", nil},
	"connect, no version":                      {open, []string{`login "Will"`}, []string{"ACCEPTED: mim"}, "", nil},
	"connect cut inside the nick":              {open, []string{`login "Will"`}, []string{"ACCEPTED: mim"}, "", nil},
	"connect, quote in the nick":               {open, []string{"refuse malformed"}, []string{"NOTACCEPTED: " + saysSyntax}, "", nil},
	"join":                                     {in, []string{"join #turbo"}, []string{"JOINED: #turbo"}, "", nil},
	"two channels at once":                     {in, []string{"join #a", "join #b"}, []string{"JOINED: #a", "JOINED: #b"}, "", nil},
	"channel message in":                       {in, []string{`say to #lobby "Sup John :)"`}, nil, "", toRoom("#lobby", "Sup John :)")},
	"private message in":                       {in, []string{`say to Will "private hey"`}, nil, "", toNick("Will", "private hey")},
	"private message in, colon in the text":    {in, []string{`say to John83 "so: yes"`}, nil, "", toNick("John83", "so: yes")},
	"two lines in one segment, newlines alone": {in, []string{`say to #lobby "a"`, `say to #lobby "b"`}, nil, "", nil},
	"talk request in":                          {in, []string{"talk to John, room false"}, nil, "", &chat.Talk{To: []byte("John")}},
	"talk accept":                              {in, []string{"talk 400956614016195 true"}, nil, "", nil},
	"talk accept, seed": {
		in, []string{"talk 827742843590392 true"}, nil,
		"TALK John83 827742843590392: REQUEST\r\n", &chat.TalkReply{Key: 827742843590392, Yes: true},
	},
	"talk deny": {in, []string{"talk 446397321169902 false"}, nil, "", nil},
	"talk deny, seed": {
		in, []string{"talk 827742843590392 false"}, nil,
		"TALK John83 827742843590392: REQUEST\r\n", &chat.TalkReply{Key: 827742843590392},
	},
	"talk end":          {in, []string{"talk 540727327892856 ends"}, nil, "", &chat.TalkEnd{Key: 540727327892856}},
	"pong, Voix client": {in, []string{"pong 466707830"}, nil, "", nil},
	"disconnect":        {in, []string{"logout"}, nil, "", &chat.Logout{}},
}

// datagrams says what ParseVoice makes of each vector over UDP.
var datagrams = map[string]struct {
	key     uint64
	ack, ok bool
}{
	"udp join":            {400956614016195, false, true},
	"udp join, ours":      {827742843590392, true, true},
	"udp join, wrong key": {0, false, true},
	"udp voice":           {0, false, false},
}

func toRoom(room, text string) *chat.Say {
	return &chat.Say{To: []byte(room), Room: true, Text: []byte(text)}
}

func toNick(nick, text string) *chat.Say { return &chat.Say{To: []byte(nick), Text: []byte(text)} }

func answers(r chat.Request, k chat.Kind) func() []byte {
	return func() []byte {
		s := &session{d: New().(*dialect), nick: "John", state: checking}
		a := chat.Answer{To: r}
		if k != 0 {
			a.Err = chat.Errorf(k, "it went wrong")
		}
		return s.Answer(nil, a)
	}
}

func tells(e chat.Event) func() []byte { return func() []byte { return New().Append(nil, e, 0) } }

func people(names ...string) (all []*chat.Person) {
	for _, n := range names {
		all = append(all, &chat.Person{Name: n})
	}
	return all
}

func news(state chat.CallState, name string, key uint64) *chat.Call {
	c := &chat.Call{State: state, Key: key}
	if name != "" {
		c.Who = &chat.Person{Name: name}
	}
	return c
}

var (
	will    = &chat.Person{Name: "Will"}
	john    = &chat.Person{Name: "John"}
	supJohn = &chat.Said{From: will, Room: "#lobby", Text: []byte("Sup John :)")}
	heyJohn = &chat.Said{From: &chat.Person{Name: "Thomas12"}, To: &chat.Person{Name: "John83"}, Text: []byte("Hey John! How's it going?")}
)

// says has the server write each vector that it sends, and says what our
// client reads of it and of the silence behind it when asked was asked.
var says = map[string]struct {
	by    func() []byte // nil: ours never says it
	asked chat.Request
	read  string
}{
	"accepted":                        {func() []byte { return appendRest([]byte("ACCEPTED"), "ip.voice.org") }, loginWill, `answer to login "Will": done`},
	"accept, seed":                    {nil, loginWill, `answer to login "Will": done`},
	"nick in use":                     {answers(loginWill, chat.Taken), loginWill, `answer to login "Will": taken`},
	"not yet connected":               {answers(&chat.Refuse{Err: errConnect}, chat.Unregistered), loginWill, `answer to login "Will": refused`},
	"connect syntax":                  {answers(&chat.Refuse{Err: errSyntax}, chat.Unregistered), loginWill, `answer to login "Will": name`},
	"joined default channel":          {answers(&chat.Join{Room: "#lobby"}, 0), nil, ""},
	"joined":                          {answers(&chat.Join{Room: "#turbo"}, 0), &chat.Join{Room: "#turbo"}, "answer to join #turbo: done"},
	"userlist":                        {tells(&chat.Members{Room: "#lobby", People: people("Will", "John")}), nil, `in #lobby: ["Will" "John"]`},
	"userjoin":                        {nil, nil, "John enters #lobby"},
	"userjoin, whole":                 {tells(&chat.Entered{Room: "#lobby", Who: john}), nil, "John enters #lobby"},
	"userjoin glued to the next":      {nil, nil, `John enters #lobby; John in #lobby: "Hey Will!"`},
	"userleave":                       {tells(&chat.Exited{Room: "#lobby", Who: john}), nil, "John leaves #lobby"},
	"channel message out":             {tells(supJohn), nil, `Will in #lobby: "Sup John :)"`},
	"private message out":             {nil, nil, `John to will: "private hey"`},
	"private message out, seed":       {tells(heyJohn), nil, `Thomas12 to John83: "Hey John! How's it going?"`},
	"talk request to caller":          {tells(news(chat.CallAsked, "John", 400956614016195)), &chat.Talk{To: []byte("John")}, "answer to talk to John, room false: done; call 400956614016195 with John asked"},
	"talk request to callee":          {tells(news(chat.CallAsked, "Will", 400956614016195)), nil, "call 400956614016195 with Will asked"},
	"talk accepted to caller":         {nil, nil, "call 540727327892856 with nobody accepted"},
	"talk accepted, seed":             {tells(news(chat.CallAccepted, "Mike", 827742843590392)), nil, "call 827742843590392 with Mike accepted"},
	"talk accepted glued to the next": {nil, nil, `call 540727327892856 with nobody accepted; Will in #lobby: "x"`},
	"talk denied to caller":           {nil, nil, "call 446397321169902 with nobody denied"},
	"talk denied, seed":               {tells(news(chat.CallDenied, "Mike", 827742843590392)), nil, "call 827742843590392 with Mike denied"},
	"talk end to all":                 {nil, nil, "call 540727327892856 with nobody ended"},
	"talk end, whole":                 {tells(news(chat.CallEnded, "Mike", 540727327892856)), &chat.TalkEnd{Key: 540727327892856}, "answer to talk 540727327892856 ends: done; call 540727327892856 with nobody ended"},
	"talk unknown key":                {answers(&chat.TalkEnd{Key: 540727327892856}, chat.Unknown), &chat.TalkEnd{Key: 540727327892856}, "answer to talk 540727327892856 ends: unknown"},
	"ping":                            {tells(&chat.Ping{Number: 466707830}), nil, "ping 466707830"},
	"ping, seed":                      {nil, nil, "ping 0"},
	"error to a connected client":     {answers(toNick("nobody", "x"), chat.Unknown), toNick("nobody", "x"), `answer to say to nobody "": unknown`},
}

// TestVectors runs every vector of seed 003; one that no table names fails.
func TestVectors(t *testing.T) {
	const total = 51 // of seed 003, so that none is lost on the way
	codectest.RunVectors(t, seed, total, func(t *testing.T, v *codectest.Vector) {
		if _, ok := datagrams[v.What]; ok {
			voiceVector(t, v)
		} else if v.Direction == "client->server" {
			hearVector(t, v)
		} else {
			sayVector(t, v)
		}
	}, maps.Keys(hears), maps.Keys(says), maps.Keys(datagrams))
	if n := len(hears) + len(says) + len(datagrams); n != total {
		t.Errorf("%d vectors are named, want %d", n, total)
	}
}

func hearVector(t *testing.T, v *codectest.Vector) {
	want, ok := hears[v.What]
	if !ok {
		t.Fatal("no test for this vector")
	}
	l := want.by(t)
	for _, s := range v.Segments(t) {
		l.feed(string(s))
	}
	l.silence().want(v.What, want.read, want.wrote, "")
	switch {
	case want.asks != nil:
		if got := insider(t).hear(want.heard).c.Ask(nil, want.asks); !bytes.Equal(got, v.Bytes) {
			t.Errorf("our client writes %q, want %q", got, v.Bytes)
		}
	case v.Use == "both":
		// Our client knows no real name: it sends the nick.
		got := call(t).c.Ask(nil, loginWill)
		if !bytes.Equal(bytes.Replace(got, []byte(`" "Will"`), []byte(`" "William Wilkinson"`), 1), v.Bytes) &&
			!bytes.Equal(bytes.Replace(got, []byte(`" "Will"`), []byte(`" "W W"`), 1), v.Bytes) {
			t.Errorf("our client writes %q, want %q", got, v.Bytes)
		}
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
	if want.asked == chat.Request(loginWill) {
		c = call(t).ask(want.asked)
	} else if c = insider(t); want.asked != nil {
		c.ask(want.asked)
	}
	c.wrote = nil
	c.hear(string(v.Bytes)).after(quiet)
	if got := strings.Join(c.read, "; "); got != want.read || len(c.kept) > 0 {
		t.Errorf("our client reads %s, %q is left; want %s", got, c.kept, want.read)
	}
	pong := strings.Replace(string(v.Bytes), "PING", "PONG", 1)
	if answered := strings.Join(c.wrote, ""); v.What[:4] == "ping" && answered != pong {
		t.Errorf("our client answers %q, want %q", answered, pong)
	}
}

func voiceVector(t *testing.T, v *codectest.Vector) {
	want := datagrams[v.What]
	d := New().(*dialect)
	if key, ack, ok := d.ParseVoice(v.Bytes); key != want.key || ack != want.ack || ok != want.ok {
		t.Errorf("read %d, %v, %v, want %+v", key, ack, ok, want)
	}
	if want.ack {
		if got := d.AppendVoice(nil, want.key); !bytes.Equal(got, v.Bytes) {
			t.Errorf("our client writes %q, want %q", got, v.Bytes)
		}
	}
}

// TestAcceptWord: the seed's word is written if the flag says so, and the
// host that was configured.
func TestAcceptWord(t *testing.T) {
	set := map[string]string{"dtu-accept": "ACCEPT", "dtu-quiet": "false", "dtu-gap": "5ms", "dtu-host": "ip.google.com"}
	d, err := New().(codec.Configurable).Configure(func(name string) string { return set[name] })
	if err != nil {
		t.Fatal(err)
	}
	l := openBy(t, d).feed(connectWill)
	l.want("configured", []string{`login "Will"`}, []string{"ACCEPT: ip.google.com"}, "")
}
