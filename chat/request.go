package chat

// A Request is something that the other side of a link asked for. Codecs make
// requests and own them: a request and its byte slices are valid until the
// next call on the session that made it. Strings may be kept.
type Request interface{ request() }

// Login asks to be listed under Name, reachable at Port of the link's own
// source address. On a link that has logged in already it is a rename.
type Login struct {
	Name string
	Port uint16
}

// Hello is how a peer who called introduces itself; a claim, nothing more.
type Hello struct{ Name string }

// Say is a line of text. To is empty on a link that has only one other end.
type Say struct {
	To   []byte
	Text []byte // UTF-8, no line end
	Cut  bool   // the codec dropped what was beyond its bound
}

// Refuse stands for something that the codec itself refuses without ending
// the link. It is a request so that its answer keeps its place among others.
type Refuse struct{ Err error }

func (*Login) request()  {}
func (*Hello) request()  {}
func (*Say) request()    {}
func (*Refuse) request() {}

// An Answer is the outcome of a request of this link, for this link alone.
type Answer struct {
	To  Request // what was asked; nil: the last words of a link that is about to close, for Err
	Err error   // nil: done
}
