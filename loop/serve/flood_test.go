package serve

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mim/loop/sim"
)

// Whoever writes more than others can take waits; nobody loses a link for it,
// and those who write to others notice nothing.
func TestFlood(t *testing.T) {
	for _, row := range []struct {
		name     string
		flooders int
		line     string // with the number of the line
		lines    int
		heard    string // how it begins where it is heard
		each     int    // how many of these bob hears a second, who takes 200
	}{
		{"a room", 1, "MSG #lobby: %d", 20_000, "MSG f0 #lobby: ", 200},
		{"a room, by many", 10, "MSG #lobby: %d", 5000, "MSG f", 200},
		{"one person", 1, "MSG bob: %d", 20_000, "MSG f0 bob: ", 200},
		{"who comes and goes", 1, "JOIN: #r%d\r\nJOIN: #lobby\r\nLEAVE: #lobby\r\nLEAVE: #r%[1]d", 10_000, "USER", 60}, // f has six lines for two of these
	} {
		t.Run(row.name, func(t *testing.T) {
			x := newExchange(t, sim.Faults{}, Config{})
			bob, carl, dora := x.come("10.0.0.2", "bob"), x.come("10.0.0.3", "carl"), x.come("10.0.0.4", "dora")
			for _, p := range []*talker{carl, dora} {
				p.say("LEAVE: #lobby")
			}
			for i := range row.flooders {
				f := x.come(fmt.Sprintf("10.0.1.%d", i+1), fmt.Sprintf("f%d", i))
				for n := range row.lines {
					f.say(fmt.Sprintf(row.line, n))
				}
			}
			for second := range 60 {
				carl.say(fmt.Sprintf("MSG dora: %d", second))
				x.Run(time.Second)
			}
			if n := strings.Count(bob.lines.String(), row.heard); n < 58*row.each {
				t.Errorf("bob has heard %d times", n)
			}
			if n := strings.Count(dora.lines.String(), "MSG carl dora: "); n < 59 {
				t.Errorf("dora has heard %d times", n)
			}
			x.Run(time.Minute) // and the end comes without a loss
			if row.flooders == 1 && strings.HasPrefix(row.heard, "MSG") {
				all := strings.Split(bob.lines.String(), row.heard)[1:]
				for i, got := range all {
					if !strings.HasPrefix(got, fmt.Sprint(i)) {
						t.Fatalf("text %d is %.20q", i, got)
					}
				}
				if len(all) < min(row.lines, 118*row.each) {
					t.Errorf("%d texts arrived", len(all))
				}
			}
		})
	}
}

// Who ends their input while they have to wait is heard to the end.
func TestFloodThenEnd(t *testing.T) {
	x := newExchange(t, sim.Faults{}, Config{})
	bob, f := x.come("10.0.0.2", "bob"), x.come("10.0.1.1", "f")
	for n := range 1500 {
		f.say(fmt.Sprintf("MSG #lobby: %d", n))
	}
	f.net.Finish(f.id)
	x.Run(20 * time.Second)
	if n := strings.Count(bob.lines.String(), "MSG f #lobby: "); n != 1500 {
		t.Errorf("%d of 1500 texts arrived", n)
	}
	if !strings.Contains(bob.lines.String(), "USERLEAVE #lobby: f") {
		t.Error("nobody heard that f has gone")
	}
}
