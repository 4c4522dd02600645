package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"mim/chat"
	"mim/codec"
)

// guarded is throughServer with passwords.
type guarded struct{ throughServer }

func (guarded) Name() string        { return "guarded" }
func (guarded) Traits() chat.Traits { return chat.Traits{Dialect: "guarded", Accounts: true} }

// passwordFor finds the password as mim join --dialect guarded with these
// arguments does.
func passwordFor(s streams, args ...string) (pass []byte, err error) {
	j := &joining{}
	app := &cli.App{Name: "mim", ExitErrHandler: func(*cli.Context, error) {}, Writer: io.Discard, Commands: []*cli.Command{{
		Name: "join",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "dialect"},
			&cli.StringFlag{Name: passwordFile, EnvVars: env(passwordFile)},
		},
		Action: func(c *cli.Context) error {
			j.dialect, j.target = guarded{}, target{name: "hans", server: "h:1"}
			if c.String("dialect") == "through" {
				j.dialect = throughServer{portsOf{ports: []codec.Port{{Role: codec.Registry, Network: "tcp", Number: 1}}}}
			}
			return j.readPassword(c, s)
		},
	}}}
	err = app.Run(append(append([]string{"mim", "join"}, args...), "hans@h:1"))
	return j.pass, err
}

// TestPassword: where it comes from without a person.
func TestPassword(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return "--password-file=" + path
	}
	for _, c := range []struct {
		what     string
		args     []string
		variable string
		pass     string
		says     string // of an error, which has the code for bad use
		try      string
	}{
		{"the file", []string{file("a", "falcon\nother\n")}, "", "falcon", "", ""},
		{"its first line, as it is", []string{file("b", " fal con\xff \r\nother")}, "", " fal con\xff ", "", ""},
		{"without an end", []string{file("c", "falcon")}, "", "falcon", "", ""},
		{"the file before the variable", []string{file("d", "falcon\n")}, "eagle", "falcon", "", ""},
		{"the variable", nil, "eagle", "eagle", "", ""},
		{"no such file", []string{"--password-file=" + dir + "/none"}, "eagle", "", "cannot use --password-file " + dir + "/none: no such file or directory", "mim join --help"},
		{"a folder", []string{"--password-file=" + dir}, "", "", "cannot use --password-file " + dir + ": is a directory", "mim join --help"},
		{"an empty file", []string{file("e", "")}, "", "", "cannot use --password-file " + dir + "/e: there is no password in its first line", "mim join --help"},
		{"an empty line", []string{file("f", "\r\nfalcon\n")}, "", "", "cannot use --password-file " + dir + "/f: there is no password in its first line", "mim join --help"},
		{"no end", []string{file("g", strings.Repeat("x", maxPassword+1))}, "", "", "cannot use --password-file " + dir + "/g: its first line is no password: it is too long", "mim join --help"},
		{"nothing", nil, "", "", "cannot join: guarded wants a password, and there is no terminal to ask on", "mim join --dialect guarded --password-file FILE hans@h:1"},
		{"where none is wanted", []string{file("h", "falcon"), "--dialect=through"}, "", "", "cannot use --password-file " + dir + "/h: through knows no passwords", "mim join --dialect through hans@h:1"},
		{"a variable where none is wanted", []string{"--dialect=through"}, "eagle", "", "", ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Setenv(passwordVariable, c.variable)
			var out, errs bytes.Buffer
			pass, err := passwordFor(streams{in: strings.NewReader("typed\n"), out: &out, err: &errs}, c.args...)
			f := (*failure)(nil)
			if errors.As(err, &f); f == nil {
				f = &failure{}
			}
			if string(pass) != c.pass || f.what != c.says || f.try != c.try || (c.says != "") != (f.code == exitBadUse) {
				t.Errorf("%q, %v (%q, %d); want %q, %q, %q", pass, err, f.try, f.code, c.pass, c.says, c.try)
			}
			if out.Len()+errs.Len() > 0 {
				t.Errorf("it says %q %q", out.String(), errs.String())
			}
		})
	}
}

// A pipe may have more than the password, for others.
func TestPasswordOfAPipe(t *testing.T) {
	r := strings.NewReader("falcon\n@bob hi\n")
	if line, err := firstLine(r); string(line) != "falcon" || err != nil || r.Len() != len("@bob hi\n") {
		t.Errorf("%q, %v; %d bytes are left", line, err, r.Len())
	}
}

// Flags and environment of mim join never show what is secret.
func TestPasswordIsNotShown(t *testing.T) {
	t.Setenv(passwordVariable, "falcon")
	for _, args := range []string{"join --help", "man"} {
		var out bytes.Buffer
		run(append([]string{"mim"}, strings.Fields(args)...), streams{in: strings.NewReader(""), out: &out, err: &out})
		if !strings.Contains(out.String(), passwordVariable) || strings.Contains(out.String(), "falcon") {
			t.Errorf("mim %s says\n%s", args, out.String())
		}
	}
}

// pty opens a terminal; what is written to far is typed, what is read from it
// is on the screen.
func pty(t *testing.T) (far, near *os.File) {
	t.Helper()
	far, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("this machine has no terminals:", err)
	}
	t.Cleanup(func() { far.Close() })
	if err := unix.IoctlSetPointerInt(int(far.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skip("this machine has no terminals:", err)
	}
	n, err := unix.IoctlGetInt(int(far.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if near, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Skip("this machine has no terminals:", err)
	}
	t.Cleanup(func() { near.Close() })
	return far, near
}

func flagsOf(t *testing.T, f *os.File) unix.Termios {
	t.Helper()
	s, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *s
}

// TestAskPassword: a person types it, unseen, and the terminal is as before
// afterwards, whatever happens.
func TestAskPassword(t *testing.T) {
	for _, c := range []struct {
		what, typed string
		signal      os.Signal
		pass        string
		code        int // of the error; 0: none, or not one with a code
	}{
		{"a line", "falcon\n", nil, "falcon", 0},
		{"a return", "falcon\r", nil, "falcon", 0},
		{"corrected", "falkon\x7f\x7f\x7fcon\n", nil, "falcon", 0},
		{"with the keys that stop and kill", "a\x1ab\x1cc\n", nil, "a\x1ab\x1cc", 0},
		{"nothing", "\n", nil, "", 0},
		{"the end of input", "\x04", nil, "", 0},
		{"Ctrl-C", "", os.Interrupt, "", 130},
		{"the end of the session", "", syscall.SIGHUP, "", 129},
	} {
		t.Run(c.what, func(t *testing.T) {
			far, near := pty(t)
			before := flagsOf(t, near)
			signals := make(chan os.Signal, 1)
			type outcome struct {
				pass []byte
				err  error
			}
			done := make(chan outcome, 1)
			go func() {
				pass, err := askPassword(near, near, "password for hans: ", signals)
				done <- outcome{pass, err}
			}()
			screen := make([]byte, 0, 256)
			for b := make([]byte, 64); !bytes.HasSuffix(screen, []byte("hans: ")); {
				n, err := far.Read(b)
				if err != nil {
					t.Fatal(err)
				}
				screen = append(screen, b[:n]...)
			}
			if flagsOf(t, near).Lflag&unix.ECHO != 0 {
				t.Error("the prompt is there, and the echo is on")
			}
			if c.signal != nil {
				signals <- c.signal
			} else if _, err := far.WriteString(c.typed); err != nil {
				t.Fatal(err)
			}
			var got outcome
			select {
			case got = <-done:
			case <-time.After(10 * time.Second):
				t.Fatal("it does not end")
			}
			f := (*failure)(nil)
			if errors.As(got.err, &f); f == nil {
				f = &failure{}
			}
			if string(got.pass) != c.pass || (c.pass == "") == (got.err == nil) || f.code != c.code {
				t.Errorf("%q, %v (%d); want %q, %d", got.pass, got.err, f.code, c.pass, c.code)
			}
			if after := flagsOf(t, near); after != before {
				t.Errorf("the terminal is %+v, was %+v", after, before)
			}
			b := make([]byte, 64)
			n, err := far.Read(b)
			if screen = append(screen, b[:n]...); err != nil || string(screen) != "password for hans: \r\n" {
				t.Errorf("on the screen is %q (%v)", screen, err)
			}
		})
	}
}

// TestWhereToAsk: on the terminal that is typed on, never in the output.
func TestWhereToAsk(t *testing.T) {
	_, near := pty(t)
	for _, c := range []struct {
		what string
		s    streams
		in   bool
		to   io.Writer
	}{
		{"at a terminal", streams{in: near, out: near, err: near}, true, near},
		{"errors to a file", streams{in: near, out: near, err: io.Discard}, true, near},
		{"input from a pipe", streams{in: strings.NewReader(""), out: near, err: near}, false, nil},
	} {
		if in, to := terminals(c.s); (in != nil) != c.in || to != c.to {
			t.Errorf("%s: %v, %v", c.what, in, to)
		}
	}
}
