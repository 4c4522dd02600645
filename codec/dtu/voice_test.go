package dtu

import (
	"bytes"
	"testing"
)

// TestVoice: which datagrams bind an address to a call (rule 15).
func TestVoice(t *testing.T) {
	for _, c := range []struct {
		what, p string
		key     uint64
		ack, ok bool
	}{
		{"key", "TALKSESSION: 827742843590392", key, false, true},
		{"line end", "TALKSESSION: 827742843590392\r\n", key, false, true},
		{"blanks", " \r\n TALKSESSION:\t827742843590392 \n\n", key, false, true},
		{"no blank", "TALKSESSION:827742843590392", key, false, true},
		{"ack", "TALKSESSION: 827742843590392 ack", key, true, true},
		{"ack and line end", "TALKSESSION: 827742843590392  ack\r\n", key, true, true},
		{"ack in capitals", "TALKSESSION: 827742843590392 ACK", 0, false, true},
		{"more", "TALKSESSION: 827742843590392 ack ack", 0, false, true},
		{"no key", "TALKSESSION:", 0, false, true},
		{"only ack", "TALKSESSION: ack", 0, false, true},
		{"short", "TALKSESSION: 82774284359039", 0, false, true},
		{"long", "TALKSESSION: 8277428435903921", 0, false, true},
		{"far too long", "TALKSESSION: 827742843590392827742843590392", 0, false, true},
		{"a zero in front", "TALKSESSION: 027742843590392", 0, false, true},
		{"letters", "TALKSESSION: 82774284359039x", 0, false, true},
		{"a wrong key and ack", "TALKSESSION: 1 ack", 0, false, true},
		{"nothing", "", 0, false, false},
		{"blanks alone", " \r\n", 0, false, false},
		{"voice", "\x00\x01\x02\x03", 0, false, false},
		{"another word", "TALKSESSIONS: 827742843590392", 0, false, false},
		{"lower case", "talksession: 827742843590392", 0, false, false},
		{"behind something", "x TALKSESSION: 827742843590392", 0, false, false},
		{"our own answer", saysBadKey, 0, false, false},
	} {
		key, ack, ok := New().(*dialect).ParseVoice([]byte(c.p))
		if key != c.key || ack != c.ack || ok != c.ok {
			t.Errorf("%s: %d, %v, %v", c.what, key, ack, ok)
		}
	}
}

// TestBadKey: what is said to a wrong key is no longer than the shortest
// datagram with a whole one.
func TestBadKey(t *testing.T) {
	got := string(New().(*dialect).AppendBadKey([]byte("x")))
	if got != "xSESSIONERROR: bad key" || len(got)-1 > len("TALKSESSION:827742843590392") {
		t.Errorf("%q", got)
	}
}

// FuzzVoice: no datagram is misread, and reading one changes nothing.
func FuzzVoice(f *testing.F) {
	d := New().(*dialect)
	for _, p := range []string{"", "TALKSESSION: 827742843590392 ack", "TALKSESSION: 827742843590392\r\n", "TALKSESSION: 1", "\x00\xff"} {
		f.Add([]byte(p))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		before := bytes.Clone(p)
		key, ack, ok := d.ParseVoice(p)
		if !bytes.Equal(p, before) {
			t.Fatal("the datagram was changed")
		}
		switch {
		case (key != 0 || ack) && !ok:
			t.Fatal("voice has a key")
		case ack && key == 0:
			t.Fatal("a wrong key wants a receipt")
		case key != 0 && !isKey(key):
			t.Fatalf("%d is no key", key)
		case ok && !bytes.Contains(p, []byte("TALKSESSION:")):
			t.Fatal("that is voice")
		}
		if key != 0 {
			if again, ack, ok := d.ParseVoice(d.AppendVoice(nil, key)); again != key || !ack || !ok {
				t.Fatalf("%d is read back as %d", key, again)
			}
		}
	})
}
