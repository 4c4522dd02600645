package roster

import (
	"strconv"

	"mim/chat"
)

// There is one namespace for the users of all dialects: a name, folded, is one
// user's, and so is an alias (spec README, rule 3). Names that others claim
// side by side, as mim0 lets them, get a number here: bob, bob~2, bob~3.

// numbers are the ones to try first for names that many want.
type numbers map[string]number

type number struct {
	next int
	used int // by so many who are here; at 0 it is forgotten
}

// fold makes names equal that people would take for the same.
func fold(name string) string { return chat.Fold(name) }

// maxFold is the longest name, in bytes, that is folded without memory of its own.
const maxFold = 64

// foldTo folds a name into buf if it is short and ASCII.
func foldTo(buf *[maxFold]byte, name []byte) (folded []byte, ok bool) {
	if len(name) > maxFold {
		return nil, false
	}
	for i, b := range name {
		switch {
		case b >= 0x80:
			return nil, false
		case 'A' <= b && b <= 'Z':
			b += 'a' - 'A'
		}
		buf[i] = b
	}
	return buf[:len(name)], true
}

// memberCalled finds the member of a name or an alias, or nil.
func (r *Roster) memberCalled(name []byte) *member {
	m, _ := r.find(name)
	return m
}

// accountCalled finds the account of a name or an alias, or nil.
func (r *Roster) accountCalled(name []byte) *account {
	_, a := r.find(name)
	return a
}

// find finds the member and the account of a name or an alias. For a short name
// in ASCII it allocates nothing.
func (r *Roster) find(name []byte) (*member, *account) {
	var buf [maxFold]byte
	folded, ok := foldTo(&buf, name)
	if !ok {
		folded = []byte(fold(string(name)))
	}
	a := r.accounts[string(folded)]
	if a == nil || a.closed {
		a = r.aliases[string(folded)]
	}
	m := r.named[string(folded)]
	if m == nil {
		m = r.aliased[string(folded)]
	}
	if m == nil && a != nil {
		m = r.named[a.folded]
	}
	return m, a
}

// canonical is the folded name that a folded name or alias stands for.
func (r *Roster) canonical(folded string) string {
	switch {
	case r.named[folded] != nil:
	case r.aliased[folded] != nil:
		return r.aliased[folded].folded
	case r.aliases[folded] != nil:
		return r.aliases[folded].folded
	}
	return folded
}

// isFree reports whether nobody has a folded name, as a name or as an alias,
// nor may have it by an account.
func (r *Roster) isFree(folded string) bool {
	return r.named[folded] == nil && r.aliased[folded] == nil && r.account(folded) == nil
}

// enlist gives m, whose Person has its name, its place in the namespace, and an
// alias if the name is none.
func (r *Roster) enlist(m *member) {
	r.named[m.folded] = m
	who := m.came.Who
	if who.Alias != "" || chat.IsAlias(who.Name) {
		return
	}
	if m.odd == nil {
		m.odd = &odd{}
	}
	stem := chat.AliasStem(who.Name)
	m.odd.stem = fold(stem)
	who.Alias = r.aliasNumbers.give(m.odd.stem, func(n int) string {
		if alias := chat.AliasOf(stem, n); alias != "" && r.isFree(fold(alias)) {
			return alias
		}
		return ""
	})
	m.odd.alias = fold(who.Alias)
	r.aliased[m.odd.alias] = m
}

// keepAlias has a member found by the alias that others see, if it has it by an
// account and the account has it no more.
func (r *Roster) keepAlias(m *member) {
	folded := fold(m.came.Who.Alias)
	if folded == "" || r.aliased[folded] != nil || r.account(folded) != nil {
		return
	}
	m.odd = &odd{alias: folded, stem: folded}
	r.aliased[folded] = m
	r.aliasNumbers.give(folded, func(int) string { return folded })
}

// delist takes m out of the namespace.
func (r *Roster) delist(m *member) {
	delete(r.named, m.folded)
	if m.odd == nil {
		return
	}
	if m.odd.alias != "" {
		delete(r.aliased, m.odd.alias)
		r.aliasNumbers.release(m.odd.stem)
	}
	if m.odd.twin != "" {
		r.twinNumbers.release(m.odd.twin)
	}
}

// twinOf is a name for one who claims a name that another may have: the name
// itself or, behind it, the number of the twin. twin is what to release.
func (r *Roster) twinOf(name string) (free, twin string) {
	folded := fold(name)
	if r.isFree(folded) {
		return name, ""
	}
	return r.twinNumbers.give(folded, func(n int) string {
		if n == 1 {
			return ""
		}
		if t := twinName(name, n); r.isFree(fold(t)) {
			return t
		}
		return ""
	}), folded
}

// twinName is the name of the nth, from 2, who claims one.
func twinName(name string, n int) string { return name + "~" + strconv.Itoa(n) }

// give asks for the first number from the one to try on, 1 at the least, for
// which try gives something, and gives that.
func (x numbers) give(key string, try func(n int) string) string {
	at := x[key]
	for n := max(at.next, 1); ; n++ {
		if s := try(n); s != "" {
			x[key] = number{n + 1, at.used + 1}
			return s
		}
	}
}

// release says that one of those who were given a number is gone.
func (x numbers) release(key string) {
	at := x[key]
	if at.used--; at.used <= 0 {
		delete(x, key)
		return
	}
	x[key] = at
}
