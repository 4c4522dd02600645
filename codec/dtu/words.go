package dtu

import (
	"errors"

	"mim/chat"
)

// The words of a client.
const (
	wordConnect    = "CONNECT"
	wordDisconnect = "DISCONNECT"
	wordJoin       = "JOIN"
	wordLeave      = "LEAVE"
	wordPong       = "PONG"
	wordMsg        = "MSG"  // a server's too
	wordTalk       = "TALK" // likewise
)

// The words of a server.
const (
	wordAccepted    = "ACCEPTED"
	wordAccept      = "ACCEPT" // the seed's; also what a client says to a call
	wordInUse       = "NICKNAMEINUSE"
	wordNotAccepted = "NOTACCEPTED"
	wordPing        = "PING"
	wordJoined      = "JOINED"
	wordUserList    = "USERLIST"
	wordUserJoin    = "USERJOIN"
	wordUserLeave   = "USERLEAVE"
)

// What is said of a call, behind the colon. wordAccept and wordAccepted are
// said of calls, too.
const (
	callRequest = "REQUEST"
	callDeny    = "DENY"
	callDenied  = "DENIED"
	callEnd     = "END"
	callBadKey  = "BADSESSIONKEY"
)

// colon stands between the head of a line and its rest.
const colon = ": "

// version is what our client says it is: that of the seed's example.
const version = "1.0.0"

// What a server says behind NOTACCEPTED. The first two are a known server's to
// the byte, the others ours (dtu, Sentences).
const (
	saysConnect  = "Please send or resend the CONNECT request"
	saysSyntax   = "Syntax error, please resend the CONNECT request"
	saysTooLong  = "A line has at most 4096 bytes"
	saysTwice    = "You are connected already"
	saysUnknown  = "Unknown command"
	saysNoNick   = "no such nick: "
	saysNotIn    = "you are not in "
	saysBadRoom  = "No channel can have this name"
	saysBadNick  = "A nick has 1 to 32 characters without blanks, quotes, colons, commas and #"
	saysCannot   = "This cannot be done now"
	saysStops    = "The server stops. Come back later"
	usageJoin    = "Syntax error, write JOIN: #channel"
	usageLeave   = "Syntax error, write LEAVE: #channel"
	usageMsg     = "Syntax error, write MSG #channel: text or MSG nick: text"
	usageTalk    = "Syntax error, write TALK nick: REQUEST, or TALK key: and ACCEPT, DENY or END"
	saysInUse    = "The nickname '" // then the nick, then tailInUse
	tailInUse    = "' is already taken"
	maxSentence  = 1024 // bytes of a sentence that somebody else words
	maxNickRunes = 32   // of somebody who logs in here
)

// What the codec refuses by itself.
var (
	errConnect error = &chat.Error{Kind: chat.Unregistered, Text: saysConnect}
	errSyntax  error = &chat.Error{Kind: chat.Malformed, Text: saysSyntax}
	errTooLong error = &chat.Error{Kind: chat.TooLong, Text: saysTooLong}
	errTwice   error = &chat.Error{Kind: chat.Already, Text: saysTwice}
	errUnknown error = &chat.Error{Kind: chat.Malformed, Text: saysUnknown}
	errBadRoom error = &chat.Error{Kind: chat.BadName, Text: saysBadRoom}
	errNoRoom  error = &chat.Error{Kind: chat.Usage, Text: saysBadRoom} // refused as BadName it would count as a login
	errBadNick error = &chat.Error{Kind: chat.BadName, Text: saysBadNick}
	errBadKey  error = &chat.Error{Kind: chat.Unknown, Text: callBadKey}
	errJoin    error = &chat.Error{Kind: chat.Usage, Text: usageJoin}
	errLeave   error = &chat.Error{Kind: chat.Usage, Text: usageLeave}
	errMsg     error = &chat.Error{Kind: chat.Usage, Text: usageMsg}
	errTalk    error = &chat.Error{Kind: chat.Usage, Text: usageTalk}
)

// kindOf is the kind of an error; 0: internal, nobody's business.
func kindOf(err error) chat.Kind {
	if told, ok := errors.AsType[*chat.Error](err); ok && told != nil {
		return told.Kind
	}
	return 0
}

// appendRefusal appends the line that says why something cannot be; about, if
// it is not empty, ends the sentence.
func appendRefusal(dst []byte, says string, about []byte) []byte {
	dst = append(dst, wordNotAccepted...)
	dst = append(dst, colon...)
	dst = append(dst, says...)
	dst = appendClean(dst, about, maxSentence)
	return append(dst, lineEnd...)
}

// appendReason does the same in the words of an error.
func appendReason(dst []byte, err error) []byte {
	told, ok := errors.AsType[*chat.Error](err)
	if !ok || told == nil || told.Text == "" {
		return appendRefusal(dst, saysCannot, nil)
	}
	return appendRefusal(dst, "", []byte(told.Text))
}
