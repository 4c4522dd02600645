package messenger

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

// TestSession has a row for each sentence of the page about what a client may
// send, and for what is answered if all goes well.
func TestSession(t *testing.T) {
	const (
		sends    = `login "alice" sends`
		receives = `login "alice" receives`
		both     = "REGISTER TOSEND alice\n\nREGISTER TORECV alice\n\n"
		hi       = "SEND bob\nContent-length: 2\n\nhi"
	)
	long := strings.Repeat("x\n", maxBody/2)
	for _, c := range []struct {
		what, in    string
		read, wrote []string
	}{
		// Registrations (rules 1 and 4).
		{"both roles on one connection", both, []string{sends, receives}, []string{"REGISTERED TOSEND alice\n\n", "REGISTERED TORECV alice\n\n"}},
		{"names are echoed as written", "REGISTER TORECV aLiCe9\n\n", []string{`login "aLiCe9" receives`}, []string{"REGISTERED TORECV aLiCe9\n\n"}},
		{"less the blanks at the end", "REGISTER TORECV alice \t\r\n\n", []string{receives}, []string{"REGISTERED TORECV alice\n\n"}},
		{"headers are skipped", "REGISTER TOSEND alice\nContent-length: 9\n\n", []string{sends}, []string{"REGISTERED TOSEND alice\n\n"}},
		{"small letters are no ALL", "REGISTER TOSEND all\n\n", []string{`login "all" sends`}, []string{"REGISTERED TOSEND all\n\n"}},
		{"no name", "REGISTER TOSEND \n\n", []string{"refuse: name"}, []string{badName}},
		{"no role", "REGISTER alice\n\n", []string{"refuse: name"}, []string{badName}},
		{"another role", "REGISTER TOTALK alice\n\n", []string{"refuse: name"}, []string{badName}},
		{"nothing to register", "REGISTER\n\n", []string{"refuse: name"}, []string{badName}},
		{"a bad name, then a good one", "REGISTER TOSEND al-ice\n\nREGISTER TOSEND alice\n\n", []string{"refuse: name", sends}, []string{badName, "REGISTERED TOSEND alice\n\n"}},

		// Texts (rules 2, 3 and 6).
		{"the seed's form", hi, []string{`say to "bob" "hi"`}, []string{sentBob}},
		{"trailing blank, echoed without it", "SEND Bob \nContent-length: 2\n\nhi", []string{`say to "Bob" "hi"`}, []string{"SENT Bob\n\n"}},
		{"extra newline behind the body", hi + "\n" + hi, []string{`say to "bob" "hi"`, `say to "bob" "hi"`}, []string{sentBob, sentBob}},
		{"blank lines between requests", "\n\r\n \n" + hi + "\n\n\n", []string{`say to "bob" "hi"`}, []string{sentBob}},
		{"two in a segment", hi + hi, []string{`say to "bob" "hi"`, `say to "bob" "hi"`}, []string{sentBob, sentBob}},
		{"to everyone", "SEND ALL \nContent-length: 2\n\nhi", []string{`say to all (ALL) "hi"`}, []string{"SENT ALL\n\n"}},
		{"to all in small letters", "SEND all\nContent-length: 2\n\nhi", []string{`say to "all" "hi"`}, []string{"SENT all\n\n"}},
		{"to a name that cannot be", "SEND b\x1b[2J b\nContent-length: 2\n\nhi", []string{`say to "b\x1b[2J b" "hi"`}, []string{"SENT b\x1b[2J b\n\n"}},
		{"no body", "SEND bob\nContent-length: 0\n\n" + hi, []string{`say to "bob" ""`, `say to "bob" "hi"`}, []string{sentBob, sentBob}},
		{"a body of newlines", "SEND bob\nContent-length: 3\n\n\n\n\n" + hi, []string{`say to "bob" "\n\n\n"`, `say to "bob" "hi"`}, []string{sentBob, sentBob}},
		{"a body like a request", "SEND bob\nContent-length: 30\n\nSEND bob\nContent-length: 1\n\nx\n", []string{`say to "bob" "SEND bob\nContent-length: 1\n\nx\n"`}, []string{sentBob}},
		{"a body of 64 KiB", fmt.Sprintf("SEND bob\nContent-length: %d\n\n%s", len(long), long), []string{fmt.Sprintf("say to %q %q", "bob", long)}, []string{sentBob}},

		// Receipts (rule 7).
		{"received", "RECEIVED alice\n\n", []string{`received "alice"`}, nil},
		{"received, blank and CR LF", "RECEIVED alice \r\n\r\n", []string{`received "alice"`}, nil},
		{"received, from nobody", "RECEIVED\n\n", []string{`received ""`}, nil},
		{"refused in other words", "ERROR 103 no thanks\n\n", []string{"refused: refused"}, nil},
		{"refused without words", "ERROR 103\n\n", []string{"refused: refused"}, nil},
		{"refused by another number", "ERROR 104 Full\n\n", []string{"refused: refused"}, nil},

		// What ends the connection (rules 2 and 3); nothing behind it is read.
		{"no Content-length", "SEND bob\n\n" + hi, []string{"last: malformed"}, []string{incomplete}},
		{"Content-length empty", "SEND bob\nContent-length:\n\nhi", []string{"last: malformed"}, []string{incomplete}},
		{"Content-length +5", "SEND bob\nContent-length: +5\n\nhello", []string{"last: malformed"}, []string{incomplete}},
		{"Content-length negative", "SEND bob\nContent-length: -1\n\nhi", []string{"last: malformed"}, []string{incomplete}},
		{"Content-length of ten digits", "SEND bob\nContent-length: 0000000002\n\nhi", []string{"last: malformed"}, []string{incomplete}},
		{"Content-length huge", "SEND bob\nContent-length: 999999999\n\nhi", []string{"last: toolong"}, []string{incomplete}},
		{"one byte more than 64 KiB", "SEND bob\nContent-length: 65537\n\n", []string{"last: toolong"}, []string{incomplete}},
		{"two lengths", "SEND bob\nContent-length: 2\nContent-length: 20\n\nhi", []string{"last: malformed"}, []string{incomplete}},
		{"to nobody", "SEND \nContent-length: 2\n\nhi", []string{"last: malformed"}, []string{incomplete}},
		{"a header too long", strings.Repeat("x", maxHeader), []string{"last: malformed"}, []string{incomplete}},
		{"header lines too long", "SEND bob\n" + strings.Repeat("X: 1\n", 300), []string{"last: malformed"}, []string{incomplete}},
		{"unknown first word", "HELLO\n\n" + hi, []string{"last: malformed"}, []string{incomplete}},
		{"a server's word", "SENT bob\n\n", []string{"last: malformed"}, []string{incomplete}},
		{"a word in small letters", "send bob\nContent-length: 2\n\nhi", []string{"last: malformed"}, []string{incomplete}},
		{"a longer word", "SENDER bob\nContent-length: 2\n\nhi", []string{"last: malformed"}, []string{incomplete}},
		{"a blank in front", " " + hi, []string{"last: malformed"}, []string{incomplete}},
		{"another protocol", "GET / HTTP/1.1\r\nHost: here\r\n\r\n", []string{"last: malformed"}, []string{incomplete}},
		{"NUL", "\x00\x01\xff\n\n", []string{"last: malformed"}, []string{incomplete}},
		{"in its turn", hi + "HELLO\n\n", []string{`say to "bob" "hi"`, "last: malformed"}, []string{sentBob, incomplete}},
	} {
		open(t).feed(c.in).want(c.what, c.read, c.wrote)
		if len(c.in) > 10000 {
			continue
		}
		l := open(t)
		for i := range len(c.in) {
			l.feed(c.in[i : i+1])
		}
		l.want(c.what+", byte by byte", c.read, c.wrote)
	}
}

// TestEarly: before both registrations everything is answered by ERROR 101, and
// the connection stays (messenger rule 5).
func TestEarly(t *testing.T) {
	const (
		register = "REGISTER TOSEND alice\n\n"
		ok       = "REGISTERED TOSEND alice\n\n"
		sends    = `login "alice" sends`
	)
	trick := fmt.Sprintf("Content-length: %d\n\n%s", len(register), register)
	for _, c := range []struct {
		what, in    string
		read, wrote []string
	}{
		{"a text; its body is no request", "SEND bob\n" + trick, []string{fmt.Sprintf("say to %q %q", "bob", register), sends}, []string{noUser, ok}},
		{"no Content-length", "SEND bob\n\n", []string{"last: malformed", sends}, []string{noUser, ok}},
		{"to nobody; its body is no request", "SEND\n" + trick, []string{"last: malformed", sends}, []string{noUser, ok}},
		{"too long; its body is no request", "SEND bob\nContent-length: 65537\n\n" + strings.Repeat("REGISTER ", 7282)[:65537], []string{"last: toolong", sends}, []string{noUser, ok}},
		{"unknown first word", "HELLO\n\n", []string{"last: malformed", sends}, []string{noUser, ok}},
		{"two of them", "HELLO\n\nHELLO\n\n", []string{"last: malformed", "last: malformed", sends}, []string{noUser, noUser, ok}},
		{"a bad name is one", "REGISTER TOSEND\n\n", []string{"refuse: name", sends}, []string{noUser, ok}},
		{"a header too long ends it", strings.Repeat("x", maxHeader), []string{"last: malformed", "error: nobody knows where the next header begins"}, []string{noUser, incomplete}},
	} {
		for _, size := range []int{1, 7, 100000} {
			l := open(t)
			l.answer = early
			for in := c.in + register; in != ""; {
				n := min(size, len(in))
				l.feed(in[:n])
				in = in[n:]
			}
			l.want(fmt.Sprintf("%s, in segments of %d", c.what, size), c.read, c.wrote)
		}
	}
}

// TestTooLongInCharacters: a text of few characters may have many bytes.
func TestTooLongInCharacters(t *testing.T) {
	learn := "SEND bob\nContent-length: 1\n\né"
	fits := fmt.Sprintf("SEND bob\nContent-length: %d\n\n%s", maxBody/4, strings.Repeat("👋", maxBody/4))
	bursts := fmt.Sprintf("SEND bob\nContent-length: %d\n\n%s", maxBody/4+1, strings.Repeat("👋", maxBody/4+1))
	l := open(t).feed(learn).silence()
	l.feed(fits)
	if len(l.wrote) != 2 || l.wrote[1] != sentBob {
		t.Errorf("64 KiB in 16 Ki characters: %q", l.wrote)
	}
	l.feed(bursts)
	if got := l.wrote[len(l.wrote)-1]; !l.closed || got != incomplete {
		t.Errorf("more than 64 KiB in characters: closed %v, wrote %q", l.closed, got)
	}
	l = open(t)
	l.answer = early
	l.feed(learn).silence().feed(bursts)
	if got := l.wrote[len(l.wrote)-2:]; !l.closed || !slices.Equal(got, []string{noUser, incomplete}) {
		t.Errorf("the same before the login: closed %v, wrote %q", l.closed, got)
	}
}

// TestLatin: a text that is no UTF-8 is Latin-1 and does not show how the
// program counts; it may grow, but not beyond what a Say may have.
func TestLatin(t *testing.T) {
	l := open(t).feed("SEND bob\nContent-length: 5\n\nh\xe9llo\n")
	l.want("a Latin-1 text", []string{heard}, []string{sentBob})
	l = open(t)
	var say chat.Say
	l.answer = func(r chat.Request) error { say = *r.(*chat.Say); return nil }
	l.feed(fmt.Sprintf("SEND bob\nContent-length: %d\n\n%s", maxBody, strings.Repeat("\xe9", maxBody)))
	if len(say.Text) != maxBody || !say.Cut || string(say.Text[:4]) != "éé" {
		t.Errorf("a Latin-1 text of 64 KiB is one of %d bytes, cut %v", len(say.Text), say.Cut)
	}
}

// TestUnanswered: the 101st request is read when an answer makes room; a
// receipt is read before, since an answer may wait for it (messenger rule 7).
func TestUnanswered(t *testing.T) {
	const hi = "SEND bob\nContent-length: 2\n\nhi"
	for _, c := range []struct{ what, next, read string }{
		{"a text", hi, `say to "bob" "hi"`},
		{"a registration", "REGISTER TOSEND alice\n\n", `login "alice" sends`},
		{"a bad header", "SEND bob\n\n", "last: malformed"},
		{"a header too long", strings.Repeat("x", maxHeader), "last: malformed"},
	} {
		l := open(t)
		l.answer = nil
		l.feed(strings.Repeat(hi, 100) + "RECEIVED carol\n\n\n" + c.next)
		if n := len(l.read); n != 101 || l.read[100] != `received "carol"` || string(l.kept) != c.next {
			t.Errorf("%s: of 100 texts, a receipt and it %d were read, the last is %q", c.what, n, l.read[n-1])
		}
		if l.silence(); len(l.read) != 101 {
			t.Errorf("%s: silence makes %q of it", c.what, l.read[101])
		}
		l.s.Answer(nil, chat.Answer{To: &chat.Received{}, Err: chat.Errorf(chat.Unregistered, "")})
		if l.feed(""); len(l.read) != 101 {
			t.Errorf("%s: the answer to a receipt makes room", c.what)
		}
		l.s.Answer(nil, chat.Answer{To: &chat.Say{To: []byte("bob")}})
		if l.feed(""); len(l.read) != 102 || l.read[101] != c.read {
			t.Errorf("%s: behind an answer %q is read", c.what, l.read[101:])
		}
	}
}

// TestWaitsForTheLast: nothing is read before the answer to a Refuse that is
// the last, and what comes behind such an answer is dropped.
func TestWaitsForTheLast(t *testing.T) {
	for what, block := range map[string]string{"a bad header": "HELLO\n\n", "a header too long": strings.Repeat("x", maxHeader)} {
		l := open(t)
		l.answer = nil
		l.feed(block + "REGISTER TOSEND alice\n\n")
		kept := len(l.kept)
		if l.feed("\n").silence(); len(l.read) != 1 || len(l.kept) != kept+1 {
			t.Errorf("%s: read %q before its answer", what, l.read)
		}
		l.s.Answer(nil, chat.Answer{To: &chat.Refuse{Last: true, Err: errors.New("broken")}})
		if l.feed("REGISTER TOSEND alice\n\n"); len(l.read) != 1 || len(l.kept) != 0 {
			t.Errorf("%s: behind its answer read %q, kept %q", what, l.read, l.kept)
		}
	}
}

// TestAnswers: what is written for each outcome (messenger rules 4 to 7).
func TestAnswers(t *testing.T) {
	login := &chat.Login{Name: "Alice", Part: chat.Receives}
	say := &chat.Say{To: []byte("Bob")}
	last := &chat.Refuse{Err: chat.Errorf(chat.Malformed, "no length"), Last: true}
	kind := func(k chat.Kind) error { return chat.Errorf(k, "why is nobody's business\n\nSENT bob\n\n") }
	for _, c := range []struct {
		what string
		to   chat.Request
		err  error
		want string
	}{
		{"registered", login, nil, "REGISTERED TORECV Alice\n\n"},
		{"taken", login, kind(chat.BadName), badName},
		{"no room", login, kind(chat.Full), badName},
		{"registered too fast", login, kind(chat.TooFast), badName},
		{"delivered", say, nil, "SENT Bob\n\n"},
		{"refused by the receiver", say, kind(chat.Refused), passedOn},
		{"refused, wrapped", say, errors.Join(kind(chat.Refused)), passedOn},
		{"too early", say, kind(chat.Unregistered), noUser},
		{"nobody", say, kind(chat.Unknown), unable},
		{"no receipt in time", say, kind(chat.TooLate), unable},
		{"receiver lost", say, kind(chat.Lost), unable},
		{"too many", say, kind(chat.Full), unable},
		{"internal", say, errors.New("disk full"), unable},
		{"malformed", last, last.Err, incomplete},
		{"malformed, by its own error", last, nil, incomplete},
		{"malformed too early", last, kind(chat.Unregistered), noUser},
		{"bad name", &chat.Refuse{Err: kind(chat.BadName)}, kind(chat.BadName), badName},
		{"receipt", &chat.Received{}, nil, ""},
		{"receipt too early", &chat.Received{}, kind(chat.Unregistered), noUser},
		{"last words: malformed", nil, kind(chat.Malformed), incomplete},
		{"last words: too long", nil, kind(chat.TooLong), incomplete},
		{"last words: too late", nil, kind(chat.TooLate), incomplete},
		{"last words: bad name", nil, kind(chat.BadName), badName},
		{"last words: nobody registered", nil, kind(chat.Unregistered), noUser},
		{"last words: internal", nil, errors.New("disk full"), incomplete},
		{"last words: none", nil, nil, incomplete},
	} {
		s := New().Open(codec.Link{})
		if got := string(s.Answer([]byte("> "), chat.Answer{To: c.to, Err: c.err})); got != "> "+c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

// TestGap: never two messages in a segment, and 30 ms between them on a link
// of both roles (messenger rule 10).
func TestGap(t *testing.T) {
	register := func(p chat.Part, err error) chat.Answer {
		return chat.Answer{To: &chat.Login{Name: "alice", Part: p}, Err: err}
	}
	for _, c := range []struct {
		what    string
		answers []chat.Answer
		want    time.Duration
	}{
		{"fresh", nil, codec.Alone},
		{"sends", []chat.Answer{register(chat.Sends, nil)}, codec.Alone},
		{"receives, twice", []chat.Answer{register(chat.Receives, nil), register(chat.Receives, nil)}, codec.Alone},
		{"both", []chat.Answer{register(chat.Sends, nil), register(chat.Receives, nil)}, 30 * time.Millisecond},
		{"both, the other way round", []chat.Answer{register(chat.Receives, nil), register(chat.Sends, nil)}, 30 * time.Millisecond},
		{"one refused", []chat.Answer{register(chat.Receives, nil), register(chat.Sends, chat.Errorf(chat.BadName, "taken"))}, codec.Alone},
	} {
		s := stranger(t).s
		for _, a := range c.answers {
			s.Answer(nil, a)
		}
		if got := s.Gap(); got != c.want || s.Gap() != got {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
}

// TestStrangersText: the text of who has not registered to send is not kept
// until it is whole; it is refused by its header and skipped.
func TestStrangersText(t *testing.T) {
	l := stranger(t)
	l.answer = early
	l.feed("SEND bob\nContent-length: 60000\n\n" + strings.Repeat("x", 1000))
	if len(l.read) != 1 || len(l.kept) > 0 {
		t.Fatalf("read %q, %d bytes are kept", l.read, len(l.kept))
	}
	l.feed(strings.Repeat("x", 59000) + "REGISTER TOSEND ann\n\n")
	if len(l.read) != 2 || !strings.HasPrefix(l.read[1], "login") {
		t.Fatalf("behind the text: %q", l.read)
	}
}

// TestTextBytesAreBounded: no more texts are read while those that have no
// answer hold maxOpenBytes; with each answer it goes on.
func TestTextBytesAreBounded(t *testing.T) {
	s := open(t).s
	p := fmt.Appendf(nil, "SEND bob\nContent-length: %d\n\n%s", maxBody, strings.Repeat("x", maxBody))
	n := 0
	for ; n < 10; n++ {
		if r, _, _ := s.Next(p); r == nil {
			break
		}
	}
	if n != maxOpenBytes/maxBody {
		t.Fatalf("%d texts were read", n)
	}
	s.Answer(nil, chat.Answer{To: &chat.Say{Text: make([]byte, maxBody)}})
	if r, _, _ := s.Next(p); r == nil {
		t.Error("after an answer nothing is read")
	}
}

// TestVariant: a link writes as it was told or has learned, whichever is
// later, and reads as it has learned itself (messenger rule 8).
func TestVariant(t *testing.T) {
	l := open(t)
	expect := func(what string, v codec.Variant) {
		t.Helper()
		if got := l.s.Variant(); got != v {
			t.Errorf("%s: variant %d, want %d", what, got, v)
		}
	}
	expect("unknown", inBytes)
	l.s.Count(chat.CountRunes, false)
	expect("told characters", inRunes)
	l.feed("SEND bob\nContent-length: 6\n\nhélloSEND bob\nContent-length: 6\n\nhéllo")
	expect("learned bytes", inBytes)
	l.s.Count(chat.CountRunes, false)
	expect("told characters again", inRunes)
	l.feed("SEND bob\nContent-length: 6\n\nhéllo")
	l.want("one who counts bytes", []string{inOctet, heard, heard, heard}, []string{sentBob, sentBob, sentBob})
	l.s.Count(chat.CountUnknown, true)
	expect("told that nobody knows", inBytes|guessed)
	l.s.Count(chat.CountRunes, true)
	expect("told a guess", inRunes|guessed)
	l.s.Count(chat.CountRunes, false)
	expect("it was right", inRunes)
}

// TestIdleGoesOnWaiting: silence completes a text, nothing else.
func TestIdleGoesOnWaiting(t *testing.T) {
	for what, in := range map[string]string{
		"nothing": "", "half a line": "REGISTER TOS", "no empty line": "RECEIVED alice\n", "half a body": "SEND bob\nContent-length: 5\n\nhel",
		"half a body that is not ASCII": "SEND bob\nContent-length: 6\n\nhél",
	} {
		l := open(t).feed(in)
		for _, end := range []bool{false, true} {
			if r, n, err := l.s.Idle([]byte(in), end); r != nil || n != 0 || err != nil {
				t.Errorf("%s: silence (end %v) makes %v of %d bytes, %v", what, end, r, n, err)
			}
		}
	}
	if got := open(t).s.Quiet(); got != 50*time.Millisecond {
		t.Errorf("silence is %v", got)
	}
}

// TestIdleSize: what a silent link costs, since 10,000 of them are many, and
// that it holds on to nobody's buffer.
func TestIdleSize(t *testing.T) {
	if size := unsafe.Sizeof(session{}); size > 64 {
		t.Errorf("a session takes %d bytes", size)
	}
	if n := testing.AllocsPerRun(100, func() { New().Open(codec.Link{}) }); n > 2 { // the dialect is one
		t.Errorf("a session is %v allocations", n-1)
	}
	l := open(t).feed("SEND bob\nContent-length: 2\n\nhiRECEIVED bob\n\n")
	if l.s.say.Text != nil || l.s.say.To != nil || l.s.received.From != nil {
		t.Errorf("an idle link keeps %+v and %+v", l.s.say, l.s.received)
	}
}
