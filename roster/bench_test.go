package roster

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"mim/chat"
)

// What an idle or a misbehaving link makes the roster do costs no memory.
func TestAllocs(t *testing.T) {
	r := crowd(t, 1000)
	now := start
	login, say := &chat.Login{Name: "user00006", Port: 7}, &chat.Say{}
	for _, row := range []struct {
		name string
		f    func()
	}{
		{"login unchanged", func() { now = now.Add(time.Second); r.Do(now, linkOf(7), login) }},
		{"say", func() { r.Do(now, linkOf(7), say) }},
		{"tick", func() { r.Tick(now) }},
		{"open and close", func() {
			r.Open(now, linkOf(1001), &traits, netip.AddrPort{}, netip.AddrPort{})
			r.Closed(now, linkOf(1001))
		}},
	} {
		if n := testing.AllocsPerRun(100, row.f); n != 0 {
			t.Errorf("%s: %v allocations", row.name, n)
		}
	}
}

func BenchmarkUnchangedLogin(b *testing.B) {
	r := crowd(b, 1000)
	now, login := start, &chat.Login{Name: "user00006", Port: 7}
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Second)
		r.Do(now, linkOf(7), login)
	}
}

// One user comes and goes among others; the effects (a table of n, came,
// went) are made but not carried out.
func BenchmarkLoginLogout(b *testing.B) {
	for _, n := range []int{100, 1000, 10000} {
		b.Run(fmt.Sprintf("among=%d", n), func(b *testing.B) {
			r := crowd(b, n)
			l, login := linkOf(n+1), &chat.Login{Name: "someone", Port: 7}
			remote := netip.MustParseAddrPort("192.168.1.2:5000")
			b.ReportAllocs()
			for b.Loop() {
				r.Open(start, l, &traits, remote, netip.AddrPort{})
				r.Do(start, l, login)
				r.Closed(start, l)
			}
		})
	}
}

// The logout of someone in the middle and a login at the end: what churn costs.
func BenchmarkChurn(b *testing.B) {
	const n = 10000
	r := crowd(b, n)
	remote := netip.MustParseAddrPort("192.168.1.2:5000")
	names := make([]chat.Login, n)
	for i := range names {
		names[i] = chat.Login{Name: fmt.Sprintf("user%05d", i), Port: uint16(i + 1)}
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i = (i + 7919) % n
		l := linkOf(i + 1)
		r.Closed(start, l)
		r.Open(start, l, &traits, remote, netip.AddrPort{})
		r.Do(start, l, &names[i])
	}
}
