package roster

import (
	"strings"
	"testing"
)

// Texts between a member and a user who has a listener (line.go).
func TestLines(t *testing.T) {
	gone := "*-1 went eve; *-1 went eve; >6 ok; >6 close"
	up := []step{{"1 say bob hi", "dial 1 10.0.0.5:5000 as ann"}, {"dialled 1 8", ">8 said ann hi mark 1"}, {"left 8 1", ">1 ok bob"}}
	for _, c := range []struct {
		what  string
		steps []step
	}{
		{"a dial, a text, and its bytes have left", []step{
			{"1 say BOB hi", "dial 1 10.0.0.5:5000 as ann"}, {"dialled 1 8", ">8 said ann hi mark 1"}, {"left 8 1", ">1 ok BOB"},
		}},
		{"the next text uses the connection", append(up, step{"1 say bob two", ">8 said ann two mark 2"}, step{"left 8 2", ">1 ok bob"})},
		{"texts that are said meanwhile wait, in their order", []step{
			{"1 say bob one", "dial 1 10.0.0.5:5000 as ann"}, {"1 say bob two", ""}, {"1 say bob three", ""},
			{"dialled 1 8", ">8 said ann one mark 1; >8 said ann two mark 2; >8 said ann three mark 3"},
			{"left 8 2", ">1 ok bob; >1 ok bob"}, {"left 8 3", ">1 ok bob"},
		}},
		{"two people have lines of their own", []step{
			{"1 say bob one", "dial 1 10.0.0.5:5000 as ann"}, {"ask 2 bob two", "dial 2 10.0.0.5:5000 as cat"},
			{"dialled 2 8", ">8 said cat two mark 1"}, {"dialled 1 9", ">9 said ann one mark 2"}, {"left 8 1", ">2 ok bob"}, {"left 9 2", ">1 ok bob"},
		}},
		{"three tries", []step{
			{"1 say bob hi", "dial 1 10.0.0.5:5000 as ann"}, {"undialled 1", ""}, {"wait 299ms", ""}, {"wait 1ms", "dial 2 10.0.0.5:5000 as ann"},
			{"undialled 2", ""}, {"wait 599ms", ""}, {"wait 1ms", "dial 3 10.0.0.5:5000 as ann"}, {"undialled 3", ">1 undelivered bob"},
			{"withdraw 6 10.0.0.6 6000", gone}, {"wait 1h", ""},
		}},
		{"the third is in time, for all that waits", []step{
			{"1 say bob hi", "dial 1 10.0.0.5:5000 as ann"}, {"undialled 1", ""}, {"wait 300ms", "dial 2 10.0.0.5:5000 as ann"}, {"undialled 2", ""},
			{"1 say bob two", ""}, {"wait 600ms", "dial 3 10.0.0.5:5000 as ann"}, {"dialled 3 8", ">8 said ann hi mark 1; >8 said ann two mark 2"},
		}},
		{"three tries anew after a failure", []step{
			{"1 say bob hi", "dial 1 10.0.0.5:5000 as ann"}, {"undialled 1", ""}, {"wait 300ms", "dial 2 10.0.0.5:5000 as ann"}, {"undialled 2", ""},
			{"wait 600ms", "dial 3 10.0.0.5:5000 as ann"}, {"undialled 3", ">1 undelivered bob"}, {"1 say bob two", "dial 4 10.0.0.5:5000 as ann"},
			{"undialled 4", ""}, {"wait 300ms", "dial 5 10.0.0.5:5000 as ann"},
		}},
		{"an outcome of a dial that nobody waits for", []step{{"undialled 77", ""}, {"dialled 77 8", ">8 close"}}},
		{"he calls back while we dial: one line, both connections are heard", []step{
			{"1 say bob hi", "dial 1 10.0.0.5:5000 as ann"}, {"call 7 0 10.0.0.5", ""}, {"hello 7 bob", ">7 ok; >7 said ann hi mark 1"},
			{"dialled 1 8", ""}, {"left 7 1", ">1 ok bob"}, {"line 7 a", ">1 said bob a"}, {"1 got bob", ">7 ok ann"}, {"line 8 b", ">1 said bob b"},
		}},
		{"of two connections one is kept for texts: they do not overtake each other", []step{
			{"1 say bob hi", "dial 1 10.0.0.5:5000 as ann"}, {"call 7 0 10.0.0.5", ""}, {"hello 7 bob", ">7 ok; >7 said ann hi mark 1"},
			{"dialled 1 8", ""}, {"1 say bob two", ">7 said ann two mark 2"}, {"left 8 9", ""}, {"left 7 2", ">1 ok bob; >1 ok bob"},
		}},
		{"the other takes over", []step{
			{"1 say bob hi", "dial 1 10.0.0.5:5000 as ann"}, {"call 7 0 10.0.0.5", ""}, {"hello 7 bob", ">7 ok; >7 said ann hi mark 1"},
			{"dialled 1 8", ""}, {"7 close", ">1 undelivered bob"}, {"1 say bob two", ">8 said ann two mark 2"}, {"left 8 2", ">1 ok bob"},
			{"8 close", ""}, {"1 say bob three", "dial 2 10.0.0.5:5000 as ann"},
		}},
		{"the spare one ends", []step{
			{"1 say bob hi", "dial 1 10.0.0.5:5000 as ann"}, {"call 7 0 10.0.0.5", ""}, {"hello 7 bob", ">7 ok; >7 said ann hi mark 1"},
			{"dialled 1 8", ""}, {"8 close", ""}, {"left 7 1", ">1 ok bob"}, {"7 close", ""}, {"1 say bob two", "dial 2 10.0.0.5:5000 as ann"},
		}},
		{"both end with the line", []step{
			{"1 say bob hi", "dial 1 10.0.0.5:5000 as ann"}, {"call 7 0 10.0.0.5", ""}, {"hello 7 bob", ">7 ok; >7 said ann hi mark 1"},
			{"dialled 1 8", ""}, {"1 close", "*-1 went ann; >8 close; >7 close; *-1 went ann; stand 0 nobody"}, {"line 8 a", ""}, {"line 7 a", ""},
		}},
		{"one that has taken nothing for five seconds gives way", []step{
			{"1 say bob hi", "dial 1 10.0.0.5:5000 as ann"}, {"dialled 1 8", ">8 said ann hi mark 1"}, {"wait 5s", ">1 undelivered bob"},
			{"call 7 0 10.0.0.5", ""}, {"hello 7 bob", ">7 ok; >8 close"}, {"1 say bob two", ">7 said ann two mark 2"}, {"8 close", ""}, {"left 7 2", ">1 ok bob"},
		}},
		{"what was told on a connection that is cut has failed, nobody tells it twice", []step{
			{"1 say bob one", "dial 1 10.0.0.5:5000 as ann"}, {"dialled 1 8", ">8 said ann one mark 1"}, {"1 say bob two", ">8 said ann two mark 2"},
			{"left 8 1", ">1 ok bob"}, {"8 close", ">1 undelivered bob"}, {"1 say bob three", "dial 2 10.0.0.5:5000 as ann"},
			{"dialled 2 9", ">9 said ann three mark 3"},
		}},
		{"the author leaves while we dial", []step{
			{"1 say bob hi", "dial 1 10.0.0.5:5000 as ann"}, {"1 close", "*-1 went ann; *-1 went ann; stand 0 nobody"}, {"dialled 1 8", ">8 close"}, {"8 close", ""},
		}},
		{"he leaves while we dial", []step{
			{"1 say bob hi", "dial 1 10.0.0.5:5000 as ann"},
			{"5 close", "*-5 went bob; >1 undelivered bob; stand 2 nobody"}, {"undialled 1", ""}, {"1 say bob hi", ">1 unknown bob"},
		}},
		{"he leaves with the line up", append(up, step{"5 close", "*-5 went bob; >8 close; stand 2 nobody"}, step{"line 8 late", ""})},
		{"he logs in anew with another port: other lines", append(up,
			step{"rename 5 bob 5001", ">5 ok; *-5 went bob; >8 close; stand 2 nobody; *-5 came bob; stand 3 bob"},
			step{"1 say bob two", "dial 2 10.0.0.5:5001 as ann"})},
		{"bytes that do not leave: the author is told after 5 s, the text stays on its way", []step{
			{"1 say bob hi", "dial 1 10.0.0.5:5000 as ann"}, {"dialled 1 8", ">8 said ann hi mark 1"}, {"wait 2s", ""}, {"1 say bob two", ">8 said ann two mark 2"},
			{"wait 3s", ">1 undelivered bob"}, {"wait 2s", ">1 undelivered bob"}, {"left 8 2", ""}, {"1 say bob three", ">8 said ann three mark 3"},
			{"left 8 3", ">1 ok bob"},
		}},
		{"a line on which nothing is said is closed after 15 min", append(up, step{"withdraw 6 10.0.0.6 6000", gone}, step{"wait 14m59s", ""}, step{"wait 1s", ">8 close"}, step{"1 say bob two", "dial 2 10.0.0.5:5000 as ann"})},
		{"counted from the last text of either side", append(up,
			step{"withdraw 6 10.0.0.6 6000", gone}, step{"wait 10m", ""}, step{"line 8 still here", ">1 said bob still here"}, step{"1 got bob", ">8 ok ann"},
			step{"wait 14m59s", ""}, step{"wait 1s", ">8 close"})},
		{"what he says", append(up,
			step{"line 8 hello", ">1 said bob hello"}, step{"line 8 0123456789ab", ""}, step{"1 got bob", ">8 ok ann; >1 said bob 0123456789"},
			step{"1 got bob", ">1 said bob ab"}, step{"1 got bob", ">8 ok ann"})},
		{"he has a line and says it on another that he opens himself", append(up,
			step{"call 7 0 10.0.0.5", ""}, step{"hello 7 bob", ">7 ok"}, step{"line 7 hello", ">1 said bob hello"})},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := square(t)
			w.play(c.steps[:len(c.steps):len(c.steps)])
		})
	}
}

// A login must not make the server speak to a machine's own services.
func TestLowPortsAreNotDialled(t *testing.T) {
	w := square(t)
	w.play([]step{
		{"toy 7 10.0.0.7 low 1023", ">7 ok; >7 page(ann cat bob eve); *-7 came low; stand 3 low"},
		{"1 say low hi", ">1 undelivered low"},
		{"toy 8 10.0.0.7 high 1024", ">8 ok; >8 page(ann cat bob eve low); *-8 came high; note all 4 lent UDP ports are taken: who comes now is not in the tables of UDP programs"},
		{"1 say high hi", "dial 1 10.0.0.7:1024 as ann"},
		{"call 9 0 10.0.0.7", ""}, {"hello 9 low", ">9 ok"}, {"line 9 I can call", ">1 said low I can call"}, {"1 say low hi", ">9 said ann hi mark 2"},
	})
}

// Beyond maxLines the idle ones go, and if there is none nobody gets another.
func TestLinesAreBounded(t *testing.T) {
	w := square(t)
	w.play([]step{{"1 say bob hi", "dial 1 10.0.0.5:5000 as ann"}, {"dialled 1 8", ">8 said ann hi mark 1"}, {"left 8 1", ">1 ok bob"}})
	for i := range maxLines - 1 {
		w.lines[pair{nil, &member{seat: int32(i)}}] = &line{own: &member{traits: &traits}, other: &member{}, first: &delivery{}}
	}
	w.play([]step{
		{"ask 2 bob hi", ">2 undelivered bob"},
		{"wait 61s", ""},
		{"ask 2 bob hi", ">8 close; dial 2 10.0.0.5:5000 as cat"},
	})
	if len(w.lines) != maxLines {
		t.Errorf("%d lines", len(w.lines))
	}
}

// So many texts may wait on a line.
func TestWaitOnALineIsBounded(t *testing.T) {
	w := square(t)
	for range maxInbox {
		w.act("1 say bob hi")
	}
	w.play([]step{
		{"1 say bob more", ""}, // its answer waits for its turn
		{"ask 2 bob hi", "dial 2 10.0.0.5:5000 as cat"},
	})
	told := w.act("dialled 1 8")
	if n := strings.Count(told, "said ann hi"); n != maxInbox || strings.Contains(told, "more") {
		t.Errorf("%d texts are told: %s", n, told)
	}
	answers := w.act("left 8 1000")
	if !strings.HasSuffix(answers, ">1 ok bob; >1 undelivered bob") || strings.Count(answers, ">1 ok bob") != maxInbox {
		t.Errorf("answers: %s", answers)
	}
}

// An author who leaves with the answer that a timer gives takes the line along
// that the timer is of.
func TestAuthorLeavesWithTheAnswer(t *testing.T) {
	w := square(t)
	w.play([]step{
		{"1 say bob one", "dial 1 10.0.0.5:5000 as ann"}, {"dialled 1 8", ">8 said ann one mark 1"}, {"1 say bob two", ">8 said ann two mark 2"},
		{"1 bad", ""}, {"1 say bob three", ">8 said ann three mark 3"},
		{"wait 5s", ">1 undelivered bob; >1 undelivered bob; >1 close malformed; *-1 went ann; >8 close; *-1 went ann; stand 0 nobody"},
		{"8 close", ""}, {"1 close", ""}, {"2 close", "group 1 #lobby false; *-2 went cat; *-1 went cat; stand 1 nobody"},
		{"5 close", "*-5 went bob; stand 2 nobody"}, {"withdraw 6 10.0.0.6 6000", "*-1 went eve; >6 ok; >6 close"},
	})
	if err := w.isEmpty(); err != nil {
		t.Error(err)
	}
}

// TestCallerWaits: a text by a line is answered when its outcome is known, and
// only then may its program be read further: what it writes faster than another
// one reads is not lost.
func TestCallerWaits(t *testing.T) {
	called := []step{{"call 7 0 10.0.0.5", ""}, {"hello 7 bob", ">7 ok"}, {"line 7 one", ">1 said bob one"}, {"line 7 two", ""}}
	for what, steps := range map[string][]step{
		"confirmed":           {{"1 got bob", ">7 ok ann; >1 said bob two"}, {"1 got bob", ">7 ok ann"}},
		"not confirmed":       {{"wait 2s", ">7 ok ann; >1 said bob two"}, {"wait 2s", ">7 ok ann"}},
		"its receiver leaves": {{"line 7 three", ""}, {"1 close", "*-1 went ann; >7 close; *-1 went ann; stand 0 nobody"}},
		"it leaves":           {{"7 close", ""}, {"1 got bob", ">1 said bob two"}, {"1 got bob", ""}},
		"no receipts there":   {{"call 8 1 10.0.0.5", ""}, {"hello 8 bob", ">8 ok"}, {"line 8 hi", ">2 said bob hi mark 2"}, {"left 2 2", ">8 ok cat"}},
	} {
		t.Run(what, func(t *testing.T) { square(t).play(append(called[:len(called):len(called)], steps...)) })
	}
}
