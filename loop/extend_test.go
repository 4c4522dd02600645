package loop

import "testing"

func TestExtend(t *testing.T) {
	array := []byte("one two three")
	other := []byte("two")
	for _, c := range []struct {
		what    string
		last, b []byte
		gap     uint32
		want    string // the last piece afterwards; "" if b is not part of it
	}{
		{"right behind", array[:4], array[4:8], 0, "one two "},
		{"equal bytes elsewhere", array[:4], other, 0, ""},
		{"not right behind", array[:4], array[5:8], 0, ""},
		{"before", array[4:8], array[:4], 0, ""},
		{"no capacity to show it", array[:4:4], array[4:8], 0, ""},
		{"capacity for a part", array[:4:6], array[4:8], 0, ""},
		{"a gap between", array[:4], array[4:8], 1000, ""},
	} {
		s := &side{out: []piece{{b: c.last, gap: c.gap}}}
		if got := s.extend(c.b); got != (c.want != "") {
			t.Errorf("%s: extend = %v", c.what, got)
		}
		if got := string(s.out[0].b); c.want != "" && got != c.want {
			t.Errorf("%s: the piece is %q, want %q", c.what, got, c.want)
		}
	}
	if (&side{}).extend(array) {
		t.Error("there was no piece to extend")
	}
}
