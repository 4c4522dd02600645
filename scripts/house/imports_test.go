package house

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"strings"
	"testing"
)

// root is the folder of the module, seen from this one.
const root = "../.."

// A rule is one row of the table in docs/ARCHITECTURE.md: what a package (not
// its tests) may import, and how far it is kept from the outside world.
type rule struct {
	folder  string   // below the module; "codec/*" stands for each folder of codec without a row of its own
	ours    []string // packages of this module; a trailing /* as in folder
	outside []string // modules of others
	reach   reach
	why     string
}

// reach says which parts of the world a package may touch by itself.
type reach int

const (
	world   reach = iota // anything
	virtual              // time comes from the loop, so that a simulated network can run it: no clock
	pure                 // values in, values out: no clock, goroutine, lock, file or socket
)

var rules = []rule{
	{"chat", nil, []string{"golang.org/x/text", "github.com/ergochat/confusables"}, pure, "it is the vocabulary of all and depends on nobody, but for tables of Unicode"},
	{"chat/client", []string{"chat"}, nil, pure, "a messenger's state is bytes-free and time is an argument"},
	{"chat/book", []string{"chat", "chat/client"}, nil, pure, "what a screen shows is values, and time is an argument"},
	{"chat/history", []string{"chat", "chat/book", "chat/client"}, []string{"modernc.org/sqlite"}, world, "it keeps what a screen shows, on disk"},
	{"chat/plain", []string{"chat", "chat/client"}, nil, world, "a screen knows what is shown, not where it comes from"},
	{"chat/report", nil, []string{"github.com/HdrHistogram/hdrhistogram-go"}, pure, "figures are counted, not measured: time is an argument"},
	{"chat/script", []string{"chat"}, nil, pure, "a load test's script is words in, steps out, and time is an argument"},
	{"chat/voice", nil, nil, pure, "the sound of a call is samples in, samples out, and time is an argument"},
	{"chat/voice/resample", nil, nil, pure, "a filter knows samples only"},
	{"chat/voice/pulse", []string{"chat/voice", "chat/voice/resample"}, []string{"github.com/jfreymuth/pulse"}, world, "it is the sound card, with goroutines of its own"},
	{"chat/voice/wav", []string{"chat/voice", "chat/voice/resample"}, nil, virtual, "a file lasts as long as its sound by the time that it is given"},
	{"chat/term", []string{"chat", "chat/client", "chat/book"}, []string{"charm.land/bubbletea/v2", "github.com/charmbracelet/x/ansi"}, world, "a screen draws the book and knows no network"},
	{"codec", []string{"chat"}, nil, pure, "it is the contract between bytes and chat values"},
	{"codec/wire", []string{"chat"}, nil, pure, "scanners know bytes only"},
	{"codec/asked", []string{"chat"}, nil, pure, "a queue knows requests and outcomes, not their words"},
	{"codec/codectest", []string{"chat", "codec", "codec/wire"}, nil, world, "the suite knows the contract, not a dialect"},
	{"codec/all", []string{"codec", "codec/*"}, nil, pure, "it is the list of dialects and nothing else"},
	{"codec/*", []string{"chat", "codec", "codec/wire", "codec/asked"}, nil, pure, "a dialect is bytes in, values out, and knows no other dialect"},
	{"roster", []string{"chat"}, nil, pure, "its rules hold for every dialect, network and clock"},
	{"roster/account", []string{"chat", "roster"}, []string{"golang.org/x/crypto"}, world, "it checks passwords, on goroutines of its own"},
	{"roster/sqlite", []string{"chat", "roster", "roster/account"}, []string{"modernc.org/sqlite"}, world, "it is the store on disk"},
	{"loop", nil, []string{"github.com/panjf2000/gnet/v2", "golang.org/x/sys"}, world, "it moves bytes and knows nothing of chat"},
	{"loop/nettest", []string{"loop"}, nil, world, "it is the suite that every Net must pass"},
	{"loop/sim", []string{"loop"}, nil, virtual, "it stands in for the loop, with its own clock"},
	{"loop/session", []string{"loop", "codec", "chat"}, nil, virtual, "it drives any dialect on any loop"},
	{"loop/serve", []string{"loop", "loop/session", "codec", "chat", "roster"}, nil, virtual, "it carries out what the roster decides"},
	{"loop/metrics", nil, []string{"github.com/prometheus/client_golang"}, world, "it shows numbers and knows nothing of where they come from"},
	{"loop/crowd", []string{"loop", "loop/session", "codec", "chat", "chat/script", "chat/report"}, nil, virtual, "it carries out what scripts say"},
	{"loop/join", []string{"loop", "loop/session", "codec", "chat", "chat/client", "chat/voice"}, nil, virtual, "it carries out what the client decides"},
	{"loop/command", []string{"loop/metrics", "loop/crowd", "chat/script", "chat/report", "chat", "chat/client", "chat/plain", "chat/term", "chat/book", "chat/history", "chat/voice", "chat/voice/pulse", "chat/voice/wav", "codec", "codec/all", "loop", "loop/serve", "loop/join", "roster/account", "roster/sqlite"},
		[]string{"github.com/urfave/cli/v2", "golang.org/x/sys"}, world, "it turns flags into values and starts things"},
	{"", []string{"loop/command"}, nil, world, "main runs the commands and nothing else"},
	{"scripts/writev", nil, []string{"golang.org/x/sys"}, world, "it measures what the kernel takes and knows nothing of mim"},
	{"scripts/*", nil, nil, world, "scripts know mim only from outside; their tests may look inside"},
}

// worldly are the standard packages by which a pure package would reach out.
var worldly = []string{"os", "net", "syscall", "sync", "log", "context", "runtime", "plugin", "unsafe"}

// A listed is what go list says of one package.
type listed struct {
	ImportPath string
	Dir        string
	Name       string
	GoFiles    []string
	Imports    []string
	Module     struct{ Path string }
	Standard   bool
}

// packages lists those of this module.
func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr(err))
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatal("go list found no package")
	}
	return all
}

func stderr(err error) []byte {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.Stderr
	}
	return nil
}

// folder is where p stands below its module: "" for main.
func (p listed) folder() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, p.Module.Path), "/")
}

// ruleFor finds the row of a folder; the one that names it comes before codec/*.
func ruleFor(folder string) (rule, bool) {
	for _, r := range rules {
		if r.folder == folder {
			return r, true
		}
	}
	for _, r := range rules {
		if matches(r.folder, folder) {
			return r, true
		}
	}
	return rule{}, false
}

func matches(pattern, folder string) bool {
	ok, _ := path.Match(pattern, folder)
	return ok
}

// TestImports checks the table "who may import whom".
func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.GoFiles) == 0 {
			continue // tests only
		}
		r, ok := ruleFor(p.folder())
		if !ok {
			t.Errorf("%s has no row in the table of imports: say in scripts/house and docs/ARCHITECTURE.md what it may know", p.folder())
			continue
		}
		for _, imported := range p.Imports {
			if problem := r.forbids(p.Module.Path, imported); problem != "" {
				t.Errorf("%s imports %s, %s: %s", orMain(p.folder()), imported, problem, r.why)
			}
		}
	}
}

func orMain(folder string) string {
	if folder == "" {
		return "main"
	}
	return folder
}

// forbids says what is wrong with importing path; "" is nothing.
func (r rule) forbids(module, imported string) string {
	first, _, _ := strings.Cut(imported, "/")
	switch {
	case imported == module || strings.HasPrefix(imported, module+"/"):
		below := strings.TrimPrefix(imported, module+"/")
		for _, allowed := range r.ours {
			if matches(allowed, below) {
				return ""
			}
		}
		return "of ours it may import only [" + strings.Join(r.ours, " ") + "]"
	case strings.Contains(first, "."):
		for _, allowed := range r.outside {
			if imported == allowed || strings.HasPrefix(imported, allowed+"/") {
				return ""
			}
		}
		return "of others it may import only [" + strings.Join(r.outside, " ") + "]"
	case r.reach == pure && imported != "net/netip":
		for _, w := range worldly {
			if first == w {
				return "a pure package touches no file, socket, lock or scheduler"
			}
		}
	}
	return ""
}

// TestForbids keeps the test above honest: it can say no.
func TestForbids(t *testing.T) {
	for _, c := range []struct {
		folder, imported string
		allowed          bool
	}{
		{"chat", "mim/codec", false},
		{"chat", "net", false},
		{"chat", "net/netip", true},
		{"chat", "time", true},
		{"chat/voice", "net", false},
		{"chat/voice", "mim/chat", false},
		{"chat/voice/wav", "mim/chat/voice", true},
		{"codec/mim0", "mim/codec/wire", true},
		{"codec/mim0", "mim/codec/irc", false},
		{"codec/mim0", "mim/roster", false},
		{"codec/all", "mim/codec/mim0", true},
		{"codec/dtu", "mim/codec/asked", true},
		{"codec/asked", "mim/codec", false},
		{"codec/wire", "mim/codec", false},
		{"roster", "sync", false},
		{"roster", "mim/codec", false},
		{"loop", "mim/chat", false},
		{"loop", "github.com/panjf2000/gnet/v2/pkg/logging", true},
		{"loop/serve", "github.com/panjf2000/gnet/v2", false},
		{"loop/serve", "mim/codec/mim0", false},
		{"loop/join", "mim/roster", false},
		{"loop/command", "mim/loop/serve", true},
		{"loop/command", "mim/roster", false},
		{"", "mim/loop/command", true},
		{"", "mim/loop", false},
	} {
		r, ok := ruleFor(c.folder)
		if !ok {
			t.Fatalf("no rule for %q", c.folder)
		}
		if problem := r.forbids("mim", c.imported); (problem == "") != c.allowed {
			t.Errorf("%s imports %s: allowed %v, want %v", orMain(c.folder), c.imported, problem == "", c.allowed)
		}
	}
}
