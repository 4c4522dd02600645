package join

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mim/chat"
	"mim/chat/client"
	"mim/loop"
	"mim/loop/sim"
)

// lan is a network as people have it.
var lan = sim.Faults{Delay: time.Millisecond, Jitter: time.Millisecond, MaxCut: 50}

func TestComingAndTalking(t *testing.T) {
	w := newTown(t, 1, lan)
	w.serve()
	alice := w.join("alice")
	w.Run(time.Second)
	alice.hears("ready alice")
	bob := w.join("bob")
	w.Run(time.Second)
	alice.hears("came bob")
	bob.hears("ready bob", "came alice")

	alice.types("@bob Grüße 👋", "and more")
	w.Run(time.Second)
	alice.hears("opened bob", "sent sent to bob Grüße 👋", "sent sent to bob and more")
	bob.hears("opened alice", "said alice Grüße 👋", "said alice and more")
	bob.types("yes?", "/who")
	w.Run(time.Second)
	bob.hears("table alice", "sent sent to alice yes?")
	alice.hears("said bob yes?")

	bob.types("/close alice")
	w.Run(time.Second)
	bob.hears("closed alice")
	alice.hears("closed bob")
	alice.types("once more")
	w.Run(time.Second)
	alice.hears("opened bob", "sent sent to bob once more")
	bob.hears("opened alice", "said alice once more")
	bob.types("/quit")
	w.Run(time.Second)
	bob.hears("closed alice", "bye")
	alice.hears("closed bob", "went bob")
	if bob.code != client.ExitFine || alice.code != -1 {
		t.Errorf("exit codes %d and %d, want 0 and none", bob.code, alice.code)
	}
}

func TestReady(t *testing.T) {
	w := newTown(t, 1, lan)
	w.serve()
	u := w.join("alice")
	w.Run(time.Second)
	i := slices.IndexFunc(u.views, func(v client.View) bool { return v.Event == client.Ready })
	if want := fmt.Sprintf("10.0.1.1:%d", u.host.Local(0).Port()); i < 0 || u.views[i].Listening != want {
		t.Errorf("got %+v, want ready, listening at %s", u.views, want)
	}
}

func TestThreeTalksAtOnce(t *testing.T) {
	w := newTown(t, 1, lan)
	p := w.people("alice", "bob", "carol")
	for _, from := range p {
		for _, to := range p {
			if from != to {
				for i := range 3 {
					from.types(fmt.Sprintf("@%s %s %d", to.name, from.name, i))
				}
			}
		}
	}
	w.Run(3 * time.Second)
	for _, u := range p {
		var said, sent, opened int
		for _, v := range u.views[u.seen:] {
			switch {
			case v.Event == client.Said && v.Path == client.PathDirect && strings.HasPrefix(v.Text, v.From+" "):
				said++
			case v.Event == client.Sent && v.State == client.StateSent:
				sent++
			case v.Event == client.Opened:
				opened++
			}
		}
		if said != 6 || sent != 6 || opened != 2 {
			t.Errorf("%s: %d said, %d sent, %d opened, want 6, 6 and 2", u.name, said, sent, opened)
		}
	}
	w.forget()
	p[2].mode.Interrupt()
	w.Run(5 * time.Second)
	for _, u := range p[:2] {
		u.hears("closed carol", "went carol")
	}
}

// Both dial at the same moment: one conversation, told once, and it goes on
// when one of the two lines is lost.
func TestBothDialAtOnce(t *testing.T) {
	w := newTown(t, 1, sim.Faults{Delay: 10 * time.Millisecond})
	p := w.people("alice", "bob")
	alice, bob := p[0], p[1]
	alice.types("@bob from alice")
	bob.types("@alice from bob")
	w.Run(time.Second)
	if n := open(alice); n != 2 {
		t.Fatalf("%d lines, want 2: the test is about that", n)
	}
	alice.hearsAll("opened bob", "said bob from bob", "sent sent to bob from alice")
	bob.hearsAll("opened alice", "said alice from alice", "sent sent to alice from bob")
	for i := range alice.mode.links {
		if id := alice.mode.links[i].id; id != 0 {
			alice.host.Lose(id)
			break
		}
	}
	w.Run(5 * time.Second)
	alice.types("still there?")
	bob.types("still here")
	w.Run(time.Second)
	alice.hearsAll("said bob still here", "sent sent to bob still there?")
	bob.hearsAll("said alice still there?", "sent sent to alice still here")
}

func open(u *user) (n int) {
	for i := range u.mode.links {
		if u.mode.links[i].id != 0 {
			n++
		}
	}
	return n
}

// The server dies: talks go on. It comes back: the table is right again and
// nobody came twice.
func TestServerDiesAndComesBack(t *testing.T) {
	w := newTown(t, 1, lan)
	p := w.people("alice", "bob", "carol")
	alice, bob, carol := p[0], p[1], p[2]
	alice.types("@bob one")
	w.Run(time.Second)
	alice.hears("opened bob", "sent sent to bob one")
	bob.hears("opened alice", "said alice one")

	w.server.Crash()
	w.Run(100 * time.Millisecond)
	alice.hears("offline")
	alice.types("two")
	w.Run(100 * time.Millisecond)
	bob.types("three")
	w.Run(100 * time.Millisecond)
	alice.hears("sent sent to bob two", "said bob three")
	carol.types("@bob a talk that begins without the server")
	w.Run(100 * time.Millisecond)
	carol.hears("offline", "opened bob", "sent sent to bob a talk that begins without the server")
	carol.types("/quit")
	w.Run(10 * time.Second)
	w.serve()
	w.Run(time.Minute)
	var came, online int
	for _, v := range alice.views[alice.seen:] {
		switch brief(v) {
		case "came bob":
			came++
		case "went bob":
			came--
		case "online":
			online++
		}
	}
	if online != 1 || came != 0 {
		t.Errorf("%d times online, bob came %d times more than he went: %v", online, came, alice.views[alice.seen:])
	}
	for u, want := range map[*user]string{alice: "bob", bob: "alice"} {
		if got := u.table(); !slices.Equal(got, []string{want}) {
			t.Errorf("%s sees %q, want %q", u.name, got, want)
		}
	}
	alice.forget()
	alice.types("four")
	w.Run(time.Second)
	bob.hears("said alice four")
}

func TestFirstLoginFails(t *testing.T) {
	tests := []struct {
		name  string
		greet *string // what stands at the server's port; nil: nothing
		user  string
		code  int
		hears []string
	}{
		{"nobody there", nil, "alice", client.ExitNoServer, []string{"error lost", "bye"}},
		{"says nothing", new(string), "alice", client.ExitNoServer, nil},
		{"a name that cannot be", nil, "al\x01ice", client.ExitRefused, []string{"error refused", "bye"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newTown(t, 1, lan)
			if test.greet != nil {
				s := &stranger{greets: *test.greet}
				h := w.Host(serverAddr, s, loop.Door{Network: "tcp", Addr: netip.AddrPortFrom(serverAddr, registryPort)})
				w.Run(0)
				u := w.join(test.user)
				w.Run(100 * time.Millisecond)
				for _, id := range s.ids {
					h.Kill(id, nil)
				}
				w.Run(20 * time.Second)
				if u.code != test.code {
					t.Errorf("exit code %d, want %d", u.code, test.code)
				}
				return
			}
			if test.code == client.ExitRefused {
				w.serve()
			}
			u := w.join(test.user)
			w.Run(20 * time.Second)
			u.hears(test.hears...)
			if u.code != test.code {
				t.Errorf("exit code %d, want %d", u.code, test.code)
			}
		})
	}
}

// Servers of other protocols at the server's port: the end is that there is no
// server of ours, whether they close or wait.
func TestForeignServer(t *testing.T) {
	tests := []struct {
		name   string
		greets string
		closes bool
		says   string
	}{
		{"a web server", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request", true, `: it says "HTTP/1.1 400 Bad Request"`},
		{"a web server that waits", "HTTP/1.1 400 Bad Request\r\n\r\n", false, `: it says "HTTP/1.1 400 Bad Request"`},
		{"SSH, which waits", "SSH-2.0-OpenSSH_9.6\r\n", false, `: it says "SSH-2.0-OpenSSH_9.6"`},
		{"mail", "220 mail.example ESMTP\r\n", false, `: it says "220 mail.example ESMTP"`},
		{"several lines", "Welcome\nto this\n", true, `: it says "Welcome"`},
		{"a flood", strings.Repeat("x", 1<<20), false, `: it says "` + strings.Repeat("x", 60) + `..."`},
		{"half a line", "hel", true, ": it closed the connection without a word; it may not let in this machine's address (mim serve --public)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newTown(t, 1, lan)
			s := &stranger{greets: test.greets}
			h := w.Host(serverAddr, s, loop.Door{Network: "tcp", Addr: netip.AddrPortFrom(serverAddr, registryPort)})
			w.Run(0)
			u := w.join("alice")
			w.Run(50 * time.Millisecond)
			if test.closes {
				for _, id := range s.ids {
					h.CloseSoon(id, nil)
				}
			}
			w.Run(5 * time.Second)
			u.hears("error lost", "bye")
			want := fmt.Sprintf("no %s server at 10.0.0.1:4242%s", calling().Name(), test.says)
			i := slices.IndexFunc(u.views, func(v client.View) bool { return v.Event == client.Error })
			if i < 0 || u.views[i].Text != want || !u.views[i].Final || u.code != client.ExitNoServer {
				t.Errorf("exit code %d, views %+v, want %q", u.code, u.views, want)
			}
		})
	}
}

// A pipe's worth of input, typed before anything is known: it is said, the
// answer is heard, and the end is a good one.
func TestPipe(t *testing.T) {
	w := newTown(t, 1, lan)
	w.serve()
	parrot := w.join("parrot")
	w.Run(time.Second)
	alice := w.join("alice")
	alice.types("@parrot hello")
	alice.mode.EOF()
	w.RunUntil(func() bool { return len(parrot.views) > 0 && parrot.views[len(parrot.views)-1].Event == client.Said }, time.Minute)
	w.Run(100 * time.Millisecond) // it thinks
	parrot.types("@alice hello to you")
	w.Run(5 * time.Second)
	alice.hears("ready alice", "came parrot", "opened parrot", "sent sent to parrot hello", "said parrot hello to you", "closed parrot", "bye")
	if alice.code != client.ExitFine {
		t.Errorf("exit code %d", alice.code)
	}
}

func TestBadPeers(t *testing.T) {
	tests := []struct {
		name   string
		greets string
		times  int
		wait   time.Duration
		shut   int
		hears  []string
	}{
		{"never says its name", "", 1, 31 * time.Second, 1, nil},
		{"ten of them", "", 10, 10 * time.Second, 2, nil},
		{"an empty name", "\nhi\n", 1, time.Second, 1, nil},
		{"a name with controls", "a\x1b[2Jb\nhi\n", 1, time.Second, 1, nil},
		{"a very long name", strings.Repeat("n", 1<<20) + "\n", 1, time.Second, 1, nil},
		{"a name that is someone else's", "bob\nhi\n", 1, time.Second, 0, []string{"opened bob (10.0.9.9)", "said bob (10.0.9.9) hi"}},
		{"an endless line", "eve\n" + strings.Repeat("x", 1<<20), 1, time.Second, 0,
			[]string{"opened eve (10.0.9.9)", "said eve (10.0.9.9) " + strings.Repeat("x", 4096)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newTown(t, 1, lan)
			p := w.people("alice", "bob")
			s := w.visits(p[0], "10.0.9.9", test.greets, test.times)
			w.Run(test.wait)
			if s.closed != test.shut {
				t.Errorf("%d links were closed, want %d", s.closed, test.shut)
			}
			p[0].hears(test.hears...)
			if len(s.got) != 0 {
				t.Errorf("the stranger was told %q", s.got)
			}
			p[0].types("@bob hi") // nobody else is disturbed
			w.Run(time.Second)
			p[1].hears("opened alice", "said alice hi")
		})
	}
}

// Two users of one name on one machine work side by side.
func TestNamesakes(t *testing.T) {
	w := newTown(t, 1, lan)
	w.serve()
	alice := w.join("alice")
	w.Run(time.Second)
	first := w.joinAt("10.0.2.1", "bob")
	w.Run(time.Second)
	second := w.joinAt("10.0.2.1", "bob")
	w.Run(time.Second)
	alice.hears("ready alice", "came bob", "came bob~2")
	alice.types("@bob to the first", "@bob~2 to the second")
	w.Run(time.Second)
	first.hears("ready bob", "came alice", "came bob", "opened alice", "said alice to the first")
	second.hears("ready bob", "came alice", "came bob", "opened alice", "said alice to the second")
	second.types("@bob me, too")
	w.Run(time.Second)
	first.hears("opened bob", "said bob me, too")
}

// The second of two users of one name on one machine calls first: what is for
// the first is not said to it, and both can talk to us.
func TestSecondNamesakeCallsFirst(t *testing.T) {
	w := newTown(t, 1, lan)
	w.serve()
	alice := w.join("alice")
	w.Run(time.Second)
	first := w.joinAt("10.0.2.1", "bob")
	w.Run(time.Second)
	second := w.joinAt("10.0.2.1", "bob")
	w.Run(time.Second)
	w.forget()
	second.types("@alice guess who")
	w.Run(time.Second)
	alice.hears("opened bob (10.0.2.1)", "said bob (10.0.2.1) guess who")
	second.hears("opened alice", "sent sent to alice guess who")
	alice.types("hello, whoever you are", "@bob secret", "@bob~2 hello, second")
	w.Run(time.Second)
	alice.hearsAll("sent sent to bob (10.0.2.1) hello, whoever you are", "opened bob", "sent sent to bob secret",
		"opened bob~2", "sent sent to bob~2 hello, second")
	first.hears("opened alice", "said alice secret")
	second.hearsAll("said alice hello, whoever you are", "said alice hello, second")
	first.types("@alice thanks")
	second.types("@alice thanks, too")
	w.Run(time.Second)
	alice.hearsAll("said bob thanks", "said bob (10.0.2.1) thanks, too")
}

// The loop stops although nobody quit: nothing is left unsaid.
func TestStopping(t *testing.T) {
	w := newTown(t, 1, lan)
	p := w.people("alice", "bob")
	alice := p[0]
	p[1].host.Crash()
	alice.types("@bob hi")
	alice.host.Stop()
	w.Run(5 * time.Second)
	alice.hears("sent failed to bob hi", "bye")
	if alice.code != client.ExitFine || alice.host.Alive() {
		t.Errorf("exit code %d, alive %v", alice.code, alice.host.Alive())
	}
}

func TestPlainErrors(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	tests := []struct {
		err  error
		want string
	}{
		{dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), "connection refused"},
		{dial(&net.DNSError{Name: "nowhere", IsNotFound: true}), "there is no host nowhere"},
		{dial(os.ErrDeadlineExceeded), "no answer in time"},
		{chat.Errorf(chat.Full, "full"), "full"},
		{fmt.Errorf("x: %w", io.EOF), "x: EOF"},
	}
	for _, test := range tests {
		if got := plain(test.err).Error(); got != test.want {
			t.Errorf("%v: got %q, want %q", test.err, got, test.want)
		}
	}
	if plain(nil) != nil || !errors.Is(plain(io.EOF), io.EOF) {
		t.Error("no error, or another one, is changed")
	}
}
