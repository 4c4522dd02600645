package client

import "mim/chat"

// A Command is a word of the input line and what it does.
type Command struct {
	Word string // "/msg"
	Args string // "NAME text"; empty: none
	Help string // what it does, as /help says it
}

// Commands are those that can be carried out where a dialect has these traits,
// as /help lists them. They may be kept.
func Commands(t chat.Traits) (list []Command) {
	c := Client{cfg: Config{Traits: t}}
	for _, cmd := range c.commands() {
		list = append(list, Command{cmd.word, cmd.args, cmd.help})
	}
	return list
}

// Instead says why a command that other dialects have is none where a dialect
// has these traits, and what to do instead; "" if no dialect has it.
func Instead(t chat.Traits, word string) string {
	c := Client{cfg: Config{Traits: t}}
	return c.instead(word)
}
