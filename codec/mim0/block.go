package mim0

import (
	"encoding/binary"
	"net/netip"
	"unicode/utf16"
	"unicode/utf8"

	"mim/chat"
	"mim/codec"
	"mim/codec/wire"
)

const (
	sizeLen  = 2
	maxSize  = 4095 // of a block, without the size itself (mim0 rules 2 and 6)
	minLogin = 2 + 4
	minEntry = 1 + 4 + 4 + 2

	// nullString is the length that Qt writes for a QString that is null.
	nullString = 0xffffffff

	added   = 'A'
	deleted = 'D'
)

// maxAddr bounds an IP address in text: eight groups of an IPv6 address.
const maxAddr = len("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")

// readString takes a QString and gives its UTF-16BE units; a null one is
// empty. ok is false if the length is odd or goes beyond the block.
func readString(b *wire.Block) (units []byte, ok bool) {
	n := b.Uint32()
	if n == nullString {
		return nil, !b.Short()
	}
	if n%2 != 0 {
		return nil, false
	}
	units = b.Bytes(n)
	return units, !b.Short()
}

// appendText appends UTF-16BE units as UTF-8, a lone surrogate as U+FFFD; of
// more than max units the first max.
func appendText(dst, units []byte, max int) []byte {
	units = units[:min(len(units), 2*max)]
	for len(units) >= 2 {
		r := rune(binary.BigEndian.Uint16(units))
		units = units[2:]
		if utf16.IsSurrogate(r) {
			low := utf8.RuneError
			if len(units) >= 2 {
				low = rune(binary.BigEndian.Uint16(units))
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				units = units[2:]
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// readName makes a name of UTF-16BE units. One unit more than a name may have
// is enough for CheckName to refuse it; no more is looked at.
func readName(units []byte) (string, error) {
	var room [utf8.UTFMax * (chat.MaxNameUnits + 1)]byte
	s := string(appendText(room[:0], units, chat.MaxNameUnits+1))
	return s, chat.CheckName(s)
}

// appendString appends s as a QString. Nothing here is ever null: an empty
// text goes out as one of length 0.
func appendString(dst []byte, s string) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	for _, r := range s {
		if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
			dst = binary.BigEndian.AppendUint16(dst, uint16(high))
			r = low
		}
		dst = binary.BigEndian.AppendUint16(dst, uint16(r))
	}
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// appendLogin appends a login block; name must have passed CheckName.
func appendLogin(dst []byte, l *chat.Login) []byte {
	at := len(dst)
	dst = append(dst, 0, 0)
	dst = binary.BigEndian.AppendUint16(dst, l.Port)
	return closeBlock(appendString(dst, l.Name), at)
}

// appendUpdate appends the block by which viewers of variant v learn that who
// came (added) or went (deleted), or nothing if such a viewer could not call
// who: there is no address for it, or the name is none (mim0 rules 6 to 9).
func appendUpdate(dst []byte, kind byte, who *chat.Person, v codec.Variant) []byte {
	to := who.Near
	if v == far {
		to = who.Far
	}
	if !callable(to) || chat.CheckName(who.Name) != nil {
		return dst
	}
	at := len(dst)
	dst = append(dst, 0, 0, kind)
	dst = appendString(dst, who.Name)
	dst = appendAddr(dst, to.Addr())
	dst = binary.BigEndian.AppendUint16(dst, to.Port())
	return closeBlock(dst, at)
}

// callable reports whether a TCP connection to the address can be thought of.
func callable(a netip.AddrPort) bool {
	return a.IsValid() && a.Port() != 0 && !a.Addr().Unmap().IsUnspecified() && !a.Addr().Unmap().IsMulticast()
}

// appendAddr appends an IP address as a QString: IPv4-mapped IPv6 as the IPv4
// address, without a zone, which means something on one machine only.
func appendAddr(dst []byte, a netip.Addr) []byte {
	var room [maxAddr]byte
	text := a.Unmap().WithZone("").AppendTo(room[:0])
	dst = binary.BigEndian.AppendUint32(dst, uint32(2*len(text)))
	for _, c := range text {
		dst = append(dst, 0, c)
	}
	return dst
}

// closeBlock writes the size of the block that began at dst[at].
func closeBlock(dst []byte, at int) []byte {
	binary.BigEndian.PutUint16(dst[at:], uint16(len(dst)-at-sizeLen))
	return dst
}
