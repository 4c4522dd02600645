package command

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"mim/chat"
	"mim/codec"
	"mim/loop/serve"
)

const (
	lendFlag    = "lend"
	lendDefault = "4300-4363"
	// lendPicked is how many ports the system picks, of each kind, for --lend 0;
	// maxLend is the most that can be asked for.
	lendPicked = 64
	maxLend    = 1024
)

// lentDoors are the ports that may stand for people where programs want an
// address for everyone: of TCP for the dialect whose people dial each other, of
// UDP for the one whose people write datagrams. There are none where nobody of
// another dialect can come, and none of the default ones that somebody else has:
// those are for whoever wants them.
func lentDoors(c *cli.Context, doors []serve.Door, host netip.Addr) (lent []serve.Door, err error) {
	from, to, err := lendRange(c)
	if err != nil || from < 0 {
		return nil, err
	}
	for _, kind := range [...]struct {
		network string
		reach   chat.Reach
	}{{"tcp", chat.ByPeerTCP}, {"udp", chat.ByPeerUDP}} {
		i := slices.IndexFunc(doors, func(d serve.Door) bool { return d.Dialect.Traits().Reach == kind.reach })
		if i < 0 || !slices.ContainsFunc(doors, func(d serve.Door) bool { return d.Dialect.Name() != doors[i].Dialect.Name() }) {
			continue
		}
		for port := from; port <= to; port++ {
			d := serve.Door{Dialect: doors[i].Dialect, Role: codec.Peer, Network: kind.network, Addr: netip.AddrPortFrom(host, uint16(port)), Lent: true}
			if from == 0 {
				d.Addr = netip.AddrPortFrom(host, 0)
			} else if !c.IsSet(lendFlag) && taken(d) {
				continue
			}
			lent = append(lent, d)
		}
	}
	return lent, nil
}

// lendRange reads the flag; from is -1 if nothing is to be lent, and 0 if the
// system is to pick.
func lendRange(c *cli.Context) (from, to int, err error) {
	word := c.String(lendFlag)
	switch word {
	case doorOff:
		return -1, -1, nil
	case "0":
		return 0, lendPicked - 1, nil
	}
	first, last, _ := strings.Cut(word, "-")
	from, err1 := strconv.Atoi(first)
	to, err2 := strconv.Atoi(last)
	if err1 != nil || err2 != nil || from < 1 || to < from || to > 65535 || to-from >= maxLend {
		return 0, 0, badUse("mim serve --"+lendFlag+" "+lendDefault,
			"cannot use %s: it is two ports from 1 to 65535 with - between them, at most %d in all, 0 for some that the system picks, or off", given(c, lendFlag), maxLend)
	}
	return from, to, nil
}

// taken reports whether somebody else has a port.
func taken(d serve.Door) bool {
	var l net.ListenConfig
	if d.Network == "udp" {
		p, err := l.ListenPacket(context.Background(), "udp", d.Addr.String())
		if err == nil {
			p.Close()
		}
		return err != nil
	}
	p, err := l.Listen(context.Background(), "tcp", d.Addr.String())
	if err == nil {
		p.Close()
	}
	return err != nil
}

// lentWords say which ports are lent, for people; empty if none are.
func lentWords(doors []serve.Door) string {
	n := map[string]int{}
	var first, last uint16
	for _, d := range doors {
		if !d.Lent {
			continue
		}
		n[d.Network]++
		if p := d.Addr.Port(); first == 0 || p < first {
			first = p
		}
		last = max(last, d.Addr.Port())
	}
	if len(n) == 0 {
		return ""
	}
	where := "that the system picked"
	if first > 0 {
		where = fmt.Sprintf("from %d to %d", first, last)
	}
	return fmt.Sprintf("Ports %s are lent to people whose programs have none (%d of TCP, %d of UDP).", where, n["tcp"], n["udp"])
}
