package command

import "testing"

func TestRest(t *testing.T) {
	const kb, mb = 1 << 10, 1 << 20
	for _, c := range []struct {
		what      string
		allocated []uint64 // since the look before
		want      string   // at which looks memory is given back
	}{
		{"nothing happens", []uint64{100 * kb, 100 * kb, 100 * kb}, "..."},
		{"a rush, then rest", []uint64{100 * kb, 50 * mb, 100 * kb, 100 * kb}, "..x."},
		{"a long rush", []uint64{50 * mb, 50 * mb, 50 * mb, 100 * kb}, "...x"},
		{"two rushes", []uint64{50 * mb, 0, 0, 50 * mb, 0}, ".x..x"},
		{"little by little", []uint64{900 * kb, 900 * kb, 900 * kb, 900 * kb, 900 * kb, 0}, "....x."},
	} {
		var r rest
		var all uint64
		var got []byte
		for _, n := range c.allocated {
			all += n
			if r.due(all) {
				got = append(got, 'x')
			} else {
				got = append(got, '.')
			}
		}
		if string(got) != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}
