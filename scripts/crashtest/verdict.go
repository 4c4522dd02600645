package main

import (
	"fmt"
	"strings"
)

// What may be repeated after a kill, for each receiver: what it was being told.
// There are no numbers of texts in the protocols by which it could tell.
const (
	burst     = 64 // comp9331: what was told and not yet taken out of the store
	unreceipt = 1  // messenger: what was told and not yet confirmed, or not yet out of the store
)

// A row counts the texts between users of two dialects.
type row struct {
	sent, confirmed, delivered, lost int
	explained, unexplained           int
}

// A verdict is what a witness has found.
type verdict struct {
	rows [4]row // messenger to messenger, to comp9331, comp9331 to ...
	// What comp9331 says nothing about, of that what came and what did not; the
	// same for what was refused, and for what was under way at a kill.
	silent, refused, unanswered struct{ all, came int }
	faults                      faults
	wrong                       []string
	more                        int
}

func (v *verdict) total() (t row) {
	for _, r := range v.rows {
		t.sent += r.sent
		t.confirmed += r.confirmed
		t.delivered += r.delivered
		t.lost += r.lost
		t.explained += r.explained
		t.unexplained += r.unexplained
	}
	return t
}

// good reports whether the server kept its word.
func (v *verdict) good() bool {
	t := v.total()
	return t.lost == 0 && t.unexplained == 0 && v.faults == faults{} && v.silent.came == v.silent.all
}

// judge is called when all has been heard.
func (w *witness) judge() *verdict {
	w.begin(w.round + 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	v := &verdict{faults: w.faults}
	again := map[session]int{} // repeats of what came in a session
	for sender, all := range w.texts {
		for i, t := range all {
			r := &v.rows[2*index(w.town.senders[sender])+index(w.town.receivers[t.to])]
			r.sent++
			came := len(t.got) > 0
			switch t.fate {
			case confirmed:
				r.confirmed++
				if came {
					r.delivered++
				} else {
					r.lost++
					w.complain("LOST: %s", w.story(sender, i+1))
				}
			case silent:
				count(&v.silent, came)
				if !came {
					w.complain("GONE without a word: %s", w.story(sender, i+1))
				}
			case refused:
				count(&v.refused, came)
			default:
				count(&v.unanswered, came)
			}
			for j := range max(len(t.got)-1, 0) {
				if w.explains(again, t, j) {
					r.explained++
				} else {
					r.unexplained++
					w.complain("REPEATED: %s", w.story(sender, i+1))
				}
			}
		}
	}
	v.wrong, v.more = w.wrong, w.more
	return v
}

func index(p person) int {
	if p.comp9331 {
		return 1
	}
	return 0
}

func count(c *struct{ all, came int }, came bool) {
	if c.all++; came {
		c.came++
	}
}

// explains reports whether arrival j of a text may have been followed by
// another: a kill came between them, and the text was on its way at the kill:
// among the last that the receiver read. Behind a burst that the store has yet
// to forget there may be some that came without waiting.
func (w *witness) explains(again map[session]int, t *text, j int) bool {
	from, to := t.got[j], t.got[j+1]
	s := session{t.to, from.round}
	again[s]++
	if from.round == to.round {
		return false
	}
	if !w.town.receivers[t.to].comp9331 {
		return again[s] <= unreceipt
	}
	return again[s] <= burst && w.totals[s]-from.place <= 2*burst
}

// String is the verdict as a table.
func (v *verdict) String() string {
	var b strings.Builder
	line := func(what string, r row) {
		fmt.Fprintf(&b, "%-24s %9d %9d %9d %6d %9d %11d\n", what, r.sent, r.confirmed, r.delivered, r.lost, r.explained, r.unexplained)
	}
	fmt.Fprintf(&b, "%-24s %9s %9s %9s %6s   repeated:\n%-24s %9s %9s %9s %6s %9s %11s\n", "", "", "", "", "", "", "sent", "confirmed", "delivered", "lost", "explained", "unexplained")
	names := [2]string{"messenger", "comp9331"}
	for i, r := range v.rows {
		line(names[i/2]+" to "+names[i%2], r)
	}
	line("all", v.total())
	fmt.Fprintf(&b, "out of order %d, damaged %d\n", v.faults.disorder, v.faults.damaged)
	fmt.Fprintf(&b, "confirmed by silence (comp9331 to someone online) %d: came %d\n", v.silent.all, v.silent.came)
	fmt.Fprintf(&b, "without an answer when the server or the link ended %d: came %d\n", v.unanswered.all, v.unanswered.came)
	fmt.Fprintf(&b, "refused %d: came %d\n", v.refused.all, v.refused.came)
	for _, s := range v.wrong {
		fmt.Fprintln(&b, s)
	}
	if v.more > 0 {
		fmt.Fprintf(&b, "and %d more\n", v.more)
	}
	return b.String()
}
