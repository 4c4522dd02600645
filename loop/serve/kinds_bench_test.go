package serve

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"mim/codec"
	"mim/codec/dtu"
	"mim/codec/elc004"
	"mim/codec/messenger"
	"mim/codec/mim0"
	"mim/loop"
)

// A bottomless is a net that takes everything at once: dials succeed, and what is
// watched has left, as soon as settle is called.
type bottomless struct {
	outside
	mode    *Mode
	watched []toldMark // of links, by slot in number
	ids     []loop.ID
	dials   []any
	answers []confirmation
	slots   uint32
}

func (n *bottomless) Watch(id loop.ID, pos uint64) {
	n.watched, n.ids = append(n.watched, toldMark{pos: pos}), append(n.ids, id)
}
func (n *bottomless) Send(loop.ID, []byte, time.Duration, bool) uint64 {
	n.sent++
	return uint64(n.sent)
}
func (n *bottomless) Dial(_, _ string, _ time.Duration, tag any) { n.dials = append(n.dials, tag) }

// SendTo keeps what confirms a text: A with the number of M, or of what stands in
// for it (elc004.md, Between clients).
func (n *bottomless) SendTo(door int, to netip.AddrPort, b []byte) {
	number := b[bytes.LastIndexByte(b, '+')+1:]
	if bytes.HasPrefix(b, []byte("M:")) {
		number, _, _ = bytes.Cut(b[2:], []byte(":"))
	}
	n.answers = append(n.answers, confirmation{door, to, fmt.Appendf(nil, "A:%s:elc", number)})
}

// settle has dials succeed, bytes leave and datagrams be confirmed.
func (n *bottomless) settle() {
	for len(n.dials) > 0 {
		tag := n.dials[len(n.dials)-1]
		n.dials = n.dials[:len(n.dials)-1]
		n.mode.Opened(n.id(), loop.Info{Door: -1, Remote: netip.MustParseAddrPort("10.9.9.9:9"), Tag: tag})
	}
	for i := 0; i < len(n.ids); i++ {
		n.mode.Left(n.ids[i], n.watched[i].pos)
	}
	n.watched, n.ids = n.watched[:0], n.ids[:0]
	for _, a := range n.answers {
		n.mode.Datagram(a.door, a.from, a.data)
	}
	n.answers = n.answers[:0]
}

type confirmation struct {
	door int
	from netip.AddrPort
	data []byte
}

// id is one for a new link.
func (n *bottomless) id() loop.ID {
	n.slots++
	return loop.MakeID(n.slots-1, 1)
}

// comes lets somebody in by a door, from a machine of their own.
func (n *bottomless) comes(door int, words string) loop.ID {
	id := n.id()
	n.mode.Opened(id, loop.Info{Door: door, Remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 2, byte(id.Slot() >> 8), byte(id.Slot())}), 4000)})
	n.mode.Data(id, []byte(words), false)
	return id
}

// The doors of a bottomless server; the lent ones follow.
const (
	mim0Door = iota
	messengerDoor
	dtuDoor
	elc004Door
	lentDoor
)

func newBottomless(ports int) *bottomless {
	any := netip.MustParseAddrPort("0.0.0.0:0")
	cfg := Config{Seed: func() [32]byte { return [32]byte{} }}
	for _, d := range []codec.Dialect{mim0.New(), messenger.New(), dtu.New(), elc004.New()} {
		cfg.Doors = append(cfg.Doors, Door{Dialect: d, Role: codec.Registry, Network: "tcp", Addr: any})
	}
	for range ports {
		cfg.Doors = append(cfg.Doors, Door{Dialect: mim0.New(), Role: codec.Peer, Network: "tcp", Addr: any, Lent: true},
			Door{Dialect: elc004.New(), Role: codec.Peer, Network: "udp", Addr: any, Lent: true})
	}
	n := &bottomless{outside: outside{nowhere: nowhere{now: time.Unix(1_000_000_000, 0)}}, mode: New(cfg)}
	n.mode.Booted(n)
	return n
}

// mixed lets so many people in: by dtu, mim0 and elc004.
func (n *bottomless) mixed(dtus, mims, elcs int) {
	for i := range dtus {
		n.comes(dtuDoor, fmt.Sprintf("CONNECT: \"dtu%d\" \"d\" 1\r\n", i))
	}
	for i := range mims {
		n.comes(mim0Door, string(login(fmt.Sprintf("mim%d", i), uint16(5000+i%60000))))
	}
	for i := range elcs {
		id := n.comes(elc004Door, fmt.Sprintf("R:10.0.0.1:3000:elc%d\n", i))
		n.mode.Closed(id, nil)
	}
}

// BenchmarkLoginBesideMembers: somebody by mim0 comes and goes among 15,999 others
// and 1,000 who are shown at lent ports, from bytes in to bytes queued for all.
func BenchmarkLoginBesideMembers(b *testing.B) {
	n := newBottomless(1000)
	n.mixed(1000, 15999, 0)
	if n.mode.Len() != 16999 {
		b.Fatal(n.mode.Len())
	}
	slots, block := n.slots, string(login("newcomer", 4999))
	b.ReportAllocs()
	for b.Loop() {
		n.mode.Closed(n.comes(mim0Door, block), nil)
		n.slots = slots
	}
}

// BenchmarkToAllKinds: a text to 1,000: 600 by dtu, 200 by mim0 and 200 by elc004,
// and what says that it is there.
func BenchmarkToAllKinds(b *testing.B) {
	n := newBottomless(1001)
	ann := n.comes(messengerDoor, "REGISTER TOSEND ann\n\nREGISTER TORECV ann\n\n")
	n.mixed(600, 200, 200)
	text := []byte("SEND ALL\nContent-length: 5\n\nhello")
	b.ReportAllocs()
	for b.Loop() {
		before := n.sent
		n.mode.Data(ann, text, false)
		n.settle()
		if n.sent-before < 801 { // 800 texts by links and one answer
			b.Fatalf("%d sends", n.sent-before)
		}
	}
}

// thereAndBack is a text from somebody by mim0 to somebody by dtu, and one back.
func thereAndBack() func() {
	n := newBottomless(4)
	n.mixed(1, 1, 0)
	cat := loop.MakeID(0, 1)
	there, back := []byte("hello\n"), []byte("MSG mim0: hello\r\n")
	n.mode.Data(cat, back, false)
	n.settle()
	line := loop.MakeID(n.slots-1, 1)
	return func() {
		sent := n.sent
		n.mode.Data(line, there, false)
		n.mode.Data(cat, back, false)
		n.settle()
		if n.sent != sent+2 {
			panic(fmt.Sprint(n.sent-sent, " sends"))
		}
	}
}

func BenchmarkThereAndBack(b *testing.B) {
	f := thereAndBack()
	b.ReportAllocs()
	for b.Loop() {
		f()
	}
}

// A text between people of different dialects costs no memory.
func TestThereAndBackAllocs(t *testing.T) {
	f := thereAndBack()
	if n := testing.AllocsPerRun(200, f); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
