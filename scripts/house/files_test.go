package house

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// maxLines is where a file becomes a room that wants a wall.
const maxLines = 800

// eachFile calls f with every text file of the project, by its path from the
// root; what git keeps for itself and what is built is left out.
func eachFile(t *testing.T, f func(path string, content []byte)) {
	t.Helper()
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == ".git" {
			return filepath.SkipDir
		}
		if !d.Type().IsRegular() {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil || bytes.IndexByte(content[:min(len(content), 8000)], 0) >= 0 {
			return err // binary: a built mim, a profile
		}
		seen++
		f(strings.TrimPrefix(filepath.ToSlash(path), root+"/"), content)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 10 {
		t.Fatalf("found only %d files", seen)
	}
}

func TestFileLength(t *testing.T) {
	eachFile(t, func(path string, content []byte) {
		if n := bytes.Count(content, []byte("\n")); strings.HasSuffix(path, ".go") && n >= maxLines {
			t.Errorf("%s has %d lines, the most is %d: cut it where the subject changes", path, n, maxLines-1)
		}
	})
}

// TestPlaces: the project speaks of its own files and of nobody's machine.
func TestPlaces(t *testing.T) {
	// Cut in two, so that this file does not break its own rule.
	places := []string{"/wo" + "rk/", "/t" + "mp/", "shared/" + "design", "shared/" + "spec", "shared/" + "seeds", "SPIKE" + ".md", "GNET" + ".md"}
	eachFile(t, func(path string, content []byte) {
		for _, place := range places {
			if i := bytes.Index(content, []byte(place)); i >= 0 {
				t.Errorf("%s:%d mentions %s, which is no part of the project", path, 1+bytes.Count(content[:i], []byte("\n")), place)
			}
		}
	})
}

// TestNothingLeftToDo: what is not done is an issue, not a note in the code.
func TestNothingLeftToDo(t *testing.T) {
	marks := []string{"TO" + "DO", "FIX" + "ME", "XX" + "X"}
	eachFile(t, func(path string, content []byte) {
		if !strings.HasSuffix(path, ".go") {
			return
		}
		for _, mark := range marks {
			if i := bytes.Index(content, []byte("// "+mark)); i >= 0 {
				t.Errorf("%s:%d says %s: do it, or open an issue", path, 1+bytes.Count(content[:i], []byte("\n")), mark)
			}
		}
	})
}

// TestDependencies: each module that go.mod asks for directly has a line in
// docs/DEPENDENCIES.md with its version and a reason.
func TestDependencies(t *testing.T) {
	cmd := exec.Command("go", "mod", "edit", "-json")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go mod edit -json: %v\n%s", err, stderr(err))
	}
	var mod struct {
		Require []struct {
			Path, Version string
			Indirect      bool
		}
		Tool []struct{ Path string }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	reasons, err := os.ReadFile(filepath.Join(root, "docs", "DEPENDENCIES.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Require {
		direct := !r.Indirect
		for _, tool := range mod.Tool {
			direct = direct || strings.HasPrefix(tool.Path, r.Path+"/")
		}
		if direct && !explained(string(reasons), r.Path, r.Version) {
			t.Errorf("go.mod requires %s %s: docs/DEPENDENCIES.md has no line with that version and why we need it", r.Path, r.Version)
		}
	}
}

// explained reports whether a line of the table names module and version.
func explained(reasons, path, version string) bool {
	for line := range strings.Lines(reasons) {
		if strings.Contains(line, "`"+path+"`") && strings.Contains(line, version+" ") {
			return true
		}
	}
	return false
}
