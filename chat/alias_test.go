package chat

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestAliases(t *testing.T) {
	for _, c := range []struct {
		what, names, want string
	}{
		{"the page's", "jürgen.k jurgen.k 你好", "jurgenk jurgenk2 user1"},
		{"a plain one", "alice alice", "alice alice2"},
		{"case makes no difference", "Álice aLICÉ", "Alice aLICE2"},
		{"several without letters", "你好 привет ... ١٢", "user1 user2 user3 user4"},
		{"user1 is taken", "user1 你好", "user1 user2"},
		{"two letters for one", "Æsop straße ẞ Þór œuf ĳs", "AEsop strasse SS THor oeuf ijs"},
		{"strokes and dots", "Łódź Đặng Øystein Ħal ıŞİK", "Lodz Dang Oystein Hal iSIK"},
		{"Vietnamese", "Nguyễn_Hữu-Phước", "NguyenHuuPhuoc"},
		{"marks of their own", "ju\u0308rgen", "jurgen"},
		{"wide letters", "ＡＢｃ１", "ABc1"},
		{"not everyone", "ALL áll A.L.L", "ALL2 all3 ALL4"},
		{"a number that another has", "bob2 bób bób. bób!", "bob2 bob bob3 bob4"},
		{"the longest", strings.Repeat("a", 64) + " " + strings.Repeat("a", 64) + "!", strings.Repeat("a", 64) + " " + strings.Repeat("a", 63) + "2"},
		{"longer than an alias may be", strings.Repeat("ß", 64), strings.Repeat("s", 64)},
	} {
		var a Aliases
		var got []string
		for _, name := range strings.Fields(c.names) {
			got = append(got, a.Give(name))
		}
		if want := strings.Fields(c.want); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", c.what, got, want)
		}
	}
}

// TestManyAliases: names of one stem do not each try all numbers before theirs.
func TestManyAliases(t *testing.T) {
	var a Aliases
	for i := range 200_000 {
		if got, want := a.Give("你好"), fmt.Sprintf("user%d", i+1); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
}

func TestIsAlias(t *testing.T) {
	for _, c := range []struct {
		name string
		want bool
	}{
		{"alice", true}, {"A1", true}, {"7", true}, {strings.Repeat("a", 64), true}, {"allan", true},
		{"", false}, {"a b", false}, {"jürgen", false}, {"ALL", false}, {"all", false}, {strings.Repeat("a", 65), false},
	} {
		if got := IsAlias(c.name); got != c.want {
			t.Errorf("IsAlias(%q) = %v", c.name, got)
		}
	}
}

func FuzzAliases(f *testing.F) {
	f.Add("jürgen.k", "jurgenk")
	f.Fuzz(func(t *testing.T, x, y string) {
		var a Aliases
		seen := map[string]bool{}
		for _, name := range []string{x, y, x} {
			alias := a.Give(name)
			if !IsAlias(alias) || seen[Fold(alias)] {
				t.Fatalf("%q and %q: %q", x, y, alias)
			}
			seen[Fold(alias)] = true
		}
	})
}

func TestIsAliasOf(t *testing.T) {
	long := strings.Repeat("x", MaxAlias)
	for _, c := range []struct {
		alias, stem string
		want        bool
	}{
		{"jurgen", "jurgen", true}, {"Jurgen", "jurgen", true}, {"jurgen2", "jurgen", true}, {"jurgen10", "jurgen", true},
		{"jurgen1", "jurgen", false}, {"jurgen02", "jurgen", false}, {"jurgens", "jurgen", false}, {"jur", "jurgen", false}, {"", "jurgen", false},
		{"bob22", "bob2", true}, {"user1", "", true}, {"user12", "", true}, {"user", "", false}, {"", "", false},
		{"ALL", "ALL", false}, {"ALL2", "ALL", true}, {long, long, true}, {long[:MaxAlias-1] + "2", long, true},
		{"jurgen99999999999999999999", "jurgen", false},
	} {
		if got := IsAliasOf(c.alias, c.stem); got != c.want {
			t.Errorf("%q of %q: %v", c.alias, c.stem, got)
		}
	}
	for _, name := range []string{"jürgen.k", "你好", "all", "x"} {
		var a Aliases
		for range 3 {
			if alias := a.Give(name); !IsAliasOf(alias, AliasStem(name)) {
				t.Errorf("%q is no alias of %q", alias, name)
			}
		}
	}
}
