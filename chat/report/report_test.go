package report

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"
)

// TestTimes: 1 to 1000 ms, each once, have percentiles that anyone can name.
func TestTimes(t *testing.T) {
	f := NewFigures()
	for i := 1; i <= 1000; i++ {
		f.Delivered(0, time.Duration(i)*time.Millisecond)
	}
	got := f.Texts()
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"p50", got.P50, 500}, {"p90", got.P90, 900}, {"p99", got.P99, 990}, {"p99.9", got.P999, 999}, {"max", got.Max, 1000},
	} {
		if math.Abs(c.got-c.want) > c.want/500 { // three digits are kept
			t.Errorf("%s is %v, want %v", c.what, c.got, c.want)
		}
	}
	if (NewFigures().Texts() != Times{}) {
		t.Error("nothing measured is not 0")
	}
	f = NewFigures()
	f.Delivered(0, -time.Second)
	f.Delivered(0, 100*time.Hour)
	if got := f.Texts(); got.P50 != 0 || got.Max < 3.5e6 {
		t.Errorf("out of range: %+v", got)
	}
}

// TestTimeline: what happened in which second.
func TestTimeline(t *testing.T) {
	f := NewFigures()
	f.Login(100*time.Millisecond, time.Millisecond)
	f.Sent(200 * time.Millisecond)
	f.Delivered(999*time.Millisecond, 2*time.Millisecond)
	f.Sent(3 * time.Second)
	f.Delivered(3500*time.Millisecond, 500*time.Millisecond)
	slices, width := f.Timeline()
	if len(slices) != 4 || width != time.Second {
		t.Fatalf("%d slices of %v: %+v", len(slices), width, slices)
	}
	if s := slices[0]; s.Logins != 1 || s.Sent != 1 || s.Delivered != 1 || math.Abs(s.P50-2) > 0.01 {
		t.Errorf("first second %+v", s)
	}
	if slices[1] != (Slice{}) || slices[2] != (Slice{}) {
		t.Errorf("silence: %+v", slices[1:3])
	}
	if s := slices[3]; s.Sent != 1 || s.Delivered != 1 || math.Abs(s.Max-500) > 1 {
		t.Errorf("last second %+v", s)
	}
}

// TestLongRun: a timeline does not grow for ever, and keeps all counts.
func TestLongRun(t *testing.T) {
	f, n := NewFigures(), 0
	for at := time.Duration(0); at < 3*time.Hour; at += 500 * time.Millisecond {
		f.Sent(at)
		n++
	}
	slices, width := f.Timeline()
	sum := 0
	for _, s := range slices {
		sum += s.Sent
	}
	if len(slices) > maxSlices || width != 16*time.Second || sum != n {
		t.Errorf("%d slices of %v, %d sent; want at most %d of 16s, %d sent", len(slices), width, sum, maxSlices, n)
	}
}

func sample() *Report {
	f := NewFigures()
	for i := range 10 {
		f.Login(time.Duration(i)*100*time.Millisecond, 5*time.Millisecond)
	}
	for i := range 40 {
		at := 2*time.Second + time.Duration(i)*100*time.Millisecond
		f.Sent(at)
		f.Delivered(at, 10*time.Millisecond)
	}
	r := &Report{Dialect: "toy", Server: "127.0.0.1:1", Script: "a<b.mim", People: 10, LoginSeconds: 1, At: "2026-11-20T12:00:00.000Z",
		Table: &Table{Entries: 90, Checked: 10}, Client: &Process{CPU: 1.5, RSS: 3 << 20, PerPerson: 1000}}
	r.Take(f, Tally{Sent: 40, Expected: 40, Delivered: 40}, 6*time.Second)
	return r
}

func TestReport(t *testing.T) {
	r := sample()
	if r.LoginRate != 10 || r.SentRate != 10 || r.ReadRate != 10 || !r.OK || r.Seconds != 6 {
		t.Errorf("%+v", r)
	}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var words map[string]any
	if err := json.Unmarshal(b, &words); err != nil {
		t.Fatal(err)
	}
	for _, w := range []string{"sent", "delivered", "lost", "repeated", "reordered", "seconds", "ok", "latency_ms", "logins_per_second", "client"} {
		if _, ok := words[w]; !ok {
			t.Errorf("the object has no %q: %s", w, b)
		}
	}
	for _, want := range []string{"10 people by toy", "40 sent (10 a second), 40 of 40 delivered", "p50 10.0", "90 entries", "1.50 s of CPU, 3.0 MiB", "result       fine"} {
		if !strings.Contains(r.Text(), want) {
			t.Errorf("the table lacks %q:\n%s", want, r.Text())
		}
	}
}

// TestJudge: each thing that can be wrong makes the run fail, and is named.
func TestJudge(t *testing.T) {
	for _, c := range []struct {
		change func(*Report)
		says   string
	}{
		{func(r *Report) { r.Lost = 1 }, "1 texts lost"}, {func(r *Report) { r.Repeated = 2 }, "2 texts repeated"},
		{func(r *Report) { r.Reordered = 1 }, "out of order"}, {func(r *Report) { r.Strayed = 1 }, "somebody else"},
		{func(r *Report) { r.Failed = 1 }, "not delivered"}, {func(r *Report) { r.Missed = 1 }, "missed"},
		{func(r *Report) { r.LoginFailed = 1 }, "logins failed"}, {func(r *Report) { r.Dropped = 1 }, "links lost"},
		{func(r *Report) { r.Table.Wrong = 3 }, "3 tables wrong"},
	} {
		r := sample()
		c.change(r)
		if r.Judge(); r.OK || !strings.Contains(r.Why, c.says) || !strings.Contains(r.Text(), "WRONG") {
			t.Errorf("%s: ok %v, %q", c.says, r.OK, r.Why)
		}
	}
}

// TestSVG: the drawing is XML, whatever the script is called, and has its lines.
func TestSVG(t *testing.T) {
	for _, r := range []*Report{sample(), {Script: "empty"}} {
		svg := r.SVG()
		d := xml.NewDecoder(strings.NewReader(svg))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v in %s", err, svg)
			}
		}
		if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
			t.Errorf("%s: a place is no number", r.Script)
		}
	}
	if n := strings.Count(sample().SVG(), "<polyline"); n != 6 {
		t.Errorf("%d lines are drawn, want 6", n)
	}
}

func TestProblems(t *testing.T) {
	got := Problems(map[string]int{"b": 1, "a": 1, "c": 5})
	if len(got) != 3 || got[0] != (Problem{"c", 5}) || got[1].Text != "a" {
		t.Errorf("%+v", got)
	}
}
