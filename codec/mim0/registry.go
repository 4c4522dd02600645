package mim0

import (
	"encoding/binary"
	"time"

	"mim/chat"
	"mim/codec"
	"mim/codec/wire"
)

const (
	// logoGap lies between the logo and the table: a client may print all that
	// it reads at first (mim0 rule 2).
	logoGap = 50 * time.Millisecond

	// silence is how long a client may wait for the logo before it logs in.
	silence = time.Second
)

// A registrySession is the state of one client of the registry: 56 bytes, and
// nothing else until its login has come whole.
//
//	state      a byte came   1 s passed    login answered
//	silent     heard         logo, told    logo, told
//	heard      -             -             logo, told
//	told       -             -             -
type registrySession struct {
	logo    string // until it was said
	silent  int64  // Unix nanoseconds: when a link that said nothing gets the logo; 0: see Due
	variant codec.Variant
	heard   bool
	gap     bool // the logo is what was encoded last
	login   chat.Login
}

// Next decodes a login block (mim0 rules 3 and 6). It keeps nothing of p.
func (s *registrySession) Next(p []byte) (chat.Request, int, error) {
	s.heard = s.heard || len(p) > 0
	if len(p) < sizeLen {
		return nil, 0, nil
	}
	size := int(binary.BigEndian.Uint16(p))
	if size < minLogin || size > maxSize {
		return nil, 0, chat.Errorf(chat.Malformed,
			"This is a mim0 registry: a login block has %d to %d bytes, not %d.", minLogin, maxSize, size)
	}
	if len(p) < sizeLen+size {
		return nil, 0, nil
	}
	if err := readLogin(&s.login, p[sizeLen:sizeLen+size]); err != nil {
		return nil, 0, err
	}
	return &s.login, sizeLen + size, nil
}

// Answer says the logo to a first login, and why to someone who is refused;
// nothing confirms a login but the table that follows.
func (s *registrySession) Answer(dst []byte, a chat.Answer) []byte {
	if a.Err != nil {
		return appendWords(dst, a.Err)
	}
	if _, ok := a.To.(*chat.Login); ok {
		return s.welcome(dst)
	}
	return dst
}

// Due says the logo to a client that waits for it (mim0 rule 2).
func (s *registrySession) Due(dst []byte, now time.Time) ([]byte, time.Time) {
	if s.heard || s.logo == "" {
		return dst, time.Time{}
	}
	if s.silent == 0 {
		s.silent = now.Add(silence).UnixNano()
	}
	if now.UnixNano() < s.silent {
		return dst, time.Unix(0, s.silent)
	}
	return s.welcome(dst), time.Time{}
}

// welcome appends the logo, once.
func (s *registrySession) welcome(dst []byte) []byte {
	s.gap = s.logo != ""
	dst = append(dst, s.logo...)
	s.logo = ""
	return dst
}

// Gap keeps what follows out of the logo's segment.
func (s *registrySession) Gap() time.Duration {
	if !s.gap {
		return 0
	}
	s.gap = false
	return logoGap
}

func (s *registrySession) Variant() codec.Variant { return s.variant }

// readLogin decodes what stands behind the size of a login block.
func readLogin(l *chat.Login, p []byte) (err error) {
	b := wire.NewBlock(p)
	l.Port = b.Uint16()
	units, ok := readString(&b)
	switch {
	case !ok:
		return chat.Errorf(chat.Malformed, "The name in the login block is longer than the block, or cut.")
	case b.Left() != 0:
		return chat.Errorf(chat.Malformed, "The login block has %d bytes too many behind the name.", b.Left())
	case l.Port == 0:
		return chat.Errorf(chat.Malformed, "The login block names port 0: nobody could call you there.")
	}
	l.Name, err = readName(units)
	return err
}
