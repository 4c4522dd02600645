package main

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// A fate is what a sender was told about a text.
type fate uint8

const (
	unanswered fate = iota // the server was killed, or the sender left before
	confirmed              // SENT, or the sentence that it will be given when the user is online
	silent                 // comp9331 says nothing about a text to someone who is online
	refused                // any error
)

// A text is one message, and what became of it.
type text struct {
	to    int // its receiver
	round int // in which it was sent
	fate  fate
	got   []arrival
}

// An arrival is a text that a receiver has read to its end.
type arrival struct {
	round  int
	stored bool // it says that it waited in the store; not all that did say so
	place  int  // its place among those of its receiver and round, from 0
}

// A witness hears what all people of a town do and says in the end whether the
// server kept its word.
type witness struct {
	town *town

	mu     sync.Mutex
	texts  [][]*text // by sender and number, from 0
	last   [][]int   // by receiver and sender: the highest number that came, from 1
	places []int     // by receiver: how many came in this round
	round  int
	totals map[session]int
	wrong  []string // what is wrong, in words
	more   int      // wrongs without words
	faults faults
}

// A session is what one receiver hears from one start of a server to its end.
type session struct{ receiver, round int }

// faults are what arrivals showed by themselves.
type faults struct{ disorder, damaged int }

// maxWords bounds what is written about what is wrong.
const maxWords = 40

func newWitness(t *town) *witness {
	w := &witness{town: t, texts: make([][]*text, len(t.senders)), totals: map[session]int{}}
	for range t.receivers {
		w.last = append(w.last, make([]int, len(t.senders)))
	}
	w.places = make([]int, len(t.receivers))
	return w
}

// begin begins a round.
func (w *witness) begin(round int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, p := range w.places {
		w.totals[session{i, w.round}] = p
	}
	clear(w.places)
	w.round = round
}

// ask notes that a sender is about to say something to a receiver, and what:
// sender, number and round, and letters up to a length that differs.
func (w *witness) ask(sender, receiver int) (number int, words string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts[sender] = append(w.texts[sender], &text{to: receiver, round: w.round})
	number = len(w.texts[sender])
	return number, wordsOf(w.town.senders[sender].name, number, w.round)
}

func wordsOf(name string, number, round int) string {
	return fmt.Sprintf("%s %d %d %s", name, number, round, strings.Repeat("x", 1+(number*37+round)%600))
}

// tell notes what the server said about a text.
func (w *witness) tell(sender, number int, f fate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts[sender][number-1].fate = f
}

// hear notes that a receiver has read words from someone.
func (w *witness) hear(receiver int, from, words string, stored bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	sender, number := w.find(from, words)
	if sender < 0 || w.texts[sender][number-1].to != receiver {
		w.faults.damaged++
		w.complain("%s got from %s what was not written to it: %.60q", w.town.receivers[receiver].name, from, words)
		return
	}
	t := w.texts[sender][number-1]
	t.got = append(t.got, arrival{round: w.round, stored: stored, place: w.places[receiver]})
	w.places[receiver]++
	if last := &w.last[receiver][sender]; number > *last {
		*last = number
	} else if len(t.got) == 1 {
		w.faults.disorder++
		w.complain("%s came behind number %d", w.story(sender, number), *last)
	}
}

// find says which text the words are: sender -1 if none of ours.
func (w *witness) find(from, words string) (sender, number int) {
	f := strings.Fields(words)
	if len(f) != 4 || f[0] != from {
		return -1, 0
	}
	number, err := strconv.Atoi(f[1])
	for i, p := range w.town.senders {
		if err == nil && p.name == from && number >= 1 && number <= len(w.texts[i]) &&
			words == wordsOf(from, number, w.texts[i][number-1].round) {
			return i, number
		}
	}
	return -1, 0
}

// complain keeps words about what is wrong, up to a bound.
func (w *witness) complain(format string, args ...any) {
	if len(w.wrong) < maxWords {
		w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
	} else {
		w.more++
	}
}

// story is all that is known of a text.
func (w *witness) story(sender, number int) string {
	t := w.texts[sender][number-1]
	s := fmt.Sprintf("number %d of %s to %s, written in round %d, %s", number, w.town.senders[sender].name,
		w.town.receivers[t.to].name, t.round, [...]string{"unanswered", "confirmed", "silent", "refused"}[t.fate])
	for _, a := range t.got {
		s += fmt.Sprintf(", read in round %d (place %d", a.round, a.place)
		if a.stored {
			s += ", stored"
		}
		s += ")"
	}
	return s
}

// missing reports how many texts whose sender was told that all is well have
// not come.
func (w *witness) missing() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, all := range w.texts {
		for _, t := range all {
			if (t.fate == confirmed || t.fate == silent) && len(t.got) == 0 {
				n++
			}
		}
	}
	return n
}

// read reports whether a text has come.
func (w *witness) read(sender, number int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.texts[sender][number-1].got) > 0
}
