package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// clockCalls are what reads or waits for the machine's clock.
var clockCalls = []string{"Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Sleep"}

// parse reads the Go files of p that are no tests.
func parse(t *testing.T, fset *token.FileSet, p listed) []*ast.File {
	t.Helper()
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// TestPure: packages that are given their time do not read a clock, and pure
// ones start no goroutine.
func TestPure(t *testing.T) {
	for _, p := range packages(t) {
		r, _ := ruleFor(p.folder())
		if r.reach == world {
			continue
		}
		fset := token.NewFileSet()
		for _, f := range parse(t, fset, p) {
			for _, b := range breaches(fset, f, r.reach) {
				t.Errorf("%s: %s", b, r.why)
			}
		}
	}
}

// breaches lists what f does beyond its reach.
func breaches(fset *token.FileSet, f *ast.File, may reach) (found []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			if may == pure {
				found = append(found, fset.Position(n.Pos()).String()+" starts a goroutine")
			}
		case *ast.SelectorExpr:
			if of, ok := n.X.(*ast.Ident); ok && of.Name == "time" && slices.Contains(clockCalls, n.Sel.Name) {
				found = append(found, fset.Position(n.Pos()).String()+" uses time."+n.Sel.Name)
			}
		}
		return true
	})
	return found
}

// TestBreaches keeps the test above honest.
func TestBreaches(t *testing.T) {
	const source = "package p\nimport \"time\"\nfunc f() { go f(); _ = time.Now(); _ = time.Second }\n"
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := breaches(fset, f, pure); len(got) != 2 {
		t.Errorf("pure: found %q, want a goroutine and a clock", got)
	}
	if got := breaches(fset, f, virtual); len(got) != 1 {
		t.Errorf("virtual: found %q, want a clock", got)
	}
}

// TestNoInit: packages do nothing when they are loaded; what is listed is
// listed in codec/all, where one can read it.
func TestNoInit(t *testing.T) {
	for _, p := range packages(t) {
		fset := token.NewFileSet()
		for _, f := range parse(t, fset, p) {
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					t.Errorf("%s is an init function: nothing registers itself, see codec/all", fset.Position(fn.Pos()))
				}
			}
		}
	}
}

// TestDialectNames: nothing but a dialect's own folder and the list in
// codec/all knows what it is called (comments may: they give sources).
func TestDialectNames(t *testing.T) {
	all := packages(t)
	var names []string
	for _, p := range all {
		if r, _ := ruleFor(p.folder()); r.folder == "codec/*" {
			names = append(names, filepath.Base(p.folder()))
		}
	}
	if len(names) == 0 {
		t.Fatal("no dialect found below codec")
	}
	folders := slices.Clone(names)
	// A name that is an English word, too, counts only where it stands alone or
	// in a flag.
	for i, name := range names {
		if name == "messenger" {
			names = slices.Concat(names[:i:i], names[i+1:], []string{`"messenger"`, `--messenger`, `messenger-`})
			break
		}
	}
	word := regexp.MustCompile(`(^|\W)(` + strings.Join(names, "|") + `)(\W|$)`)
	for _, p := range all {
		if in := p.folder(); in == "codec/all" || strings.HasPrefix(in, "codec/") && slices.Contains(folders, filepath.Base(in)) || strings.HasPrefix(in, "scripts") {
			continue
		}
		fset := token.NewFileSet()
		for _, f := range parse(t, fset, p) {
			ast.Inspect(f, func(n ast.Node) bool {
				if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING && word.MatchString(l.Value) {
					t.Errorf("%s says %s: only the dialect's folder and codec/all know its name", fset.Position(l.Pos()), l.Value)
				}
				return true
			})
		}
	}
}

// TestPackageNames: a name says what a package is about.
func TestPackageNames(t *testing.T) {
	empty := []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "base", "lib", "pkg"}
	for _, p := range packages(t) {
		for _, part := range strings.Split(p.folder()+"/"+p.Name, "/") {
			if slices.Contains(empty, part) {
				t.Errorf("%s: %q says nothing about what is in it", p.ImportPath, part)
			}
		}
	}
}
