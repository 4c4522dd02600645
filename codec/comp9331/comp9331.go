// Package comp9331 is the select-based chat with accounts of a university
// course (seed 002). "comp9331 rule N" is the rule of that number in
// docs/dialects/comp9331.md.
//
// Over TCP, port 9331, go prompts and lines of UTF-8:
//
//	server -> client: prompt
//	  10  "username: " or "password: ", no line end
//
//	both: line
//	  n   text       at most 4096 bytes
//	  1   LF         or CR LF; a client may leave it out
//
// A talk:
//
//	hans                      server                    yoda
//	                  <-      username:
//	hans              ->
//	                  <-      password:
//	falcon            ->
//	                  <-      Welcome to the ...
//	                          hans logged in    ->
//	message yoda Hi   ->
//	                          hans: Hi          ->
//	whoelse           ->
//	                  <-      yoda
//	logout            ->
//	                  <-      Goodbye
//	                          hans logged out   ->
//
// What people say begins with their name and ": ", the server's own sentences
// do not: no text can pass for a sentence.
package comp9331

import (
	"time"

	"mim/chat"
	"mim/codec"
)

const (
	dialectName = "comp9331"

	// port is mim's choice: the seed has it on the command line.
	port = 9331

	// maxLine bounds a line in bytes without its end (comp9331 rule 2).
	maxLine = 4096

	// maxName bounds a name in bytes: three of UTF-8 for each unit of the
	// longest one.
	maxName = 3 * chat.MaxNameUnits

	// piece is the longest text of one line in bytes: its sender, ": ", the
	// time and the line end fit in too (comp9331 rule 7).
	piece = maxLine - maxName - len(colon) - len(stamp) - len("\n")

	// loginWithin is for whoever keeps the time of links (comp9331 rule 3).
	loginWithin = 2 * time.Minute
)

const (
	// colon stands between a name and what was said.
	colon = ": "

	// stamp is the time behind a text that was stored, in UTC.
	stamp = " [2006-01-02 15:04 UTC]"
)

// dialect is immutable.
type dialect struct{}

// New gives comp9331. It has a calling side: codec.Calling.
func New() codec.Dialect { return dialect{} }

func (dialect) Name() string { return dialectName }

func (dialect) Ports() []codec.Port {
	return []codec.Port{{Role: codec.Registry, Network: "tcp", Number: port}}
}

func (dialect) Traits() chat.Traits {
	return chat.Traits{
		Dialect:     dialectName,
		Reach:       chat.ByLink,
		Presence:    true,
		All:         true,
		Accounts:    true,
		Silent:      true,
		NotSelf:     true,
		WhoElse:     true,
		Blocks:      true,
		Logout:      true,
		TimesOut:    true,
		MaxText:     maxLine,
		Piece:       piece,
		LoginWithin: loginWithin,
	}
}

func (dialect) Open(codec.Link) codec.Session { return &session{} }

// Call opens a link to a server.
func (dialect) Call(codec.Link) codec.Caller { return newCaller() }
