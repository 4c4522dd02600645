// Package report is what a load test has to say at its end: what became of
// each text (Ledger), how long texts and logins took (Figures), and all of it
// as one JSON object, a table for people and a drawing (Report).
//
// How long a text took is counted from when it was due by the plan of its
// script, not from when it was sent: a client that is held up for a second
// because the server is would else leave out just the texts that had to wait
// ("coordinated omission", Gil Tene, "How NOT to Measure Latency").
package report

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	// longest is the longest time that is told from longer ones; digits is how
	// many decimal digits of a time are kept. Microseconds.
	longest = int64(time.Hour / time.Microsecond)
	digits  = 3
	// maxSlices bounds the timeline: beyond it, two become one.
	maxSlices = 1200
)

// Figures are collected while a load test runs. Times are counted from its
// start. Not safe for two goroutines.
type Figures struct {
	texts  *hdrhistogram.Histogram // microseconds
	logins *hdrhistogram.Histogram
	slice  *hdrhistogram.Histogram // of the slice that is being filled
	width  time.Duration           // of a slice
	slices []Slice
	now    Slice
	at     int // which slice now is
}

// A Slice is a short time of the run.
type Slice struct {
	Logins    int `json:"logins"`
	Sent      int `json:"sent"`
	Delivered int `json:"delivered"`
	Times         // of the texts delivered in it
}

// Times are percentiles, in milliseconds. All 0: there was nothing to measure.
type Times struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
	Max  float64 `json:"max"`
}

// NewFigures makes empty ones.
func NewFigures() *Figures {
	return &Figures{
		texts: hdrhistogram.New(1, longest, digits), logins: hdrhistogram.New(1, longest, digits),
		slice: hdrhistogram.New(1, longest, digits), width: time.Second,
	}
}

// Login notes that somebody was logged in at a time, and how long that took.
func (f *Figures) Login(at, took time.Duration) {
	f.advance(at)
	f.now.Logins++
	record(f.logins, took)
}

// Sent notes a text.
func (f *Figures) Sent(at time.Duration) {
	f.advance(at)
	f.now.Sent++
}

// Delivered notes that a text was read, and how long after it was due.
func (f *Figures) Delivered(at, took time.Duration) {
	f.advance(at)
	f.now.Delivered++
	record(f.texts, took)
	record(f.slice, took)
}

// Logins is how many there were.
func (f *Figures) Logins() int { return int(f.logins.TotalCount()) }

func record(h *hdrhistogram.Histogram, d time.Duration) {
	_ = h.RecordValue(min(max(d.Microseconds(), 0), longest)) // it is in range
}

// advance goes on to the slice of a time. Times do not go back.
func (f *Figures) advance(at time.Duration) {
	for n := int(at / f.width); f.at < n; n = int(at / f.width) {
		f.cut()
	}
}

// cut ends the slice that is being filled.
func (f *Figures) cut() {
	f.now.Times = timesOf(f.slice)
	f.slice.Reset()
	f.slices = append(f.slices, f.now)
	f.now = Slice{}
	if f.at++; len(f.slices) == maxSlices {
		f.halve()
	}
}

// halve makes one of each two slices, so that no run is too long. The
// percentiles of the two cannot be added: the worse ones count.
func (f *Figures) halve() {
	half := f.slices[:0]
	for i := 0; i < maxSlices; i += 2 {
		a, b := f.slices[i], f.slices[i+1]
		half = append(half, Slice{
			Logins: a.Logins + b.Logins, Sent: a.Sent + b.Sent, Delivered: a.Delivered + b.Delivered,
			Times: Times{max(a.P50, b.P50), max(a.P90, b.P90), max(a.P99, b.P99), max(a.P999, b.P999), max(a.Max, b.Max)},
		})
	}
	f.slices, f.width, f.at = half, 2*f.width, len(half)
}

// timesOf reads a histogram.
func timesOf(h *hdrhistogram.Histogram) Times {
	if h.TotalCount() == 0 {
		return Times{}
	}
	ms := func(percent float64) float64 { return float64(h.ValueAtQuantile(percent)) / 1000 }
	return Times{ms(50), ms(90), ms(99), ms(99.9), float64(h.Max()) / 1000}
}

// Texts and LoginTimes are how long texts and logins have taken so far.
func (f *Figures) Texts() Times      { return timesOf(f.texts) }
func (f *Figures) LoginTimes() Times { return timesOf(f.logins) }

// Timeline ends what is under way and gives all slices and how long each is.
func (f *Figures) Timeline() ([]Slice, time.Duration) {
	if f.now != (Slice{}) {
		f.cut()
	}
	return f.slices, f.width
}
