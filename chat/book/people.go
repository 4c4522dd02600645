package book

import (
	"slices"
	"strings"

	"mim/chat"
	"mim/chat/client"
)

// A Member is somebody who is here, or in a room.
type Member struct {
	Name    string // as the client knows them: what Key.Name is
	Shown   string // the name as it is shown
	Dialect string // harmless, as Address
	Address string
	Proof   chat.Proof
	Us      bool // it is ourselves
	folded  string
}

// people are those who are here, and who spoke when.
type people struct {
	online  map[string]Member
	last    map[string]spoken // by whom something was said
	listed  []Member          // online, sorted; nil: to be made anew
	members []Member          // of the room, sorted
	room    Key
}

// spoken is when somebody said something last, as a count, and where.
type spoken struct {
	at uint64
	in Key
}

// maxSpoken is how many people are remembered to have said something.
const maxSpoken = 4096

func (p *people) init() {
	p.online, p.last = map[string]Member{}, map[string]spoken{}
}

// changed notes that the sorted lists are not right any more.
func (p *people) changed() { p.listed, p.members = nil, nil }

func (p *people) here(v client.View, came bool) {
	p.changed()
	if !came {
		delete(p.online, v.Name)
		return
	}
	p.online[v.Name] = Member{Name: v.Name, Shown: chat.Quote(v.Name), Dialect: harmless(v.Dialect), Address: harmless(v.Address)}
}

func (p *people) spoke(name string, in Key, b *Book) {
	b.spoken++
	if _, ok := p.last[name]; !ok && len(p.last) >= maxSpoken {
		p.forget(b.spoken - maxSpoken/2)
	}
	p.last[name] = spoken{b.spoken, in}
}

// forget drops who said nothing since.
func (p *people) forget(since uint64) {
	for name, s := range p.last {
		if s.at < since {
			delete(p.last, name)
		}
	}
}

// Online reports whether somebody of that name is here, as far as the server tells.
func (b *Book) Online(name string) bool {
	_, ok := b.people.online[name]
	return ok
}

// People are those to show beside a conversation: the members of a room, else
// all who are here; sorted by name. Where the server does not tell who is here
// there are none beside a person.
func (b *Book) People(k Key) []Member {
	p := &b.people
	if k.Kind == Room {
		return b.roomMembers(k)
	}
	if p.listed == nil {
		p.listed = make([]Member, 0, len(p.online))
		for _, m := range p.online {
			m.Proof = b.Proof(Key{Person, m.Name})
			p.listed = append(p.listed, m)
		}
		sortMembers(p.listed)
	}
	return p.listed
}

func (b *Book) roomMembers(k Key) []Member {
	p := &b.people
	c := b.byKey[k]
	if c == nil {
		return nil
	}
	if p.members == nil || p.room != k {
		p.members, p.room = make([]Member, 0, len(c.members)), k
		for name := range c.members {
			m, ok := p.online[name]
			if !ok {
				m = Member{Name: name, Shown: chat.Quote(name), Dialect: b.cfg.Traits.Dialect}
			}
			m.Us = fold(name) == b.self
			m.Proof = b.Proof(Key{Person, name})
			p.members = append(p.members, m)
		}
		sortMembers(p.members)
	}
	return p.members
}

// sortMembers sorts by name without regard to case.
func sortMembers(list []Member) {
	for i := range list {
		list[i].folded = fold(list[i].Name)
	}
	slices.SortFunc(list, func(a, o Member) int {
		if c := strings.Compare(a.folded, o.folded); c != 0 {
			return c
		}
		return strings.Compare(a.Name, o.Name)
	})
}
