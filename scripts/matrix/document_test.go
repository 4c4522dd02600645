package matrix

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// document is the page that explains all this to people.
var document = filepath.Join("..", "..", "docs", "dialects", "README.md")

// tables are those of the page, by the comments around them: wires, as rows.
var tables = []struct {
	name string
	head []string
	row  func(w *wire) []string
}{
	{
		"what arrives",
		[]string{"who writes by", "several lines are", "nothing but blanks", "blanks at the ends", "longest text, bytes", "who hears by it gets line breaks as", "a text of blanks", "in pieces of, bytes"},
		func(w *wire) []string {
			return []string{
				w.name, either(w.byLines, "several texts", "one text"), either(w.blanks, "can be said", "cannot be said"),
				either(w.trims, "are lost", "stay"), fmt.Sprint(w.most),
				either(w.oneLine, "blanks", "they are"), either(w.noBlanks, "not", "as it is"), fmt.Sprint(w.piece),
			}
		},
	},
	{
		"told",
		[]string{"who writes by", "arrived", "nobody has the name", "has left", "stored", "is blocked"},
		func(w *wire) []string {
			return []string{w.name, words(w.sent), words(w.unknown), words(w.left), words(w.stored), words(w.blocked)}
		},
	},
	{
		"who hears",
		[]string{"dialect", "says something to everyone by", "hears what is said to everyone as", "hears who comes and goes", "says something in a room by", "hears a room as"},
		func(w *wire) []string {
			return []string{w.name, string(w.saysAll), string(w.hearsAll), string(w.hearsWho), string(w.saysRoom), string(w.hearsRoom)}
		},
	},
}

func either(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// words are what a program is told: as code if they are a server's.
func words(s string) string {
	switch s {
	case "":
		return "–"
	case notListed, lineClosed:
		return s
	}
	return "`" + s + "`"
}

// TestDocument: the tables of the page are those of the code. With MIM_UPDATE=1
// the page gets them.
func TestDocument(t *testing.T) {
	page, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	for _, table := range tables {
		begin, end := "<!-- "+table.name+": begin -->\n", "<!-- "+table.name+": end -->"
		before, rest, found := strings.Cut(text, begin)
		there, after, ends := strings.Cut(rest, end)
		if !found || !ends {
			t.Fatalf("%s has no table %q", document, table.name)
		}
		var want strings.Builder
		fmt.Fprintf(&want, "\n| %s |\n|%s\n", strings.Join(table.head, " | "), strings.Repeat("---|", len(table.head)))
		for i := range wires {
			fmt.Fprintf(&want, "| %s |\n", strings.Join(table.row(&wires[i]), " | "))
		}
		want.WriteString("\n")
		if there != want.String() && os.Getenv("MIM_UPDATE") == "" {
			t.Errorf("the table %q of %s is not that of wires; MIM_UPDATE=1 go test ./scripts/matrix -run TestDocument writes it:\n%s", table.name, document, want.String())
		}
		text = before + begin + want.String() + end + after
	}
	if os.Getenv("MIM_UPDATE") != "" {
		if err := os.WriteFile(document, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
