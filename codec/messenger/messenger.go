// Package messenger is the relay of seed 001, a chat server and client of a
// course in computer networks. "messenger rule N" is the rule of that number
// in docs/dialects/messenger.md.
//
// Clients ask a server (TCP 5050) in text. A message is a block: a first line,
// header lines, an empty line; SEND and FORWARD carry a body behind it.
//
//	block, at most 1024 bytes
//	  n  first line   word, blank, what it is about
//	  1  LF           or CR LF; blanks may stand before it
//	  n  header lines name, colon, value; each with its LF
//	  1  LF           the empty line
//	body, after SEND and FORWARD
//	  n  text         as many bytes (or characters, rule 8) as Content-length says
//
//	client -> server
//	  REGISTER TOSEND name            this connection will send
//	  REGISTER TORECV name            this connection will receive
//	  SEND name, Content-length: n    a text for name, or for ALL
//	  RECEIVED name                   the receipt for a text of name
//	  ERROR 103 Header Incomplete     that text was not taken
//
//	server -> client
//	  REGISTERED TOSEND name
//	  REGISTERED TORECV name
//	  FORWARD name, Content-length: n a text of name
//	  SENT name                       the text was delivered
//	  ERROR 100 Malformed username
//	  ERROR 101 No user registered    asked before both registrations
//	  ERROR 102 Unable to send        the text was not delivered
//	  ERROR 103 Header incomplete     and the server closes
//	  ERROR 103 Header Incomplete     the receiver's, passed on
//
// A talk. Both roles of a name may be on one connection:
//
//	alice, sending          server                  bob, receiving
//	SEND bob          ->
//	Content-length: 5
//
//	hello
//	                                          ->    FORWARD alice
//	                                                Content-length: 5
//
//	                                                hello
//	                                          <-    RECEIVED alice
//	                  <-    SENT bob
package messenger

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mim/chat"
	"mim/codec"
)

const (
	dialectName = "messenger"

	// port is where the seed's program listens.
	port = 5050

	// loginWithin is long because two known clients connect before they ask
	// their user for a name (messenger rule 5).
	loginWithin = 10 * time.Minute

	// piece is the longest text of one FORWARD in bytes: several programs read
	// at most 1024 bytes, header included (messenger rule 9).
	piece = 900
)

// The variants of what we write differ by how a FORWARD counts its text.
const (
	inBytes codec.Variant = 0
	inRunes codec.Variant = 1
	guessed codec.Variant = 2 // added to one of them: the reader may count otherwise
)

// The flag and its values (messenger rule 6).
const (
	ackFlag = "messenger-ack"
	ackSent = "SENT"
	ackSend = "SEND"
)

// everyone is who a SEND to all is for, so written (messenger rule 4).
const everyone = "ALL"

// dialect is immutable.
type dialect struct {
	ack string // the word that says that a text was delivered
}

// New gives messenger with its default settings. It has a calling side and one
// flag: codec.Calling and codec.Configurable.
func New() codec.Dialect { return &dialect{ack: ackSent} }

func (*dialect) Name() string { return dialectName }

func (*dialect) Ports() []codec.Port {
	return []codec.Port{{Role: codec.Registry, Network: "tcp", Number: port}}
}

func (*dialect) Traits() chat.Traits {
	return chat.Traits{
		Dialect:     dialectName,
		Reach:       chat.ByLink,
		Receipts:    true,
		All:         true,
		Parts:       true,
		MaxText:     maxBody,
		Piece:       piece,
		LoginWithin: loginWithin,
	}
}

func (d *dialect) Open(codec.Link) codec.Session { return &session{ack: d.ack} }

// Flags has the word of a delivered text (messenger rule 6).
func (*dialect) Flags() []codec.Flag {
	return []codec.Flag{{
		Name:    ackFlag,
		Default: ackSent,
		Help:    "the `WORD` that tells messenger clients of a delivered text: SENT, or SEND for clients that go by the seed's table",
		OneOf:   []string{ackSent, ackSend},
	}}
}

// Configure takes the word of a delivered text.
func (d *dialect) Configure(value func(name string) string) (codec.Dialect, error) {
	allowed := d.Flags()[0].OneOf
	ack := value(ackFlag)
	if !slices.Contains(allowed, ack) {
		return nil, fmt.Errorf("--%s: %q is neither %s", ackFlag, ack, strings.Join(allowed, " nor "))
	}
	return &dialect{ack: ack}, nil
}
