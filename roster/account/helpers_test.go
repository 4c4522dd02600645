package account

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"mim/roster"
)

// cheap is a cost for tests of what is around the hashes.
var cheap = cost{time: 1, memory: 8, lanes: 1}

// memory is a Store without a disk.
type memory struct {
	mu       sync.Mutex
	accounts map[string]Kept // by folded name
	seal     string
	syncs    int
	hashes   int   // calls of SetHash
	fail     error // of Accounts and Sync
	failHash error
}

func (m *memory) Accounts() (all []Kept, seal string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range m.accounts {
		all = append(all, k)
	}
	return all, m.seal, m.fail
}

func (m *memory) Sync(open []Kept) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.syncs++
	if m.accounts == nil {
		m.accounts = map[string]Kept{}
	}
	for folded, k := range m.accounts {
		m.accounts[folded] = Kept{Name: k.Name, Alias: k.Alias}
	}
	for _, k := range open {
		m.accounts[fold(k.Name)] = k
	}
	return nil
}

func (m *memory) SetHash(name, hash string, done func(error)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hashes++
	if k := m.accounts[fold(name)]; k.Open && m.failHash == nil {
		k.Hash = hash
		m.accounts[fold(name)] = k
	}
	done(m.failHash)
}

func (m *memory) SetSeal(seal string, done func(error)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failHash == nil {
		m.seal = seal
	}
	done(m.failHash)
}

func (m *memory) hash(name string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.accounts[fold(name)].Hash
}

// A bench is a Checker whose hashes are counted and may be held up.
type bench struct {
	*Checker
	t    testing.TB
	path string
	log  *bytes.Buffer

	mu      sync.Mutex
	made    int
	running int
	most    int           // that ran at once
	gate    chan struct{} // not nil: each hash takes one from it before it is made
	passes  [][]byte      // the memory of each password that was hashed
}

func newBench(t testing.TB, s Store, c cost) *bench {
	b := &bench{t: t, path: filepath.Join(t.TempDir(), "creds"), log: new(bytes.Buffer)}
	b.Checker = newChecker(s, slog.New(slog.NewTextHandler(b.log, nil)), c)
	b.derive = func(pass, salt []byte) []byte {
		b.mu.Lock()
		b.made++
		b.running++
		b.most = max(b.most, b.running)
		b.passes = append(b.passes, pass)
		gate := b.gate
		b.mu.Unlock()
		if gate != nil {
			<-gate
		}
		key := c.derive(pass, salt)
		b.mu.Lock()
		b.running--
		b.mu.Unlock()
		return key
	}
	t.Cleanup(b.Close)
	return b
}

// load writes the file and loads it.
func (b *bench) load(content string) []roster.Account {
	b.t.Helper()
	accounts, err := b.tryLoad(content)
	if err != nil {
		b.t.Fatal(err)
	}
	return accounts
}

func (b *bench) tryLoad(content string) ([]roster.Account, error) {
	if err := os.WriteFile(b.path, []byte(content), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return b.Load(b.path)
}

// idle waits until all work is done, and gives the hashes since the last time.
func (b *bench) idle() int {
	b.wg.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.made
	b.made = 0
	return n
}

// ask checks and waits for the outcome.
func (b *bench) ask(name, pass string) (bool, error) {
	type outcome struct {
		ok  bool
		err error
	}
	ch := make(chan outcome, 1)
	b.Check(somewhere, name, []byte(pass), func(ok bool, err error) { ch <- outcome{ok, err} })
	o := <-ch
	return o.ok, o.err
}

// want checks and compares.
func (b *bench) want(what, name, pass string, want bool) {
	b.t.Helper()
	if ok, err := b.ask(name, pass); ok != want || err != nil {
		b.t.Errorf("%s: %v, %v; want %v", what, ok, err, want)
	}
}

// people is a file of n accounts: user0 with pass0 and so on.
func people(n int) string {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "person%d pass%d\n", i, i)
	}
	return b.String()
}

var errDisk = errors.New("no space left on device")

// somewhere is where logins come from.
var somewhere = netip.MustParseAddr("192.0.2.1")
