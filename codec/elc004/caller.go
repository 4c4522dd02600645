package elc004

import (
	"bytes"
	"net/netip"
	"strconv"
	"time"

	"mim/chat"
)

const (
	// rest is the silence that ends an answer which may be whole: its last
	// entry has no end.
	rest = 300 * time.Millisecond

	// patience is how long an answer may stand still in its middle.
	patience = 5 * time.Second

	// maxEntry bounds one entry of an answer in bytes, maxPeople how many are
	// kept; more are counted only.
	maxEntry  = 1024
	maxPeople = 100_000

	// maxCount bounds the digits of the number in front of a table.
	maxCount = 9
)

// A caller is a client's link to a server, for one request; a second one
// appends nothing, and nothing answers it. It reports one Answer:
//
//   - to a Login: right away if no such login can be sent, else when the table
//     is there (elc004 rule 7). People are its entries, Near and Far both the
//     address that the server gave, Name empty where there is none. Its reader
//     leaves itself out;
//   - to a Withdraw: right away, since nothing comes back.
//
// The last entry of a table has no end but that of the connection. A driver
// that knows of it calls End; else silence has to do.
type caller struct {
	server   netip.Addr
	login    chat.Login
	withdraw chat.Withdraw
	refused  error // why nothing was sent
	people   []*chat.Person
	count    int // entries that were promised; -1: no number
	read     int // entries that came
	kept     int // bytes that the last Next left
	deadline int64
	phase    phase
	enough   bool // what came may be all
	still    bool // nothing came until deadline
	ended    bool // nothing will
}

type phase uint8

const (
	unasked phase = iota
	ready         // the next Next gives the answer
	head          // its first bytes are waited for
	table         // its entries are
	done
)

// Ask encodes a Login or a Withdraw.
func (c *caller) Ask(dst []byte, r chat.Request) []byte {
	if c.phase != unasked {
		return dst
	}
	switch r := r.(type) {
	case *chat.Login:
		c.login = chat.Login{Name: r.Name, Port: r.Port}
		if c.refusePort(r.Port) || c.refuseFamily() {
			return dst
		}
		c.phase = head
		return c.appendRequest(dst, 'R', r.Name, r.Port)
	case *chat.Withdraw:
		c.withdraw = *r
		if c.refusePort(r.Port) {
			return dst
		}
		c.phase = ready
		return c.appendRequest(dst, 'K', r.Name, r.Port)
	}
	return dst
}

func (c *caller) refusePort(port uint16) bool {
	if port != 0 {
		return false
	}
	c.refused = chat.Errorf(chat.Usage, "a login needs a port where others can write to")
	c.phase = ready
	return true
}

// refuseFamily: a server that we reach by IPv6 has no address of ours to give
// to others (elc004 rule 2).
func (c *caller) refuseFamily() bool {
	if !c.server.IsValid() || c.server.Unmap().Is4() {
		return false
	}
	c.refused = chat.Errorf(chat.Lost, "its table holds addresses of IPv4 only, and by IPv6 nobody gets into it")
	c.phase = ready
	return true
}

// appendRequest appends a request. The address in it is for logs only: the
// server's on loopback, which is ours, else none.
func (c *caller) appendRequest(dst []byte, word byte, name string, port uint16) []byte {
	dst = append(dst, word, ':')
	if c.server.Is4() && c.server.IsLoopback() {
		dst = c.server.AppendTo(dst)
	} else {
		dst = append(dst, "0.0.0.0"...)
	}
	dst = strconv.AppendUint(append(dst, ':'), uint64(port), 10)
	return appendID(append(dst, ':'), name, port)
}

// Due ends the wait for more of an answer.
func (c *caller) Due(dst []byte, now time.Time) ([]byte, time.Time) {
	if c.phase != head && c.phase != table || c.still {
		return dst, time.Time{}
	}
	if c.deadline == 0 {
		wait := patience
		if c.enough {
			wait = rest
		}
		c.deadline = now.Add(wait).UnixNano()
	}
	if now.UnixNano() < c.deadline {
		return dst, time.Unix(0, c.deadline)
	}
	c.still = true
	return dst, time.Time{}
}

// Next decodes an answer.
func (c *caller) Next(p []byte) (chat.Event, int, error) {
	switch c.phase {
	case unasked, done:
		return nil, len(p), nil
	case ready:
		return c.answer(c.refused), 0, nil
	}
	if len(p) > c.kept {
		c.deadline, c.still = 0, false
	}
	n, whole, err := c.scan(p)
	c.kept = len(p) - n
	switch {
	case whole || err != nil:
		return c.answer(err), n, nil
	case c.still || c.ended:
		return c.finish(p[n:]), len(p), nil
	}
	return nil, n, nil
}

// End is Next for a link whose other end has closed: nothing will follow p.
func (c *caller) End(p []byte) (chat.Event, int, error) {
	c.ended = true
	return c.Next(p)
}

// answer gives the outcome, once.
func (c *caller) answer(err error) *chat.Answer {
	c.phase = done
	a := &chat.Answer{To: &c.login, Err: err}
	if c.withdraw.Port != 0 {
		a.To = &c.withdraw
	}
	if err == nil {
		a.People = c.people
	}
	c.people = nil
	return a
}

var errAnswer = chat.Errorf(chat.Malformed, "the server's answer is no table of addresses")

// scan takes the number in front and all entries but the last, which may go on.
func (c *caller) scan(p []byte) (n int, whole bool, err error) {
	if c.phase == head {
		switch digits := countDigits(p); {
		case bytes.HasPrefix(p, []byte(nobody)):
			return len(nobody), true, nil
		case len(p) < len(nobody) && nobody[:len(p)] == string(p):
			c.enough = false
			return 0, false, nil
		case digits > maxCount, digits == 0 && p[0] != '-':
			return 0, false, errAnswer
		case digits == len(p):
			count, _ := readNumber(p, maxCount)
			c.enough = count == 0
			return 0, false, nil
		case digits == 0:
			c.count = -1
		default:
			count, _ := readNumber(p[:digits], maxCount)
			c.count, n = int(count), digits
		}
		c.phase = table
	}
	for {
		left := p[n:]
		if len(left) < len(begin) && begin[:len(left)] == string(left) {
			c.enough = false
			return n, false, nil
		}
		if !bytes.HasPrefix(left, []byte(begin)) {
			return n, false, errAnswer
		}
		end := bytes.Index(left[1:], []byte(begin))
		if end > maxEntry || end < 0 && len(left) > maxEntry {
			return n, false, errAnswer
		}
		if end < 0 {
			_, ok := readEntry(left)
			c.enough = ok && c.read+1 >= c.count
			return n, false, nil
		}
		c.take(left[:1+end])
		n += 1 + end
	}
}

// begin stands in front of each entry.
const begin = "-R:"

func countDigits(p []byte) (n int) {
	for n < len(p) && isDigit(p[n]) {
		n++
	}
	return n
}

// take keeps one whole entry; of one that nobody can be written to by, nothing.
func (c *caller) take(entry []byte) {
	c.read++
	if who, ok := readEntry(entry); ok && len(c.people) < maxPeople {
		c.people = append(c.people, who.person())
	}
}

// finish makes an answer of what came, since no more does.
func (c *caller) finish(p []byte) *chat.Answer {
	if c.phase == table && len(p) >= len(begin) {
		c.take(p)
	}
	switch count, ok := readNumber(p, maxCount); {
	case c.phase == table && c.read > 0 && c.read >= c.count, c.phase == head && ok && count == 0:
		return c.answer(nil)
	case c.ended:
		return c.answer(chat.Errorf(chat.Lost, "the server closed before its table was whole"))
	}
	return c.answer(chat.Errorf(chat.TooLate, "the server sent no whole table within %v", patience))
}

// An entry is one of the table, as it lies in the answer.
type entry struct {
	at netip.AddrPort
	id []byte
}

// readEntry decodes "-R:ip:port", and ":id" behind it if it is there.
func readEntry(p []byte) (entry, bool) {
	ip, rest, _ := bytes.Cut(p[len(begin):], colon)
	field, id, _ := bytes.Cut(rest, colon)
	port, ok := readPort(field)
	if !ok || len(ip) > len("255.255.255.255") {
		return entry{}, false
	}
	addr, err := netip.ParseAddr(string(ip))
	at := reachable(netip.AddrPortFrom(addr, port))
	return entry{at, id}, err == nil && at.IsValid()
}

func (e entry) person() *chat.Person {
	var room [maxName]byte
	return &chat.Person{Name: string(appendAlias(room[:0], e.id)), Dialect: dialectName, Near: e.at, Far: e.at}
}
