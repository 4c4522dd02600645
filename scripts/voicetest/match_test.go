package voicetest

import (
	"path/filepath"
	"slices"
	"testing"
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
