package roster

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"mim/chat"
)

// lines are the traits of a dialect like comp9331.
var lines = chat.Traits{
	Dialect: "lines", Reach: chat.ByLink, Presence: true, Silent: true, All: true, Accounts: true, NotSelf: true, TimesOut: true,
	MaxText: 10, LoginWithin: 2 * time.Minute,
}

// An accountWorld has a store that does what the test says, and keeps what it
// was asked for.
type accountWorld struct {
	*world
	asked   []Effect // Keep and Fetch, in order, whose outcome is due
	lastFor map[int]uint64
}

// accounts opens links 1 to 5 of a dialect of lines, 6 and 7 of relay from one
// address. ann, bob, carl have passwords, dora has an account without one.
func accounts(t *testing.T, c Config) *accountWorld {
	c.BlockFor = time.Minute
	w := &accountWorld{world: newWorld(t, c), lastFor: map[int]uint64{}}
	w.SetAccounts(w.now, []Account{{Name: "ann", Bound: true}, {Name: "Bob", Bound: true}, {Name: "carl", Bound: true}, {Name: "dora"}})
	for n := 1; n <= 5; n++ {
		w.open(n, fmt.Sprintf("10.0.0.%d:1", n), &lines)
	}
	w.open(6, "10.0.0.6:1", &relay)
	w.open(7, "10.0.0.6:2", &relay)
	return w
}

// do carries out a line: "1 in ann" asks for a login, "1 right" and "1 wrong"
// say what its password is; "kept", "broken" settle the oldest change,
// "fetched 1:ann>bob:hi ..." the oldest fetch; "1 left" says that all told to
// link 1 has left; or what world.do knows.
func (w *accountWorld) do(line string) string {
	word, rest, _ := strings.Cut(line, " ")
	var e []Effect
	switch word {
	case "kept", "broken":
		e = w.settle(word == "broken")
	case "fetched":
		e = w.fetched(rest)
	case "wait":
		return w.wait(rest)
	default:
		n := int(word[0] - '0')
		verb, arg, _ := strings.Cut(rest, " ")
		e = w.linkDoes(n, verb, arg)
	}
	for _, x := range e {
		if x.Mark+x.Said != 0 {
			w.lastFor[int(x.To.Slot())+1] = x.Mark + x.Said
		}
		if x.Kind == Keep && x.Keeping != nil || x.Kind == Fetch {
			w.asked = append(w.asked, x)
		}
	}
	return show(e)
}

func (w *accountWorld) linkDoes(n int, verb, arg string) []Effect {
	l := linkOf(n)
	switch verb {
	case "in":
		return w.Do(w.now, l, &chat.Login{Name: arg, Pass: []byte("pass")})
	case "right", "wrong":
		return w.Checked(w.now, l, verb == "right", nil)
	case "unsure":
		return w.Checked(w.now, l, false, chat.Errorf(chat.Full, "full"))
	case "left":
		return w.Left(w.now, l, w.lastFor[n])
	case "unsaid":
		return w.Unsaid(w.now, l, w.lastFor[n])
	case "else":
		return w.Do(w.now, l, &chat.WhoElse{Now: true})
	case "since":
		d, _ := time.ParseDuration(arg)
		return w.Do(w.now, l, &chat.WhoElse{Since: d})
	case "block", "unblock":
		return w.Do(w.now, l, &chat.Block{Name: []byte(arg), Undo: verb == "unblock"})
	case "out":
		return w.Do(w.now, l, &chat.Logout{})
	case "heard":
		w.Heard(w.now, l)
		return nil
	case "open":
		return w.Open(w.now, l, &lines, remoteOf(arg), remoteOf(arg))
	case "close":
		return w.Closed(w.now, l)
	case "sends", "receives", "both":
		return w.Do(w.now, l, &chat.Login{Name: arg, Part: map[string]chat.Part{"sends": chat.Sends, "receives": chat.Receives}[verb]})
	case "say":
		to, text, _ := strings.Cut(arg, " ")
		return w.Do(w.now, l, &chat.Say{To: []byte(to), Text: []byte(text)})
	case "all":
		return w.Do(w.now, l, &chat.Say{To: []byte("ALL"), All: true, Text: []byte(arg)})
	case "got":
		return w.Do(w.now, l, &chat.Received{From: []byte(arg)})
	}
	w.t.Fatalf("no verb %s", verb)
	return nil
}

func (w *accountWorld) settle(broken bool) []Effect {
	for i, e := range w.asked {
		if e.Kind == Keep {
			w.asked = append(w.asked[:i], w.asked[i+1:]...)
			if broken {
				return w.Kept(w.now, e.Keeping, errors.New("disk"))
			}
			return w.Kept(w.now, e.Keeping, nil)
		}
	}
	w.t.Fatal("nothing to keep")
	return nil
}

func (w *accountWorld) fetched(texts string) []Effect {
	for i, e := range w.asked {
		if e.Kind != Fetch {
			continue
		}
		w.asked = append(w.asked[:i], w.asked[i+1:]...)
		if texts == "broken" {
			return w.Fetched(w.now, e.Name, nil, errors.New("disk"))
		}
		var list []Text
		for _, s := range strings.Fields(texts) {
			var t Text
			id, rest, _ := strings.Cut(s, ":")
			names, text, _ := strings.Cut(rest, ":")
			fmt.Sscan(id, &t.ID)
			t.From, t.To, _ = strings.Cut(names, ">")
			t.Text, t.At = []byte(text), start
			list = append(list, t)
		}
		return w.Fetched(w.now, e.Name, list, nil)
	}
	w.t.Fatal("nothing to fetch")
	return nil
}

func (w *accountWorld) run(steps []step) {
	w.t.Helper()
	for i, s := range steps {
		if got := w.do(s.line); got != s.want {
			w.t.Fatalf("step %d, %s:\n got %s\nwant %s", i+1, s.line, got, s.want)
		}
	}
}

var annAndBob = []step{
	{"1 in ann", ">1 check ann pass"}, {"1 right", ">1 ok; *-1 came ann"},
	{"2 in BOB", ">2 check Bob pass"}, {"2 right", ">2 ok; *-2 came Bob"},
}

func TestSignIn(t *testing.T) {
	for _, c := range []struct {
		what  string
		steps []step
	}{
		{"right", annAndBob},
		{"a wrong password and an unknown name look alike", []step{
			{"1 in ann", ">1 check ann pass"}, {"1 wrong", ">1 password"}, {"1 in nobody", ">1 check nobody pass"}, {"1 right", ">1 password"},
		}},
		{"three tries on a link, of different names", []step{
			{"1 in ann", ">1 check ann pass"}, {"1 wrong", ">1 password"}, {"1 in bob", ">1 check Bob pass"}, {"1 wrong", ">1 password"},
			{"1 in carl", ">1 check carl pass"}, {"1 wrong", ">1 close password"},
		}},
		{"three tries for a name lock it for the address", []step{
			{"1 in ann", ">1 check ann pass"}, {"1 wrong", ">1 password"}, {"1 in ann", ">1 check ann pass"}, {"1 wrong", ">1 password"},
			{"1 in ANN", ">1 check ann pass"}, {"1 wrong", ">1 locked; >1 close"}, {"1 close", ""},
			{"1 open 10.0.0.1:2", ""}, {"1 in ann", ">1 locked; >1 close"}, {"1 close", ""},
			{"2 in ann", ">2 check ann pass"}, {"2 right", ">2 ok; *-2 came ann"}, {"2 close", "*-2 went ann"},
			{"wait 59s", ""}, {"1 open 10.0.0.1:2", ""}, {"1 in ann", ">1 locked; >1 close"}, {"1 close", ""},
			{"wait 1s", ""}, {"1 open 10.0.0.1:2", ""}, {"1 in ann", ">1 check ann pass"}, {"1 right", ">1 ok; *-1 came ann"},
		}},
		{"over several connections", []step{
			{"1 in ann", ">1 check ann pass"}, {"1 wrong", ">1 password"}, {"1 close", ""}, {"1 open 10.0.0.1:2", ""},
			{"1 in ann", ">1 check ann pass"}, {"1 wrong", ">1 password"}, {"1 close", ""}, {"1 open 10.0.0.1:3", ""},
			{"1 in ann", ">1 check ann pass"}, {"1 wrong", ">1 locked; >1 close"},
		}},
		{"not in a row", []step{
			{"1 in ann", ">1 check ann pass"}, {"1 wrong", ">1 password"}, {"1 in ann", ">1 check ann pass"}, {"1 wrong", ">1 password"},
			{"1 in ann", ">1 check ann pass"}, {"1 right", ">1 ok; *-1 came ann"}, {"1 close", "*-1 went ann"}, {"1 open 10.0.0.1:2", ""},
			{"1 in ann", ">1 check ann pass"}, {"1 wrong", ">1 password"}, {"1 in ann", ">1 check ann pass"}, {"1 wrong", ">1 password"},
		}},
		{"not within the time", []step{
			{"1 in ann", ">1 check ann pass"}, {"1 wrong", ">1 password"}, {"1 in ann", ">1 check ann pass"}, {"1 wrong", ">1 password"}, {"1 close", ""},
			{"wait 60s", ""}, {"1 open 10.0.0.1:2", ""}, {"1 in ann", ">1 check ann pass"}, {"1 wrong", ">1 password"},
		}},
		{"locked while the password was checked", []step{
			{"1 in ann", ">1 check ann pass"}, {"1 wrong", ">1 password"}, {"1 in ann", ">1 check ann pass"}, {"1 wrong", ">1 password"},
			{"3 open 10.0.0.1:9", ""}, {"3 in ann", ">3 check ann pass"},
			{"1 in ann", ">1 check ann pass"}, {"1 wrong", ">1 locked; >1 close"}, {"3 right", ">3 locked; >3 close"},
		}},
		{"online already", append(annAndBob, []step{{"3 in ann", ">3 check ann pass"}, {"3 right", ">3 online; >3 close"}}...)},
		{"the check cannot be done", []step{{"1 in ann", ">1 check ann pass"}, {"1 unsure", ">1 full"}, {"1 in ann", ">1 check ann pass"}}},
		{"gone while the password is checked", []step{{"1 in ann", ">1 check ann pass"}, {"1 close", ""}, {"1 right", ""}}},
		{"a bound name is refused to a claim", []step{{"6 sends ann", ">6 taken"}, {"6 sends bob", ">6 taken"}, {"6 both dora", ">6 ok; >6 count 2; *-6 came dora"}}},
		{"no login within two minutes", []step{{"wait 119s", ""}, {"wait 1s", ">1 close toolate; >2 close toolate; >4 close toolate; >5 close toolate; >3 close toolate"}}},
		{"logout behind what is asked", append(annAndBob, []step{
			{"2 block carl", ">1 block 0 Bob carl"}, {"2 out", ""}, {"kept", ">2 ok; >2 ok; >2 close; *-2 went Bob"},
		}...)},
		{"logout behind what is told", append(annAndBob, []step{
			{"1 say bob x", ">2 said ann x mark 1; >1 ok bob"}, {"2 out", ""}, {"1 say bob y", ">1 put 2 ann>Bob y"}, {"2 left", ">2 ok; >2 close; *-2 went Bob"},
		}...)},
		{"gone while the logout waits", append(annAndBob, []step{
			{"1 say bob x", ">2 said ann x mark 1; >1 ok bob"}, {"2 out", ""}, {"2 close", "*-2 went Bob; >1 put 1 ann>Bob x"},
		}...)},
		{"logout", append(annAndBob, []step{{"2 out", ">2 ok; >2 close; *-2 went Bob"}, {"2 close", ""}, {"1 else", ">1 ok"}}...)},
	} {
		t.Run(c.what, func(t *testing.T) { accounts(t, Config{}).run(c.steps) })
	}
}

// Who is silent for the time-out is logged out, to the second.
func TestTimeout(t *testing.T) {
	w := accounts(t, Config{Timeout: 10 * time.Minute})
	for n := 3; n <= 7; n++ {
		w.do(fmt.Sprintf("%d close", n))
	}
	w.run(append(annAndBob, []step{
		{"wait 9m", ""}, {"2 heard", ""}, {"wait 59s", ""}, {"wait 1s", ">1 close toolate; *-1 went ann"}, {"1 close", ""},
		{"wait 8m59s", ""}, {"wait 1s", ">2 close toolate; *-2 went Bob"},
	}...))
}

func TestLocksEverywhere(t *testing.T) {
	w := accounts(t, Config{})
	for i := range triesEverywhere {
		w.do("1 close")
		w.do(fmt.Sprintf("1 open 10.1.%d.1:1", i/2))
		w.do("1 in ann")
		want := ">1 password"
		if i == triesEverywhere-1 {
			want = ">1 locked; >1 close"
		}
		if got := w.do("1 wrong"); got != want {
			t.Fatalf("try %d: %s", i+1, got)
		}
	}
	w.run([]step{{"2 in ann", ">2 locked; >2 close"}, {"wait 59s", ""}, {"3 in ann", ">3 locked; >3 close"}, {"wait 1s", ""}, {"4 in ann", ">4 check ann pass"}})
	w = accounts(t, Config{BlockEverywhere: true})
	w.run([]step{
		{"1 in ann", ">1 check ann pass"}, {"1 wrong", ">1 password"}, {"2 in ann", ">2 check ann pass"}, {"2 wrong", ">2 password"},
		{"3 in ann", ">3 check ann pass"}, {"3 wrong", ">3 locked; >3 close"}, {"4 in ann", ">4 locked; >4 close"},
	})
}

func TestLockNamesAreBounded(t *testing.T) {
	l := locks{span: time.Minute, names: map[string]*tries{}}
	for i := range 3 * maxLockNames {
		l.wrong(fmt.Sprint(i), remoteOf("10.0.0.1:1").Addr(), time.Duration(i))
	}
	if len(l.names) > maxLockNames {
		t.Errorf("%d names are kept", len(l.names))
	}
}

func TestSpool(t *testing.T) {
	for _, c := range []struct {
		what  string
		steps []step
	}{
		{"live, without receipts", []step{{"1 say bob hi", ">2 said ann hi mark 1; >1 ok bob"}, {"2 left", ""}}},
		{"live, for one who waits to hear", []step{
			{"6 both zoe", ">6 ok; >6 count 2; *-6 came zoe"}, {"6 say bob 1", ">2 said zoe 1"}, {"6 say bob 2", ">2 said zoe 2"}, {"2 left", ">6 ok bob; >6 ok bob"},
			{"6 say bob 3", ">2 said zoe 3"}, {"2 close", "*-2 went Bob; > put"}, {"kept", ">6 ok bob stored"},
		}},
		{"many live at once", []step{
			{"1 say bob 1", ">2 said ann 1 mark 1; >1 ok bob"}, {"1 say bob 2", ">2 said ann 2 mark 2; >1 ok bob"}, {"2 left", ""},
		}},
		{"it does not leave: its author has waited long enough", []step{
			{"6 both zoe", ">6 ok; >6 count 2; *-6 came zoe"}, {"6 say bob 1", ">2 said zoe 1"}, {"wait 3s", ""}, {"6 say bob 2", ">2 said zoe 2"},
			{"wait 2s", ">6 undelivered bob"}, {"wait 3s", ">6 undelivered bob"}, {"2 close", "*-2 went Bob; > put; > put 2 zoe>Bob 2"}, {"kept", ""},
		}},
		{"its receiver's program cannot be told of its author", []step{
			{"6 both zoe", ">6 ok; >6 count 2; *-6 came zoe"}, {"1 say zoe 1", ">6 said ann 1"}, {"1 say zoe 2", ""}, {"6 unsaid", ">1 undelivered zoe; >6 said ann 2"}, {"6 got ann", ">1 ok zoe"},
			{"1 say dora 3", "> put"}, {"kept", ">1 ok dora stored"}, {"7 both dora", ">7 ok; >7 count 2; >1 fetch dora above 0; *-7 came dora"},
			{"fetched 1:ann>dora:3", ">7 said ann 3"}, {"7 unsaid", "> drop 1"},
		}},
		{"order, if one has to wait and the other was under way", []step{
			{"6 receives dora", ">6 ok"}, {"7 sends dora", ">7 ok; *-7 came dora"}, {"1 say dora one", ">6 said ann one"}, {"7 close", "*-7 went dora"},
			{"1 say dora two", "> put"}, {"6 close", "> put"},
		}},
		{"a long one in pieces", []step{{"1 say bob 0123456789ab", ">2 said ann 0123456789; >2 said ann ab mark 1; >1 ok bob"}, {"2 left", ""}}},
		{"to oneself", []step{{"1 say ann hi", ">1 self ann"}}},
		{"to nobody known", []step{{"1 say eve hi", ">1 unknown eve"}}},
		{"offline, then told and dropped", []step{
			{"1 say CARL one", "> put"}, {"1 say carl two", "> put"}, {"kept", ">1 ok CARL stored"}, {"3 in carl", ">3 check carl pass"},
			{"3 right", ">3 ok; >1 fetch carl above 0; *-3 came carl"}, {"1 say carl three", "> put"}, {"kept", ">1 ok carl"},
			{"fetched 1:ann>carl:one 2:ann>carl:two", ">3 said ann one; >3 said ann two"}, {"3 left", "> drop 1; > drop 2"}, {"kept", ">1 ok carl"},
			{"kept", ""}, {"kept", ">1 fetch carl above 2"}, {"fetched 3:ann>carl:three", ">3 said ann three"}, {"3 left", "> drop 3"}, {"1 say carl four", ">3 said ann four; >1 ok carl"},
		}},
		{"it cannot be stored", []step{{"1 say carl one", "> put"}, {"broken", ">1 broken carl"}, {"3 in carl", ">3 check carl pass"}, {"3 right", ">3 ok; *-3 came carl"}}},
		{"the receiver is lost before it has left", []step{
			{"1 say bob one", ">2 said ann one; >1 ok bob"}, {"2 close", "*-2 went Bob; > put"}, {"kept", ""},
		}},
		{"the author is lost, too", []step{{"1 say carl one", "> put"}, {"1 close", "*-1 went ann"}, {"kept", ""}}},
		{"to all: nothing is stored", []step{{"1 all hi", ">2 said ann hi; >1 ok ALL"}, {"2 left", ""}}},
		{"with receipts one by one", []step{
			{"1 say dora one", "> put"}, {"kept", ">1 ok dora stored"}, {"1 say dora two", "> put"}, {"kept", ">1 ok dora stored"},
			{"6 both dora", ">6 ok; >6 count 2; >1 fetch dora above 0; *-6 came dora"}, {"fetched 1:ann>dora:one", ">6 said ann one"},
			{"6 got ann", "> drop 1"}, {"kept", ">1 fetch dora above 1"}, {"fetched 2:ann>dora:two", ">6 said ann two"}, {"6 got ann", "> drop 2"}, {"kept", ""},
			{"1 say dora three", ">6 said ann three"},
		}},
		{"a receipt that comes late takes it out, too", []step{
			{"1 say dora one", "> put"}, {"kept", ">1 ok dora stored"},
			{"6 both dora", ">6 ok; >6 count 2; >1 fetch dora above 0; *-6 came dora"}, {"fetched 1:ann>dora:one", ">6 said ann one"},
			{"wait 3s", ""}, {"6 got ann", "> drop 1"}, {"kept", ""},
		}},
		{"no receipt: told again after a rest", []step{
			{"1 say dora one", "> put"}, {"kept", ">1 ok dora stored"},
			{"6 both dora", ">6 ok; >6 count 2; >1 fetch dora above 0; *-6 came dora"}, {"fetched 1:ann>dora:one", ">6 said ann one"},
			{"wait 31s", ""}, {"wait 1s", ">1 fetch dora above 0"},
		}},
		{"the store cannot be read", []step{
			{"1 say carl one", "> put"}, {"kept", ">1 ok carl stored"}, {"3 in carl", ">3 check carl pass"}, {"3 right", ">3 ok; >1 fetch carl above 0; *-3 came carl"},
			{"fetched broken", ""}, {"wait 30s", ">1 fetch carl above 0"},
		}},
		{"gone before it is fetched, back before that is known", []step{
			{"1 say carl one", "> put"}, {"kept", ">1 ok carl stored"}, {"3 in carl", ">3 check carl pass"}, {"3 right", ">3 ok; >1 fetch carl above 0; *-3 came carl"},
			{"3 close", "*-3 went carl"}, {"fetched 1:ann>carl:one", ""}, {"4 in carl", ">4 check carl pass"}, {"4 right", ">4 ok; >1 fetch carl above 0; *-4 came carl"},
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := accounts(t, Config{})
			w.run(annAndBob)
			for i, s := range c.steps {
				got := w.do(s.line)
				// What goes to the store goes to no link, and marks and numbers
				// of texts are shown by the rows that are about them.
				got = strings.ReplaceAll(got, ">1 put", "> put")
				got = strings.ReplaceAll(got, ">1 drop", "> drop")
				if !strings.Contains(s.want, "mark") {
					for n := range 9 {
						got = strings.ReplaceAll(got, fmt.Sprintf(" mark %d", n), "")
					}
				}
				if i := strings.Index(got, "> put "); i >= 0 {
					rest, after, _ := strings.Cut(got[i:], "; ")
					_ = rest
					if got = got[:i] + "> put"; after != "" {
						got += "; " + after
					}
				}
				if got != s.want {
					t.Fatalf("step %d, %s:\n got %s\nwant %s", i+1, s.line, got, s.want)
				}
			}
		})
	}
}

func TestBlocks(t *testing.T) {
	for _, c := range []struct {
		what  string
		steps []step
	}{
		{"told apart", []step{
			{"1 block ann", ">1 self"}, {"1 block eve", ">1 unknown"}, {"1 unblock bob", ">1 notso"},
			{"1 block BOB", ">1 block 0 ann BOB"}, {"kept", ">1 ok"}, {"1 block bob", ">1 already"},
			{"1 unblock Bob", ">1 block 1 ann Bob"}, {"kept", ">1 ok"}, {"1 unblock bob", ">1 notso"},
		}},
		{"who is offline", []step{{"1 block carl", ">1 block 0 ann carl"}, {"kept", ">1 ok"}}},
		{"no text gets through, one can still write", []step{
			{"1 block bob", ">1 block 0 ann bob"}, {"kept", ">1 ok"}, {"2 say ann hi", ">2 blocked ann"}, {"1 say bob hi", ">2 said ann hi mark 1; >1 ok bob"},
			{"2 all hi", ">2 blocked ALL"},
		}},
		{"who is offline and blocks", []step{
			{"1 block bob", ">1 block 0 ann bob"}, {"kept", ">1 ok"}, {"1 close", "*-1 went ann"}, {"2 say ann hi", ">2 blocked ann"},
		}},
		{"it cannot be kept", []step{{"1 block bob", ">1 block 0 ann bob"}, {"broken", ">1 broken"}, {"2 say ann hi", ">1 said Bob hi mark 1; >2 ok ann"}}},
		{"its end cannot be kept", []step{
			{"1 block bob", ">1 block 0 ann bob"}, {"kept", ">1 ok"}, {"1 unblock bob", ">1 block 1 ann bob"}, {"broken", ">1 broken"}, {"2 say ann hi", ">2 blocked ann"},
		}},
		{"gone before it is kept", []step{{"1 block bob", ">1 block 0 ann bob"}, {"1 close", "*-1 went ann"}, {"kept", ""}}},
		{"of a user without an account", []step{{"6 both eve", ">6 ok; >6 count 2; *-6 came eve"}, {"6 block bob", ">6 unsupported"}, {"1 block eve", ">1 block 0 ann eve"}, {"kept", ">1 ok"}, {"6 say ann hi", ">6 blocked ann"}}},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := accounts(t, Config{})
			w.run(annAndBob)
			w.run(c.steps)
		})
	}
}

// Who is blocked hears neither login nor logout, all others do.
func TestBlockHidesPresence(t *testing.T) {
	w := accounts(t, Config{Known: Known{Blocks: []Blocking{{"ann", "BOB"}}}})
	w.run([]step{{"2 in bob", ">2 check Bob pass"}, {"2 right", ">2 ok; *-2 came Bob"}, {"3 in carl", ">3 check carl pass"}, {"3 right", ">3 ok; *-3 came carl"}, {"1 in ann", ">1 check ann pass"}})
	heard := func(effects []Effect) (who []chat.Link) {
		for _, e := range effects {
			if e.Many != nil {
				for _, l := range e.Many.Links() {
					if l != e.But {
						who = append(who, l)
					}
				}
			}
		}
		return who
	}
	if got := heard(w.Checked(w.now, linkOf(1), true, nil)); len(got) != 1 || got[0] != linkOf(3) {
		t.Errorf("the login of ann, who blocks bob, is told to %v", got)
	}
	if got := heard(w.Closed(w.now, linkOf(1))); len(got) != 1 || got[0] != linkOf(3) {
		t.Errorf("the logout of ann, who blocks bob, is told to %v", got)
	}
}

func TestWhoElse(t *testing.T) {
	w := accounts(t, Config{Known: Known{Seen: []Seen{{"old", start.Add(-time.Minute)}}}})
	w.run(append(annAndBob, []step{
		{"1 else", ">1 ok Bob"}, {"1 since 0s", ">1 ok Bob"}, {"1 since 59s", ">1 ok Bob"}, {"1 since 60s", ">1 ok Bob,old"},
		{"6 both eve", ">6 ok; >6 count 2; *-6 came eve"}, {"wait 10s", ""}, {"6 close", "*-6 went eve"}, {"wait 10s", ""},
		{"1 since 9s", ">1 ok Bob"}, {"1 since 10s", ">1 ok Bob,eve"}, {"2 since 2562047h", ">2 ok ann,eve,old"}, {"3 else", ">3 unregistered"},
	}...))
}

// What is under way to a user with an account counts: all of it can be stored
// if the user is lost.
func TestUnderWayFitsIntoTheSpool(t *testing.T) {
	w := accounts(t, Config{})
	w.run(annAndBob)
	for range maxSpool {
		if got := w.do("1 say bob x"); !strings.HasSuffix(got, "ok bob") {
			t.Fatal(got)
		}
	}
	if got := w.do("1 say bob x"); got != ">1 full bob" {
		t.Fatal(got)
	}
	if got := strings.Count(w.do("2 close"), "put"); got != maxSpool {
		t.Errorf("%d of %d are stored", got, maxSpool)
	}
}

// What was under way keeps its place among what was stored meanwhile.
func TestOrderOfRespooled(t *testing.T) {
	w := accounts(t, Config{})
	w.run(annAndBob)
	w.do("1 say bob first")
	w.do("2 out")
	if got := w.do("1 say bob second"); got != ">1 put 2 ann>Bob second" {
		t.Fatal(got)
	}
	if got := w.do("2 close"); !strings.Contains(got, "put 1 ann>Bob first") {
		t.Fatal(got)
	}
}

// Names are found by their aliases, too.
func TestAliases(t *testing.T) {
	w := accounts(t, Config{})
	w.SetAccounts(w.now, []Account{{Name: "ann", Bound: true}, {Name: "Jürgen.K", Alias: "JurgenK", Bound: true}})
	w.run([]step{
		{"1 in ann", ">1 check ann pass"}, {"1 right", ">1 ok; *-1 came ann"}, {"1 say jurgenk hi", ">1 put 1 ann>Jürgen.K hi"}, {"kept", ">1 ok jurgenk stored"},
		{"6 both JURGENK", ">6 taken"}, {"2 in jurgenK", ">2 check Jürgen.K pass"}, {"2 right", ">2 ok; >1 fetch Jürgen.K above 0; *-2 came Jürgen.K"},
		{"3 in jürgen.k", ">3 check Jürgen.K pass"}, {"3 right", ">3 online; >3 close"},
	})
	if who := w.named["jürgen.k"].came.Who; who.Plain() != "JurgenK" {
		t.Errorf("shown as %q", who.Plain())
	}
}

// A receipt names the sender as the receiver's program was told: by the alias.
func TestReceiptByAlias(t *testing.T) {
	w := accounts(t, Config{})
	w.SetAccounts(w.now, []Account{{Name: "Jürgen.K", Alias: "JurgenK", Bound: true}})
	w.run([]step{
		{"1 in jürgen.k", ">1 check Jürgen.K pass"}, {"1 right", ">1 ok; *-1 came Jürgen.K"}, {"6 both zoe", ">6 ok; >6 count 2; *-6 came zoe"},
		{"1 say zoe hi", ">6 said Jürgen.K hi"}, {"6 got jurgenK", ">1 ok zoe"},
		{"1 say zoe two", ">6 said Jürgen.K two"}, {"wait 2s", ">1 undelivered zoe"}, {"1 say zoe three", ">6 said Jürgen.K three"}, {"6 got jurgenk", ""}, {"6 got jurgenk", ">1 ok zoe"},
	})
}

// Name and alias are one user: for locks, for blocks, and for the inbox of an
// account that a dialect can only write by its alias.
func TestAliasIsTheSameUser(t *testing.T) {
	w := accounts(t, Config{Known: Known{Waiting: map[string]int{"Zoë.M": 1}}})
	w.SetAccounts(w.now, []Account{{Name: "ann", Bound: true}, {Name: "Jürgen.K", Alias: "JurgenK", Bound: true}, {Name: "Zoë.M", Alias: "ZoeM"}})
	w.run([]step{
		{"1 in jürgen.k", ">1 check Jürgen.K pass"}, {"1 wrong", ">1 password"}, {"1 in jurgenk", ">1 check Jürgen.K pass"}, {"1 wrong", ">1 password"},
		{"1 in JurgenK", ">1 check Jürgen.K pass"}, {"1 wrong", ">1 locked; >1 close"},
		{"2 in ann", ">2 check ann pass"}, {"2 right", ">2 ok; *-2 came ann"},
		{"2 block jurgenk", ">1 block 0 ann Jürgen.K"}, {"kept", ">2 ok"}, {"2 block Jürgen.K", ">2 already"},
		{"3 in jürgen.k", ">3 check Jürgen.K pass"}, {"3 right", ">3 ok; *-3 came Jürgen.K"}, {"3 say ann hi", ">3 blocked ann"},
		{"6 both ZoeM", ">6 ok; >6 count 2; >1 fetch Zoë.M above 0; *-6 came Zoë.M"},
	})
}

// Whom a user blocks counts, even if the account is off the list meanwhile.
func TestBlocksOutliveTheList(t *testing.T) {
	w := accounts(t, Config{Known: Known{Blocks: []Blocking{{"ann", "bob"}}}})
	w.run(annAndBob)
	w.SetAccounts(w.now, []Account{{Name: "bob", Bound: true}})
	w.run([]step{{"2 say ann hi", ">2 blocked ann"}})
}

// At the end of the server it is noted who was here.
func TestStoppingNotesWhoIsHere(t *testing.T) {
	w := accounts(t, Config{})
	w.run(annAndBob)
	w.do("wait 30s")
	n := 0
	for _, e := range w.Stopping(w.now) {
		if e.Kind == Keep && e.Change.Kind == See && e.Change.Seen.At.Equal(w.now) {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d were noted", n)
	}
}

// What a receiver has confirmed of a long text is not told again.
func TestRespoolLeavesOutWhatWasConfirmed(t *testing.T) {
	w := accounts(t, Config{})
	w.run(annAndBob)
	w.do("6 both dora")
	w.do("1 say dora 0123456789abcdefghijXYZ")
	w.do("6 got ann")
	if got := w.do("6 close"); !strings.Contains(got, "ann>dora abcdefghijXYZ") {
		t.Error(got)
	}
}

func TestSpoolIsBounded(t *testing.T) {
	w := accounts(t, Config{Known: Known{Waiting: map[string]int{"Carl": maxSpool - 1}, LastText: 77}})
	w.run(annAndBob)
	if got := w.do("1 say carl last"); got != ">1 put 78 ann>carl last" {
		t.Fatal(got)
	}
	if got := w.do("2 say carl one more"); got != ">2 full carl" {
		t.Fatal(got)
	}
}

// What is said to somebody who is here has no time, even if it had to wait
// behind what was stored before.
func TestTimeOfStoredTexts(t *testing.T) {
	w := accounts(t, Config{})
	w.run(annAndBob)
	w.do("1 say carl before")
	w.do("kept")
	w.do("wait 1s")
	w.do("3 in carl")
	w.do("3 right")
	w.do("wait 1s")
	w.asked = nil
	e := w.Fetched(w.now, "carl", []Text{{ID: 1, From: "ann", At: start}, {ID: 2, From: "ann", At: w.now}}, nil)
	if first, second := e[0].Event.(*chat.Said), e[1].Event.(*chat.Said); first.At != start || !second.At.IsZero() {
		t.Errorf("the times are %v and %v", first.At, second.At)
	}
}

// Who claims a name gets nothing of the account that the list gives it, and has
// to go if that has a password.
func TestClaimIsNoAccount(t *testing.T) {
	w := accounts(t, Config{Known: Known{Waiting: map[string]int{"zoe": 1}}})
	w.run([]step{{"6 both zoe", ">6 ok; >6 count 2; *-6 came zoe"}})
	if got := show(w.SetAccounts(w.now, []Account{{Name: "zoe", Bound: true}})); got != ">6 close taken; *-6 went zoe" {
		t.Error(got)
	}
	w.run([]step{{"1 in zoe", ">1 check zoe pass"}, {"1 right", ">1 ok; >1 fetch zoe above 0; *-1 came zoe"}})
}

// An account that is taken off the list while its text is under way, and comes
// back, keeps the text.
func TestReloadWhileUnderWay(t *testing.T) {
	w := accounts(t, Config{Known: Known{Waiting: map[string]int{"dora": 1}}})
	w.run([]step{{"6 both dora", ">6 ok; >6 count 2; >1 fetch dora above 0; *-6 came dora"}, {"fetched 1:ann>dora:one", ">6 said ann one"}})
	w.SetAccounts(w.now, nil)
	w.do("6 close")
	w.SetAccounts(w.now, []Account{{Name: "dora"}})
	w.run([]step{{"7 both dora", ">7 ok; >7 count 2; >1 fetch dora above 0; *-7 came dora"}})
}

// Accounts that are off the list cannot be used, but lose nothing.
func TestSetAccounts(t *testing.T) {
	w := accounts(t, Config{Known: Known{Waiting: map[string]int{"carl": 1}}})
	w.run(annAndBob)
	w.SetAccounts(w.now, []Account{{Name: "ann", Bound: true}})
	w.run([]step{{"2 say ann hi", ">1 said Bob hi mark 1; >2 ok ann"}, {"1 say carl hi", ">1 unknown carl"}, {"3 in carl", ">3 check carl pass"}, {"3 right", ">3 password"}})
	w.SetAccounts(w.now, []Account{{Name: "ann", Bound: true}, {Name: "carl", Bound: true}})
	w.run([]step{{"3 in carl", ">3 check carl pass"}, {"3 right", ">3 ok; >1 fetch carl above 0; *-3 came carl"}})
}
