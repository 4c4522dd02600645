// Package codectest is the suite that every dialect runs as its first test:
//
//	func TestConformance(t *testing.T) { codectest.Run(t, suite()) }
//	func FuzzRead(f *testing.F)        { codectest.FuzzRead(f, suite()) }
//	func FuzzWrite(f *testing.F)       { codectest.FuzzWrite(f, suite()) }
//
// It holds a dialect to what package codec promises for all of them. A rule
// that is broken fails with the rule in words.
package codectest

import (
	"testing"

	"mim/chat"
	"mim/codec"
)

// A Suite is a dialect and what must be known to try it.
type Suite struct {
	Dialect codec.Dialect
	Page    string // path of the dialect's page, docs/dialects/NAME.md
	Pairs   []Pair // each kind of connection that it knows
}

// A Pair is one kind of connection: two ends that understand each other. What
// an end says is read by the other one.
type Pair struct {
	Name string
	Ends [2]End
}

// An End is one side of a connection.
type End struct {
	Name  string
	Link  codec.Link
	Calls bool           // it is the dialect's calling side
	Asks  []chat.Request // what a calling side asks before it reads
	First []byte         // what it hears behind the first of Asks and in front of all else: a login that goes well
	Hears [][]byte       // streams that may come: good ones, odd ones, bad ones; short
	Keeps int            // the most bytes that it may leave untaken, however many came
}

// A rule is one promise of package codec.
type rule struct {
	name  string
	words string
	check func(Suite) error
}

var rules = []rule{
	{
		"split anywhere",
		"TCP is a stream: segments are no messages. Byte by byte, or cut in any other way, a stream and the silence or end behind it (Idle, Due, End) give the same requests, events and error as in one piece, however the answers come. Nothing of p may be kept or changed: it is valid during the call. A Refuse that is Last is the last request until it is answered. How the other end counts (Count) makes no difference to ASCII.",
		splitAnywhere,
	},
	{
		"any bytes",
		"Whatever comes in, through Next, Idle, End, Due and Count, gives requests or one error: never a panic, never more bytes taken than there were, never more requests of no bytes than bytes and silences, never more bytes kept than the stated bound, never a timer that is due without end.",
		anyBytes,
	},
	{
		"one in, one out",
		"Whatever a name or a text holds, the other end reads one event or request for each that was written, or nothing if nothing was written; what follows is read as if it stood alone. The reader may want silence to know the end, no other bytes. A text of several lines is said whole or as one line. No text becomes two messages, or a part of the next message.",
		oneOut,
	},
	{
		"append only",
		"Append, Start, Ask, Answer, Prompt and Due append: they touch nothing before len(dst). Append depends on nothing but its arguments, changes no event and keeps nothing, because its bytes are shared by many links.",
		appendOnly,
	},
	{
		"page",
		"The dialect's page has a table row for each kind of event, which says whether it is said, silent or degraded: | Came | said | how |.",
		pageNames,
	},
}

// Run tries every rule on the dialect.
func Run(t *testing.T, s Suite) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			if err := r.check(s); err != nil {
				t.Errorf("%s: %v\n\nThe rule: %s", s.Dialect.Name(), err, r.words)
			}
		})
	}
}

// ends gives all ends, each once.
func (s Suite) ends() (all []End) {
	for _, p := range s.Pairs {
		all = append(all, p.Ends[0], p.Ends[1])
	}
	return all
}
