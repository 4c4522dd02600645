package chat

import (
	"strconv"
	"strings"
	"unicode"
)

// MaxAlias is the longest alias. Bytes.
const MaxAlias = 64

// Aliases gives names of ASCII letters and digits to users whose own names
// have more than that, for dialects that cannot write those (spec README,
// rule 3: jürgen.k is jurgenk, the second one jurgenk2, a name of nothing
// usable user1). No two are the same without regard to case. The zero value
// has given none; it is for one goroutine.
//
// Letters are made ASCII by a table of Latin ones, with their marks, and the
// wide ones of East Asian fonts. Names in other scripts become userN; how they
// sound in Latin letters is for later.
type Aliases struct {
	taken map[string]bool // folded
	next  map[string]int  // the number to try first, by folded stem
}

// IsAlias reports whether a name is its own alias: 1 to MaxAlias ASCII letters
// and digits, and not ALL in any case, which some dialects take for everyone.
func IsAlias(name string) bool {
	if name == "" || len(name) > MaxAlias || strings.EqualFold(name, "ALL") {
		return false
	}
	for i := range len(name) {
		if !usable(name[i]) {
			return false
		}
	}
	return true
}

func usable(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

// Reserve takes an alias out of what may be given, and reports whether it was
// free.
func (a *Aliases) Reserve(alias string) bool {
	folded := Fold(alias)
	if a.taken[folded] {
		return false
	}
	if a.taken == nil {
		a.taken, a.next = make(map[string]bool), make(map[string]int)
	}
	a.taken[folded] = true
	return true
}

// Give makes an alias for a name and reserves it.
func (a *Aliases) Give(name string) string {
	stem := AliasStem(name)
	// Names of one stem may be many: each begins where the last one ended.
	for n := max(1, a.next[Fold(stem)]); ; n++ {
		if alias := AliasOf(stem, n); alias != "" && a.Reserve(alias) {
			a.next[Fold(stem)] = n + 1
			return alias
		}
	}
}

// AliasOf is the nth alias, from 1, that a name of this stem may have; "" if
// that one is none.
func AliasOf(stem string, n int) string {
	number := strconv.Itoa(n)
	switch {
	case stem == "":
		return "user" + number
	case n == 1 && IsAlias(stem):
		return stem
	case n == 1:
		return ""
	}
	return stem[:min(len(stem), MaxAlias-len(number))] + number
}

// IsAliasOf reports whether alias is one that AliasOf gives for a stem, without
// regard to case.
func IsAliasOf(alias, stem string) bool {
	if strings.EqualFold(alias, AliasOf(stem, 1)) {
		return alias != ""
	}
	digits := len(alias) - len(strings.TrimRight(alias, "0123456789"))
	for d := 1; d <= min(digits, len("2147483647")-1); d++ { // a stem may end in digits, too
		n, _ := strconv.Atoi(alias[len(alias)-d:])
		if n > 1 && alias[len(alias)-d] != '0' && strings.EqualFold(alias, AliasOf(stem, n)) {
			return true
		}
	}
	return false
}

// AliasStem is what a name has of ASCII letters and digits, marks taken off,
// cut to MaxAlias bytes; it may be empty.
func AliasStem(name string) string {
	var b strings.Builder
	for _, r := range name {
		if r >= 0xff01 && r <= 0xff5e {
			r -= 0xff01 - '!' // wide forms
		}
		low := unicode.ToLower(r)
		s := latin(low)
		if low < 0x80 { // also those that only have a large form beyond ASCII
			if !usable(byte(low)) {
				continue
			}
			s = string(low)
		}
		if low != r {
			s = strings.ToUpper(s)
		}
		b.WriteString(s)
	}
	return b.String()[:min(b.Len(), MaxAlias)]
}
