package screens

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// shot is a screen in README.md: a comment that names script and screen, and the
// screen itself.
var shot = regexp.MustCompile("(?s)(<!-- screen (\\S+) (\\S+) -->\n```text\n).*?(```\n)")

// The screens of README.md are those that the scripts have seen.
func TestReadme(t *testing.T) {
	path := filepath.Join("..", "..", "README.md")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	after := shot.ReplaceAllStringFunc(string(before), func(s string) string {
		n++
		part := shot.FindStringSubmatch(s)
		screen, err := recorded(part[2], part[3])
		if err != nil {
			t.Fatal(err)
		}
		return part[1] + screen + part[4]
	})
	switch {
	case n == 0:
		t.Error("README.md shows no screen")
	case after == string(before):
	case *update:
		if err := os.WriteFile(path, []byte(after), 0o644); err != nil {
			t.Error(err)
		}
	default:
		t.Error("the screens in README.md are not those of testdata; go test ./scripts/screens -update writes them anew")
	}
}

// recorded is a screen of a script, with a time in the place of the mask.
func recorded(script, name string) (string, error) {
	archive, err := txtar.ParseFile(filepath.Join("testdata", script+".txtar"))
	if err != nil {
		return "", err
	}
	for _, f := range archive.Files {
		if f.Name == name {
			return strings.NewReplacer("hh:mm", "12:04", "yyyy-mm-dd", "2026-11-20", ":ppppp", ":43147").Replace(string(f.Data)), nil
		}
	}
	return "", fmt.Errorf("%s has no screen %s", script, name)
}
