package session

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"mim/chat"
	"mim/codec"
	"mim/loop"
)

// toy is a dialect of lines: each ended by '\n' is a Say, "!" is refused,
// "wait" waits for an answer, several words of one line are several requests.
type toy struct{}

func (toy) Name() string                     { return "toy" }
func (toy) Ports() []codec.Port              { return nil }
func (toy) Traits() chat.Traits              { return chat.Traits{Dialect: "toy"} }
func (toy) Open(in codec.Link) codec.Session { return &toySession{far: !in.Remote.Addr().IsLoopback()} }
func (toy) Call(codec.Link) codec.Caller     { return &toyCaller{} }
func (toy) Append(dst []byte, e chat.Event, v codec.Variant) []byte {
	switch e := e.(type) {
	case *chat.Said:
		dst = append(dst, '0'+byte(v), ':')
		return append(append(dst, e.Text...), '\n')
	case *chat.Page:
		return fmt.Appendf(dst, "%d:page of %d\n", v, len(e.People))
	}
	return dst
}

type toySession struct {
	far     bool
	waiting bool
	timer   time.Time
	say     chat.Say
}

func (s *toySession) Next(p []byte) (chat.Request, int, error) {
	if s.waiting {
		return nil, 0, nil
	}
	line, _, ok := bytes.Cut(p, []byte("\n"))
	if !ok {
		return nil, 0, nil
	}
	switch string(line) {
	case "":
		return nil, 1, nil
	case "!":
		return nil, 0, errors.New("no")
	case "wait":
		s.waiting = true
	case "far":
		s.far = true
	}
	s.say.Text = line
	return &s.say, len(line) + 1, nil
}
func (s *toySession) Answer(dst []byte, a chat.Answer) []byte {
	s.waiting = false
	if a.Err != nil {
		return fmt.Appendf(dst, "bye: %v\n", a.Err)
	}
	return append(dst, "ok\n"...)
}
func (s *toySession) Variant() codec.Variant {
	if s.far {
		return 1
	}
	return 0
}
func (s *toySession) Start(dst []byte) []byte { return append(dst, "hello\n"...) }
func (s *toySession) Gap() time.Duration      { return time.Millisecond }
func (s *toySession) Quiet() time.Duration    { return time.Second }
func (s *toySession) Idle(p []byte, end bool) (chat.Request, int, error) {
	if len(p) == 0 || s.waiting {
		return nil, 0, nil
	}
	if first, rest, ok := bytes.Cut(p, []byte("+")); ok && len(rest) > 0 {
		p = first // "a+b" is a, then a line b may come
		s.say.Text = p
		return &s.say, len(p) + 1, nil
	}
	s.say.Text = fmt.Appendf(nil, "%s(end %v)", p, end)
	return &s.say, len(p), nil
}
func (s *toySession) Due(dst []byte, now time.Time) ([]byte, time.Time) {
	if s.timer.IsZero() {
		s.timer = now.Add(time.Minute)
	}
	if now.Before(s.timer) {
		return dst, s.timer
	}
	return append(dst, "tick\n"...), time.Time{}
}

type toyCaller struct {
	asked int
	over  bool
}

func (c *toyCaller) Ask(dst []byte, r chat.Request) []byte { c.asked++; return append(dst, "ask\n"...) }
func (c *toyCaller) Next(p []byte) (chat.Event, int, error) {
	if i := bytes.IndexByte(p, '\n'); i >= 0 {
		return &chat.Notice{Text: string(p[:i])}, i + 1, nil
	}
	return nil, 0, nil
}

// End takes what has no line end, then says that all is over.
func (c *toyCaller) End(p []byte) (chat.Event, int, error) {
	switch {
	case len(p) > 0:
		return &chat.Notice{Text: string(p) + " (end)"}, len(p), nil
	case c.over:
		return nil, 0, nil
	}
	c.over = true
	return &chat.Notice{Text: "over"}, 0, nil
}

// net records what a driver does to the loop.
type net struct {
	loop.Net // what the driver must not call stays nil and would panic
	now      time.Time
	sent     map[loop.ID][]string
	raw      map[loop.ID][][]byte
	again    []loop.ID
	closed   []loop.ID
	alarm    time.Time
	gap      time.Duration
	behind   time.Duration // of every link
	quiet    time.Duration
	lazy     int
	owes     bool
}

func newNet() *net {
	return &net{now: time.Unix(100, 0), sent: map[loop.ID][]string{}, raw: map[loop.ID][][]byte{}}
}
func (n *net) Now() time.Time { return n.now }
func (n *net) Send(id loop.ID, b []byte, gap time.Duration, lazy bool) uint64 {
	n.sent[id] = append(n.sent[id], string(b))
	n.raw[id] = append(n.raw[id], b)
	n.gap = gap
	if lazy {
		n.lazy++
	}
	return uint64(len(n.sent[id]))
}
func (n *net) Owe(_ loop.ID, yes bool)               { n.owes = yes }
func (n *net) Again(id loop.ID)                      { n.again = append(n.again, id) }
func (n *net) CloseSoon(id loop.ID, why error)       { n.closed = append(n.closed, id) }
func (n *net) Alarm(at time.Time)                    { n.alarm = at }
func (n *net) Behind(loop.ID) time.Duration          { return n.behind }
func (n *net) IdleAfter(id loop.ID, d time.Duration) { n.quiet = d }

type handler struct {
	got    []string
	broken []error
	on     func(l *Link, text string)
}

func (h *handler) Request(l *Link, r chat.Request) {
	text := string(r.(*chat.Say).Text)
	h.got = append(h.got, text)
	if h.on != nil {
		h.on(l, text)
	}
}
func (h *handler) Event(l *Link, e chat.Event) { h.got = append(h.got, e.(*chat.Notice).Text) }
func (h *handler) Broken(l *Link, err error)   { h.broken = append(h.broken, err) }

var (
	near = codec.Link{Remote: netip.MustParseAddrPort("127.0.0.1:1")}
	far  = codec.Link{Remote: netip.MustParseAddrPort("192.0.2.1:1")}
)

func start() (*Driver, *net, *handler) {
	n, h := newNet(), &handler{}
	return New(n, h, toy{}), n, h
}

func TestDataHandsOnRequestsInOrder(t *testing.T) {
	d, n, h := start()
	id := loop.MakeID(3, 1)
	d.Open(id, 0, near)
	if got := d.Data(id, []byte("a\nb\n\nhal"), false); got != 5 {
		t.Errorf("used %d bytes, want 5: two lines and a blank one", got)
	}
	if !slices.Equal(h.got, []string{"a", "b"}) {
		t.Errorf("requests %q", h.got)
	}
	if !slices.Equal(n.sent[id], []string{"hello\n"}) || n.gap != time.Millisecond || n.quiet != time.Second {
		t.Errorf("first words %q, gap %v, quiet %v", n.sent[id], n.gap, n.quiet)
	}
	if d.Idle(id, []byte("hal")) != 3 || h.got[2] != "hal(end false)" {
		t.Errorf("after silence: %q", h.got)
	}
}

func TestDataYieldsAfterItsShare(t *testing.T) {
	d, n, h := start()
	id := loop.MakeID(0, 1)
	d.Open(id, 0, near)
	in := bytes.Repeat([]byte("x\n"), maxRequests+10)
	used := d.Data(id, in, false)
	if used != 2*maxRequests || len(n.again) != 1 {
		t.Fatalf("used %d of %d bytes, %d Agains; want %d and 1", used, len(in), len(n.again), 2*maxRequests)
	}
	if d.Data(id, in[used:], true) != 20 || len(h.got) != maxRequests+10 {
		t.Errorf("%d requests in all", len(h.got))
	}
}

func TestEndOfInputDecodesAll(t *testing.T) {
	d, n, h := start()
	id := loop.MakeID(0, 1)
	d.Open(id, 0, near)
	h.on = func(l *Link, text string) { d.Answer(l, chat.Answer{To: &chat.Say{}}) }
	in := append(bytes.Repeat([]byte("x\n"), 3*maxRequests-1), "rest"...)
	turns := 0
	for len(in) > 0 {
		used := d.Data(id, in, true)
		in = in[used:]
		if turns++; len(in) > 0 && (!n.owes || !d.Get(id).More() || used > 2*maxRequests) {
			t.Fatalf("used %d of %d, owes %v", used, len(in), n.owes)
		}
	}
	if turns != 3 || n.owes || d.Get(id).More() {
		t.Errorf("%d turns, owes %v", turns, n.owes)
	}
	if got := h.got[len(h.got)-1]; got != "rest(end true)" {
		t.Errorf("last request %q", got)
	}
}

// Whose words make others fall behind is heard later: an end of input is, too.
func TestRest(t *testing.T) {
	d, n, h := start()
	id := loop.MakeID(0, 1)
	d.Open(id, 0, near)
	h.on = func(l *Link, text string) { d.Answer(l, chat.Answer{To: &chat.Say{}}) }
	in := []byte("a\nb\nc\nrest")
	read := func(end bool) { in = in[d.Data(id, in, end):] }
	heard := func(want string, rests bool) {
		t.Helper()
		if got := strings.Join(h.got, " "); got != want || d.Get(id).resting != rests {
			t.Fatalf("heard %q, rests %v; want %q, %v", got, d.Get(id).resting, want, rests)
		}
	}
	n.behind = maxBehind + 100*time.Millisecond
	read(false)
	heard("a", true)
	if want := n.now.Add(100 * time.Millisecond); !n.alarm.Equal(want) || len(n.again) != 0 {
		t.Errorf("alarm at %v, %d Agains", n.alarm, len(n.again))
	}
	read(true)
	d.Idle(id, in)
	heard("a", true)
	if !d.Get(id).More() || !n.owes {
		t.Error("a link that has ended and rests is owed nothing")
	}
	n.now = n.now.Add(99 * time.Millisecond)
	d.Tick(n.now)
	heard("a", true)
	n.now, n.behind = n.now.Add(time.Millisecond), time.Hour
	d.Tick(n.now)
	if len(n.again) != 1 {
		t.Fatalf("%d Agains", len(n.again))
	}
	read(true)
	heard("a b", true)
	if want := n.now.Add(maxRest); !n.alarm.Equal(want) {
		t.Errorf("alarm at %v", n.alarm)
	}
	n.now, n.behind = n.now.Add(maxRest), maxBehind
	d.Tick(n.now)
	read(true)
	heard("a b c rest(end true)", false)
	if len(in) > 0 || d.Get(id).More() {
		t.Errorf("%q is left", in)
	}
	n.behind = time.Hour
	d.Data(id, []byte("d\n"), false)
	heard("a b c rest(end true) d", true)
	d.Closed(id)
	if len(d.resting) != 0 {
		t.Error("a closed link rests")
	}
}

func TestBrokenGetsLastWordsAndNothingMore(t *testing.T) {
	d, n, h := start()
	id := loop.MakeID(0, 1)
	l := d.Open(id, 0, near)
	if used := d.Data(id, []byte("a\n!\nb\n"), false); used != 6 {
		t.Errorf("used %d", used)
	}
	if len(h.broken) != 1 || !slices.Equal(h.got, []string{"a"}) || !slices.Equal(n.closed, []loop.ID{id}) {
		t.Errorf("broken %v, requests %q, closed %v", h.broken, h.got, n.closed)
	}
	if got := n.sent[id][1]; got != "bye: no\n" {
		t.Errorf("last words %q", got)
	}
	d.Tell(l, &chat.Said{Text: []byte("late")}, false)
	d.Answer(l, chat.Answer{})
	d.Close(l, errors.New("twice"))
	if len(n.sent[id]) != 2 || len(n.closed) != 1 {
		t.Errorf("a closing link was sent %q, closed %d times", n.sent[id], len(n.closed))
	}
}

func TestAnswerWakesAWaitingSession(t *testing.T) {
	d, n, h := start()
	id := loop.MakeID(0, 1)
	l := d.Open(id, 0, near)
	if used := d.Data(id, []byte("wait\nb\n"), false); used != 5 {
		t.Fatalf("used %d bytes while waiting, want 5", used)
	}
	d.Answer(l, chat.Answer{})
	if !slices.Equal(n.again, []loop.ID{id}) {
		t.Errorf("no Again after the answer: %v", n.again)
	}
	h.on = func(l *Link, text string) { d.Answer(l, chat.Answer{}) }
	d.Data(id, []byte("wait\nb\n"), false)
	if len(n.again) != 1 || h.got[len(h.got)-1] != "b" {
		t.Errorf("answered in the call: %d Agains, requests %q", len(n.again), h.got)
	}
}

// A link that owes answers outlives the end of its input, and what it kept is
// looked at again behind each answer.
func TestEndOfInputOwesAnswers(t *testing.T) {
	d, n, h := start()
	id := loop.MakeID(0, 1)
	l := d.Open(id, 0, near)
	used := d.Data(id, []byte("a\nwait\nb\n"), true)
	if used != 7 || !n.owes {
		t.Fatalf("used %d, owes %v", used, n.owes)
	}
	d.Answer(l, chat.Answer{To: &chat.Say{}})
	d.Answer(l, chat.Answer{To: &chat.Received{}}) // nobody waits for it
	d.Answer(l, chat.Answer{To: &chat.Say{}})
	if !n.owes || len(n.again) != 3 {
		t.Fatalf("before what was kept is looked at: owes %v, %d Agains", n.owes, len(n.again))
	}
	h.on = func(l *Link, text string) { d.Answer(l, chat.Answer{To: &chat.Say{}}) }
	if used := d.Data(id, []byte("b\n"), true); used != 2 || n.owes {
		t.Errorf("in the end: used %d, owes %v", used, n.owes)
	}
}

// Silence ends a partial request; what follows it is decoded as always.
func TestIdleGoesOn(t *testing.T) {
	d, _, h := start()
	id := loop.MakeID(0, 1)
	d.Open(id, 0, near)
	if used := d.Idle(id, []byte("a+b\nwait\nc")); used != 9 {
		t.Errorf("used %d", used)
	}
	if want := []string{"a", "b", "wait"}; !slices.Equal(h.got, want) {
		t.Errorf("requests %q, want %q", h.got, want)
	}
}

func TestTellAllEncodesOncePerVariant(t *testing.T) {
	d, n, _ := start()
	var ids []chat.Link
	for i := range uint32(10) {
		in := near
		if i%2 == 1 {
			in = far
		}
		id := loop.MakeID(i, 1)
		d.Open(id, 0, in)
		ids = append(ids, chat.Link(id))
	}
	d.TellAll(ids, ids[4], &chat.Said{Text: []byte("hi")}, true)
	if d.Encodes() != 2 {
		t.Errorf("%d encodes for two variants", d.Encodes())
	}
	if n.lazy != 9 {
		t.Errorf("%d lazy sends, want 9", n.lazy)
	}
	if len(n.sent[loop.ID(ids[4])]) != 1 {
		t.Error("the one left out was told")
	}
	a, b := n.raw[loop.ID(ids[0])][1], n.raw[loop.ID(ids[2])][1]
	if string(a) != "0:hi\n" || &a[0] != &b[0] {
		t.Errorf("two links of one variant got %q and %q, not the same bytes", a, b)
	}
	if far := n.sent[loop.ID(ids[1])][1]; far != "1:hi\n" {
		t.Errorf("far got %q", far)
	}
}

func TestVariantIsReadAgain(t *testing.T) {
	d, n, _ := start()
	id := loop.MakeID(0, 1)
	l := d.Open(id, 0, near)
	d.Data(id, []byte("far\n"), false)
	d.Tell(l, &chat.Said{Text: []byte("x")}, false)
	if got := n.sent[id][1]; got != "1:x\n" {
		t.Errorf("after the variant changed: %q", got)
	}
}

func TestPageBytesAreShared(t *testing.T) {
	d, n, _ := start()
	p := &chat.Page{People: []*chat.Person{{Name: "a"}}}
	for i := range uint32(3) {
		d.Tell(d.Open(loop.MakeID(i, 1), 0, near), p, false)
	}
	if d.Encodes() != 1 {
		t.Errorf("%d encodes of one page", d.Encodes())
	}
	a, b := n.raw[loop.MakeID(0, 1)][1], n.raw[loop.MakeID(2, 1)][1]
	if &a[0] != &b[0] {
		t.Error("newcomers got copies of a page")
	}
}

func TestTimersRunInOrderAndStopWithTheLink(t *testing.T) {
	d, n, _ := start()
	a, b := loop.MakeID(0, 1), loop.MakeID(1, 1)
	d.Open(a, 0, near)
	n.now = n.now.Add(time.Second)
	d.Open(b, 0, near)
	first := time.Unix(160, 0)
	if !n.alarm.Equal(first) {
		t.Fatalf("alarm at %v, want %v", n.alarm, first)
	}
	n.now = first
	d.Tick(n.now)
	if len(n.sent[a]) != 2 || n.sent[a][1] != "tick\n" || len(n.sent[b]) != 1 {
		t.Errorf("at the first time: a %q, b %q", n.sent[a], n.sent[b])
	}
	if !n.alarm.Equal(first.Add(time.Second)) || !slices.Equal(n.again, []loop.ID{a}) {
		t.Errorf("then: alarm %v, Agains %v", n.alarm, n.again)
	}
	d.Closed(b)
	d.Tick(n.now.Add(time.Hour))
	if len(n.sent[b]) != 1 || d.Get(b) != nil {
		t.Error("a closed link ticked")
	}
}

func TestCallerEvents(t *testing.T) {
	d, n, h := start()
	id := loop.MakeID(0, 2)
	l := d.Call(id, 0, near)
	d.Ask(l, &chat.Login{Name: "a"})
	d.Data(id, []byte("one\ntwo\n"), false)
	if !slices.Equal(h.got, []string{"one", "two"}) || !slices.Equal(n.sent[id], []string{"ask\n"}) {
		t.Errorf("events %q, sent %q", h.got, n.sent[id])
	}
	if d.Get(loop.MakeID(0, 1)) != nil {
		t.Error("an older link of the same slot is known")
	}
}

// TestIdleSize: a server holds one Link for each connection.
func TestIdleSize(t *testing.T) {
	if n := unsafe.Sizeof(Link{}); n > 64 {
		t.Errorf("a Link has %d bytes, more than 64: a rare field belongs elsewhere", n)
	}
}

// TestCallerEnd: an answer without an end is whole at the end of input, and all
// of a long end is looked at, if not at once.
func TestCallerEnd(t *testing.T) {
	d, n, h := start()
	id := loop.MakeID(0, 2)
	d.Call(id, 0, near)
	if got := d.Data(id, []byte("one\ntw"), false); got != 4 || !slices.Equal(h.got, []string{"one"}) {
		t.Errorf("before the end %d bytes, events %q", got, h.got)
	}
	if got := d.Data(id, []byte("two"), true); got != 3 || !slices.Equal(h.got, []string{"one", "two (end)", "over"}) || len(n.again) > 0 {
		t.Errorf("at the end %d bytes, events %q, again %v", got, h.got, n.again)
	}
	other := loop.MakeID(1, 1)
	d.Call(other, 0, near)
	d.Data(other, bytes.Repeat([]byte("x\n"), maxRequests+1), true)
	if l := d.Get(other); !slices.Equal(n.again, []loop.ID{other}) || !l.More() || slices.Contains(h.got[3:], "over") {
		t.Errorf("of a long end: again %v, more %v", n.again, l.More())
	}
}

// TestEventsLieSideBySide: the loop takes such events as one piece.
func TestEventsLieSideBySide(t *testing.T) {
	d, n, _ := start()
	id := loop.MakeID(0, 1)
	l := d.Open(id, 0, near)
	other := d.Open(loop.MakeID(1, 1), 0, far)
	for range 3 {
		d.Answer(other, chat.Answer{}) // encodes for one link must not come between
		d.TellAll([]chat.Link{chat.Link(id), chat.Link(other.ID())}, 0, &chat.Said{Text: []byte("hi")}, true)
	}
	sent := n.raw[l.ID()][1:]
	for i := 1; i < len(sent); i++ {
		before := sent[i-1]
		if len(before) == cap(before) || &before[:len(before)+1][len(before)] != &sent[i][0] {
			t.Errorf("event %d does not lie right behind the one before", i)
		}
	}
}

func TestArenaNeverWritesTwice(t *testing.T) {
	var a arena
	var kept [][]byte
	var want []string
	for i := range 3000 {
		s := fmt.Sprintf("%d%s", i, bytes.Repeat([]byte("x"), i%700))
		if i%97 == 0 {
			s += string(make([]byte, arenaSize)) // more than an arena has
		}
		kept = append(kept, a.keep(append(a.open(), s...)))
		a.keep(a.open()) // nothing was appended
		want = append(want, s)
	}
	for i := range kept {
		if string(kept[i]) != want[i] {
			t.Fatalf("message %d changed after it was handed out", i)
		}
	}
}

func TestHotPathAllocatesNothing(t *testing.T) {
	d := New(&quiet{}, &handler{on: func(*Link, string) {}}, toy{})
	var ids []chat.Link
	for i := range uint32(100) {
		d.Open(loop.MakeID(i, 1), 0, near)
		ids = append(ids, chat.Link(loop.MakeID(i, 1)))
	}
	said := &chat.Said{Text: []byte("a line")}
	d.TellAll(ids, 0, said, false)
	if n := testing.AllocsPerRun(100, func() { d.TellAll(ids, 0, said, false) }); n != 0 {
		t.Errorf("%v allocations to tell 100 links", n)
	}
}

// quiet takes everything and keeps nothing.
type quiet struct{ loop.Net }

func (quiet) Now() time.Time                                   { return time.Unix(1, 0) }
func (quiet) Send(loop.ID, []byte, time.Duration, bool) uint64 { return 1 }
func (quiet) Again(loop.ID)                                    {}
func (quiet) Alarm(time.Time)                                  {}
func (quiet) Owe(loop.ID, bool)                                {}
func (quiet) Behind(loop.ID) time.Duration                     { return 0 }
func (quiet) IdleAfter(loop.ID, time.Duration)                 {}
