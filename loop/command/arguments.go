package command

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// interleaved moves the flags of a command before its other arguments, so that
// "mim join alice@host --json" means what it says: the flag parser stops at
// the first argument that is none. "--" ends the flags, as everywhere.
func interleaved(args []string) []string {
	if len(args) < 3 || args[len(args)-1] == completionWord {
		return args
	}
	app := newApp(streams{})
	command := app.Command(args[1])
	if command == nil || len(command.Subcommands) > 0 {
		return args
	}
	var flags, rest []string
	for i := 2; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			rest = append(rest, args[i+1:]...)
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			rest = append(rest, arg)
			continue
		}
		if arg == "--help" || arg == "-h" { // help with the command, not with its argument
			return []string{args[0], args[1], arg}
		}
		flags = append(flags, arg)
		if takesValue(command.Flags, arg) && i+1 < len(args) {
			i++
			flags = append(flags, args[i])
		}
	}
	out := append([]string{args[0], args[1]}, flags...)
	if len(rest) > 0 {
		out = append(append(out, "--"), rest...)
	}
	return out
}

// takesValue reports whether the argument after arg is the value of this flag.
func takesValue(flags []cli.Flag, arg string) bool {
	name := strings.TrimLeft(arg, "-")
	if strings.Contains(name, "=") {
		return false
	}
	for _, f := range flags {
		for _, n := range f.Names() {
			if d, ok := f.(cli.DocGenerationFlag); ok && n == name {
				return d.TakesValue()
			}
		}
	}
	return false
}
