package chat

import "fmt"

// Kind sorts errors by what a user or a script can do about them. It crosses
// the codec: each dialect words it in its own way.
type Kind uint8

const (
	// Malformed: bytes that no program of this dialect should send.
	Malformed Kind = iota + 1
	// BadName: the name breaks the dialect's rules for names.
	BadName
	// Unregistered: asked before a login.
	Unregistered
	// Unknown: nobody here has that name.
	Unknown
	// NotDelivered: the text did not get there.
	NotDelivered
	// TooLong: longer than the dialect can carry.
	TooLong
	// TooFast: more of this than the rules allow in the time.
	TooFast
	// TooLate: waited for longer than the rules allow.
	TooLate
	// Full: no room for one more.
	Full
	// Unsupported: the dialect has no way to say this.
	Unsupported
	// Lost: the connection ended.
	Lost
	// Refused: the other side said no.
	Refused
	// BadPass: the name and the password do not belong together; nobody is told
	// which of them is wrong.
	BadPass
	// Locked: too many wrong passwords; not even the right one helps for now.
	Locked
	// Taken: somebody else has the name.
	Taken
	// Online: the user is here already.
	Online
	// Blocked: the receiver does not want it, or some receivers do not.
	Blocked
	// Self: it cannot be done to oneself.
	Self
	// Already: it is so already.
	Already
	// NotSo: there is nothing to undo.
	NotSo
	// Broken: the server cannot do it now, through no fault of the asker (a full disk).
	Broken
	// Usage: the person typed something that cannot be carried out.
	Usage
)

var kindWords = [...]string{
	Malformed: "malformed", BadName: "name", Unregistered: "unregistered", Unknown: "unknown",
	NotDelivered: "undelivered", TooLong: "toolong", TooFast: "toofast", TooLate: "toolate",
	Full: "full", Unsupported: "unsupported", Lost: "lost", Refused: "refused", Usage: "usage",
	BadPass: "password", Locked: "locked", Online: "online", Taken: "taken", Blocked: "blocked", Self: "self",
	Already: "already", NotSo: "notso", Broken: "broken",
}

// String is the one word by which scripts know the kind.
func (k Kind) String() string {
	if int(k) < len(kindWords) && kindWords[k] != "" {
		return kindWords[k]
	}
	return fmt.Sprintf("kind%d", uint8(k))
}

// An Error says what kind of thing went wrong, in a sentence that may be shown
// to the person concerned. Internal detail belongs in the log, not in Text.
type Error struct {
	Kind Kind
	Text string
}

func (e *Error) Error() string { return e.Text }

// Errorf makes an Error.
func Errorf(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Text: fmt.Sprintf(format, args...)}
}
