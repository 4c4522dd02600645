package comp9331

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"mim/chat"
	"mim/codec"
)

const (
	welcome = saysWelcome + "\n"
	badPass = "Invalid Password. Please try again \n"
	locked  = "Invalid Password. Your account has been blocked. Please try again later \n"
	online  = "This username already online\n"
	tooLong = "Error. A line has at most 4096 bytes\n"
	badWord = "Error. Invalid command\n"

	hansIn = `login "hans" "falcon"`
)

// whoIs answers logins by their password.
func whoIs(r chat.Request) *chat.Answer {
	l, ok := r.(*chat.Login)
	if !ok {
		return well(r)
	}
	for _, k := range []chat.Kind{chat.BadPass, chat.Locked, chat.Online, chat.Full, chat.TooFast} {
		if string(l.Pass) == k.String() {
			return badly(k)(r)
		}
	}
	if len(l.Pass) == 0 || l.Name == "" {
		return badly(chat.BadPass)(r)
	}
	return &chat.Answer{}
}

// TestLogin: prompts, tries and what comes in one segment with them; whole and
// byte by byte (comp9331 rules 3 and 4).
func TestLogin(t *testing.T) {
	long := strings.Repeat("x", maxLine+1)
	for _, c := range []struct {
		what, stream string
		read, wrote  []string
	}{
		{"nothing", "", nil, nil},
		{"a name", "hans\n", nil, []string{askPass}},
		{"name and password", "hans\nfalcon\n", []string{hansIn}, []string{askPass, welcome}},
		{"and commands", "hans\nfalcon\nwhoelse\nlogout\n", []string{hansIn, "whoelse", "logout"}, []string{askPass, welcome, "yoda \n", "Goodbye\n"}},
		{"CR LF", "hans\r\nfalcon\r\n", []string{hansIn}, []string{askPass, welcome}},
		{"blanks around the name", " \t hans \t\nfalcon\n", []string{hansIn}, []string{askPass, welcome}},
		{"blanks in the name", "han s\nfalcon\n", []string{`login "han s" "falcon"`}, []string{askPass, welcome}},
		{"a password is the line as it is", "hans\n fal con \xff \n", []string{`login "hans" " fal con \xff "`}, []string{askPass, welcome}},
		{"a name that is no UTF-8", "J\xf6rg\nx\n", []string{`login "Jörg" "x"`}, []string{askPass, welcome}},
		{"no name", "\nx\n", []string{`login "" "x"`}, []string{askPass, badPass, askName}},
		{"no password", "hans\n\n", []string{`login "hans" ""`}, []string{askPass, badPass, askName}},
		{"longest name", longest + "\nx\n", []string{`login "` + longest + `" "x"`}, []string{askPass, welcome}},
		{"too long a name is none", longest + "a\nx\n", []string{`login "" "x"`}, []string{askPass, badPass, askName}},
		{"a command is a name", "whoelse\nlogout\n", []string{`login "whoelse" "logout"`}, []string{askPass, welcome}},
		{
			"wrong, then right", "hans\npassword\nhans\nfalcon\n",
			[]string{`login "hans" "password"`, hansIn},
			[]string{askPass, badPass, askName, askPass, welcome},
		},
		{
			"wrong three times", "hans\npassword\nyoda\npassword\nluke\npassword\nhans\nfalcon\n",
			[]string{`login "hans" "password"`, `login "yoda" "password"`, `login "luke" "password"`},
			[]string{askPass, badPass, askName, askPass, badPass, askName, askPass, badPass},
		},
		{"locked", "hans\nlocked\nhans\nfalcon\n", []string{`login "hans" "locked"`}, []string{askPass, locked}},
		{"online", "hans\nonline\nwhoelse\n", []string{`login "hans" "online"`}, []string{askPass, online}},
		{
			"refused for another reason", "hans\nfull\nhans\nfalcon\n",
			[]string{`login "hans" "full"`, hansIn},
			[]string{askPass, "Error. it went wrong\n", askName, askPass, welcome},
		},
		{
			"too long a line for a name", long + "\nhans\nfalcon\n",
			[]string{"refuse: toolong", hansIn}, []string{tooLong, askName, askPass, welcome},
		},
		{
			"too long a line for a password", "yoda\n" + long + "\nhans\nfalcon\n",
			[]string{"refuse: toolong", hansIn}, []string{askPass, tooLong, askName, askPass, welcome},
		},
		{
			"the longest password", "hans\n" + long[1:] + "\n",
			[]string{`login "hans" "` + long[1:] + `"`}, []string{askPass, welcome},
		},
	} {
		for _, cut := range [][]string{{c.stream}, strings.Split(c.stream, "")} {
			l := open(t)
			l.answer = whoIs
			for _, s := range cut {
				l.feed(s)
			}
			l.want(c.what, c.read, append([]string{askName}, c.wrote...))
		}
	}
}

var longest = strings.Repeat("é", maxName/2)

// TestLoginWaits: what comes behind a password waits for its answer, silence
// and the end of input or not; then nothing is lost.
func TestLoginWaits(t *testing.T) {
	for _, c := range []struct {
		what   string
		stream string
		a      chat.Answer
		read   []string
		wrote  []string
	}{
		{"right", "whoelse\nbroad", chat.Answer{}, []string{hansIn, "whoelse", "refuse: malformed"}, []string{welcome, "yoda \n", badWord}},
		{"wrong", "yoda\nx", chat.Answer{Err: chat.Errorf(chat.BadPass, "no")}, []string{hansIn, `login "yoda" "x"`}, []string{badPass, askName, askPass, welcome}},
		{"locked", "yoda\nx", chat.Answer{Err: chat.Errorf(chat.Locked, "no")}, []string{hansIn}, []string{locked}},
	} {
		l := open(t)
		l.answer = never
		l.feed("hans\nfalcon\n" + c.stream).silence().end()
		if len(l.read) != 1 || len(l.kept) != len(c.stream) {
			t.Fatalf("%s: before the answer: read %q, kept %q", c.what, l.read, l.kept)
		}
		l.answer = well
		l.settle(c.a).end().want(c.what, c.read, append([]string{askName, askPass}, c.wrote...))
	}
}

// TestSilence: what ends a line that has no end (comp9331 rule 2).
func TestSilence(t *testing.T) {
	long := strings.Repeat("x", maxLine+1)
	for _, c := range []struct {
		what string
		by   func(testing.TB) *link
		run  func(*link)
		read []string
		left string
	}{
		{"of a typist", typist, func(l *link) { l.feed("whoelse").silence().feed("logout").silence() }, []string{"whoelse", "logout"}, ""},
		{"with a CR", typist, func(l *link) { l.feed("whoelse\r").silence() }, []string{"whoelse"}, ""},
		{"a byte at a time", typist, func(l *link) { l.feed("who").feed("el").feed("se").silence() }, []string{"whoelse"}, ""},
		{"of one who sent a line end", in, func(l *link) { l.feed("whoelse").silence() }, nil, "whoelse"},
		{"and then the end", in, func(l *link) { l.feed("whoelse").silence().end() }, []string{"whoelse"}, ""},
		{"of one who sends a first one", typist, func(l *link) { l.feed("whoelse\nlogout").silence() }, []string{"whoelse"}, "logout"},
		{"its end alone", typist, func(l *link) { l.feed("whoelse").silence().feed("\n").feed("logout").silence() }, []string{"whoelse", "refuse: malformed"}, "logout"},
		{"end of input", typist, func(l *link) { l.feed("logout").end() }, []string{"logout"}, ""},
		{"end of input behind nothing", in, func(l *link) { l.end() }, nil, ""},
		{"too long without an end", typist, func(l *link) { l.feed(long).feed("yy").silence().feed("whoelse").silence() }, []string{"refuse: toolong", "whoelse"}, ""},
		{"too long with an end", typist, func(l *link) { l.feed(long).feed("yy\nwhoelse").silence() }, []string{"refuse: toolong"}, "whoelse"},
		{"too long, its end alone", typist, func(l *link) { l.feed(long).feed("\n").feed("whoelse\n") }, []string{"refuse: toolong", "whoelse"}, ""},
		{"too long, after line ends", in, func(l *link) { l.feed(long).silence().feed("zz").silence().feed("\nwhoelse\n") }, []string{"refuse: toolong", "whoelse"}, ""},
		{"too long, the end", in, func(l *link) { l.feed(long).feed("yy").end() }, []string{"refuse: toolong"}, ""},
		{"the longest", typist, func(l *link) { l.feed(long[1:] + "\r").silence() }, []string{"refuse: malformed"}, ""},
	} {
		l := c.by(t)
		c.run(l)
		if !slices.Equal(l.read, c.read) || string(l.kept) != c.left {
			t.Errorf("%s: read %q, %d left; want %q, %q left", c.what, l.read, len(l.kept), c.read, c.left)
		}
	}
	s := New().Open(codec.Link{}).(*session)
	if s.Quiet() != quiet {
		t.Errorf("at first Quiet is %v", s.Quiet())
	}
	if s.Next([]byte("hans\n")); s.Quiet() != 0 {
		t.Errorf("behind a line end Quiet is %v", s.Quiet())
	}
	// A driver that still asks is told that silence means nothing.
	if r, n, err := s.Idle([]byte("falcon"), false); r != nil || n != 0 || err != nil {
		t.Errorf("behind a line end: %v, %d, %v", r, n, err)
	}
	if r, n, _ := s.Idle([]byte("falcon\nwhoelse"), false); r == nil || n != 7 {
		t.Errorf("a whole line: %v, %d", r, n)
	}
}

// TestCommands: what each line asks for, and what is said to what cannot be
// asked (comp9331 rule 5).
func TestCommands(t *testing.T) {
	const usage, malformed = "refuse: usage", "refuse: malformed"
	for _, c := range []struct{ what, line, read, wrote string }{
		{"message", "message yoda Hi", `say to "yoda" "Hi"`, ""},
		{"message, blanks kept", "message yoda   a  b ", `say to "yoda" "  a  b "`, ""},
		{"message, blanks in front", " \tmessage  \t yoda Hi", `say to "yoda" "Hi"`, ""},
		{"message, a tab between", "message\tyoda\tHi\tyou", `say to "yoda" "Hi\tyou"`, ""},
		{"message, Latin-1", "message J\xf6rg gr\xfc\xdfe", `say to "Jörg" "grüße"`, ""},
		{"message, a command as text", "message yoda logout", `say to "yoda" "logout"`, ""},
		{"message, colons", "message yoda luke: Hi", `say to "yoda" "luke: Hi"`, ""},
		{"message, a CR inside", "message yoda a\rb", `say to "yoda" "a\rb"`, ""},
		{"message to nobody", "message", usage, "Usage: message name words \n"},
		{"message to nobody, blanks", "message  ", usage, "Usage: message name words \n"},
		{"message without a text", "message yoda", usage, "Usage: message name words \n"},
		{"message of a blank", "message yoda ", usage, "Usage: message name words \n"},
		{"message of blanks", "message yoda  \t ", usage, "Usage: message name words \n"},
		{"broadcast", "broadcast Hi  all", `say to all "Hi  all"`, ""},
		{"broadcast, blanks kept", "broadcast  Hi ", `say to all " Hi "`, ""},
		{"broadcast of nothing", "broadcast", usage, "Usage: broadcast words\n"},
		{"broadcast of blanks", "broadcast   ", usage, "Usage: broadcast words\n"},
		{"whoelse", "whoelse", "whoelse", "yoda \n"},
		{"whoelse and more", "whoelse now", "whoelse", "yoda \n"},
		{"whoelsesince", "whoelsesince 60", "whoelse since 1m0s", "yoda \n"},
		{"whoelsesince nothing", "whoelsesince 0", "whoelse since 0s", "yoda \n"},
		{"whoelsesince a fraction", "whoelsesince 0.25", "whoelse since 250ms", "yoda \n"},
		{"whoelsesince .5", "whoelsesince .5", "whoelse since 500ms", "yoda \n"},
		{"whoelsesince for ever", "whoelsesince " + strings.Repeat("9", 400), "whoelse since 2562047h47m16.854775807s", "yoda \n"},
		{"whoelsesince what", "whoelsesince", usage, "Usage: whoelsesince time\n"},
		{"whoelsesince soon", "whoelsesince soon", usage, "Usage: whoelsesince time\n"},
		{"whoelsesince later", "whoelsesince -1", usage, "Usage: whoelsesince time\n"},
		{"whoelsesince a point", "whoelsesince .", usage, "Usage: whoelsesince time\n"},
		{"whoelsesince two points", "whoelsesince 1.2.3", usage, "Usage: whoelsesince time\n"},
		{"whoelsesince NaN", "whoelsesince NaN", usage, "Usage: whoelsesince time\n"},
		{"whoelsesince Inf", "whoelsesince Inf", usage, "Usage: whoelsesince time\n"},
		{"whoelsesince hexadecimal", "whoelsesince 0x10", usage, "Usage: whoelsesince time\n"},
		{"block", "block yoda", `block "yoda"`, "yoda is blocked\n"},
		{"block whom", "block ", usage, "Usage: block name\n"},
		{"unblock", "unblock yoda", `unblock "yoda"`, "yoda is unblocked\n"},
		{"unblock whom", "unblock", usage, "Usage: unblock name\n"},
		{"logout", "logout", "logout", "Goodbye\n"},
		{"startprivate", "startprivate yoda", "refuse: unsupported", "Error. Private connections are not spoken here. Use message name words\n"},
		{"private", "private yoda Hi", "refuse: unsupported", "Error. Private connections are not spoken here. Use message name words\n"},
		{"stopprivate", "stopprivate yoda", "refuse: unsupported", "Error. Private connections are not spoken here. Use message name words\n"},
		{"upper case", "Whoelse", malformed, badWord},
		{"nothing", "", malformed, badWord},
		{"blanks", "  ", malformed, badWord},
		{"longer word", "whoelsewhere", malformed, badWord},
		{"anything", "hello", malformed, badWord},
		{"the longest line", "message yoda " + strings.Repeat("x", maxLine-13), `say to "yoda" "` + strings.Repeat("x", maxLine-13) + `"`, ""},
		{"too long a line", "message yoda " + strings.Repeat("x", maxLine-12), "refuse: toolong", tooLong},
		{"grown by Latin-1", "message yoda " + strings.Repeat("\xe9", maxLine-13), `say to "yoda" "` + strings.Repeat("é", maxLine/2) + `", cut`, ""},
	} {
		var wrote []string
		if c.wrote != "" {
			wrote = []string{c.wrote}
		}
		l := in(t).feed(c.line + "\n")
		l.want(c.what, []string{c.read}, wrote)
	}
}

// TestAnswers: the sentence for each outcome.
func TestAnswers(t *testing.T) {
	say, all := &chat.Say{To: []byte("yoda")}, &chat.Say{All: true}
	block, unblock := &chat.Block{Name: []byte("Yoda")}, &chat.Block{Name: []byte("yo\x1bda"), Undo: true}
	for _, c := range []struct {
		what string
		to   chat.Request
		kind chat.Kind
		want string
	}{
		{"delivered", say, 0, ""},
		{"blocked", say, chat.Blocked, "Your message could not be delivered as the recipient has blocked you\n"},
		{"unknown", say, chat.Unknown, "Error. Invalid user\n"},
		{"to oneself", say, chat.Self, "Error. Invalid user\n"},
		{"no name", say, chat.BadName, "Error. Invalid user\n"},
		{"full", say, chat.Full, "Error. This user has too many messages waiting. Please try again later\n"},
		{"broken", say, chat.Broken, "Error. Your message cannot be stored now. Please try again later\n"},
		{"not delivered", say, chat.NotDelivered, "Error. Your message could not be delivered\n"},
		{"anything else", say, chat.TooFast, "Error. it went wrong\n"},
		{"to all", all, 0, ""},
		{"to all, nobody else is here", all, chat.Unknown, ""},
		{"to all, blocked", all, chat.Blocked, "Your message could not be delivered to some recipients\n"},
		{"to all, not to all", all, chat.NotDelivered, "Error. Your message may not have reached everyone\n"},
		{"who", &chat.WhoElse{}, chat.Broken, "Error. it went wrong\n"},
		{"block", block, 0, "Yoda is blocked\n"},
		{"block twice", block, chat.Already, "Error. Cannot block one user twice\n"},
		{"block oneself", block, chat.Self, "Error. Cannot block self\n"},
		{"block nobody", block, chat.Unknown, "Error. Invalid user\n"},
		{"block, broken", block, chat.Broken, "Error. it went wrong\n"},
		{"unblock", unblock, 0, "yo da is unblocked\n"},
		{"unblock oneself", unblock, chat.Self, "Error. Cannot unblock self\n"},
		{"not blocked", unblock, chat.NotSo, "Error. yo da was not blocked\n"},
		{"goodbye", &chat.Logout{}, 0, "Goodbye\n"},
		{"no goodbye", &chat.Logout{}, chat.Broken, "Error. it went wrong\n"},
		{"refused", &chat.Refuse{Err: errMessage}, chat.Usage, "it went wrong\n"}, // a whole sentence
		{"refused too early", &chat.Refuse{Err: errTooLong}, chat.Unregistered, tooLong},
		{"refused, and that is well", &chat.Refuse{Err: errTooLong}, 0, tooLong},
		{"a hello", &chat.Hello{}, chat.Unsupported, "Error. it went wrong\n"},
		{"a hello that is well", &chat.Hello{}, 0, ""},
	} {
		a := chat.Answer{To: c.to}
		if c.kind != 0 {
			a.Err = chat.Errorf(c.kind, "it went wrong")
		}
		if got := string(new(session).Answer(nil, a)); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	for _, c := range []struct {
		what string
		a    chat.Answer
		want string
	}{
		{"stored", chat.Answer{To: say, Stored: true}, "This user is offline. Will send when online\n"},
		{"nobody", chat.Answer{To: &chat.WhoElse{}}, "\n"},
		{"names", chat.Answer{To: &chat.WhoElse{}, Names: []string{"yoda", "a b", ":", "Jörg"}}, "yoda ab Jörg \n"},
		{"internal", chat.Answer{To: say, Err: errors.New("disk /dev/sda1")}, "Error. This cannot be done now\n"},
		{"lines", chat.Answer{To: say, Err: chat.Errorf(chat.TooFast, "a\nb: c")}, "Error. a b: c\n"},
	} {
		if got := string(new(session).Answer(nil, c.a)); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

// TestLastWords: one line, and nothing more is read or asked.
func TestLastWords(t *testing.T) {
	for _, c := range []struct {
		what string
		by   func(testing.TB) *link
		err  error
		want string
	}{
		{"time-out", in, chat.Errorf(chat.TooLate, "nothing for 10m"), "You sent nothing for too long and are logged out\n"},
		{"no login", open, chat.Errorf(chat.TooLate, "no login within 2m"), "Error. no login within 2m\n"},
		{"the third wrong password", open, chat.Errorf(chat.BadPass, "wrong"), "Invalid Password. Please try again \n"},
		{"the server stops", in, chat.Errorf(chat.Lost, "bye"), "The server stops. Come back later\n"},
		{"no room", open, chat.Errorf(chat.Full, "no room"), "Error. no room\n"},
		{"malformed", in, chat.Errorf(chat.Malformed, "what is\nthis"), "Error. what is this\n"},
		{"internal", in, errors.New("panic at 7"), "Error. This cannot be done now\n"},
		{"no words", in, nil, ""},
	} {
		l := c.by(t)
		if got := string(l.s.Answer(nil, chat.Answer{Err: c.err})); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
		l.read, l.wrote = nil, nil
		l.feed("whoelse\nwho").end().want(c.what, nil, nil)
	}
}

// TestLogoutIsTheEnd: what stands behind it is dropped.
func TestLogoutIsTheEnd(t *testing.T) {
	in(t).feed("logout\nmessage yoda Hi\nwho").silence().end().want("logout", []string{"logout"}, []string{"Goodbye\n"})
}

// TestOpenRequests: a client that does not wait for answers is read no further
// until they leave, and loses nothing.
func TestOpenRequests(t *testing.T) {
	l := in(t)
	l.answer = never
	stream := strings.Repeat("message yoda Hi\n", 100) + "whoelse"
	if l.feed(stream + "\n"); len(l.read) != 100 || string(l.kept) != "whoelse\n" {
		t.Fatalf("read %d, %d bytes are kept", len(l.read), len(l.kept))
	}
	l.end()
	owed := l.owed
	l.owed = owed[:1]
	if l.settle(chat.Answer{Stored: true}); len(l.read) != 101 || len(l.kept) > 0 {
		t.Errorf("after an answer: read %d, %d bytes are kept", len(l.read), len(l.kept))
	}
}

// TestIdleSize: what a silent link costs.
func TestIdleSize(t *testing.T) {
	if size := unsafe.Sizeof(session{}) + unsafe.Sizeof(chat.Say{}); size > 250 {
		t.Errorf("a session takes %d bytes", size)
	}
	if size := unsafe.Sizeof(caller{}); size > 400 {
		t.Errorf("a caller takes %d bytes", size)
	}
	l := in(t).feed("message yoda Hi\n")
	if l.s.say.Text != nil || l.s.say.To != nil || l.s.name != "" {
		t.Errorf("an idle session holds %+v", l.s)
	}
}
