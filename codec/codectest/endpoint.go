package codectest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"time"

	"mim/chat"
	"mim/codec"
)

// A manner is how an endpoint is treated where the contract leaves it open.
// The zero manner answers at once, with success, and ends after some silence.
type manner struct {
	late   bool       // requests are answered when the session gives no more, not each at once
	fails  bool       // answers tell of failures, of one kind after the other
	spares bool       // a Refuse that is Last finds somebody who has not logged in: the link stays
	hasty  bool       // the end of input comes with the last byte, not after silence
	counts bool       // a codec.Counting is told as once after bytes have come
	as     chat.Count // what it is told
	after  int
}

func (m manner) String() string {
	words := "answered at once"
	if m.late {
		words = "answered late"
	}
	for _, c := range []struct {
		is   bool
		word string
	}{
		{m.fails, "with failures"}, {m.spares, "before the login"}, {m.hasty, "ended without silence"},
		{m.counts, fmt.Sprintf("told Count(%d) after %d bytes", m.as, m.after)},
	} {
		if c.is {
			words += ", " + c.word
		}
	}
	return words
}

// manners are tried on each stream that an end hears.
var manners = []manner{
	{}, {hasty: true}, {late: true}, {fails: true}, {spares: true, late: true}, {spares: true, fails: true, hasty: true},
}

// An endpoint is an End at work: it is driven as the loop drives a link, and
// watched more closely.
type endpoint struct {
	end      End
	manner   manner
	session  codec.Session
	caller   codec.Caller
	timed    codec.Timed
	idler    codec.Idler
	ending   codec.Ending
	counting codec.Counting
	paced    codec.Paced
	prompts  codec.Prompting
	now      time.Time
	next     time.Time // what Due named; zero: never
	kept     []byte
	came     int           // bytes, in all
	rests    int           // times that silence or a timer had its turn
	empty    int           // requests that took none
	asked    int           // requests that were to be answered
	owed     []chat.Answer // those answers that are late, in order
	last     bool          // one of them is that of a Refuse that is Last
	got      []string      // what was read, described
	ended    bool          // by an error or a Refuse, the last of got
	wrote    []byte        // first words and what was asked
}

// open makes an endpoint and lets it speak first.
func open(d codec.Dialect, end End, m manner) (*endpoint, error) {
	e := &endpoint{end: end, manner: m, now: time.Unix(1e9, 0)}
	var state any
	if end.Calls {
		calling, ok := d.(codec.Calling)
		if !ok {
			return nil, fmt.Errorf("%s calls, but the dialect has no calling side", end.Name)
		}
		e.caller = calling.Call(end.Link)
		state = e.caller
		e.ending, _ = state.(codec.Ending)
	} else {
		e.session = d.Open(end.Link)
		state = e.session
		e.idler, _ = state.(codec.Idler)
		e.counting, _ = state.(codec.Counting)
		e.paced, _ = state.(codec.Paced)
		e.prompts, _ = state.(codec.Prompting)
	}
	e.timed, _ = state.(codec.Timed)
	if s, ok := state.(codec.Starter); ok {
		if err := e.write("Start", s.Start); err != nil {
			return nil, err
		}
	}
	if err := e.prompt(); err != nil {
		return nil, err
	}
	if err := e.due(); err != nil {
		return nil, err
	}
	asks := end.Asks
	if end.First != nil {
		first := asks[:min(len(asks), 1)]
		asks = asks[len(first):]
		if err := e.enter(first); err != nil {
			return nil, err
		}
	}
	for _, r := range asks {
		if err := e.ask(r); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// enter asks and hears what logs an end in, and forgets it.
func (e *endpoint) enter(asks []chat.Request) error {
	m := e.manner
	e.manner = manner{}
	for _, r := range asks {
		if err := e.ask(r); err != nil {
			return err
		}
	}
	if err := e.feed(e.end.First); err != nil {
		return err
	}
	if e.ended || len(e.kept) > 0 {
		return fmt.Errorf("%s: %s leaves %s; it is to be logged in by that", e.end.Name, quoted(e.end.First), quoted(e.kept))
	}
	e.manner, e.got, e.wrote, e.came, e.asked, e.empty = m, nil, nil, 0, 0, 0
	return nil
}

// mostPrompts bounds what a session may have to say in a row by itself.
const mostPrompts = 5

// prompt takes what the session has to say by itself.
func (e *endpoint) prompt() error {
	if e.prompts == nil {
		return nil
	}
	for range mostPrompts {
		before := len(e.wrote)
		if err := e.write("Prompt", e.prompts.Prompt); err != nil || len(e.wrote) == before {
			return err
		}
	}
	return fmt.Errorf("%s: Prompt has something to say again and again", e.end.Name)
}

func (e *endpoint) ask(r chat.Request) error {
	err := e.write("Ask", func(dst []byte) []byte { return e.caller.Ask(dst, r) })
	if err != nil {
		return err
	}
	return e.due()
}

// write runs something that appends and keeps what it wrote.
func (e *endpoint) write(what string, f func(dst []byte) []byte) (err error) {
	defer recovered(&err, what)
	out, err := appended(f)
	if err != nil {
		return fmt.Errorf("%s: %s %w", e.end.Name, what, err)
	}
	e.wrote = append(e.wrote, out...)
	if e.paced != nil && e.paced.Gap() < 0 {
		return fmt.Errorf("%s: after %s Gap is %v", e.end.Name, what, e.paced.Gap())
	}
	return nil
}

// feed gives one segment, as the loop does: in front of it what was kept. The
// error says which promise was broken.
func (e *endpoint) feed(segment []byte) error {
	if m := e.manner; m.counts && e.counting != nil && m.after >= e.came && m.after <= e.came+len(segment) {
		at := m.after - e.came
		if err := e.take(segment[:at]); err != nil {
			return err
		}
		e.manner.counts = false
		if err := e.count(m.as); err != nil {
			return err
		}
		segment = segment[at:]
	}
	return e.take(segment)
}

func (e *endpoint) count(as chat.Count) (err error) {
	defer recovered(&err, "Count")
	e.counting.Count(as, as == chat.CountUnknown)
	e.session.Variant()
	return nil
}

// take gives bytes in one piece; none are a look at those that were kept.
func (e *endpoint) take(segment []byte) error {
	e.came += len(segment)
	return e.look("Next", segment, func(p []byte) (int, error) {
		used, err := e.drain(p)
		if err != nil || e.ended {
			return used, err
		}
		if err := e.due(); err != nil {
			return used, err
		}
		more, err := e.drain(p[used:])
		return used + more, err
	})
}

// look gives f what was kept and segment behind it. f says how many bytes
// were taken; it must change none and may leave no more than the bound.
func (e *endpoint) look(what string, segment []byte, f func(p []byte) (used int, err error)) (err error) {
	if e.ended {
		return nil
	}
	defer recovered(&err, what)
	p := append(bytes.Clone(e.kept), segment...)
	before := bytes.Clone(p)
	used, err := f(p)
	if err != nil {
		return err
	}
	if !bytes.Equal(p, before) {
		return fmt.Errorf("%s: %s changed the bytes that it was given", e.end.Name, what)
	}
	if e.ended {
		return nil
	}
	if n := len(p) - used; n > e.end.Keeps {
		return fmt.Errorf("%s: %d bytes are kept after %d, the bound is %d", e.end.Name, n, e.came, e.end.Keeps)
	}
	e.kept = bytes.Clone(p[used:])
	clear(p) // whoever held on to it sees other bytes from here on
	return nil
}

// drain calls Next until it wants more bytes, and gives late answers then.
func (e *endpoint) drain(p []byte) (used int, err error) {
	for !e.ended {
		found, n, bad := e.decode(p[used:])
		more, err := e.step("Next", found, n, bad, len(p)-used)
		if err != nil {
			return used, err
		}
		used += n
		if more {
			continue
		}
		if len(e.owed) == 0 {
			break
		}
		if err := e.settle(); err != nil {
			return used, err
		}
	}
	return used, nil
}

func (e *endpoint) decode(p []byte) (found any, n int, err error) {
	if e.caller != nil {
		event, n, err := e.caller.Next(p)
		if event == nil {
			return nil, n, err
		}
		return event, n, err
	}
	return e.request(e.session.Next(p))
}

// request reads Variant, as after each Next, and makes nothing of no request.
func (e *endpoint) request(r chat.Request, n int, err error) (any, int, error) {
	e.session.Variant()
	if r == nil {
		return nil, n, err
	}
	return r, n, err
}

// step takes what Next or Idle gave for a p of length bytes; more: it is to be
// called again.
func (e *endpoint) step(what string, found any, n int, bad error, length int) (more bool, err error) {
	if n < 0 || n > length {
		return false, fmt.Errorf("%s: %s took %d bytes of %d", e.end.Name, what, n, length)
	}
	if err := e.prompt(); err != nil {
		return false, err
	}
	if e.last && (found != nil || bad != nil || n > 0) {
		return false, fmt.Errorf("%s: %s goes on behind a Refuse that is the last, before its answer", e.end.Name, what)
	}
	switch {
	case bad != nil:
		e.ended = true
		e.got = append(e.got, describe(bad))
		if err := e.settle(); err != nil {
			return false, err
		}
		return false, e.answer(chat.Answer{Err: bad})
	case found != nil:
		e.got = append(e.got, describe(found))
		if n == 0 {
			e.empty++
		}
		if e.empty > e.came+len(e.end.Asks)+e.rests {
			return false, fmt.Errorf("%s: %d requests or events took no bytes, of %d that came", e.end.Name, e.empty, e.came)
		}
		if r, ok := found.(chat.Request); ok && e.session != nil {
			return true, e.asks(r)
		}
		return true, nil
	}
	return n > 0, nil
}

// asks answers r, now or later, if it is to be answered.
func (e *endpoint) asks(r chat.Request) error {
	if !chat.Answered(r) {
		return nil
	}
	e.asked++
	refuse, _ := r.(*chat.Refuse)
	a := chat.Answer{To: r}
	switch {
	case refuse != nil && e.manner.spares:
		a.Err = chat.Errorf(chat.Unregistered, "log in first")
	case refuse != nil:
		a.Err = refuse.Err
	case e.manner.fails:
		a.Err = chat.Errorf(chat.Malformed+chat.Kind(e.asked%int(chat.Usage)), "this cannot be done")
	}
	e.last = refuse != nil && refuse.Last
	if e.manner.late {
		a.To = kept(r)
		e.owed = append(e.owed, a)
		return nil
	}
	return e.reply(a)
}

// kept copies a request, which is valid until the next call.
func kept(r chat.Request) chat.Request {
	switch r := r.(type) {
	case *chat.Login:
		c := *r
		c.Pass = bytes.Clone(r.Pass)
		return &c
	case *chat.Hello:
		c := *r
		return &c
	case *chat.Refuse:
		c := *r
		return &c
	case *chat.WhoElse:
		c := *r
		return &c
	case *chat.Block:
		c := *r
		c.Name = bytes.Clone(r.Name)
		return &c
	case *chat.Say:
		c := *r
		c.To, c.Text = bytes.Clone(r.To), bytes.Clone(r.Text)
		return &c
	}
	return r
}

// settle gives the answers that are owed, in order.
func (e *endpoint) settle() error {
	for _, a := range e.owed {
		if err := e.reply(a); err != nil {
			return err
		}
	}
	e.owed = e.owed[:0]
	return nil
}

// reply gives an answer. That of a Refuse which is Last is the end, unless it
// was asked by somebody who has not logged in.
func (e *endpoint) reply(a chat.Answer) error {
	if r, ok := a.To.(*chat.Refuse); ok && r.Last {
		e.last = false
		if e.ended = e.ended || !e.manner.spares; e.ended && e.manner.late {
			a.To = nil // the other way to say the same: last words
		}
	}
	return e.answer(a)
}

func (e *endpoint) answer(a chat.Answer) error {
	if e.session == nil {
		return nil
	}
	err := e.write("Answer", func(dst []byte) []byte {
		defer e.session.Variant()
		return e.session.Answer(dst, a)
	})
	if err != nil {
		return err
	}
	return e.prompt()
}

// read feeds segments to a new endpoint, with the silence and the end of input
// behind them.
func read(d codec.Dialect, end End, m manner, segments [][]byte) (*endpoint, error) {
	e, err := open(d, end, m)
	if err != nil {
		return nil, err
	}
	for _, s := range segments {
		if err := e.feed(s); err != nil {
			return e, err
		}
	}
	if !m.hasty {
		if err := e.silence(); err != nil {
			return e, err
		}
	}
	if err := e.finish(); err != nil {
		return e, err
	}
	return e, e.silence()
}

// recovered turns a panic into the error that a check reports.
func recovered(err *error, what string) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s panics: %v", what, p)
	}
}

// appended gives what f appends to something that it must not touch.
func appended(f func(dst []byte) []byte) ([]byte, error) {
	before := []byte("what was written before")
	dst := make([]byte, len(before), 256)
	copy(dst, before)
	out := f(dst)
	if len(out) < len(before) || !bytes.Equal(out[:len(before)], before) || !bytes.Equal(dst, before) {
		return nil, fmt.Errorf("touches bytes before len(dst): they are %q", out[:min(len(out), len(before))])
	}
	return out[len(before):], nil
}

// pieces cuts p where the random source says, into segments of 1 to most bytes.
func pieces(p []byte, most int, random *rand.Rand) (cut [][]byte) {
	for len(p) > 0 {
		n := min(len(p), 1+random.IntN(most))
		cut = append(cut, p[:n])
		p = p[n:]
	}
	return cut
}
