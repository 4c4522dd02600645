package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// buildMim builds the program for a test and gives its path.
func buildMim(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mim")
	if out, err := exec.Command("go", "build", "-o", path, "mim").CombinedOutput(); err != nil {
		t.Fatalf("building mim: %v\n%s", err, out)
	}
	return path
}

// TestCrash is scripts/crash with ten kills. The seed is a new one each time;
// a failure names it.
func TestCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	c := config{mim: buildMim(t), dir: t.TempDir(), rounds: 10, seed: uint64(os.Getpid()), log: testLog{t}}
	v, err := run(c)
	if err != nil {
		t.Fatalf("seed %d: %v", c.seed, err)
	}
	t.Logf("seed %d\n%v", c.seed, v)
	if !v.good() {
		t.Error("the server has not kept its word")
	}
	if n := v.total(); n.confirmed < 1000 || n.explained == 0 {
		t.Errorf("only %d texts were confirmed and %d repeated: this shows little", n.confirmed, n.explained)
	}
}

type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Logf("%s", p)
	return len(p), nil
}

// A step of a made-up history: "say S R FATE" (everyone's next text), "read R
// S N [stored]", "kill". S and R are places in newTown.
func history(t *testing.T, steps string) *verdict {
	t.Helper()
	w := newWitness(newTown())
	round := 1
	w.begin(round)
	for step := range strings.SplitSeq(steps, ", ") {
		f := strings.Fields(step)
		num := func(i int) (n int) {
			if _, err := fmt.Sscan(f[i], &n); err != nil {
				t.Fatal(step, err)
			}
			return n
		}
		switch f[0] {
		case "say":
			n, _ := w.ask(num(1), num(2))
			w.tell(num(1), n, map[string]fate{"unanswered": unanswered, "confirmed": confirmed, "silent": silent, "refused": refused}[f[3]])
		case "read":
			from, n := w.town.senders[num(2)].name, num(3)
			words := wordsOf(from, n, w.texts[num(2)][n-1].round)
			w.hear(num(1), from, words, len(f) > 4)
		case "cut":
			w.hear(num(1), w.town.senders[num(2)].name, "from00 1 1 xx", false)
		case "kill":
			round++
			w.begin(round)
		}
	}
	return w.judge()
}

// TestVerdict: what is good, and what each thing that can go wrong looks like.
// Receivers below 8 speak comp9331, the others messenger.
func TestVerdict(t *testing.T) {
	stored := func(n int) string { return strings.Repeat("say 30 0 confirmed, ", n) }
	read := func(from, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "read 0 30 %d stored, ", from+i)
		}
		return b.String()
	}
	for _, c := range []struct {
		what, steps string
		want        string
	}{
		{"all came", "say 0 0 silent, read 0 0 1, say 0 9 confirmed, kill, read 9 0 2", ""},
		{"confirmed and lost", "say 30 9 confirmed, kill", "lost"},
		{"told nothing and lost", "say 0 0 silent, kill", "silent"},
		{"under way and lost", "say 0 0 unanswered, say 30 9 refused, kill", ""},
		{"order, with one that is lost", "say 0 0 unanswered, say 0 0 confirmed, kill, read 0 0 2 stored", ""},
		{"out of order", "say 0 0 unanswered, say 0 0 confirmed, kill, read 0 0 2 stored, read 0 0 1 stored", "disorder"},
		{"order differs between receivers", "say 0 0 silent, say 0 1 silent, read 1 0 2, read 0 0 1", ""},
		{"damaged", "say 0 0 unanswered, cut 0 0", "damaged"},
		{"to the wrong one", "say 0 0 unanswered, read 1 0 1", "damaged"},
		{"one repeated by messenger", "say 0 9 confirmed, read 9 0 1, kill, read 9 0 1", "explained"},
		{"after each of two kills", "say 0 9 confirmed, read 9 0 1, kill, read 9 0 1, kill, read 9 0 1", "explained explained"},
		{"two repeated by messenger", "say 0 9 confirmed, say 0 9 confirmed, read 9 0 1, read 9 0 2, kill, read 9 0 1, read 9 0 2", "explained unexplained"},
		{"repeated without a kill", "say 0 9 confirmed, read 9 0 1, read 9 0 1, kill", "unexplained"},
		{"repeated two kills later", "say 0 0 silent, read 0 0 1, kill, kill, read 0 0 1 stored", "explained"},
		{"a burst repeated", stored(64) + read(1, 64) + "kill, " + read(1, 64) + "kill", strings.TrimSpace(strings.Repeat("explained ", 64))},
		{"one more", stored(65) + read(1, 65) + "kill, " + read(1, 65) + "kill", strings.Repeat("explained ", 64) + "unexplained"},
		{"long ago", stored(129) + read(1, 129) + "kill, " + read(1, 1) + "kill", "unexplained"},
	} {
		t.Run(c.what, func(t *testing.T) {
			v := history(t, c.steps)
			n := v.total()
			got := strings.Repeat("lost ", n.lost) + strings.Repeat("explained ", n.explained) + strings.Repeat("unexplained ", n.unexplained) +
				strings.Repeat("disorder ", v.faults.disorder) + strings.Repeat("damaged ", v.faults.damaged) + strings.Repeat("silent ", v.silent.all-v.silent.came)
			if got = strings.TrimSpace(got); got != c.want {
				t.Errorf("found %q, want %q\n%v", got, c.want, v)
			}
			if good := strings.Trim(c.want, "explaind ") == "" && !strings.Contains(c.want, "un"); v.good() != good {
				t.Errorf("good %v, want %v", v.good(), good)
			}
		})
	}
}
