package command

import (
	"flag"
	"fmt"
	"os"
	"strconv"

	"github.com/urfave/cli/v2"
)

// A toggle is one of several flags without a value that choose one thing, like
// --plain and --json: the last one given counts, and one on the command line
// counts more than any in the environment.
type toggle struct {
	*cli.BoolFlag
	chosen *string
	word   string // what this flag chooses
}

func newToggle(name, usage string, chosen *string, word string) *toggle {
	return &toggle{&cli.BoolFlag{Name: name, Usage: usage, EnvVars: env(name), DisableDefaultText: true}, chosen, word}
}

// Apply adds the flag to set; the environment is read before the command line.
func (t *toggle) Apply(set *flag.FlagSet) error {
	for _, v := range t.EnvVars {
		if value := os.Getenv(v); value != "" {
			if err := t.choose(value); err != nil {
				return fmt.Errorf("cannot use %s: %q is neither true nor false", v, value)
			}
		}
	}
	set.BoolFunc(t.Name, t.Usage, t.choose)
	return nil
}

func (t *toggle) choose(value string) error {
	on, err := strconv.ParseBool(value)
	if err != nil {
		return err
	}
	if on {
		*t.chosen = t.word
	}
	return nil
}
