package messenger

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/codec"
)

func TestCheckName(t *testing.T) {
	for _, c := range []struct {
		what, name string
		ok         bool
	}{
		{"letters", "alice", true},
		{"letters and digits", "Az09", true},
		{"one", "a", true},
		{"digits alone", "42", true},
		{"the longest", strings.Repeat("a", 64), true},
		{"one too long", strings.Repeat("a", 65), false},
		{"empty", "", false},
		{"everyone", "ALL", false},
		{"everyone in small letters", "all", true},
		{"everyone and more", "ALLY", true},
		{"blank", "al ice", false},
		{"newline", "alice\n", false},
		{"hyphen", "al-ice", false},
		{"underscore", "al_ice", false},
		{"at sign", "@alice", false},
		{"bracket", "al[ice", false},
		{"backtick", "al`ice", false},
		{"brace", "al{ice", false},
		{"colon", "al:ice", false},
		{"slash", "al/ice", false},
		{"control that folds to a letter", "\x41\x01", false},
		{"not ASCII", "élan", false},
		{"Latin-1", "\xe9lan", false},
	} {
		err := checkName(c.name)
		if (err == nil) != c.ok || err != nil && kindOf(err) != chat.BadName {
			t.Errorf("%s: %q: %v", c.what, c.name, err)
		}
	}
}

// TestForward: what a text becomes on the wire, in both counts (messenger
// rules 8 and 9).
func TestForward(t *testing.T) {
	alice := &chat.Person{Name: "alice"}
	for _, c := range []struct {
		what         string
		who          *chat.Person
		text         string
		bytes, runes string
	}{
		{"plain", alice, "hi", "FORWARD alice\nContent-length: 2\n\nhi", "FORWARD alice\nContent-length: 2\n\nhi"},
		{"empty", alice, "", "FORWARD alice\nContent-length: 0\n\n", "FORWARD alice\nContent-length: 0\n\n"},
		{"not ASCII", alice, "é👋", "FORWARD alice\nContent-length: 6\n\né👋", "FORWARD alice\nContent-length: 2\n\né👋"},
		{"lines and tabs stay", alice, "a\n\n\tb\r\n", "FORWARD alice\nContent-length: 7\n\na\n\n\tb\r\n", "FORWARD alice\nContent-length: 7\n\na\n\n\tb\r\n"},
		{"a terminal's codes do not", alice, "\x1b[2J\rx\u009b", "FORWARD alice\nContent-length: 7\n\n [2J x ", "FORWARD alice\nContent-length: 7\n\n [2J x "},
		{"no UTF-8", alice, "a\xff", "FORWARD alice\nContent-length: 4\n\na\ufffd", "FORWARD alice\nContent-length: 2\n\na\ufffd"},
		{"a request in a text", alice, "x\n\nFORWARD bob\n\n", "FORWARD alice\nContent-length: 16\n\nx\n\nFORWARD bob\n\n", "FORWARD alice\nContent-length: 16\n\nx\n\nFORWARD bob\n\n"},
		{"from nobody", nil, "hi", "", ""},
		{"from somebody whom messenger cannot name", &chat.Person{Name: "Anna Maria"}, "hi", "", ""},
		{"from a name that is more than a name", &chat.Person{Name: "a\n\nSENT bob"}, "hi", "", ""},
	} {
		said := &chat.Said{From: c.who, Text: []byte(c.text)}
		if got := string(New().Append([]byte("> "), said, inBytes)); got != "> "+c.bytes {
			t.Errorf("%s, in bytes: %q, want %q", c.what, got, c.bytes)
		}
		if got := string(New().Append([]byte("> "), said, inRunes)); got != "> "+c.runes {
			t.Errorf("%s, in characters: %q, want %q", c.what, got, c.runes)
		}
	}
}

// TestForwardBound: no text on the wire has more than 64 KiB, and none is cut
// inside a character.
func TestForwardBound(t *testing.T) {
	for what, text := range map[string]string{
		"long": strings.Repeat("x", 1<<20), "wide": "x" + strings.Repeat("é", maxBody), "growing": strings.Repeat("\xff", maxBody),
	} {
		got := string(New().Append(nil, &chat.Said{From: &chat.Person{Name: "a"}, Text: []byte(text)}, inBytes))
		head, body, _ := strings.Cut(got, "\n\n")
		if len(body) > maxBody || len(body) < maxBody-2 || !strings.HasSuffix(head, "Content-length: "+strconv.Itoa(len(body))) {
			t.Errorf("%s: %s, and %d bytes", what, head, len(body))
		}
	}
}

func TestSilentEvents(t *testing.T) {
	for _, e := range chat.EventKinds() {
		if got := New().Append(nil, e, inBytes); len(got) > 0 {
			t.Errorf("an empty %T is said: %q", e, got)
		}
	}
	who := &chat.Person{Name: "alice"}
	for _, e := range []chat.Event{&chat.Came{Who: who}, &chat.Went{Who: who}, &chat.Page{People: []*chat.Person{who}}, &chat.Notice{Text: "hi"}} {
		if got := New().Append(nil, e, inRunes); len(got) > 0 {
			t.Errorf("%T is said: %q", e, got)
		}
	}
}

// TestConfigure: the word of a delivered text (messenger rule 6).
func TestConfigure(t *testing.T) {
	flags := New().(codec.Configurable).Flags()
	if len(flags) != 1 || flags[0].Name != "messenger-ack" || flags[0].Default != "SENT" || !slices.Equal(flags[0].OneOf, []string{"SENT", "SEND"}) {
		t.Errorf("flags %+v", flags)
	}
	for _, c := range []struct{ what, value, want string }{
		{"the prose's word", "SENT", "SENT bob\n\n"},
		{"the table's word", "SEND", "SEND bob\n\n"},
		{"small letters", "sent", ""},
		{"none", "", ""},
	} {
		d, err := New().(codec.Configurable).Configure(func(flag string) string {
			if flag != "messenger-ack" {
				t.Errorf("asked for the flag %q", flag)
			}
			return c.value
		})
		if c.want == "" {
			if err == nil || !strings.Contains(err.Error(), "--messenger-ack") {
				t.Errorf("%s: %v", c.what, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if got := string(d.Open(codec.Link{}).Answer(nil, chat.Answer{To: &chat.Say{To: []byte("bob")}})); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

// TestFacts: what the rest of mim is told of the dialect, in numbers as they
// stand in docs/dialects/messenger.md.
func TestFacts(t *testing.T) {
	d := New()
	if got, want := d.Traits(), (chat.Traits{
		Dialect: "messenger", Reach: chat.ByLink, Receipts: true, All: true, Parts: true,
		MaxText: 65536, Piece: 900, LoginWithin: 10 * time.Minute,
	}); got != want {
		t.Errorf("traits %+v, want %+v", got, want)
	}
	if got, want := d.Ports(), []codec.Port{{Role: codec.Registry, Network: "tcp", Number: 5050}}; !slices.Equal(got, want) {
		t.Errorf("ports %+v, want %+v", got, want)
	}
	if d.Name() != "messenger" {
		t.Errorf("name %q", d.Name())
	}
}

// TestNoMessageInAGuess: to a program that may count otherwise than we think no
// text goes out that holds a whole message, whatever part of it is skipped.
func TestNoMessageInAGuess(t *testing.T) {
	ann := &chat.Person{Name: "ann"}
	for _, c := range []struct{ what, in, want string }{
		{"lines", "é\n\nb\r\nc", "é\n\nb\r\nc"},
		{"a message in it", "éFORWARD boss\nContent-length: 4\n\nfire", "éFORWARD boss Content-length: 4  fire"},
		{"one without what is not ASCII", "x ERROR\t1\r\n\r\n", "x ERROR\t1    "},
		{"a word at its end", "a\nSENT", "a SENT"},
		{"a word of a word", "a\nFORWARDS", "a\nFORWARDS"},
	} {
		said := &chat.Said{From: ann, Text: []byte(c.in)}
		for _, v := range []codec.Variant{inBytes, inRunes} {
			plain, guess := string(New().Append(nil, said, v)), string(New().Append(nil, said, v|guessed))
			if !strings.HasSuffix(guess, "\n\n"+c.want) || len(guess) != len(plain) {
				t.Errorf("%s: as a guess %q", c.what, guess)
			}
			if !strings.HasSuffix(plain, "\n\n"+c.in) {
				t.Errorf("%s: known %q", c.what, plain)
			}
		}
	}
}
