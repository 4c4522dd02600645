package codectest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"time"

	"mim/chat"
	"mim/codec"
)

// An endpoint is an End at work: it is driven as the loop drives a link, and
// watched more closely.
type endpoint struct {
	end     End
	session codec.Session
	caller  codec.Caller
	timed   codec.Timed
	now     time.Time
	kept    []byte
	came    int      // bytes, in all
	empty   int      // requests that took none
	got     []string // what was read, described
	ended   bool     // by an error, the last of got
	wrote   []byte   // first words and what was asked
}

// open makes an endpoint and lets it speak first.
func open(d codec.Dialect, end End) (*endpoint, error) {
	e := &endpoint{end: end, now: time.Unix(1e9, 0)}
	var state any
	if end.Calls {
		calling, ok := d.(codec.Calling)
		if !ok {
			return nil, fmt.Errorf("%s calls, but the dialect has no calling side", end.Name)
		}
		e.caller = calling.Call(end.Link)
		state = e.caller
	} else {
		e.session = d.Open(end.Link)
		state = e.session
	}
	e.timed, _ = state.(codec.Timed)
	if s, ok := state.(codec.Starter); ok {
		if err := e.write("Start", s.Start); err != nil {
			return nil, err
		}
	}
	if err := e.due(); err != nil {
		return nil, err
	}
	for _, r := range end.Asks {
		if err := e.ask(r); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func (e *endpoint) ask(r chat.Request) error {
	err := e.write("Ask", func(dst []byte) []byte { return e.caller.Ask(dst, r) })
	if err != nil {
		return err
	}
	return e.due()
}

// due gives the timers their turn; time stands still, so none ever runs out.
func (e *endpoint) due() error {
	if e.timed == nil {
		return nil
	}
	return e.write("Due", func(dst []byte) []byte {
		dst, next := e.timed.Due(dst, e.now)
		if !next.IsZero() && !next.After(e.now) {
			e.now = next // what is due at once gets its turn once
		}
		return dst
	})
}

// write runs something that appends and keeps what it wrote.
func (e *endpoint) write(what string, f func(dst []byte) []byte) (err error) {
	defer recovered(&err, what)
	out, err := appended(f)
	if err != nil {
		return fmt.Errorf("%s: %s %w", e.end.Name, what, err)
	}
	e.wrote = append(e.wrote, out...)
	return nil
}

// feed gives one segment, as the loop does: in front of it what was kept. The
// error says which promise was broken.
func (e *endpoint) feed(segment []byte) (err error) {
	if e.ended {
		return nil
	}
	defer recovered(&err, "Next")
	e.came += len(segment)
	p := append(bytes.Clone(e.kept), segment...)
	before := bytes.Clone(p)
	used, err := e.drain(p)
	if err != nil || e.ended {
		return err
	}
	if err := e.due(); err != nil {
		return err
	}
	more, err := e.drain(p[used:])
	if err != nil || e.ended {
		return err
	}
	used += more
	if !bytes.Equal(p, before) {
		return fmt.Errorf("%s: Next changed the bytes that it was given", e.end.Name)
	}
	if n := len(p) - used; n > e.end.Keeps {
		return fmt.Errorf("%s: %d bytes are kept after %d, the bound is %d", e.end.Name, n, e.came, e.end.Keeps)
	}
	e.kept = bytes.Clone(p[used:])
	clear(p) // whoever held on to it sees other bytes from here on
	return nil
}

// drain calls Next until it wants more bytes.
func (e *endpoint) drain(p []byte) (used int, err error) {
	for {
		found, n, bad := e.next(p[used:])
		if n < 0 || n > len(p)-used {
			return used, fmt.Errorf("%s: Next took %d bytes of %d", e.end.Name, n, len(p)-used)
		}
		used += n
		switch {
		case bad != nil:
			e.ended = true
			e.got = append(e.got, describe(bad))
			return used, e.answer(chat.Answer{Err: bad})
		case found != nil:
			e.got = append(e.got, describe(found))
			if n == 0 {
				e.empty++
			}
			if e.empty > e.came+len(e.end.Asks) {
				return used, fmt.Errorf("%s: %d requests or events took no bytes, of %d that came", e.end.Name, e.empty, e.came)
			}
			if r, ok := found.(chat.Request); ok {
				if err := e.answer(chat.Answer{To: r}); err != nil {
					return used, err
				}
			}
		case n == 0:
			return used, nil
		}
	}
}

func (e *endpoint) next(p []byte) (found any, n int, err error) {
	if e.caller != nil {
		event, n, err := e.caller.Next(p)
		if event == nil {
			return nil, n, err
		}
		return event, n, err
	}
	request, n, err := e.session.Next(p)
	e.session.Variant()
	if request == nil {
		return nil, n, err
	}
	return request, n, err
}

func (e *endpoint) answer(a chat.Answer) error {
	if e.session == nil {
		return nil
	}
	return e.write("Answer", func(dst []byte) []byte { return e.session.Answer(dst, a) })
}

// read feeds segments to a new endpoint.
func read(d codec.Dialect, end End, segments [][]byte) (*endpoint, error) {
	e, err := open(d, end)
	if err != nil {
		return nil, err
	}
	for _, s := range segments {
		if err := e.feed(s); err != nil {
			return e, err
		}
	}
	return e, nil
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
