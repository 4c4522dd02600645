package roster

import (
	"strings"
	"testing"
	"unicode/utf8"

	"mim/chat"
)

// FuzzNames: whatever names people ask for, in whatever dialect, and whatever
// accounts there are meanwhile, no two users are reached by one folded name or
// alias, and each is reached by what others are shown of it.
func FuzzNames(f *testing.F) {
	for _, seed := range []string{
		"bob\nbob\nbob~2\nbob2\nBOB", "jürgen.k\njurgenk\njurgen-k\njurgenk2", "b\u043eb\nbob\nbоb~2", "ann\nALL\nall\nuser1\n李\n王",
		"bob\n\nbob\n*bob\nbob2/bob", "\uff42\uff4f\uff42\nbob", "ᴮob\nß\nSS\nſs", "a~2\na\na\na~2\na~2", "user1\n!\n?\nuser2/user1",
		"O\u0301\n\u00d3\n0\nО", "rn\nm\nⅿ", "bob\u200d\nbob\u2800", strings.Repeat("x", 64) + "\n" + strings.Repeat("x", 64) + "\n" + strings.Repeat("ü", 64),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, script string) {
		if !utf8.ValidString(script) {
			return // codecs give valid text only
		}
		w := newWorld(t, Config{})
		lendPorts(w, 3)
		names := strings.Split(script, "\n")
		if len(names) > 40 {
			names = names[:40]
		}
		kinds := []*chat.Traits{&traits, &sockets, &relay, &lobby}
		for i, name := range names {
			n := i + 1
			if account, is := strings.CutPrefix(name, "*"); is || strings.Contains(name, "/") {
				account, alias, _ := strings.Cut(account, "/")
				if chat.CheckName(account) == nil && (alias == "" || chat.IsAlias(alias)) {
					w.SetAccounts(w.now, []Account{{Name: account, Alias: alias, Bound: is}})
				}
				w.endWhoIsTold()
				w.oneEach()
				continue
			}
			w.open(n, "10.0.0.1:1", kinds[(i+len(name))%len(kinds)])
			w.Do(w.now, linkOf(n), &chat.Login{Name: name, Port: uint16(2000 + i)})
			if name == "" && i > 0 {
				w.Closed(w.now, linkOf(i)) // and who came before is gone
			}
			w.oneEach()
		}
		w.SetAccounts(w.now, nil)
		w.endWhoIsTold()
		for n := range names {
			w.Closed(w.now, linkOf(n+1))
		}
		w.now = w.now.Add(leased.Lease)
		w.Tick(w.now)
		if err := w.isEmpty(); err != nil {
			t.Error(err)
		}
	})
}

// endWhoIsTold closes the links that were told to close.
func (w *world) endWhoIsTold() {
	for i := range w.links {
		if k := &w.links[i]; k.ending {
			w.Closed(w.now, k.id)
		}
	}
}
