package command

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"
)

const (
	// passwordVariable holds a password; passwordFile names a file of one.
	passwordVariable = "MIM_PASSWORD"
	passwordFile     = "password-file"

	// maxPassword is the longest first line, in bytes, that is read as a
	// password. What a dialect takes is less.
	maxPassword = 64 << 10
)

var (
	errNoPassword   = errors.New("there is no password in its first line")
	errLongPassword = errors.New("its first line is no password: it is too long")
)

// readPassword finds the password, where one is wanted: in the first line of
// the file, else in the environment, else the person at the terminal knows it.
// It is never shown and never logged.
func (j *joining) readPassword(c *cli.Context, s streams) error {
	path, name := c.String(passwordFile), j.dialect.Name()
	if !j.dialect.Traits().Accounts {
		if path == "" {
			return nil
		}
		return badUse(j.command(c, ""), "cannot use %s: %s knows no passwords", given(c, passwordFile), name)
	}
	var err error
	if path != "" {
		if j.pass, err = passwordOf(path); err != nil {
			return badUse("mim join --help", "cannot use %s: %s", given(c, passwordFile), reason(err))
		}
		return nil
	}
	if pass := os.Getenv(passwordVariable); pass != "" {
		j.pass = []byte(pass)
		return nil
	}
	in, to := terminals(s)
	if in == nil {
		return badUse(j.command(c, " --"+passwordFile+" FILE"), "cannot join: %s wants a password, and there is no terminal to ask on", name)
	}
	j.asked = true
	signals, ignore := stopSignals(true)
	defer ignore()
	j.pass, err = askPassword(in, to, fmt.Sprintf("password for %s@%s: ", j.target.name, j.target.server), signals)
	if errors.Is(err, errNoPassword) || errors.Is(err, errLongPassword) {
		return badUse(j.command(c, " --"+passwordFile+" FILE"), "cannot join: no password was typed")
	}
	return err
}

// passwordTries is how often somebody may type a password: as often as servers
// take a wrong one before they lock the name (comp9331.md).
const passwordTries = 3

// runAsking is run for a password that was typed on the terminal: a wrong one is
// asked for again, on the terminal as it was before the screen.
func (j *joining) runAsking(c *cli.Context, s streams, log *slog.Logger) error {
	for left := passwordTries - 1; ; left-- {
		err := j.run(s, log)
		f := (*failure)(nil)
		if left == 0 || !j.asked || !errors.As(err, &f) || !f.pass {
			return err
		}
		tries := "tries are"
		if left == 1 {
			tries = "try is"
		}
		_, to := terminals(s)
		if _, err := fmt.Fprintf(to, "mim: %s; %d more %s left\n", f.what, left, tries); err != nil {
			return brokenTerminal(err)
		}
		if err := j.readPassword(c, s); err != nil {
			return err
		}
	}
}

// command is the command line that was typed, in short and with more flags.
func (j *joining) command(c *cli.Context, flags string) string {
	return fmt.Sprintf("mim join --dialect %s%s %s", j.dialect.Name(), flags, shellWord(c.Args().First()))
}

// passwordOf is the first line of a file. No byte behind it is read: it may be
// a pipe that others read on.
func passwordOf(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return firstLine(f)
}

// firstLine reads up to the first line end, or the end of r.
func firstLine(r io.Reader) (line []byte, err error) {
	b := make([]byte, 1)
	for {
		n, err := r.Read(b)
		switch {
		case n > 0 && b[0] == '\n', n == 0 && errors.Is(err, io.EOF):
			if last := len(line) - 1; last >= 0 && line[last] == '\r' {
				line = line[:last]
			}
			if len(line) == 0 {
				return nil, errNoPassword
			}
			return line, nil
		case n > 0:
			if line = append(line, b[0]); len(line) > maxPassword {
				return nil, errLongPassword
			}
		case err != nil:
			return nil, err
		}
	}
}

// terminals are where a person can be asked: what is typed comes by in, and a
// prompt goes to to, which is never the output. in is nil if there is nobody.
func terminals(s streams) (in *os.File, to io.Writer) {
	if !isTerminal(s.in) {
		return nil, nil
	}
	in = s.in.(*os.File)
	if isTerminal(s.err) {
		return in, s.err
	}
	return in, in
}

// askPassword has a password typed on the terminal in, without an echo, and
// leaves the terminal as it was whatever happens: a signal, too, ends the wait
// and then the program. The keys that would stop it here, or kill it with the
// echo off, mean nothing meanwhile.
func askPassword(in *os.File, to io.Writer, prompt string, signals <-chan os.Signal) ([]byte, error) {
	fd := int(in.Fd())
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, brokenTerminal(err)
	}
	silent := *before
	silent.Lflag = silent.Lflag&^unix.ECHO | unix.ICANON | unix.ISIG
	silent.Iflag |= unix.ICRNL
	silent.Cc[unix.VSUSP], silent.Cc[unix.VQUIT] = 0, 0
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &silent); err != nil {
		return nil, brokenTerminal(err)
	}
	defer func() {
		_ = unix.IoctlSetTermios(fd, unix.TCSETS, before)
		_, _ = io.WriteString(to, "\n")
	}()
	if _, err := io.WriteString(to, prompt); err != nil {
		return nil, brokenTerminal(err)
	}
	type typed struct {
		line []byte
		err  error
	}
	answer := make(chan typed, 1)
	go func() { // it ends with the line, or with the program
		line, err := firstLine(in)
		answer <- typed{line, err}
	}()
	select {
	case sig := <-signals:
		return nil, secondSignal(sig)
	case a := <-answer:
		if a.err != nil && !errors.Is(a.err, errNoPassword) && !errors.Is(a.err, errLongPassword) {
			return nil, brokenTerminal(a.err)
		}
		return a.line, a.err
	}
}

func brokenTerminal(err error) error {
	return &failure{code: exitBroken, what: "cannot ask for the password: " + reason(err)}
}
