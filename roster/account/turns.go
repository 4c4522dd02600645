package account

import "net/netip"

// turns are the checks that wait: each address has its own line, and the lines
// take turns, so that a thousand logins from one place make nobody elsewhere
// wait for more than one of them.
type turns struct {
	lines map[netip.Addr][]job
	order []netip.Addr // of those with somebody in line, whose turn is next first
	len   int
}

func (t *turns) push(from netip.Addr, j job) {
	if t.lines == nil {
		t.lines = make(map[netip.Addr][]job)
	}
	if len(t.lines[from]) == 0 {
		t.order = append(t.order, from)
	}
	t.lines[from] = append(t.lines[from], j)
	t.len++
}

// pop takes the next check; there must be one.
func (t *turns) pop() job {
	from := t.order[0]
	t.order = t.order[1:]
	line := t.lines[from]
	j := line[0]
	line[0] = job{}
	t.len--
	if line = line[1:]; len(line) > 0 {
		t.lines[from] = line
		t.order = append(t.order, from)
	} else {
		delete(t.lines, from)
	}
	if t.len == 0 {
		*t = turns{}
	}
	return j
}
