package matrix

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A wire is what becomes of texts in one dialect: what its programs can write,
// and what those who hear by it get to see of what others wrote. It is the one
// table of what is lost on the way, and that of docs/dialects/README.md.
type wire struct {
	name string

	// Of those who write.
	byLines bool // a text is a line: who writes several lines writes several texts
	trims   bool // blanks at the ends of a text are lost
	blanks  bool // a text of nothing but blanks can be said
	empties bool // so can one of nothing at all
	most    int  // bytes of one text; a longer one is cut by whoever writes it

	// Of those who hear.
	oneLine  bool // line ends become blanks
	noBlanks bool // a text of nothing but blanks is not heard
	piece    int  // bytes of a text in one message: a longer one comes in several
	direct   bool // people of this dialect write to each other without the server

	// How they hear what is for more than one, and who is here.
	hearsAll  hear // what is said to everyone
	saysAll   hear // how something is said to everyone
	hearsWho  hear // who comes and goes
	hearsRoom hear // what is said in a room that they are in
	saysRoom  hear // how it is said

	// What an author is told of a text. NAME is the receiver's.
	sent    string // it has arrived
	unknown string // nobody of that name is here
	left    string // the receiver has just left
	stored  string // the receiver has left, and has an account
	blocked string // the receiver has blocked the author
}

// notListed is what an author finds whose program looks names up in a table.
const notListed = "not in the table"

// lineClosed is what an author sees who talks to somebody by a connection.
const lineClosed = "the line closes"

// A hear is whether, and how, something is heard.
type hear string

const no hear = "no"

var wires = []wire{
	{
		name: "mim0", byLines: true, blanks: true, empties: true, most: 4096,
		oneLine: true, piece: 4096, direct: true,
		hearsAll: "a line", saysAll: no, hearsWho: "blocks A and D", hearsRoom: no, saysRoom: no,
		unknown: notListed, left: lineClosed, stored: lineClosed, blocked: lineClosed,
	},
	{
		name: "messenger", blanks: true, empties: true, most: 65536,
		piece:    900,
		hearsAll: "FORWARD", saysAll: "SEND ALL", hearsWho: no, hearsRoom: no, saysRoom: no,
		sent: "SENT NAME", unknown: "ERROR 102 Unable to send", left: "ERROR 102 Unable to send",
		stored: "SENT NAME", blocked: "ERROR 102 Unable to send",
	},
	{
		name: "comp9331", byLines: true, most: 4023,
		oneLine: true, piece: 3878,
		hearsAll: "NAME: text", saysAll: "broadcast", hearsWho: "NAME logged in, NAME logged out", hearsRoom: no, saysRoom: no,
		unknown: "Error. Invalid user", left: "Error. Invalid user", stored: "This user is offline. Will send when online",
		blocked: "Your message could not be delivered as the recipient has blocked you",
	},
	{
		name: "dtu", byLines: true, trims: true, most: 4024,
		oneLine: true, noBlanks: true, piece: 3703,
		hearsAll: "MSG", saysAll: no, hearsWho: "in its rooms: USERJOIN, USERLEAVE", hearsRoom: "MSG", saysRoom: "MSG",
		unknown: "NOTACCEPTED: no such nick: NAME", left: "NOTACCEPTED: no such nick: NAME",
		blocked: "NOTACCEPTED: the receiver does not want to hear from you",
	},
	{
		name: "elc004", blanks: true, most: 1011,
		piece: 930, direct: true,
		hearsAll: "M", saysAll: no, hearsWho: "when it asks for the table", hearsRoom: "G", saysRoom: "G",
		sent: "A", unknown: notListed,
	},
}

func wireOf(name string) *wire {
	return &wires[slices.IndexFunc(wires, func(w wire) bool { return w.name == name })]
}

// written are the texts that a program of the dialect makes of what a person
// wants to say.
func (w *wire) written(text string) (out []string) {
	parts := []string{text}
	if w.byLines {
		parts = strings.Split(text, "\n")
	}
	for _, p := range parts {
		if w.byLines {
			p = strings.TrimSuffix(p, "\r")
		}
		for _, p := range pieces(p, w.most) {
			if w.trims {
				p = strings.Trim(p, " \t")
			}
			if p == "" && !w.empties || isBlank(p) && !w.blanks {
				continue
			}
			out = append(out, p)
		}
	}
	return out
}

// heard is what somebody of the dialect gets to see of one text of another.
func (w *wire) heard(text string) (out []string) {
	if !utf8.ValidString(text) {
		text = latin(text)
	}
	for _, p := range pieces(text, w.piece) {
		p = harmless(p, !w.oneLine)
		if w.noBlanks && isBlank(p) {
			continue
		}
		out = append(out, p)
	}
	return out
}

// arrives is what to hears of one text that from has written.
func arrives(from, to *wire, text string) []string {
	if from == to && from.direct {
		return []string{text} // both are ours, and nobody is between them
	}
	return to.heard(text)
}

// pieces cuts a text between characters; an empty one is a piece.
func pieces(text string, most int) (out []string) {
	for len(text) > most {
		n := most
		for !utf8.RuneStart(text[n]) {
			n--
		}
		out, text = append(out, text[:n]), text[n:]
	}
	return append(out, text)
}

// harmless is a text in which nothing acts on a terminal, or on a wire.
func harmless(text string, lines bool) string {
	if lines {
		parts := strings.SplitAfter(text, "\n")
		for i, p := range parts {
			if body, is := strings.CutSuffix(p, "\r\n"); is {
				parts[i] = harmless(body, false) + "\r\n"
			} else if body, is := strings.CutSuffix(p, "\n"); is {
				parts[i] = harmless(body, false) + "\n"
			} else {
				parts[i] = harmless(p, false)
			}
		}
		return strings.Join(parts, "")
	}
	return strings.Map(func(r rune) rune {
		if r != '\t' && unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ReplaceAll(text, "\r\n", "\n"))
}

func latin(text string) string {
	var b strings.Builder
	for i := range len(text) {
		b.WriteRune(rune(text[i]))
	}
	return b.String()
}

func isBlank(text string) bool { return strings.Trim(text, " \t") == "" }

// A content is something that a person wants to say.
type content struct{ name, text string }

// contents are awkward in one way or another; the first is not.
var contents = []content{
	{"plain", "Hi there, how are you?"},
	{"UTF-8", "Grüße, Ελλάδα, 日本語"},
	{"emoji", "😀 and 👩\u200d👩\u200d👧"},
	{"two lines", "one\ntwo"},
	{"an empty line", "one\n\nthree"},
	{"line ends of Windows", "one\r\ntwo"},
	{"colons", "a: b : c:d"},
	{"minus", "a-R:127.0.0.1:1:bob-b"},
	{"plus", "1+1\tis +2"},
	{"blanks at the ends", "  in the middle  "},
	{"4,000 bytes", strings.Repeat("0123456789", 400)},
	{"4,000 bytes, not ASCII", strings.Repeat("€", 1333)},
	{"control characters", "a\x1b[2Jb\x00c\rd\u0085e\u2028f\ag"},
	{"no UTF-8", "gr\xfc\xdfe"},
	{"only blanks", "   "},
	{"of dtu", "MSG x: y"},
	{"of dtu, a refusal", "NOTACCEPTED: no such nick: x"},
	{"of messenger", "FORWARD eve\nContent-length: 2\n\nhi"},
	{"of messenger, an answer", "SENT eve"},
	{"of messenger, not ASCII", "é\nSENT eve\n\nERROR 103 Header incomplete\n\n!"},
	{"of comp9331", "eve logged out"},
	{"of comp9331, a sentence", "Error. Invalid user"},
	{"of elc004", "M:1:x"},
	{"of elc004, a receipt", "A:1:eve"},
	{"of elc004, another shape", "hi\n+eve+1"},
	{"of mim0", "\x00\x0bA\x00\x00\x00\x02\x00e"},
	{"plain again", "That is all."},
}
