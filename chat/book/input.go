package book

import (
	"slices"
	"strings"
	"time"
)

// maxTyped is how many lines the input history of a conversation keeps.
const maxTyped = 100

// An Entered is what is to be done with what was typed.
type Entered struct {
	// Lines are for chat/client.Line, in order.
	Lines []string
	// Local is a command of Config.Local, and Rest what follows it.
	Local, Rest string
}

// SetDraft says what is typed in a conversation and not sent; it stays there
// when another is opened.
func (b *Book) SetDraft(k Key, text string) {
	if c := b.byKey[k]; c != nil && c.draft != text {
		c.draft = text
		b.drafts[k] = true
		b.version++
	}
}

// TakeDrafts gives the drafts that have changed since it was called last, for a
// history.
func (b *Book) TakeDrafts() map[Key]string {
	changed := make(map[Key]string, len(b.drafts))
	for k := range b.drafts {
		if c := b.byKey[k]; c != nil {
			changed[k] = c.draft
		}
	}
	clear(b.drafts)
	return changed
}

// Enter takes the draft of the open conversation as typed. It is kept in the
// input history, and the draft is empty then, until an error puts it back.
//
// A draft of one line is what mim join takes: a text for this conversation, a
// /command, @NAME text for somebody else, //text for a text that begins with /.
// Of a draft of several lines each is a text of its own, in order, whatever it
// begins with; but if the first begins as a command or with @, all of it is one
// line, so that nothing that was meant for one person is said to others. /close
// is the book's own (Close).
//
// In @home a text is for nobody: it stays the draft, and a line says what to do.
func (b *Book) Enter(now time.Time) (e Entered) {
	c := b.open
	text := strings.TrimRight(c.draft, " \t\r\n")
	if strings.TrimSpace(text) == "" {
		return e
	}
	b.version++
	lead := strings.TrimLeft(text, " \t\r\n")
	switch {
	case lead[0] == '@', lead[0] == '/' && !strings.HasPrefix(lead, "//"):
		lead = oneLine(lead)
		word, rest, _ := strings.Cut(lead, " ")
		rest = strings.TrimLeft(rest, " ")
		switch k, ok := b.toClose(word, rest); {
		case slices.Contains(b.cfg.Local, word):
			e.Local, e.Rest = word, rest
		case ok:
			b.typed(c, text)
			return Entered{Lines: b.Close(k)}
		case lead == "/part" && c.key.Kind == Room:
			e.Lines = []string{lead + " " + c.key.Name}
		default:
			e.Lines = []string{lead}
		}
	case c.key.Kind == Home:
		b.system(c, now, Trouble, "to whom? begin with @NAME, or open a conversation")
		return Entered{}
	default:
		e.Lines = c.addressed(text)
	}
	b.typed(c, text)
	for i, line := range e.Lines {
		draft := text
		if len(e.Lines) > 1 {
			draft = strings.TrimPrefix(e.Lines[i], c.to())
		}
		b.ask(line, c.key, draft)
	}
	return e
}

// typed empties c's draft, which is in the history of its input now.
func (b *Book) typed(c *Conversation, text string) {
	b.keepTyped(c, text)
	b.SetDraft(c.key, "")
	c.back, c.current = 0, ""
}

// toClose is the conversation that /close means. false: none that is there, or
// another command.
func (b *Book) toClose(word, name string) (k Key, ok bool) {
	if word != "/close" {
		return k, false
	}
	k, ok = b.Named(name)
	return k, ok && k.Kind != Home
}

// Named is the conversation that somebody means who types name: as it is or
// without regard to case, with or without @ and quotes; the open one for "".
// false: there is none.
func (b *Book) Named(name string) (k Key, ok bool) {
	if name == "" {
		return b.open.key, true
	}
	name = strings.Trim(strings.TrimPrefix(name, "@"), `"`)
	for _, c := range b.list {
		if c.key.Name == name && c.key.Kind != Home {
			return c.key, true
		}
	}
	for _, c := range b.list {
		if fold(c.key.Name) == fold(name) && c.key.Kind != Home {
			return c.key, true
		}
	}
	return k, false
}

// oneLine is a draft of several lines as one.
func oneLine(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSpace(l)
	}
	return strings.Join(lines, " ")
}

// addressed are the lines that say text in c.
func (c *Conversation) addressed(text string) (lines []string) {
	if strings.HasPrefix(text, "//") {
		text = text[1:]
	}
	for _, l := range strings.Split(text, "\n") {
		if l = strings.TrimRight(l, " \t\r"); l != "" {
			lines = append(lines, c.to()+l)
		}
	}
	return lines
}

// to is how a line for c begins.
func (c *Conversation) to() string {
	switch c.key.Kind {
	case Room:
		return "/say " + c.key.Name + " "
	case Everyone:
		return "/all "
	}
	return "@" + typedName(c.key.Name) + " "
}

// typedName is a name as it is typed where a text follows: in quotes, so that it
// ends where it does, unless it has one in it.
func typedName(name string) string {
	if strings.Contains(name, `"`) {
		return name
	}
	return `"` + name + `"`
}

// ask remembers that line was given to the client.
func (b *Book) ask(line string, in Key, draft string) {
	if len(b.asked) >= maxAsked {
		b.asked = slices.Delete(b.asked, 0, len(b.asked)-maxAsked+1)
	}
	b.asked = append(b.asked, asked{line, in, draft})
}

// keepTyped puts a text at the end of c's input history.
func (b *Book) keepTyped(c *Conversation, text string) {
	if n := len(c.typed); n > 0 && c.typed[n-1] == text {
		return
	}
	if len(c.typed) >= maxTyped {
		c.typed = slices.Delete(c.typed, 0, len(c.typed)-maxTyped+1)
	}
	c.typed = append(c.typed, text)
}

// Earlier puts the text that was typed before into the draft of the open
// conversation; what was typed and not sent comes back with Later. false: there
// is none, and the draft is as it was.
func (b *Book) Earlier() (draft string, ok bool) {
	c := b.open
	if c.back == len(c.typed) {
		return c.draft, false
	}
	if c.back == 0 {
		c.current = c.draft
	}
	c.back++
	b.SetDraft(c.key, c.typed[len(c.typed)-c.back])
	return c.draft, true
}

// Later is the opposite of Earlier.
func (b *Book) Later() (draft string, ok bool) {
	c := b.open
	switch {
	case c.back == 0:
		return c.draft, false
	case c.back == 1:
		c.back = 0
		b.SetDraft(c.key, c.current)
	default:
		c.back--
		b.SetDraft(c.key, c.typed[len(c.typed)-c.back])
	}
	return c.draft, true
}
