package command

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// completionWord is what the completion scripts put last to ask for words.
const completionWord = "--generate-bash-completion"

// complete prints the words that may follow what was typed, a line each, and
// runs nothing. typed are the arguments before the cursor, without the name of
// the program; the last one is being typed if it begins with a dash. Our own,
// since the library's runs the command if there is a "--" among them.
func complete(app *cli.App, typed []string, out io.Writer) error {
	word := ""
	if n := len(typed); n > 0 && strings.HasPrefix(typed[n-1], "-") {
		word, typed = typed[n-1], typed[:n-1]
	}
	if slices.Contains(typed, "--") {
		return nil // people and places follow, which we do not know
	}
	flags, commands := []cli.Flag{cli.VersionFlag}, app.Commands
	for i := 0; i < len(typed); i++ {
		if strings.HasPrefix(typed[i], "-") {
			if takesValue(flags, typed[i]) {
				i++
			}
			continue
		}
		at := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(typed[i]) })
		if at < 0 {
			commands = nil // an argument: no command can follow
			continue
		}
		flags, commands = commands[at].Flags, commands[at].Subcommands
	}
	var b strings.Builder
	if word == "" && (len(typed) == 0 || !takesValue(flags, typed[len(typed)-1])) {
		for _, c := range commands {
			fmt.Fprintln(&b, c.Name)
		}
	}
	for _, f := range append(slices.Clone(flags), cli.HelpFlag) {
		name := "--" + f.Names()[0]
		if word != "" && name != word && strings.HasPrefix(name, "--"+strings.TrimLeft(word, "-")) && !slices.Contains(typed, name) {
			fmt.Fprintln(&b, name)
		}
	}
	return printed(io.WriteString(out, b.String()))
}
