package roster

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"mim/chat"
)

// callers are the traits of a dialect with calls.
var callers = chat.Traits{
	Dialect: "callers", Reach: chat.ByLink, Silent: true, Rooms: true, Calls: true, Lobby: "#lobby", Logout: true,
}

// countedKeys makes the first key 1e14+1, the next 1e14+2 and so on.
func countedKeys() func() uint64 {
	key := uint64(minKey)
	return func() uint64 { key++; return key }
}

// people of the exchange, by link; eve has the address of ann, zoe no voice.
var people = []struct{ name, addr string }{
	{"ann", "10.0.0.1"}, {"bob", "10.0.0.2"}, {"carl", "10.0.0.3"}, {"dora", "10.0.0.4"}, {"eve", "10.0.0.1"}, {"zoe", "10.0.0.9"},
}

// exchange has all people here, those with voice in #lobby, and ann, bob, carl
// and eve in #x.
func exchange(t *testing.T) *world {
	w := newWorld(t, Config{Keys: countedKeys()})
	for n, p := range people {
		traits := &callers
		if p.name == "zoe" {
			traits = &relay
		}
		w.open(n+1, p.addr+":5", traits)
		w.ask(n+1, &chat.Login{Name: p.name})
	}
	for _, n := range []int{1, 2, 3, 5} {
		w.ask(n, &chat.Join{Room: "#x"})
	}
	return w
}

// phone carries out a line of a script: "ann talk bob", "ann talk #x", "bob
// accept 1", "bob deny 1", "bob end 1" (1: the first key), "ann say zoe hi",
// "zoe got ann", "ann leave #x", "ann logout", "ann close", "wait 30s"; "ann
// bind 7 1" is a datagram with a key from her port 7, "ann voice 7" another one;
// with an address for a name they come from there. It gives what is answered
// and told about calls, to whom by link, or what becomes of the datagram.
func (w *world) phone(line string) string {
	f := strings.Fields(line)
	number := func(s string) uint64 {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			w.t.Fatalf("%s: %v", line, err)
		}
		return n
	}
	if f[0] == "wait" {
		span, err := time.ParseDuration(f[1])
		if err != nil {
			w.t.Fatal(err)
		}
		return w.pass(span)
	}
	n, from := 0, f[0]
	for i, p := range people {
		if p.name == f[0] {
			n, from = i+1, p.addr
		}
	}
	switch f[1] {
	case "talk":
		return showCalls(w.Do(w.now, linkOf(n), &chat.Talk{To: []byte(f[2]), Room: f[2][0] == '#'}))
	case "accept", "deny":
		return showCalls(w.Do(w.now, linkOf(n), &chat.TalkReply{Key: minKey + number(f[2]), Yes: f[1] == "accept"}))
	case "end":
		return showCalls(w.Do(w.now, linkOf(n), &chat.TalkEnd{Key: minKey + number(f[2])}))
	case "say":
		return showCalls(w.Do(w.now, linkOf(n), &chat.Say{To: []byte(f[2]), Text: []byte(f[3])}))
	case "got":
		return showCalls(w.Do(w.now, linkOf(n), &chat.Received{From: []byte(f[2])}))
	case "leave":
		return showCalls(w.Do(w.now, linkOf(n), &chat.Leave{Room: f[2]}))
	case "logout":
		return showCalls(w.Do(w.now, linkOf(n), &chat.Logout{}))
	case "close":
		return showCalls(w.Closed(w.now, linkOf(n)))
	}
	at := netip.AddrPortFrom(netip.MustParseAddr(from), uint16(number(f[2])))
	switch f[1] {
	case "bind":
		return [...]string{BoundSilent: "silent", BoundYes: "yes", BoundBadKey: "bad key"}[w.Bind(w.now, at, minKey+number(f[3]))]
	case "voice":
		return fmt.Sprint(w.Voice(w.now, at))
	}
	w.t.Fatalf("no verb %s", f[1])
	return ""
}

// pass lets time pass, with a Tick whenever the roster asks for one.
func (w *world) pass(span time.Duration) string {
	end := w.now.Add(span)
	var out []string
	for next := w.Next(); !next.IsZero() && !next.After(end); next = w.Next() {
		w.now = next
		e, _ := w.Tick(next)
		if s := showCalls(e); s != "" {
			out = append(out, s)
		}
	}
	w.now = end
	return strings.Join(out, "; ")
}

// showCalls writes answers, closes and what is told about calls: ">2 asked ann
// 1", ">2 >3 ended 1".
func showCalls(effects []Effect) string {
	var out []string
	for _, e := range effects {
		c, is := e.Event.(*chat.Call)
		switch {
		case e.Kind == Reply || e.Kind == Close:
			out = append(out, fmt.Sprintf(">%d %s", e.To.Slot()+1, showWhat(e)))
		case is && e.Many == nil:
			out = append(out, fmt.Sprintf(">%d %s", e.To.Slot()+1, showCall(c)))
		case is:
			to := ""
			for _, l := range e.Many.Links() {
				if l != e.But {
					to += fmt.Sprintf(">%d ", l.Slot()+1)
				}
			}
			out = append(out, to+showCall(c))
		}
	}
	return strings.Join(out, "; ")
}

func showCall(c *chat.Call) string {
	key := c.Key - minKey
	who := c.Room
	if c.Who != nil {
		who = c.Who.Name
	}
	switch c.State {
	case chat.CallAsked:
		return fmt.Sprintf("asked %s %d", who, key)
	case chat.CallAccepted:
		return fmt.Sprintf("accepted %s %d", who, key)
	case chat.CallDenied:
		return fmt.Sprintf("denied %s %d", who, key)
	}
	return fmt.Sprintf("ended %d", key)
}

func (w *world) dial(steps []step) {
	w.t.Helper()
	for i, s := range steps {
		if got := w.phone(s.line); got != s.want {
			w.t.Fatalf("step %d, %s:\n got %s\nwant %s", i+1, s.line, got, s.want)
		}
	}
	w.atRest()
}

// atRest fails if something is left of calls that are over.
func (w *world) atRest() {
	w.t.Helper()
	ends, sources, timers := 0, 0, 0
	for _, m := range w.named {
		ends += len(m.calls)
		for _, e := range m.calls {
			if e.source.IsValid() {
				sources++
			}
		}
	}
	for _, c := range w.calls.byKey {
		ends -= len(c.in) + len(c.asked)
	}
	for _, t := range w.timers {
		if t.fire == fireCall {
			timers++
		}
	}
	if ends != 0 || sources != len(w.calls.sources) || timers != len(w.calls.byKey) {
		w.t.Errorf("%d ends too many, %d sources for %d ends with one, %d timers for %d calls", ends, len(w.calls.sources), sources, timers, len(w.calls.byKey))
	}
}

// twoTalk are the first steps of a call of ann and bob, each with a source.
var twoTalk = []step{
	{"ann talk bob", ">1 ok; >1 asked bob 1; >2 asked ann 1"}, {"bob accept 1", ">2 ok; >1 accepted bob 1"},
	{"ann bind 7 1", "yes"}, {"bob bind 8 1", "yes"},
}

func after(first []step, more ...step) []step { return append(first[:len(first):len(first)], more...) }

// Each row is a sentence of dtu.md, Voice, 1 and 2.
func TestCalls(t *testing.T) {
	for _, c := range []struct {
		what  string
		steps []step
	}{
		{"the caller and who is called are told the key, the name in any case", []step{{"ann talk BOB", ">1 ok; >1 asked bob 1; >2 asked ann 1"}}},
		{"each call has a key of its own", []step{
			{"ann talk bob", ">1 ok; >1 asked bob 1; >2 asked ann 1"}, {"bob talk ann", ">2 ok; >2 asked ann 2; >1 asked bob 2"}, {"ann talk bob", ">1 ok; >1 asked bob 3; >2 asked ann 3"},
		}},
		{"nobody of that name", []step{{"ann talk Nobody", ">1 ok; >1 asked Nobody 1; >1 denied Nobody 1"}, {"ann end 1", ">1 unknown"}}},
		{"no name", []step{{"ann talk " + strings.Repeat("x", 65), ">1 unknown"}}},
		{"oneself", []step{{"ann talk Ann", ">1 ok; >1 asked ann 1; >1 denied ann 1"}, {"ann end 1", ">1 unknown"}}},
		{"somebody without voice", []step{{"ann talk zoe", ">1 ok; >1 asked zoe 1; >1 denied zoe 1"}}},
		{"by a link without voice", []step{{"zoe talk ann", ">6 unsupported"}}},
		{"at most 8 without an answer", func() (all []step) {
			for n := 1; n <= 8; n++ {
				all = append(all, step{"ann talk bob", fmt.Sprintf(">1 ok; >1 asked bob %d; >2 asked ann %d", n, n)})
			}
			return append(all, step{"ann talk carl", ">1 toofast"}, step{"ann talk #x", ">1 toofast"}, step{"ann talk nobody", ">1 toofast"},
				step{"carl talk bob", ">3 ok; >3 asked bob 9; >2 asked carl 9"}, step{"bob talk ann", ">2 ok; >2 asked ann 10; >1 asked bob 10"},
				step{"bob accept 3", ">2 ok; >1 accepted bob 3"}, step{"ann talk carl", ">1 ok; >1 asked carl 11; >3 asked ann 11"}, step{"ann talk carl", ">1 toofast"},
				step{"bob deny 4", ">2 ok; >1 denied bob 4"}, step{"ann talk carl", ">1 ok; >1 asked carl 12; >3 asked ann 12"},
				step{"ann end 5", ">1 ok; >1 ended 5; >2 ended 5"}, step{"ann talk nobody", ">1 ok; >1 asked nobody 13; >1 denied nobody 13"})
		}()},
		{"accepted", []step{{"ann talk bob", ">1 ok; >1 asked bob 1; >2 asked ann 1"}, {"bob accept 1", ">2 ok; >1 accepted bob 1"}}},
		{"denied: the key is dead", []step{
			{"ann talk bob", ">1 ok; >1 asked bob 1; >2 asked ann 1"}, {"bob deny 1", ">2 ok; >1 denied bob 1"},
			{"bob accept 1", ">2 unknown"}, {"bob deny 1", ">2 unknown"}, {"ann end 1", ">1 unknown"}, {"ann bind 7 1", "bad key"},
		}},
		{"only the one who was asked may answer", []step{
			{"ann talk bob", ">1 ok; >1 asked bob 1; >2 asked ann 1"}, {"ann accept 1", ">1 unknown"}, {"ann deny 1", ">1 unknown"},
			{"carl accept 1", ">3 unknown"}, {"carl deny 1", ">3 unknown"}, {"bob accept 1", ">2 ok; >1 accepted bob 1"},
		}},
		{"only the two may end it", []step{
			{"ann talk bob", ">1 ok; >1 asked bob 1; >2 asked ann 1"}, {"carl end 1", ">3 unknown"}, {"bob accept 1", ">2 ok; >1 accepted bob 1"},
			{"carl end 1", ">3 unknown"}, {"bob end 1", ">2 ok; >2 ended 1; >1 ended 1"},
		}},
		{"a key that is none", []step{{"ann accept 5", ">1 unknown"}, {"ann deny 5", ">1 unknown"}, {"ann end 5", ">1 unknown"}}},
		{"accepted twice is accepted", []step{
			{"ann talk bob", ">1 ok; >1 asked bob 1; >2 asked ann 1"}, {"bob accept 1", ">2 ok; >1 accepted bob 1"}, {"bob accept 1", ">2 ok"},
		}},
		{"accepted, then denied: it is over", after(twoTalk, step{"bob deny 1", ">2 ok; >2 ended 1; >1 ended 1"}, step{"ann bind 7 1", "bad key"})},
		{"answers keep their order, and what comes of them", []step{
			{"ann say zoe hi", ""}, {"ann talk bob", ""}, {"ann talk nobody", ""}, {"ann end 1", ""}, {"ann accept 1", ""}, {"bob talk ann", ">2 ok; >2 asked ann 1; >1 asked bob 1"},
			{"zoe got ann", ">1 ok zoe; >1 ok; >1 asked bob 2; >2 asked ann 2; >1 ok; >1 asked nobody 3; >1 denied nobody 3; >1 ok; >1 ended 1; >2 ended 1; >1 unknown"},
		}},
	} {
		t.Run(c.what, func(t *testing.T) { exchange(t).dial(c.steps) })
	}
}

// Each row is a sentence of dtu.md, Voice, 5.
func TestCallsEnd(t *testing.T) {
	for _, c := range []struct {
		what  string
		steps []step
	}{
		{"by the caller", after(twoTalk, step{"ann end 1", ">1 ok; >1 ended 1; >2 ended 1"}, step{"bob end 1", ">2 unknown"}, step{"bob voice 8", "[]"})},
		{"by the other", after(twoTalk, step{"bob end 1", ">2 ok; >2 ended 1; >1 ended 1"}, step{"ann end 1", ">1 unknown"})},
		{"by the caller, before the answer", []step{
			{"ann talk bob", ">1 ok; >1 asked bob 1; >2 asked ann 1"}, {"ann end 1", ">1 ok; >1 ended 1; >2 ended 1"}, {"bob accept 1", ">2 unknown"},
		}},
		{"by the other, before the answer", []step{{"ann talk bob", ">1 ok; >1 asked bob 1; >2 asked ann 1"}, {"bob end 1", ">2 ok; >2 ended 1; >1 ended 1"}}},
		{"a link is lost", after(twoTalk, step{"ann close", ">2 ended 1"}, step{"bob end 1", ">2 unknown"})},
		{"the other link is lost", after(twoTalk, step{"bob close", ">1 ended 1"})},
		{"the caller's link is lost before the answer", []step{{"ann talk bob", ">1 ok; >1 asked bob 1; >2 asked ann 1"}, {"ann close", ">2 ended 1"}, {"bob accept 1", ">2 unknown"}}},
		{"the other one's link is lost before the answer", []step{{"ann talk bob", ">1 ok; >1 asked bob 1; >2 asked ann 1"}, {"bob close", ">1 ended 1"}}},
		{"a link is lost with a request that waits", []step{{"ann say zoe hi", ""}, {"ann talk bob", ""}, {"ann close", ""}, {"zoe got ann", ""}}},
		{"a logout is an end", after(twoTalk, step{"ann logout", ">1 ok; >1 close; >2 ended 1"})},
		{"leaving a room ends no call of two", after(twoTalk, step{"ann leave #x", ">1 ok"})},
		{"all calls of who is gone", after(twoTalk, step{"carl talk ann", ">3 ok; >3 asked ann 2; >1 asked carl 2"}, step{"ann talk dora", ">1 ok; >1 asked dora 3; >4 asked ann 3"},
			step{"ann close", ">4 ended 3; >3 ended 2; >2 ended 1"})},
		{"30 s without an answer", []step{
			{"ann talk bob", ">1 ok; >1 asked bob 1; >2 asked ann 1"}, {"wait 29999ms", ""}, {"wait 1ms", ">2 ended 1; >1 ended 1"}, {"bob accept 1", ">2 unknown"},
		}},
		{"30 s without an answer, though the caller speaks", []step{
			{"ann talk bob", ">1 ok; >1 asked bob 1; >2 asked ann 1"}, {"ann bind 7 1", "yes"}, {"wait 20s", ""}, {"ann voice 7", "[]"}, {"wait 9999ms", ""}, {"wait 1ms", ">2 ended 1; >1 ended 1"},
		}},
		{"30 s behind the answer without a datagram", []step{
			{"ann talk bob", ">1 ok; >1 asked bob 1; >2 asked ann 1"}, {"wait 20s", ""}, {"bob accept 1", ">2 ok; >1 accepted bob 1"}, {"wait 29999ms", ""}, {"wait 1ms", ">1 >2 ended 1"},
		}},
		{"30 s behind the last datagram of anyone", after(twoTalk,
			step{"wait 29s", ""}, step{"ann voice 7", "[10.0.0.2:8]"}, step{"wait 29s", ""}, step{"bob voice 8", "[10.0.0.1:7]"}, step{"wait 29999ms", ""}, step{"wait 1ms", ">1 >2 ended 1"},
			step{"ann voice 7", "[]"})},
		{"a datagram with the key is one", after(twoTalk, step{"wait 29s", ""}, step{"ann bind 7 1", "yes"}, step{"wait 29999ms", ""}, step{"wait 1ms", ">1 >2 ended 1"})},
		{"one of a stranger, or with a wrong key, is none", after(twoTalk, step{"wait 29s", ""}, step{"carl voice 9", "[]"}, step{"carl bind 9 1", "bad key"}, step{"ann voice 9", "[]"}, step{"wait 1s", ">1 >2 ended 1"})},
	} {
		t.Run(c.what, func(t *testing.T) { exchange(t).dial(c.steps) })
	}
}

// roomTalk are the first steps of a call in #x, where ann asks and bob takes part.
var roomTalk = []step{
	{"ann talk #x", ">1 ok; >1 asked #x 1; >2 >3 >5 asked ann 1"}, {"bob accept 1", ">2 ok; >1 accepted bob 1"},
}

// Each row is a sentence of dtu.md, Voice, 8.
func TestRoomCalls(t *testing.T) {
	for _, c := range []struct {
		what  string
		steps []step
	}{
		{"each other one there is asked", roomTalk[:1]},
		{"from outside the room", []step{{"dora talk #x", ">4 unknown"}, {"ann talk #nowhere", ">1 unknown"}}},
		{"who accepts joins, those in it hear it", after(roomTalk, step{"carl accept 1", ">3 ok; >1 >2 accepted carl 1"}, step{"eve accept 1", ">5 ok; >1 >2 >3 accepted eve 1"})},
		{"a denial is told to nobody", after(roomTalk, step{"carl deny 1", ">3 ok"}, step{"carl accept 1", ">3 unknown"})},
		{"who was not asked", after(roomTalk, step{"dora accept 1", ">4 unknown"}, step{"dora end 1", ">4 unknown"}, step{"ann accept 1", ">1 unknown"}, step{"ann deny 1", ">1 unknown"})},
		{"an END takes out its sender", after(roomTalk, step{"carl accept 1", ">3 ok; >1 >2 accepted carl 1"}, step{"ann end 1", ">1 ok; >1 ended 1"}, step{"ann end 1", ">1 unknown"},
			step{"eve accept 1", ">5 ok; >2 >3 accepted eve 1"})},
		{"fewer than two are left", after(roomTalk, step{"carl deny 1", ">3 ok"}, step{"eve deny 1", ">5 ok"}, step{"bob end 1", ">2 ok; >2 ended 1; >1 ended 1"})},
		{"who is asked counts as left", after(roomTalk, step{"bob end 1", ">2 ok; >2 ended 1"}, step{"carl accept 1", ">3 ok; >1 accepted carl 1"})},
		{"all deny", []step{roomTalk[0], {"bob deny 1", ">2 ok"}, {"carl deny 1", ">3 ok"}, {"eve deny 1", ">5 ok; >1 ended 1"}}},
		{"the caller ends it before anyone takes part", []step{roomTalk[0], {"bob deny 1", ">2 ok"}, {"ann end 1", ">1 ok; >1 ended 1; >3 >5 ended 1"}, {"carl accept 1", ">3 unknown"}}},
		{"nobody else is there", []step{{"bob leave #x", ">2 ok"}, {"carl leave #x", ">3 ok"}, {"eve leave #x", ">5 ok"}, {"ann talk #x", ">1 ok; >1 asked #x 1; >1 ended 1"}}},
		{"who comes to the room later is not asked", []step{{"bob leave #x", ">2 ok"}, {"ann talk #x", ">1 ok; >1 asked #x 1; >3 >5 asked ann 1"}}},
		{"30 s without anyone", []step{roomTalk[0], {"wait 29999ms", ""}, {"wait 1ms", ">2 >3 >5 ended 1; >1 ended 1"}}},
		{"30 s behind the last one who took part, the others are not asked any more", after(roomTalk,
			step{"wait 20s", ""}, step{"carl accept 1", ">3 ok; >1 >2 accepted carl 1"}, step{"ann bind 7 1", "yes"}, step{"wait 20s", ""}, step{"ann voice 7", "[]"},
			step{"wait 9999ms", ""}, step{"wait 1ms", ">5 ended 1"}, step{"eve accept 1", ">5 unknown"}, step{"wait 19s", ""}, step{"bob end 1", ">2 ok; >2 ended 1"}, step{"wait 1s", ">1 >3 ended 1"})},
		{"30 s of silence", after(roomTalk, step{"carl deny 1", ">3 ok"}, step{"eve deny 1", ">5 ok"}, step{"wait 29999ms", ""}, step{"wait 1ms", ">1 >2 ended 1"})},
		{"leaving the room is an END", after(roomTalk, step{"carl accept 1", ">3 ok; >1 >2 accepted carl 1"}, step{"bob leave #x", ">2 ok; >2 ended 1"}, step{"bob end 1", ">2 unknown"},
			step{"eve leave #x", ">5 ok; >5 ended 1"}, step{"ann leave #x", ">1 ok; >1 ended 1; >3 ended 1"})},
		{"leaving another room is none", after(roomTalk, step{"bob leave #lobby", ">2 ok"})},
		{"logging out is an END", after(roomTalk, step{"carl deny 1", ">3 ok"}, step{"eve deny 1", ">5 ok"}, step{"bob logout", ">2 ok; >2 close; >1 ended 1"})},
		{"a link is lost", after(roomTalk, step{"carl accept 1", ">3 ok; >1 >2 accepted carl 1"}, step{"ann close", ""}, step{"eve close", ""}, step{"bob close", ">3 ended 1"})},
		{"it is forwarded to all others, and to nobody who is only asked", after(roomTalk, step{"carl accept 1", ">3 ok; >1 >2 accepted carl 1"},
			step{"ann bind 1 1", "yes"}, step{"bob bind 2 1", "yes"}, step{"carl bind 3 1", "yes"}, step{"eve bind 5 1", "yes"},
			step{"ann voice 1", "[10.0.0.2:2 10.0.0.3:3]"}, step{"bob voice 2", "[10.0.0.1:1 10.0.0.3:3]"}, step{"eve voice 5", "[]"},
			step{"eve accept 1", ">5 ok; >1 >2 >3 accepted eve 1"}, step{"eve voice 5", "[10.0.0.1:1 10.0.0.2:2 10.0.0.3:3]"}, step{"carl end 1", ">3 ok; >3 ended 1"},
			step{"bob voice 2", "[10.0.0.1:1 10.0.0.1:5]"}, step{"carl voice 3", "[]"})},
		{"it is one of the caller's calls without an answer", []step{
			roomTalk[0], {"ann talk #x", ">1 ok; >1 asked #x 2; >2 >3 >5 asked ann 2"}, {"ann talk #x", ">1 ok; >1 asked #x 3; >2 >3 >5 asked ann 3"}, {"ann talk #x", ">1 ok; >1 asked #x 4; >2 >3 >5 asked ann 4"},
			{"ann talk #x", ">1 ok; >1 asked #x 5; >2 >3 >5 asked ann 5"}, {"ann talk #x", ">1 ok; >1 asked #x 6; >2 >3 >5 asked ann 6"}, {"ann talk #x", ">1 ok; >1 asked #x 7; >2 >3 >5 asked ann 7"},
			{"ann talk #x", ">1 ok; >1 asked #x 8; >2 >3 >5 asked ann 8"}, {"ann talk #x", ">1 toofast"}, {"bob accept 8", ">2 ok; >1 accepted bob 8"}, {"ann talk bob", ">1 ok; >1 asked bob 9; >2 asked ann 9"},
		}},
	} {
		t.Run(c.what, func(t *testing.T) { exchange(t).dial(c.steps) })
	}
}

// A server that makes no keys has no calls.
func TestNoKeys(t *testing.T) {
	w := newWorld(t, Config{})
	w.open(1, "10.0.0.1:1", &callers)
	expect(t, "before the login", showCalls(w.Do(w.now, linkOf(1), &chat.Talk{To: []byte("ann")})), ">1 unregistered")
	w.ask(1, &chat.Login{Name: "ann"})
	expect(t, "behind it", w.phone("ann talk ann"), ">1 unsupported")
}

// A key that is taken, or is none, is drawn again, but not for ever.
func TestKeys(t *testing.T) {
	next := []uint64{minKey, minKey, minKey - 1, maxKey + 1, 0, maxKey}
	w := newWorld(t, Config{Keys: func() uint64 {
		key := next[0]
		if len(next) > 1 {
			next = next[1:]
		}
		return key
	}})
	w.open(1, "10.0.0.1:1", &callers)
	w.open(2, "10.0.0.2:1", &callers)
	w.ask(1, &chat.Login{Name: "ann"})
	w.ask(2, &chat.Login{Name: "bob"})
	expect(t, "the first", w.phone("ann talk bob"), ">1 ok; >1 asked bob 0; >2 asked ann 0")
	expect(t, "not the same again", w.phone("ann talk bob"), fmt.Sprintf(">1 ok; >1 asked bob %d; >2 asked ann %[1]d", uint64(maxKey-minKey)))
	expect(t, "none is left", w.phone("ann talk bob"), ">1 broken")
	expect(t, "the first is over", w.phone("ann end 0"), ">1 ok; >1 ended 0; >2 ended 0")
}

// crowded has ann and so many others, each at an address of their own, in the
// lobby of a dialect with calls.
func crowded(t testing.TB, others int) *Roster {
	r := New(Config{Keys: countedKeys()})
	for n := range others + 1 {
		r.Open(start, linkOf(n+1), &callers, netip.AddrPortFrom(placeOf(n), 1), netip.AddrPort{})
		r.Do(start, linkOf(n+1), &chat.Login{Name: fmt.Sprintf("user%d", n)})
	}
	if r.Len() != others+1 {
		t.Fatalf("%d are here", r.Len())
	}
	return r
}

// placeOf is the address of the user with this number.
func placeOf(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 1, byte(n >> 8), byte(n)}) }

// maxAsked others may be asked and maxEnds take part; who comes too late is told
// that it is over for them.
func TestRoomCallsAreBounded(t *testing.T) {
	talk := &chat.Talk{To: []byte("#lobby"), Room: true}
	if got := showCalls(crowded(t, maxAsked+1).Do(start, linkOf(1), talk)); got != ">1 full" {
		t.Errorf("one too many in the room: %s", got)
	}
	r := crowded(t, maxAsked)
	if e := r.Do(start, linkOf(1), talk); len(e) != 3 || len(e[2].Many.Links()) != maxAsked {
		t.Fatalf("just not too many: %s", showCalls(e))
	}
	yes := &chat.TalkReply{Key: minKey + 1, Yes: true}
	for n := 2; n <= maxEnds; n++ {
		if e := r.Do(start, linkOf(n), yes); len(e) != 2 {
			t.Fatalf("the one at %d: %s", n, showCalls(e))
		}
	}
	n := maxEnds + 1
	if got, want := showCalls(r.Do(start, linkOf(n), yes)), fmt.Sprintf(">%d ok; >%[1]d ended 1", n); got != want {
		t.Errorf("one too many:\n got %s\nwant %s", got, want)
	}
	r.Do(start, linkOf(2), &chat.TalkEnd{Key: minKey + 1})
	if got := showCalls(r.Do(start, linkOf(n+1), yes)); !strings.HasSuffix(got, fmt.Sprintf("accepted user%d 1", n)) {
		t.Errorf("when one has left: %s", got)
	}
}

// Who is in maxCalls calls cannot be asked, nor ask.
func TestCallsOfOneAreBounded(t *testing.T) {
	r := crowded(t, 20)
	key := uint64(minKey)
	for n := range maxCalls { // eight of each of eight callers
		key++
		if e := r.Do(start, linkOf(2+n/maxUnanswered), &chat.Talk{To: []byte("user0")}); len(e) != 3 || e[2].To != linkOf(1) {
			t.Fatalf("call %d: %s", n, showCalls(e))
		}
	}
	if got := showCalls(r.Do(start, linkOf(20), &chat.Talk{To: []byte("user0")})); !strings.Contains(got, ">20 denied user0") {
		t.Errorf("one too many: %s", got)
	}
	if got := showCalls(r.Do(start, linkOf(1), &chat.Talk{To: []byte("user19")})); got != ">1 full" {
		t.Errorf("one more of their own: %s", got)
	}
	r.Do(start, linkOf(1), &chat.TalkReply{Key: key})
	if got := showCalls(r.Do(start, linkOf(20), &chat.Talk{To: []byte("user0")})); !strings.Contains(got, ">1 asked user19") {
		t.Errorf("when one is over: %s", got)
	}
}

// Whom somebody blocks cannot ask them.
func TestBlockedCall(t *testing.T) {
	w := newWorld(t, Config{Keys: countedKeys(), Known: Known{Blocks: []Blocking{{"bob", "ann"}}}})
	w.SetAccounts(w.now, []Account{{Name: "bob"}})
	for n, p := range people[:3] {
		w.open(n+1, p.addr+":5", &callers)
		w.ask(n+1, &chat.Login{Name: p.name})
	}
	expect(t, "one", w.phone("ann talk bob"), ">1 ok; >1 asked bob 1; >1 denied bob 1")
	expect(t, "the other way", w.phone("bob talk ann"), ">2 ok; >2 asked ann 2; >1 asked bob 2")
	expect(t, "a room", w.phone("ann talk #lobby"), ">1 ok; >1 asked #lobby 3; >3 asked ann 3")
}

// Who has an address of their own is called by nobody here.
func TestCallToTable(t *testing.T) {
	w := exchange(t)
	w.open(9, "192.168.1.9:5", &traits)
	w.login(9, "gus", 10)
	got := w.phone("ann talk Gus")
	if got != ">1 ok; >1 asked gus 1; >1 denied gus 1" {
		t.Error(got)
	}
}
