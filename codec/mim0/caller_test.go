package mim0

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/codec"
)

// TestLoginOutcome: there is no word for it on the wire, so the caller answers
// at the first block, a little after text, or after a while.
func TestLoginOutcome(t *testing.T) {
	const answered = `answer to login "alice" 40001: <nil>`
	opened := time.Unix(100, 0)
	block := appendUpdate(nil, added, &chat.Person{Name: "bob", Near: addr(bob)}, near)
	type step struct {
		at   time.Duration // after the login; a Due comes with every step
		came string
		want []string
	}
	for _, c := range []struct {
		what  string
		steps []step
	}{
		{"nothing comes", []step{{499 * time.Millisecond, "", nil}, {500 * time.Millisecond, "", []string{answered}}, {time.Hour, "", nil}}},
		{"a block", []step{{time.Millisecond, string(block), []string{answered, cameBob}}, {time.Hour, "", nil}}},
		{"half a block", []step{{time.Millisecond, string(block[:9]), nil}, {500 * time.Millisecond, "", []string{answered}}}},
		{"text", []step{
			{10 * time.Millisecond, "Hi\n", []string{`notice "Hi"`}},
			{109 * time.Millisecond, "", nil},
			{110 * time.Millisecond, "", []string{answered}},
		}},
		{"text twice", []step{
			{10 * time.Millisecond, "Hi\n", []string{`notice "Hi"`}},
			{60 * time.Millisecond, "you\n", []string{`notice "you"`}},
			{110 * time.Millisecond, "", nil},
			{160 * time.Millisecond, "", []string{answered}},
		}},
		{"text, then a block", []step{
			{10 * time.Millisecond, "Hi\n", []string{`notice "Hi"`}},
			{60 * time.Millisecond, string(block), []string{answered, cameBob}},
			{time.Hour, "", nil},
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			var l caller
			if next := turn(t, &l, opened); !next.IsZero() {
				t.Fatalf("waits until %v for nothing", next)
			}
			l.Ask(nil, &chat.Login{Name: "alice", Port: 40001})
			turn(t, &l, opened)
			var kept []byte
			for _, s := range c.steps {
				kept = append(kept, s.came...)
				var got []string
				got, kept = read(nextOfCaller(&l), [][]byte{kept})
				turn(t, &l, opened.Add(s.at))
				more, left := read(nextOfCaller(&l), [][]byte{kept})
				kept = left
				if got = append(got, more...); !slices.Equal(got, s.want) {
					t.Errorf("after %v: %q, want %q", s.at, got, s.want)
				}
			}
		})
	}
}

// turn gives the caller a Due, which never writes.
func turn(t *testing.T, l *caller, now time.Time) (next time.Time) {
	t.Helper()
	out, next := l.Due(nil, now)
	if len(out) > 0 {
		t.Errorf("Due writes %q", out)
	}
	return next
}

// TestAskRefusesWhatNobodyWouldAccept: no byte leaves for it, and the answer
// comes at once.
func TestAskRefusesWhatNobodyWouldAccept(t *testing.T) {
	for _, c := range []struct {
		what  string
		login chat.Login
		kind  chat.Kind
	}{
		{"no name", chat.Login{Port: 1}, chat.BadName},
		{"newline", chat.Login{Name: "a\nb", Port: 1}, chat.BadName},
		{"longer than a block", chat.Login{Name: strings.Repeat("a", 70000), Port: 1}, chat.BadName},
		{"no port", chat.Login{Name: "alice"}, chat.Usage},
	} {
		var l caller
		if out := l.Ask(nil, &c.login); len(out) > 0 {
			t.Errorf("%s: sends %x", c.what, out)
		}
		now := time.Unix(100, 0)
		if next := turn(t, &l, now); !next.Equal(now) {
			t.Errorf("%s: answers at %v", c.what, next)
		}
		turn(t, &l, now)
		e, n, err := l.Next(nil)
		a, ok := e.(*chat.Answer)
		var told *chat.Error
		if !ok || n != 0 || err != nil || !errors.As(a.Err, &told) || told.Kind != c.kind {
			t.Errorf("%s: %v, %d, %v", c.what, e, n, err)
		}
	}
}

// TestAskKnowsLoginsOnly: there is nothing else to ask a mim0 registry.
func TestAskKnowsLoginsOnly(t *testing.T) {
	l := New().(codec.Calling).Call(codec.Link{})
	if out := l.Ask(nil, &chat.Say{To: []byte("bob"), Text: []byte("hello")}); len(out) > 0 {
		t.Errorf("sends %q", out)
	}
	if e, n, err := l.Next(nil); e != nil || n != 0 || err != nil {
		t.Errorf("answers %v, %d, %v", e, n, err)
	}
}

// TestUpdatesSkipped: whatever a registry says of someone, the caller tells of
// people who can be called, skips the others and goes on (mim0 rule 9).
func TestUpdatesSkipped(t *testing.T) {
	entry := func(kind byte, name, address string, port byte) string {
		p := appendString(appendString([]byte{0, 0, kind}, name), address)
		return string(closeBlock(append(p, 0, port), 0))
	}
	const (
		one    = "\x00\x00\x00\x02\x00b"              // the name, 6 bytes
		loopIP = "\x00\x00\x00\x06\x00:\x00:\x00\x31" // ::1, 10 bytes
		unfit  = `notice "skipped an update from the registry: its fields`
	)
	for _, c := range []struct{ what, block, want string }{
		{"fine", entry('A', "bob", "192.0.2.7", 9), `came "bob" 192.0.2.7:9 192.0.2.7:9`},
		{"mapped", entry('D', "bob", "::ffff:192.0.2.7", 9), `went "bob" 192.0.2.7:9 192.0.2.7:9`},
		{"host name", entry('A', "bob", "localhost", 9), `notice "skipped`},
		{"no address", entry('A', "bob", "", 9), `notice "skipped`},
		{"address and more", entry('A', "bob", strings.Repeat("1", 100), 9), `notice "skipped`},
		{"zone", entry('A', "bob", "fe80::1%eth0", 9), `notice "skipped`},
		{"anywhere", entry('A', "bob", "0.0.0.0", 9), `notice "skipped`},
		{"anywhere, mapped", entry('A', "bob", "::ffff:0.0.0.0", 9), `notice "skipped`},
		{"multicast", entry('A', "bob", "224.0.0.1", 9), `notice "skipped`},
		{"port 0", entry('A', "bob", "192.0.2.7", 0), `notice "skipped`},
		{"empty name", entry('A', "", "192.0.2.7", 9), `notice "skipped`},
		{"newline in the name", entry('A', "b\nob", "192.0.2.7", 9), `notice "skipped`},
		{"long name", entry('A', strings.Repeat("b", 65), "192.0.2.7", 9), `notice "skipped`},
		{"the least block", "\x00\x0bA\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01", `notice "skipped`},
		{"no port", "\x00\x11A" + one + loopIP, unfit},
		{"half a port", "\x00\x12A" + one + loopIP + "\x01", unfit},
		{"fine to the byte", "\x00\x13A" + one + loopIP + "\x00\x01", `came "b" [::1]:1`},
		{"one byte too many", "\x00\x14A" + one + loopIP + "\x00\x01\x02", unfit},
		{"odd name", "\x00\x12A\x00\x00\x00\x01b" + loopIP + "\x00\x01", unfit},
		{"odd address", "\x00\x0eA" + one + "\x00\x00\x00\x01:\x00\x01", unfit},
		{"odd name, its byte missing", "\x00\x11A\x00\x00\x00\x01" + loopIP + "\x00\x01", unfit},
		{"odd address, its byte missing", "\x00\x0dA" + one + "\x00\x00\x00\x01\x00\x01", unfit},
		{"name beyond the block", "\x00\x13A\x00\x00\x00\xffbc" + loopIP + "\x00\x01", unfit},
	} {
		got, left := read(reader("server->client"), [][]byte{[]byte(c.block + entry('D', "bob", "127.0.0.1", 9))})
		if len(got) != 2 || !strings.HasPrefix(got[0], c.want) || got[1] != `went "bob" 127.0.0.1:9 127.0.0.1:9` || len(left) > 0 {
			t.Errorf("%s: %q, %d bytes left", c.what, got, len(left))
		}
	}
}

// TestTextOrBlock: four bytes tell, or fewer (mim0 rule 2).
func TestTextOrBlock(t *testing.T) {
	for _, c := range []struct {
		p    string
		want kind
	}{
		{"", undecided}, {"W", text}, {"\x10", text}, {"\xff", text}, {"\x0f", undecided},
		{"\x00", undecided}, {"\x00\x0a", text}, {"\x00\x0b", undecided}, {"\x00\x0bA", undecided},
		{"\x00\x0bA\x00", block}, {"\x00\x0bD\x00", block}, {"\x0f\xffA\x00", block},
		{"\x00\x0bA\x01", text}, {"\x00\x0bX", text}, {"\n", undecided}, {"\n\n", undecided},
		{"\nWe", text}, {"\r\n\x00", text}, {"\n\x00\x23", text},
	} {
		if got := start([]byte(c.p)); got != c.want {
			t.Errorf("%q is %d, want %d", c.p, got, c.want)
		}
	}
}

// TestTextIsHarmless: what a registry says reaches a person's terminal.
func TestTextIsHarmless(t *testing.T) {
	for _, c := range []struct{ what, in, want string }{
		{"plain", "Welcome\n", `notice "Welcome"`},
		{"Latin-1", "Gr\xfc\xdfe\n", `notice "Grüße"`},
		{"escape", "a\x1b[2J\n", `notice "a [2J"`},
		{"begins with escape", "\x1b[2J\n", `notice " [2J"`},
		{"tab", "\ta\n", `notice "\ta"`},
		{"binary", "\x01\x02\x03\x04\n", `notice "skipped a line from the registry that is neither an update nor text"`},
		{"a block inside a line too long", strings.Repeat("x", maxLine) + "\x00\x0bA\x00...\n", `notice "` + strings.Repeat("x", maxLine) + `"`},
		{"too long", strings.Repeat("x", 5000) + "\n", `notice "` + strings.Repeat("x", maxLine) + `"`},
	} {
		if got, left := read(reader("server->client"), [][]byte{[]byte(c.in)}); len(got) != 1 || got[0] != c.want || len(left) > 0 {
			t.Errorf("%s: %q, %d bytes left", c.what, got, len(left))
		}
	}
}

// TestSkim: what Skim tells of is what Next would, by the same bytes for the
// same person, and it leaves everything else to Next.
func TestSkim(t *testing.T) {
	who := &chat.Person{Name: "bob", Near: addr(bob)}
	came, went := appendUpdate(nil, added, who, near), appendUpdate(nil, deleted, who, near)
	c := New().(codec.Calling).Call(codec.Link{}).(codec.Skimming)
	want := string(c.AppendWho([]byte("x"), who))
	for _, row := range []struct {
		what, p string
		came    bool
		n       int
	}{
		{"came", string(came) + "more", true, len(came)},
		{"went", string(went), false, len(went)},
		{"not whole", string(came[:len(came)-1]), false, 0},
		{"text", "Welcome\n", false, 0},
		{"nothing", "", false, 0},
		{"undecided", string(came[:2]), false, 0},
	} {
		got, isCame, n := c.Skim([]byte(row.p))
		if n != row.n || isCame != row.came || n > 0 && "x"+string(got) != want {
			t.Errorf("%s: %q, %v, %d", row.what, got, isCame, n)
		}
	}
	c.Ask(nil, &chat.Login{Name: "alice", Port: 1})
	if _, _, n := c.Skim(came); n != 0 {
		t.Error("the answer to a login comes first")
	}
	if n := testing.AllocsPerRun(100, func() { c.Skim(came) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if other := c.AppendWho(nil, &chat.Person{Name: "bob", Near: addr("192.0.2.7:4")}); string(other) == want[1:] {
		t.Error("another address is another person")
	}
}
