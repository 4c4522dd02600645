// Package command is mim as a process: it turns flags into values, puts a mode
// on a reactor, joins it to the standard streams and to signals, and turns its
// end into an exit code. There is no rule of chat or of a wire in it.
package command

import (
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Main is the whole program; it returns the exit code. args are those of the
// process, with its name in front.
func Main(args []string) int {
	// A reader that goes away shows as a failed write, which has an exit code
	// of its own, not as a signal that ends us without a word.
	signal.Ignore(syscall.SIGPIPE)
	return run(args, streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
}

// streams are what a command reads and writes.
type streams struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

// run is Main on other streams.
func run(args []string, s streams) int {
	out := &noted{Writer: s.out}
	app := newApp(s)
	app.Writer = out
	var err error
	if last := len(args) - 1; last > 0 && args[last] == completionWord {
		err = complete(app, args[1:last], out)
	} else {
		err = app.Run(interleaved(args))
	}
	if err == nil {
		err = printed(0, out.err) // the library does not look
	}
	if err == nil {
		return exitFine
	}
	return report(s.err, err)
}

// noted keeps the first error of a writer.
type noted struct {
	io.Writer
	err error
}

func (n *noted) Write(p []byte) (int, error) {
	written, err := n.Writer.Write(p)
	if n.err == nil {
		n.err = err
	}
	return written, err
}
