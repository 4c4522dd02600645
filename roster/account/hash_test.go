package account

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

// TestDerive: vectors of the reference implementation (phc-winner-argon2, test.c).
func TestDerive(t *testing.T) {
	for _, c := range []struct {
		what string
		cost cost
		want string
	}{
		{"64 MiB", cost{2, 64 << 10, 1}, "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"},
		{"256 KiB", cost{2, 256, 1}, "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"},
		{"256 KiB in two lanes", cost{2, 256, 2}, "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037"},
	} {
		if got := hex.EncodeToString(c.cost.derive([]byte("password"), []byte("somesalt"))); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}

const (
	salt22 = "AAECAwQFBgcICQoLDA0ODw"
	key43  = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
)

func TestPHC(t *testing.T) {
	var d digest
	for i := range d.key {
		d.key[i] = byte(i)
	}
	copy(d.salt[:], d.key[:])
	const want = "$argon2id$v=19$m=19456,t=2,p=1$" + salt22 + "$" + key43
	if got := standard.phc(&d); got != want {
		t.Fatalf("%s, want %s", got, want)
	}
	c, back, err := parsePHC(want)
	if err != nil || c != standard || back != d {
		t.Errorf("%+v, %v, %v", c, back == d, err)
	}
}

func TestParsePHC(t *testing.T) {
	tail := "$" + salt22 + "$" + key43
	for _, c := range []struct {
		what, in string
		want     error
	}{
		{"the largest", "$argon2id$v=19$m=65536,t=16,p=4" + tail, nil},
		{"the smallest", "$argon2id$v=19$m=8,t=1,p=1" + tail, nil},
		{"empty", "", errNoPHC},
		{"another function", "$argon2i$v=19$m=19456,t=2,p=1" + tail, errNoPHC},
		{"another version", "$argon2id$v=16$m=19456,t=2,p=1" + tail, errNoPHC},
		{"no version", "$argon2id$m=19456,t=2,p=1" + tail, errNoPHC},
		{"all memory", "$argon2id$v=19$m=4294967295,t=2,p=1" + tail, errAbsurd},
		{"a number of 40 digits", "$argon2id$v=19$m=" + strings.Repeat("9", 40) + ",t=2,p=1" + tail, errAbsurd},
		{"a little too much memory", "$argon2id$v=19$m=65537,t=2,p=1" + tail, errAbsurd},
		{"too little memory for the lanes", "$argon2id$v=19$m=31,t=2,p=4" + tail, errAbsurd},
		{"lanes that overflow", "$argon2id$v=19$m=8,t=2,p=536870912" + tail, errAbsurd},
		{"no pass", "$argon2id$v=19$m=19456,t=0,p=1" + tail, errAbsurd},
		{"a year", "$argon2id$v=19$m=19456,t=17,p=1" + tail, errAbsurd},
		{"no lane", "$argon2id$v=19$m=19456,t=2,p=0" + tail, errAbsurd},
		{"minus", "$argon2id$v=19$m=-1,t=2,p=1" + tail, errNoPHC},
		{"other order", "$argon2id$v=19$t=2,m=19456,p=1" + tail, errNoPHC},
		{"one more", "$argon2id$v=19$m=19456,t=2,p=1,x=1" + tail, errNoPHC},
		{"short salt", "$argon2id$v=19$m=19456,t=2,p=1$AAEC$" + key43, errAbsurd},
		{"long key", "$argon2id$v=19$m=19456,t=2,p=1$" + salt22 + "$" + key43 + "AAAA", errAbsurd},
		{"no base64", "$argon2id$v=19$m=19456,t=2,p=1$" + strings.Repeat("*", 22) + "$" + key43, errNoPHC},
		{"line ends in base64", "$argon2id$v=19$m=19456,t=2,p=1$" + salt22[:20] + "\n\n$" + key43, errNoPHC},
		{"no key", "$argon2id$v=19$m=19456,t=2,p=1$" + salt22, errNoPHC},
		{"a megabyte", "$argon2id$v=19$m=19456,t=2,p=1" + tail + strings.Repeat("A", 1<<20), errAbsurd},
	} {
		if _, _, err := parsePHC(c.in); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
	}
}

func FuzzParsePHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$" + salt22 + "$" + key43)
	f.Fuzz(func(t *testing.T, s string) {
		c, d, err := parsePHC(s)
		if err != nil {
			return
		}
		if c.memory > maxMemory || c.time > maxTime || c.lanes > maxLanes {
			t.Fatalf("%q asks for %+v", s, c)
		}
		if again, back, err := parsePHC(c.phc(&d)); err != nil || again != c || back != d {
			t.Fatalf("%q does not come back: %v", s, err)
		}
	})
}
