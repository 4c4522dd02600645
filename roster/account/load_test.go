package account

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"mim/roster"
)

// TestRestart: what another start with a file costs, and who may log in then.
func TestRestart(t *testing.T) {
	const n = 20
	for _, c := range []struct {
		what   string
		file   string
		tamper func(*memory)
		hashes int // of the second start
		syncs  int
	}{
		{"the same file", people(n), nil, 1, 0},
		{"the same but for remarks", "# remark\n\n" + strings.TrimSuffix(people(n), "\n"), nil, 1, 0},
		// Not all have a hash, or the seal does not fit: all are compared, what
		// is wrong is made anew, and then a new seal.
		{"one more", people(n + 1), nil, n + 1 + 1, 1},
		{"one fewer", people(n - 1), nil, 1 + n - 1 + 1, 1},
		{"one changed", strings.Replace(people(n), "pass7\n", "other\n", 1), nil, 1 + n + 1 + 1, 0},
		{"another order", "person3 pass3\n" + strings.Replace(people(n), "person3 pass3\n", "", 1), nil, 1 + n + 1, 0},
		{"no seal", people(n), func(m *memory) { m.seal = "" }, n + 1, 0},
		{"a seal that is none", people(n), func(m *memory) { m.seal = "hello" }, n + 1, 0},
		{"the seal of another", people(n), func(m *memory) { m.seal = m.hash("person1") }, 1 + n + 1, 0},
		{"one hash lost", people(n), setHash("person5", ""), n + 1, 0},
		{"one hash broken", people(n), setHash("person5", "$argon2id$x"), n + 1, 1},
		{"one hash of absurd cost", people(n), setHash("person5", "$argon2id$v=19$m=4294967295,t=4294967295,p=255$"+salt22+"$"+key43), n + 1, 1},
		{"one hash of another cost", people(n), setHash("person5", "$argon2id$v=19$m=65536,t=16,p=1$"+salt22+"$"+key43), n + 1, 1},
		{"one hash of another password", people(n), func(m *memory) { setHash("person5", m.hash("person6"))(m) }, 1 + n + 1 + 1, 0},
	} {
		s := &memory{}
		b := newBench(t, s, cheap)
		b.load(people(n))
		// Each password, and the seal.
		if made := b.idle(); made != n+1 {
			t.Fatalf("the first start made %d hashes, want %d", made, n+1)
		}
		b.Close()
		if c.tamper != nil {
			c.tamper(s)
		}
		s.syncs = 0
		for start := 2; start <= 3; start++ {
			b = newBench(t, s, cheap)
			b.load(c.file)
			made := b.idle()
			if start == 2 && (made != c.hashes || s.syncs != c.syncs) {
				t.Errorf("%s: %d hashes and %d syncs, want %d and %d", c.what, made, s.syncs, c.hashes, c.syncs)
			}
			if start == 3 && made != 1 {
				t.Errorf("%s, once more: %d hashes, want 1", c.what, made)
			}
			for i := range n + 2 {
				name, pass := fmt.Sprintf("person%d", i), fmt.Sprintf("pass%d", i)
				b.want(c.what+": "+name, name, pass, strings.Contains(c.file, name+" "+pass+"\n") || strings.HasSuffix(c.file, name+" "+pass))
			}
			b.want(c.what+": other", "person7", "other", strings.Contains(c.file, "other"))
			b.Close()
		}
	}
}

func setHash(name, hash string) func(*memory) {
	return func(m *memory) {
		k := m.accounts[name]
		k.Hash = hash
		m.accounts[name] = k
	}
}

// TestStartDoesNotWait: with 1,000 lines and not one hash made yet, Load is
// back, and who logs in is served before the others are hashed.
func TestStartDoesNotWait(t *testing.T) {
	s := &memory{}
	b := newBench(t, s, cheap)
	gate := make(chan struct{})
	b.gate = gate
	accounts := b.load(people(1000))
	if len(accounts) != 1000 {
		t.Fatalf("%d accounts", len(accounts))
	}
	outcome := make(chan bool, 2)
	b.Check(somewhere, "person900", []byte("pass900"), func(ok bool, _ error) { outcome <- ok })
	b.Check(somewhere, "person901", []byte("wrong"), func(ok bool, _ error) { outcome <- ok })
	// Some were under way when they came, one for each worker; theirs are next.
	allowed, right := 0, 0
	for answered := 0; answered < 2; {
		select {
		case gate <- struct{}{}:
			allowed++
		case ok := <-outcome:
			answered++
			if ok {
				right++
			}
		}
	}
	if allowed > 5 {
		t.Errorf("two logins waited for %d hashes", allowed)
	}
	if right != 1 {
		t.Errorf("%d of two logins were right, want 1", right)
	}
	if s.hash("person900") == "" {
		t.Error("the login left no hash")
	}
	close(gate)
	b.idle()
	for _, i := range []int{0, 500, 900, 901, 999} {
		if name := fmt.Sprintf("person%d", i); s.hash(name) == "" {
			t.Errorf("%s has no hash in the end", name)
		}
	}
}

// TestRealStart: the same at the real cost: Load takes no hash's time each.
func TestRealStart(t *testing.T) {
	b := newBench(t, &memory{}, standard)
	content := people(1000)
	from := time.Now()
	b.load(content)
	took := time.Since(from)
	b.want("the last one", "person999", "pass999", true)
	t.Logf("1,000 accounts: loaded in %v, the last of them logged in after %v", took, time.Since(from))
	b.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	// Those that were made while the two calls above took place.
	if b.made > 500 {
		t.Errorf("%d hashes were made before a login was answered", b.made)
	}
}

// TestFailures: a file or store that fails changes nothing.
func TestFailures(t *testing.T) {
	for _, c := range []struct {
		what, content string
		fail          error
		want          string
	}{
		{"a bad line", "alice new\nbob:hunter2\n", nil, "line 2"},
		{"a full disk", "alice new\ncarol hunter2\n", errDisk, "no space left"},
	} {
		s := &memory{}
		b := newBench(t, s, cheap)
		b.load("alice secret\n")
		b.idle()
		s.fail = c.fail
		_, err := b.tryLoad(c.content)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", c.what, err)
		}
		b.want(c.what+": as before", "alice", "secret", true)
		b.want(c.what+": not new", "alice", "new", false)
		b.want(c.what+": no newcomer", "carol", "hunter2", false)
		s.fail = nil
		b.load("alice new\n")
		b.want(c.what+": mended", "alice", "new", true)
	}
}

// TestHashNotKept: a store that takes no hashes costs work at the next start,
// nothing else, and the log says so without the password or its hash.
func TestHashNotKept(t *testing.T) {
	s := &memory{failHash: errDisk}
	b := newBench(t, s, cheap)
	b.load("alice hunter2\n")
	b.idle()
	b.want("right", "alice", "hunter2", true)
	b.want("wrong", "alice", "hunter3", false)
	b.Close()
	log := b.log.String()
	if !strings.Contains(log, "no space left") || !strings.Contains(log, "alice") {
		t.Errorf("the log says %q", log)
	}
	if strings.Contains(log, "hunter2") || strings.Contains(log, "argon2id") {
		t.Errorf("the log tells: %q", log)
	}
	s.failHash = nil
	b = newBench(t, s, cheap)
	b.load("alice hunter2\n")
	if n := b.idle(); n != 2 || s.hash("alice") == "" {
		t.Errorf("the next start made %d hashes, want 2", n)
	}
}

// TestSync: what the store and the roster are told of a file.
func TestSync(t *testing.T) {
	s := &memory{}
	b := newBench(t, s, cheap)
	row := func(name, alias string, bound bool) roster.Account {
		return roster.Account{Name: name, Alias: alias, Bound: bound}
	}
	for _, c := range []struct {
		what, file string
		want       []roster.Account
	}{
		{"names and aliases", "jürgen.k a\njurgen.k b\nbob c\nbot\n",
			[]roster.Account{row("jürgen.k", "jurgenk", true), row("jurgen.k", "jurgenk2", true), row("bob", "", true), row("bot", "", false)}},
		{"aliases stay in another order", "jurgen.k b\njürgen.k a\n",
			[]roster.Account{row("jurgen.k", "jurgenk2", true), row("jürgen.k", "jurgenk", true)}},
		{"those of others who went are not given", "Jürgen_K x\n", []roster.Account{row("Jürgen_K", "JurgenK3", true)}},
		{"who comes back has the old one", "jürgen.k\n", []roster.Account{row("jürgen.k", "jurgenk", false)}},
		{"a name is its own before all", "jürgen.k a\njurgenk b\n",
			[]roster.Account{row("jürgen.k", "jurgenk4", true), row("jurgenk", "", true)}},
		{"and it stays so", "jürgen.k a\n", []roster.Account{row("jürgen.k", "jurgenk4", true)}},
		{"another spelling", "JÜRGEN.K a\n", []roster.Account{row("JÜRGEN.K", "jurgenk4", true)}},
		{"nobody", "", []roster.Account{}},
	} {
		got := b.load(c.file)
		b.idle()
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
		open := 0
		for _, k := range s.accounts {
			if k.Open {
				open++
			}
			if k.Bound != (k.Hash != "") || k.Bound && !k.Open {
				t.Errorf("%s: the store has %+v", c.what, k)
			}
		}
		if open != len(c.want) {
			t.Errorf("%s: %d are open in the store, want %d", c.what, open, len(c.want))
		}
	}
}

func TestLoadNoFile(t *testing.T) {
	b := newBench(t, &memory{}, cheap)
	if _, err := b.Load(b.path); err == nil || errors.Is(err, errClosed) {
		t.Errorf("no file: %v", err)
	}
}
