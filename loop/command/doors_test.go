package command

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"mim/codec"
)

// portsOf is a dialect with nothing but ports.
type portsOf struct {
	codec.Dialect
	ports []codec.Port
}

func (portsOf) Name() string          { return "d" }
func (p portsOf) Ports() []codec.Port { return p.ports }

func TestDoorsOf(t *testing.T) {
	one := portsOf{ports: []codec.Port{{Network: "tcp", Number: 4242}, {Role: codec.Peer, Network: "tcp"}}}
	two := portsOf{ports: []codec.Port{{Network: "tcp", Number: 10000}, {Role: codec.Voice, Network: "udp", Number: 10001}}}
	below := portsOf{ports: []codec.Port{{Role: codec.Voice, Network: "udp", Number: 9999}, {Network: "tcp", Number: 10000}}}
	for _, c := range []struct {
		name string
		d    codec.Dialect
		port uint16
		want []string // nil: refused
	}{
		{"its own port", one, 4242, []string{"tcp 127.0.0.1:4242"}},
		{"another", one, 5000, []string{"tcp 127.0.0.1:5000"}},
		{"the system's", one, 0, []string{"tcp 127.0.0.1:0"}},
		{"two, side by side", two, 5000, []string{"tcp 127.0.0.1:5000", "udp 127.0.0.1:5001"}},
		{"two, both the system's", two, 0, []string{"tcp 127.0.0.1:0", "udp 127.0.0.1:0"}},
		{"no place for the second", two, 65535, nil},
		{"voice in front of it", below, 5000, []string{"udp 127.0.0.1:4999", "tcp 127.0.0.1:5000"}},
		{"no place in front of it", below, 1, nil},
		{"nobody comes by it", portsOf{}, 1, nil},
		{"nothing but voice", portsOf{ports: two.ports[1:]}, 1, nil},
	} {
		doors, err := doorsOf(c.d, netip.MustParseAddr("127.0.0.1"), c.port)
		var got []string
		for _, d := range doors {
			got = append(got, fmt.Sprint(d.Network, " ", d.Addr))
		}
		if (err != nil) != (c.want == nil) || err == nil && !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q (%v), want %q", c.name, got, err, c.want)
		}
	}
}

func TestVoiceUsage(t *testing.T) {
	tcp := codec.Port{Network: "tcp", Number: 10000}
	for _, c := range []struct {
		name  string
		ports []codec.Port
		want  string
	}{
		{"none", []codec.Port{tcp, {Role: codec.Peer, Network: "udp"}}, ""},
		{"above", []codec.Port{tcp, {Role: codec.Voice, Network: "udp", Number: 10001}}, ", with its voice by UDP on PORT+1"},
		{"below", []codec.Port{tcp, {Role: codec.Voice, Network: "udp", Number: 9998}}, ", with its voice by UDP on PORT-2"},
	} {
		if got := voiceUsage(portsOf{ports: c.ports}); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestReport(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		code int
		want string
	}{
		{"with something to try", badUse("mim serve", "cannot %s", "x"), exitBadUse, "mim: cannot x\n  try: mim serve\n"},
		{"with nothing to try", &failure{code: exitRefused, what: "no"}, exitRefused, "mim: no\n"},
		{"wrapped", fmt.Errorf("outer: %w", &failure{code: exitBroken, what: "gone"}), exitBroken, "mim: gone\n"},
		{"of a library", fmt.Errorf("odd"), exitBadUse, "mim: odd\n  try: mim --help\n"},
	} {
		var out strings.Builder
		if code := report(&out, c.err); code != c.code || out.String() != c.want {
			t.Errorf("%s: %d %q, want %d %q", c.name, code, out.String(), c.code, c.want)
		}
	}
}
