package command

import (
	"context"
	"strings"
	"testing"
)

func TestParseTarget(t *testing.T) {
	const port = 4242
	for _, c := range []struct {
		arg, name, server string
		code              int
	}{
		{"alice", "alice", "localhost:4242", 0},
		{"alice@host", "alice", "host:4242", 0},
		{"alice@host:1", "alice", "host:1", 0},
		{"alice@192.0.2.7:65535", "alice", "192.0.2.7:65535", 0},
		{"alice@[::1]", "alice", "[::1]:4242", 0},
		{"alice@[fe80::1%eth0]:5000", "alice", "[fe80::1%eth0]:5000", 0},
		{"al@ice@host", "al@ice", "host:4242", 0},
		{"Anna Maria@host", "Anna Maria", "host:4242", 0},
		{"@host", "", "", exitRefused},
		{" alice@host", "", "", exitRefused},
		{"al\x1bice@host", "", "", exitRefused},
		{strings.Repeat("a", 65) + "@host", "", "", exitRefused},
		{"alice@", "", "", exitBadUse},
		{"alice@:4242", "", "", exitBadUse},
		{"alice@::1", "", "", exitBadUse},
		{"alice@[::1", "", "", exitBadUse},
		{"alice@[host]", "", "", exitBadUse},
		{"alice@[host]:1", "", "", exitBadUse},
		{"alice@host:0", "", "", exitBadUse},
		{"alice@host:65536", "", "", exitBadUse},
		{"alice@host:http", "", "", exitBadUse},
		{"alice@host:", "", "", exitBadUse},
		{"alice@a:b:c", "", "", exitBadUse},
	} {
		got, f := parseTarget("mim join", c.arg, port)
		switch {
		case f != nil && f.code != c.code:
			t.Errorf("%q: code %d (%s), want %d", c.arg, f.code, f, c.code)
		case f == nil && (c.code != 0 || got != target{c.name, c.server}):
			t.Errorf("%q: got %+v, want %q at %q, code %d", c.arg, got, c.name, c.server, c.code)
		}
	}
}

func TestOtherName(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"bob", "bob2"}, {"al-ice", "alice2"}, {"Anna Maria", "AnnaMaria2"}, {"ALL", "ALL2"}, {"你好", "alice2"},
		{strings.Repeat("x", 64), strings.Repeat("x", 31) + "2"},
	} {
		if got := otherName(c.name); got != c.want {
			t.Errorf("%q: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestParseListen(t *testing.T) {
	for _, c := range []struct{ in, server, want string }{
		{"", "host:1", "0.0.0.0:0"},
		{"", "[::1]:1", "[::]:0"},
		{":5000", "127.0.0.1:1", "0.0.0.0:5000"},
		{":5000", "[::1]:1", "[::]:5000"},
		{"127.0.0.1", "host:1", "127.0.0.1:0"},
		{"[::1]", "host:1", "[::1]:0"},
		{"::1", "host:1", "[::1]:0"},
		{"127.0.0.1:5000", "host:1", "127.0.0.1:5000"},
		{"[::ffff:127.0.0.1]:5000", "host:1", "127.0.0.1:5000"},
		{":x", "host:1", ""},
		{"localhost", "host:1", ""},
		{"127.0.0.1:70000", "host:1", ""},
	} {
		got, err := parseListen(c.in, c.server)
		if (err != nil) != (c.want == "") || err == nil && got.String() != c.want {
			t.Errorf("%q with %s: got %v (%v), want %q", c.in, c.server, got, err, c.want)
		}
	}
}

func TestResolve(t *testing.T) {
	for _, c := range []struct{ host, want string }{
		{"127.0.0.1", "127.0.0.1"},
		{"[::1]", "::1"},
		{"::ffff:192.0.2.7", "192.0.2.7"},
		{"localhost", "127.0.0.1"},
	} {
		got, err := resolve(context.Background(), c.host)
		if err != nil || got.String() != c.want {
			t.Errorf("%s: got %v (%v), want %s", c.host, got, err, c.want)
		}
	}
	if a, err := resolve(context.Background(), "no such host"); err == nil {
		t.Errorf("a host name with blanks became %v", a)
	}
}
