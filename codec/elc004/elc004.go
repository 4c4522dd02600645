// Package elc004 is a chat by datagrams with a table of addresses, of a
// university course (seed 004). "elc004 rule N" is the rule of that number in
// docs/dialects/elc004.md.
//
// Server: TCP 2002, IPv4, one request for each connection, without a line end:
//
//	client -> server: request, at most 1024 bytes
//	  R:ip:port:id     here I am: my UDP port, my name; id may lack
//	  K:ip:port:id     I go
//
//	server -> client: answer to R, in one write; then the server closes
//	  Null-                            nobody else was here before
//	  n-R:ip:port:id-R:ip:port:id...   n entries, n in decimal
//
// A login holds for 95 s, so a client asks again every 30 s:
//
//	alice                        server                        bob
//	R:10.0.0.7:3001:alice   ->
//	                        <-   Null-, closes
//	                             R:10.0.0.8:3002:bob      <-
//	                             1-R:10.0.0.7:3001:alice  ->   closes
//
// Between clients go datagrams of at most 1024 bytes of UTF-8, which the seed
// leaves to its reader. Ours are
//
//	Q:n:id  A:n:id  M:n:text  G:n:group:text  J:n:group  L:n:group  B:n:
//
// and a Socket is the state of one UDP socket that speaks them, and answers
// other programs in their own shapes.
package elc004

import (
	"fmt"
	"time"

	"mim/chat"
	"mim/codec"
)

const (
	dialectName = "elc004"

	// port: "the port number is manually fixed at "2002"".
	port = 2002

	// maxRequest bounds a request in bytes without its line end; the seed's
	// server takes one recv(1024).
	maxRequest = 1024

	// maxDatagram bounds what goes between clients: known readers take no more.
	maxDatagram = 1024

	// maxDigits bounds the number of a datagram (elc004 rule 8).
	maxDigits = 10

	// maxText is the longest text of M in bytes of UTF-8.
	maxText = maxDatagram - len("M:") - maxDigits - len(":")

	// piece is the longest text of one datagram, whatever its shape and names
	// are: the longest frame is that of (b), text LF \: ip\: port\: name. What has
	// to be written longer than it was said, as + in (a), may fit in less.
	piece = maxDatagram - len("\n\\: 255.255.255.255\\: 65535\\: ") - maxName

	// maxName bounds a name: what is left of longer ones is cut.
	maxName = 64

	// quiet is the silence that ends a request (elc004 rule 1).
	quiet = 50 * time.Millisecond

	// lease, renew and loginWithin are for whoever keeps the time (elc004 rules 1 and 5).
	lease       = 95 * time.Second
	renew       = 30 * time.Second
	loginWithin = 10 * time.Second
)

const (
	idsFlag = "elc004-ids"
	logFlag = "elc004-log"
)

// dialect is immutable.
type dialect struct {
	bare bool // entries have three fields, without the name
}

// New gives elc004 with its default settings. It has a calling side, datagrams,
// a setting and a record: codec.Datagrams, codec.Configurable, codec.Recorded.
func New() codec.Dialect { return dialect{} }

func (dialect) Name() string { return dialectName }

func (dialect) Ports() []codec.Port {
	return []codec.Port{
		{Role: codec.Registry, Network: "tcp", Number: port},
		{Role: codec.Peer, Network: "udp"}, // the user picks it
	}
}

func (dialect) Traits() chat.Traits {
	return chat.Traits{
		Dialect:     dialectName,
		Reach:       chat.ByPeerUDP,
		Lease:       lease,
		Renew:       renew,
		MaxText:     maxText,
		Piece:       piece,
		LoginWithin: loginWithin,
	}
}

func (d dialect) Open(l codec.Link) codec.Session {
	from := l.Remote.Addr().Unmap()
	return &session{near: from.IsLoopback(), foreign: from.Is6(), bare: d.bare}
}

// Call opens a link to a server, for one request.
func (dialect) Call(l codec.Link) codec.Caller { return &caller{server: l.Remote.Addr().Unmap()} }

// Append is silent: a client hears nothing from the server but the answer to
// what it asked, and what people say goes by datagrams, between them.
func (dialect) Append(dst []byte, _ chat.Event, _ codec.Variant) []byte { return dst }

// Flags has the form of the entries (elc004 rule 4).
func (dialect) Flags() []codec.Flag {
	return []codec.Flag{{
		Name:    idsFlag,
		Default: "true",
		Help:    "write names into the table; false: three fields only, as the text of the seed has it",
		OneOf:   []string{"true", "false"},
	}}
}

// RecordFlag names the file of requests (elc004 rule 6).
func (dialect) RecordFlag() codec.Flag {
	return codec.Flag{Name: logFlag, Help: "append each request that added an entry to FILE, a line each"}
}

// Configure takes the form of the entries.
func (dialect) Configure(value func(name string) string) (codec.Dialect, error) {
	switch v := value(idsFlag); v {
	case "true":
		return dialect{}, nil
	case "false":
		return dialect{bare: true}, nil
	default:
		return nil, fmt.Errorf("--%s: %q is neither true nor false", idsFlag, v)
	}
}
