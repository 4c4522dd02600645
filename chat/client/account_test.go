package client

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat"
)

// accounts is a dialect with passwords and one link, whose server tells who
// comes and goes, can be asked who is here, and keeps texts.
var accounts = chat.Traits{
	Dialect: "toy", Reach: chat.ByLink, Presence: true, All: true, Accounts: true, NotSelf: true,
	WhoElse: true, Blocks: true, Logout: true, MaxText: 40, Piece: 10,
}

// inhabitant is a client of that dialect whose login was not answered yet.
func inhabitant(t *testing.T, opts ...option) *user {
	pass := func(c *Config) { c.Traits, c.Pass = accounts, []byte("falcon") }
	return guest(t, append([]option{pass}, opts...)...)
}

// settled gives one that is online and knows of these people.
func settled(t *testing.T, people ...string) *user {
	u := inhabitant(t)
	u.login()
	u.answer(chat.Both, nil)
	u.listed(people...)
	return u
}

func ask(r chat.Request) Effect { return Effect{Kind: Ask, Request: r} }

func tell(to, text string) Effect {
	return ask(&chat.Say{To: []byte(to), All: to == everybody, Text: []byte(text)})
}

func cameBy(name string) Effect {
	return show(View{Event: Came, Name: name, Dialect: "toy"})
}

func wentBy(name string) Effect {
	return show(View{Event: Went, Name: name, Dialect: "toy"})
}

func tableOf(text string, names ...string) Effect {
	v := View{Event: Table, Text: text, People: []Person{}}
	for _, n := range names {
		v.People = append(v.People, Person{Name: n})
	}
	return show(v)
}

func fateIs(to, text, state string) Effect { return fate(to, text, state, "") }

func (u *user) listed(names ...string) []Effect {
	return u.on(chat.Both, &chat.Answer{To: &chat.WhoElse{Now: true}, Names: names})
}

func (u *user) kept() []Effect {
	return u.on(chat.Both, &chat.Answer{To: &chat.Say{}, Stored: true})
}

var (
	logout    = ask(&chat.Logout{})
	whoIsHere = ask(&chat.WhoElse{Now: true})
	passed    = Effect{Kind: Login, Login: chat.Login{Name: "alice", Pass: []byte("falcon")}}
)

func (u *user) comes(name string) []Effect {
	return u.on(chat.Both, &chat.Came{Who: &chat.Person{Name: name, Dialect: "toy"}})
}

func (u *user) goes(name string) []Effect {
	return u.on(chat.Both, &chat.Went{Who: &chat.Person{Name: name, Dialect: "toy"}})
}

// The table is what the server lists once, behind the login; who comes and
// goes from then on it tells.
func TestTableByQuestion(t *testing.T) {
	u := inhabitant(t)
	u.expect(u.login(), passed)
	u.expect(u.answer(chat.Both, nil), show(View{Event: Ready, Name: "alice", Dialect: "toy", Address: "server:1"}), whoIsHere)
	u.expect(u.line("@bob hi")) // waits for the table
	u.expect(u.comes("luke"), cameBy("luke"))
	u.wait(quiet)
	u.expect(u.listed("bob", "luke", "ALICE", "", "Anna"), cameBy("bob"), cameBy("Anna"), tell("bob", "hi"))
	u.expect(u.done(nil), fateIs("bob", "hi", StateSent))
	u.expect(u.goes("LUKE")) // another one
	u.expect(u.goes("luke"), wentBy("luke"))
	u.expect(u.goes("nobody"))
	u.expect(u.comes("yoda"), cameBy("yoda"))
	u.expect(u.comes("yoda"))
	u.expect(u.comes("BOB"), cameBy("BOB"))
	u.expect(u.line("/who"), show(View{Event: Table, People: []Person{{"bob", "toy", ""}, {"Anna", "toy", ""}, {"yoda", "toy", ""}, {"BOB", "toy", ""}}}))
	u.expect(u.line("@BOB x"), tell("BOB", "x"))
	u.expect(u.done(nil), fateIs("BOB", "x", StateSent))
	u.expect(u.line("@Yoda x"), tell("yoda", "x")) // there is no other
	u.expect(u.done(nil), fateIs("yoda", "x", StateSent))
	u.expect(u.line("@Bob x"), tell("Bob", "x")) // which one it is, the server may know
	u.expect(u.done(nil), fateIs("Bob", "x", StateSent))
	u.expect(u.wait(time.Hour))
}

// A server that does not list them is not waited for.
func TestNoTable(t *testing.T) {
	for _, c := range []struct {
		what string
		then func(u *user) []Effect
	}{
		{"silence", func(u *user) []Effect { return u.wait(settleWithin) }},
		{"an error", func(u *user) []Effect {
			return u.on(chat.Both, &chat.Answer{To: &chat.WhoElse{Now: true}, Err: chat.Errorf(chat.Refused, "no")})
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			u := inhabitant(t)
			u.login()
			u.answer(chat.Both, nil)
			u.line("@bob hi")
			u.expect(c.then(u), tell("bob", "hi"))
			u.expect(u.done(nil), fateIs("bob", "hi", StateSent))
			if c.what == "silence" {
				u.expect(u.listed("bob"), cameBy("bob")) // late is better than never
			}
		})
	}
}

// Who went and came while the server was lost is told when it is back.
func TestTableOfBefore(t *testing.T) {
	u := settled(t, "bob", "luke")
	u.c.ServerClosed(u.now, nil)
	u.wait(2 * time.Second)
	u.expect(u.login(), passed)
	u.expect(u.answer(chat.Both, nil), whoIsHere)
	u.expect(u.comes("yoda"))
	u.expect(u.comes("zoe"))
	u.expect(u.goes("zoe"))
	u.expect(u.listed("luke", "yoda", "eve"), wentBy("bob"), cameBy("yoda"), cameBy("eve"), show(View{Event: Online, Address: "server:1"}))
}

// A login that is refused ends the program; a later one only if no other try
// would help.
func TestRefusedByPassword(t *testing.T) {
	for _, c := range []struct {
		kind, shown chat.Kind
		later       bool // ends the program on a reconnect, too
	}{
		{chat.BadPass, chat.BadPass, true}, {chat.Locked, chat.Locked, true},
		{chat.Online, chat.Online, false}, {chat.BadName, chat.Refused, false},
	} {
		t.Run(c.kind.String(), func(t *testing.T) {
			no := fmt.Errorf("said: %w", chat.Errorf(c.kind, "not so"))
			ends := []Effect{hangUp, final(c.shown, "the server refused the login: said: not so"), bye[0], {Kind: Quit, Code: ExitRefused}}
			u := inhabitant(t)
			u.login()
			u.expect(u.answer(chat.Both, no), ends...)
			u.expect(u.wait(time.Hour))

			u = settled(t)
			u.c.ServerClosed(u.now, nil)
			u.line("@bob hi")
			u.wait(2 * time.Second)
			u.login()
			if c.later {
				u.expect(u.answer(chat.Both, no), slices.Insert(ends, 2, undelivered("bob", "hi", whyLost))...)
				u.expect(u.wait(time.Hour))
				return
			}
			u.expect(u.answer(chat.Both, no), hangUp)
			u.expect(u.wait(8*time.Second), dialPart(chat.Both))
			u.login()
			u.answer(chat.Both, nil)
			u.expect(u.listed(), show(View{Event: Online, Address: "server:1"}))
			u.expect(u.wait(restFor), tell("bob", "hi"))
		})
	}
}

// What becomes of a text, in the words of a dialect with accounts.
func TestAccountOutcomes(t *testing.T) {
	for _, c := range []struct {
		what, line, to string
		a              chat.Answer
		state, why     string
	}{
		{"sent", "@bob hi", "bob", chat.Answer{}, StateSent, ""},
		{"stored", "@bob hi", "bob", chat.Answer{Stored: true}, StateStored, ""},
		{"unknown", "@bob hi", "bob", chat.Answer{Err: chat.Errorf(chat.Unknown, "Invalid user")}, StateFailed, "there is no user of that name"},
		{"blocked", "@bob hi", "bob", chat.Answer{Err: chat.Errorf(chat.Blocked, "x")}, StateFailed, "they have blocked you"},
		{"blocked by some", "/all hi", "ALL", chat.Answer{Err: chat.Errorf(chat.Blocked, "x")}, StateFailed, "it went to all but those who have blocked you"},
		{"no room", "@bob hi", "bob", chat.Answer{Err: chat.Errorf(chat.Full, "too many wait\x07")}, StateFailed, "too many wait "},
		{"a full disk", "@bob hi", "bob", chat.Answer{Err: chat.Errorf(chat.Broken, "later")}, StateFailed, "later"},
	} {
		t.Run(c.what, func(t *testing.T) {
			u := settled(t)
			u.expect(u.line(c.line), tell(c.to, "hi"))
			a := c.a
			a.To = &chat.Say{}
			u.expect(u.on(chat.Both, &a), fate(c.to, "hi", c.state, c.why))
		})
	}
	t.Run("of pieces", func(t *testing.T) {
		u := settled(t)
		u.expect(u.line("@bob 0123456789abc"), tell("bob", "0123456789"))
		u.expect(u.kept(), tell("bob", "abc"))
		u.expect(u.done(nil), fateIs("bob", "0123456789abc", StateStored))
	})
	t.Run("to oneself", func(t *testing.T) {
		u := settled(t)
		u.expect(u.line("@Alice hi"), failure(chat.Usage, "alice is you"))
	})
}

// Texts for people about whom the server had nothing to say last time may be
// open together; anything else is asked by itself.
func TestSeveralAtATime(t *testing.T) {
	t.Run("the first by itself", func(t *testing.T) {
		u := settled(t, "bob", "yoda")
		u.expect(u.line("@bob 1"), tell("bob", "1"))
		u.expect(u.line("@bob 2"))
		u.expect(u.line("@yoda 3"))
		u.expect(u.line("@bob 4"))
		u.expect(u.done(nil), fateIs("bob", "1", StateSent), tell("bob", "2"))
		u.expect(u.done(nil), fateIs("bob", "2", StateSent), tell("yoda", "3"))
		u.expect(u.line("@yoda 5"))
		u.expect(u.done(nil), fateIs("yoda", "3", StateSent), tell("bob", "4"), tell("yoda", "5"))
		u.expect(u.line("@BOB 6"), tell("bob", "6"))
		u.expect(u.done(nil), fateIs("bob", "4", StateSent))
		u.expect(u.done(nil), fateIs("yoda", "5", StateSent))
		u.expect(u.done(nil), fateIs("bob", "6", StateSent))
	})
	t.Run("until there is something to say", func(t *testing.T) {
		for _, c := range []struct {
			what string
			a    chat.Answer
			fate Effect
		}{
			{"stored", chat.Answer{Stored: true}, fateIs("bob", "2", StateStored)},
			{"failed", chat.Answer{Err: chat.Errorf(chat.Blocked, "")}, undelivered("bob", "2", "they have blocked you")},
		} {
			u := settled(t, "bob")
			u.line("@bob 1")
			u.done(nil)
			u.expect(u.line("@bob 2"), tell("bob", "2"))
			u.expect(u.line("@bob 3"), tell("bob", "3"))
			a := c.a
			a.To = &chat.Say{}
			u.expect(u.on(chat.Both, &a), c.fate)
			u.expect(u.line("@bob 4")) // while 3 is open, and then by itself
			u.expect(u.kept(), fateIs("bob", "3", StateStored), tell("bob", "4"))
			u.expect(u.line("@bob 5"))
		}
	})
	t.Run("until they go again", func(t *testing.T) {
		u := settled(t)
		u.line("@bob 1")
		u.line("@bob 2")
		u.line("@bob 3")
		u.expect(u.comes("bob"), cameBy("bob"))
		u.expect(u.done(nil), fateIs("bob", "1", StateSent), tell("bob", "2"), tell("bob", "3"))
		u.done(nil)
		u.done(nil)
		u.expect(u.goes("bob"), wentBy("bob"))
		u.expect(u.line("@bob 4"), tell("bob", "4"))
		u.expect(u.line("@bob 5"))
	})
	t.Run("until they go", func(t *testing.T) {
		u := settled(t, "bob")
		u.line("@bob 1")
		u.done(nil)
		u.expect(u.goes("bob"), wentBy("bob"))
		u.expect(u.line("@bob 2"), tell("bob", "2"))
		u.expect(u.line("@bob 3"))
	})
	t.Run("16 at most", func(t *testing.T) {
		u := settled(t)
		u.line("/all 0")
		u.done(nil)
		n := 0
		for range 40 {
			n += len(u.line("/all x"))
		}
		if n != maxOpen {
			t.Errorf("%d are asked, want %d", n, maxOpen)
		}
		u.expect(u.done(nil), fateIs("ALL", "x", StateSent), tell("ALL", "x"))
	})
	t.Run("pieces", func(t *testing.T) {
		u := settled(t)
		u.line("@bob 1")
		u.done(nil)
		long := "0123456789abcdefghijABC"
		u.expect(u.line("@bob "+long), tell("bob", long[:10]), tell("bob", long[10:20]), tell("bob", long[20:]))
		u.expect(u.line("@bob 2"), tell("bob", "2"))
		u.expect(u.done(nil))
		u.expect(u.done(chat.Errorf(chat.Full, "full")))
		u.expect(u.done(nil), undelivered("bob", long, "full"))
		u.expect(u.done(nil), fateIs("bob", "2", StateSent))
	})
	t.Run("lost", func(t *testing.T) {
		u := settled(t)
		u.line("@bob 1")
		u.done(nil)
		u.line("@bob 2")
		u.line("@bob 3")
		u.line("@eve 4")
		e := u.c.ServerClosed(u.now, nil)
		u.expect(e, undelivered("bob", "2", whyCut), undelivered("bob", "3", whyCut), offline("the server closed the connection", e[2].View.Text))
		if r := &u.c.relay; r.open != 0 || r.begun != 0 || len(r.posts) != 1 || u.c.unsettled != 1 {
			t.Errorf("%d open, %d begun, %d wait, %d unsettled", r.open, r.begun, len(r.posts), u.c.unsettled)
		}
	})
}

// What else is asked keeps its place among the texts and is asked by itself.
func TestAskedInOrder(t *testing.T) {
	u := settled(t, "bob")
	u.line("@bob 1")
	u.done(nil)
	u.expect(u.line("@bob 2"), tell("bob", "2"))
	u.expect(u.line("/block BOB"))
	u.expect(u.line("/whoelse"))
	u.expect(u.line("@bob 3"))
	u.expect(u.done(nil), fateIs("bob", "2", StateSent), ask(&chat.Block{Name: []byte("bob")}))
	u.expect(u.done(nil))   // of no text
	u.expect(u.listed("x")) // of no question
	u.expect(u.on(chat.Both, &chat.Answer{To: &chat.Block{}}),
		show(View{Event: Notice, Name: "bob", Text: "blocked: you get no texts from them, and they do not see you come and go"}), whoIsHere)
	u.expect(u.listed("bob"), tableOf("", "bob"), tell("bob", "3"))
}

func TestBlockAnswers(t *testing.T) {
	for _, c := range []struct {
		what, line string
		undo       bool
		err        error
		want       Effect
	}{
		{"undone", "/unblock eve", true, nil, show(View{Event: Notice, Name: "eve", Text: "not blocked any more"})},
		{"nobody", "/block eve", false, chat.Errorf(chat.Unknown, "Invalid user"), failure(chat.Unknown, `there is no user called "eve"`)},
		{"twice", "/block eve", false, chat.Errorf(chat.Already, "x"), failure(chat.Already, "eve is blocked already")},
		{"not so", "/unblock eve", true, chat.Errorf(chat.NotSo, "x"), failure(chat.NotSo, "eve is not blocked")},
		{"oneself", "/block eve", false, chat.Errorf(chat.Self, "x"), failure(chat.Self, "/block eve: that is you")},
		{"anything else", "/block eve", false, chat.Errorf(chat.TooLate, "no\x1banswer"), failure(chat.TooLate, "/block eve: no answer")},
		{"an error of nobody's", "/block eve", false, errors.New("x"), failure(chat.Refused, "/block eve: the server says: x")},
	} {
		t.Run(c.what, func(t *testing.T) {
			u := settled(t)
			u.expect(u.line(c.line), ask(&chat.Block{Name: []byte("eve"), Undo: c.undo}))
			u.expect(u.on(chat.Both, &chat.Answer{To: &chat.Block{}, Err: c.err}), c.want)
		})
	}
}

// The answer to /whoelse is the truth about the table; that to /whoelsesince
// is about others, too.
func TestWhoElse(t *testing.T) {
	u := settled(t, "bob", "luke")
	u.expect(u.line("/whoelse"), whoIsHere)
	u.expect(u.listed("luke", "eve"), cameBy("eve"), wentBy("bob"), tableOf("", "luke", "eve"))
	for line, d := range map[string]time.Duration{"90": 90 * time.Second, "1.5": 1500 * time.Millisecond, "5m": 5 * time.Minute, "0": 0, " 1h30m": 90 * time.Minute} {
		u.expect(u.line("/whoelsesince "+line), ask(&chat.WhoElse{Since: d}))
		u.expect(u.on(chat.Both, &chat.Answer{To: &chat.WhoElse{Since: d}, Names: []string{"old"}}),
			tableOf("here now or within the last "+d.String()+":", "old"))
	}
	u.line("/whoelsesince 5m")
	u.expect(u.on(chat.Both, &chat.Answer{To: &chat.WhoElse{}}), tableOf("nobody else is here or was within the last 5m0s"))
	u.line("/whoelse")
	u.expect(u.on(chat.Both, &chat.Answer{To: &chat.WhoElse{}, Err: chat.Errorf(chat.Unknown, "no")}), failure(chat.Unknown, "/whoelse: no"))
	u.line("/whoelse")
	e := u.c.ServerClosed(u.now, nil)
	u.expect(e, failure(chat.Lost, "/whoelse: "+whyCut), offline("the server closed the connection", e[1].View.Text))
}

func TestBadQuestions(t *testing.T) {
	for line, want := range map[string]Effect{
		"/whoelse now":            failure(chat.Usage, "/whoelse takes nothing behind it; /whoelsesince takes a time"),
		"/block":                  failure(chat.Usage, "whom? /block NAME"),
		"/unblock":                failure(chat.Usage, "whom? /unblock NAME"),
		"/block bob now":          failure(chat.Usage, "/block takes a name and nothing else"),
		`/block "bob`:             failure(chat.Usage, `the quote before the name is not closed: @"a name" text`),
		"/block b\x01":            failure(chat.BadName, `nobody can be called "b\x01": the name holds a control or format character (U+0001)`),
		"/join #room":             failure(chat.Unsupported, "toy cannot do /join: there are no rooms; write to each person with @NAME text"),
		"/whoelsesince":           failure(chat.Usage, whenUsage),
		"/whoelsesince -1":        failure(chat.Usage, whenUsage),
		"/whoelsesince -1s":       failure(chat.Usage, whenUsage),
		"/whoelsesince NaN":       failure(chat.Usage, whenUsage),
		"/whoelsesince Inf":       failure(chat.Usage, whenUsage),
		"/whoelsesince 1e300":     failure(chat.Usage, whenUsage),
		"/whoelsesince yesterday": failure(chat.Usage, whenUsage),
	} {
		u := settled(t)
		u.expect(u.line(line), want)
		u.expect(u.wait(time.Hour))
	}
}

const whenUsage = "within what time? /whoelsesince 90s, 5m, 2h, or a number of seconds"

func TestAccountHelp(t *testing.T) {
	var words []string
	for _, e := range settled(t).line("/help") {
		word, _, _ := strings.Cut(e.View.Text, " ")
		words = append(words, strings.TrimSuffix(word, ":"))
	}
	if got := strings.Join(words, " "); got != "/msg /all /who /whoelse /whoelsesince /block /unblock /help /quit a" {
		t.Errorf("help for %s", got)
	}
}

// Whatever the end is, a server that knows us is told.
func TestLogout(t *testing.T) {
	ends := append([]Effect{hangUp}, bye...)
	t.Run("/quit", func(t *testing.T) {
		u := settled(t)
		u.expect(u.line("/quit"), logout)
		u.expect(u.tells("bob", "wait"), told("bob", "wait"))
		u.expect(u.line("@bob no"))
		u.expect(u.on(chat.Both, &chat.Answer{To: &chat.Logout{}}), ends...)
		u.expect(u.c.ServerClosed(u.now, nil))
	})
	t.Run("interrupt", func(t *testing.T) {
		u := settled(t)
		u.expect(u.c.Interrupt(u.now), logout)
		u.expect(u.c.Interrupt(u.now), ends...)
	})
	t.Run("no answer", func(t *testing.T) {
		u := settled(t)
		u.expect(u.line("/quit"), logout)
		u.expect(u.wait(finishWithin - time.Millisecond))
		u.expect(u.wait(time.Millisecond), ends...)
	})
	t.Run("closed instead", func(t *testing.T) {
		u := settled(t)
		u.expect(u.line("/quit"), logout)
		u.expect(u.c.ServerClosed(u.now, nil), ends...)
	})
	t.Run("before the table", func(t *testing.T) {
		u := inhabitant(t)
		u.login()
		u.answer(chat.Both, nil)
		u.expect(u.c.Interrupt(u.now), logout)
		u.expect(u.listed("bob"), cameBy("bob"))
		u.expect(u.on(chat.Both, &chat.Answer{To: &chat.Logout{}}), ends...)
	})
	t.Run("not logged in", func(t *testing.T) {
		u := inhabitant(t)
		u.login()
		u.expect(u.c.Interrupt(u.now), append([]Effect{hangUp}, bye...)...)
	})
}

// The end of input waits a moment for what has waited for us.
func TestEOFReadsWhatWaited(t *testing.T) {
	u := inhabitant(t)
	u.expect(u.c.EOF(u.now))
	u.login()
	u.answer(chat.Both, nil)
	u.expect(u.listed())
	at := time.Date(2005, 2, 26, 9, 30, 0, 0, time.UTC)
	u.now = u.now.Add(answers - time.Millisecond)
	u.expect(u.on(chat.Both, &chat.Said{From: &chat.Person{Name: "yoda"}, Text: []byte("hm"), At: at}),
		show(View{Event: Said, From: "yoda", To: "alice", Text: "hm", Written: at, Dialect: "toy", Path: PathRelay}))
	u.expect(u.wait(answers - time.Millisecond))
	u.expect(u.wait(time.Millisecond), logout)
}
