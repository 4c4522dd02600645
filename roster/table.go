package roster

import (
	"net/netip"
	"slices"

	"mim/chat"
)

// A key is what makes two users the same (mim0 rule 5): the observed address
// with the port they named, and the name.
type key struct {
	addr netip.AddrPort
	name string
}

// keyOf is the key of a person: Near is the observed address for both kinds
// of links (see Roster.person).
func keyOf(p *chat.Person) key { return key{p.Near, p.Name} }

// A user is a person with the links by which it is here: 40 bytes. It holds
// its own events, so that telling them costs no memory.
type user struct {
	came  chat.Came
	next  *user // see index
	block *block
	links int32
	guest *member // as others meet it; nil: it is a port that is lent
}

// went is the other event of a user; it holds the same as came.
func (u *user) went() *chat.Went { return (*chat.Went)(&u.came) }

// A table is everyone who is here, as a list of immutable pages. The pages
// have one owner that replaces them, the block: a newcomer is told all pages,
// and whoever has an old one in hand is not disturbed by what comes later.
type table struct {
	users  index
	blocks []*block
}

// A block is the present page of one part of the table; never an empty one.
type block struct{ page *chat.Page }

// mergeAt is how many people two neighbouring blocks may have together to
// become one. Less than a whole page, so that a table whose last page is just
// full does not merge and split with each login and logout. Since any two
// neighbours have more, n people fill at most 2*n/mergeAt + 1 pages.
const mergeAt = chat.PageSize * 3 / 4

// add appends a person to the last page or begins a new one. The new page
// shares the array of the old one, which ends before the person: arrays only
// ever grow at their end, and only their last page does it.
func (t *table) add(p *chat.Person) *user {
	n := len(t.blocks)
	if n == 0 || len(t.blocks[n-1].page.People) == chat.PageSize {
		t.blocks = append(t.blocks, &block{page: &chat.Page{}})
		n++
	}
	b := t.blocks[n-1]
	b.page = &chat.Page{People: append(b.page.People, p)}
	u := &user{came: chat.Came{Who: p}, block: b}
	t.users.add(u)
	return u
}

// remove takes a user out, which replaces its page by a shorter one.
func (t *table) remove(u *user) {
	b := u.block
	t.users.remove(u)
	p := without(b.page, u.came.Who)
	if p == nil {
		i := slices.Index(t.blocks, b)
		t.blocks = slices.Delete(t.blocks, i, i+1)
		return
	}
	b.page = p
	if len(p.People) < mergeAt {
		t.merge(b)
	}
}

// merge joins b with a neighbour if both together are small enough.
func (t *table) merge(b *block) {
	i := slices.Index(t.blocks, b)
	if i > 0 && t.join(i-1) {
		return
	}
	t.join(i)
}

// join makes blocks i and i+1 one, if they are there and small enough.
func (t *table) join(i int) bool {
	if i+1 >= len(t.blocks) {
		return false
	}
	b, gone := t.blocks[i], t.blocks[i+1]
	if len(b.page.People)+len(gone.page.People) > mergeAt {
		return false
	}
	for _, p := range gone.page.People {
		t.users.get(keyOf(p)).block = b
	}
	b.page = &chat.Page{People: slices.Concat(b.page.People, gone.page.People)}
	t.blocks = slices.Delete(t.blocks, i+1, i+2)
	return true
}

// replace puts persons who are better known in the place of others: f gives
// the new one, or the same if nothing is to change. Name and Near stay.
func (t *table) replace(f func(*chat.Person) *chat.Person) {
	for _, b := range t.blocks {
		people := slices.Clone(b.page.People)
		for i, p := range people {
			if n := f(p); n != p {
				people[i] = n
				t.users.get(keyOf(p)).came.Who = n
			}
		}
		if !slices.Equal(people, b.page.People) {
			b.page = &chat.Page{People: people}
		}
	}
}

// without is a page as it is without one of its people, nil if nobody is left.
func without(p *chat.Page, who *chat.Person) *chat.Page {
	if len(p.People) == 1 {
		return nil
	}
	i := slices.Index(p.People, who)
	rest := make([]*chat.Person, 0, len(p.People)-1)
	return &chat.Page{People: append(append(rest, p.People[:i]...), p.People[i+1:]...)}
}
