package mim0

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"mim/chat"
	"mim/codec"
	"mim/codec/codectest"
	"mim/codec/wire"
)

// seed is the part of codec/testdata/vectors.json that is about this dialect.
const seed = "000"

// streams gives the vectors of one direction for the conformance suite.
func streams(tb testing.TB, direction string) [][]byte {
	return codectest.Streams(codectest.Vectors(tb, seed), direction)
}

// read feeds segments to next and tells what came out, one line each; the
// bytes that are left wait for more.
func read(next func(p []byte) (any, int, error), segments [][]byte) (got []string, left []byte) {
	for _, s := range segments {
		left = append(bytes.Clone(left), s...)
		for {
			v, n, err := next(left)
			left = left[n:]
			if err != nil {
				return append(got, "error: "+err.Error()), left
			}
			if v == nil && n == 0 {
				break
			}
			if v != nil {
				got = append(got, tell(v))
			}
		}
	}
	return got, left
}

// tell says what matters of a value in a line.
func tell(v any) string {
	switch v := v.(type) {
	case *chat.Login:
		return fmt.Sprintf("login %q %d", v.Name, v.Port)
	case *chat.Hello:
		return fmt.Sprintf("hello %q", v.Name)
	case *chat.Say:
		return fmt.Sprintf("say %q cut=%v", v.Text, v.Cut)
	case *chat.Came:
		return fmt.Sprintf("came %q %v %v", v.Who.Name, v.Who.Near, v.Who.Far)
	case *chat.Went:
		return fmt.Sprintf("went %q %v %v", v.Who.Name, v.Who.Near, v.Who.Far)
	case *chat.Notice:
		return fmt.Sprintf("notice %q", v.Text)
	case *chat.Answer:
		return fmt.Sprintf("answer to %s: %v", tell(v.To), v.Err)
	}
	return fmt.Sprintf("%#v", v)
}

func nextOf(s codec.Session) func(p []byte) (any, int, error) {
	return func(p []byte) (any, int, error) {
		r, n, err := s.Next(p)
		if r == nil {
			return nil, n, err
		}
		return r, n, err
	}
}

func nextOfCaller(c codec.Caller) func(p []byte) (any, int, error) {
	return func(p []byte) (any, int, error) {
		e, n, err := c.Next(p)
		if e == nil {
			return nil, n, err
		}
		return e, n, err
	}
}

// reader gives the end that hears a vector of this direction.
func reader(direction string) func(p []byte) (any, int, error) {
	switch direction {
	case "client->server":
		return nextOf(New().Open(codec.Link{Role: codec.Registry, Remote: loopback}))
	case "server->client":
		return nextOfCaller(New().(codec.Calling).Call(codec.Link{}))
	}
	return nextOf(New().Open(codec.Link{Role: codec.Peer, Remote: elsewhere}))
}

const bob = "127.0.0.1:40002"

var (
	cameBob = `came "bob" ` + bob + " " + bob
	wentBob = `went "bob" ` + bob + " " + bob
	alice   = `login "alice" 40001`
	longest = strings.Repeat("a", chat.MaxNameUnits)
)

// reads says what is read of each vector that is a whole stream. In a line
// that ends in "...", the rest is the sentence for people.
var reads = map[string][]string{
	"login alice port 40001":                          {alice},
	"login name U+1F600 port 65535":                   {`login "😀" 65535`},
	"login, name of 64 units":                         {fmt.Sprintf("login %q 40001", longest)},
	"login, blank inside the name":                    {`login "Anna Maria" 40001`},
	"login, lone surrogate in the name":               {"login \"a\ufffd\" 40001"},
	"login cut inside the size":                       {alice},
	"login cut inside the string length":              {alice},
	"login cut inside a UTF-16 unit":                  {alice},
	"two logins in one segment: a rename":             {alice, `login "alicia" 40001`},
	"update A bob 127.0.0.1 40002":                    {cameBob},
	"update D bob 127.0.0.1 40002":                    {wentBob},
	"update A éve ::1 65535":                          {`came "éve" [::1]:65535 [::1]:65535`},
	"two blocks back to back":                         {cameBob, wentBob},
	"update block cut in three":                       {cameBob},
	"update D for nobody":                             {`went "zed" 127.0.0.1:40009 127.0.0.1:40009`}, // its reader ignores it
	"logo, then a block, in one segment":              {`notice "Welcome to mim"`, cameBob},
	"logo with an empty first line":                   {`notice ""`, `notice "Welcome"`, cameBob},
	"logo with CR LF and an empty line, then a block": {`notice "Hi"`, `notice ""`, cameBob},
	"peer: name line and a text":                      {`hello "alice"`, `say "hello" cut=false`},
	"peer: CR LF":                                     {`hello "alice"`, `say "hello" cut=false`},
	"peer: no UTF-8":                                  {`hello "alice"`, `say "héllo" cut=false`},
	"peer: cut inside a character":                    {`hello "alice"`, `say "héllo" cut=false`},

	"login empty name port 1":                        {"error: the name is empty"},
	"login null name port 1":                         {"error: the name is empty"},
	"malformed block: size 0":                        {"error: This is a mim0 registry..."},
	"malformed block: size 5, below the least login": {"error: This is a mim0 registry..."},
	"malformed block: size 4096":                     {"error: This is a mim0 registry..."},
	"malformed block: starts with text":              {"error: This is a mim0 registry..."},
	"malformed block: odd string length":             {"error: The name in the login block..."},
	"malformed block: string longer than the block":  {"error: The name in the login block..."},
	"malformed block: string length 0xfffffffe":      {"error: The name in the login block..."},
	"malformed block: two bytes left over":           {"error: The login block has 2 bytes too many..."},
	"malformed block: port 0":                        {"error: The login block names port 0..."},
	"malformed block: newline in the name":           {"error: the name holds a control..."},
	"malformed block: escape in the name":            {"error: the name holds a control..."},
	"malformed block: U+202E in the name":            {"error: the name holds a control..."},
	"malformed block: blank at the end of the name":  {"error: the name begins or ends with a blank"},
	"malformed block: name of 65 units":              {"error: the name is longer..."},
	"malformed update: address is no IP":             {"notice \"skipped an update..."},
	"malformed update: port 0":                       {"notice \"skipped an update..."},
	"malformed update: unknown type X":               nil, // text: waits for its LF
}

// parts are strings and numbers alone: what is read and written.
var parts = map[string]string{
	"null QString":                     "",
	"empty QString":                    "",
	`QString "alice"`:                  "alice",
	`QString "é" (U+00E9)`:             "é",
	"QString U+1F600 (surrogate pair)": "😀",
	`QString "你好"`:                     "你好",
	`QString "a b"`:                    "a b",
	"lone high surrogate QString":      "\ufffd",
}

// never are parts that we read and do not write.
var never = []string{"null QString", "lone high surrogate QString"}

// TestVectors runs every vector of seed 000; one that no table names fails.
func TestVectors(t *testing.T) {
	const total = 54 // of seed 000, so that none is lost on the way
	codectest.RunVectors(t, seed, total, func(t *testing.T, v *codectest.Vector) {
		switch {
		case v.Use == "part" && strings.HasPrefix(v.What, "quint"):
			readNumber(t, v)
		case v.Use == "part":
			readPart(t, v)
		case v.Direction == "either" && v.Use == "refuse":
			refusePart(t, v)
		default:
			readStream(t, v)
		}
	}, maps.Keys(reads))
}

func readNumber(t *testing.T, v *codectest.Vector) {
	b := wire.NewBlock(v.Bytes)
	switch v.What {
	case "quint16 40001":
		if got := b.Uint16(); got != 40001 || !bytes.Equal(binary.BigEndian.AppendUint16(nil, 40001), v.Bytes) {
			t.Errorf("%x is read as %d", v.Bytes, got)
		}
	case "quint8 'A'":
		if got := b.Uint8(); got != added {
			t.Errorf("%x is read as %q", v.Bytes, got)
		}
	case "quint8 'D'":
		if got := b.Uint8(); got != deleted {
			t.Errorf("%x is read as %q", v.Bytes, got)
		}
	default:
		t.Fatal("no test for this vector")
	}
	if b.Short() || b.Left() != 0 {
		t.Errorf("%d bytes left, short %v", b.Left(), b.Short())
	}
}

func readPart(t *testing.T, v *codectest.Vector) {
	want, ok := parts[v.What]
	if !ok {
		t.Fatal("no test for this vector")
	}
	b := wire.NewBlock(v.Bytes)
	units, ok := readString(&b)
	if got := string(appendText(nil, units, len(units))); !ok || got != want || b.Left() != 0 {
		t.Errorf("%x is read as %q, %v, %d bytes left; want %q", v.Bytes, got, ok, b.Left(), want)
	}
	if slices.Contains(never, v.What) {
		return
	}
	if got := appendString(nil, want); !bytes.Equal(got, v.Bytes) {
		t.Errorf("%q is written as %x, want %x", want, got, v.Bytes)
	}
}

func refusePart(t *testing.T, v *codectest.Vector) {
	b := wire.NewBlock(v.Bytes)
	if units, ok := readString(&b); ok {
		t.Errorf("%x is read as %x", v.Bytes, units)
	}
}

func readStream(t *testing.T, v *codectest.Vector) {
	want, ok := reads[v.What]
	if !ok {
		t.Fatal("no test for this vector")
	}
	got, left := read(reader(v.Direction), v.Segments(t))
	if len(got) != len(want) {
		t.Fatalf("read %q, want %q", got, want)
	}
	for i := range got {
		if begin, ok := strings.CutSuffix(want[i], "..."); got[i] != want[i] && !(ok && strings.HasPrefix(got[i], begin)) {
			t.Errorf("read %q, want %q", got[i], want[i])
		}
	}
	if v.Use != "refuse" && len(left) > 0 {
		t.Errorf("%d bytes wait for more", len(left))
	}
	if v.Use == "both" {
		if wrote := rewrite(t, v); !bytes.Equal(wrote, v.Bytes) {
			t.Errorf("the same values are written as\n%x, want\n%x", wrote, v.Bytes)
		}
	}
}

// rewrite has our other end say what a vector says.
func rewrite(t *testing.T, v *codectest.Vector) (out []byte) {
	c := New().(codec.Calling).Call(codec.Link{})
	next, left := reader(v.Direction), v.Bytes
	for {
		value, n, err := next(left)
		if err != nil {
			t.Fatal(err)
		}
		left = left[n:]
		switch m := value.(type) {
		case nil:
			return out
		case *chat.Login:
			out = c.Ask(out, m)
		case *chat.Came:
			out = New().Append(out, m, near)
		case *chat.Went:
			out = New().Append(out, m, far)
		case *chat.Hello:
			out = New().Open(codec.Link{Role: codec.Peer, Dialed: true, As: m.Name}).(codec.Starter).Start(out)
		case *chat.Say:
			out = New().Append(out, &chat.Said{Text: m.Text}, peer)
		}
	}
}

// TestUnknownType: what looks like no block is text for our client, dropped up
// to a newline with a note; a block behind it is read.
func TestUnknownType(t *testing.T) {
	all := codectest.Vectors(t, seed)
	find := func(what string) []byte {
		i := slices.IndexFunc(all, func(v *codectest.Vector) bool { return v.What == what })
		if i < 0 {
			t.Fatalf("no vector %q", what)
		}
		return all[i].Bytes
	}
	stream := slices.Concat(find("malformed update: unknown type X"), []byte("\n"), find("update A bob 127.0.0.1 40002"))
	got, _ := read(reader("server->client"), [][]byte{stream})
	want := []string{`notice "skipped a line from the registry that is neither an update nor text"`, cameBob}
	if !slices.Equal(got, want) {
		t.Errorf("read %q, want %q", got, want)
	}
}

func addr(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }
