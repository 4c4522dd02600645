package scenarios

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"mim/codec/all"
)

// mimPath is the program under test, built once from this module.
var mimPath string

// sideBySide is how many scenarios run at a time, unless -parallel says more or
// less: most of what they do is wait.
const sideBySide = "8"

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	if err := flag.Set("test.parallel", sideBySide); err != nil { // the command line is read later
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	dir, err := os.MkdirTemp("", "mim-scenarios-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	mimPath = filepath.Join(dir, "mim")
	build := exec.Command("go", "build", "-o", mimPath, ".")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

func TestScenarios(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition: func(cond string) (bool, error) {
			if cond != "ipv6" {
				return false, fmt.Errorf("no condition is called %s", cond)
			}
			l, err := net.Listen("tcp", "[::1]:0")
			if err != nil {
				return false, nil
			}
			return true, l.Close()
		},
		Setup: func(env *testscript.Env) error {
			w := &world{programs: map[string]*program{}, raws: map[string]*raw{}, listeners: map[string]*net.TCPListener{}, udps: map[string]*udp{}}
			env.Values[worldKey{}] = w
			env.Setenv("PATH", filepath.Dir(mimPath)+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Defer(w.end)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": cmdServe, "join": cmdJoin, "run": cmdRun,
			"type": cmdType, "eof": cmdEOF, "quit": cmdQuit, "signal": cmdSignal, "exit": cmdExit, "running": cmdRunning,
			"see": cmdSee, "then": cmdThen, "seen": cmdSeen, "count": cmdCount, "texts": cmdTexts, "output": cmdOutput, "log": cmdLog,
			"raw": cmdRaw, "refused": cmdRefused, "logins": cmdLogins,
			"user": cmdUser, "cuts": cmdCuts,
			"enter": cmdEnter, "guess": cmdGuess, "stored": cmdStored,
			"connect": cmdConnect, "udp": cmdUDP, "metric": cmdMetric,
		},
	})
}

// A world is what one scenario has started.
type world struct {
	programs  map[string]*program
	raws      map[string]*raw
	listeners map[string]*net.TCPListener
	udps      map[string]*udp
	cuts      int // users that the command cuts has made up
}

type worldKey struct{}

func of(ts *testscript.TestScript) *world { return ts.Value(worldKey{}).(*world) }

// end stops everything that still runs.
func (w *world) end() {
	for _, r := range w.raws {
		r.conn.Close()
	}
	for _, l := range w.listeners {
		l.Close()
	}
	for _, u := range w.udps {
		u.conn.Close()
	}
	for _, p := range w.programs {
		p.stop()
	}
}

// program finds a program by its key.
func (w *world) program(ts *testscript.TestScript, key string) *program {
	p := w.programs[key]
	if p == nil {
		ts.Fatalf("nothing runs as %s", key)
	}
	return p
}

// launch starts mim as key; one of that key that has ended is replaced.
func (w *world) launch(ts *testscript.TestScript, key string, args ...string) *program {
	return w.launchWith(ts, key, nil, args...)
}

// launchWith is launch with more variables in the environment.
func (w *world) launchWith(ts *testscript.TestScript, key string, variables []string, args ...string) *program {
	if old := w.programs[key]; old != nil && old.running() {
		ts.Fatalf("%s runs already", key)
	}
	env := append(os.Environ(), "HOME="+ts.Getenv("WORK"), "XDG_STATE_HOME=")
	env = append(append(env, beside()...), variables...)
	p, err := start(ts.Getenv("WORK"), env, args...)
	ts.Check(err)
	w.programs[key] = p
	return p
}

// beside are the variables by which a server does not meet others of this
// machine: every door is closed but the first, whose port scenarios choose, no
// ports are lent, and nothing is kept on disk.
func beside() []string {
	env := []string{"MIM_DATA=:memory:", "MIM_LEND=off"}
	for _, d := range all.Dialects()[1:] {
		env = append(env, "MIM_"+strings.ToUpper(d.Name())+"=off")
	}
	return env
}

// want checks how many arguments a command got.
func want(ts *testscript.TestScript, args []string, least int, use string) {
	if len(args) < least {
		ts.Fatalf("use: %s", use)
	}
}

// portOf is the port of "host:port".
func portOf(ts *testscript.TestScript, address string) string {
	_, port, err := net.SplitHostPort(address)
	ts.Check(err)
	return port
}
