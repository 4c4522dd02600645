package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// A udp is a UDP socket that sends whatever bytes a script likes to one place,
// and hears everybody.
type udp struct {
	conn *net.UDPConn
	to   netip.AddrPort
}

// dialUDP opens a socket at from, "" for any of this machine's addresses; its
// port may be left out.
func dialUDP(to, from string) (*udp, error) {
	at, err := netip.ParseAddrPort(to)
	if err != nil {
		return nil, err
	}
	if from == "" {
		from = "127.0.0.1"
	}
	own, err := netip.ParseAddrPort(from)
	if err != nil {
		a, err := netip.ParseAddr(from)
		if err != nil {
			return nil, err
		}
		own = netip.AddrPortFrom(a, 0)
	}
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(own))
	if err != nil {
		return nil, err
	}
	return &udp{c, at}, nil
}

func (u *udp) send(p []byte) error {
	_, err := u.conn.WriteToUDPAddrPort(p, u.to)
	return err
}

// next waits for a datagram for so long; false: none came.
func (u *udp) next(d time.Duration) (string, bool, error) {
	p := make([]byte, 1<<16)
	u.conn.SetReadDeadline(time.Now().Add(d))
	n, from, err := u.conn.ReadFromUDPAddrPort(p)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "", false, nil
	case err == nil && from != u.to:
		err = fmt.Errorf("%q came from %v, want %v", p[:n], from, u.to)
	}
	return string(p[:n]), true, err
}

// says wants the next datagrams to be these.
func (u *udp) says(want ...string) error {
	for _, text := range want {
		got, ok, err := u.next(patience)
		switch {
		case err != nil:
			return err
		case !ok:
			return fmt.Errorf("nothing came within %v, want %q", patience, text)
		case got != text:
			return fmt.Errorf("the next datagram is %q, want %q", got, text)
		}
	}
	return nil
}

// do carries out "udp KEY verb args".
func (u *udp) do(verb string, args []string) error {
	switch verb {
	case "send", "says":
		texts, err := unquoteAll(args)
		if err != nil || verb == "says" {
			return firstError(err, func() error { return u.says(texts...) })
		}
		for _, text := range texts {
			if err := u.send([]byte(text)); err != nil {
				return err
			}
		}
		return nil
	case "repeat", "repeated":
		n, text, err := numbered(strings.Join(args, " "))
		if err != nil || verb == "repeated" {
			return firstError(err, func() error { return u.says(strings.Repeat(text, n)) })
		}
		return u.send(bytes.Repeat([]byte(text), n))
	case "quiet":
		d, err := time.ParseDuration(strings.Join(args, " "))
		if err != nil {
			return err
		}
		if got, came, err := u.next(d); came || err != nil {
			return fmt.Errorf("it is not quiet: %q, %v", got, err)
		}
		return nil
	case "close":
		return u.conn.Close()
	}
	return fmt.Errorf("no such verb: %s", verb)
}

func cmdUDP(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "udp KEY VERB [arg...]")
	w, key, verb, rest := of(ts), args[0], args[1], args[2:]
	if verb == "dial" {
		want(ts, rest, 1, "udp KEY dial WHERE [FROM]")
		u, err := dialUDP(address(ts, rest[0]), strings.Join(rest[1:], ""))
		ts.Check(err)
		if old := w.udps[key]; old != nil {
			old.conn.Close()
		}
		w.udps[key] = u
		ts.Setenv(key+"_PORT", fmt.Sprint(u.conn.LocalAddr().(*net.UDPAddr).Port))
		return
	}
	u := w.udps[key]
	if u == nil {
		ts.Fatalf("no UDP socket %s", key)
	}
	if verb == "take" {
		ts.Check(u.take(ts, rest))
		return
	}
	if err := u.do(verb, rest); err != nil {
		ts.Fatalf("udp %s: %v", strings.Join(args, " "), err)
	}
}

// take wants the next datagram to match the pattern behind the variable's name,
// and sets it to what the first group in it matches.
func (u *udp) take(ts *testscript.TestScript, args []string) error {
	want(ts, args, 2, "udp KEY take VARIABLE PATTERN")
	re, err := regexp.Compile(strings.Join(args[1:], " "))
	if err != nil || re.NumSubexp() < 1 {
		return fmt.Errorf("a pattern with a group is wanted: %v", err)
	}
	got, ok, err := u.next(patience)
	m := re.FindStringSubmatch(got)
	if !ok || err != nil || m == nil {
		return fmt.Errorf("the next datagram is %q (%v), want %s", got, err, re)
	}
	ts.Setenv(args[0], m[1])
	return nil
}

// take waits for bytes that match the pattern behind the variable's name, and
// sets it to what the first group in it matches.
func (r *raw) take(ts *testscript.TestScript, args []string) error {
	want(ts, args, 2, "raw KEY take VARIABLE PATTERN")
	re, err := regexp.Compile(strings.Join(args[1:], " "))
	if err != nil || re.NumSubexp() < 1 {
		return fmt.Errorf("a pattern with a group is wanted: %v", err)
	}
	return r.waitFor(func(p []byte) int {
		m := re.FindSubmatchIndex(p)
		if m == nil {
			return -1
		}
		ts.Setenv(args[0], string(p[m[2]:m[3]]))
		return m[1]
	})
}
