package codectest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"mim/chat"
	"mim/codec"
)

// random gives the same numbers in each run, so that a failure can be found again.
func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 4242)) }

func splitAnywhere(s Suite) error {
	r := random(1)
	for _, end := range s.ends() {
		streams := append(slices.Clone(end.Hears), bytes.Join(end.Hears, nil))
		for i, stream := range streams {
			some := manners
			if i == len(end.Hears) {
				some = manners[:1] // all in one: byte by byte it is long
			}
			for _, m := range some {
				if err := sameWhenCut(s.Dialect, end, m, stream, pieces(stream, 1, r)); err != nil {
					return err
				}
			}
			for range 20 {
				m := anyManner(stream, r)
				if err := sameWhenCut(s.Dialect, end, m, stream, pieces(stream, 1+r.IntN(40), r)); err != nil {
					return err
				}
				if err := sameWhenCounted(s.Dialect, end, m, stream); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// anyManner is one of the manners, with a Count somewhere in the stream.
func anyManner(stream []byte, r *rand.Rand) manner {
	m := manners[r.IntN(len(manners))]
	m.counts, m.as, m.after = true, chat.Count(r.IntN(int(chat.CountRunes)+1)), r.IntN(len(stream)+1)
	return m
}

// sameWhenCut compares a stream in one piece with the same in segments.
func sameWhenCut(d codec.Dialect, end End, m manner, stream []byte, segments [][]byte) error {
	whole, err := read(d, end, m, [][]byte{stream})
	if err != nil {
		return fmt.Errorf("%w\nin %s, %s", err, quoted(stream), m)
	}
	cut, err := read(d, end, m, segments)
	if err != nil {
		return fmt.Errorf("%w\nin %s, cut in %d, %s", err, quoted(stream), len(segments), m)
	}
	if !slices.Equal(whole.got, cut.got) {
		return fmt.Errorf("%s: cut in %d segments, the stream %s gives\n%s\nin one piece it gives\n%s\n%s",
			end.Name, len(segments), quoted(stream), list(cut.got), list(whole.got), m)
	}
	return nil
}

// sameWhenCounted: a byte of ASCII is a character, so that it makes no
// difference to such a stream how the other end counts.
func sameWhenCounted(d codec.Dialect, end End, m manner, stream []byte) error {
	if _, ok := d.Open(end.Link).(codec.Counting); !ok || end.Calls || slices.Max(append(bytes.Clone(stream), 0)) > 0x7f {
		return nil
	}
	told, err := read(d, end, m, [][]byte{stream})
	if err != nil {
		return fmt.Errorf("%w\nin %s, %s", err, quoted(stream), m)
	}
	untold := m
	untold.counts = false
	alone, err := read(d, end, untold, [][]byte{stream})
	if err != nil {
		return fmt.Errorf("%w\nin %s, %s", err, quoted(stream), untold)
	}
	if got, want := withoutCounts(told.got), withoutCounts(alone.got); !slices.Equal(got, want) {
		return fmt.Errorf("%s: told to count by Count(%d) after %d bytes, of the ASCII stream %s it makes\n%s\nwithout that\n%s",
			end.Name, m.as, m.after, quoted(stream), list(got), list(want))
	}
	return nil
}

// withoutCounts leaves out what says how the other end counts: it stands
// beside the text that showed it.
func withoutCounts(got []string) []string {
	return slices.DeleteFunc(slices.Clone(got), func(s string) bool { return strings.HasPrefix(s, "Counts ") })
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
			m := anyManner(stream, r)
			if _, err := read(s.Dialect, end, m, pieces(stream, 1+r.IntN(2*len(stream)+1), r)); err != nil {
				return fmt.Errorf("%w\nin %s, %s", err, quoted(stream), m)
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
		e, err := open(d, end, manner{late: fill == 'x'})
		if err != nil {
			return err
		}
		segment := bytes.Repeat([]byte{fill}, 1000)
		for fed := 0; fed < end.Keeps+10*len(segment) && !e.ended; fed += len(segment) {
			if err := e.feed(segment); err != nil {
				return fmt.Errorf("%w\nin a stream of nothing but %#x", err, fill)
			}
		}
		if err := e.silence(); err != nil {
			return fmt.Errorf("%w\nbehind a stream of nothing but %#x", err, fill)
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
