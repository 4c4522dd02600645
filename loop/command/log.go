package command

import (
	"context"
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
// shown: the window shows who comes and goes beside it, so that nothing but
// trouble is logged unless a level was asked for.
func newLog(c *cli.Context, w io.Writer, shown bool) (*slog.Logger, *failure) {
	var level slog.Level
	word := c.String("log-level")
	if shown && !c.IsSet("log-level") {
		word = "warn"
	}
	switch word {
	case "debug", "info", "warn", "error":
		if err := level.UnmarshalText([]byte(word)); err != nil {
			return nil, badUse("", "cannot use %s: %s", given(c, "log-level"), err)
		}
	default:
		return nil, badUse(c.Command.HelpName+" --log-level debug", "cannot use %s: it is debug, info, warn or error", given(c, "log-level"))
	}
	options := &slog.HandlerOptions{Level: level}
	switch form := c.String("log-format"); form {
	case "text":
		return slog.New(newLimit(slog.NewTextHandler(w, options))), nil
	case "json":
		return slog.New(newLimit(slog.NewJSONHandler(w, options))), nil
	default:
		return nil, badUse(c.Command.HelpName+" --log-format json", "cannot use %s: it is text or json", given(c, "log-format"))
	}
}

// engineLog is log for the reactor: what its network library says below a
// warning is about that library, not about us.
func engineLog(log *slog.Logger) *slog.Logger { return slog.New(trouble{log.Handler()}) }

// trouble is a handler of warnings and errors only.
type trouble struct{ slog.Handler }

// Enabled implements slog.Handler.
func (t trouble) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && t.Handler.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (t trouble) WithAttrs(attrs []slog.Attr) slog.Handler {
	return trouble{t.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (t trouble) WithGroup(name string) slog.Handler { return trouble{t.Handler.WithGroup(name)} }
