package command

import (
	"fmt"
	"os"
	"testing"
)

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		text, want string
		ok         bool
	}{
		{"", "[]", true},
		{"127.0.1.1", "[127.0.1.1]", true},
		{"127.0.1.254-127.0.2.1", "[127.0.1.254 127.0.1.255 127.0.2.0 127.0.2.1]", true},
		{"::1-::2", "[::1 ::2]", true},
		{"127.0.1.2-127.0.1.1", "", false},
		{"127.0.0.1-::1", "", false},
		{"127.0.0.1-", "", false},
		{"localhost", "", false},
		{"127.0.0.0-127.255.255.255", "", false},
	} {
		got, err := addresses(c.text)
		if (err == nil) != c.ok || c.ok && fmt.Sprint(got) != c.want {
			t.Errorf("%q: %v, %v", c.text, got, err)
		}
	}
	if all, err := addresses("255.255.255.254-255.255.255.255"); err != nil || len(all) != 2 {
		t.Errorf("up to the last address there is: %v, %v", all, err)
	}
}

func TestParseStat(t *testing.T) {
	const line = "12 (a) b) (c) S 1 12 12 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 8 0 1000 1000000 300 18446744073709551615 1 1"
	if u := parseStat([]byte(line), 4096); u == nil || u.cpu != 3 || u.rss != 300*4096 {
		t.Errorf("%+v", u)
	}
	for _, bad := range []string{"", "12 (a", "12 (a) S 1 2 3", "1 (a) S 1 12 12 0 -1 4194560 100 0 0 0 x 50 0 0 20 0 8 0 1000 1000000 300 1"} {
		if u := parseStat([]byte(bad), 4096); u != nil {
			t.Errorf("%q: %+v", bad, u)
		}
	}
	if _, err := os.Stat("/proc/self/stat"); err == nil {
		if u := usageOf(os.Getpid()); u == nil || u.rss == 0 {
			t.Errorf("of ourselves: %+v", u)
		}
	}
}
