package book

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"mim/chat"
	"mim/chat/client"
)

// Candidates are the words that can be completed, each list in the order in
// which they are offered. Names and rooms are as the client knows them.
type Candidates struct {
	Names    []string
	Commands []string // "/join"
	Rooms    []string // "#tea"
}

// A Completion replaces text[From:To] by one of Options, the likeliest first.
type Completion struct {
	From, To int
	Options  []string
}

// maxOptions is how many options a completion gives.
const maxOptions = 50

// Candidates gives those for the open conversation: the names of its people
// first, who spoke last before who spoke earlier and those who did not.
func (b *Book) Candidates() Candidates {
	var c Candidates
	in := b.open.key
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] && fold(name) != b.self && typable(name) {
			seen[name] = true
			c.Names = append(c.Names, name)
		}
	}
	if in.Kind == Person {
		add(in.Name)
	}
	spoke := slices.Collect(maps.Keys(b.people.last))
	last := b.people.last
	slices.SortFunc(spoke, func(a, o string) int {
		if here, there := last[a].in == in, last[o].in == in; here != there {
			if here {
				return -1
			}
			return 1
		}
		return cmp.Compare(last[o].at, last[a].at)
	})
	for _, name := range spoke {
		if in.Kind != Room || b.open.members[name] {
			add(name)
		}
	}
	for _, m := range b.People(in) {
		add(m.Name)
	}
	for _, name := range spoke {
		add(name)
	}
	for _, m := range b.People(Key{}) {
		add(m.Name)
	}
	for _, o := range b.list {
		switch o.key.Kind {
		case Person:
			add(o.key.Name)
		case Room:
			if typable(o.key.Name) {
				c.Rooms = append(c.Rooms, o.key.Name)
			}
		}
	}
	for _, cmd := range client.Commands(b.cfg.Traits) {
		c.Commands = append(c.Commands, cmd.Word)
	}
	c.Commands = append(c.Commands, b.cfg.Local...)
	if !slices.Contains(c.Commands, "/close") {
		c.Commands = append(c.Commands, "/close")
	}
	slices.Sort(c.Commands)
	c.Commands = slices.Compact(c.Commands)
	return c
}

// typable reports whether a name is harmless as it is, so that it can stand in
// what is typed.
func typable(name string) bool {
	return name != "" && string(chat.AppendHarmlessName(nil, name, "")) == name
}

// Complete says what the word before the cursor (a byte position in text) can
// become: a command or @name at the beginning of the text, a #room anywhere, a
// name elsewhere. At the beginning a name without @ becomes the address of a
// remark, "bob: ". Case does not matter. No option: nothing fits.
func Complete(text string, cursor int, c Candidates) Completion {
	cursor = max(0, min(cursor, len(text)))
	for cursor > 0 && cursor < len(text) && !utf8.RuneStart(text[cursor]) {
		cursor--
	}
	from := wordStart(text[:cursor])
	word := text[from:cursor]
	first := strings.TrimSpace(text[:from]) == ""
	r := Completion{From: from, To: cursor}
	switch {
	case first && strings.HasPrefix(word, "/"):
		r.Options = options(c.Commands, word, func(s string) string { return s + " " })
	case strings.HasPrefix(word, "#"):
		r.Options = options(c.Rooms, word, func(s string) string { return s + " " })
	case strings.HasPrefix(word, "@") && first:
		r.Options = options(c.Names, strings.TrimPrefix(word[1:], `"`), func(s string) string { return "@" + addressed(s) + " " })
	case strings.HasPrefix(word, "@"):
		r.Options = options(c.Names, strings.TrimPrefix(word[1:], `"`), func(s string) string { return "@" + s + " " })
	case word == "" && !commanded(text[:from]):
	case first:
		r.Options = options(c.Names, word, func(s string) string { return s + ": " })
	case commanded(text[:from]):
		r.Options = options(c.Names, strings.TrimPrefix(word, `"`), func(s string) string { return addressed(s) + " " })
	default:
		r.Options = options(c.Names, word, func(s string) string { return s + " " })
	}
	return r
}

// wordStart is where the last word of s begins; one that begins with a quote,
// or @ and a quote, that is not closed may have blanks in it.
func wordStart(s string) int {
	if i := strings.LastIndexByte(s, '"'); i >= 0 && strings.Count(s, `"`)%2 == 1 {
		if i > 0 && s[i-1] == '@' {
			i--
		}
		if i == 0 || strings.IndexByte(" \t\n", s[i-1]) >= 0 {
			return i
		}
	}
	return strings.LastIndexAny(s, " \t\n") + 1
}

// named are the commands that a name follows.
var named = []string{"/msg", "/close", "/call", "/answer", "/deny", "/block", "/unblock"}

// commanded reports whether before ends where a command wants its name.
func commanded(before string) bool { return slices.Contains(named, strings.TrimSpace(before)) }

// addressed is a name where something follows it.
func addressed(name string) string {
	if strings.ContainsAny(name, " \t") && !strings.Contains(name, `"`) {
		return `"` + name + `"`
	}
	return name
}

// options are those of list that begin with word.
func options(list []string, word string, as func(string) string) (o []string) {
	word = fold(word)
	for _, s := range list {
		if strings.HasPrefix(fold(s), word) && len(o) < maxOptions {
			o = append(o, as(s))
		}
	}
	return o
}
