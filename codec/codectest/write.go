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
}

func (s Suite) directions() (all []direction) {
	for _, p := range s.Pairs {
		all = append(all, direction{s.Dialect, p.Name, p.Ends[0], p.Ends[1]}, direction{s.Dialect, p.Name, p.Ends[1], p.Ends[0]})
	}
	return all
}

// oneOut has each end say whatever the samples hold and the other end read it.
func oneOut(s Suite) error {
	for _, w := range s.directions() {
		for _, m := range append(plain, nasty()...) {
			if err := w.readsOne(m); err != nil {
				return err
			}
		}
	}
	return nil
}

// A message is what an end may have to say: an event or a request.
type message struct {
	value any
	shows string // what the reader must find in it, if it is written at all
}

// say encodes v: as a session writes it to its link, or as a caller asks.
func (w direction) say(v any) (out []byte, err error) {
	defer recovered(&err, "encoding "+abridged(v))
	if w.from.Calls {
		if r, ok := v.(chat.Request); ok {
			return w.d.(codec.Calling).Call(w.from.Link).Ask(nil, r), nil
		}
		return nil, nil
	}
	if e, ok := v.(chat.Event); ok {
		return w.d.Append(nil, e, w.d.Open(w.from.Link).Variant()), nil
	}
	return nil, nil
}

// reads gives what the other end makes of bytes, behind the first words.
func (w direction) reads(stream ...[]byte) ([]string, error) {
	from, err := open(w.d, End{Name: w.from.Name, Link: w.from.Link, Calls: w.from.Calls})
	if err != nil {
		return nil, err
	}
	to, err := read(w.d, End{Name: w.to.Name, Link: w.to.Link, Calls: w.to.Calls, Keeps: w.to.Keeps}, [][]byte{from.wrote})
	if err != nil {
		return nil, err
	}
	first := len(to.got)
	if err := to.feed(bytes.Join(stream, nil)); err != nil {
		return nil, err
	}
	if len(to.kept) > 0 {
		return nil, fmt.Errorf("%s waits for more behind %s", w.to.Name, quoted(bytes.Join(stream, nil)))
	}
	return to.got[first:], nil
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
	if want == 1 && !strings.Contains(got[0], m.shows) {
		return fmt.Errorf("%s: %s wrote %s\nand %s read\n%s\nwithout %q", w.pair, w.from.Name, abridged(m.value), w.to.Name, list(got), m.shows)
	}
	return w.undisturbed(m.value, out, got)
}

// undisturbed checks that what follows m is read as it is read alone.
func (w direction) undisturbed(m any, out []byte, got []string) error {
	for _, next := range plain {
		probe, err := w.say(next.value)
		if err != nil {
			return err
		}
		if len(probe) == 0 {
			continue
		}
		alone, err := w.reads(probe)
		if err != nil {
			return err
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
		if _, err := open(s.Dialect, end); err != nil {
			return err
		}
		if end.Calls {
			continue
		}
		v := s.Dialect.Open(end.Link).Variant()
		for _, m := range append(plain, nasty()...) {
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
	for _, other := range plain {
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
