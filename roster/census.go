package roster

// A Census counts who is here and what waits for them.
type Census struct {
	Users     map[string]int // by dialect
	Waiting   int            // texts in the inboxes of those who are here
	Longest   int            // the most of them in one inbox
	TextBytes int            // bytes of texts that wait for an outcome
}

// Census looks at everybody, so it takes about 20 ns for each user.
func (r *Roster) Census() Census {
	c := Census{Users: map[string]int{}, TextBytes: r.heldText}
	for _, m := range r.members {
		c.Users[m.traits.Dialect]++
		if m.mailbox != nil {
			c.Waiting += m.inbox.waiting
			c.Longest = max(c.Longest, m.inbox.waiting)
		}
	}
	return c
}
