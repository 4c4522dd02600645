package client

import (
	"net/netip"

	"mim/chat"
)

// Kind says what an Effect wants done.
type Kind uint8

const (
	// Dial the server for the link of Part; it ends in ServerOpened or
	// ServerFailed. Never two at once.
	Dial Kind = iota + 1
	// Login asks the server to list us: Effect.Login, on the link of its Part.
	Login
	// Ask puts Request to the server on the link of Part.
	Ask
	// HangUp closes all links to the server, or gives up dialling it. Nothing
	// more of them is wanted.
	HangUp
	// Call dials a person's listener at Addr; it ends in PeerOpened or
	// PeerFailed with the number Call.
	Call
	// Send says Text on Link; Left is wanted with Ticket when the machine at
	// the other end has it.
	Send
	// Finish ends our direction of Link after what was sent; what the other
	// side still says goes on coming. It ends in PeerClosed.
	Finish
	// Close ends Link after what was sent, for the reason Why, which may be
	// nil. Nothing more of it is wanted.
	Close
	// VoiceBind makes our socket for voice an end of the call Key, and of no
	// other: a datagram may come before we know that the call is taken.
	VoiceBind
	// VoiceOpen begins the sound of the call Key, which is bound, too; if there
	// is none it ends in VoiceFailed.
	VoiceOpen
	// VoiceClose ends what VoiceBind and VoiceOpen began for the call Key.
	VoiceClose
	// VoiceMute has others hear nothing of us, or with On false hear us again.
	// Each call begins without it.
	VoiceMute
	// VoiceVolume makes what we hear Level percent as loud as it comes, in all
	// calls from now on.
	VoiceVolume
	// VoiceStats wants a VoiceNotice about the call Key.
	VoiceStats
	// Know gives the socket for datagrams the table: People are at Near, their
	// Name is the table's or empty; Addr is where others reach us.
	Know
	// Write says Text by datagram to Addr or, if Room is not empty, in there. It
	// ends in TextSent, TextConfirmed or TextFailed with Ticket.
	Write
	// EndTalk tells the program at Addr that the talk is over.
	EndTalk
	// EnterRoom and LeaveRoom ask the socket to do that with Room. They end in
	// RoomEntered and RoomLeft.
	EnterRoom
	LeaveRoom
	// Show puts View on the screen or the output.
	Show
	// Quit ends the program with Code; it is the last effect of all.
	Quit
)

// An Effect is something for the driver to do. Which fields count depends on
// Kind; all are values, so that tests can compare them, but for Request, which
// the next call changes.
type Effect struct {
	Kind    Kind
	Part    chat.Part
	Link    chat.Link
	Call    uint64
	Addr    netip.AddrPort
	Room    string
	People  []*chat.Person
	Login   chat.Login
	Request chat.Request
	Text    string
	Ticket  uint64
	Why     error
	View    View
	Key     uint64
	On      bool
	Level   int
	Code    int
}

// Exit codes of the program, as Quit gives them.
const (
	ExitFine     = 0
	ExitRefused  = 3 // the server said no to the login
	ExitNoServer = 4 // not reached, lost for good, or no server of this dialect
)
