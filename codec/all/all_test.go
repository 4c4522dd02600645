package all

import (
	"strings"
	"testing"

	"mim/codec"
)

// TestDialectsDoNotCollide: names, ports and flags are each dialect's own.
func TestDialectsDoNotCollide(t *testing.T) {
	names, ports, flags := map[string]bool{}, map[codec.Port]string{}, map[string]bool{}
	for _, d := range Dialects() {
		if names[d.Name()] || d.Traits().Dialect != d.Name() {
			t.Errorf("%q is there twice, or goes by the name %q", d.Name(), d.Traits().Dialect)
		}
		names[d.Name()] = true
		own := map[codec.Port]bool{}
		for _, p := range d.Ports() {
			kind := codec.Port{Role: p.Role, Network: p.Network}
			if own[kind] || p.Network != "tcp" && p.Network != "udp" {
				t.Errorf("%s wants %+v twice, or on no network", d.Name(), p)
			}
			own[kind] = true
			if other := ports[codec.Port{Network: p.Network, Number: p.Number}]; other != "" && p.Number != 0 {
				t.Errorf("%s and %s both want %s port %d", other, d.Name(), p.Network, p.Number)
			}
			ports[codec.Port{Network: p.Network, Number: p.Number}] = d.Name()
		}
		c, ok := d.(codec.Configurable)
		if !ok {
			continue
		}
		for _, f := range c.Flags() {
			if flags[f.Name] || !strings.HasPrefix(f.Name, d.Name()+"-") || f.Help == "" {
				t.Errorf("flag %q of %s is there twice, lacks the dialect's name in front, or help", f.Name, d.Name())
			}
			flags[f.Name] = true
		}
	}
}
