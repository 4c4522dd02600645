package comp9331

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/codec/asked"
)

const (
	loginDone = `answer to login "hans": done`
	loginPass = `answer to login "hans": password`
)

// TestCallerLogin: the prompts are answered when they come, whenever the login
// was asked and however the bytes come.
func TestCallerLogin(t *testing.T) {
	both := []string{"hans\n", "falcon\n"}
	for _, c := range []struct {
		what, first, then string // before and after the login is asked
		read, wrote       []string
	}{
		{"asked first", "", askName + askPass + welcome, []string{loginDone}, both},
		{"asked at the prompt", askName, askPass + welcome, []string{loginDone}, both},
		{"asked within the prompt", "user", "name: " + askPass + welcome, []string{loginDone}, both},
		{"another welcome", askName, askPass + "Welcome back, hans\n", []string{loginDone}, both},
		{"a greeting", "Hi there\n", askName + askPass + welcome, []string{`notice "Hi there"`, loginDone}, both},
		{"words before the outcome", askName, askPass + "wait\n" + welcome, []string{`notice "wait"`, loginDone}, both},
		{"wrong", askName, askPass + badPass + askName, []string{loginPass}, both},
		{"wrong, CR LF", askName, askPass + "Invalid Password. Please try again\r\n", []string{loginPass}, both},
		{"unknown before the password", askName, "Invalid  username\n" + askName, []string{loginPass}, both[:1]},
		{"unknown behind it", askName, askPass + "Invalid  username\n", []string{loginPass}, both},
		{"locked", askName, askPass + locked, []string{`answer to login "hans": locked`}, both},
		{"locked before the password", askName, locked, []string{`answer to login "hans": locked`}, both[:1]},
		{"online", askName, askPass + online, []string{`answer to login "hans": online`}, both},
		{"refused", askName, askPass + "Error. no room\n", []string{`answer to login "hans": refused`}, both},
		{"no room at all", "", "Error. no room\n", []string{`notice "Error. no room"`}, nil},
		{"no prompt of ours", askName, "username is what?\n", []string{`notice "username is what?"`}, both[:1]},
		{"what people say is behind the login", askName, "bob: Hi\nyoda logged in\n", []string{`notice "bob: Hi"`, `notice "yoda logged in"`}, both[:1]},
		{"then a prompt is what somebody says", askName, askPass + welcome + "username: Hi\n", []string{loginDone, `username: "Hi"`}, both},
	} {
		for _, cut := range [][]string{{c.then}, strings.Split(c.then, "")} {
			l := call(t).hear(c.first).ask(login).hear(cut...).want(c.what, c.read, nil)
			if got, want := strings.Join(l.wrote, ""), strings.Join(c.wrote, ""); got != want {
				t.Errorf("%s: wrote %q, want %q", c.what, got, want)
			}
		}
	}
}

// TestCallerLoginAgain: a wrong password is no end, a login is one at a time.
func TestCallerLoginAgain(t *testing.T) {
	c := call(t).ask(login, login).hear(askName, askPass, badPass+askName)
	c.want("twice at once", []string{loginPass, `answer to login "hans": toofast`}, []string{"hans\n", "falcon\n"})
	c = c.ask(&chat.Login{Name: "yoda", Pass: []byte("x")}).hear(askPass + welcome).ask(login)
	c.want("once more", []string{
		loginPass, `answer to login "hans": toofast`, `answer to login "yoda": done`, `answer to login "hans": already`,
	}, []string{"hans\n", "falcon\n", "yoda\n", "x\n"})
}

// TestOutcomes: which sentence is about which request, and what is reported
// when (comp9331, "How our client knows").
func TestOutcomes(t *testing.T) {
	to := func(name string) *chat.Say { return &chat.Say{To: []byte(name), Text: []byte("Hi")} }
	all, who := &chat.Say{All: true, Text: []byte("Hi")}, &chat.WhoElse{Now: true}
	block := &chat.Block{Name: []byte("luke")}
	undo := &chat.Block{Name: []byte("luke"), Undo: true}
	said := func(what string, outcomes ...string) (all []string) {
		for _, o := range outcomes {
			all = append(all, fmt.Sprintf("answer to %s: %s", what, o))
		}
		return all
	}
	yoda, bob, everyone := `say to "yoda" ""`, `say to "bob" ""`, `say to all ""`
	for _, c := range []struct {
		what   string
		asks   []chat.Request
		came   string
		atOnce []string
		later  []string // after 300 ms
		last   []string // after 10 s
	}{
		{"nothing comes", []chat.Request{to("yoda")}, "", nil, said(yoda, "done"), nil},
		{"offline", []chat.Request{to("yoda")}, saysStored + "\n", said(yoda, "stored"), nil, nil},
		{"blocked", []chat.Request{to("yoda")}, saysBlocked + "\n", said(yoda, "blocked"), nil, nil},
		{"unknown", []chat.Request{to("yoda")}, "Error. Invalid user\n", said(yoda, "unknown"), nil, nil},
		{"full", []chat.Request{to("yoda")}, "Error. " + saysFull + "\n", said(yoda, "full"), nil, nil},
		{"broken", []chat.Request{to("yoda")}, "Error. " + saysBroken + "\n", said(yoda, "broken"), nil, nil},
		{"not delivered", []chat.Request{to("yoda")}, "Error. " + saysNotDelivered + "\n", said(yoda, "undelivered"), nil, nil},
		{"anything else", []chat.Request{to("yoda")}, "Error. whatever\n", said(yoda, "refused"), nil, nil},
		{"to all, blocked", []chat.Request{all}, saysNotToAll + "\n", said(everyone, "blocked"), nil, nil},
		{"to all, not to all", []chat.Request{all}, "Error. " + saysNotToEveryone + "\n", said(everyone, "undelivered"), nil, nil},

		{"the one asked last", []chat.Request{to("yoda"), to("bob")}, saysStored + "\n", slices.Concat(said(yoda, "done"), said(bob, "stored")), nil, nil},
		{"the one that fits", []chat.Request{all, to("bob")}, saysNotToAll + "\n", said(everyone, "blocked"), said(bob, "done"), nil},
		{"the one that fits, of a name", []chat.Request{to("yoda"), all}, saysStored + "\n", said(yoda, "stored"), said(everyone, "done"), nil},
		{"none that fits", []chat.Request{all}, saysStored + "\n", []string{`notice "` + saysStored + `"`}, said(everyone, "done"), nil},
		{"beside one that was not asked", []chat.Request{to("yoda"), to("a b"), to("bob")}, saysStored + "\n",
			slices.Concat(said(yoda, "done"), said(`say to "a b" ""`, "name"), said(bob, "stored")), nil, nil},
		{"two of two", []chat.Request{to("yoda"), to("bob")}, saysStored + "\n" + saysStored + "\n",
			append(slices.Concat(said(yoda, "done"), said(bob, "stored")), `notice "`+saysStored+`"`), nil, nil},

		{"an answer tells of all before", []chat.Request{to("yoda"), who}, "luke yoda \n",
			slices.Concat(said(yoda, "done"), said("whoelse", `["luke" "yoda"]`)), nil, nil},
		{"not of those behind", []chat.Request{who, to("yoda")}, "\n", said("whoelse", "done"), said(yoda, "done"), nil},
		{"a sentence in front of an answer", []chat.Request{to("yoda"), who}, saysStored + "\n\n",
			slices.Concat(said(yoda, "stored"), said("whoelse", "done")), nil, nil},
		{"nobody behind an answer that is due", []chat.Request{who, to("yoda")}, saysStored + "\n",
			[]string{`notice "` + saysStored + `"`}, nil, slices.Concat(said("whoelse", "toolate"), said(yoda, "done"))},
		{"who, refused", []chat.Request{who}, "Error. This cannot be done now\n", said("whoelse", "refused"), nil, nil},
		{"who, silence", []chat.Request{who}, "", nil, nil, said("whoelse", "toolate")},
		{"who since", []chat.Request{&chat.WhoElse{Since: time.Minute}}, "yoda \n", said("whoelse since 1m0s", `["yoda"]`), nil, nil},
		{"who, and somebody comes", []chat.Request{who}, "luke logged in\nyoda: a b \nluke \n",
			slices.Concat([]string{"came luke", `yoda: "a b "`}, said("whoelse", `["luke"]`)), nil, nil},
		{"names that nobody has", []chat.Request{who}, "lu\x1bke a\xffb yoda \n", said("whoelse", `["aÿb" "yoda"]`), nil, nil},
		{"no list", []chat.Request{who}, "two  blanks \n", []string{`notice "two  blanks"`}, nil, said("whoelse", "toolate")},
		{"names that nobody asked for", []chat.Request{to("yoda")}, "luke \n", []string{`notice "luke"`}, said(yoda, "done"), nil},

		{"block", []chat.Request{block}, "luke is blocked\n", said(`block "luke"`, "done"), nil, nil},
		{"block twice", []chat.Request{block}, "Error. Cannot block one user twice\n", said(`block "luke"`, "already"), nil, nil},
		{"block oneself", []chat.Request{block}, "Error. Cannot block self\n", said(`block "luke"`, "self"), nil, nil},
		{"block nobody", []chat.Request{to("yoda"), block}, "Error. Invalid user\n",
			slices.Concat(said(yoda, "done"), said(`block "luke"`, "unknown")), nil, nil},
		{"unblock", []chat.Request{undo}, "luke is unblocked\n", said(`unblock "luke"`, "done"), nil, nil},
		{"unblock oneself", []chat.Request{undo}, "Error. Cannot unblock self\n", said(`unblock "luke"`, "self"), nil, nil},
		{"not blocked", []chat.Request{undo}, "Error. luke was not blocked\n", said(`unblock "luke"`, "notso"), nil, nil},
		{"blocked, not asked", []chat.Request{undo}, "luke is blocked\n", []string{`notice "luke is blocked"`}, nil, said(`unblock "luke"`, "toolate")},
		{"goodbye", []chat.Request{to("yoda"), &chat.Logout{}}, "Goodbye\n", slices.Concat(said(yoda, "done"), said("logout", "done")), nil, nil},
		{"a time-out", nil, saysTimeOut + "\n", []string{`notice "` + saysTimeOut + `"`}, nil, nil},

		{"forged: offline", []chat.Request{to("yoda")}, "bob: " + saysStored + "\n", []string{`bob: "` + saysStored + `"`}, said(yoda, "done"), nil},
		{"forged: an error", []chat.Request{to("yoda")}, "bob: Error. Invalid user\n", []string{`bob: "Error. Invalid user"`}, said(yoda, "done"), nil},
		{"forged: names", []chat.Request{who}, "bob: a b c \nbob: \n", []string{`bob: "a b c "`, `bob: ""`}, nil, said("whoelse", "toolate")},
		{"forged: a login", nil, "bob: luke logged in\nbob: logged out\n", []string{`bob: "luke logged in"`, `bob: "logged out"`}, nil, nil},
		{"forged: a block", []chat.Request{block}, "bob: luke is blocked\n", []string{`bob: "luke is blocked"`}, nil, said(`block "luke"`, "toolate")},
		{"forged: by a name", []chat.Request{to("yoda")}, "Usage: Error. Invalid user\n", []string{`Usage: "Error. Invalid user"`}, said(yoda, "done"), nil},
	} {
		for _, cut := range [][]string{{c.came}, strings.Split(c.came, "")} {
			l := insider(t).ask(c.asks...).hear(cut...)
			l.want(c.what, c.atOnce, nil)
			l.read = nil
			l.after(299*time.Millisecond).want(c.what+", before its time", nil, nil)
			l.after(time.Millisecond).want(c.what+", after 300 ms", c.later, nil)
			l.read = nil
			l.after(time.Minute).want(c.what+", in the end", c.last, nil)
			if l.c.asked.Open() != 0 || !l.next.IsZero() {
				t.Errorf("%s: %d are open, due at %v", c.what, l.c.asked.Open(), l.next)
			}
		}
	}
}

// TestOutcomeBehindAnAsk: a text whose time ran out while another was asked is
// reported at once, not when the other is.
func TestOutcomeBehindAnAsk(t *testing.T) {
	c := insider(t).ask(say)
	c.now = c.now.Add(asked.QuietWithin)
	c.ask(toll).want("two texts", []string{`answer to say to "yoda" "": done`}, nil)
}

// TestAskRefuses: what cannot be written costs no byte, and is answered in its
// turn.
func TestAskRefuses(t *testing.T) {
	for _, c := range []struct {
		what string
		r    chat.Request
		kind chat.Kind
	}{
		{"to a blank", &chat.Say{To: []byte("a b"), Text: []byte("Hi")}, chat.BadName},
		{"to a colon", &chat.Say{To: []byte("a:"), Text: []byte("Hi")}, chat.BadName},
		{"to nobody", &chat.Say{Text: []byte("Hi")}, chat.BadName},
		{"to a line", &chat.Say{To: []byte("a\nlogout"), Text: []byte("Hi")}, chat.BadName},
		{"to a long name", &chat.Say{To: make([]byte, 1<<20), Text: []byte("Hi")}, chat.BadName},
		{"nothing", &chat.Say{To: []byte("yoda")}, chat.Usage},
		{"a blank", &chat.Say{To: []byte("yoda"), Text: []byte(" ")}, chat.Usage},
		{"line ends", &chat.Say{All: true, Text: []byte("\n\n")}, chat.Usage},
		{"too long a text", &chat.Say{To: []byte("yoda"), Text: []byte(strings.Repeat("x", 4084))}, chat.TooLong},
		{"too long by far", &chat.Say{To: []byte("yoda"), Text: []byte(strings.Repeat("\r\n", maxLine))}, chat.TooLong},
		{"too long when it is clean", &chat.Say{To: []byte("yoda"), Text: []byte(strings.Repeat("\xff", 2000))}, chat.TooLong},
		{"since later", &chat.WhoElse{Since: -1}, chat.Usage},
		{"block a line", &chat.Block{Name: []byte("a\nlogout")}, chat.BadName},
		{"block nobody", &chat.Block{}, chat.BadName},
	} {
		l := insider(t)
		l.ask(c.r).want(c.what, []string{fmt.Sprintf("answer to %s: %s", tell(bare(c.r)), c.kind)}, []string{})
	}
	for _, c := range []struct {
		what string
		l    chat.Login
		kind chat.Kind
	}{
		{"no name", chat.Login{Pass: []byte("x")}, chat.BadName},
		{"a name of lines", chat.Login{Name: "a\nb", Pass: []byte("x")}, chat.BadName},
		{"no password", chat.Login{Name: "hans"}, chat.BadPass},
		{"a password of lines", chat.Login{Name: "hans", Pass: []byte("a\nb")}, chat.BadPass},
		{"a password with half a line end", chat.Login{Name: "hans", Pass: []byte("a\r")}, chat.BadPass},
		{"too long a password", chat.Login{Name: "hans", Pass: make([]byte, maxLine+1)}, chat.BadPass},
	} {
		want := fmt.Sprintf("answer to login %q: %s", c.l.Name, c.kind)
		call(t).hear(askName).ask(&c.l).want(c.what, []string{want}, []string{})
	}
	call(t).hear(askName).ask(say).want("before the login", []string{`answer to say to "yoda" "": unregistered`}, []string{})
	insider(t).ask(&chat.Received{}, &chat.Hello{}, &chat.Counts{}).want("no words for it", nil, []string{})
}

// bare is a request as it is reported: without its text.
func bare(r chat.Request) chat.Request {
	if s, ok := r.(*chat.Say); ok {
		return &chat.Say{To: s.To, All: s.All}
	}
	return r
}

// TestAskWrites: one line each.
func TestAskWrites(t *testing.T) {
	for _, c := range []struct {
		what string
		r    chat.Request
		want string
	}{
		{"a text", say, "message yoda Hi\n"},
		{"a text of lines", &chat.Say{To: []byte("yoda"), Text: []byte("a\r\nb")}, "message yoda a b\n"},
		{"a text with blanks in front", &chat.Say{To: []byte("yoda"), Text: []byte("  a")}, "message yoda   a\n"},
		{"the longest text", &chat.Say{To: []byte("yoda"), Text: []byte(strings.Repeat("x", 4083))}, "message yoda " + strings.Repeat("x", 4083) + "\n"},
		{"to all", toll, "broadcast Hi\n"},
		{"who", &chat.WhoElse{Now: true}, "whoelse\n"},
		{"who since", &chat.WhoElse{Since: time.Hour}, "whoelsesince 3600\n"},
		{"who since a moment", &chat.WhoElse{Since: 1500 * time.Millisecond}, "whoelsesince 1.5\n"},
		{"block", blockHans, "block hans\n"},
		{"unblock", unblock, "unblock yoda\n"},
		{"logout", &chat.Logout{}, "logout\n"},
	} {
		insider(t).ask(c.r).want(c.what, nil, []string{c.want})
	}
}

// TestTooManyAsked: what is asked beyond the bound is refused, and what was
// asked is answered.
func TestTooManyAsked(t *testing.T) {
	c := insider(t)
	for range asked.Max {
		c.ask(say)
	}
	c.ask(say).want("one more", nil, slices.Repeat([]string{"message yoda Hi\n"}, asked.Max))
	c.after(asked.QuietWithin)
	if n := len(c.read); n != asked.Max+1 || c.read[n-1] != `answer to say to "yoda" "": toofast` || c.read[n-2] != `answer to say to "yoda" "": done` {
		t.Errorf("%d answers, the last %q", n, c.read[n-1])
	}
}

// TestStamps: a time that has exactly our form is no part of the text.
func TestStamps(t *testing.T) {
	for _, c := range []struct{ what, text, want string }{
		{"stored", "a [2026-11-20 12:04 UTC]", `hans at 2026-11-20T12:04:00Z: "a"`},
		{"nothing but it", " [2026-11-20 12:04 UTC]", `hans at 2026-11-20T12:04:00Z: ""`},
		{"only the last", "a [2026-11-20 12:04 UTC] [2026-11-20 12:05 UTC]", `hans at 2026-11-20T12:05:00Z: "a [2026-11-20 12:04 UTC]"`},
		{"no blank in front", "a[2026-11-20 12:04 UTC]", ""},
		{"a blank behind", "a [2026-11-20 12:04 UTC] ", ""},
		{"no such day", "a [2026-02-30 12:04 UTC]", ""},
		{"no such hour", "a [2026-11-20 24:04 UTC]", ""},
		{"another zone", "a [2026-11-20 12:04 CET]", ""},
		{"one digit", "a [2026-11-20 12:4 UTC]", ""},
		{"letters", "a [2026-11-2o 12:04 UTC]", ""},
		{"seconds", "a [2026-11-20 12:04:05 UTC]", ""},
		{"round brackets", "a (2026-11-20 12:04 UTC)", ""},
	} {
		want := c.want
		if want == "" {
			want = fmt.Sprintf("hans: %q", c.text)
		}
		insider(t).hear("hans: "+c.text+"\n").want(c.what, []string{want}, nil)
	}
}

// TestForeignLines: whatever comes, it reaches a person as one harmless line.
func TestForeignLines(t *testing.T) {
	long := strings.Repeat("x", 2*maxLine)
	for _, c := range []struct{ what, came, want string }{
		{"Latin-1", "Gr\xfc\xdfe an alle\n", `notice "Grüße an alle"`},
		{"escape", "\x1b[2J\n", `notice " [2J"`},
		{"empty", "\n", `notice ""`},
		{"no name", ": Hi\n", `notice ": Hi"`},
		{"a name of two words", "a b: Hi\n", `notice "a b: Hi"`},
		{"a name with an escape", "\x1b[2J: Hi\n", `notice " [2J: Hi"`},
		{"a long name", long[:200] + ": Hi\n", `notice "` + long[:200] + `: Hi"`},
		{"no blank behind the colon", "bob:Hi\n", `notice "bob:Hi"`},
		{"a text in Latin-1", "bob: gr\xfc\xdfe\n", `bob: "grüße"`},
		{"too long a text", "bob: " + long + "\n", `bob: "` + long[:maxLine-6] + `"`},
		{"too long a text of wide characters", "bob: " + strings.Repeat("é", maxLine) + "\n", `bob: "` + strings.Repeat("é", maxLine/2-3) + `"`},
		{"too long a line", long + " logged in\n", `notice "` + long[:maxLine-1] + `"`},
		{"two words came", "a b logged in\n", `notice "a b logged in"`},
		{"nobody came", " logged in\n", `notice " logged in"`},
	} {
		for _, cut := range [][]string{{c.came}, strings.Split(c.came, "")} {
			insider(t).hear(cut...).want(c.what, []string{c.want}, nil)
		}
	}
}

// TestLongList: a list of names may be longer than any other line.
func TestLongList(t *testing.T) {
	var names []string
	for i := range 5000 {
		names = append(names, fmt.Sprint("user", i))
	}
	want := fmt.Sprintf("answer to whoelse: %q", names)
	line := strings.Join(names, " ") + " \n"
	for _, size := range []int{1, 7, 1000, 1 << 20} {
		c := insider(t).ask(&chat.WhoElse{Now: true})
		for p := range slices.Chunk([]byte(line+"luke logged in\n"), size) {
			if c.hear(string(p)); len(c.kept) > maxLine+1 {
				t.Fatalf("%d bytes are kept", len(c.kept))
			}
		}
		c.want("names", []string{want, "came luke"}, nil)
	}
	c := insider(t).ask(&chat.WhoElse{Now: true}).hear(strings.Repeat("x", 3*maxLine)+" bob ", "luke \n")
	c.want("what is no name", []string{`answer to whoelse: ["bob" "luke"]`}, nil)
	insider(t).hear(line).want("not asked", []string{`notice "` + strings.TrimRight(line[:maxLine-1], " ") + `"`}, nil)
}
