// Package dtu is the chat in channels with calls of a student project at the
// Technical University of Denmark (seed 003). "dtu rule N" is the rule of that
// number in docs/dialects/dtu.md.
//
// Over TCP, port 10000, go lines of UTF-8:
//
//	both: line
//	  n   word       upper case
//	  n   arguments  a blank in front of each; may be none
//	  2   ": "       not behind DISCONNECT
//	  n   rest       may hold colons
//	  2   CR LF      or LF; at most 4096 bytes stand before it
//
// Over UDP, one port above, go the datagrams of calls:
//
//	client -> server: this address is an end of a call
//	  13  "TALKSESSION: "
//	  15  key        decimal digits
//	  4   " ack"     may be left out: the same bytes are wanted back
//	both: voice
//	  n   anything else
//
// A talk:
//
//	alice                        server                      bob
//	CONNECT: "alice" "A" 1.0.0 ->
//	                           <- ACCEPTED: mim
//	                           <- JOINED: #lobby
//	                           <- USERLIST #lobby: bob, alice
//	                              USERJOIN #lobby: alice  ->
//	MSG #lobby: Hi             ->
//	                              MSG alice #lobby: Hi    ->
//	TALK bob: REQUEST          ->
//	                           <- TALK bob KEY: REQUEST
//	                              TALK alice KEY: REQUEST ->
//	                           <-                            TALK alice KEY: ACCEPT
//	                           <- TALK bob KEY: ACCEPTED
//	DISCONNECT                 ->
//	                              USERLEAVE #lobby: alice ->
package dtu

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mim/chat"
	"mim/codec"
)

const (
	dialectName = "dtu"

	// port is where the known programs listen; voice is one above.
	port = 10000

	// maxLine bounds a line in bytes: without its end where it comes in, with
	// it where it goes out (dtu rule 2).
	maxLine = 4096

	// lineEnd ends each line that we write.
	lineEnd = "\r\n"

	// piece is the longest text of one line in bytes, whatever its names are:
	// MSG, a name, a channel or another name, the colon and the line end fit in
	// too (dtu rule 8).
	piece = maxLine - len(wordMsg) - 2*(len(" ")+maxName) - len(colon) - len(lineEnd)

	// lobby is the channel that everyone is put into (seed 003, Requirements).
	lobby = "#lobby"

	// pingAfter and pongWithin are for whoever keeps the time of links (dtu
	// rule 12), as is loginWithin (dtu rule 4).
	pingAfter   = 150 * time.Second
	pongWithin  = 50 * time.Second
	loginWithin = 2 * time.Minute

	// gap lies between two messages to one client: many programs take one read
	// for one message (dtu rule 1).
	gap = 5 * time.Millisecond
)

// The flags and their values (dtu rules 5 and 7).
const (
	acceptFlag = "dtu-accept"
	quietFlag  = "dtu-quiet"
	gapFlag    = "dtu-gap"

	// hostSetting is no flag: whoever configures the dialect may give the name
	// of the host by it.
	hostSetting = "dtu-host"
	defaultHost = "mim"
	maxHost     = 255
)

// dialect is immutable.
type dialect struct {
	accept string // the word that says that a nick was accepted
	quiet  bool   // who comes and goes is not told
	gap    time.Duration
	host   string // what stands behind accept
}

// New gives dtu with its default settings. It has a calling side and flags:
// codec.Calling and codec.Configurable. Its datagrams it reads by ParseVoice.
func New() codec.Dialect { return &dialect{accept: wordAccepted, host: defaultHost, gap: gap} }

func (*dialect) Name() string { return dialectName }

func (*dialect) Ports() []codec.Port {
	return []codec.Port{
		{Role: codec.Registry, Network: "tcp", Number: port},
		{Role: codec.Voice, Network: "udp", Number: port + 1},
	}
}

func (*dialect) Traits() chat.Traits {
	return chat.Traits{
		Dialect:     dialectName,
		Reach:       chat.ByLink,
		Rooms:       true,
		Calls:       true,
		Lobby:       lobby,
		PingAfter:   pingAfter,
		PongWithin:  pongWithin,
		Silent:      true,
		Logout:      true,
		MaxText:     maxLine,
		Piece:       piece,
		LoginWithin: loginWithin,
	}
}

func (d *dialect) Open(codec.Link) codec.Session { return &session{d: d} }

// Call opens a link to a server.
func (*dialect) Call(codec.Link) codec.Caller { return newCaller() }

// Flags has the word of a login that went well, whether it is told who comes
// and goes, and whether messages are kept apart.
func (*dialect) Flags() []codec.Flag {
	return []codec.Flag{
		{
			Name:    acceptFlag,
			Default: wordAccepted,
			Help:    "the `WORD` that tells dtu clients that they are in: ACCEPTED, or ACCEPT for clients that go by the seed",
			OneOf:   []string{wordAccepted, wordAccept},
		},
		{
			Name:    quietFlag,
			Default: "false",
			Help:    "do not tell dtu clients who comes and goes: one known program stops reading at that",
			OneOf:   []string{"true", "false"},
		},
		{
			Name:    gapFlag,
			Default: gap.String(),
			Help:    "the `TIME` between two messages to one dtu client: " + gap.String() + ", or 0 where all programs can take several at once",
			OneOf:   []string{gap.String(), "0"},
		},
	}
}

// Configure takes the flags and, if value knows it, dtu-host: the name of the
// server for its clients, 1 to 255 bytes without blanks; "mim" if it is empty.
func (*dialect) Configure(value func(name string) string) (codec.Dialect, error) {
	d := &dialect{accept: value(acceptFlag), host: defaultHost, gap: gap}
	if !slices.Contains([]string{wordAccepted, wordAccept}, d.accept) {
		return nil, fmt.Errorf("--%s: %q is neither %s nor %s", acceptFlag, d.accept, wordAccepted, wordAccept)
	}
	switch quiet := value(quietFlag); quiet {
	case "true":
		d.quiet = true
	case "false":
	default:
		return nil, fmt.Errorf("--%s: %q is neither true nor false", quietFlag, quiet)
	}
	switch apart := value(gapFlag); apart {
	case "0":
		d.gap = 0
	case gap.String():
	default:
		return nil, fmt.Errorf("--%s: %q is neither %v nor 0", gapFlag, apart, gap)
	}
	if host := value(hostSetting); host != "" {
		if len(host) > maxHost || strings.ContainsFunc(host, breaksHost) {
			return nil, fmt.Errorf("%s: %q is no name of a host", hostSetting, host)
		}
		d.host = host
	}
	return d, nil
}

// breaksHost reports whether r stands in no name or address of a host.
func breaksHost(r rune) bool { return r <= ' ' || r >= 0x7f || r == '"' }
