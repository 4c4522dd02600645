// Parrot is somebody to talk to while trying mim out: it joins a registry by
// running mim join --json and answers every line that is said to it.
//
//	parrot MIM NAME@HOST:PORT [ANSWERS]
//
// MIM is the program to run. The file ANSWERS appears when parrot is there to
// talk to; each answer is appended to it, as a line, once the other side has
// it. Parrot ends when mim does, and on SIGTERM or SIGINT, which it passes on.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) < 3 || len(os.Args) > 4 {
		fmt.Fprintln(os.Stderr, "use: parrot MIM NAME@HOST:PORT [ANSWERS]")
		os.Exit(2)
	}
	notes := ""
	if len(os.Args) == 4 {
		notes = os.Args[3]
	}
	stop := []os.Signal{syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGINT) { // a background command of a script is deaf to it
		stop = append(stop, syscall.SIGINT)
	}
	ctx, end := signal.NotifyContext(context.Background(), stop...)
	defer end()
	if err := run(ctx, os.Args[1], os.Args[2], notes); err != nil {
		fmt.Fprintln(os.Stderr, "parrot:", err)
		os.Exit(1)
	}
}

// run joins with program as name@host and answers until mim ends.
func run(ctx context.Context, program, target, notes string) error {
	cmd := exec.CommandContext(ctx, program, "join", target, "--json")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p := parrot{in: in, notes: notes}
	failed := p.hear(out)
	in.Close()
	if err := cmd.Wait(); err != nil && ctx.Err() == nil {
		return err
	}
	return failed
}

// A parrot answers.
type parrot struct {
	in    io.Writer // what it types into mim
	notes string    // the file of its answers; "" for none
}

// An event is what of mim's JSON lines a parrot understands.
type event struct {
	Event, From, To, Text, State string
}

// hear reads events until their end, answers what was said and notes which
// answers have arrived.
func (p parrot) hear(events io.Reader) error {
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event
		err := json.Unmarshal(lines.Bytes(), &e)
		switch {
		case err != nil:
			return fmt.Errorf("mim wrote no JSON: %w", err)
		case e.Event == "ready":
			err = p.note("")
		case e.Event == "said" && e.From != "":
			_, err = fmt.Fprintf(p.in, "@%s %s\n", e.From, answer(e.Text))
		case e.Event == "sent" && (e.State == "sent" || e.State == "delivered"):
			err = p.note(e.Text + "\n")
		}
		if err != nil {
			return err
		}
	}
	return lines.Err()
}

// note appends to the file of answers.
func (p parrot) note(text string) error {
	if p.notes == "" {
		return nil
	}
	f, err := os.OpenFile(p.notes, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// longest is the longest text that a parrot repeats twice, in bytes.
const longest = 1000

// answer is what a parrot makes of a text.
func answer(text string) string {
	text = strings.TrimRight(text, " .!")
	switch {
	case text == "":
		return "hm?"
	case strings.HasSuffix(text, "?"):
		return text + " Who knows!"
	case len(text) > longest:
		return "That is a lot to repeat!"
	}
	return text + ", " + text + "!"
}
