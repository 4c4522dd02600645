package client

import (
	"strings"

	"mim/chat"
)

// A command is a word of the input line. Its do gets what follows the word,
// without the blanks between.
type command struct {
	word, args string
	help       string
	do         func(c *Client, rest string)
}

// line is the command as /help says it.
func (cmd *command) line() string {
	return strings.TrimSpace(cmd.word+" "+cmd.args) + ": " + cmd.help
}

// commands are those that can be carried out in our dialect, as /help lists
// them.
func (c *Client) commands() []command {
	list := []command{{"/msg", "NAME text", "say text to NAME; @NAME text does the same", (*Client).addressed}}
	if c.canAll() {
		list = append(list, command{"/all", "text", "say text to everyone; @ALL text does the same", (*Client).toAll})
	}
	if c.hasRooms() {
		list = append(list,
			command{"/say", "#room text", "say text to all in a room; @#room text does the same", (*Client).sayRoom},
			command{"/join", "#room", "enter a room, which is made if there is none", (*Client).joinRoom},
			command{"/part", "#room", "leave a room", (*Client).leaveRoom})
	}
	who := "list who is here"
	switch {
	case c.untold() && c.cfg.Traits.Rooms:
		who = "list who is in your rooms; the server does not tell who else is here"
	case c.untold():
		who = "list whom you wrote with; the server does not tell who is here"
	}
	list = append(list, command{"/who", "", who, func(c *Client, _ string) { c.who() }})
	if c.cfg.Traits.WhoElse {
		list = append(list,
			command{"/whoelse", "", "ask the server who else is here", (*Client).whoElse},
			command{"/whoelsesince", "TIME", "ask who else is or was here within that time: 90 seconds, 90s, 5m, 2h", (*Client).whoElseSince})
	}
	if c.cfg.Traits.Blocks {
		list = append(list,
			command{"/block", "NAME", "no texts from NAME any more, who does not see you come and go either", func(c *Client, s string) { c.block(s, false) }},
			command{"/unblock", "NAME", "end that", func(c *Client, s string) { c.block(s, true) }})
	}
	if c.cfg.Traits.Calls {
		list = append(list, callCommands()...)
	}
	quit := "leave"
	if !c.relayed() {
		list = append(list, command{"/close", "NAME", "end the talk with NAME", (*Client).closeTalk})
		quit = "end all talks and leave"
	}
	return append(list,
		command{"/help", "[COMMAND]", "show this, or what one command does", (*Client).help},
		command{"/quit", "", quit, func(c *Client, _ string) { c.quit(drainQuit, false) }})
}

// canAll reports whether one text can go to everyone.
func (c *Client) canAll() bool { return c.relayed() && c.cfg.Traits.All }

// Where a word needs more than the dialect has: what can be done instead, by
// direct lines and a table, and through a server. A word that is in the list
// of commands is not looked up here.
var (
	insteadDirect = map[string]string{
		"/all":          "there is no text to everyone; write to each person with @NAME text",
		"/say":          "there are no rooms; write to each person with @NAME text",
		"/join":         "there are no rooms; write to each person with @NAME text",
		"/part":         "there are no rooms; /close NAME ends a talk",
		"/whoelse":      "the server cannot be asked; /who lists who is here",
		"/whoelsesince": "the server does not say who was here before; /who lists who is here now",
		"/block":        "nobody can be blocked; /close NAME ends a talk",
		"/unblock":      "nobody can be blocked",
		"/call":         "there are no voice calls; write with @NAME text",
		"/answer":       "there are no voice calls",
		"/deny":         "there are no voice calls",
		"/hangup":       "there are no voice calls; /close NAME ends a talk",
		"/mute":         "there are no voice calls",
		"/volume":       "there are no voice calls",
		"/stats":        "there are no voice calls",
	}
	// insteadRooms comes before insteadRelayed where there are rooms.
	insteadRooms = map[string]string{
		"/all":          "there is no text to everyone; /say #room text is for all in a room",
		"/whoelse":      "the server cannot be asked; /who lists who is in your rooms",
		"/whoelsesince": "the server does not say who was here before; /who lists who is in your rooms",
		"/close":        "texts go through the server, there is no line to close; /part #room leaves a room",
	}
	insteadRelayed = map[string]string{
		"/all":          "there is no text to everyone; write to each person with @NAME text",
		"/say":          "there are no rooms; write to each person with @NAME text",
		"/join":         "there are no rooms; write to each person with @NAME text",
		"/part":         "there are no rooms",
		"/whoelse":      "the server cannot be asked; see /who",
		"/whoelsesince": "the server does not say who was here before; see /who",
		"/block":        "nobody can be blocked",
		"/unblock":      "nobody can be blocked",
		"/close":        "texts go through the server, there is no line to close",
		"/call":         "there are no voice calls; write with @NAME text",
		"/answer":       "there are no voice calls",
		"/deny":         "there are no voice calls",
		"/hangup":       "there are no voice calls",
		"/mute":         "there are no voice calls",
		"/volume":       "there are no voice calls",
		"/stats":        "there are no voice calls",
	}
)

// instead says what can be done instead of word; "" if that is no word we know.
func (c *Client) instead(word string) string {
	if c.cfg.Traits.Rooms && insteadRooms[word] != "" {
		return insteadRooms[word]
	}
	if c.relayed() {
		return insteadRelayed[word]
	}
	return insteadDirect[word]
}

func (c *Client) unsupported(word string) {
	c.fail(chat.Errorf(chat.Unsupported, "%s cannot do %s: %s", c.cfg.Traits.Dialect, word, c.instead(word)))
}
