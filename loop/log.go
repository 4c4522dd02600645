package loop

import (
	"context"
	"fmt"
	"log/slog"
)

// engineLog is gnet's logger on ours. Its own would write to stdout, into the
// terminal screen or the output of a script.
type engineLog struct{ log *slog.Logger }

func (l engineLog) put(level slog.Level, format string, args []any) {
	if l.log.Enabled(context.Background(), level) {
		l.log.Log(context.Background(), level, "gnet: "+fmt.Sprintf(format, args...))
	}
}

func (l engineLog) Debugf(format string, args ...any) { l.put(slog.LevelDebug, format, args) }

// Infof and Warnf write at debug level too: gnet greets and takes leave there,
// and warns of events for connections that ended earlier in the same round.
func (l engineLog) Infof(format string, args ...any)  { l.put(slog.LevelDebug, format, args) }
func (l engineLog) Warnf(format string, args ...any)  { l.put(slog.LevelDebug, format, args) }
func (l engineLog) Errorf(format string, args ...any) { l.put(slog.LevelError, format, args) }
func (l engineLog) Fatalf(format string, args ...any) { l.put(slog.LevelError, format, args) }
