package plain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode"
	"unicode/utf8"

	"mim/chat/client"
)

// milliseconds is RFC 3339 with the milliseconds always there, so that all
// times have one form.
const milliseconds = "2006-01-02T15:04:05.000Z07:00"

// An object is a view as scripts see it (docs/USING.md has the words). What
// does not apply is left out, but said and sent always have a text.
type object struct {
	Event     client.Event `json:"event"`
	At        string       `json:"at"`
	Name      string       `json:"name,omitempty"`
	From      string       `json:"from,omitempty"`
	To        string       `json:"to,omitempty"`
	Room      string       `json:"room,omitempty"`
	Text      *string      `json:"text,omitempty"`
	Written   string       `json:"written,omitempty"`
	Dialect   string       `json:"dialect,omitempty"`
	Address   string       `json:"address,omitempty"`
	Path      string       `json:"path,omitempty"`
	State     string       `json:"state,omitempty"`
	Kind      string       `json:"kind,omitempty"`
	Why       string       `json:"why,omitempty"`
	Listening string       `json:"listening,omitempty"`
	People    *[]person    `json:"people,omitempty"`
}

type person struct {
	Name    string `json:"name"`
	Dialect string `json:"dialect,omitempty"`
	Address string `json:"address,omitempty"`
}

// AppendJSON appends v as one JSON object on a line of its own, with its end.
// Bytes that are no UTF-8 become U+FFFD. What is for a screen alone is nothing.
func AppendJSON(dst []byte, v client.View) []byte {
	if v.Event.ForScreen() {
		return dst
	}
	o := object{
		Event: v.Event, At: v.At.Format(milliseconds),
		Name: v.Name, From: v.From, To: v.To, Room: v.Room,
		Dialect: v.Dialect, Address: v.Address, Path: v.Path,
		State: v.State, Kind: v.Kind, Why: v.Why, Listening: v.Listening,
	}
	if v.Text != "" || v.Event == client.Said || v.Event == client.Sent {
		o.Text = &v.Text
	}
	if !v.Written.IsZero() {
		o.Written = v.Written.In(v.At.Location()).Format(milliseconds)
	}
	if v.Event == client.Table || v.Event == client.Joined || v.People != nil {
		people := make([]person, len(v.People))
		for i, p := range v.People {
			people[i] = person(p)
		}
		o.People = &people
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(&o) // strings cannot fail
	return appendEscaped(dst, b.Bytes())
}

// appendEscaped appends a JSON text with those characters as \u escapes that
// would act on a terminal: DEL and the C1 controls, and what turns text
// around. They stand in strings only, so the value stays the same.
func appendEscaped(dst, p []byte) []byte {
	for len(p) > 0 {
		r, n := utf8.DecodeRune(p)
		if r == 0x7f || 0x80 <= r && r < 0xa0 || unicode.Is(unicode.Bidi_Control, r) {
			dst = fmt.Appendf(dst, `\u%04x`, r)
		} else {
			dst = append(dst, p[:n]...)
		}
		p = p[n:]
	}
	return dst
}
