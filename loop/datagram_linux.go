package loop

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// maxDatagrams are read from a door in an event, beside the one that gnet
	// reads: the sockets of links have their turn behind them.
	maxDatagrams = 32
	// datagramSize holds any datagram: 65,507 bytes are the most that fit into
	// one of IPv4, 65,527 into one of IPv6.
	datagramSize = 64 << 10
)

// A message is one of those that recvmmsg(2) fills.
type message struct {
	unix.Msghdr
	size uint32
}

// A batch is the memory for one call of it. Pages of bytes that nothing was
// written to take no memory.
type batch struct {
	messages [maxDatagrams]message
	iov      [maxDatagrams]unix.Iovec
	names    [maxDatagrams]unix.RawSockaddrInet6 // large enough for IPv4, too
	bytes    [maxDatagrams * datagramSize]byte
}

func newBatch() *batch {
	b := &batch{}
	for i := range b.messages {
		b.iov[i].Base = &b.bytes[i*datagramSize]
		b.iov[i].SetLen(datagramSize)
		h := &b.messages[i].Msghdr
		h.Name = (*byte)(unsafe.Pointer(&b.names[i]))
		h.Iov = &b.iov[i]
		h.SetIovlen(1)
	}
	return b
}

// drain hands the mode what else has come by a door, up to maxDatagrams; what
// is left then makes another event. gnet's own way costs a system call, a look
// at all sockets and five allocations for each datagram.
func (r *Reactor) drain(door int) {
	if r.datagrams == nil {
		r.datagrams = newBatch()
	}
	b := r.datagrams
	n := b.receive(r.udp[door].fd)
	for i := range n {
		at := i * datagramSize
		r.modeDatagram(door, b.from(i), b.bytes[at:at+int(b.messages[i].size)])
	}
}

// receive reads what has come and says how many datagrams that are; it does
// not wait. An error of the socket is one of its first read, and is gone then.
func (b *batch) receive(fd int) int {
	for i := range b.messages {
		b.messages[i].Namelen = unix.SizeofSockaddrInet6
	}
	for {
		n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&b.messages)), maxDatagrams, unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			return int(n)
		case unix.EINTR:
		default:
			return 0
		}
	}
}

// from is who sent message i, IPv4-mapped addresses unmapped.
func (b *batch) from(i int) netip.AddrPort {
	name := &b.names[i]
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&name.Port))[:])
	if name.Family == unix.AF_INET {
		return netip.AddrPortFrom(netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(name)).Addr), port)
	}
	a := netip.AddrFrom16(name.Addr).Unmap()
	if name.Scope_id != 0 && a.Is6() {
		a = a.WithZone(zone(name.Scope_id))
	}
	return netip.AddrPortFrom(a, port)
}
