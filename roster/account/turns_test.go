package account

import (
	"net/netip"
	"testing"
)

func TestTurns(t *testing.T) {
	a, b, c := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")
	var q turns
	for _, p := range []struct {
		from netip.Addr
		name string
	}{{a, "a1"}, {a, "a2"}, {a, "a3"}, {b, "b1"}, {a, "a4"}, {b, "b2"}} {
		q.push(p.from, job{folded: p.name})
	}
	got := ""
	for i := 0; q.len > 0; i++ {
		if i == 2 {
			q.push(c, job{folded: "c1"})
		}
		got += q.pop().folded + " "
	}
	if want := "a1 b1 a2 b2 c1 a3 a4 "; got != want {
		t.Errorf("in turn %s, want %s", got, want)
	}
	if q.lines != nil || q.order != nil {
		t.Error("memory is kept when nobody waits")
	}
}
