package loop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/panjf2000/gnet/v2"
)

// maxDials is how many dials run at once. Each has a goroutine while it runs
// and takes two descriptors for a moment; both come out of the reserve.
const maxDials = 32

// errEnroll: gnet did not take the connection and did not say why.
var errEnroll = errors.New("event loop did not take the connection")

// A dial is one call of Net.Dial until its outcome is told.
type dial struct {
	from             netip.Addr // not valid: the system's choice
	network, address string
	within           time.Duration
	tag              any
	told             bool // Opened or Failed was called; on the loop only
}

// Dial connects to address.
func (r *Reactor) Dial(network, address string, within time.Duration, tag any) {
	r.DialFrom(netip.Addr{}, network, address, within, tag)
}

// DialFrom connects to address from one of ours.
func (r *Reactor) DialFrom(from netip.Addr, network, address string, within time.Duration, tag any) {
	r.dials = append(r.dials, &dial{from: from, network: network, address: address, within: within, tag: tag})
	r.startDials()
}

// startDials starts those that wait in line, maxDials at once.
func (r *Reactor) startDials() {
	for len(r.dials) > 0 && r.dialing < maxDials {
		d := r.dials[0]
		r.dials[0] = nil
		if r.dials = r.dials[1:]; len(r.dials) == 0 {
			r.dials = nil
		}
		r.dialing++
		go func() {
			err := r.connect(d)
			r.Post(func() { r.dialled(d, err) })
		}()
	}
}

// connect dials and hands the connection to gnet, which calls OnOpen with d.
// Runs beside the loop.
func (r *Reactor) connect(d *dial) error {
	switch d.network {
	case "tcp", "tcp4", "tcp6":
	default:
		return &net.OpError{Op: "dial", Net: d.network, Err: net.UnknownNetworkError(d.network)}
	}
	ctx, cancel := context.WithTimeout(r.ctx, d.within)
	defer cancel()
	dialer := net.Dialer{KeepAlive: -1} // set when it opens, as for all
	if d.from.IsValid() {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(d.from, 0))
		dialer.Control = portLater
	}
	c, err := dialer.DialContext(ctx, d.network, d.address)
	if err != nil {
		return err
	}
	result, err := r.loop.Enroll(gnet.NewContext(context.Background(), d), c)
	if err != nil {
		c.Close()
		return fmt.Errorf("%w: %w", errEnroll, err)
	}
	// Enroll waits for ever if the engine stops meanwhile, and a result says
	// little: what counts is whether OnOpen was called.
	select {
	case res := <-result:
		if res.Err != nil {
			return fmt.Errorf("%w: %w", errEnroll, res.Err)
		}
		return errEnroll // unless OnOpen has told of it
	case <-ctx.Done():
		return ctx.Err()
	}
}

// dialled ends a dial on the loop.
func (r *Reactor) dialled(d *dial, err error) {
	r.dialing--
	if !d.told {
		d.told = true
		r.modeFailed(d.tag, err)
	}
	r.startDials()
}
