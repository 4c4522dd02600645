package command

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestComplete: what a shell is told to offer. Nothing is ever run for it.
func TestComplete(t *testing.T) {
	const (
		commands  = "serve join man completion"
		shells    = "bash zsh fish powershell"
		joinFlags = "--dialect --plain --json --mouse --listen --password-file --retry --no-retry --count --script --from --check --plot --server-pid --seed --voice-in --voice-out --voice-port --no-history --log-level --log-format --help"
	)
	for _, c := range []struct{ typed, want string }{
		{"", commands},
		{"--", "--version --help"},
		{"--v", "--version"},
		{"join --", joinFlags},
		{"join -", joinFlags},
		{"join --lo", "--log-level --log-format"},
		{"join --json", ""},
		{"join --json --", strings.ReplaceAll(joinFlags, "--json ", "")},
		{"join alice@localhost --j", "--json"},
		{"join alice@localhost", ""},
		{"join --listen :1 --no", "--no-retry --no-history"},
		{"join --listen serve --no", "--no-retry --no-history"},
		{"serve --only mim0 --r", "--ready-file"},
		{"serve --host", ""},
		{"completion", shells},
		{"completion bash", ""},
		{"nonsense", ""},
		{"join -- --", ""},
		{"join -- alice", ""},
		{"join -- alice --", ""},
		{"serve -- --mim0", ""},
		{"-- serve", ""},
	} {
		var out, errs bytes.Buffer
		args := append(append([]string{"mim"}, strings.Fields(c.typed)...), completionWord)
		code := run(args, streams{in: strings.NewReader(""), out: &out, err: &errs})
		if got := strings.Fields(out.String()); code != exitFine || errs.Len() > 0 || !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("mim %s: ended with %d, offers %q, want %q %s", c.typed, code, got, c.want, errs.String())
		}
	}
}

// TestBashScript: what a bash does with our script, asking a mim of ours.
func TestBashScript(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash here")
	}
	mim := filepath.Join(t.TempDir(), "mim")
	stub := "#!/bin/sh\nMIM_TEST_AS_MIM=1 exec " + shellWord(os.Args[0]) + ` "$@"` + "\n"
	if err := os.WriteFile(mim, []byte(stub), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		words []string // the last one is being typed
		want  string
	}{
		{[]string{"mim", ""}, "serve join man completion"},
		{[]string{"mim", "se"}, "serve"},
		{[]string{"mim", "serve", "--mim"}, "--mim0 --mim0-welcome"},
		{[]string{"mim", "completion", "f"}, "fish"},
		{[]string{"mim", "join", "--", ""}, ""},
		{[]string{"mim", "join", "--", "al"}, ""},
		{[]string{"mim", "join", "--", "--"}, ""},
	} {
		cmd := exec.Command(bash, "-c", bashScript+"COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _mim; echo \"${COMPREPLY[*]}\"", "bash")
		cmd.Args = append(cmd.Args, c.words...)
		cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(mim)+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		if err != nil || string(out) != c.want+"\n" {
			t.Errorf("%q: %v: bash offers %q, want %q", c.words, err, out, c.want)
		}
	}
}

// TestMain is mim itself for TestBashScript.
func TestMain(m *testing.M) {
	if os.Getenv("MIM_TEST_AS_MIM") != "" {
		os.Exit(Main(os.Args))
	}
	os.Exit(m.Run())
}

// TestFullOutput: what could not be printed is an error, whoever prints it.
func TestFullOutput(t *testing.T) {
	for _, args := range []string{"", "--help", "--version", "serve --help", "join --help", "man", "completion", "completion bash", "completion fish", completionWord} {
		var errs bytes.Buffer
		code := run(append([]string{"mim"}, strings.Fields(args)...), streams{in: strings.NewReader(""), out: full{}, err: &errs})
		if code != exitBroken || errs.String() != "mim: cannot write to standard output: no room\n" {
			t.Errorf("mim %s: ended with %d and said %q", args, code, errs.String())
		}
	}
}

// full is an output that takes nothing.
type full struct{ io.Writer }

func (full) Write([]byte) (int, error) { return 0, errors.New("no room") }
