package voicetest

import (
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestAlign(t *testing.T) {
	said, other := Speech(1, 3*Rate), Speech(2, 3*Rate)
	half := make([]int16, len(said))
	for i, v := range said {
		half[i] = v / 2
	}
	mixed := make([]int16, len(said))
	for i := range mixed {
		mixed[i] = said[i]/2 + other[i]/2
	}
	for _, c := range []struct {
		what     string
		heard    []int16
		lag      int
		low, top float64
	}{
		{"the same", said, 0, 1, 1},
		{"later", slices.Concat(make([]int16, 777), said), 777, 1, 1},
		{"sooner", said[500:], -500, 0.8, 1},
		{"softer", slices.Concat(make([]int16, 9), half), 9, 0.999, 1},
		{"of two", mixed, 0, 0.5, 0.9},
		{"half is missing", said[:len(said)/2], 0, 0.5, 0.9},
	} {
		if got := Align(said, c.heard, 2000); got.Lag != c.lag || got.Correlation < c.low-1e-9 || got.Correlation > c.top+1e-9 {
			t.Errorf("%s: %+v, want a lag of %d, %v to %v", c.what, got, c.lag, c.low, c.top)
		}
	}
	if got := Align(said, other, 2000); got.Correlation > 0.4 {
		t.Errorf("another voice: %+v", got)
	}
	if got := Align(said, nil, 10); got.Correlation > 0 {
		t.Errorf("nothing: %+v", got)
	}
	if got := Align(said, make([]int16, len(said)), 10); got.Correlation != 0 {
		t.Errorf("silence: %+v", got)
	}
}

// Follow sees what a gap, a shift of time and another speed do to a part, and to
// nothing but that.
func TestFollow(t *testing.T) {
	source := Speech(1, 21*part)
	said := source[:20*part]
	late := make([]int16, Rate/10)
	gap := slices.Concat(late, said)
	clear(gap[len(late)+3*part+part/8 : len(late)+3*part+part/4])
	shifted := slices.Concat(late, said[:8*part], make([]int16, Rate/10), said[8*part:])
	var faster []int16
	for i := range said {
		x := float64(i) * 1.005
		k := int(x)
		w := x - float64(k)
		faster = append(faster, int16((1-w)*float64(source[k])+w*float64(source[k+1])))
	}
	noise := Speech(9, 21*part)
	for _, c := range []struct {
		what     string
		heard    []int16
		harmed   int
		typical  float64
		low, top float64 // Correlation
		most     time.Duration
	}{
		{"later", slices.Concat(late, said), 0, 1, 1, 1, 100 * time.Millisecond},
		{"a gap", gap, 1, 1, 0.97, 0.999, 100 * time.Millisecond},
		{"a shift", shifted, 0, 1, 0.999, 1, 200 * time.Millisecond},
		{"0.5 % faster", faster, 1, 0.97, 0.97, 1, 0},
		{"another voice", noise, 15, 0, 0, 0.5, 0},
		{"silence", make([]int16, len(said)), 15, 0, 0, 0, 0},
		{"nothing", nil, 15, 0, 0, 0, 0},
	} {
		h := Follow(said, c.heard, Rate/4)
		t.Logf("%s: %v", c.what, h)
		if h.Correlation < c.low-1e-9 || h.Correlation > c.top+1e-9 || h.Typical < c.typical-1e-9 {
			t.Errorf("%s: correlation %v, typical %v, want %v to %v, typical %v", c.what, h.Correlation, h.Typical, c.low, c.top, c.typical)
		}
		if h.Parts < 15 || c.harmed < 15 && h.Harmed != c.harmed || c.harmed >= 15 && h.Harmed < 15 {
			t.Errorf("%s: %d of %d parts harmed, want %d", c.what, h.Harmed, h.Parts, c.harmed)
		}
		if c.what == "a gap" != (h.Gap > 25*time.Millisecond) || h.Gap > 50*time.Millisecond {
			t.Errorf("%s: a gap of %v", c.what, h.Gap)
		}
		if c.most > 0 && (h.Most-c.most).Abs() > 2*time.Millisecond {
			t.Errorf("%s: at most %v, want %v", c.what, h.Most, c.most)
		}
	}
	if h := Follow(make([]int16, 20*part), said, Rate/4); h.Parts != 0 || h.Correlation != 0 {
		t.Errorf("silence was said: %v", h)
	}
}

func TestFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.wav")
	said := Speech(3, Rate)
	if err := WriteFile(path, 8000, said); err != nil {
		t.Fatal(err)
	}
	if got, rate, err := ReadFile(path); err != nil || rate != 8000 || !slices.Equal(got, said) {
		t.Errorf("%d samples at %d, %v", len(got), rate, err)
	}
	if _, _, err := ReadFile(path + "x"); err == nil {
		t.Error("there is no such file")
	}
}
