package command

import (
	"io"
	"log/slog"

	"github.com/urfave/cli/v2"
)

// logFlags are the flags of commands that write a log to standard error.
func logFlags(level string) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "log-level", Value: level, EnvVars: env("log-level"), Usage: "log what is at least this `LEVEL`: debug, info, warn, error"},
		&cli.StringFlag{Name: "log-format", Value: "text", EnvVars: env("log-format"), Usage: "the log's `FORM`: text or json"},
	}
}

// newLog makes the log that logFlags ask for. It never holds what people say.
func newLog(c *cli.Context, w io.Writer) (*slog.Logger, *failure) {
	var level slog.Level
	switch word := c.String("log-level"); word {
	case "debug", "info", "warn", "error":
		if err := level.UnmarshalText([]byte(word)); err != nil {
			return nil, badUse("", "cannot use --log-level %s: %s", word, err)
		}
	default:
		return nil, badUse(c.Command.HelpName+" --log-level debug", "cannot use --log-level %s: it is debug, info, warn or error", word)
	}
	options := &slog.HandlerOptions{Level: level}
	switch form := c.String("log-format"); form {
	case "text":
		return slog.New(newLimit(slog.NewTextHandler(w, options))), nil
	case "json":
		return slog.New(newLimit(slog.NewJSONHandler(w, options))), nil
	default:
		return nil, badUse(c.Command.HelpName+" --log-format json", "cannot use --log-format %s: it is text or json", form)
	}
}
