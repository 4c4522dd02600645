package codectest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"testing"
)

// vectorFile is where the examples are, seen from the folder of a dialect.
const vectorFile = "../testdata/vectors.json"

// A Vector is a byte-exact example from codec/testdata/vectors.json.
type Vector struct {
	Seed, What, Direction, Hex, Meaning, Use string

	Cuts  []string `json:"segments"` // hex of what comes at once; nil: all does
	Bytes []byte   `json:"-"`        // what Hex says
}

// Vectors gives those of a seed ("000" and so on), in the order of the file.
// It is for the tests of a dialect, which run in its folder.
func Vectors(tb testing.TB, seed string) (ours []*Vector) {
	tb.Helper()
	file, err := os.ReadFile(vectorFile)
	if err != nil {
		tb.Fatal(err)
	}
	var all []*Vector
	if err := json.Unmarshal(file, &all); err != nil {
		tb.Fatal(err)
	}
	for _, v := range all {
		if v.Seed == seed {
			v.Bytes = unhex(tb, v.Hex)
			ours = append(ours, v)
		}
	}
	return ours
}

// Segments are the bytes as they arrive.
func (v *Vector) Segments(tb testing.TB) (cut [][]byte) {
	tb.Helper()
	if v.Cuts == nil {
		return [][]byte{v.Bytes}
	}
	for _, s := range v.Cuts {
		cut = append(cut, unhex(tb, s))
	}
	if !bytes.Equal(bytes.Join(cut, nil), v.Bytes) {
		tb.Errorf("%s: the segments are not the bytes", v.What)
	}
	return cut
}

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	p, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// Streams gives the bytes of those of one direction, for the suite.
func Streams(all []*Vector, direction string) (streams [][]byte) {
	for _, v := range all {
		if v.Direction == direction {
			streams = append(streams, v.Bytes)
		}
	}
	return streams
}

// RunVectors has each vector of a seed run as a subtest; run fails for one
// that its tables do not name. The other way round, each of the names must be
// that of a vector, and there must be total of them, so that none is lost on
// the way.
func RunVectors(t *testing.T, seed string, total int, run func(*testing.T, *Vector), names ...iter.Seq[string]) {
	t.Helper()
	all := Vectors(t, seed)
	for _, v := range all {
		t.Run(v.What, func(t *testing.T) { run(t, v) })
	}
	for _, problem := range missing(all, total, names...) {
		t.Error(problem)
	}
}

// missing says what is not there of the vectors that there should be.
func missing(all []*Vector, total int, names ...iter.Seq[string]) (problems []string) {
	there := map[string]bool{}
	for _, v := range all {
		there[v.What] = true
	}
	for _, some := range names {
		for what := range some {
			if !there[what] {
				problems = append(problems, fmt.Sprintf("vectors.json has no %q any more", what))
			}
		}
	}
	if len(there) != total {
		problems = append(problems, fmt.Sprintf("%d vectors, want %d", len(there), total))
	}
	return problems
}
