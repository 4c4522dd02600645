package mim0

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"
	"unicode/utf8"

	"mim/chat"
	"mim/codec/wire"
)

// The registry confirms no login: its client believes in one as soon as a
// block comes, or when nothing more follows. An error comes as text, too, and
// the registry closes right behind it.
const (
	patience     = 500 * time.Millisecond // after a login that nothing followed
	patienceText = 100 * time.Millisecond // after a line of text
)

// A caller is a client's link to a registry. It reports, as they come,
//
//   - an Answer to each Login: right away if no such login can be sent, else
//     at the first block or after patience;
//   - Came and Went for each update. Its reader leaves out its own address and
//     port and a Went for nobody (mim0 rules 3 and 9). Near and Far both hold
//     the address that the registry gave;
//   - a Notice for each line of text and for each update that it skipped.
//
// Whatever a registry sends, a caller goes on: Next gives no error.
type caller struct {
	asked    chat.Login
	refused  error // why the login was not sent
	outcome  outcome
	patience time.Duration
	deadline int64 // Unix nanoseconds; 0: the next Due sets it
	lines    wire.Lines
}

// An outcome says how far the answer to a login is.
type outcome uint8

const (
	none    outcome = iota // nothing was asked
	waiting                // until deadline
	ready                  // the next Next gives it
)

// Ask encodes a Login. mim0 knows no other request: it appends nothing for
// one, and nothing answers it.
func (c *caller) Ask(dst []byte, r chat.Request) []byte {
	l, ok := r.(*chat.Login)
	if !ok {
		return dst
	}
	c.asked, c.refused = *l, chat.CheckName(l.Name)
	if c.refused == nil && l.Port == 0 {
		c.refused = chat.Errorf(chat.Usage, "a login needs a port where others can call")
	}
	if c.refused != nil {
		c.wait(0)
		return dst
	}
	c.wait(patience)
	return appendLogin(dst, l)
}

func (c *caller) wait(d time.Duration) {
	c.outcome, c.patience, c.deadline = waiting, d, 0
}

// Due ends the wait for the outcome of a login.
func (c *caller) Due(dst []byte, now time.Time) ([]byte, time.Time) {
	if c.outcome != waiting {
		return dst, time.Time{}
	}
	if c.deadline == 0 {
		c.deadline = now.Add(c.patience).UnixNano()
		return dst, time.Unix(0, c.deadline)
	}
	if now.UnixNano() < c.deadline {
		return dst, time.Unix(0, c.deadline)
	}
	c.outcome = ready
	return dst, time.Time{}
}

// Next decodes an update or a line of text, which may take turns (mim0 rule 2).
func (c *caller) Next(p []byte) (chat.Event, int, error) {
	if c.outcome == ready {
		return c.answer(), 0, nil
	}
	if !c.lines.Skipping() {
		switch start(p) {
		case undecided:
			return nil, 0, nil
		case block:
			return c.update(p)
		}
	}
	line, n, cut := c.lines.Next(p, maxLine)
	if line == nil {
		return nil, n, nil
	}
	if c.outcome == waiting {
		c.wait(patienceText)
	}
	return &chat.Notice{Text: notice(line, cut)}, n, nil
}

func (c *caller) answer() *chat.Answer {
	c.outcome = none
	return &chat.Answer{To: &c.asked, Err: c.refused}
}

// What may stand where a block could start.
type kind uint8

const (
	undecided kind = iota // more bytes are wanted
	block
	text
)

// start tells a block from text by four bytes at most: no text begins with
// the high byte of a size, then has the type of an update, then the highest
// byte of a short string's length (mim0 rule 2).
func start(p []byte) kind {
	switch {
	case len(p) > 0 && p[0] > maxSize>>8,
		len(p) > 1 && binary.BigEndian.Uint16(p) < minEntry,
		len(p) > 2 && p[2] != added && p[2] != deleted,
		len(p) > 3 && p[3] != 0:
		return text
	case len(p) > 3:
		return block
	}
	return undecided
}

// update decodes a block, after the answer that it stands for.
func (c *caller) update(p []byte) (chat.Event, int, error) {
	n := sizeLen + int(binary.BigEndian.Uint16(p))
	if len(p) < n {
		return nil, 0, nil
	}
	if c.outcome == waiting {
		return c.answer(), 0, nil
	}
	who, err := readEntry(p[sizeLen+1 : n])
	switch {
	case err != nil:
		return &chat.Notice{Text: "skipped an update from the registry: " + err.Error()}, n, nil
	case p[sizeLen] == added:
		return &chat.Came{Who: who}, n, nil
	}
	return &chat.Went{Who: who}, n, nil
}

// Skim takes an update without a look at its fields: what nobody could call is
// told, too.
func (c *caller) Skim(p []byte) (who []byte, came bool, n int) {
	if c.outcome != none || c.lines.Skipping() || start(p) != block {
		return nil, false, 0
	}
	if n = sizeLen + int(binary.BigEndian.Uint16(p)); len(p) < n {
		return nil, false, 0
	}
	return p[sizeLen+1 : n], p[sizeLen] == added, n
}

// AppendWho appends name, address and port as an update has them.
func (c *caller) AppendWho(dst []byte, who *chat.Person) []byte {
	at := len(dst)
	dst = appendUpdate(dst, added, who, near)
	if len(dst) == at {
		return dst
	}
	return append(dst[:at], dst[at+sizeLen+1:]...)
}

// readEntry decodes what stands behind the type of an update; the error says
// why nobody could call such a person (mim0 rule 9).
func readEntry(p []byte) (*chat.Person, error) {
	b := wire.NewBlock(p)
	units, ok := readString(&b)
	addr, okAddr := readString(&b)
	port := b.Uint16()
	if !ok || !okAddr || b.Short() || b.Left() != 0 {
		return nil, fmt.Errorf("its fields do not fit its size")
	}
	name, err := readName(units)
	if err != nil {
		return nil, err
	}
	var room [utf8.UTFMax * (maxAddr + 1)]byte // one unit more than an address has is enough to refuse it
	ip, _ := netip.ParseAddr(string(appendText(room[:0], addr, maxAddr+1)))
	if to := netip.AddrPortFrom(ip.Unmap(), port); ip.Zone() == "" && callable(to) {
		return &chat.Person{Name: name, Dialect: dialectName, Near: to, Far: to}, nil
	}
	return nil, fmt.Errorf("%q has no address that could be called", name)
}

// notice is a line of text as a sentence for people: no control character in
// it may act on their terminal. One that begins with a control below the tab
// was never meant as text: it looked like a block until its third byte.
func notice(line []byte, cut bool) string {
	if len(line) > 0 && line[0] < '\t' {
		return "skipped a line from the registry that is neither an update nor text"
	}
	return string(chat.AppendLine(nil, readText(line, cut)))
}
