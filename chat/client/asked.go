package client

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"mim/chat"
)

// whoElse is /whoelse.
func (c *Client) whoElse(s string) {
	if s != "" {
		c.fail(chat.Errorf(chat.Usage, "/whoelse takes nothing behind it; /whoelsesince takes a time"))
		return
	}
	c.queue(post{words: "/whoelse", asks: &chat.WhoElse{Now: true}})
}

// whoElseSince is /whoelsesince.
func (c *Client) whoElseSince(s string) {
	d, ok := span(s)
	if !ok {
		c.fail(chat.Errorf(chat.Usage, "within what time? /whoelsesince 90s, 5m, 2h, or a number of seconds"))
		return
	}
	c.queue(post{words: "/whoelsesince " + s, asks: &chat.WhoElse{Since: d}})
}

// span reads a time that is not below 0: with its units, or a number of seconds.
func span(s string) (d time.Duration, ok bool) {
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		ok = n >= 0 && n < math.MaxInt64/float64(time.Second)
		if ok {
			d = time.Duration(n * float64(time.Second))
		}
		return d, ok
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d >= 0
}

// block is /block and, with undo, /unblock.
func (c *Client) block(s string, undo bool) {
	word := "/block"
	if undo {
		word = "/unblock"
	}
	if s == "" {
		c.fail(chat.Errorf(chat.Usage, "whom? %s NAME", word))
		return
	}
	name, rest, err := c.nameFirst(s)
	switch {
	case err != nil:
		c.fail(err)
	case rest != "":
		c.fail(chat.Errorf(chat.Usage, "%s takes a name and nothing else", word))
	default:
		if k := c.called(name); k != nil {
			name = k.handle
		}
		c.queue(post{words: word + " " + name, asks: &chat.Block{Name: []byte(name), Undo: undo}})
	}
}

// asked shows the answer to what p asked.
func (c *Client) asked(p *post, a *chat.Answer) {
	switch q := p.asks.(type) {
	case *chat.Join, *chat.Leave:
		c.askedRoom(p, a)
	case *chat.Talk:
		c.askedCall(p, a)
	case *chat.WhoElse:
		if a.Err != nil {
			c.fail(refused(p.words, "", a.Err))
			return
		}
		c.others(q, a.Names)
	case *chat.Block:
		switch name := string(q.Name); {
		case a.Err != nil:
			c.fail(refused(p.words, name, a.Err))
		case q.Undo:
			c.show(View{Event: Notice, Name: name, Text: "not blocked any more"})
		default:
			c.show(View{Event: Notice, Name: name, Text: "blocked: you get no texts from them, and they do not see you come and go"})
		}
	}
}

// others shows whom the server listed. Of those of the moment the table learns.
func (c *Client) others(q *chat.WhoElse, names []string) {
	v := View{Event: Table, People: make([]Person, 0, len(names))}
	for _, name := range names {
		v.People = append(v.People, Person{Name: name})
	}
	switch {
	case q.Now:
		c.present(names)
	case len(names) == 0:
		v.Text = "nobody else is here or was within the last " + q.Since.String()
	default:
		v.Text = "here now or within the last " + q.Since.String() + ":"
	}
	c.show(v)
}

// refused words why the server did not do what was asked, about name if it is
// about somebody.
func refused(words, name string, err error) *chat.Error {
	e := (*chat.Error)(nil)
	if !errors.As(err, &e) {
		return chat.Errorf(chat.Refused, "%s: the server says: %s", words, visible(err.Error()))
	}
	switch {
	case name == "":
	case e.Kind == chat.Unknown:
		return chat.Errorf(e.Kind, "there is no user called %q", name)
	case e.Kind == chat.Self:
		return chat.Errorf(e.Kind, "%s: that is you", words)
	case e.Kind == chat.Already:
		return chat.Errorf(e.Kind, "%s is blocked already", name)
	case e.Kind == chat.NotSo:
		return chat.Errorf(e.Kind, "%s is not blocked", name)
	}
	return chat.Errorf(e.Kind, "%s: %s", words, strings.TrimSpace(visible(e.Text)))
}
