package messenger

import (
	"bytes"
	"maps"
	"strings"
	"testing"

	"mim/chat"
	"mim/codec"
	"mim/codec/codectest"
)

// seed is the part of codec/testdata/vectors.json that is about this dialect.
const seed = "001"

// streams gives the vectors of one direction for the conformance suite.
func streams(tb testing.TB, direction string) [][]byte {
	return codectest.Streams(codectest.Vectors(tb, seed), direction)
}

const (
	hello   = `say to "bob" "hello there"`
	heard   = `say to "bob" "héllo"`
	inChars = "counts characters"
	inOctet = "counts bytes"

	sentBob    = "SENT bob\n\n"
	badName    = "ERROR 100 Malformed username\n\n"
	noUser     = "ERROR 101 No user registered\n\n"
	unable     = "ERROR 102 Unable to send\n\n"
	incomplete = "ERROR 103 Header incomplete\n\n"
	passedOn   = "ERROR 103 Header Incomplete\n\n"
)

// hears says what the server reads of each vector that a client sends, and
// what it answers if all goes well.
var hears = map[string]struct{ read, wrote []string }{
	"register send": {[]string{`login "alice" sends`}, []string{"REGISTERED TOSEND alice\n\n"}},
	"register recv": {[]string{`login "alice" receives`}, []string{"REGISTERED TORECV alice\n\n"}},
	"both roles in one segment": {
		[]string{`login "alice" sends`, `login "alice" receives`},
		[]string{"REGISTERED TOSEND alice\n\n", "REGISTERED TORECV alice\n\n"},
	},
	"send, Amaniitd":                                   {[]string{hello}, []string{sentBob}},
	"send, 5ayam5 / sicario001 / Kevin-379":            {[]string{hello}, []string{sentBob}},
	"send, zuhaib786 / karan469":                       {[]string{hello}, []string{sentBob}},
	"send cut in the header and in the body":           {[]string{hello}, []string{sentBob}},
	"send with CR LF":                                  {[]string{`say to "bob" "hi"`}, []string{sentBob}},
	"send, other case and blanks":                      {[]string{`say to "bob" "hi"`}, []string{sentBob}},
	"send, body with an empty line":                    {[]string{`say to "bob" "a\n\nb"`}, []string{sentBob}},
	"empty body":                                       {[]string{`say to "bob" ""`}, []string{sentBob}},
	"broadcast":                                        {[]string{`say to all (ALL) "to all"`}, []string{"SENT ALL\n\n"}},
	"non-ASCII, Latin-1 (karan469)":                    {[]string{heard}, []string{sentBob}},
	"characters counted, cut after n bytes":            {[]string{inChars, heard}, []string{sentBob}},
	"bytes counted, next request in the same segment":  {[]string{inOctet, heard, `say to "bob" "hi"`}, []string{sentBob, sentBob}},
	"non-ASCII, length in characters (Python clients)": {[]string{inChars, heard}, []string{sentBob}},
	"non-ASCII, length in bytes (Java, C++ clients)":   {[]string{inOctet, heard}, []string{sentBob}},

	"received":                             {[]string{`received "alice"`}, nil},
	"receiver refuses":                     {[]string{"refused: refused"}, nil},
	"receiver refuses, 5ayam5 spelling":    {[]string{"refused: refused"}, nil},
	"receiver refuses, zuhaib786 spelling": {[]string{"refused: refused"}, nil},

	"no Content-length":              {[]string{"last: malformed"}, []string{incomplete}},
	"Content-length is no number":    {[]string{"last: malformed"}, []string{incomplete}},
	"Content-length negative":        {[]string{"last: malformed"}, []string{incomplete}},
	"Content-length of 65537":        {[]string{"last: toolong"}, []string{incomplete}},
	"unknown first word, registered": {[]string{"last: malformed"}, []string{incomplete}},
	"header line over 1024 bytes":    {[]string{"last: malformed"}, []string{incomplete}},
	"register ALL":                   {[]string{"refuse: name"}, []string{badName}},
	"register with a blank":          {[]string{"refuse: name"}, []string{badName}},
	"register a non-ASCII name":      {[]string{"refuse: name"}, []string{badName}},
}

// says has the server write each vector that it sends.
var says = map[string]func() []byte{
	"registered send":                   answers(&chat.Login{Name: "alice", Part: chat.Sends}, 0),
	"registered recv":                   answers(&chat.Login{Name: "alice", Part: chat.Receives}, 0),
	"name taken or malformed":           answers(&chat.Login{Name: "alice", Part: chat.Sends}, chat.BadName),
	"ack SENT":                          answers(&chat.Say{To: []byte("bob")}, 0),
	"ack SENT ALL":                      answers(&chat.Say{To: []byte("ALL"), All: true}, 0),
	"not delivered":                     answers(&chat.Say{To: []byte("bob")}, chat.NotDelivered),
	"not registered":                    answers(&chat.Say{To: []byte("bob")}, chat.Unregistered),
	"receiver's error passed on":        answers(&chat.Say{To: []byte("bob")}, chat.Refused),
	"header incomplete":                 answers(&chat.Refuse{Err: chat.Errorf(chat.Malformed, "no length"), Last: true}, chat.Malformed),
	"forward":                           forwards("hello there", inBytes),
	"forward, non-ASCII, in bytes":      forwards("héllo", inBytes),
	"forward, non-ASCII, in characters": forwards("héllo", inRunes),
}

// heardOnly are what other servers send, and ours never: our calling side
// reads them.
var heardOnly = []string{"ack SENT, Amaniitd server", "ack SEND"}

func answers(r chat.Request, k chat.Kind) func() []byte {
	return func() []byte {
		a := chat.Answer{To: r}
		if k != 0 {
			a.Err = chat.Errorf(k, "no")
		}
		return New().Open(codec.Link{}).Answer(nil, a)
	}
}

func forwards(text string, v codec.Variant) func() []byte {
	return func() []byte {
		return New().Append(nil, &chat.Said{From: &chat.Person{Name: "alice"}, Text: []byte(text)}, v)
	}
}

// TestVectors runs every vector of seed 001; one that no table names fails.
func TestVectors(t *testing.T) {
	const total = 44 // of seed 001, so that none is lost on the way
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
	l := open(t)
	for _, s := range v.Segments(t) {
		l.feed(string(s))
	}
	l.silence().want(v.What, want.read, want.wrote)
	// What the vector says of the connection's end.
	if closes := strings.Contains(v.Meaning, "ERROR 103 Header incomplete, close"); closes != l.closed {
		t.Errorf("closed: %v", l.closed)
	}
}

func sayVector(t *testing.T, v *codectest.Vector) {
	say, ok := says[v.What]
	if v.Use == "accept" {
		for _, what := range heardOnly {
			if what == v.What {
				return
			}
		}
	}
	if !ok || v.Use != "both" {
		t.Fatalf("no test for this vector, of use %q", v.Use)
	}
	if got := say(); !bytes.Equal(got, v.Bytes) {
		t.Errorf("wrote %q, want %q", got, v.Bytes)
	}
}
