package crowd

import (
	"net/netip"

	"mim/chat"
)

// notThere begins the words of a text for somebody of whom nobody has told.
const notThere = "the script speaks to somebody who is not here"

// cards are where people are reached, where the server says so: those of the
// crowd by number, if texts go by datagrams, and others by name.
type cards struct {
	// reader is the person of the crowd on whose link news of people are taken
	// as values, for those who are not of the crowd. 0: nobody, they do not matter.
	reader  int32
	ours    []*chat.Person           // by number; nil: not told of
	numbers map[netip.AddrPort]int32 // of the crowd, whose sockets these are
	abroad  []*chat.Person
	names   map[string]int32 // as the alias is written in lower case, index into abroad and 1
}

// maxAbroad bounds those who are not of the crowd.
const maxAbroad = 1 << 20

func newCards(cfg Config) (c cards) {
	c.names = map[string]int32{}
	if cfg.Dialect.Traits().Reach == chat.ByPeerUDP {
		c.ours, c.numbers = make([]*chat.Person, cfg.Count+1), map[netip.AddrPort]int32{}
	}
	return c
}

// note takes what a server tells of somebody, who has number n in the crowd, or
// is not of it.
func (c *cards) note(n int, who *chat.Person) {
	if n == 0 {
		key := chat.Fold(who.Plain())
		switch i := c.names[key]; {
		case i > 0 && c.abroad[i-1].Near == who.Near:
		case i > 0:
			c.abroad[i-1] = who
		case len(c.abroad) < maxAbroad:
			c.abroad = append(c.abroad, who)
			c.names[key] = int32(len(c.abroad))
		}
		return
	}
	if n < len(c.ours) && (c.ours[n] == nil || c.ours[n].Near != who.Near) {
		c.ours[n] = who
	}
}

// stranger is somebody who is not of the crowd, as in queued.to; 0: nobody has
// told of them.
func (c *cards) stranger(name string) int32 { return -c.names[chat.Fold(name)] }
