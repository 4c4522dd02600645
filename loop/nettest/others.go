package nettest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"mim/loop"
)

func opened(p *pair) {
	type tag struct{ n int }
	p.on(p.a, func(n loop.Net) { p.dial(n, tag{7}) })
	p.until("both ends open", func() bool { return len(p.a.ends) == 1 && len(p.b.ends) == 1 })
	a, b := p.a.ends[0], p.b.ends[0]
	if at := p.w.At(p.b.net, 0); a.info.Door != -1 || a.info.Tag != (tag{7}) || a.info.Remote != at {
		p.Errorf("the dialling end was told %+v, want door -1, remote %v", a.info, at)
	}
	if b.info.Door != 0 || b.info.Tag != nil {
		p.Errorf("the accepting end was told %+v", b.info)
	}
	p.on(p.a, func(n loop.Net) {
		if here := n.Here(a.id); here != b.info.Remote {
			p.Errorf("a is at %v, b sees %v", here, b.info.Remote)
		}
	})
	p.on(p.b, func(n loop.Net) {
		if here := n.Here(b.id); here != a.info.Remote {
			p.Errorf("b is at %v, a sees %v", here, a.info.Remote)
		}
	})
}

func dialFails(p *pair) {
	for i, row := range []struct{ what, network, address string }{
		{"nobody listens", "tcp", "127.0.0.1:1"},
		{"no such port", "tcp", "127.0.0.1:99999"},
		{"no port", "tcp", "127.0.0.1"},
		{"no such network", "pigeon", "127.0.0.1:1"},
	} {
		p.on(p.a, func(n loop.Net) { n.Dial(row.network, row.address, patience, row.what) })
		p.until(row.what+": Failed", func() bool { return len(p.a.failed) == i+1 })
		p.both(func() {
			if f := p.a.failed[i]; f.tag != row.what || f.why == nil {
				p.Errorf("%s: failed with %v", row.what, f)
			}
		})
	}
}

func dialFrom(p *pair) {
	p.on(p.a, func(n loop.Net) {
		to := p.w.At(p.b.net, 0).String()
		n.DialFrom(netip.MustParseAddr("192.0.2.1"), "tcp", to, patience, "not ours") // RFC 5737
		n.DialFrom(netip.Addr{}, "tcp", to, patience, "whatever")
	})
	p.until("Failed and Opened", func() bool { return len(p.a.failed) == 1 && len(p.b.ends) == 1 && len(p.a.ends) == 1 })
	p.both(func() {
		if f := p.a.failed[0]; f.tag != "not ours" || f.why == nil {
			p.Errorf("from an address that is not ours: %v", f)
		}
		if e := p.a.ends[0]; e.info.Tag != "whatever" {
			p.Errorf("from no address: opened with %v", e.info.Tag)
		}
	})
}

func manyDials(p *pair) {
	p.on(p.a, func(n loop.Net) {
		for i := range 100 {
			p.dial(n, i)
		}
	})
	p.until("all dials", func() bool { return len(p.a.ends) == 100 && len(p.b.ends) == 100 })
	var tags []int
	for _, e := range p.a.ends {
		tags = append(tags, e.info.Tag.(int))
	}
	slices.Sort(tags)
	for i, n := range tags {
		if n != i {
			p.Fatalf("tags, sorted: %v", tags)
		}
	}
}

func posts(p *pair) {
	const workers, each = 4, 250
	var ran [workers][]int
	later := 0
	var wg sync.WaitGroup
	for k := range workers {
		wg.Go(func() {
			for i := range each {
				p.b.net.Post(func() {
					p.b.note(func() { ran[k] = append(ran[k], i) })
					p.b.net.Post(func() {
						p.b.note(func() {
							if later++; p.b.inside != "" {
								p.b.complain("a post inside %s", p.b.inside)
							}
						})
					})
				})
			}
		})
	}
	wg.Wait()
	p.until("all posts", func() bool { return later == workers*each })
	for k := range ran {
		if len(ran[k]) != each || !slices.IsSorted(ran[k]) {
			p.Errorf("posts of one goroutine ran as %v", ran[k])
		}
	}
	p.b.data = func(e *end, b []byte, _ bool) int {
		p.b.net.Post(func() {
			p.b.note(func() {
				if later = -1; p.b.inside != "" {
					p.b.complain("a post inside %s", p.b.inside)
				}
			})
		})
		return len(b)
	}
	a, _ := p.connect()
	p.send(a, "x")
	p.until("a post of a callback", func() bool { return later == -1 })
}

func alarm(p *pair) {
	var at []time.Duration
	var since time.Time
	p.a.tick = func(now time.Time) {
		p.a.note(func() { at = append(at, now.Sub(since)) })
		if len(at) == 1 {
			p.a.net.Alarm(now.Add(300 * time.Millisecond))
		}
	}
	p.on(p.a, func(n loop.Net) {
		since = n.Now()
		n.Alarm(since.Add(200 * time.Millisecond))
		n.Alarm(since.Add(100 * time.Millisecond))
		n.Alarm(since.Add(time.Hour))
	})
	p.until("two ticks", func() bool { return len(at) == 2 })
	if at[0] < 100*time.Millisecond || at[1] < at[0]+300*time.Millisecond {
		p.Errorf("ticks at %v, want 100ms and, 300ms later, one more", at)
	}
	p.on(p.a, func(n loop.Net) { n.Alarm(since) })
	p.until("a tick for an alarm in the past", func() bool { return len(at) == 3 })
}

func datagrams(p *pair) {
	var from, to = p.w.At(p.a.net, 0), p.w.At(p.b.net, 1)
	p.on(p.a, func(n loop.Net) { n.SendTo(0, to, []byte("ping")) })
	p.until("the datagram", func() bool { return len(p.b.datagrams) > 0 })
	p.on(p.b, func(n loop.Net) {
		n.SendTo(1, from, []byte("pong"))
		n.SendTo(0, from, []byte("not a UDP door"))
		n.SendTo(9, from, []byte("no door"))
	})
	p.until("the answer", func() bool { return len(p.a.datagrams) > 0 })
	p.both(func() {
		if got, want := p.b.datagrams[0], fmt.Sprintf("1 %v ping", from); got != want {
			p.Errorf("b got %q, want %q", got, want)
		}
		if got, want := p.a.datagrams[0], fmt.Sprintf("0 %v pong", to); got != want {
			p.Errorf("a got %q, want %q", got, want)
		}
	})
}

// manyDatagrams: each of a hundred that were sent in one callback comes once,
// whole and by itself, in any order.
func manyDatagrams(p *pair) {
	const n = 100
	from, to := p.w.At(p.a.net, 0), p.w.At(p.b.net, 1)
	var want []string
	p.on(p.a, func(x loop.Net) {
		x.SendTo(0, to, make([]byte, 1<<16)) // longer than any can be: it is lost
		for i := range n {
			text := strings.Repeat("x", i*7) // the first is empty
			x.SendTo(0, to, []byte(text))
			want = append(want, fmt.Sprintf("1 %v %s", from, text))
		}
	})
	p.until("all datagrams", func() bool { return len(p.b.datagrams) >= n })
	p.both(func() {
		slices.SortFunc(p.b.datagrams, func(a, b string) int { return len(a) - len(b) })
		if !slices.Equal(p.b.datagrams, want) {
			p.Errorf("b got %q", p.b.datagrams)
		}
	})
}
