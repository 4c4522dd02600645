package messenger

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/codec"
	"mim/codec/codectest"
)

// A dialled link is a caller at work, as a client drives it: what it reads is
// told in words.
type dialled struct {
	tb    testing.TB
	c     *caller
	now   time.Time
	next  time.Time // what Due named
	kept  []byte
	heard []string
	wrote string
	ended bool // by an error
}

// dial opens a link and asks.
func dial(tb testing.TB, asks ...chat.Request) *dialled {
	d := &dialled{tb: tb, c: New().(codec.Calling).Call(codec.Link{}).(*caller), now: time.Unix(100, 0)}
	d.due()
	for _, r := range asks {
		d.wrote += string(d.c.Ask(nil, r))
		d.due()
	}
	return d
}

// due gives the timers their turn; one that wants a Next at once has it.
func (d *dialled) due() {
	out, next := d.c.Due(nil, d.now)
	d.wrote, d.next = d.wrote+string(out), next
	if next.Equal(d.now) {
		out, d.next = d.c.Due(nil, d.now)
		d.wrote += string(out)
		d.drain()
	}
}

// feed gives a segment.
func (d *dialled) feed(segment string) *dialled {
	if d.ended {
		return d
	}
	d.kept = append(bytes.Clone(d.kept), segment...)
	d.drain()
	d.due()
	d.drain()
	return d
}

// wait lets time pass, up to a Due at its end.
func (d *dialled) wait(t time.Duration) *dialled {
	d.now = d.now.Add(t)
	d.due()
	d.drain()
	return d
}

// rest lets silence do what it does.
func (d *dialled) rest() *dialled {
	for range 10 {
		if d.next.IsZero() {
			return d
		}
		d.wait(d.next.Sub(d.now))
	}
	d.tb.Errorf("after ten turns of silence Due still names %v", d.next)
	return d
}

func (d *dialled) drain() {
	for {
		e, n, err := d.c.Next(d.kept)
		if n < 0 || n > len(d.kept) {
			d.tb.Fatalf("%d of %d bytes taken", n, len(d.kept))
		}
		switch {
		case err != nil:
			d.heard = append(d.heard, "error: "+err.Error())
			d.kept, d.ended = nil, true
			return
		case e != nil:
			d.heard = append(d.heard, tellEvent(e))
		case n == 0:
			return
		}
		d.kept = d.kept[n:]
	}
}

func tellEvent(e chat.Event) string {
	switch e := e.(type) {
	case *chat.Said:
		return fmt.Sprintf("%s of %s: %q", e.From.Name, e.From.Dialect, e.Text)
	case *chat.Notice:
		return fmt.Sprintf("notice %q", e.Text)
	case *chat.Answer:
		var why *chat.Error
		how := "done"
		if errors.As(e.Err, &why) {
			how = why.Kind.String()
		}
		switch to := e.To.(type) {
		case *chat.Login:
			return fmt.Sprintf("login %q %d: %s", to.Name, to.Part, how)
		case *chat.Say:
			return fmt.Sprintf("say to %q, all %v: %s", to.To, to.All, how)
		}
	}
	return fmt.Sprintf("%T", e)
}

var (
	sending   = &chat.Login{Name: "alice", Part: chat.Sends}
	receiving = &chat.Login{Name: "alice", Part: chat.Receives}
	toBob     = &chat.Say{To: []byte("bob"), Text: []byte("hello there")}
	toAll     = &chat.Say{All: true, Text: []byte("to all")}
)

const (
	sendOK    = `login "alice" 1: done`
	recvOK    = `login "alice" 2: done`
	bobOK     = `say to "bob", all false: done`
	bobFailed = `say to "bob", all false: `
)

func TestAsk(t *testing.T) {
	long := strings.Repeat("a", maxBody)
	for _, c := range []struct {
		what   string
		ask    chat.Request
		wrote  string
		answer string // given at once
	}{
		{"login to send", sending, "REGISTER TOSEND alice\n\n", ""},
		{"login to receive", receiving, "REGISTER TORECV alice\n\n", ""},
		{"login to both", &chat.Login{Name: "alice"}, "", `login "alice" 0: unsupported`},
		{"name of 64", &chat.Login{Name: long[:64], Part: chat.Sends}, "REGISTER TOSEND " + long[:64] + "\n\n", ""},
		{"name of 65", &chat.Login{Name: long[:65], Part: chat.Sends}, "", `login "` + long[:65] + `" 1: name`},
		{"no name", &chat.Login{Part: chat.Sends}, "", `login "" 1: name`},
		{"name with a newline", &chat.Login{Name: "a\n\nSEND b", Part: chat.Sends}, "", `login "a\n\nSEND b" 1: name`},
		{"name ALL", &chat.Login{Name: "ALL", Part: chat.Receives}, "", `login "ALL" 2: name`},
		{"a text", toBob, "SEND bob\nContent-length: 11\n\nhello there", ""},
		{"for all", toAll, "SEND ALL\nContent-length: 6\n\nto all", ""},
		{"for all, who is named", &chat.Say{To: []byte("all"), All: true}, "SEND ALL\nContent-length: 0\n\n", ""},
		{"for somebody named ALL", &chat.Say{To: []byte("ALL")}, "", `say to "ALL", all false: name`},
		{"for nobody", &chat.Say{}, "", `say to "", all false: name`},
		{"for who has a blank", &chat.Say{To: []byte("bob ")}, "", `say to "bob ", all false: name`},
		{"for a header", &chat.Say{To: []byte("bob\nX: 1")}, "", `say to "bob\nX: 1", all false: name`},
		{"for a name that the seed does not allow", &chat.Say{To: []byte("élan"), Text: []byte("x")}, "SEND élan\nContent-length: 1\n\nx", ""},
		{"for a name of 65 letters", &chat.Say{To: []byte(long[:65])}, "", `say to "` + long[:65] + `", all false: name`},
		{"bytes are counted", &chat.Say{To: []byte("bob"), Text: []byte("héllo")}, "SEND bob\nContent-length: 6\n\nhéllo", ""},
		{"several lines", &chat.Say{To: []byte("bob"), Text: []byte("a\n\nb\n")}, "SEND bob\nContent-length: 5\n\na\n\nb\n", ""},
		{"what acts on a screen", &chat.Say{To: []byte("bob"), Text: []byte("a\x1b[2J\rb")}, "SEND bob\nContent-length: 7\n\na [2J b", ""},
		{"the longest text", &chat.Say{To: []byte("bob"), Text: []byte(long)}, "SEND bob\nContent-length: 65536\n\n" + long, ""},
		{"a byte more", &chat.Say{To: []byte("bob"), Text: []byte(long + "a")}, "", `say to "bob", all false: toolong`},
		{"a receipt", &chat.Received{From: []byte("Bob")}, "RECEIVED Bob\n\n", ""},
		{"a receipt for nobody", &chat.Received{}, "", ""},
		{"a receipt with a newline", &chat.Received{From: []byte("a\nb")}, "", ""},
		{"a text not taken", &chat.Received{From: []byte("bob"), Err: errors.New("no")}, "ERROR 103 Header Incomplete\n\n", ""},
		{"no request of this protocol", &chat.Hello{Name: "alice"}, "", ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			d := dial(t, c.ask)
			if d.wrote != c.wrote {
				t.Errorf("wrote %q, want %q", d.wrote, c.wrote)
			}
			if got := strings.Join(d.heard, "; "); got != c.answer {
				t.Errorf("heard %s, want %s", got, c.answer)
			}
		})
	}
}

// cases are what servers say, and what a caller makes of it.
var cases = map[string]struct {
	asks  []chat.Request
	says  string
	heard []string
	wrote string // behind what was asked
}{
	"sent, one newline":                  {[]chat.Request{toBob}, "SENT bob\n", []string{bobOK}, ""},
	"sent, CR LF":                        {[]chat.Request{toBob}, "SENT bob\r\n\r\n", []string{bobOK}, ""},
	"sent, in another case":              {[]chat.Request{toBob}, "SENT @BOB\n\n", []string{bobOK}, ""},
	"sent, a letter lost":                {[]chat.Request{toBob}, "SENT bo\n\n", []string{bobOK}, ""},
	"sent, no name":                      {[]chat.Request{toBob}, "SENT\n\n", []string{bobOK}, ""},
	"sent, blank behind":                 {[]chat.Request{toBob}, "SENT bob \n\n", []string{bobOK}, ""},
	"sent, with a header":                {[]chat.Request{toBob, toAll}, "SENT bob\nX-Any: 1\nServer: x y\n\nSENT ALL\n\n", []string{bobOK, `say to "", all true: done`}, ""},
	"sent twice, one newline each":       {[]chat.Request{toBob, toBob}, "SENT bob\nSENT bob\n", []string{bobOK, bobOK}, ""},
	"sent, three newlines, a blank":      {[]chat.Request{toBob, toBob}, "SENT bob\n\n\n \n\nSEND bob\n\n", []string{bobOK, bobOK}, ""},
	"not asked":                          {nil, "SENT bob\n\n", []string{`notice "the server says: SENT bob"`}, ""},
	"error, not asked":                   {nil, "ERROR 102 Unable\x1b[2J to send\n\n", []string{`notice "the server says: ERROR 102 Unable [2J to send"`}, ""},
	"sent, before a login's answer":      {[]chat.Request{sending}, "SENT bob\n\nREGISTERED TOSEND alice\n\n", []string{`notice "the server says: SENT bob"`, sendOK}, ""},
	"registered in another case":         {[]chat.Request{sending}, "REGISTERED TOSEND ALICE\n\n", []string{sendOK}, ""},
	"registered, a third newline":        {[]chat.Request{sending}, "REGISTERED TOSEND alice\n\n\n", []string{sendOK}, ""},
	"registered, somebody else":          {[]chat.Request{sending}, "REGISTERED TOSEND bob\n\n", []string{`login "alice" 1: name`}, ""},
	"registered for the other part":      {[]chat.Request{sending}, "REGISTERED TORECV alice\n\n", []string{`notice "the server says: REGISTERED TORECV alice"`}, ""},
	"registered again":                   {[]chat.Request{sending}, "REGISTERED TOSEND alice\nREGISTERED TOSEND alice\n", []string{sendOK, `notice "the server says: REGISTERED TOSEND alice"`}, ""},
	"refused, then not":                  {[]chat.Request{sending, sending}, "ERROR 100 Malformed username\n\nREGISTERED TOSEND alice\n\n", []string{`login "alice" 1: name`, sendOK}, ""},
	"login is not understood":            {[]chat.Request{sending}, "ERROR 103 Header incomplete\n\n", []string{`login "alice" 1: refused`}, ""},
	"an error without a number":          {[]chat.Request{sending}, "ERROR :Closing link\r\n", []string{`login "alice" 1: refused`}, ""},
	"errors in order":                    {[]chat.Request{toBob, toBob, toBob, toBob}, "ERROR 101 x\n\nERROR 102\n\nERROR 103 Incomplete Header\n\nERROR 104\n", []string{bobFailed + "unregistered", bobFailed + "undelivered", bobFailed + "refused", bobFailed + "refused"}, ""},
	"refused here, in its turn":          {[]chat.Request{toBob, &chat.Say{}, toBob}, "SENT bob\n\nSENT bob\n\n", []string{bobOK, `say to "", all false: name`, bobOK}, ""},
	"forward":                            {nil, "FORWARD bob\nContent-length: 5\n\nhello", []string{`bob of messenger: "hello"`}, ""},
	"forward, empty":                     {nil, "FORWARD bob\nContent-length: 0\n\n", []string{`bob of messenger: ""`}, ""},
	"forward, newlines behind":           {nil, "FORWARD bob\nContent-length: 2\n\nhi\n\n\nFORWARD bob\nContent-length: 2\n\nho\n", []string{`bob of messenger: "hi"`, `bob of messenger: "ho"`}, ""},
	"forward, other case and blanks":     {nil, "FORWARD bob \r\ncontent-LENGTH:  2 \r\nX-Any: 1\r\n\r\nhi", []string{`bob of messenger: "hi"`}, ""},
	"forward with lines":                 {nil, "FORWARD bob\nContent-length: 14\n\nSENT bob\n\nline", []string{`bob of messenger: "SENT bob\n\nline"`}, ""},
	"forward of a name not the seed's":   {nil, "FORWARD \xe9lan\nContent-length: 1\n\na", []string{`élan of messenger: "a"`}, ""},
	"forward, Latin-1":                   {nil, "FORWARD bob\nContent-length: 5\n\nh\xe9llo", []string{`bob of messenger: "héllo"`}, ""},
	"forward, characters, then ASCII":    {nil, "FORWARD bob\nContent-length: 5\n\nhélloFORWARD bob\nContent-length: 2\n\nhi", []string{`bob of messenger: "héllo"`, `bob of messenger: "hi"`}, ""},
	"learned once: characters":           {nil, "FORWARD bob\nContent-length: 1\n\né\n\nFORWARD bob\nContent-length: 2\n\né\n\nFORWARD bob\nContent-length: 1\n\na", []string{`bob of messenger: "é"`, `bob of messenger: "é\n"`, `bob of messenger: "a"`}, ""},
	"learned once: bytes":                {nil, "FORWARD bob\nContent-length: 2\n\né\n\nFORWARD bob\nContent-length: 3\n\né\n\nFORWARD bob\nContent-length: 1\n\na", []string{`bob of messenger: "é"`, `bob of messenger: "é\n"`, `bob of messenger: "a"`}, ""},
	"forward without a length":           {nil, "FORWARD bob\n\nSENT bob\n\n", []string{`notice "the server sent a text that cannot be read: FORWARD bob"`, `notice "the server says: SENT bob"`}, passedOn},
	"forward with a sign":                {nil, "FORWARD bob\nContent-length: +5\n\n", []string{`notice "the server sent a text that cannot be read: FORWARD bob"`}, passedOn},
	"forward without a name":             {nil, "FORWARD \nContent-length: 2\n\nhiFORWARD bob\nContent-length: 2\n\nho", []string{`notice "the server sent a text that cannot be read: FORWARD"`, `bob of messenger: "ho"`}, passedOn},
	"forward of a name that acts":        {nil, "FORWARD b\x1b[2J\nContent-length: 2\n\nhi", []string{`notice "the server sent a text that cannot be read: FORWARD b [2J"`}, passedOn},
	"forward broken off by the next":     {[]chat.Request{toBob}, "FORWARD bob\nSENT bob\nFORWARD bob\nContent-length: 3\nERROR 102 x\n", []string{`notice "the server sent a text that cannot be read: FORWARD bob"`, bobOK, `notice "the server sent a text that cannot be read: FORWARD bob"`, `notice "the server says: ERROR 102 x"`}, passedOn + passedOn},
	"forward, too long":                  {nil, "FORWARD bob\nContent-length: 65537\n\nhi", []string{"error: the server sent a text of 65537, longer than the 65536 bytes that any may have"}, ""},
	"forward, far too long":              {nil, "FORWARD bob\nContent-length: 999999999\n\nhi", []string{"error: the server sent a text of 999999999, longer than the 65536 bytes that any may have"}, ""},
	"header over 1024 bytes":             {[]chat.Request{toBob}, "FORWARD bob\nX: " + strings.Repeat("x", 2000) + "\n\nSENT bob\n\n", []string{`notice "FORWARD bob"`, `notice "X: ` + strings.Repeat("x", 1021) + `"`, bobOK}, passedOn},
	"first line over 1024 bytes":         {[]chat.Request{toBob}, "SENT " + strings.Repeat("x", 2000) + "\nSENT bob\n\n", []string{`notice "SENT ` + strings.Repeat("x", 1019) + `"`, bobOK}, ""},
	"forward, first line over 1024":      {nil, "FORWARD " + strings.Repeat("x", 2000) + "\n\n", []string{`notice "FORWARD ` + strings.Repeat("x", 1016) + `"`}, passedOn},
	"1024 bytes and no line end":         {nil, "SENT " + strings.Repeat("x", 1019), []string{`notice "SENT ` + strings.Repeat("x", 1019) + `"`}, ""},
	"a header behind an empty line":      {[]chat.Request{toBob}, "SENT bob\n\nX: 1\n", []string{bobOK, `notice "X: 1"`}, ""},
	"a header behind a forward":          {[]chat.Request{toBob}, "SENT bob\nFORWARD bob\nContent-length: 2\n\nhiX: 1\n", []string{bobOK, `bob of messenger: "hi"`, `notice "X: 1"`}, ""},
	"registered, before a text's answer": {[]chat.Request{toBob}, "REGISTERED TOSEND bob\n\nSENT bob\n\n", []string{`notice "the server says: REGISTERED TOSEND bob"`, bobOK}, ""},
	"a web server":                       {[]chat.Request{sending}, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request", []string{`notice "HTTP/1.1 400 Bad Request"`, `notice "Connection: close"`, `notice "400 Bad Request"`}, ""},
	"SSH":                                {[]chat.Request{sending}, "SSH-2.0-OpenSSH_9.6\r\n", []string{`notice "SSH-2.0-OpenSSH_9.6"`}, ""},
	"a prompt, no line end":              {[]chat.Request{sending}, "Username: ", []string{`notice "Username:"`}, ""},
	"a greeting, then the protocol":      {[]chat.Request{sending}, "Hello!\nREGISTERED TOSEND alice\n\n", []string{`notice "Hello!"`, sendOK}, ""},
	"words in another case":              {[]chat.Request{toBob}, "sent bob\n\nSENTbob\n", []string{`notice "sent bob"`, `notice "SENTbob"`}, ""},
	"binary":                             {nil, "\x00\x01\xff\n", []string{`notice "  ÿ"`}, ""},
	"headers behind an answer, no more":  {[]chat.Request{toBob}, "SENT bob\nX: 1\nno header\nX: 2\n", []string{bobOK, `notice "no header"`, `notice "X: 2"`}, ""},
}

// TestHears: however what a server says is cut, the caller makes the same of it.
func TestHears(t *testing.T) {
	for what, c := range cases {
		t.Run(what, func(t *testing.T) {
			hearsAnyhow(t, c.asks, c.says, c.heard, c.wrote)
		})
	}
}

// hearsAnyhow feeds a stream whole, byte by byte, and cut at each position.
func hearsAnyhow(t *testing.T, asks []chat.Request, says string, heard []string, wrote string) {
	t.Helper()
	wrote = dial(t, asks...).wrote + wrote
	for at := -1; at <= len(says); at++ {
		d := dial(t, asks...)
		if at < 0 {
			for i := range len(says) {
				d.feed(says[i : i+1])
			}
		} else {
			d.feed(says[:at]).feed(says[at:])
		}
		if d.rest(); !slices.Equal(d.heard, heard) {
			t.Fatalf("cut at %d: heard\n%q, want\n%q", at, d.heard, heard)
		}
		if d.wrote != wrote {
			t.Fatalf("cut at %d: wrote %q, want %q", at, d.wrote, wrote)
		}
		if len(d.kept) > 0 {
			t.Fatalf("cut at %d: waits for more behind %q", at, d.kept)
		}
	}
}

// TestCallerVectors runs every vector of seed 001 that a server sends.
func TestCallerVectors(t *testing.T) {
	want := map[string]struct {
		ask   chat.Request
		heard string
	}{
		"registered send":                   {sending, sendOK},
		"registered recv":                   {receiving, recvOK},
		"name taken or malformed":           {sending, `login "alice" 1: name`},
		"forward":                           {receiving, `alice of messenger: "hello there"`},
		"ack SENT":                          {toBob, bobOK},
		"ack SENT, Amaniitd server":         {toBob, bobOK},
		"ack SEND":                          {toBob, bobOK},
		"ack SENT ALL":                      {toAll, `say to "", all true: done`},
		"not delivered":                     {toBob, bobFailed + "undelivered"},
		"receiver refuses":                  {toBob, bobFailed + "refused"},
		"receiver's error passed on":        {toBob, bobFailed + "refused"},
		"not registered":                    {toBob, bobFailed + "unregistered"},
		"header incomplete":                 {toBob, bobFailed + "refused"},
		"forward, non-ASCII, in bytes":      {receiving, `alice of messenger: "héllo"`},
		"forward, non-ASCII, in characters": {receiving, `alice of messenger: "héllo"`},
	}
	for _, v := range codectest.Vectors(t, seed) {
		if v.Direction != "server->client" {
			continue
		}
		w, ok := want[v.What]
		if !ok {
			t.Errorf("no test for the vector %q", v.What)
			continue
		}
		delete(want, v.What)
		t.Run(v.What, func(t *testing.T) {
			hearsAnyhow(t, []chat.Request{w.ask}, string(v.Bytes), []string{w.heard}, "")
		})
	}
	for what := range want {
		if what != "receiver refuses" { // a client sends that one
			t.Errorf("vectors.json has no %q that a server sends", what)
		}
	}
}

// TestAskVectors: what a client of ours writes is what the vectors hold, byte
// for byte, where we send that form.
func TestAskVectors(t *testing.T) {
	asks := map[string]chat.Request{
		"register send":                         sending,
		"register recv":                         receiving,
		"send, 5ayam5 / sicario001 / Kevin-379": toBob,
		"received":                              &chat.Received{From: []byte("alice")},
		"receiver refuses":                      &chat.Received{Err: chat.Errorf(chat.Refused, "no")},
		"non-ASCII, length in bytes (Java, C++ clients)": &chat.Say{To: []byte("bob"), Text: []byte("héllo")},
		"send, body with an empty line":                  &chat.Say{To: []byte("bob"), Text: []byte("a\n\nb")},
		"send cut in the header and in the body":         toBob,
	}
	for _, v := range codectest.Vectors(t, seed) {
		if v.Use != "both" || v.Direction == "server->client" {
			continue
		}
		r, ok := asks[v.What]
		if !ok {
			// Receivers refuse in the words of a server, too.
			t.Errorf("no test for the vector %q", v.What)
			continue
		}
		if got := dial(t, r).wrote; got != string(v.Bytes) {
			t.Errorf("%s: wrote %q, want %q", v.What, got, v.Bytes)
		}
	}
}

// TestSilenceDecides: a text that can be read in two ways waits 50 ms from its
// last byte, and no message of one line waits at all.
func TestSilenceDecides(t *testing.T) {
	type step struct {
		after time.Duration
		comes string
		heard []string
	}
	const ms = time.Millisecond
	told := []string{`bob of messenger: "hé"`}
	for _, c := range []struct {
		what  string
		steps []step
	}{
		{"nothing follows", []step{{0, "FORWARD bob\nContent-length: 3\n\nhé", nil}, {49 * ms, "", nil}, {ms, "", told}}},
		{"a newline starts it anew", []step{{0, "FORWARD bob\nContent-length: 3\n\nhé", nil}, {49 * ms, "\n", nil}, {49 * ms, "", nil}, {ms, "", told}}},
		{"the next message follows", []step{{0, "FORWARD bob\nContent-length: 3\n\nhé", nil}, {ms, "SENT", nil}, {ms, " ", told}}},
		{"a character too few", []step{{0, "FORWARD bob\nContent-length: 2\n\nh\xc3", nil}, {49 * ms, "", nil}, {0, "\xa9", nil}, {50 * ms, "", told}}},
		{"silence before the last bytes", []step{{0, "FORWARD bob\nContent-length: 2\n\nh", nil}, {50 * ms, "", nil}, {0, "\xc3\xa9", nil}, {50 * ms, "", told}}},
		{"ASCII", []step{{0, "FORWARD bob\nContent-length: 2\n\nhi", []string{`bob of messenger: "hi"`}}}},
		{"a line", []step{{0, "SENT bob\n", []string{bobOK}}}},
		{"half a prompt", []step{{0, "User", nil}, {49 * ms, "name: ", nil}, {49 * ms, "", nil}, {ms, "", []string{`notice "Username:"`}}}},
		{"two prompts of one length", []step{{0, "User: ", nil}, {50 * ms, "", []string{`notice "User:"`}}, {0, "Pass: ", nil}, {50 * ms, "", []string{`notice "Pass:"`}}}},
		{"half a word", []step{{0, "SEN", nil}, {time.Hour, "", nil}, {0, "T bob\n", []string{bobOK}}}},
	} {
		t.Run(c.what, func(t *testing.T) {
			d := dial(t, toBob)
			for i, s := range c.steps {
				d.heard = nil
				if d.wait(s.after); s.comes != "" {
					d.feed(s.comes)
				}
				if !slices.Equal(d.heard, s.heard) {
					t.Errorf("step %d: heard %q, want %q", i+1, d.heard, s.heard)
				}
			}
		})
	}
}

// TestErrorsSayWhatToDo: each in a sentence for a person, of what the server
// meant and not only of what it wrote.
func TestErrorsSayWhatToDo(t *testing.T) {
	for _, c := range []struct {
		what, says string
		ask        chat.Request
		want       []string
	}{
		{"name taken", "ERROR 100 Malformed username\n\n", sending, []string{"alice", "taken", "letters and digits only", "1 to 64"}},
		{"a name that cannot be", "", &chat.Login{Name: "al ice", Part: chat.Sends}, []string{"letters", "digits only", "1 to 64"}},
		{"another name", "REGISTERED TOSEND b\x1bb\n\n", sending, []string{`"b b"`, `"alice"`, "another name"}},
		{"101", "ERROR 101 No user registered\n\n", toBob, []string{"log in"}},
		{"102", "ERROR 102 Unable to send\n\n", toBob, []string{"not delivered"}},
		{"103", "ERROR 103 Header Incomplete\n\n", toBob, []string{"refused"}},
		{"unknown", "ERROR 777 out\x1b[2J of paper\n\n", toBob, []string{"ERROR 777 out [2J of paper"}},
	} {
		caller := dial(t).c
		caller.Ask(nil, c.ask)
		e, _, _ := caller.Next([]byte(c.says))
		a, ok := e.(*chat.Answer)
		if !ok || a.Err == nil {
			t.Errorf("%s: %T", c.what, e)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(a.Err.Error(), want) {
				t.Errorf("%s: %q has no word of %q", c.what, a.Err, want)
			}
		}
	}
}

// TestManyAsked: answers keep the order of what was asked, up to a bound;
// what is beyond it is answered, too.
func TestManyAsked(t *testing.T) {
	d := dial(t)
	for round := range 3 { // places are used again
		var want []string
		for i := range maxAsked + 2 {
			to := fmt.Sprintf("user%d", i)
			out := string(d.c.Ask(nil, &chat.Say{To: []byte(to), Text: []byte("x")}))
			if (out == "") != (i >= maxAsked) {
				t.Fatalf("round %d: text %d wrote %q", round, i, out)
			}
			if i < maxAsked {
				want = append(want, fmt.Sprintf("say to %q, all false: done", to))
			}
		}
		d.c.Ask(nil, sending)
		d.heard = nil
		d.due()
		if beyond := []string{`login "" 0: toofast`, `say to "", all false: toofast`, `say to "", all false: toofast`}; !slices.Equal(d.heard, beyond) {
			t.Errorf("round %d: beyond the bound: %q", round, d.heard)
		}
		d.heard = nil
		d.feed(strings.Repeat("SENT x\n\n", maxAsked/2))
		d.c.Ask(nil, toBob)
		d.feed(strings.Repeat("SENT x\n\n", maxAsked/2+1))
		if want = append(want, bobOK); !slices.Equal(d.heard, want) {
			t.Errorf("round %d: %q", round, d.heard)
		}
	}
}

// TestAskedIsBounded: on a link where always something waits for its answer,
// what was answered makes room.
func TestAskedIsBounded(t *testing.T) {
	d := dial(t)
	ask := func(i int) { d.c.Ask(nil, &chat.Say{To: fmt.Appendf(nil, "user%d", i)}) }
	ask(0)
	for i := range 1000 {
		ask(i + 1)
		d.heard = nil
		if d.feed("SENT x\n\n"); len(d.heard) != 1 || d.heard[0] != fmt.Sprintf("say to \"user%d\", all false: done", i) {
			t.Fatalf("answer %d: %q", i, d.heard)
		}
	}
	if n := cap(d.c.asked.all); n > 8 {
		t.Errorf("two at a time need room for %d", n)
	}
}

// TestIdleLinkHoldsNothing: the bytes of a text belong to the loop.
func TestIdleLinkHoldsNothing(t *testing.T) {
	if d := dial(t).feed("FORWARD bob\nContent-length: 2\n\nhi"); len(d.heard) != 1 || d.c.said.Text != nil {
		t.Errorf("behind %q it holds %q", d.heard, d.c.said.Text)
	}
}

// TestApologiesAreBounded: a server that goes on sending what cannot be read
// does not make us write without end.
func TestApologiesAreBounded(t *testing.T) {
	d := dial(t).feed(strings.Repeat("FORWARD bob\n\n", 3*maxSorry))
	if n := strings.Count(d.wrote, passedOn); n != maxSorry || len(d.wrote) != n*len(passedOn) {
		t.Errorf("wrote %d bytes, %d apologies", len(d.wrote), n)
	}
}

// TestCallerAllocatesNothing: texts there and back, receipts and answers.
func TestCallerAllocatesNothing(t *testing.T) {
	c := dial(t).c
	var out []byte
	var request chat.Request
	text := []byte("FORWARD bob\nContent-length: 11\n\nhello there")
	ack := []byte("SENT bob\n\n")
	receipt := &chat.Received{From: []byte("bob")}
	turn := func() {
		out = c.Ask(out[:0], toBob)
		for p := ack; len(p) > 0; {
			e, n, _ := c.Next(p)
			if a, ok := e.(*chat.Answer); ok {
				request = a.To
			}
			p = p[n:]
		}
		if e, n, err := c.Next(text); n != len(text) || err != nil || e.(*chat.Said).From == nil {
			t.Fatal(e, n, err)
		}
		out = c.Ask(out, receipt)
		out, _ = c.Due(out, time.Unix(100, 0))
	}
	turn()
	if n := testing.AllocsPerRun(100, turn); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if say, ok := request.(*chat.Say); !ok || string(say.To) != "bob" {
		t.Errorf("the answer is to %v", request)
	}
}

func BenchmarkCallerTurn(b *testing.B) {
	c := dial(b).c
	var out []byte
	stream := []byte("SENT bob\n\nFORWARD bob\nContent-length: 11\n\nhello there")
	b.ReportAllocs()
	for b.Loop() {
		out = c.Ask(out[:0], toBob)
		for p := stream; len(p) > 0; {
			_, n, _ := c.Next(p)
			p = p[n:]
		}
	}
}
