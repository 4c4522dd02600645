package scenarios

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// apart is the pause between two segments that must not be read as one. It is
// far below any silence that means something to a dialect (messenger.md: 50 ms).
const apart = 4 * time.Millisecond

// doExact carries out the verbs of raw for dialects in which it matters what
// stands together in a segment, and when it comes.
func (r *raw) doExact(verb, arg string) error {
	switch verb {
	case "bytes":
		text, err := unquote(arg)
		return firstError(err, func() error { return r.sendApart(slices.Collect(slices.Chunk([]byte(text), 1))...) })
	case "repeat":
		n, text, err := numbered(arg)
		return firstError(err, func() error { return r.send(bytes.Repeat([]byte(text), n)) })
	case "segment":
		text, err := unquote(arg)
		return firstError(err, func() error { return r.segment(text) })
	case "segments":
		return r.segments(arg)
	case "pieces":
		from, rest, _ := strings.Cut(arg, " ")
		n, text, err := numbered(rest)
		return firstError(err, func() error { return r.pieces(from, strings.Repeat(text, n)) })
	case "lines":
		all, err := ranged(arg)
		return firstError(err, func() error { return r.send([]byte(strings.Join(all, ""))) })
	case "told":
		r.mixed = true // a kernel may join what waits
		all, err := ranged(arg)
		return firstError(err, func() error { return r.says(all...) })
	case "every":
		return r.every(arg)
	case "quiet":
		return r.quiet(arg)
	case "over":
		return r.over()
	case "after":
		return r.took(arg, func(d, bound time.Duration) bool { return d >= bound })
	case "within":
		return r.took(arg, func(d, bound time.Duration) bool { return d <= bound })
	}
	return fmt.Errorf("no such verb: %s", verb)
}

// numbered reads "N text".
func numbered(arg string) (n int, text string, err error) {
	count, text, _ := strings.Cut(arg, " ")
	if n, err = strconv.Atoi(count); err != nil {
		return 0, "", err
	}
	text, err = unquote(text)
	return n, text, err
}

// sendApart sends each part in a segment of its own, a pause between them.
func (r *raw) sendApart(parts ...[]byte) error {
	for i, part := range parts {
		if i > 0 {
			time.Sleep(apart)
		}
		if err := r.send(part); err != nil {
			return err
		}
	}
	return nil
}

// next waits for what comes next and gives the segment, which must not have
// come together with what was seen before.
func (r *raw) next() (string, error) {
	if err := r.got.wait(func(text []byte, _ bool) bool { return len(text) > r.skip }); err != nil {
		return "", fmt.Errorf("%w; it has sent %q", err, r.got.all())
	}
	start, one := r.got.readOver(r.skip + 1)
	if start != r.skip {
		return "", fmt.Errorf("what is next came in one segment with what was seen: %q", r.got.all()[start:one.end])
	}
	r.skip = one.end
	r.parts++
	return r.got.all()[start:one.end], nil
}

// segment wants the next segment to be text, and nothing else.
func (r *raw) segment(text string) error {
	got, err := r.next()
	if err == nil && got != text {
		return fmt.Errorf("the next segment is %q, want %q", got, text)
	}
	return err
}

var forward = regexp.MustCompile(`(?s)^FORWARD ([A-Za-z0-9]+)\nContent-length: ([0-9]+)\n\n(.*)$`)

// pieces confirms FORWARDs of from until their bodies are text: each alone in
// its segment, with at most 900 bytes, counted in bytes, of whole characters.
func (r *raw) pieces(from, text string) error {
	for text != "" {
		got, err := r.next()
		if err != nil {
			return fmt.Errorf("%w; %d bytes are missing", err, len(text))
		}
		m := forward.FindStringSubmatch(got)
		if m == nil || m[1] != from {
			return fmt.Errorf("the next segment is no FORWARD of %s: %q", from, got)
		}
		body := m[3]
		if m[2] != strconv.Itoa(len(body)) || body == "" || len(body) > 900 || !utf8.ValidString(body) || !strings.HasPrefix(text, body) {
			return fmt.Errorf("a FORWARD with %s for its length has %d bytes: %q; want at most 900 of %q", m[2], len(body), body, text)
		}
		text = text[len(body):]
		if n := len(r.got.all()); n != r.skip {
			return fmt.Errorf("it did not wait for the receipt of %q", got)
		}
		if err := r.send([]byte("RECEIVED " + from + "\n\n")); err != nil {
			return err
		}
	}
	return nil
}

// quiet wants nothing to come for so long.
func (r *raw) quiet(arg string) error {
	d, err := time.ParseDuration(arg)
	if err != nil {
		return err
	}
	time.Sleep(d)
	if all := r.got.all(); len(all) > r.skip || r.got.isEnded() {
		return fmt.Errorf("it is not quiet: %q, ended: %v", all[r.skip:], r.got.isEnded())
	}
	return nil
}

// over wants the other side to close, and to have sent nothing more.
func (r *raw) over() error {
	if err := r.do("closed", ""); err != nil {
		return fmt.Errorf("waiting for it to close: %w", err)
	}
	if all := r.got.all(); len(all) > r.skip {
		return fmt.Errorf("before it closed it sent %q", all[r.skip:])
	}
	return nil
}

// took compares the time from the last write to the segment seen last. A bound
// from below holds however busy the machine is: both ends of the time are
// outside what the other side did.
func (r *raw) took(arg string, good func(d, bound time.Duration) bool) error {
	bound, err := time.ParseDuration(arg)
	if err != nil {
		return err
	}
	_, one := r.got.readOver(r.skip)
	if d := one.at.Sub(r.sent); !good(d, bound) {
		return fmt.Errorf("it took %v", d)
	}
	return nil
}
