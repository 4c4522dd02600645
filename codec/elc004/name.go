package elc004

import (
	"net/netip"
	"strconv"
	"unicode"
	"unicode/utf8"

	"mim/chat"
)

// appendAlias appends what may stand for name on the wire: its ASCII letters
// and digits, those of other letters that look like them, at most maxName.
// Nothing may be left. A name that is ASCII costs no memory.
func appendAlias[T string | []byte](dst []byte, name T) []byte {
	for i, left := 0, maxName; i < len(name) && left > 0; i++ {
		c := name[i]
		if c >= utf8.RuneSelf {
			stem := chat.AliasStem(string(chat.AppendUTF8(nil, []byte(string(name)))))
			return append(dst[:len(dst)-maxName+left], stem[:min(len(stem), maxName)]...)
		}
		if isDigit(c) || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			dst = append(dst, c)
			left--
		}
	}
	return dst
}

// appendID is appendAlias, but "u" and the port if nothing is left (elc004
// rule 3).
func appendID[T string | []byte](dst []byte, name T, port uint16) []byte {
	at := len(dst)
	if dst = appendAlias(dst, name); len(dst) > at {
		return dst
	}
	return strconv.AppendUint(append(dst, 'u'), uint64(port), 10)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// readNumber reads digits alone, at most max of them.
func readNumber(p []byte, max int) (n uint64, ok bool) {
	if len(p) == 0 || len(p) > max {
		return 0, false
	}
	for _, c := range p {
		if !isDigit(c) {
			return 0, false
		}
		n = 10*n + uint64(c-'0')
	}
	return n, true
}

// readPort reads a port from 1 to 65535.
func readPort(p []byte) (uint16, bool) {
	n, ok := readNumber(p, len("65535"))
	return uint16(n), ok && n >= 1 && n <= 65535
}

// reachable is a as a place where one person can be written to by IPv4; the
// address of no such place is not valid.
func reachable(a netip.AddrPort) netip.AddrPort {
	ip := a.Addr().Unmap()
	if !ip.Is4() || a.Port() == 0 || ip.IsUnspecified() || ip.IsMulticast() || ip.As4() == [4]byte{255, 255, 255, 255} {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(ip, a.Port())
}

// maxGroup bounds the name of a group in bytes, without its "#".
const maxGroup = 64

// appendGroup appends a group's name as chat has it: "#" in front, in lower
// case. ok is false if it breaks rule 11: 1 to maxGroup bytes of UTF-8, no
// colon, blank, control or format character.
func appendGroup[T string | []byte](dst []byte, name T) (out []byte, ok bool) {
	if len(name) > 0 && name[0] == '#' {
		name = name[1:]
	}
	if len(name) == 0 || len(name) > maxGroup {
		return dst, false
	}
	out = append(dst, '#')
	for _, r := range string(name) {
		if r == ':' || r == utf8.RuneError || unicode.IsSpace(r) || chat.Hidden(r) {
			return dst, false
		}
		out = utf8.AppendRune(out, unicode.ToLower(r))
	}
	return out, len(out)-len(dst) <= maxGroup+1
}
