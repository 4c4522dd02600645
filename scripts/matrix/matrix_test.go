package matrix

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// The names of those who write, and of those who hear. A name is that of an
// account where a dialect wants one.
var (
	authors = map[string]string{"mim0": "mara", "messenger": "mona", "comp9331": "carla", "dtu": "dora", "elc004": "elsa"}
	readers = map[string]string{"mim0": "max", "messenger": "moritz", "comp9331": "claus", "dtu": "dirk", "elc004": "emil"}
)

// TestEveryoneTalksToEveryone: each of the 25 ordered pairs of dialects, each
// content, and what the author is told.
func TestEveryoneTalksToEveryone(t *testing.T) {
	t.Parallel()
	s := serve(t)
	from, to := map[string]user{}, map[string]user{}
	for _, w := range wires {
		from[w.name] = s.join(t, w.name, authors[w.name])
		to[w.name] = s.join(t, w.name, readers[w.name])
	}
	for _, u := range []user{from["mim0"], to["mim0"]} {
		for _, w := range wires {
			for _, name := range [...]string{authors[w.name], readers[w.name]} {
				if name == u.seen().name {
					continue
				}
				if _, err := u.seen().take(came, name); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	var all sync.WaitGroup
	type row struct{ from, to, content, problem string }
	rows := make([][]row, len(wires))
	for i := range wires {
		a := from[wires[i].name]
		all.Go(func() {
			for j := range wires {
				b, good := to[wires[j].name], true
				for _, c := range contents {
					problem := "not tried after what went wrong before"
					if good {
						problem = exchange(a, b, c.text)
						good = problem == ""
					}
					rows[i] = append(rows[i], row{wires[i].name, wires[j].name, c.name, problem})
				}
			}
		})
	}
	all.Wait()
	for _, r := range rows {
		for _, r := range r {
			t.Run(fmt.Sprintf("%s to %s/%s", r.from, r.to, r.content), func(t *testing.T) {
				if r.problem != "" {
					t.Error(r.problem)
				}
			})
		}
	}
	for _, w := range wires {
		for _, u := range []user{from[w.name], to[w.name]} {
			for _, what := range [...]string{said, told, gone, closed} {
				u.seen().never(t, what, "")
			}
		}
	}
}

// exchange says a content and wants what the table says, and nothing else, to
// arrive; "" if that is so.
func exchange(a, b user, text string) string {
	for _, text := range a.wire().written(text) {
		got, err := a.say(b.seen().name, text)
		if want := sentTo(a, b); got != want || err != nil {
			return fmt.Sprintf("%.60q: the author is told %q, %v; want %q", text, got, err, want)
		}
		for _, want := range arrives(a.wire(), b.wire(), text) {
			e, err := b.seen().take(said, a.seen().name)
			if err != nil {
				return err.Error()
			}
			if e.text != want {
				return fmt.Sprintf("%.99q arrives as %.99q, want %.99q", text, e.text, want)
			}
		}
	}
	if e, more := b.seen().now(said, a.seen().name); more {
		return fmt.Sprintf("%q arrives as well", e.text)
	}
	return ""
}

// sentTo is what an author is told of a text that has arrived.
func sentTo(a, b user) string { return toldOf(a.wire().sent, b) }

// toldOf is a sentence of the table, about somebody.
func toldOf(sentence string, b user) string {
	return strings.ReplaceAll(sentence, "NAME", b.seen().name)
}
