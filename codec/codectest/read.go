package codectest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"

	"mim/codec"
)

// random gives the same numbers in each run, so that a failure can be found again.
func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 4242)) }

func splitAnywhere(s Suite) error {
	r := random(1)
	for _, end := range s.ends() {
		streams := append(slices.Clone(end.Hears), bytes.Join(end.Hears, nil))
		for _, stream := range streams {
			if err := sameWhenCut(s.Dialect, end, stream, pieces(stream, 1, r)); err != nil {
				return err
			}
			for range 20 {
				if err := sameWhenCut(s.Dialect, end, stream, pieces(stream, 1+r.IntN(40), r)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// sameWhenCut compares a stream in one piece with the same in segments.
func sameWhenCut(d codec.Dialect, end End, stream []byte, segments [][]byte) error {
	whole, err := read(d, end, [][]byte{stream})
	if err != nil {
		return fmt.Errorf("%w\nin %s", err, quoted(stream))
	}
	cut, err := read(d, end, segments)
	if err != nil {
		return fmt.Errorf("%w\nin %s, cut in %d", err, quoted(stream), len(segments))
	}
	if !slices.Equal(whole.got, cut.got) {
		return fmt.Errorf("%s: cut in %d segments, the stream %s gives\n%s\nin one piece it gives\n%s",
			end.Name, len(segments), quoted(stream), list(cut.got), list(whole.got))
	}
	return nil
}

// anyBytes feeds noise and sample streams with mistakes in them.
func anyBytes(s Suite) error {
	r := random(2)
	for _, end := range s.ends() {
		for range 300 {
			stream := noise(r)
			if len(end.Hears) > 0 && r.IntN(4) > 0 {
				stream = spoiled(end.Hears[r.IntN(len(end.Hears))], r)
			}
			if _, err := read(s.Dialect, end, pieces(stream, 1+r.IntN(2*len(stream)+1), r)); err != nil {
				return fmt.Errorf("%w\nin %s", err, quoted(stream))
			}
		}
		if err := endless(s.Dialect, end); err != nil {
			return err
		}
	}
	return nil
}

// endless feeds far more than the bound of what no message ends.
func endless(d codec.Dialect, end End) error {
	for _, fill := range []byte{0, 'x', '\n', 0xff} {
		e, err := open(d, end)
		if err != nil {
			return err
		}
		segment := bytes.Repeat([]byte{fill}, 1000)
		for fed := 0; fed < end.Keeps+10*len(segment) && !e.ended; fed += len(segment) {
			if err := e.feed(segment); err != nil {
				return fmt.Errorf("%w\nin a stream of nothing but %#x", err, fill)
			}
		}
	}
	return nil
}

func noise(r *rand.Rand) []byte {
	p := make([]byte, r.IntN(300))
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

// spoiled is a stream with a few mistakes: bytes changed, lost or repeated.
func spoiled(stream []byte, r *rand.Rand) []byte {
	p := bytes.Clone(stream)
	for range 1 + r.IntN(4) {
		if len(p) == 0 {
			break
		}
		i := r.IntN(len(p))
		j := min(len(p), i+r.IntN(10))
		switch r.IntN(4) {
		case 0:
			p[i] = byte(r.Uint32())
		case 1:
			p = slices.Delete(p, i, j)
		case 2:
			p = slices.Insert(p, i, bytes.Clone(p[i:j])...)
		case 3:
			p = p[:i]
		}
	}
	return p
}
