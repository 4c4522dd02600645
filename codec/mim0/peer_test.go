package mim0

import (
	"slices"
	"strings"
	"testing"

	"mim/chat"
	"mim/codec"
)

// oddLines are streams that try the edges of lines and blocks.
func oddLines() [][]byte {
	long := strings.Repeat("x", maxLine)
	var all [][]byte
	for _, s := range []string{
		"alice\n\n\r\n \n\thello\n",
		"bob\r\r\nwith\rin\r\n",
		"carol\n" + long + "\n",
		"carol\n" + long + "\r\nnext\n",
		"carol\n" + long + "\r",
		"carol\n" + long + "\rx\nnext\n",
		"carol\n" + long + "x\nnext\n",
		"carol\n" + long[1:] + "é\nnext\n",
		"carol\n" + long[2:] + "\xe9\xe9\xe9\nnext\n",
		"carol\n" + long + long + long + "\nnext\n",
		"h\xe9l\xe8ne\nh\xe9llo\n",
		strings.Repeat("é", maxNameLine/2) + "\r\nhello\n",
		strings.Repeat("你", 64) + "\r\nhello\n",
		strings.Repeat("你", 64) + "好\nhello\n",
		"\nhello\n",
		"a\x00b\nhello\n",
		"\x00\x0bA\x00", "\x00\x0aA\x00\n", "\x0f\xffD\x00\x00\x00", "\x10\x00A\x00\n", "\n\nA\x00\n", "\r\nA\x00",
		"\x00\x0bA\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01hello\n",
		"\x00\x0cA\x00\x00\x00\x03\x00\x00\x00\x00\x00\x01hello\n",
		"\tlogo\n\x1b[2Jlogo\n\x01\x02\x03\x04\n",
	} {
		all = append(all, []byte(s))
	}
	return all
}

func TestPeerLines(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	say := func(text string) string { return tell(&chat.Say{Text: []byte(text)}) }
	cut := func(text string) string { return tell(&chat.Say{Text: []byte(text), Cut: true}) }
	for _, c := range []struct {
		what, in string
		want     []string
	}{
		{"lines", "one\ntwo\r\n", []string{say("one"), say("two")}},
		{"empty lines", "\n\r\n", []string{say(""), say("")}},
		{"UTF-8", "你好 👋\n", []string{say("你好 👋")}},
		{"Latin-1, then UTF-8", "h\xe9llo\nhéllo\n", []string{say("héllo"), say("héllo")}},
		{"no end", "one", nil},
		{"the longest", long + "\n", []string{say(long)}},
		{"the longest, CR LF", long + "\r\nnext\n", []string{say(long), say("next")}},
		{"longer", long + "x\nnext\n", []string{cut(long), say("next")}},
		{"much longer", long + long + "\nnext\n", []string{cut(long), say("next")}},
		{"cut behind a character", long[2:] + "éx\n", []string{cut(long[2:] + "é")}},
		{"cut inside a character", long[1:] + "éx\n", []string{cut(long[1:])}},
		{"cut inside a wide character", long[3:] + "👋x\n", []string{cut(long[3:])}},
		{"cut in Latin-1", long[1:] + "\xe9\xe9\n", []string{cut(long[1:])}}, // could be half a character
		{"cut in more Latin-1", "\xe9" + long[2:] + "\xe9\xe9\n", []string{cut("é" + long[2:] + "é")}},
		{"Latin-1 grows", strings.Repeat("\xe9", maxLine) + "\n", []string{say(strings.Repeat("é", maxLine))}},
	} {
		s := New().Open(codec.Link{Role: codec.Peer, Dialed: true, As: "alice"})
		if got, _ := read(nextOf(s), [][]byte{[]byte(c.in)}); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

// TestNameLine: the first line of one who calls us keeps the bounds of a name.
func TestNameLine(t *testing.T) {
	for _, c := range []struct{ what, in, want string }{
		{"plain", "alice\n", `hello "alice"`},
		{"CR LF", "alice\r\n", `hello "alice"`},
		{"Latin-1", "J\xfcrgen\n", `hello "Jürgen"`},
		{"the longest", strings.Repeat("你", 64) + "\r\n", `hello "` + strings.Repeat("你", 64) + `"`},
		{"no end yet", strings.Repeat("你", 64), ""},
		{"longer", strings.Repeat("a", 65) + "\n", "error: the name is longer"},
		{"longer than any, no end", strings.Repeat("a", 193), "error: the first line is longer"},
		{"longer than any, cut where a name could end", strings.Repeat("你", 64) + "好\n", "error: the first line is longer"},
		{"empty", "\n", "error: the name is empty"},
		{"blank at its end", "alice \n", "error: the name begins or ends"},
		{"control", "al\x00ice\n", "error: the name holds"},
		{"CR inside", "al\rice\n", "error: the name holds"},
	} {
		s := New().Open(codec.Link{Role: codec.Peer})
		got, _ := read(nextOf(s), [][]byte{[]byte(c.in)})
		if joined := strings.Join(got, "; "); !strings.HasPrefix(joined, c.want) || (c.want == "") != (joined == "") {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

// TestPeerSaysOnlyWhatPeopleSay: no other word of ours goes over such a line,
// it would look like the other person's.
func TestPeerSaysOnlyWhatPeopleSay(t *testing.T) {
	d := New()
	accepted, dialled := d.Open(codec.Link{Role: codec.Peer}), d.Open(codec.Link{Role: codec.Peer, Dialed: true, As: "alice"})
	if got := accepted.(codec.Starter).Start(nil); len(got) > 0 {
		t.Errorf("the one who was called starts with %q", got)
	}
	if got := string(dialled.(codec.Starter).Start(nil)); got != "alice\n" {
		t.Errorf("the one who calls starts with %q", got)
	}
	for _, a := range []chat.Answer{{To: &chat.Say{}}, {To: &chat.Hello{}}, {Err: chat.Errorf(chat.BadName, "no name")}} {
		if got := accepted.Answer(nil, a); len(got) > 0 {
			t.Errorf("answers %q", got)
		}
	}
	for _, e := range chat.EventKinds() {
		got := d.Append(nil, e, accepted.Variant())
		if _, said := e.(*chat.Said); said != (len(got) > 0) {
			t.Errorf("says %q for %T", got, e)
		}
	}
	if got := string(d.Append(nil, &chat.Said{Text: []byte(strings.Repeat("é", 3000))}, peer)); got != strings.Repeat("é", maxLine/2)+"\n" {
		t.Errorf("a long text goes out in %d bytes", len(got))
	}
	if got := string(d.Append(nil, &chat.Said{Text: []byte(strings.Repeat("\xff", 3000))}, peer)); got != strings.Repeat("\ufffd", maxLine/3)+"\n" {
		t.Errorf("a long text that is no UTF-8 goes out in %d bytes", len(got))
	}
}

// TestIdlePeerHoldsNothing: between lines a session keeps nobody's buffer alive.
func TestIdlePeerHoldsNothing(t *testing.T) {
	s := New().Open(codec.Link{Role: codec.Peer, Dialed: true}).(*peerSession)
	if s.say != nil {
		t.Error("there is a Say before the first byte")
	}
	read(nextOf(s), [][]byte{[]byte("h\xe9llo\n")})
	if s.say.Text != nil {
		t.Errorf("it holds %q", s.say.Text)
	}
}

// TestPeerWindow: beyond maxOpen texts without an answer a link is not read, and
// nothing of it is lost.
func TestPeerWindow(t *testing.T) {
	s := New().Open(codec.Link{Role: codec.Peer, Dialed: true})
	in := []byte(strings.Repeat("hello\n", maxOpen+2))
	next := func() chat.Request {
		r, n, err := s.Next(in)
		if in = in[n:]; err != nil {
			t.Fatal(err)
		}
		return r
	}
	for range maxOpen {
		if next() == nil {
			t.Fatalf("%d bytes are left", len(in))
		}
	}
	for range 2 {
		if r := next(); r != nil || len(in) != 2*len("hello\n") {
			t.Fatalf("%v, %d bytes are left", r, len(in))
		}
	}
	s.Answer(nil, chat.Answer{To: &chat.Say{}})
	if next() == nil || next() != nil {
		t.Errorf("after an answer %d bytes are left", len(in))
	}
	s.Answer(nil, chat.Answer{To: &chat.Hello{}})
	if next() != nil {
		t.Error("another answer counts")
	}
}
