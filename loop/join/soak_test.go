package join

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/chat/client"
	"mim/loop/sim"
)

var seeds = flag.Int("seeds", 1000, "how many seeds TestSoak runs")

// rough is a network on which everything goes wrong that can.
var rough = sim.Faults{
	Delay: 2 * time.Millisecond, Jitter: 20 * time.Millisecond,
	MaxCut: 7,
	Lose:   0.03, Notice: 500 * time.Millisecond,
	// Together with meddle's pauses shorter than a client waits for an older
	// line to be read.
	Stall: 0.1, StallFor: 50 * time.Millisecond,
	Window:      64,
	DialRefused: 0.1, DialLost: 0.1,
}

// TestSoak has three people talk on a rough network and looks at what each
// was shown: all that was reported sent was said, nothing twice, and in order.
func TestSoak(t *testing.T) {
	n := *seeds
	if testing.Short() || raceEnabled {
		n = min(n, 50)
	}
	start := time.Now()
	var total tally
	for seed := range n {
		total.add(soak(t, uint64(seed)))
		if t.Failed() {
			t.Fatalf("seed %d: run it again with -seeds %d", seed, seed+1)
		}
	}
	t.Logf("%d seeds in %v: %+v", n, time.Since(start).Round(time.Millisecond), total)
	if total.Sent == 0 || total.Failed == 0 || total.Closed == 0 || total.Unsure == 0 {
		t.Errorf("the network was not rough, or nothing was said: %+v", total)
	}
}

// A tally counts what happened, so that a soak in which nothing did is seen.
type tally struct{ Sent, Failed, Unsure, Said, Opened, Closed, Offline int }

func (a *tally) add(b tally) {
	a.Sent += b.Sent
	a.Failed += b.Failed
	a.Unsure += b.Unsure
	a.Said += b.Said
	a.Opened += b.Opened
	a.Closed += b.Closed
	a.Offline += b.Offline
}

const (
	soakTexts = 20 // from each to each
	soakTime  = 20 * time.Second
)

func soak(t *testing.T, seed uint64) tally {
	w := newTown(t, seed, sim.Faults{Delay: time.Millisecond})
	p := w.people("alice", "bob", "carol")
	w.Faults = rough
	r := rand.New(rand.NewPCG(seed, 99))
	type text struct {
		from *user
		line string
	}
	var texts []text
	for _, from := range p {
		for _, to := range p {
			if from != to {
				for i := range soakTexts {
					texts = append(texts, text{from, fmt.Sprintf("@%s %s>%s %d", to.name, from.name, to.name, i)})
				}
			}
		}
	}
	// Each talk in its own order, all of them mixed.
	next := map[string]int{}
	for range texts {
		var x text
		for {
			i := r.IntN(len(p) * (len(p) - 1))
			x = texts[i*soakTexts]
			if n := next[x.line]; n < soakTexts {
				next[x.line]++
				x = texts[i*soakTexts+n]
				break
			}
		}
		x.from.types(x.line)
		w.meddle(r)
		if r.IntN(3) > 0 {
			w.Run(time.Duration(r.Int64N(int64(2 * soakTime / time.Duration(len(texts))))))
		}
	}
	w.Faults.Lose, w.Faults.DialLost, w.Faults.DialRefused, w.Faults.Stall = 0, 0, 0, 0
	w.Run(time.Minute)
	var sum tally
	for _, u := range p {
		sum.add(judge(t, u, p))
	}
	return sum
}

// meddle does what else happens while people talk: a program stands still for
// a moment, a link to the server is lost, the server itself dies and is
// started again.
func (w *town) meddle(r *rand.Rand) {
	u := w.users[r.IntN(len(w.users))]
	switch r.IntN(60) {
	case 0:
		u.host.Pause(time.Duration(r.Int64N(int64(100 * time.Millisecond))))
	case 1:
		u.host.Lose(u.mode.servers[chat.Both])
	case 2:
		w.server.Crash()
		w.serve()
	}
}

// unsure is the fate of a text of which nobody knows whether it arrived.
const unsure = "unsure"

// fates is what became of each text that u said, as it was shown to u, and how
// many were typed to someone who was not in the table then.
func (u *user) fates(t *testing.T) (fate map[string]string, unknown int, sum tally) {
	fate = map[string]string{}
	for _, v := range u.views {
		switch v.Event {
		case client.Opened:
			sum.Opened++
		case client.Closed:
			sum.Closed++
		case client.Offline:
			sum.Offline++
		case client.Said:
			sum.Said++
		case client.Error:
			unknown++
		case client.Sent:
			if fate[v.Text] != "" {
				t.Errorf("%q: %s, then %s", v.Text, fate[v.Text], v.State)
			}
			fate[v.Text] = v.State
			switch {
			case v.State == client.StateSent:
				sum.Sent++
			case strings.Contains(v.Why, "may or may not"):
				sum.Unsure++
				fate[v.Text] = unsure
				fallthrough
			default:
				sum.Failed++
			}
		}
	}
	return fate, unknown, sum
}

// judge compares what u said with what the others were shown.
func judge(t *testing.T, u *user, all []*user) tally {
	fate, unknown, sum := u.fates(t)
	for _, to := range all {
		if to == u {
			continue
		}
		heard := to.heard(t, u, fate)
		for i := range soakTexts {
			s := fmt.Sprintf("%s>%s %d", u.name, to.name, i)
			switch {
			case fate[s] == "":
				unknown--
			case fate[s] == client.StateSent && !heard[s]:
				t.Errorf("%q was reported sent and is lost", s)
			}
		}
	}
	if unknown < 0 {
		t.Errorf("%s was told nothing about %d texts", u.name, -unknown)
	}
	return sum
}

// heard is what to was shown of from, looked at for itself: nothing twice,
// nothing that was reported failed, and in order what was reported sent.
func (to *user) heard(t *testing.T, from *user, fate map[string]string) map[string]bool {
	heard := map[string]bool{}
	last := map[string]int{} // by conversation: one who is not in the table has another
	for _, v := range to.views {
		if v.Event != client.Said || !strings.HasPrefix(v.Text, from.name+">") {
			continue
		}
		var i int
		fmt.Sscanf(v.Text, from.name+">"+to.name+" %d", &i)
		switch {
		case heard[v.Text]:
			t.Errorf("%s was shown %q twice", to.name, v.Text)
		case v.From != from.name && !strings.HasPrefix(v.From, from.name+" ("):
			t.Errorf("%s was shown %q from %s", to.name, v.Text, v.From)
		case fate[v.Text] == client.StateFailed:
			t.Errorf("%q was reported failed, but %s was shown it", v.Text, to.name)
		case fate[v.Text] == client.StateSent && i < last[v.From]:
			t.Errorf("%s was shown %q behind number %d", to.name, v.Text, last[v.From])
		}
		heard[v.Text] = true
		if fate[v.Text] == client.StateSent { // of the others nobody knows when they arrive
			last[v.From] = max(last[v.From], i)
		}
	}
	return heard
}
