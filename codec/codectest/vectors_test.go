package codectest

import (
	"slices"
	"testing"
)

// TestVectors: each seed has its own, and their segments are their bytes.
func TestVectors(t *testing.T) {
	for _, c := range []struct {
		seed string
		want int
	}{{"000", 54}, {"001", 44}, {"002", 38}, {"003", 51}, {"004", 31}, {"none", 0}} {
		all := Vectors(t, c.seed)
		if len(all) != c.want {
			t.Errorf("seed %s has %d, want %d", c.seed, len(all), c.want)
		}
		for _, v := range all {
			if n := len(v.Segments(t)); v.Seed != c.seed || n != max(1, len(v.Cuts)) {
				t.Errorf("%s of seed %s: %d segments", v.What, v.Seed, n)
			}
		}
	}
}

// TestMissing: a name without a vector is found, and so is a lost vector.
func TestMissing(t *testing.T) {
	all := []*Vector{{What: "hello"}, {What: "bye"}}
	for _, c := range []struct {
		what  string
		total int
		names []string
		want  []string
	}{
		{"all there", 2, []string{"hello", "bye"}, nil},
		{"a vector without a name is for run to find", 2, []string{"bye"}, nil},
		{"a name too many", 2, []string{"hello", "what?"}, []string{`vectors.json has no "what?" any more`}},
		{"a vector too few", 3, []string{"hello"}, []string{"2 vectors, want 3"}},
	} {
		if got := missing(all, c.total, slices.Values(c.names)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}
