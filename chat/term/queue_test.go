package term

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mim/chat/client"
)

// A world is the state that views come to, and how many texts each place has had.
type outcome struct {
	here, open map[string]bool
	rooms      map[string]string
	lost       bool
	fates      int
	texts      map[place]int
}

func outcomeOf(views []client.View) outcome {
	o := outcome{map[string]bool{}, map[string]bool{}, map[string]string{}, false, 0, map[place]int{}}
	for i := range views {
		switch v := &views[i]; v.Event {
		case client.Came, client.Went:
			o.here[v.Name] = v.Event == client.Came
		case client.Opened, client.Closed:
			o.open[v.Name] = v.Event == client.Opened
		case client.UserJoin, client.UserLeave:
			o.rooms[v.Room+v.Name] = string(v.Event)
		case client.Offline, client.Online:
			o.lost = v.Event == client.Offline
		case client.Sent:
			o.fates++
		case client.Said, client.Notice:
			o.texts[placeOf(v)] += leftOut(v)
		}
	}
	return o
}

// A screen that stands still comes to the same state as one that saw all, and
// knows how many texts it has missed.
func TestQueueLessens(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	q := newQueue()
	var all []client.View
	for i := range 10 * mostQueued {
		name := fmt.Sprint("user", r.IntN(300))
		v := client.View{Name: name}
		switch r.IntN(12) {
		case 0:
			v.Event = client.Came
		case 1:
			v.Event = client.Went
		case 2:
			v.Event = client.Opened
		case 3:
			v.Event = client.Closed
		case 4:
			v.Event, v.Room = client.UserJoin, "#tea"
		case 5:
			v.Event, v.Room = client.UserLeave, "#tea"
		case 6:
			v.Event = client.Offline
		case 7:
			v.Event = client.Online
		case 8:
			v = client.View{Event: client.Sent, To: name, Ticket: uint64(i)}
			if i > mostQueued { // the person cannot type on a screen that stands still
				v = client.View{Event: client.Said, From: name, Room: "#tea", Text: "tea?"}
			}
		case 9:
			v = client.View{Event: client.Said, From: name, Room: "#tea", Text: "tea?"}
		default:
			v = client.View{Event: client.Said, From: name, Text: fmt.Sprint("text ", i)}
		}
		all = append(all, v)
		q.put(v)
	}
	got := q.take().views
	if len(got) > 2*mostQueued {
		t.Errorf("%d views wait, the most is %d", len(got), mostQueued)
	}
	a, b := fmt.Sprint(outcomeOf(all)), fmt.Sprint(outcomeOf(got))
	if a != b {
		t.Errorf("all: %.2000s\nless: %.2000s", a, b)
	}
	for i, j := len(all), len(got); ; {
		i, j = lastText(all, i), lastText(got, j)
		if i < 0 || j < 0 || got[j].Kind == kindOmitted {
			break
		}
		if all[i].Text != got[j].Text {
			t.Fatalf("the newest texts are out of order: %q, want %q", got[j].Text, all[i].Text)
		}
	}
	if more := q.take().views; more != nil {
		t.Errorf("%d views are taken twice", len(more))
	}
}

func lastText(views []client.View, before int) int {
	for i := before - 1; i >= 0; i-- {
		if scrolls(&views[i]) {
			return i
		}
	}
	return -1
}

// What others can cause, any number of times, is either the last word about
// something or scrolls away: else a screen that stands still would keep all of it.
func TestQueueBounded(t *testing.T) {
	once := []client.Event{client.Ready, client.Bye}    // of one messenger
	ours := []client.Event{client.Waiting, client.Sent} // of what was typed, on a screen that goes on
	for _, e := range []client.Event{client.Ready, client.Came, client.Went, client.Table, client.Opened, client.Closed, client.Said,
		client.Sent, client.Joined, client.UserJoin, client.UserLeave, client.Called, client.Notice, client.Error, client.Offline,
		client.Online, client.Bye, client.Waiting, client.Trying, client.Voices} {
		q := newQueue()
		for range 3 * mostQueued {
			q.put(client.View{Event: e, Name: "bob", From: "bob"})
		}
		if n := len(q.take().views); n > 2*mostQueued && !slices.Contains(once, e) && !slices.Contains(ours, e) {
			t.Errorf("%d views %s wait", n, e)
		}
	}
}

func TestQueueBytes(t *testing.T) {
	q := newQueue()
	text := strings.Repeat("x", 64<<10)
	for range 1000 {
		q.put(client.View{Event: client.Said, From: "eve", Text: text})
	}
	if n := textBytes(q.views); n > mostBytes+len(text) {
		t.Errorf("%d bytes wait, the most is %d", n, mostBytes)
	}
	if o := outcomeOf(q.take().views); o.texts[place{name: "eve"}] != 1000 {
		t.Errorf("%v, want 1000 texts", o.texts)
	}
}

func TestLayout(t *testing.T) {
	for width := leastWidth; width < 200; width += 7 {
		for height := leastHeight; height < 60; height += 3 {
			for _, left := range []toggle{unasked, shown, folded} {
				for _, right := range []toggle{unasked, shown, folded} {
					for banner := range 3 {
						for input := range 12 {
							l := arrange(width, height, left, right, banner, input)
							across := l.middle
							for _, side := range []int{l.left, l.right} {
								if side > 0 {
									across += side + 1
								}
							}
							if across != width || l.middle < 12 || l.text < 3 || l.input < 1 || l.banner < 0 || 2+l.rule+l.banner+l.text+l.input != height {
								t.Fatalf("%dx%d, banner %d, input %d: %+v", width, height, banner, input, l)
							}
						}
					}
				}
			}
		}
	}
	if l := arrange(79, 24, unasked, unasked, 0, 1); l.left != 0 || l.right != 0 {
		t.Errorf("the panels are not folded: %+v", l)
	}
	if l := arrange(80, 24, folded, unasked, 0, 1); l.left != 0 || l.right == 0 {
		t.Errorf("F7 folds the left one: %+v", l)
	}
}
