package command

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"mim/codec"
	"mim/codec/all"
)

// newApp describes every command and flag; help, manual page and completion
// are made from it.
func newApp(s streams) *cli.App {
	dialects := all.Dialects()
	app := &cli.App{
		Name:        "mim",
		Usage:       "an instant messenger: a registry for a network, and a messenger for a person",
		UsageText:   "mim serve [flags]\nmim join [flags] NAME@HOST[:PORT]",
		Description: overview,
		Version:     version(),
		Writer:      s.out,
		ErrWriter:   s.err,
		Suggest:     true,
		Commands: []*cli.Command{
			serveCommand(dialects, s),
			joinCommand(dialects, s),
			manCommand(),
			completionCommand(),
		},
		Action:         unknownCommand,
		OnUsageError:   usageError,
		ExitErrHandler: func(*cli.Context, error) {}, // run reports
	}
	for _, c := range app.Commands {
		c.OnUsageError = usageError
		for _, sub := range c.Subcommands {
			sub.OnUsageError = usageError
		}
	}
	return app
}

const overview = `One machine of a network runs the registry:

   mim serve

Everybody else, and you in another terminal, joins it:

   mim join alice@192.0.2.7
   mim join bob                  (a registry on this machine)

Then "@bob hello" says hello to bob, "/who" tells who is here, "/help" tells
the rest.

The registry speaks several protocols, dialects, each on a port of its own, so
that programs of long ago can take part; "mim serve" lists them when it starts.
"mim join --dialect NAME" speaks one of them. By default what people say to each
other goes from one to the other directly, and the registry only tells who is
where; other dialects send it through the registry.

Every flag can be given in the environment too: --max-conns as MIM_MAX_CONNS.

Exit codes: 0 fine; 2 bad use; 3 refused (name, password); 4 registry not
reached, or of another protocol; 6 cannot listen; 7 input or output broken.`

// env is the environment variable of a flag: --max-conns is MIM_MAX_CONNS.
func env(flag string) []string {
	return []string{"MIM_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))}
}

// unknownCommand is what runs if no command of ours was named.
func unknownCommand(c *cli.Context) error {
	if !c.Args().Present() {
		return cli.ShowAppHelp(c)
	}
	word := c.Args().First()
	var names []string
	for _, command := range c.App.Commands {
		names = append(names, command.Name)
	}
	f := badUse("mim --help", "cannot run %s: unknown command", word)
	if near := nearest(word, names); near != "" {
		f.try = "mim " + near
	}
	return f
}

// usageError rewords what the flag parser refuses.
func usageError(c *cli.Context, err error, _ bool) error {
	command := c.Command.HelpName
	f := badUse(command+" --help", "%s", err)
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
		dashed := "--" + strings.TrimLeft(name, "-")
		f.what = fmt.Sprintf("cannot use %s: unknown flag", dashed)
		var known []string
		for _, flag := range c.Command.Flags {
			for _, n := range flag.Names() {
				known = append(known, "--"+n)
			}
		}
		if near := nearest(dashed, known); near != "" {
			f.try = command + " " + near
		}
	} else if name, ok := strings.CutPrefix(err.Error(), "flag needs an argument: -"); ok {
		f.what = fmt.Sprintf("cannot use --%s: it wants a value", strings.TrimLeft(name, "-"))
	} else if what, ok := valueError(c.Command.Flags, err.Error()); ok {
		f.what = what
	}
	return f
}

// noArguments refuses words that a command has no use for.
func noArguments(c *cli.Context) error {
	if c.Args().Present() {
		return badUse(c.Command.HelpName+" --help", "cannot use %q: %s takes flags only", c.Args().First(), c.Command.HelpName)
	}
	return nil
}

// names lists the words of dialects.
func names(dialects []codec.Dialect) (words []string) {
	for _, d := range dialects {
		words = append(words, d.Name())
	}
	return words
}

// find looks a dialect up by its word.
func find(dialects []codec.Dialect, word string) (codec.Dialect, *failure) {
	for _, d := range dialects {
		if d.Name() == word {
			return d, nil
		}
	}
	known := names(dialects)
	f := badUse("", "cannot speak %s: the dialects are %s", word, strings.Join(known, ", "))
	if f.try = nearest(word, known); f.try == "" {
		f.try = known[0]
	}
	return nil, f
}
