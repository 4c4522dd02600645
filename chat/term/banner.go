package term

import (
	"fmt"
	"math"
	"strings"
	"time"

	"mim/chat/book"
)

// A notice stands above the text as long as what it says is so.
type notice struct {
	text string
	bad  bool
}

// mostNotices is how many there may be; the calls that ring longest are shown.
const mostNotices = 4

// notices are those of now: the server, who calls, the call that we are in.
func (m *model) notices() (list []notice) {
	now := m.cfg.Now()
	if b, ok := m.book.Banner(now); ok {
		text := b.Text
		if b.Missed > 0 {
			text += " (Alt+U)"
		}
		list = append(list, notice{text, true})
	}
	if c, ok := m.book.Call(); ok {
		list = append(list, notice{m.callText(&c, now), false})
	}
	for _, r := range m.book.Rings() {
		if len(list) == mostNotices {
			break
		}
		name := r.From.String()
		list = append(list, notice{fmt.Sprintf("%s calls you: /answer %s or /deny %s", name, name, name), true})
	}
	return list
}

// counts reports whether a notice shows seconds, which go on.
func (m *model) counts() bool {
	if b, ok := m.book.Banner(m.cfg.Now()); ok && b.Gone {
		return true
	}
	_, ok := m.book.Call()
	return ok
}

// callText tells of our call: with whom, since when, how loud we are, who speaks.
func (m *model) callText(c *book.Call, now time.Time) string {
	if !c.Talking {
		return "calling " + c.With.String() + " ...  /hangup gives up"
	}
	d := max(0, now.Sub(c.Since)).Truncate(time.Second)
	s := fmt.Sprintf("in a call with %s %d:%02d", c.With, int(d.Minutes()), int(d.Seconds())%60)
	if c.Muted {
		s += "  you are not heard (/mute)"
	} else {
		s += "  you " + meter(c.Level)
	}
	var speak []string
	for _, v := range c.Voices {
		if v.Speaking && v.Who != "" {
			speak = append(speak, v.Who)
		}
	}
	if len(speak) > 0 {
		s += "  speaking: " + strings.Join(speak, ", ")
	}
	return s + "  /hangup ends it"
}

// meterCells is how wide a level meter is; meterFloor is what fills nothing of
// it, in dB of full scale.
const (
	meterCells = 8
	meterFloor = -60
)

// meter draws a level in dB of full scale.
func meter(level float64) string {
	if math.IsNaN(level) {
		level = meterFloor
	}
	n := clamp(int(math.Round((level-meterFloor)/-meterFloor*meterCells)), 0, meterCells)
	return "[" + strings.Repeat("#", n) + strings.Repeat("-", meterCells-n) + "]"
}

// noticeRows draws the notices across the screen.
func (m *model) noticeRows(l layout) (rows []string) {
	for _, n := range m.notices() {
		if len(rows) == l.banner {
			break
		}
		look := m.look.strong
		if n.bad {
			look = m.look.alert
		}
		rows = append(rows, look.on(m.rule.fit(" "+n.text, l.width)))
	}
	return rows
}
