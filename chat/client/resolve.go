package client

import (
	"strings"
	"unicode/utf8"

	"mim/chat"
)

// resolve finds the person whose handle s begins with, and the text behind
// it. Handles may hold blanks: the longest one that fits counts, as typed if
// there is one, else without regard to case. @"a name" text says where the
// name ends.
func (c *Client) resolve(s string) (k *contact, rest string, err *chat.Error) {
	quoted, inQuotes := strings.CutPrefix(s, `"`)
	name, rest, closed := strings.Cut(quoted, `"`)
	if inQuotes && closed {
		if k, _, err = c.match(name, true); k != nil {
			return k, strings.TrimLeft(rest, " \t"), nil
		}
		return nil, "", c.unknown(name, err)
	}
	k, n, err := c.match(s, false)
	switch {
	case k != nil:
		return k, strings.TrimLeft(s[n:], " \t"), nil
	case inQuotes:
		return nil, "", chat.Errorf(chat.Usage, `the quote before the name is not closed: @"a name" text`)
	}
	if name, _ = cutBlank(s); begins(s, c.cfg.Name) {
		name = c.cfg.Name
	}
	return nil, "", c.unknown(name, err)
}

// unknown says why name is nobody to write to; err is what match found, if
// anything.
func (c *Client) unknown(name string, err *chat.Error) *chat.Error {
	switch {
	case err != nil:
		return err
	case strings.TrimSpace(name) == "":
		return chat.Errorf(chat.Usage, "the name is missing: @NAME text")
	case strings.EqualFold(name, c.cfg.Name):
		return chat.Errorf(chat.Usage, "%s is you", c.cfg.Name)
	}
	return chat.Errorf(chat.Unknown, "nobody here is called %q; /who lists who is here", name)
}

// match gives the contact with the longest handle that s begins with, in
// words, or that it is if whole; n is how much of s that takes. nil: none, and
// err says so if it is because there are several.
func (c *Client) match(s string, whole bool) (k *contact, n int, err *chat.Error) {
	fits := func(m int) bool {
		return m > 0 && (m == len(s) || !whole && (s[m] == ' ' || s[m] == '\t'))
	}
	for h, o := range c.known {
		if m := len(h); m > n && strings.HasPrefix(s, h) && fits(m) {
			k, n = o, m
		}
	}
	if k != nil {
		return k, n, nil
	}
	several := false
	for h, o := range c.known {
		m := foldedPrefix(s, h)
		switch {
		case !fits(m):
		case m > n:
			k, n, several = o, m, false
		case m == n:
			several = true
		}
	}
	if several {
		return nil, 0, chat.Errorf(chat.Unknown, "several people here are called %q but for the case of letters; type the name as it is shown", s[:n])
	}
	return k, n, nil
}

// begins reports whether s begins with name as a word, without regard to case.
func begins(s, name string) bool {
	n := foldedPrefix(s, name)
	return n > 0 && (n == len(s) || s[n] == ' ' || s[n] == '\t')
}

// foldedPrefix is the length of the prefix of s that is prefix without regard
// to case, or 0. Case may change how many bytes a letter takes, never how many
// letters there are.
func foldedPrefix(s, prefix string) int {
	n := 0
	for range utf8.RuneCountInString(prefix) {
		_, m := utf8.DecodeRuneInString(s[n:])
		n += m
	}
	if !strings.EqualFold(s[:n], prefix) {
		return 0
	}
	return n
}
