package codectest

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"mim/chat"
	"mim/codec"
)

// A direction is one way of a connection: what from says, to reads.
type direction struct {
	d        codec.Dialect
	pair     string
	from, to End
	told     chat.Count       // of from, if it is a codec.Counting
	probes   map[int][]string // what the plain messages are read as, alone
}

func (s Suite) directions() (all []direction) {
	for _, p := range s.Pairs {
		for i, from := range p.Ends {
			w := direction{s.Dialect, p.Name, from, p.Ends[1-i], chat.CountUnknown, map[int][]string{}}
			all = append(all, w)
			if from.Calls {
				continue
			}
			if _, ok := s.Dialect.Open(from.Link).(codec.Counting); !ok {
				continue
			}
			for _, w.told = range []chat.Count{chat.CountBytes, chat.CountRunes} {
				w.probes = map[int][]string{}
				all = append(all, w)
			}
		}
	}
	return all
}

// variant is how from writes events.
func (w direction) variant() codec.Variant {
	s := w.d.Open(w.from.Link)
	if c, ok := s.(codec.Counting); ok && w.told != chat.CountUnknown {
		c.Count(w.told, false)
	}
	return s.Variant()
}

// oneOut has each end say whatever the samples hold and the other end read it.
func oneOut(s Suite) error {
	for _, w := range s.directions() {
		for _, m := range s.samples() {
			if err := w.readsOne(m); err != nil {
				return err
			}
		}
	}
	return nil
}

// say encodes v: as a session writes it to its link, or as a caller asks.
func (w direction) say(v any) (out []byte, err error) {
	defer recovered(&err, "encoding "+abridged(v))
	if w.from.Calls {
		r, ok := v.(chat.Request)
		if !ok {
			return nil, nil
		}
		from, err := open(w.d, w.from.alone(), manner{})
		if err != nil {
			return nil, err
		}
		return from.caller.Ask(nil, r), nil
	}
	if e, ok := v.(chat.Event); ok {
		return w.d.Append(nil, e, w.variant()), nil
	}
	return nil, nil
}

// reads gives what the other end makes of bytes, behind the first words and
// with silence behind them. How the writer counts is no message of its own.
func (w direction) reads(stream ...[]byte) ([]string, error) {
	from, err := open(w.d, w.from.alone(), manner{})
	if err != nil {
		return nil, err
	}
	to, err := open(w.d, w.to.alone(), manner{})
	if err != nil {
		return nil, err
	}
	if err := to.hear(from.wrote); err != nil {
		return nil, err
	}
	first := len(to.got)
	if err := to.hear(bytes.Join(stream, nil)); err != nil {
		return nil, err
	}
	if len(to.kept) > 0 {
		return nil, fmt.Errorf("%s waits for more behind %s", w.to.Name, quoted(bytes.Join(stream, nil)))
	}
	return withoutCounts(to.got[first:]), nil
}

// alone is an end that asks and hears nothing but what logs it in.
func (e End) alone() End {
	e.Hears = nil
	if e.First == nil {
		e.Asks = nil
	}
	e.Asks = e.Asks[:min(len(e.Asks), 1)]
	return e
}

// hear gives one segment and the silence behind it.
func (e *endpoint) hear(segment []byte) error {
	if err := e.feed(segment); err != nil {
		return err
	}
	return e.silence()
}

// readsOne checks that m is read as one, and a plain message behind it as if m
// had not been there.
func (w direction) readsOne(m message) error {
	out, err := w.say(m.value)
	if err != nil {
		return err
	}
	want := 1
	if len(out) == 0 {
		want = 0
	}
	got, err := w.reads(out)
	if err != nil {
		return fmt.Errorf("%s: %w\nafter %s", w.pair, err, abridged(m.value))
	}
	if p, ok := m.value.(*chat.Page); ok {
		return w.readsPage(p, got)
	}
	if len(got) != want {
		return fmt.Errorf("%s: %s wrote %s for %s\nand %s read\n%s", w.pair, w.from.Name, quoted(out), abridged(m.value), w.to.Name, list(got))
	}
	shown := func(s string) bool { return strings.Contains(got[0], s) }
	if want == 1 && len(m.shows) > 0 && !slices.ContainsFunc(m.shows, shown) {
		return fmt.Errorf("%s: %s wrote %s\nand %s read\n%s\nwithout %q", w.pair, w.from.Name, abridged(m.value), w.to.Name, list(got), m.shows)
	}
	return w.undisturbed(m.value, out, got)
}

// undisturbed checks that what follows m is read as it is read alone.
func (w direction) undisturbed(m any, out []byte, got []string) error {
	for i, next := range plain() {
		probe, err := w.say(next.value)
		if err != nil {
			return err
		}
		if len(probe) == 0 {
			continue
		}
		alone, known := w.probes[i]
		if !known {
			if alone, err = w.reads(probe); err != nil {
				return err
			}
			w.probes[i] = alone
		}
		both, err := w.reads(out, probe)
		if err != nil {
			return err
		}
		if want := slices.Concat(got, alone); !slices.Equal(both, want) {
			return fmt.Errorf("%s: %s wrote %s, then %s,\nand %s read\n%s\ninstead of\n%s",
				w.pair, w.from.Name, abridged(m), abridged(next.value), w.to.Name, list(both), list(want))
		}
	}
	return nil
}

// readsPage: a page is its people, each as if they had just come.
func (w direction) readsPage(p *chat.Page, got []string) error {
	var want []string
	for _, who := range p.People {
		out, err := w.say(&chat.Came{Who: who})
		if err != nil {
			return err
		}
		one, err := w.reads(out)
		if err != nil {
			return err
		}
		want = append(want, one...)
	}
	if len(got) > 0 && !slices.Equal(got, want) {
		return fmt.Errorf("%s: of a page of %d people %s read\n%s\ninstead of\n%s", w.pair, len(p.People), w.to.Name, list(got), list(want))
	}
	return nil
}

// appendOnly watches Append around each event.
func appendOnly(s Suite) error {
	for _, end := range s.ends() {
		if _, err := open(s.Dialect, end, manner{}); err != nil {
			return err
		}
	}
	for _, w := range s.directions() {
		if w.from.Calls {
			continue
		}
		v := w.variant()
		for _, m := range s.samples() {
			if e, ok := m.value.(chat.Event); ok {
				if err := pure(s.Dialect, e, v); err != nil {
					return fmt.Errorf("%w\nof %s", err, abridged(e))
				}
			}
		}
	}
	return nil
}

// pure checks that Append is a function of its arguments that only appends.
func pure(d codec.Dialect, e chat.Event, v codec.Variant) (err error) {
	defer recovered(&err, "Append")
	before := describe(e)
	first, err := appended(func(dst []byte) []byte { return d.Append(dst, e, v) })
	if err != nil {
		return fmt.Errorf("codec.Dialect.Append %w", err)
	}
	want := bytes.Clone(first)
	for i := range first { // if Append kept them, they are wrong from here on
		first[i] = 0xa5
	}
	for _, other := range plain() {
		if o, ok := other.value.(chat.Event); ok {
			d.Append(nil, o, v)
		}
	}
	if again := d.Append(nil, e, v); !bytes.Equal(again, want) {
		return fmt.Errorf("one event gives %s, at the second call %s", quoted(want), quoted(again))
	}
	if describe(e) != before {
		return fmt.Errorf("the event was changed to %s", describe(e))
	}
	return nil
}

// pageNames looks for each kind of event in the dialect's page.
func pageNames(s Suite) error {
	page, err := os.ReadFile(s.Page)
	if err != nil {
		return err
	}
	for _, e := range chat.EventKinds() {
		kind := reflect.TypeOf(e).Elem().Name()
		row := regexp.MustCompile(`(?m)^\| *` + kind + ` *\|.*\b(said|silent|degraded)\b`)
		if !row.Match(page) {
			return fmt.Errorf("%s has no row for the event %s", s.Page, kind)
		}
	}
	return nil
}

// abridged describes a message in a line.
func abridged(v any) string {
	const most = 300
	s := describe(v)
	if len(s) > most {
		return fmt.Sprintf("%s... (%d bytes)", s[:most], len(s))
	}
	return s
}
