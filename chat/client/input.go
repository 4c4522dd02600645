package client

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"mim/chat"
)

// Line takes a line that the person typed, without or with its end. While the
// table is coming lines wait for it, in order.
func (c *Client) Line(now time.Time, s string) []Effect {
	c.begin(now)
	if c.exit.phase != staying {
		return c.out
	}
	s = strings.TrimRight(s, "\r\n")
	if !utf8.ValidString(s) {
		s = string(chat.AppendUTF8(nil, []byte(s)))
	}
	switch {
	case !c.coming() && len(c.held) == 0:
		c.obey(s)
	case len(c.held) >= maxHeldLines || c.heldBytes+len(s) > maxHeldBytes:
		before := "the table of people is here"
		if !c.cfg.Traits.Presence {
			before = "the login is answered"
		}
		c.typing = s
		c.fail(chat.Errorf(chat.Full, "too much input before %s; the line was dropped", before))
		c.typing = ""
	default:
		c.held = append(c.held, s)
		c.heldBytes += len(s)
	}
	return c.end()
}

// obeyHeld carries out the lines that waited, if they need not wait any more.
func (c *Client) obeyHeld() {
	if c.coming() {
		return
	}
	held := c.held
	c.held, c.heldBytes = nil, 0
	for i, s := range held {
		if c.exit.phase >= finishing {
			return
		}
		if c.obey(s); c.coming() { // it waits for another table, and so do those behind it
			for _, s := range held[i+1:] {
				c.held, c.heldBytes = append(c.held, s), c.heldBytes+len(s)
			}
			return
		}
	}
}

// obey carries out a line. Blanks before @ or / are a slip: such a line is
// never taken for a text to whoever was spoken with last.
func (c *Client) obey(s string) {
	c.typing = s
	defer func() { c.typing = "" }()
	if t := strings.TrimLeftFunc(s, unicode.IsSpace); strings.HasPrefix(t, "@") || strings.HasPrefix(t, "/") {
		s = t
	}
	switch {
	case strings.TrimSpace(s) == "":
	case strings.HasPrefix(s, "//"):
		c.unaddressed(s[1:])
	case s[0] == '/':
		c.command(s)
	case s[0] == '@':
		if word, _ := cutBlank(s); word == "@"+everybody && !c.canAll() {
			c.unsupported("/all")
			return
		}
		c.addressed(s[1:])
	default:
		c.unaddressed(s)
	}
}

func (c *Client) command(s string) {
	word, rest := cutBlank(s)
	for _, cmd := range c.commands() {
		if cmd.word == word {
			cmd.do(c, rest)
			return
		}
	}
	if c.instead(word) != "" {
		c.unsupported(word)
		return
	}
	c.fail(chat.Errorf(chat.Usage, "there is no command %s; /help lists them, and a text that begins with / is typed with //", word))
}

// cutBlank gives the first word of s and the rest without the blanks between.
func cutBlank(s string) (word, rest string) {
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimLeft(s[i:], " \t")
}

// unaddressed says s in the conversation last used.
func (c *Client) unaddressed(s string) {
	switch {
	case c.cfg.Strict:
		c.fail(chat.Errorf(chat.Usage, "a line must say to whom: @NAME text%s", c.orRoom(" or /say #room text")))
	case c.last == nil && c.untold():
		c.fail(chat.Errorf(chat.Usage, "to whom? begin with @NAME%s", c.orRoom(" or /say #room")))
	case c.last == nil:
		c.fail(chat.Errorf(chat.Usage, "to whom? begin with @NAME; /who lists who is here"))
	default:
		c.typed(c.last, s)
	}
}

// orRoom is s where there are rooms.
func (c *Client) orRoom(s string) string {
	if c.hasRooms() {
		return s
	}
	return ""
}

// addressed says what follows the name in s to the person of that name.
func (c *Client) addressed(s string) {
	k, words, err := c.addressee(s)
	switch {
	case err != nil && err.Kind == chat.Unknown && c.freshen(): // they may have come just now
	case err != nil:
		c.fail(err)
	case words == "":
		c.fail(chat.Errorf(chat.Usage, "no text for %s: what is to be said stands behind it", k.handle))
	default:
		c.typed(k, words)
	}
}

// toAll says s to everyone.
func (c *Client) toAll(s string) {
	if s == "" {
		c.fail(chat.Errorf(chat.Usage, "no text for %s: what is to be said stands behind it", everybody))
		return
	}
	c.typed(c.everyone(), s)
}

// typed says a typed text, made one line as all texts are on their way.
func (c *Client) typed(k *contact, s string) {
	words := string(chat.AppendLine(nil, []byte(s)))
	if limit := c.cfg.Traits.MaxText; limit > 0 && len(words) > limit {
		// How long it was is not said: of a very long one we see a part.
		c.fail(chat.Errorf(chat.TooLong, "the text is longer than %d bytes: it was not sent", limit))
		return
	}
	number := c.accepted(k, words)
	switch {
	case c.relayed():
		c.post(k, words, number)
	case c.byDatagram():
		c.write(k, words, number)
	default:
		c.say(k, words, number)
	}
}

func (c *Client) closeTalk(s string) {
	if s == "" && !c.cfg.Strict && c.last != nil {
		c.hangUp(c.last)
		return
	}
	if s == "" {
		c.fail(chat.Errorf(chat.Usage, "whose talk? /close NAME"))
		return
	}
	k, rest, err := c.resolve(s)
	switch {
	case err != nil:
		c.fail(err)
	case rest != "":
		c.fail(chat.Errorf(chat.Usage, "/close takes a name and nothing else"))
	default:
		c.hangUp(k)
	}
}

// help lists the commands, or says what one of them does. The word may lack
// its stroke, and what follows it does not count.
func (c *Client) help(s string) {
	if s != "" {
		c.helpOn(s)
		return
	}
	for _, cmd := range c.commands() {
		c.show(View{Event: Notice, Text: cmd.line()})
	}
	if !c.cfg.Strict {
		c.show(View{Event: Notice, Text: "a line without @NAME goes to the conversation last used; //x says /x there"})
	}
}

func (c *Client) helpOn(s string) {
	word, _ := cutBlank(s)
	word = "/" + strings.TrimPrefix(word, "/")
	for _, cmd := range c.commands() {
		if cmd.word == word {
			c.show(View{Event: Notice, Text: cmd.line()})
			return
		}
	}
	if c.instead(word) != "" {
		c.unsupported(word)
		return
	}
	c.fail(chat.Errorf(chat.Usage, "there is no command %s; /help lists them", word))
}
