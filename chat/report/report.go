package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// A Report is what a load test found. Its JSON words are in docs/LOAD.md.
type Report struct {
	Event   string `json:"event"` // "report"
	At      string `json:"at"`    // RFC 3339 with milliseconds
	Dialect string `json:"dialect"`
	Server  string `json:"server"`
	Script  string `json:"script"`
	People  int    `json:"people"`

	OK      bool    `json:"ok"` // nothing is wrong that Wrong tells
	Why     string  `json:"why,omitempty"`
	Seconds float64 `json:"seconds"` // from the first dial to the end

	Logins       int     `json:"logins"`
	LoginSeconds float64 `json:"login_seconds"` // from the first dial to the last login
	LoginRate    float64 `json:"logins_per_second"`
	LoginFailed  int     `json:"logins_failed"`
	Dropped      int     `json:"dropped"` // links that ended unasked
	LoginTimes   Times   `json:"login_ms"`

	Sent         uint64  `json:"sent"`
	Expected     uint64  `json:"expected"`
	Delivered    uint64  `json:"delivered"`
	Lost         uint64  `json:"lost"`
	Failed       uint64  `json:"failed"`
	Repeated     uint64  `json:"repeated"`
	Reordered    uint64  `json:"reordered"`
	Strayed      uint64  `json:"strayed"`
	Excused      uint64  `json:"excused"`
	Heard        uint64  `json:"heard"`            // texts of others, not of this run
	Missed       uint64  `json:"missed"`           // expected by the script, and not there in time
	Abroad       uint64  `json:"sent_to_others"`   // texts for people who are not of this run
	AbroadFailed uint64  `json:"failed_to_others"` // of them: said to be undelivered
	SentRate     float64 `json:"sent_per_second"`
	ReadRate     float64 `json:"delivered_per_second"`
	Times        Times   `json:"latency_ms"`

	Table  *Table   `json:"table,omitempty"`
	Client *Process `json:"client,omitempty"`
	Daemon *Process `json:"server_process,omitempty"`
	Bytes  Bytes    `json:"bytes"`

	Errors  []Problem `json:"errors,omitempty"`
	Missing []Missing `json:"missing,omitempty"`

	Slices []Slice       `json:"-"`
	Width  time.Duration `json:"-"`
}

// A Table says whether all know the same people.
type Table struct {
	Entries uint64 `json:"entries"` // heard in all
	Checked int    `json:"checked"` // people whose table was compared
	Wrong   int    `json:"wrong"`   // of them
	Others  int    `json:"others"`  // in the table, but not of this run
}

// A Process is what one has used.
type Process struct {
	CPU       float64 `json:"cpu_seconds"` // user and system
	RSS       uint64  `json:"rss_bytes"`
	PerPerson float64 `json:"rss_per_person"` // what it has grown by since the start
}

// Bytes are those of the people's links.
type Bytes struct {
	In  uint64 `json:"in"`
	Out uint64 `json:"out"`
}

// A Problem is an error that was met, and how often.
type Problem struct {
	Text  string `json:"text"`
	Count int    `json:"count"`
}

// Missing is where in the script texts were expected in vain.
type Missing struct {
	Line  int `json:"line"`
	Count int `json:"count"`
}

// Take puts the figures and the tally in.
func (r *Report) Take(f *Figures, t Tally, took time.Duration) {
	r.Event, r.Seconds = "report", round(took.Seconds())
	r.Logins, r.LoginTimes, r.Times = f.Logins(), f.LoginTimes(), f.Texts()
	r.Sent, r.Expected, r.Delivered, r.Lost = t.Sent, t.Expected, t.Delivered, t.Lost()
	r.Failed, r.Repeated, r.Reordered, r.Strayed, r.Excused = t.Failed, t.Repeated, t.Reordered, t.Strayed, t.Excused
	r.Slices, r.Width = f.Timeline()
	r.LoginRate = rate(float64(r.Logins), r.LoginSeconds)
	first, last := -1, -1
	for i, s := range r.Slices {
		if s.Sent+s.Delivered > 0 {
			if last = i; first < 0 {
				first = i
			}
		}
	}
	if first >= 0 { // the time in which people spoke
		span := float64(last-first+1) * r.Width.Seconds()
		r.SentRate, r.ReadRate = rate(float64(t.Sent), span), rate(float64(t.Delivered), span)
	}
	r.Judge()
}

func rate(n, seconds float64) float64 {
	if seconds <= 0 {
		return 0
	}
	return round(n / seconds)
}

// round keeps three decimal places.
func round(x float64) float64 { return math.Round(x*1000) / 1000 }

// Judge says whether all went well, and what did not.
func (r *Report) Judge() {
	var why []string
	for _, w := range []struct {
		n    uint64
		what string
	}{
		{uint64(r.LoginFailed), "logins failed"}, {uint64(r.Dropped), "links lost"},
		{r.Lost, "texts lost"}, {r.Failed, "texts not delivered, by word of the server"},
		{r.Repeated, "texts repeated"}, {r.Reordered, "texts out of order"}, {r.Strayed, "texts with somebody else"},
		{r.AbroadFailed, "texts for others not delivered"},
		{r.Missed, "expected texts missed"}, {uint64(r.wrongTables()), "tables wrong"},
	} {
		if w.n > 0 {
			why = append(why, fmt.Sprintf("%d %s", w.n, w.what))
		}
	}
	r.OK, r.Why = len(why) == 0, strings.Join(why, ", ")
}

func (r *Report) wrongTables() int {
	if r.Table == nil {
		return 0
	}
	return r.Table.Wrong
}

// Text is the report as lines for people.
func (r *Report) Text() string {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-12s %s\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(&b, "%s: %d people by %s at %s, %.1f s\n", r.Script, r.People, r.Dialect, r.Server, r.Seconds)
	row("logins", "%d in %.2f s, %.0f a second; ms: %s", r.Logins, r.LoginSeconds, r.LoginRate, r.LoginTimes)
	if r.Sent > 0 {
		row("texts", "%d sent (%.0f a second), %d of %d delivered (%.0f a second)", r.Sent, r.SentRate, r.Delivered, r.Expected, r.ReadRate)
		row("", "%d lost, %d failed, %d repeated, %d reordered, %d excused", r.Lost, r.Failed, r.Repeated, r.Reordered, r.Excused)
	}
	if r.Abroad+r.AbroadFailed+r.Heard > 0 {
		row("others", "%d texts for people who are not of this run, %d of them failed; %d heard from such people", r.Abroad, r.AbroadFailed, r.Heard)
	}
	if r.Sent > 0 {
		row("latency", "ms from when they were due: %s", r.Times)
	}
	if t := r.Table; t != nil {
		row("table", "%d entries heard; %d people's tables compared, %d wrong, %d others in it", t.Entries, t.Checked, t.Wrong, t.Others)
	}
	row("bytes", "%s in, %s out", size(r.Bytes.In), size(r.Bytes.Out))
	for _, p := range []struct {
		name string
		*Process
	}{{"client", r.Client}, {"server", r.Daemon}} {
		if p.Process != nil {
			row(p.name, "%.2f s of CPU, %s of memory, %s of it for each person", p.CPU, size(p.RSS), size(uint64(max(p.PerPerson, 0))))
		}
	}
	for _, m := range r.Missing {
		row("missed", "line %d of the script: %d times", m.Line, m.Count)
	}
	for _, p := range r.Errors {
		row("error", "%d times: %s", p.Count, p.Text)
	}
	if r.OK {
		row("result", "fine")
	} else {
		row("result", "WRONG: %s", r.Why)
	}
	return b.String()
}

// String is the percentiles on one line.
func (t Times) String() string {
	return fmt.Sprintf("p50 %s  p90 %s  p99 %s  p99.9 %s  max %s", short(t.P50), short(t.P90), short(t.P99), short(t.P999), short(t.Max))
}

// short is a number of three digits or so.
func short(x float64) string {
	switch {
	case x >= 100 || x == 0:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// size is a number of bytes for people.
func size(n uint64) string {
	x, unit := float64(n), "bytes"
	for _, u := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if x < 1024 {
			break
		}
		x, unit = x/1024, u
	}
	if unit == "bytes" {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f %s", x, unit)
}

// maxProblems is how many different errors are told.
const maxProblems = 10

// Problems sorts errors by how often they came, and keeps the first ones.
func Problems(count map[string]int) (out []Problem) {
	for text, n := range count {
		out = append(out, Problem{text, n})
	}
	slices.SortFunc(out, func(a, b Problem) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Text, b.Text)
	})
	return out[:min(len(out), maxProblems)]
}
