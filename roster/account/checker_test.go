package account

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"mim/chat"
)

// logins are the outcomes for the file of TestCheck; each takes one hash.
var logins = []struct {
	what, name, pass string
	want             bool
}{
	{"right", "alice", "secret", true},
	{"another case of the name", "ALICE", "secret", true},
	{"another case of the password", "alice", "Secret", false},
	{"wrong", "alice", "wrong", false},
	{"a part", "alice", "secre", false},
	{"more", "alice", "secret ", false},
	{"empty", "alice", "", false},
	{"another's", "alice", "my own ", false},
	{"a blank at the end", "bob", "my own ", true},
	{"without that blank", "bob", "my own", false},
	{"other script", "你好", "пароль", true},
	{"unknown name", "mallory", "secret", false},
	{"no name", "", "secret", false},
	{"account without a password", "bot", "secret", false},
	{"account without a password, and none given", "bot", "", false},
	{"the longest", "long", strings.Repeat("p", MaxPass), true},
	{"longer than the longest", "long", strings.Repeat("p", MaxPass+1), false},
	{"much longer", "long", strings.Repeat("p", 1<<20), false},
	{"zero bytes", "alice", "secret\x00", false},
}

var loginFile = "alice secret\nbob my own \n你好 пароль\nbot\nlong " + strings.Repeat("p", MaxPass) + "\n"

func TestCheck(t *testing.T) {
	t.Run("hashed", func(t *testing.T) {
		b := newBench(t, &memory{}, cheap)
		b.load(loginFile)
		b.idle()
		for _, c := range logins {
			b.want(c.what, c.name, c.pass, c.want)
			if n := b.idle(); n != 1 {
				t.Errorf("%s: %d hashes, want 1", c.what, n)
			}
		}
	})
	t.Run("not hashed yet", func(t *testing.T) {
		for _, c := range logins {
			b := newBench(t, &memory{}, cheap)
			b.load(loginFile)
			b.want(c.what, c.name, c.pass, c.want)
			b.idle()
			b.want(c.what+", again", c.name, c.pass, c.want)
			b.Close()
		}
	})
}

// TestSameWork: a name that is not there, one without a password, and a wrong
// password each take one hash of the same cost, before the file is hashed and
// behind it.
func TestSameWork(t *testing.T) {
	b := newBench(t, &memory{}, cheap)
	for _, state := range []string{"not hashed yet", "hashed"} {
		if state == "not hashed yet" {
			b.Checker.tending = true // as if another worker were at the table
			b.load(loginFile)
		} else {
			b.Checker.tending = false
			b.ask("alice", "") // wakes a worker, which goes on with the table
		}
		b.idle()
		for _, name := range []string{"mallory", "bot", "alice"} {
			b.want(name, name, "wrong", false)
			if n := b.idle(); n != 1 {
				t.Errorf("%s, %s: %d hashes, want 1", state, name, n)
			}
		}
	}
}

// TestStandard: one login at the real cost, and what it leaves in the store.
func TestStandard(t *testing.T) {
	s := &memory{}
	b := newBench(t, s, standard)
	b.load("alice secret\n")
	b.idle()
	b.want("right", "alice", "secret", true)
	b.want("wrong", "alice", "wrong", false)
	if !strings.HasPrefix(s.hash("alice"), "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the store has %q", s.hash("alice"))
	}
}

// TestPool: at most two hashes at once, no goroutine when nothing is to do,
// and none behind Close.
func TestPool(t *testing.T) {
	before := runtime.NumGoroutine()
	b := newBench(t, &memory{}, cheap)
	b.Checker.most = maxWorkers
	b.load(people(50))
	var wg sync.WaitGroup
	for i := range 500 {
		wg.Add(1)
		b.Check(somewhere, fmt.Sprintf("person%d", i%60), fmt.Appendf(nil, "pass%d", i%60), func(ok bool, err error) {
			if ok != (i%60 < 50) || err != nil {
				t.Errorf("person%d: %v, %v", i%60, ok, err)
			}
			wg.Done()
		})
	}
	wg.Wait()
	b.idle()
	if b.most > maxWorkers {
		t.Errorf("%d hashes at once", b.most)
	}
	if b.workers != 0 {
		t.Errorf("%d workers have nothing to do", b.workers)
	}
	b.want("after a rest", "person1", "pass1", true)
	b.Close()
	b.Close()
	eventually(t, func() bool { return runtime.NumGoroutine() <= before })
}

// eventually gives goroutines that have done all their work the time to end.
// It sleeps: their threads give way to whoever is awake (see runLast).
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for range 10_000 {
		if ok() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Error("it does not come true")
}

func TestWorkers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, c := range []struct{ processors, want int }{{1, 1}, {2, 1}, {3, 2}, {64, 2}} {
		runtime.GOMAXPROCS(c.processors)
		if got := New(&memory{}, nil).most; got != c.want {
			t.Errorf("%d processors: %d workers, want %d", c.processors, got, c.want)
		}
	}
}

// TestBounds: Check does not wait; what is too much is refused at once, and
// what waits when the Checker is closed is told so.
func TestBounds(t *testing.T) {
	b := newBench(t, &memory{}, cheap)
	b.load("alice secret\n")
	b.idle()
	b.gate = make(chan struct{})
	var mu sync.Mutex
	kinds := map[chat.Kind]int{}
	note := func(_ bool, err error) {
		var e *chat.Error
		errors.As(err, &e)
		mu.Lock()
		defer mu.Unlock()
		if e == nil {
			kinds[0]++
		} else {
			kinds[e.Kind]++
		}
	}
	b.Check(somewhere, "alice", []byte("secret"), note)
	for taken := false; !taken; runtime.Gosched() {
		b.Checker.mu.Lock()
		taken = b.queue.len == 0
		b.Checker.mu.Unlock()
	}
	b.Checker.most = 1 // no second worker takes from the queue
	for range maxQueue {
		b.Check(somewhere, "alice", []byte("secret"), note)
	}
	if kinds[chat.Full] != 0 {
		t.Fatalf("refused too early: %v", kinds)
	}
	for range 3 {
		b.Check(somewhere, "alice", []byte("secret"), note)
	}
	if kinds[chat.Full] != 3 {
		t.Errorf("beyond the bound: %v, want 3 of kind full", kinds)
	}
	closed := make(chan struct{})
	go func() { b.Close(); close(closed) }()
	close(b.gate) // the one that runs may end
	<-closed
	b.Check(somewhere, "alice", []byte("secret"), note)
	if kinds[chat.Lost] != maxQueue+1 || kinds[0] != 1 {
		// The one that ran may have taken some from the queue before Close.
		if kinds[chat.Lost]+kinds[0] != maxQueue+2 || kinds[chat.Lost] == 0 {
			t.Errorf("after Close: %v", kinds)
		}
	}
	if _, err := b.tryLoad("alice secret\n"); !errors.Is(err, errClosed) {
		t.Errorf("Load after Close: %v", err)
	}
}

// TestWiped: nothing that the Checker copied of a password stays.
func TestWiped(t *testing.T) {
	b := newBench(t, &memory{}, cheap)
	b.Checker.tending = true
	b.load("alice secret\nbob hunter2\n")
	b.Checker.mu.Lock()
	file := b.table.bytes
	b.Checker.mu.Unlock()
	typed := []byte("secret")
	done := make(chan bool, 1)
	b.Check(somewhere, "alice", typed, func(ok bool, _ error) { done <- ok })
	if !<-done {
		t.Fatal("refused")
	}
	if !bytes.Equal(typed, []byte("secret")) {
		t.Error("the caller's bytes were wiped")
	}
	b.idle()
	if bytes.Contains(file, []byte("secret")) || !bytes.Contains(file, []byte("hunter2")) {
		t.Errorf("after alice's login: %q", file)
	}
	b.Checker.tending = false
	b.want("bob", "bob", "wrong", false)
	b.idle()
	if bytes.Contains(file, []byte("hunter2")) {
		t.Errorf("after all is hashed: %q", file)
	}
	if b.table.bytes != nil {
		t.Error("the file is still held")
	}
	for i, p := range b.passes {
		if len(bytes.Trim(p, "\x00")) > 0 {
			t.Errorf("password %d is still there: %q", i, p)
		}
	}

	// A file that is replaced or refused before it was hashed.
	b.Checker.tending = true
	b.load("alice other\n")
	file = b.table.bytes
	b.load("alice third\n")
	if bytes.Contains(file, []byte("other")) {
		t.Error("the replaced file is still there")
	}
	file = b.table.bytes
	b.Close()
	if bytes.Contains(file, []byte("third")) {
		t.Error("the file is still there behind Close")
	}
}

// TestReloads: files come while people log in.
func TestReloads(t *testing.T) {
	b := newBench(t, &memory{}, cheap)
	b.Checker.most = maxWorkers
	b.load("alice one\nbob same\n" + people(20))
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Add(2)
		b.Check(somewhere, "bob", []byte("same"), func(ok bool, err error) {
			if !ok || err != nil {
				t.Errorf("bob: %v, %v", ok, err)
			}
			wg.Done()
		})
		b.Check(somewhere, "alice", []byte("three"), func(ok bool, err error) {
			if ok || err != nil {
				t.Errorf("alice: %v, %v", ok, err)
			}
			wg.Done()
		})
		if i%10 == 0 {
			b.load("alice " + []string{"one", "two"}[i/10%2] + "\nbob same\n" + people(i/10))
		}
	}
	wg.Wait()
	b.load("alice last\nbob same\n")
	b.want("before it is hashed", "alice", "last", true)
	b.idle()
	b.want("last", "alice", "last", true)
	b.want("one before", "alice", "two", false)
	b.want("taken out", "person1", "pass1", false)
}
