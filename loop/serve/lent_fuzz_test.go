package serve

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"mim/codec"
	"mim/codec/elc004"
	"mim/codec/messenger"
	"mim/loop"
)

// An outside is a net that counts what datagrams go where.
type outside struct {
	nowhere
	to map[netip.AddrPort]int // bytes
}

func (o *outside) Local(door int) netip.AddrPort {
	return netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(7000+door))
}
func (o *outside) SendTo(_ int, to netip.AddrPort, b []byte) { o.to[to] += len(b) }
func (o *outside) Post(f func())                             { f() }
func (o *outside) Watch(loop.ID, uint64)                     {}
func (o *outside) Owe(loop.ID, bool)                         {}
func (o *outside) IdleAfter(loop.ID, time.Duration)          {}
func (o *outside) Kill(loop.ID, error)                       {}

// FuzzLentDatagrams: whatever datagrams come to a lent port, nothing panics, and
// who is not in the table is never sent more bytes than came from there, not even
// later.
func FuzzLentDatagrams(f *testing.F) {
	for _, seed := range []string{
		"M:1:hello", "Q:1:eve", "A:1:eve\xffA:2:eve", "M:1:", "G:1:#lobby:hi", "J:1:lobby\xffL:2:lobby", "B:1:", "text\n+eve", "text\n+eve+7",
		"text\n\\: 10.0.0.6\\: 6000\\: eve", "IDReq\\: 1\\: 10.0.0.6\\: 6000", "6000!hello\n", "6000!X_GET_NAME|6000", "6000!X_NAME|eve|6000",
		"M:4294967296:x\xffM:4294967296:x\xffM:9999999999:x", "Q:0:\xffQ:0:\xffQ:0:\xffQ:0:\xffQ:0:\xffQ:0:\xffQ:0:", "\x00\xfe\x1b[2J", "+", ":::",
	} {
		f.Add([]byte(seed))
	}
	known, other := netip.MustParseAddrPort("10.0.0.6:6000"), netip.MustParseAddrPort("10.0.0.9:6000")
	f.Fuzz(func(t *testing.T, script []byte) {
		any := netip.MustParseAddrPort("0.0.0.0:0")
		m := New(Config{Seed: func() [32]byte { return [32]byte{1} }, Doors: []Door{
			{Dialect: messenger.New(), Role: codec.Registry, Network: "tcp", Addr: any},
			{Dialect: elc004.New(), Role: codec.Registry, Network: "tcp", Addr: any},
			{Dialect: elc004.New(), Role: codec.Peer, Network: "udp", Addr: any, Lent: true},
			{Dialect: elc004.New(), Role: codec.Peer, Network: "udp", Addr: any, Lent: true},
		}})
		net := &outside{nowhere{now: time.Unix(1_000_000_000, 0)}, map[netip.AddrPort]int{}}
		m.Booted(net)
		ann, eve := loop.MakeID(0, 1), loop.MakeID(1, 1)
		m.Opened(ann, loop.Info{Door: 0, Remote: netip.MustParseAddrPort("10.0.0.1:4000")})
		m.Data(ann, []byte("REGISTER TOSEND ann\n\nREGISTER TORECV ann\n\n"), false)
		m.Opened(eve, loop.Info{Door: 1, Remote: netip.MustParseAddrPort("10.0.0.6:4000")})
		m.Data(eve, []byte("R:10.0.0.6:6000:eve\n"), false)
		m.Closed(eve, nil)
		if m.Len() != 2 {
			t.Fatalf("%d are here", m.Len())
		}
		came := 0
		for i, d := range bytes.Split(script, []byte{0xff}) {
			for _, door := range []int{2, 3} { // ann's, and one by which nobody speaks
				m.Datagram(door, known, d)
				m.Datagram(door, other, d)
				came += len(d)
			}
			if i%3 == 0 {
				m.Data(ann, []byte("RECEIVED eve\n\nSEND eve\nContent-length: 2\n\nhi"), false)
			}
			net.now = net.now.Add(time.Duration(i%3) * 300 * time.Millisecond)
			m.Tick(net.now)
			if n := net.to[other]; n > came {
				t.Fatalf("%d bytes came from a stranger, %d go there", came, n)
			}
		}
		for range 20 {
			net.now = net.now.Add(time.Second)
			m.Tick(net.now)
		}
		if n := net.to[other]; n > came {
			t.Fatalf("%d bytes came from a stranger, %d go there", came, n)
		}
		if net.to[known] == 0 {
			t.Error("nothing goes to whom ann has written")
		}
	})
}
