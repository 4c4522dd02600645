package messenger

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"mim/chat"
	"mim/codec"
	"mim/codec/codectest"
)

// suite tells the conformance suite what messenger's connections are; their
// streams are the vectors, and what the vectors leave out.
func suite(tb testing.TB) codectest.Suite {
	return codectest.Suite{
		Dialect: New(),
		Page:    "../../docs/dialects/messenger.md",
		Pairs:   []codectest.Pair{pair(tb, "sending", chat.Sends), pair(tb, "receiving", chat.Receives)},
	}
}

// keeps is the most that waits: a header, a body, and what is behind it up to
// the word by which the next message begins.
const keeps = maxHeader + maxBody + maxBetween + len(wordRegistered)

func pair(tb testing.TB, name string, part chat.Part) codectest.Pair {
	link := codec.Link{Role: codec.Registry, Remote: netip.MustParseAddrPort("198.51.100.9:50000")}
	return codectest.Pair{Name: name, Ends: [2]codectest.End{
		{
			Name:  "server",
			Link:  link,
			First: []byte("REGISTER TOSEND zed\n\nREGISTER TORECV zed\n\n"),
			Hears: append(streams(tb, "client->server"), oddRequests()...),
			Keeps: keeps,
		}, {
			Name:  "client",
			Link:  link,
			Calls: true,
			Asks:  []chat.Request{&chat.Login{Name: "alice", Part: part}},
			Hears: append(streams(tb, "server->client"), oddTellings()...),
			Keeps: keeps,
		},
	}}
}

// counted is a message with a body, whose length is what is said it is.
func counted(first string, length int, body string) []byte {
	return fmt.Appendf(nil, "%s\nContent-length: %d\n\n%s", first, length, body)
}

// oddRequests are streams for a server beside the vectors.
func oddRequests() [][]byte {
	const hi = "SEND bob\nContent-length: 2\n\nhi"
	return [][]byte{
		[]byte("\n\r\n \t\nREGISTER TORECV a\r\n\r\n\nREGISTER\n\nREGISTER TOSEND b \n\n"),
		[]byte(strings.Repeat(hi, 110) + "RECEIVED bob\n\n"),
		[]byte("SEND bob\n\n" + hi + "HELLO\n\n" + hi + "SEND \nContent-length: 4\n\nhiho" + hi),
		append(counted("SEND bob", 70000, ""), strings.Repeat("SEND bob\n\n", 10)...),
		append(counted("SEND bob", 4, "éé"), counted("SEND bob", 6, "éé\n")...),
		append(counted("SEND bob", 2, "éé"), counted("SEND bob", 4, "éé\n")...),
		append(counted("SEND bob", 4, "ééSEN"), "D carol\n\n"...),
		append(counted("SEND bob", 3, "ééS"), counted("END bob", 5, "hello")...),
		counted("SEND bob", 5, "h\xe9ll\xe9\n\nSEND bob"),
		counted("SEND ALL", 3, "\n\né\n\n"),
		[]byte("ERROR 103\n\nERROR\n\nRECEIVED\n\nRECEIVED a b\n\n"),
		[]byte("SEND bob\n" + strings.Repeat("X: 1\n", 250)),
	}
}

// oddTellings are streams for a client beside the vectors.
func oddTellings() [][]byte {
	return [][]byte{
		[]byte("REGISTERED TOSEND alice\nSENT bob\nERROR 101 No user registered\n\n"),
		append(counted("FORWARD bob", 4, "éé"), counted("FORWARD bob", 6, "éé\n")...),
		append(counted("FORWARD bob", 2, "éé"), counted("FORWARD bob", 5, "hello")...),
		counted("FORWARD bob", 5, "h\xe9ll\xe9"),
		[]byte("FORWARD bob\n\nFORWARD bob\nContent-length: +1\n\n" + "x"),
		[]byte("Welcome\nname? "),
	}
}

func TestConformance(t *testing.T) { codectest.Run(t, suite(t)) }

func FuzzRead(f *testing.F)  { codectest.FuzzRead(f, suite(f)) }
func FuzzWrite(f *testing.F) { codectest.FuzzWrite(f, suite(f)) }
