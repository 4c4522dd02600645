package roster

import (
	"strings"
	"testing"
	"time"

	"mim/chat"
)

// relay are the traits of a dialect like messenger.
var relay = chat.Traits{Dialect: "relay", Reach: chat.ByLink, Receipts: true, All: true, Parts: true, Piece: 10, LoginWithin: 10 * time.Minute}

// do carries out a line of a script: "3 sends ann", "3 receives ann", "3 both
// ann", "3 say bob text", "3 all text", "3 got ann", "3 got", "3 no ann",
// "3 no", "3 bytes", "3 runes", "3 bad", "3 badname", "3 open", "3 close",
// "wait 2s"; it gives the effects in short.
func (w *world) do(line string) string {
	word, rest, _ := strings.Cut(line, " ")
	if word == "wait" {
		return w.wait(rest)
	}
	n := int(word[0] - '0')
	verb, rest, _ := strings.Cut(rest, " ")
	var q chat.Request
	switch verb {
	case "open":
		from := "192.168.1.1" + word + ":5000"
		if rest != "" {
			from = rest
		}
		w.open(n, from, &relay)
		return ""
	case "close":
		return w.close(n)
	case "ended":
		w.Ended(linkOf(n))
		return ""
	case "sends":
		q = &chat.Login{Name: rest, Part: chat.Sends}
	case "receives":
		q = &chat.Login{Name: rest, Part: chat.Receives}
	case "both":
		q = &chat.Login{Name: rest}
	case "say":
		to, text, _ := strings.Cut(rest, " ")
		q = &chat.Say{To: []byte(to), Text: []byte(text)}
	case "all":
		q = &chat.Say{To: []byte("ALL"), All: true, Text: []byte(rest)}
	case "got":
		q = &chat.Received{From: []byte(rest)}
	case "no":
		q = &chat.Received{From: []byte(rest), Err: chat.Errorf(chat.Refused, "no")}
	case "bytes":
		q = &chat.Counts{As: chat.CountBytes}
	case "runes":
		q = &chat.Counts{As: chat.CountRunes}
	case "bad":
		q = &chat.Refuse{Err: chat.Errorf(chat.Malformed, "bad"), Last: true}
	case "badname":
		q = &chat.Refuse{Err: chat.Errorf(chat.BadName, "bad")}
	default:
		w.t.Fatalf("no verb %s", verb)
	}
	return show(w.Do(w.now, linkOf(n), q))
}

// wait lets time pass, with a Tick whenever the roster asks for one.
func (w *world) wait(d string) string {
	span, err := time.ParseDuration(d)
	if err != nil {
		w.t.Fatal(err)
	}
	end := w.now.Add(span)
	var out []string
	for next := w.Next(); !next.IsZero() && !next.After(end); next = w.Next() {
		w.now = next
		e, _ := w.Tick(next)
		if s := show(e); s != "" {
			out = append(out, s)
		}
	}
	w.now = end
	return strings.Join(out, "; ")
}

// A step is a line and its effects.
type step struct{ line, want string }

func (w *world) run(steps []step) {
	w.t.Helper()
	for i, s := range steps {
		if got := w.do(s.line); got != s.want {
			w.t.Fatalf("step %d, %s:\n got %s\nwant %s", i+1, s.line, got, s.want)
		}
	}
}

// town opens links 1 to 8 and brings ann (links 1 and 2) and bob (3 and 4) in,
// and carl, who has link 5 for both.
func town(t *testing.T) *world {
	w := newWorld(t, Config{})
	w.run([]step{
		{"1 open 10.0.0.1:1", ""}, {"2 open 10.0.0.1:2", ""}, {"3 open 10.0.0.2:1", ""}, {"4 open 10.0.0.2:2", ""},
		{"5 open 10.0.0.3:1", ""}, {"6 open 10.0.0.3:2", ""}, {"7 open 10.0.0.4:1", ""}, {"8 open 10.0.0.4:2", ""},
		{"1 sends ann", ">1 ok"}, {"2 receives ann", ">2 ok; *-2 came ann"},
		{"4 receives Bob", ">4 ok"}, {"3 sends bob", ">3 ok; *-3 came Bob"},
		{"5 sends carl", ">5 ok"}, {"5 receives carl", ">5 ok; >5 count 2; *-5 came carl"},
	})
	return w
}

func TestMembers(t *testing.T) {
	for _, c := range []struct {
		what  string
		steps []step
	}{
		{"the same part again", []step{{"1 sends ANN", ">1 ok"}, {"5 receives carl", ">5 ok"}}},
		{"a name is taken in any case", []step{{"7 sends ANN", ">7 taken"}, {"7 receives carl", ">7 taken"}}},
		{"taken at the same address: asked for once more", []step{
			{"7 open 10.0.0.1:9", ""}, {"7 sends ann", ""}, {"7 badname", ""}, {"wait 99ms", ""}, {"wait 1ms", ">7 taken; >7 name"},
		}},
		{"free by then", []step{
			{"7 open 10.0.0.1:9", ""}, {"7 sends ann", ""}, {"1 close", "*-1 went ann"}, {"wait 100ms", ">7 ok; *-7 came ann"},
		}},
		{"gone by then", []step{{"7 open 10.0.0.1:9", ""}, {"7 sends ann", ""}, {"7 close", ""}, {"wait 100ms", ""}}},
		{"another name on a link that has one", []step{{"1 sends anna", ">1 name"}, {"2 receives bob", ">2 name"}}},
		{"the other part from another address", []step{{"6 sends dora", ">6 ok"}, {"7 receives dora", ">7 taken"}}},
		{"both parts in one login", []step{{"7 both dora", ">7 ok; >7 count 2; *-7 came dora"}, {"7 close", "*-7 went dora"}}},
		{"a name is free when its links have closed", []step{
			{"1 close", "*-1 went ann"}, {"7 sends ann", ">7 taken"}, {"2 close", ""}, {"7 sends ann", ">7 ok"},
		}},
		{"who has left, but is owed an answer, may come back at once", []step{
			{"1 say bob hi", ">4 said ann hi"}, {"1 ended", ""}, {"2 close", "*-2 went ann"}, {"7 open 10.0.0.1:9", ""},
			{"7 sends ann", ">7 ok"}, {"4 got ann", ">1 ok bob"}, {"1 close", ""}, {"7 receives ann", ">7 ok; >7 count 2; *-7 came ann"},
		}},
		{"who has said all may still receive", []step{
			{"1 ended", ""}, {"7 open 10.0.0.1:9", ""}, {"7 sends ann", ""}, {"wait 100ms", ">7 taken"}, {"3 say ann hi", ">2 said Bob hi"},
		}},
		{"one part comes back", []step{
			{"2 close", "*-2 went ann"}, {"2 open 10.0.0.1:9", ""}, {"2 receives ann", ">2 ok; *-2 came ann"},
		}},
		{"one part alone for 30 s", []step{
			{"7 sends dora", ">7 ok"}, {"wait 29s", ""}, {"7 sends dora", ">7 ok"}, {"wait 1s", ">7 close unregistered"},
		}},
		{"one part lost for 30 s", []step{{"2 close", "*-2 went ann"}, {"wait 30s", ">1 close unregistered"}}},
		{"silent and unregistered", []step{{"wait 9m59s", ""}, {"wait 1s", ">8 close toolate; >6 close toolate; >7 close toolate"}}},
		{"unregistered, but not silent", []step{{"wait 5m", ""}, {"8 badname", ">8 name"}, {"wait 5m", ">6 close toolate; >7 close toolate"}, {"wait 5m", ">8 close toolate"}}},
		{"before the login nothing goes", []step{
			{"7 say bob hi", ">7 unregistered bob"}, {"7 got bob", ">7 unregistered"}, {"7 bad", ">7 unregistered"}, {"7 badname", ">7 name"},
		}},
		{"with one part neither", []step{
			{"7 receives dora", ">7 ok"}, {"7 say bob hi", ">7 unregistered bob"}, {"7 got bob", ">7 unregistered"}, {"7 bad", ">7 unregistered"},
		}},
		{"the wrong part", []step{{"2 say bob hi", ">2 unregistered bob"}, {"1 got bob", ">1 unregistered"}}},
		{"a refusal ends the link", []step{{"1 bad", ">1 close malformed; *-1 went ann"}, {"1 say bob hi", ""}, {"7 open 10.0.0.1:7", ""}, {"7 sends ann", ">7 ok; *-7 came ann"}, {"1 close", ""}}},
		{"refused logins are answered later from the fourth in a second", []step{
			{"7 badname", ">7 name"}, {"7 sends ann", ">7 taken"}, {"7 badname", ">7 name"},
			{"7 badname", ""}, {"7 sends dora", ""}, {"wait 249ms", ""}, {"wait 1ms", ">7 name; >7 ok"},
			{"wait 2s", ""}, {"7 sends ann", ">7 name"},
		}},
		{"a link with delayed answers closes", []step{
			{"7 badname", ">7 name"}, {"7 badname", ">7 name"}, {"7 badname", ">7 name"}, {"7 badname", ""}, {"7 close", ""}, {"wait 1s", ""},
		}},
	} {
		t.Run(c.what, func(t *testing.T) { town(t).run(c.steps) })
	}
}

func TestTexts(t *testing.T) {
	for _, c := range []struct {
		what  string
		steps []step
	}{
		{"a text and its receipt", []step{{"1 say BOB hi", ">4 said ann hi"}, {"4 got ann", ">1 ok BOB"}}},
		{"an empty text", []step{{"1 say bob ", ">4 said ann "}, {"4 got ann", ">1 ok bob"}}},
		{"to oneself", []step{{"1 say ann hi", ">2 said ann hi"}, {"2 got ANN", ">1 ok ann"}}},
		{"to nobody", []step{{"1 say dora hi", ">1 unknown dora"}}},
		{"to half a user", []step{{"7 receives dora", ">7 ok"}, {"1 say dora hi", ">1 unknown dora"}}},
		{"one at a time", []step{
			{"1 say bob one", ">4 said ann one"}, {"5 say bob two", ""}, {"1 say bob three", ""},
			{"4 got ann", ">1 ok bob; >4 said carl two"}, {"4 got carl", ">5 ok bob; >4 said ann three"}, {"4 got ann", ">1 ok bob"},
		}},
		{"answers keep the order", []step{
			{"1 say bob one", ">4 said ann one"}, {"1 say dora two", ""}, {"1 say carl three", ">5 said ann three"}, {"1 sends ann", ""}, {"1 sends x", ""}, {"1 bad", ""},
			{"5 got ann", ""}, {"4 got ann", ">1 ok bob; >1 unknown dora; >1 ok carl; >1 ok; >1 name; >1 close malformed; *-1 went ann"},
		}},
		{"a long text in pieces between characters", []step{
			{"1 say bob 0123456789abcdefghé.", ">4 said ann 0123456789"}, {"4 got ann", ">4 guess 0; >4 said ann abcdefghé"}, {"4 got ann", ">4 said ann ."}, {"4 got ann", ">1 ok bob"},
		}},
		{"none more after a failure", []step{
			{"1 say bob 0123456789abc", ">4 said ann 0123456789"}, {"4 no", ">1 refused bob"}, {"1 say bob x", ">4 said ann x"},
		}},
		{"no receipt", []step{
			{"1 say bob one", ">4 said ann one"}, {"1 say bob two", ""}, {"wait 1999ms", ""}, {"wait 1ms", ">1 undelivered bob; >4 said ann two"},
		}},
		{"a late receipt confirms nothing", []step{
			{"1 say bob one", ">4 said ann one"}, {"1 say bob two", ""}, {"wait 2s", ">1 undelivered bob; >4 said ann two"},
			{"4 got ann", ""}, {"4 got ann", ">1 ok bob"},
		}},
		{"a late refusal confirms nothing", []step{
			{"1 say bob one", ">4 said ann one"}, {"1 say bob two", ""}, {"wait 2s", ">1 undelivered bob; >4 said ann two"},
			{"4 no", ""}, {"4 no", ">1 refused bob"},
		}},
		{"a receipt for the next, the late one never comes", []step{
			{"1 say bob one", ">4 said ann one"}, {"5 say bob two", ""}, {"wait 2s", ">1 undelivered bob; >4 said carl two"},
			{"4 got carl", ">5 ok bob"}, {"1 say bob three", ">4 said ann three"}, {"4 got ann", ">1 ok bob"},
		}},
		{"a missing receipt is forgotten in the end", []step{
			{"1 say bob one", ">4 said ann one"}, {"wait 32s", ">1 undelivered bob"}, {"1 say bob two", ">4 said ann two"}, {"4 got ann", ">1 ok bob"},
		}},
		{"a receipt is lost for good: one behind for 30 s, not for ever", func() (all []step) {
			all = append(all, step{"1 say bob x", ">4 said ann x"}, step{"wait 3s", ">1 undelivered bob"})
			for range 9 { // at 3, 6 ... 27 s
				all = append(all, step{"1 say bob x", ">4 said ann x"}, step{"4 got ann", ""}, step{"wait 3s", ">1 undelivered bob"})
			}
			return append(all, step{"wait 3s", ""}, step{"1 say bob x", ">4 said ann x"}, step{"4 got ann", ">1 ok bob"})
		}()},
		{"a new connection owes no receipts", []step{
			{"1 say bob x", ">4 said ann x"}, {"wait 2s", ">1 undelivered bob"}, {"4 close", "*-4 went Bob"}, {"4 open 10.0.0.2:9", ""},
			{"4 receives bob", ">4 ok; *-4 came Bob"}, {"1 say bob y", ">4 said ann y"}, {"4 got ann", ">1 ok bob"},
		}},
		{"receipts for nothing", []step{{"4 got ann", ""}, {"4 no", ""}, {"1 say bob one", ">4 said ann one"}, {"4 got carl", ""}, {"4 got ann", ">1 ok bob"}}},
		{"three misses in a row", []step{
			{"1 say bob 1", ">4 said ann 1"}, {"1 say bob 2", ""}, {"1 say bob 3", ""}, {"1 say bob 4", ""},
			{"wait 2s", ">1 undelivered bob; >4 said ann 2"}, {"wait 2s", ">1 undelivered bob; >4 said ann 3"}, {"wait 2s", ">1 undelivered bob; >1 undelivered bob"},
			{"1 say bob 5", ">1 undelivered bob"}, {"1 all 6", ">5 said ann 6"}, {"5 got ann", ">1 undelivered ALL"},
			{"4 got ann", ""}, {"1 say bob 7", ">4 said ann 7"}, {"4 got ann", ""}, {"4 got ann", ""}, {"4 got ann", ">1 ok bob"},
		}},
		{"three misses, then another connection", []step{
			{"1 say bob 1", ">4 said ann 1"}, {"1 say bob 2", ""}, {"1 say bob 3", ""}, {"wait 6s", ">1 undelivered bob; >4 said ann 2; >1 undelivered bob; >4 said ann 3; >1 undelivered bob"},
			{"4 close", "*-4 went Bob"}, {"4 open 10.0.0.2:9", ""}, {"4 receives bob", ">4 ok; *-4 came Bob"}, {"1 say bob 5", ">4 said ann 5"},
		}},
		{"misses that are not in a row", []step{
			{"1 say bob 1", ">4 said ann 1"}, {"wait 2s", ">1 undelivered bob"}, {"4 got ann", ""},
			{"1 say bob 2", ">4 said ann 2"}, {"wait 2s", ">1 undelivered bob"}, {"4 got ann", ""},
			{"1 say bob 3", ">4 said ann 3"}, {"wait 2s", ">1 undelivered bob"}, {"1 say bob 4", ">4 said ann 4"},
		}},
		{"all confirm", []step{{"1 all hi", ">4 said ann hi; >5 said ann hi"}, {"5 got ann", ""}, {"4 got ann", ">1 ok ALL"}}},
		{"all but a silent one", []step{{"1 all hi", ">4 said ann hi; >5 said ann hi"}, {"5 got ann", ""}, {"wait 2s", ">1 undelivered ALL"}}},
		{"all but one who refuses", []step{{"1 all hi", ">4 said ann hi; >5 said ann hi"}, {"5 no", ""}, {"4 got ann", ">1 undelivered ALL"}}},
		{"all, nobody else is here", []step{{"3 close", "*-3 went Bob"}, {"5 close", "*-5 went carl"}, {"1 all hi", ">1 unknown ALL"}}},
		{"the receiver leaves", []step{
			{"1 say bob one", ">4 said ann one"}, {"5 say bob two", ""}, {"4 close", "*-4 went Bob; >1 undelivered bob; >5 undelivered bob"}, {"wait 5s", ""},
		}},
		{"the receiver's sending link leaves", []step{
			{"1 say bob one", ">4 said ann one"}, {"3 close", "*-3 went Bob"}, {"4 got ann", ">1 ok bob"}, {"1 say bob two", ">1 unknown bob"},
		}},
		{"the author leaves, the text goes on", []step{
			{"1 say bob one", ">4 said ann one"}, {"1 say bob two", ""}, {"1 say carl three", ">5 said ann three"}, {"1 close", "*-1 went ann"},
			{"4 got ann", ">4 said ann two"}, {"4 got ann", ""}, {"5 got ann", ""}, {"3 say carl x", ">5 said Bob x"}, {"5 got bob", ">3 ok carl"},
		}},
		{"early, then the other part comes", []step{
			{"7 sends dora", ">7 ok"}, {"7 say bob one", ""}, {"7 say carl two", ""}, {"7 say eve three", ""}, {"wait 900ms", ""},
			{"8 receives dora", ">8 ok; *-8 came dora; >4 said dora one; >5 said dora two"}, {"wait 300ms", ""}, {"4 got dora", ">7 ok bob"}, {"5 got dora", ">7 ok carl; >7 unknown eve"},
		}},
		{"early, and the other part does not come", []step{{"7 sends dora", ">7 ok"}, {"7 say bob one", ""}, {"wait 1s", ">7 unregistered bob"}}},
		{"early, and leaves", []step{{"7 sends dora", ">7 ok"}, {"7 say bob one", ""}, {"7 close", ""}, {"wait 2s", ""}}},
	} {
		t.Run(c.what, func(t *testing.T) { town(t).run(c.steps) })
	}
}

func TestCounting(t *testing.T) {
	for _, c := range []struct {
		what  string
		steps []step
	}{
		{"shown where one sends, told where one receives", []step{{"3 runes", ">4 count 2"}, {"3 runes", ""}, {"3 bytes", ">4 count 1"}}},
		{"it is not forgotten with a link", []step{
			{"3 runes", ">4 count 2"}, {"4 close", "*-4 went Bob"}, {"4 open 10.0.0.2:7", ""}, {"4 receives bob", ">4 ok; >4 count 2; *-4 came Bob"},
			{"3 close", "*-3 went Bob"}, {"3 open 10.0.0.2:8", ""}, {"3 sends bob", ">3 ok; >3 count 2; >4 count 2; *-3 came Bob"},
		}},
		{"a refused text is told once more, the other way", []step{
			{"1 say bob é", ">4 guess 0; >4 said ann é"}, {"4 no", ">4 guess 2; >4 said ann é"}, {"4 got ann", ">4 count 2; >1 ok bob"},
			{"1 say bob ü", ">4 said ann ü"}, {"4 no", ">1 refused bob"},
		}},
		{"refused both ways", []step{{"1 say bob é", ">4 guess 0; >4 said ann é"}, {"4 no", ">4 guess 2; >4 said ann é"}, {"4 no", ">4 guess 0; >1 refused bob"}}},
		{"refused, then silence", []step{{"1 say bob é", ">4 guess 0; >4 said ann é"}, {"4 no", ">4 guess 2; >4 said ann é"}, {"wait 2s", ">4 guess 0; >1 undelivered bob"}}},
		{"both parts on one link: characters first", []step{{"1 say carl é", ">5 guess 2; >5 said ann é"}, {"5 no", ">5 guess 1; >5 said ann é"}, {"5 got ann", ">5 count 1; >1 ok carl"}}},
		{"what is known is not tried otherwise", []step{{"3 bytes", ">4 count 1"}, {"1 say bob é", ">4 said ann é"}, {"4 no", ">1 refused bob"}}},
		{"ASCII is the same both ways", []step{{"1 say bob e", ">4 said ann e"}, {"4 no", ">1 refused bob"}}},
		{"a guess is told once", []step{
			{"1 say bob e", ">4 said ann e"}, {"4 got ann", ">1 ok bob"}, {"1 say bob é", ">4 guess 0; >4 said ann é"}, {"4 got ann", ">1 ok bob"},
			{"1 say bob é", ">4 said ann é"}, {"4 got ann", ">1 ok bob"}, {"3 bytes", ">4 count 1"},
		}},
		{"the rest of a long text follows in the way that worked", []step{
			{"1 say bob éééééééé", ">4 guess 0; >4 said ann ééééé"}, {"4 no", ">4 guess 2; >4 said ann ééééé"}, {"4 got ann", ">4 count 2; >4 said ann ééé"}, {"4 got ann", ">1 ok bob"},
		}},
		{"before a login", []step{{"7 runes", ""}}},
	} {
		t.Run(c.what, func(t *testing.T) { town(t).run(c.steps) })
	}
}

// A hundred may wait for a receiver; the next is refused at once.
func TestFullInbox(t *testing.T) {
	w := town(t)
	w.do("1 say bob x")
	for range maxInbox - 1 {
		if got := w.do("1 say bob x"); got != "" {
			t.Fatal(got)
		}
	}
	if got := w.do("5 say bob y"); got != ">5 undelivered bob" {
		t.Fatalf("one too many: %s", got)
	}
	for range maxInbox {
		w.do("4 got ann")
	}
	if got := w.do("5 say bob y"); got != ">4 said carl y" {
		t.Fatalf("when it is empty again: %s", got)
	}
}
