package command

import (
	"fmt"
	"io"
	"time"

	"mim/loop/crowd"
)

// A progress shows how far a load test is: on a terminal one line that is
// written anew each second, elsewhere a line every ten.
type progress struct {
	to     *queue
	screen bool
	last   crowd.Progress
}

func newProgress(w io.Writer) *progress {
	return &progress{to: newQueue(w, 16, 4096), screen: isTerminal(w)}
}

func (p *progress) every() time.Duration {
	if p.screen {
		return time.Second
	}
	return 10 * time.Second
}

// show writes a line; on the loop, so it never waits for a reader.
func (p *progress) show(now crowd.Progress) {
	since := now.Seconds - p.last.Seconds
	perSecond := func(n, before uint64) float64 { return float64(n-before) / max(since, 0.001) }
	line := fmt.Sprintf("%5.0f s  %d of %d in", now.Seconds, now.In, now.People)
	if now.Entries > 0 {
		line += fmt.Sprintf(", %d entries (%.0f a second)", now.Entries, perSecond(now.Entries, p.last.Entries))
	}
	line += fmt.Sprintf(", %d sent (%.0f a second), %d delivered (%.0f a second), %d under way",
		now.Sent, perSecond(now.Sent, p.last.Sent), now.Delivered, perSecond(now.Delivered, p.last.Delivered), now.Open)
	if now.Failed+now.Dropped > 0 {
		line += fmt.Sprintf(", %d logins failed, %d links lost", now.Failed, now.Dropped)
	}
	if now.Finishing {
		line += ", waiting for the last"
	}
	p.last = now
	if p.screen {
		line = "\r" + line + "\x1b[K"
	} else {
		line += "\n"
	}
	p.to.offer([]byte(line))
}

// end makes room for what is written behind it.
func (p *progress) end() {
	if p.screen && p.last.Seconds > 0 {
		p.to.offer([]byte("\r\x1b[K"))
	}
	p.to.close(journalLinger)
}
