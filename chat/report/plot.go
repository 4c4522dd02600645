package report

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"
)

// The drawing, in its own units.
const (
	plotWidth  = 860
	plotHeight = 220 // of each of the two diagrams
	plotLeft   = 70
	plotTop    = 50
	plotGap    = 60
)

// A curve is one line of a diagram.
type curve struct {
	name, color string
	at          func(Slice) float64
}

var (
	latencyCurves = []curve{
		{"max", "#d62728", func(s Slice) float64 { return s.Max }},
		{"p99", "#ff7f0e", func(s Slice) float64 { return s.P99 }},
		{"p50", "#1f77b4", func(s Slice) float64 { return s.P50 }},
	}
	rateCurves = []curve{
		{"delivered", "#2ca02c", func(s Slice) float64 { return float64(s.Delivered) }},
		{"sent", "#9467bd", func(s Slice) float64 { return float64(s.Sent) }},
		{"logins", "#7f7f7f", func(s Slice) float64 { return float64(s.Logins) }},
	}
)

// SVG draws two diagrams over the time of the run: how long texts took, with a
// logarithmic scale, and how many there were each second.
func (r *Report) SVG() string {
	var b strings.Builder
	width, height := plotLeft+plotWidth+90, plotTop+2*plotHeight+plotGap+50
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", width, height)
	title := fmt.Sprintf("%s: %d people by %s, %s", r.Script, r.People, r.Dialect, r.At)
	fmt.Fprintf(&b, `<text x="%d" y="20" font-size="14">%s</text>`+"\n", plotLeft, html.EscapeString(title))
	each := max(r.Width, time.Second) // 0: nothing was collected
	d := diagram{b: &b, slices: r.Slices, width: each, top: plotTop, log: true}
	d.draw("latency, ms from when a text was due", latencyCurves)
	d = diagram{b: &b, slices: r.Slices, width: each, top: plotTop + plotHeight + plotGap}
	d.draw("a second", rateCurves)
	b.WriteString("</svg>\n")
	return b.String()
}

// A diagram is one of the two.
type diagram struct {
	b      *strings.Builder
	slices []Slice
	width  time.Duration
	top    float64
	log    bool
	low    float64 // of the scale, for log its logarithm
	high   float64
}

func (d *diagram) draw(name string, curves []curve) {
	d.scale(curves)
	fmt.Fprintf(d.b, `<text x="%d" y="%.0f">%s</text>`+"\n", plotLeft, d.top-8, name)
	fmt.Fprintf(d.b, `<rect x="%d" y="%.0f" width="%d" height="%d" fill="none" stroke="#999"/>`+"\n", plotLeft, d.top, plotWidth, plotHeight)
	d.grid()
	for i, c := range curves {
		d.curve(c)
		fmt.Fprintf(d.b, `<text x="%d" y="%.0f" fill="%s">%s</text>`+"\n", plotLeft+plotWidth+8, d.top+16+16*float64(i), c.color, c.name)
	}
}

// value is what is drawn of a slice; ok is false if there is nothing.
func (d *diagram) value(c curve, s Slice) (y float64, ok bool) {
	y = c.at(s)
	if d.log {
		return math.Log10(max(y, 0.001)), s.Delivered > 0
	}
	return y / d.width.Seconds(), true
}

// scale finds the bounds of what is drawn: whole powers of ten, or 0 and a
// round number.
func (d *diagram) scale(curves []curve) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, s := range d.slices {
		for _, c := range curves {
			if y, ok := d.value(c, s); ok {
				low, high = min(low, y), max(high, y)
			}
		}
	}
	switch {
	case d.log && math.IsInf(low, 1):
		d.low, d.high = 0, 1
	case d.log:
		d.low, d.high = math.Floor(low), max(math.Ceil(high), math.Floor(low)+1)
	default:
		d.high = step(max(high, 1)/5) * 5
	}
}

// step is the least of 1, 2, 5, 10, 20 ... that is not less than x.
func step(x float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(x)))
	for _, m := range []float64{1, 2, 5} {
		if m*p >= x*(1-1e-9) {
			return m * p
		}
	}
	return 10 * p
}

func (d *diagram) y(value float64) float64 {
	return d.top + plotHeight*(1-(value-d.low)/(d.high-d.low))
}

func (d *diagram) x(i float64) float64 {
	return plotLeft + plotWidth*i/max(float64(len(d.slices)), 1)
}

// grid draws the lines of the scale and the seconds below.
func (d *diagram) grid() {
	by := (d.high - d.low) / 5
	if d.log {
		by = 1
	}
	for v := d.low; v <= d.high+by/2; v += by {
		label := fmt.Sprintf("%.4g", v)
		if d.log {
			label = fmt.Sprintf("%.4g", math.Pow(10, v))
		}
		fmt.Fprintf(d.b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			plotLeft, d.y(v), plotLeft+plotWidth, d.y(v), plotLeft-6, d.y(v)+4, label)
	}
	seconds := float64(len(d.slices)) * d.width.Seconds()
	for t := 0.0; t <= seconds; t += step(max(seconds, 5) / 10) {
		fmt.Fprintf(d.b, `<text x="%.1f" y="%.1f" text-anchor="middle">%g s</text>`+"\n", d.x(t/d.width.Seconds()), d.top+plotHeight+16, t)
	}
}

func (d *diagram) curve(c curve) {
	var points []string
	flush := func() {
		if len(points) > 0 {
			fmt.Fprintf(d.b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="1.5"/>`+"\n", strings.Join(points, " "), c.color)
		}
		points = points[:0]
	}
	for i, s := range d.slices {
		y, ok := d.value(c, s)
		if !ok {
			flush() // a pause is no line
			continue
		}
		points = append(points, fmt.Sprintf("%.1f,%.1f", d.x(float64(i)), d.y(y)), fmt.Sprintf("%.1f,%.1f", d.x(float64(i+1)), d.y(y)))
	}
	flush()
}
