package command

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// TestBadUse: what cannot be carried out ends with its code, one sentence that
// says what failed and why, and one command to try.
func TestBadUse(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		what string // of the first line on standard error
		try  string // of the second; "" for none
	}{
		{"srve", exitBadUse, "cannot run srve: unknown command", "mim serve"},
		{"xyzzy", exitBadUse, "cannot run xyzzy: unknown command", "mim --help"},
		{"--prot", exitBadUse, "cannot use --prot: unknown flag", "mim --help"},
		{"serve --mim1 4242", exitBadUse, "cannot use --mim1: unknown flag", "mim serve --mim0"},
		{"serve --hots 127.0.0.1", exitBadUse, "cannot use --hots: unknown flag", "mim serve --host"},
		{"serve --mim0", exitBadUse, "cannot use --mim0: it wants a value", "mim serve --help"},
		{"serve --mim0 -1", exitBadUse, "cannot use --mim0 -1: it is a port from 0 to 65535, or off", "mim serve --mim0 4242"},
		{"serve --mim0 65536", exitBadUse, "cannot use --mim0 65536: it is a port from 0 to 65535, or off", "mim serve --mim0 4242"},
		{"serve --only mim0 --mim0 off", exitBadUse, "cannot serve: every door is off", "mim serve"},
		{"serve --only mimo", exitBadUse, "cannot speak mimo: the dialects are", "mim serve --only mim0"},
		{"serve --only irc", exitBadUse, "cannot speak irc: the dialects are", "mim serve --only mim0"},
		{"serve --max-conns -1", exitBadUse, "cannot use --max-conns -1", "mim serve"},
		{"serve --max-conns many", exitBadUse, "cannot use --max-conns:", "mim serve --help"},
		{"serve --max-conns x", exitBadUse, `cannot use --max-conns: "x" is no whole number`, "mim serve --help"},
		{"serve --public=perhaps", exitBadUse, `cannot use --public: "perhaps" is neither true nor false`, "mim serve --help"},
		{"serve --log-level loud", exitBadUse, "cannot use --log-level loud: it is debug", "mim serve --log-level debug"},
		{"serve --log-format xml", exitBadUse, "cannot use --log-format xml: it is text or json", "mim serve --log-format json"},
		{"serve now", exitBadUse, `cannot use "now": mim serve takes flags only`, "mim serve --help"},
		{"serve now --only mim0 --mim0 off", exitBadUse, `cannot use "now": mim serve takes flags only`, "mim serve --help"},
		{"join", exitBadUse, "cannot join: who, and where?", "mim join alice@localhost"},
		{"join alice bob", exitBadUse, `cannot join: one NAME@HOST[:PORT] is enough, "bob" is one more`, "mim join alice"},
		{"join alice --jsn", exitBadUse, "cannot use --jsn: unknown flag", "mim join --json"},
		{"join alice --json=maybe", exitBadUse, "cannot use --json:", "mim join --help"},
		{"join alice --dialect mimo", exitBadUse, "cannot speak mimo: the dialects are", "mim join --dialect mim0"},
		{"join alice --listen nowhere", exitBadUse, "cannot use --listen nowhere: it is no ADDRESS", "mim join --listen :0"},
		{"join alice@::1", exitBadUse, `cannot join at "::1": an IPv6 address goes in brackets: [::1]`, "mim join 'alice@[::1]'"},
		{"join alice@[::1", exitBadUse, `cannot join at "[::1": `, "mim join 'alice@[::1]'"},
		{"join alice@localhost:", exitBadUse, `cannot join at "localhost:": "" is no port from 1 to 65535`, "mim join alice@localhost"},
		{"join alice@192.0.2.7:70000", exitBadUse, `cannot join at "192.0.2.7:70000": "70000" is no port from 1 to 65535`, "mim join alice@192.0.2.7"},
		{"join o'brien@localhost:", exitBadUse, `cannot join at "localhost:": `, `mim join 'o'\''brien@localhost'`},
		{"join @[::1]", exitRefused, `cannot join as "": the name is empty`, "mim join 'alice@[::1]'"},
		{"join @$(reboot):x", exitRefused, `cannot join as "": the name is empty`, "mim join alice@localhost"},
		{"join alice@[::1] bob", exitBadUse, `cannot join: one NAME@HOST[:PORT] is enough, "bob" is one more`, "mim join 'alice@[::1]'"},
		{"join alice@[::1]:1 --listen 127.0.0.1", exitBadUse, "cannot use --listen 127.0.0.1: the server [::1]:1 is reached by IPv6", "mim join --listen '[::]:0' 'alice@[::1]:1'"},
		{"join @localhost", exitRefused, `cannot join as "": the name is empty`, "mim join alice@localhost"},
		{"join --dialect messenger", exitBadUse, "cannot join: who, and where?", "mim join --dialect messenger alice@localhost"},
		{"join --dialect messenger @127.0.0.1:4000", exitRefused, `cannot join as "": the name is empty`, "mim join --dialect messenger alice@127.0.0.1:4000"},
		{"join --dialect messenger x@127.0.0.1:0", exitBadUse, `cannot join at "127.0.0.1:0": "0" is no port`, "mim join --dialect messenger x@127.0.0.1"},
		{"join --dialect comp9331 alice@[::1] bob", exitBadUse, `cannot join: one NAME@HOST[:PORT] is enough`, "mim join --dialect comp9331 'alice@[::1]'"},
		{"join --dialect mim0 x@127.0.0.1:0", exitBadUse, `cannot join at "127.0.0.1:0": "0" is no port`, "mim join x@127.0.0.1"},
		{"completion tcsh", exitBadUse, "cannot complete for tcsh", "mim completion bash"},
		{"man 2", exitBadUse, `cannot use "2": mim man takes flags only`, "mim man --help"},
	} {
		t.Run(c.args, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(append([]string{"mim"}, strings.Fields(c.args)...), streams{in: strings.NewReader(""), out: &out, err: &errs})
			first, rest, _ := strings.Cut(errs.String(), "\n")
			if code != c.code || !strings.HasPrefix(first, "mim: "+c.what) || rest != "  try: "+c.try+"\n" {
				t.Errorf("ended with %d and said\n%swant %d and\nmim: %s...\n  try: %s", code, errs.String(), c.code, c.what, c.try)
			}
			if out.Len() > 0 {
				t.Errorf("standard output is for results: %q", out.String())
			}
		})
	}
}

// TestBadEnvironment: what is wrong with a variable is said of the variable.
func TestBadEnvironment(t *testing.T) {
	for _, c := range []struct{ variable, value, args, what string }{
		{"MIM_MAX_CONNS", "x", "serve", `cannot use MIM_MAX_CONNS: "x" is no whole number, or too large a one`},
		{"MIM_MAX_CONNS", "-1", "serve", "cannot use MIM_MAX_CONNS=-1: it is at least 1"},
		{"MIM_PUBLIC", "perhaps", "serve", `cannot use MIM_PUBLIC: "perhaps" is neither true nor false`},
		{"MIM_JSON", "perhaps", "join alice", `cannot use MIM_JSON: "perhaps" is neither true nor false`},
		{"MIM_MIM0", "bad", "serve", "cannot use MIM_MIM0=bad: it is a port"},
		{"MIM_MIM0", "1", "serve --mim0 bad", "cannot use --mim0 bad: it is a port"},
		{"MIM_LOG_LEVEL", "loud", "serve", "cannot use MIM_LOG_LEVEL=loud: it is debug"},
		{"MIM_LOG_FORMAT", "xml", "serve", "cannot use MIM_LOG_FORMAT=xml: it is text"},
		{"MIM_LISTEN", "nowhere", "join alice", "cannot use MIM_LISTEN=nowhere: it is no ADDRESS"},
		{"MIM_HOST", "no such host", "serve", "cannot use MIM_HOST=no such host: no such host"},
	} {
		t.Run(c.variable+" "+c.args, func(t *testing.T) {
			t.Setenv(c.variable, c.value)
			var errs bytes.Buffer
			code := run(append([]string{"mim"}, strings.Fields(c.args)...), streams{in: strings.NewReader(""), out: io.Discard, err: &errs})
			if code != exitBadUse || !strings.HasPrefix(errs.String(), "mim: "+c.what) {
				t.Errorf("ended with %d and said %swant %q", code, errs.String(), c.what)
			}
		})
	}
}

// TestPrints: what only prints ends well, on standard output.
func TestPrints(t *testing.T) {
	for _, c := range []struct {
		args string
		has  []string
	}{
		{"", []string{"mim serve", "mim join alice@192.0.2.7"}},
		{"--help", []string{"COMMANDS", "Exit codes"}},
		{"--version", []string{"mim version ", "go1"}},
		{"serve --help", []string{"--mim0 PORT", "[$MIM_MIM0]", "--mim0-welcome", "--ready-file FILE", "MIM_LOG_LEVEL=debug"}},
		{"join alice --help", []string{"NAME@HOST[:PORT]"}},
		{"join --help", []string{"--json", "[$MIM_JSON]", "--no-retry", "@bob hello", "NAME@HOST[:PORT]", "join --dialect messenger alice@", "join --dialect comp9331 alice@", "if the dialect tells that"}},
		{"man", []string{".TH mim 1", ".SH SYNOPSIS\n.EX\nmim serve [flags]\nmim join [flags] NAME[@HOST[:PORT]]\n", ".SH DESCRIPTION\n", ".SH COMMANDS\n", ".SH INPUT\n", "/close bob", "max-conns", "no-retry"}},
		{"completion bash", []string{"complete -o", "To install: mim completion bash"}},
		{"completion zsh", []string{"#compdef mim"}},
		{"completion fish", []string{"complete -c mim", "ready-file"}},
		{"completion powershell", []string{"Register-ArgumentCompleter"}},
	} {
		t.Run(c.args, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(append([]string{"mim"}, strings.Fields(c.args)...), streams{in: strings.NewReader(""), out: &out, err: &errs})
			if code != exitFine || errs.Len() > 0 {
				t.Fatalf("ended with %d: %s", code, errs.String())
			}
			for _, want := range c.has {
				if !strings.Contains(out.String(), want) {
					t.Errorf("there is no %q in\n%s", want, out.String())
				}
			}
		})
	}
}

func TestInterleaved(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"mim", "mim"},
		{"mim join", "mim join"},
		{"mim join alice --json", "mim join --json -- alice"},
		{"mim join --json alice", "mim join --json -- alice"},
		{"mim join alice --listen :1 --json", "mim join --listen :1 --json -- alice"},
		{"mim join alice --listen=:1 bob", "mim join --listen=:1 -- alice bob"},
		{"mim join alice --listen", "mim join --listen -- alice"},
		{"mim join -- --json", "mim join -- --json"},
		{"mim join alice --nonsense x", "mim join --nonsense -- alice x"},
		{"mim completion bash", "mim completion bash"},
		{"mim join alice --json --help", "mim join --help"},
		{"mim join alice --listen --help", "mim join --listen --help -- alice"},
		{"mim nonsense x --y", "mim nonsense x --y"},
		{"mim join alice --generate-bash-completion", "mim join alice --generate-bash-completion"},
	} {
		if got := strings.Join(interleaved(strings.Fields(c.in)), " "); got != c.want {
			t.Errorf("%s: got %s, want %s", c.in, got, c.want)
		}
	}
}

// TestToggles: the last one given counts, the command line more than the environment.
func TestToggles(t *testing.T) {
	for _, c := range []struct {
		name, env, args, want string
	}{
		{"nothing", "", "", "none"},
		{"one", "", "--b", "b"},
		{"the last", "", "--b --a", "a"},
		{"turned off", "", "--b --a=false", "b"},
		{"environment", "MIM_B=1", "", "b"},
		{"environment, off", "MIM_B=false", "", "none"},
		{"command line before environment", "MIM_B=1", "--a", "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if name, value, ok := strings.Cut(c.env, "="); ok {
				t.Setenv(name, value)
			}
			chosen := "none"
			if err := toggleApp(&chosen).Run(append([]string{"x"}, strings.Fields(c.args)...)); err != nil {
				t.Fatal(err)
			}
			if chosen != c.want {
				t.Errorf("chose %s, want %s", chosen, c.want)
			}
		})
	}
	t.Setenv("MIM_A", "maybe")
	chosen := "none"
	if err := toggleApp(&chosen).Run([]string{"x"}); err == nil {
		t.Error("MIM_A=maybe was taken")
	}
}

func TestWriteReady(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ready")
	if err := writeReady(path, []door{{"d", "tcp", "127.0.0.1:1"}}); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		PID   int
		Doors []door
	}
	if err := json.Unmarshal(content, &got); err != nil || got.PID != os.Getpid() || !slices.Equal(got.Doors, []door{{"d", "tcp", "127.0.0.1:1"}}) {
		t.Errorf("wrote %s (%v)", content, err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v (%v), want the one file", left, err)
	}
	if err := writeReady(filepath.Join(path, "below a file"), nil); err == nil {
		t.Error("a file was written below a file")
	}
}

func TestNearest(t *testing.T) {
	candidates := []string{"serve", "join", "man", "completion"}
	for _, c := range []struct{ word, want string }{
		{"srve", "serve"}, {"jion", "join"}, {"completions", "completion"}, {"mna", "man"}, {"zzzzz", ""}, {"", ""},
	} {
		if got := nearest(c.word, candidates); got != c.want {
			t.Errorf("%q resembles %q, want %q", c.word, got, c.want)
		}
	}
}

func toggleApp(chosen *string) *cli.App {
	return &cli.App{
		Writer: io.Discard, ErrWriter: io.Discard,
		Flags:  []cli.Flag{newToggle("a", "", chosen, "a"), newToggle("b", "", chosen, "b")},
		Action: func(*cli.Context) error { return nil },
	}
}
