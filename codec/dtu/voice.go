package dtu

import (
	"bytes"
	"strconv"

	"mim/codec"
)

var _ codec.Voicing = (*dialect)(nil)

const (
	wordTalkSession = "TALKSESSION:"
	wordAck         = "ack"

	// saysBadKey is shorter than a datagram with a key.
	saysBadKey = "SESSIONERROR: bad key"
)

// ParseVoice reads a datagram by which an address becomes an end of a call
// (dtu rule 15). ok is false if it is another one: voice. key is 0 if what
// stands there can be no key, and so is a wrong one; ack: the same bytes are
// wanted back as a receipt. Blanks and line ends around it are dropped.
func (*dialect) ParseVoice(p []byte) (key uint64, ack, ok bool) {
	const around = " \t\r\n"
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(p, around), []byte(wordTalkSession))
	if !ok {
		return 0, false, false
	}
	rest = bytes.Trim(rest, around)
	if i := bytes.IndexAny(rest, around); i >= 0 {
		if string(bytes.TrimLeft(rest[i:], around)) != wordAck {
			return 0, false, true
		}
		rest, ack = rest[:i], true
	}
	if key, ok = readKey(rest); !ok {
		return 0, false, true
	}
	return key, ack, true
}

// AppendVoice appends the datagram that makes its sender an end of the call
// with this key and wants a receipt: what our client sends.
func (*dialect) AppendVoice(dst []byte, key uint64) []byte {
	dst = append(dst, wordTalkSession+" "...)
	dst = strconv.AppendUint(dst, key, 10)
	return append(dst, " "+wordAck...)
}

// AppendBadKey appends the datagram that answers a wrong key, of 21 bytes.
// Whoever sends it looks that it is no longer than what came.
func (*dialect) AppendBadKey(dst []byte) []byte { return append(dst, saysBadKey...) }
