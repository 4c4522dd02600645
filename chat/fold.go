package chat

import (
	"strings"

	"github.com/ergochat/confusables"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// Fold makes names equal that people would take for the same: those that differ
// in case or width, or in letters of other scripts that look alike (alice with
// a Cyrillic a). Who keeps names by it keeps them in one place for all of mim.
//
// The maps are those of the profile UsernameCaseMapped (RFC 8265, 3.3.1: width,
// case, NFC), without its refusals, since old names hold blanks and symbols;
// then the skeleton of Unicode's list of confusables (UTS #39, section 4). Of a
// name in ASCII only the case counts: bob1 and bobl are two people.
func Fold(name string) string {
	if isASCII(name) {
		return strings.ToLower(name)
	}
	// Letters that stand for others may have a lower case only then.
	for range 4 {
		next := foldOnce(name)
		if next == name {
			break
		}
		name = next
	}
	return name
}

func foldOnce(name string) string {
	name = width.Fold.String(strings.Map(dropEmpty, name))
	name = norm.NFC.String(cases.Lower(language.Und).String(name))
	return norm.NFC.String(confusables.SkeletonTweaked(name))
}

// dropEmpty takes out what shows as nothing (see empty), but no space.
func dropEmpty(r rune) rune {
	if empty(r) {
		return -1
	}
	return r
}

// empty reports whether r, in a name, shows as nothing: also the empty pattern of
// Braille.
func empty(r rune) bool { return blank(r) || r == 0x2800 }

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
