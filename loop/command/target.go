package command

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"mim/chat"
	"mim/codec"
)

// A target is what the argument of mim join says.
type target struct {
	name   string // a name that chat.CheckName accepts
	server string // "host:port"
}

// parseTarget reads NAME@HOST[:PORT] or NAME; port is the dialect's own. The
// name is what is before the last "@". begin is how the command began that a
// failure suggests.
func parseTarget(begin, arg string, port uint16) (target, *failure) {
	name, host := arg, "localhost"
	if i := strings.LastIndexByte(arg, '@'); i >= 0 {
		name, host = arg[:i], arg[i+1:]
	}
	server, err := withPort(host, port)
	if err != nil {
		host = rightHost(host, port)
	}
	if err := chat.CheckName(name); err != nil {
		return target{}, &failure{code: exitRefused, what: fmt.Sprintf("cannot join as %q: %s", name, err), try: begin + " " + shellWord("alice@"+host)}
	}
	if err != nil {
		return target{}, badUse(begin+" "+shellWord(name+"@"+host), "cannot join at %q: %s", arg[len(name)+1:], err)
	}
	return target{name: name, server: server}, nil
}

// rightHost is what may have been meant by a host that withPort refuses.
func rightHost(host string, port uint16) string {
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil && a.Is6() {
		return "[" + a.String() + "]"
	}
	name := host
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		name = host[:i]
	}
	if _, err := withPort(name, port); err == nil && hostWord.MatchString(name) {
		return name
	}
	return "localhost"
}

// hostWord is what a host in a suggestion is made of; what else was typed is
// better not repeated.
var hostWord = regexp.MustCompile(`^[A-Za-z0-9._\[\]:%-]+$`)

// joinFirst is the command to join as arg says, or as alice if it says nothing
// that can be joined.
func joinFirst(begin, arg string, port uint16) string {
	if _, f := parseTarget(begin, arg, port); f != nil {
		return f.try
	}
	return begin + " " + shellWord(arg)
}

// otherName is a name to try instead of one that a server does not take: of
// letters and digits only, which every server likes.
func otherName(name string) string {
	const most = 31 // characters: with the digit no dialect finds it too long
	plain := strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return -1
	}, name)
	if plain == "" {
		plain = "alice"
	}
	return plain[:min(len(plain), most)] + "2"
}

// thisMachine reports whether server, "host:port", is by loopback or by an
// address of one of our interfaces, and its port.
func thisMachine(server string) (port string, ok bool) {
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		return "", false
	}
	if host == "localhost" {
		return port, true
	}
	a, err := netip.ParseAddr(host)
	return port, err == nil && (a.IsLoopback() || a.IsUnspecified() || slices.Contains(localAddresses(), a.Unmap()))
}

// withPort makes "host:port" of HOST or HOST:PORT; an IPv6 address is written
// in brackets, so that its colons are not taken for a port's.
func withPort(host string, port uint16) (string, error) {
	literal := strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	switch {
	case host == "":
		return "", fmt.Errorf("the host is missing")
	case strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]"):
		if _, err := netip.ParseAddr(literal); err != nil {
			return "", fmt.Errorf("%s is no IP address", literal)
		}
		return net.JoinHostPort(literal, strconv.Itoa(int(port))), nil
	case !strings.Contains(host, ":"):
		return net.JoinHostPort(host, strconv.Itoa(int(port))), nil
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return "", fmt.Errorf("an IPv6 address goes in brackets: [%s]", host)
	}
	name, number, err := net.SplitHostPort(host)
	switch {
	case err != nil || name == "":
		return "", fmt.Errorf("it is no HOST or HOST:PORT")
	case strings.HasPrefix(host, "["):
		if _, err := netip.ParseAddr(name); err != nil {
			return "", fmt.Errorf("%s is no IP address", name)
		}
	}
	if n, err := strconv.ParseUint(number, 10, 16); err != nil || n == 0 {
		return "", fmt.Errorf("%q is no port from 1 to 65535", number)
	}
	return host, nil
}

// registryPort is the port where a dialect's servers are found; 0 if it has none.
func registryPort(d codec.Dialect) uint16 {
	for _, p := range d.Ports() {
		if p.Role == codec.Registry && p.Network == "tcp" {
			return p.Number
		}
	}
	return 0
}

// parseListen reads where others shall reach us: ADDR, ADDR:PORT or :PORT, or
// nothing. Port 0 is the system's choice; without an address it is any of ours,
// of the family by which the server is reached.
func parseListen(s, server string) (netip.AddrPort, error) {
	anywhere := netip.IPv4Unspecified()
	if at, err := netip.ParseAddrPort(server); err == nil && at.Addr().Unmap().Is6() {
		anywhere = netip.IPv6Unspecified()
	}
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return netip.AddrPortFrom(a.Unmap(), 0), nil
	}
	port, onlyPort := strings.CutPrefix(s, ":")
	if s == "" {
		port, onlyPort = "0", true
	}
	if onlyPort {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return netip.AddrPort{}, fmt.Errorf("%q is no port from 0 to 65535", port)
		}
		return netip.AddrPortFrom(anywhere, uint16(n)), nil
	}
	a, err := netip.ParseAddrPort(s)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("it is no ADDRESS, ADDRESS:PORT or :PORT")
	}
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()), nil
}

// resolveWithin is how long the start may wait for a name server.
const resolveWithin = 5 * time.Second

// resolve makes an address of an address or a host name, preferring IPv4.
func resolve(ctx context.Context, host string) (netip.Addr, error) {
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return a.Unmap(), nil
	}
	ctx, cancel := context.WithTimeout(ctx, resolveWithin)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("no such host")
	}
	for _, a := range found {
		if a.Unmap().Is4() {
			return a.Unmap(), nil
		}
	}
	return found[0], nil
}
