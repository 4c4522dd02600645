package account

import (
	"fmt"

	"mim/chat"
	"mim/roster"
)

// Load reads the file of credentials, tells the store, and makes the accounts
// in it the ones that can log in; it gives them in the order of the file. With
// an error nothing has changed. The error names file and line and says what to
// change; it holds no password. Checks that run go by the file they began with.
//
// It reads the file and waits for the disk, but for no hash. It may be called
// while others check, at the start and whenever the file has changed.
func (c *Checker) Load(path string) ([]roster.Account, error) {
	c.loading.Lock()
	defer c.loading.Unlock()
	content, err := readFile(path, maxFile)
	if err != nil {
		return nil, err
	}
	t, accounts, err := c.prepare(path, content)
	if err != nil {
		clear(content)
		return nil, err
	}
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		t.wipe()
		return nil, errClosed
	}
	old := c.table
	c.table = t
	if t.left() {
		c.start()
	}
	c.mu.Unlock()
	old.wipe()
	return accounts, nil
}

// prepare makes the table of a file, and the store agree with it.
func (c *Checker) prepare(path string, content []byte) (*table, []roster.Account, error) {
	list, err := parse(path, content)
	if err != nil {
		return nil, nil, err
	}
	all, seal, err := c.store.Accounts()
	if err != nil {
		return nil, nil, fmt.Errorf("the accounts cannot be read from the store: %w", err)
	}
	before := make(map[string]Kept, len(all))
	for _, k := range all {
		before[fold(k.Name)] = k
	}
	aliases := aliasesFor(list, before)
	t := &table{byName: make(map[string]*entry, len(list)), order: make([]*entry, 0, len(list)), bytes: content}
	open := make([]Kept, 0, len(list))
	accounts := make([]roster.Account, 0, len(list))
	secrets, changes := false, false
	for i, cred := range list {
		e := &entry{name: cred.name}
		k := Kept{Name: cred.name, Alias: aliases[i], Open: true}
		old := before[cred.folded]
		if len(cred.pass) > 0 {
			secrets = true
			e.bound, k.Bound = true, true
			e.pass = cred.pass
			if e.digest, e.hashed = c.usable(old.Hash); e.hashed {
				k.Hash = old.Hash
			}
		}
		changes = changes || k != old
		delete(before, cred.folded)
		t.byName[cred.folded] = e
		t.order = append(t.order, e)
		open = append(open, k)
		accounts = append(accounts, roster.Account{Name: k.Name, Alias: k.Alias, Bound: k.Bound})
	}
	for _, gone := range before {
		changes = changes || gone.Open || gone.Bound || gone.Hash != ""
	}
	if changes {
		if err := c.store.Sync(open); err != nil {
			return nil, nil, fmt.Errorf("the accounts cannot be stored: %w", err)
		}
	}
	t.file = fileDigest(list)
	if d, ok := c.usable(seal); ok {
		t.seal = &d
	}
	if !secrets {
		t.seal = nil
		t.finish()
		clear(content)
	}
	return t, accounts, nil
}

// usable reads a hash of the store. One of another cost than ours is as good
// as none: all hashes must take the same time, and the file can make it again.
func (c *Checker) usable(hash string) (digest, bool) {
	cost, d, err := parsePHC(hash)
	if err != nil || cost != c.cost {
		return digest{}, false
	}
	return d, true
}

// aliasesFor gives the aliases of a file's accounts, empty for names that are
// their own. An alias that was given before stays, unless somebody has come
// whose very name it is. Those of users who were taken out stay reserved.
func aliasesFor(list []credential, before map[string]Kept) []string {
	var aliases chat.Aliases
	for _, c := range list {
		if chat.IsAlias(c.name) {
			aliases.Reserve(c.name)
		}
	}
	for _, k := range before {
		if chat.IsAlias(k.Name) {
			aliases.Reserve(k.Name)
		}
	}
	kept := make(map[string]bool)
	for folded, k := range before {
		if !chat.IsAlias(k.Name) && chat.IsAlias(k.Alias) {
			kept[folded] = aliases.Reserve(k.Alias)
		}
	}
	given := make([]string, len(list))
	for i, c := range list {
		switch {
		case chat.IsAlias(c.name):
		case kept[c.folded]:
			given[i] = before[c.folded].Alias
		default:
			given[i] = aliases.Give(c.name)
		}
	}
	return given
}
