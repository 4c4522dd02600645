package serve

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/loop/sim"
)

// A line is a few callers: what each of them is told about calls, and by the end of
// which second.
type line struct {
	*exchange
	all   []*talker
	began time.Time
	seen  []int      // bytes of each
	told  [][]string // since heard was asked
}

// newLine has so many callers in the lobby: a, b, c ...
func newLine(t *testing.T, n int) *line {
	x := &line{exchange: newExchange(t, sim.Faults{}, Config{}), seen: make([]int, n), told: make([][]string, n)}
	for i := range n {
		x.all = append(x.all, x.come(fmt.Sprintf("192.168.1.%d", 10+i), string(rune('a'+i))))
	}
	x.began = x.Now()
	return x
}

var anyKey = regexp.MustCompile(`\d{15}`)

// pass lets seconds pass.
func (x *line) pass(seconds int) {
	for range seconds {
		x.Run(time.Second)
		for i, p := range x.all {
			for l := range strings.Lines(p.lines.String()[x.seen[i]:]) {
				x.seen[i] += len(l)
				if at := x.Now().Sub(x.began); strings.HasPrefix(l, "TALK") {
					x.told[i] = append(x.told[i], fmt.Sprint(at, " ", strings.TrimSpace(anyKey.ReplaceAllString(l, "KEY"))))
				} else if number, is := strings.CutPrefix(l, "PING"); is {
					p.say("PONG" + strings.TrimSpace(number))
				}
			}
		}
	}
}

// heard checks what one was told since the last time, by the end of which second.
func (x *line) heard(p *talker, what string, want ...string) {
	x.t.Helper()
	i := slices.Index(x.all, p)
	if !slices.Equal(x.told[i], want) {
		x.t.Errorf("%s:\nheard %q\n want %q", what, x.told[i], want)
	}
	x.told[i] = nil
}

// key is the last one that p was told.
func key(p *talker) string {
	all := anyKey.FindAllString(p.lines.String(), -1)
	return all[len(all)-1]
}

// 30 s without an answer: both get END, whatever the caller sends meanwhile
// (dtu.md, Voice 5).
func TestCallWithoutAnswer(t *testing.T) {
	x := newLine(t, 2)
	a, b := x.all[0], x.all[1]
	a.say("TALK b: REQUEST")
	x.pass(1)
	a.voice("TALKSESSION: " + key(a))
	for range 28 {
		a.voice("voice")
		x.pass(1)
	}
	x.heard(a, "the caller, before the time", "1s TALK b KEY: REQUEST")
	x.heard(b, "the other, before the time", "1s TALK a KEY: REQUEST")
	x.pass(20)
	x.heard(a, "the caller", "30s TALK KEY: END")
	x.heard(b, "the other", "30s TALK KEY: END")
	if len(b.heard) > 0 {
		t.Errorf("voice before ACCEPT: %q", b.heard)
	}
	b.say("TALK " + key(b) + ": ACCEPT")
	x.pass(1)
	x.heard(b, "too late", "50s TALK: BADSESSIONKEY")
}

// 30 s of silence, counted from the last datagram of anyone.
func TestCallGoesSilent(t *testing.T) {
	x := newLine(t, 2)
	a, b := x.all[0], x.all[1]
	a.say("TALK b: REQUEST")
	x.pass(1)
	b.say("TALK a " + key(b) + ": ACCEPT")
	a.voice("TALKSESSION: " + key(a))
	b.voice("TALKSESSION: " + key(b))
	x.pass(1)
	x.heard(a, "the caller", "1s TALK b KEY: REQUEST", "2s TALK b KEY: ACCEPTED")
	x.heard(b, "the other", "1s TALK a KEY: REQUEST")
	for range 8 { // at 2, 31 ... 205 s
		a.voice("voice")
		x.pass(29)
	}
	x.heard(a, "the caller, while one speaks")
	b.voice("voice") // at 234 s
	x.pass(29)
	x.heard(b, "the other, before the time")
	x.pass(3)
	x.heard(a, "the caller", "4m24s TALK KEY: END")
	x.heard(b, "the other", "4m24s TALK KEY: END")
	if len(a.heard) != 1 || len(b.heard) != 8 {
		t.Errorf("%d and %d datagrams were passed on", len(a.heard), len(b.heard))
	}
}

// A room's call: 30 s without an ACCEPT, and who is asked is not any more
// (dtu.md, Voice 8).
func TestRoomCallWithoutAnswer(t *testing.T) {
	x := newLine(t, 3)
	a, b, c := x.all[0], x.all[1], x.all[2]
	a.say("TALK #lobby: REQUEST")
	x.pass(40)
	x.heard(a, "nobody answers: the caller", "1s TALK #lobby KEY: REQUEST", "30s TALK KEY: END")
	x.heard(b, "nobody answers: one", "1s TALK a KEY: REQUEST", "30s TALK KEY: END")
	x.heard(c, "nobody answers: another", "1s TALK a KEY: REQUEST", "30s TALK KEY: END")
	a.say("TALK #lobby: REQUEST") // at 40 s
	x.pass(10)
	b.say("TALK " + key(b) + ": ACCEPT") // at 50 s
	a.voice("TALKSESSION: " + key(a))
	for range 31 {
		a.voice("voice")
		x.pass(1)
	}
	x.heard(a, "one takes part: the caller", "41s TALK #lobby KEY: REQUEST", "51s TALK b KEY: ACCEPTED")
	x.heard(b, "one takes part: they", "41s TALK a KEY: REQUEST")
	x.heard(c, "one takes part: the other", "41s TALK a KEY: REQUEST", "1m20s TALK KEY: END")
	b.say("TALK " + key(b) + ": END") // at 81 s
	x.pass(1)
	x.heard(a, "fewer than two are left: the caller", "1m22s TALK KEY: END")
	x.heard(b, "fewer than two are left: who ended it", "1m22s TALK KEY: END")
	x.pass(600)
	x.heard(a, "nothing more")
}

// Who answers no PING is gone after 150 s and 50 s, and the others are told
// then, not before; who answers stays (dtu.md, PING).
func TestVanished(t *testing.T) {
	x := newLine(t, 3)
	a, b, c := x.all[0], x.all[1], x.all[2]
	x.all = []*talker{a, c} // b answers no more
	const left = "USERLEAVE #lobby: b\r\n"
	x.pass(195)
	if n := strings.Count(b.lines.String(), "PING: "); n != 1 {
		t.Errorf("b was asked %d times", n)
	}
	if strings.Contains(a.lines.String(), left) {
		t.Error("b is gone too early")
	}
	x.pass(10)
	for _, p := range []*talker{a, c} {
		if got := strings.Count(p.lines.String(), "USERLEAVE"); got != 1 || !strings.Contains(p.lines.String(), left) {
			t.Errorf("told of %d who left: %q", got, p.lines.String())
		}
	}
}
