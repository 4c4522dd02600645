package comp9331

import (
	"errors"

	"mim/chat"
)

// The prompts, which have no line end.
const (
	askName = "username: "
	askPass = "password: "
)

// What a server says, without line ends. Those of the seed's server are byte
// for byte its own; where it has none, the words are ours (comp9331,
// Sentences).
const (
	saysWelcome  = "Welcome to the greatest messaging application ever!"
	saysBadPass  = "Invalid Password. Please try again "
	saysNoName   = "Invalid  username" // heard only: we say saysBadPass for it
	saysLocked   = "Invalid Password. Your account has been blocked. Please try again later "
	saysOnline   = "This username already online"
	saysStored   = "This user is offline. Will send when online"
	saysBlocked  = "Your message could not be delivered as the recipient has blocked you"
	saysNotToAll = "Your message could not be delivered to some recipients"
	saysGoodbye  = "Goodbye"
	saysTimeOut  = "You sent nothing for too long and are logged out"
	saysStops    = "The server stops. Come back later"
)

// What a server says when something is wrong. errorMark stands in front of all
// but the usage of a command.
const (
	errorMark = "Error. "

	saysBadCommand    = "Invalid command"
	saysBadUser       = "Invalid user"
	saysBlockTwice    = "Cannot block one user twice"
	saysBlockSelf     = "Cannot block self"
	saysUnblockSelf   = "Cannot unblock self"
	saysTooLong       = "A line has at most 4096 bytes"
	saysNotSpoken     = "Private connections are not spoken here. Use message name words"
	saysFull          = "This user has too many messages waiting. Please try again later"
	saysBroken        = "Your message cannot be stored now. Please try again later"
	saysNotDelivered  = "Your message could not be delivered"
	saysNotToEveryone = "Your message may not have reached everyone"
	saysCannot        = "This cannot be done now"

	usageMessage   = "Usage: message name words "
	usageBroadcast = "Usage: broadcast words"
	usageSince     = "Usage: whoelsesince time"
	usageBlock     = "Usage: block name"
	usageUnblock   = "Usage: unblock name"
)

// What stands behind a name.
const (
	tailLoggedIn      = " logged in"
	tailLoggedOut     = " logged out"
	tailIsBlocked     = " is blocked"
	tailIsUnblocked   = " is unblocked"
	tailWasNotBlocked = " was not blocked"
)

// welcomeAnywhere is how servers begin when the password was right.
const welcomeAnywhere = "Welcome"

// The words of a client (comp9331 rule 5).
const (
	commandMessage     = "message"
	commandBroadcast   = "broadcast"
	commandWhoElse     = "whoelse"
	commandSince       = "whoelsesince"
	commandBlock       = "block"
	commandUnblock     = "unblock"
	commandLogout      = "logout"
	commandStart       = "startprivate"
	commandPrivate     = "private"
	commandStopPrivate = "stopprivate"
)

// What the codec refuses by itself. An error of kind Usage is a whole sentence.
var (
	errBadCommand error = &chat.Error{Kind: chat.Malformed, Text: saysBadCommand}
	errTooLong    error = &chat.Error{Kind: chat.TooLong, Text: saysTooLong}
	errNotSpoken  error = &chat.Error{Kind: chat.Unsupported, Text: saysNotSpoken}
	errMessage    error = &chat.Error{Kind: chat.Usage, Text: usageMessage}
	errBroadcast  error = &chat.Error{Kind: chat.Usage, Text: usageBroadcast}
	errSince      error = &chat.Error{Kind: chat.Usage, Text: usageSince}
	errBlock      error = &chat.Error{Kind: chat.Usage, Text: usageBlock}
	errUnblock    error = &chat.Error{Kind: chat.Usage, Text: usageUnblock}
)

// kindOf is the kind of an error; 0: internal, nobody's business.
func kindOf(err error) chat.Kind {
	if err == nil {
		return 0
	}
	if told := (*chat.Error)(nil); errors.As(err, &told) && told != nil {
		return told.Kind
	}
	return 0
}

// appendSentence appends a sentence and its line end.
func appendSentence(dst []byte, s string) []byte {
	return append(append(dst, s...), '\n')
}

// appendError appends a sentence about something that is wrong.
func appendError(dst []byte, s string) []byte {
	return appendSentence(append(dst, errorMark...), s)
}

// appendReason appends what an error says, as one line.
func appendReason(dst []byte, err error) []byte {
	told := (*chat.Error)(nil)
	if !errors.As(err, &told) || told == nil || told.Text == "" {
		return appendError(dst, saysCannot)
	}
	if told.Kind != chat.Usage {
		dst = append(dst, errorMark...)
	}
	return append(appendClean(dst, []byte(told.Text), piece), '\n')
}
