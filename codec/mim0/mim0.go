// Package mim0 is the protocol of the Mini Instant Messenger of 2005 (seed
// 000). "mim0 rule N" is the rule of that number in docs/dialects/mim0.md.
//
// The registry (TCP 4242) and its clients "work with a block-oriented
// protocol, in the sense that they send online user information with blocks".
// Numbers are big-endian, as Qt's QDataStream writes them.
//
//	client -> registry: login, a later one renames
//	  2  size        of what follows, 6 to 4095: "excluding this field"
//	  2  port        the "client's simple server port number", not 0
//	  4  length      of the name in bytes; FFFFFFFF is Qt's null string
//	  n  name        UTF-16BE, 1 to 64 units
//
//	registry -> client: update
//	  2  size        of what follows, 11 to 4095
//	  1  type        "'A' or 'D'": add, delete
//	  4  length      of the name in bytes
//	  n  name        UTF-16BE
//	  4  length      of the address in bytes
//	  m  address     UTF-16BE, an IP in text: 192.0.2.7, ::1
//	  2  port        the "user simple server port number"
//
//	registry -> client: text, where a block could start
//	  n  line        not empty, first byte from 0x20 up
//	  1  LF
//
// A talk:
//
//	client                          registry                others
//	login             ->
//	                  <-            logo: lines of text
//	                     (50 ms)
//	                  <-            A block for each other
//	                                A block         ->
//	close             ->
//	                                D block         ->
//
// "Client simple server and clients work with a line-oriented protocol": the
// one who calls dials address and port of the table, then
//
//	n  line       UTF-8, at most 4096 bytes
//	1  LF         or CR LF
//
// its first line is its own name ("wait till it sends its name"), the one who
// was called sends none. All other lines, both ways, are what people say.
package mim0

import (
	"net/netip"
	"time"

	"mim/chat"
	"mim/codec"
)

const (
	dialectName = "mim0"

	// registryPort: "A central server listens on port number 4242".
	registryPort = 4242

	// maxLine bounds a line of text in bytes without its end, between peers
	// and from a registry alike (mim0.md, Peers and rule 2).
	maxLine = 4096

	// loginWithin and renameGap are for whoever keeps the time of links
	// (mim0 rules 4 and 6).
	loginWithin = 30 * time.Second
	renameGap   = time.Second
)

// The variants of what we write. Updates differ by the address that they give
// for people near the registry (mim0 rule 7).
const (
	near codec.Variant = iota // a viewer on the registry's own loopback
	far                       // any other viewer
	peer                      // a line between two people
)

// dialect is immutable.
type dialect struct {
	logo string // lines of text, each with its LF; "" for none
}

// New gives mim0 with its default settings. It has a calling side and one
// flag: codec.Calling and codec.Configurable.
func New() codec.Dialect { return &dialect{logo: defaultWelcome + "\n"} }

func (*dialect) Name() string { return dialectName }

func (*dialect) Ports() []codec.Port {
	return []codec.Port{
		{Role: codec.Registry, Network: "tcp", Number: registryPort},
		{Role: codec.Peer, Network: "tcp"}, // "a port assigned automatically by the system"
	}
}

func (*dialect) Traits() chat.Traits {
	return chat.Traits{
		Dialect:     dialectName,
		Reach:       chat.ByPeerTCP,
		Presence:    true,
		MaxText:     maxLine,
		LoginWithin: loginWithin,
		RenameGap:   renameGap,
	}
}

func (d *dialect) Open(l codec.Link) codec.Session {
	if l.Role == codec.Peer {
		return &peerSession{as: l.As, named: l.Dialed, dialed: l.Dialed}
	}
	return &registrySession{logo: d.logo, variant: variantFor(l.Remote)}
}

func (*dialect) Call(codec.Link) codec.Caller { return &caller{} }

func variantFor(viewer netip.AddrPort) codec.Variant {
	if viewer.Addr().Unmap().IsLoopback() {
		return near
	}
	return far
}

// Append says Came, Went and Page to clients of the registry and Said to
// peers. It is silent about what it could not say without harm: on a registry
// link text is for the logo and last words only, since the programs of the
// seed read nothing but blocks behind their logo and would take the letters
// for a size (mim0 rule 2); between peers every line is someone's own.
func (*dialect) Append(dst []byte, e chat.Event, v codec.Variant) []byte {
	if v == peer {
		if said, ok := e.(*chat.Said); ok {
			return appendLine(dst, said.Text)
		}
		return dst
	}
	switch e := e.(type) {
	case *chat.Came:
		return appendUpdate(dst, added, e.Who, v)
	case *chat.Went:
		return appendUpdate(dst, deleted, e.Who, v)
	case *chat.Page:
		for _, who := range e.People {
			dst = appendUpdate(dst, added, who, v)
		}
	}
	return dst
}
