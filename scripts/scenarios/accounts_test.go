package scenarios

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"mim/roster"
	"mim/roster/sqlite"
)

// accountsVariable is where serve says at which address it speaks comp9331.
const accountsVariable = "server_comp9331"

// What a server of comp9331 says at a login, written here once more from the
// recorded bytes so that a mistake in the codec does not hide itself.
const (
	asksName = "username: "
	asksPass = "password: "
	welcomes = "Welcome to the greatest messaging application ever!\n"
	saysNo   = "Invalid Password. Please try again \n"
)

// cmdEnter logs in with the right password, as raw KEY.
func cmdEnter(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "enter KEY[=NAME] PASSWORD [FROM]")
	key, name, named := strings.Cut(args[0], "=")
	if !named {
		name = key
	}
	r, err := dialRaw(ts.Getenv(accountsVariable), strings.Join(args[2:], ""))
	ts.Check(err)
	of(ts).keep(key, r)
	for _, step := range []struct{ hear, say string }{{asksName, name + "\n"}, {asksPass, args[1] + "\n"}, {welcomes, ""}} {
		if err := r.says(step.hear); err != nil {
			ts.Fatalf("enter %s: %v", args[0], err)
		}
		if step.say != "" {
			ts.Check(r.send([]byte(step.say)))
		}
	}
}

// cmdGuess tries a wrong password N times, each time from the next address.
func cmdGuess(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 4, "guess NAME PASSWORD FROM N")
	from, err := netip.ParseAddr(args[2])
	ts.Check(err)
	n, err := strconv.Atoi(args[3])
	ts.Check(err)
	for range n {
		if err := guess(ts.Getenv(accountsVariable), from.String(), args[0]+"\n"+args[1]+"\n"); err != nil {
			ts.Fatalf("guess %s from %v: %v", args[0], from, err)
		}
		from = from.Next()
	}
}

func guess(address, from, both string) error {
	r, err := dialRaw(address, from)
	if err != nil {
		return err
	}
	defer r.conn.Close()
	return firstError(r.send([]byte(both)), func() error { return r.says(asksName, asksPass, saysNo, asksName) })
}

// cmdStored puts a text into the inbox of an account, as though it had been
// written at a time in the past. Nobody may serve those data.
func cmdStored(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 5, "stored DIR TO FROM TIME 'text'")
	at, err := time.Parse(time.RFC3339, args[3])
	ts.Check(err)
	s, err := sqlite.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer s.Close()
	known, err := s.Known()
	ts.Check(err)
	text := roster.Text{ID: known.LastText + 1, To: args[1], From: args[2], At: at, Text: []byte(args[4])}
	kept := make(chan error, 1)
	s.Keep(roster.Change{Kind: roster.Put, Text: text}, func(err error) { kept <- err })
	ts.Check(<-kept)
}

const (
	// A text that was stored ends with the time at which it was written;
	// scenarios write timeMark for one of the last minutes.
	timeMark  = "[TIME]"
	timeForm  = "[2006-01-02 15:04 UTC]"
	timeRange = 5 * time.Minute
	// anyOrder stands in front of names, a blank behind each, that may come in
	// any order.
	anyOrder = "*"
)

// says wants the next bytes to be parts, each in a write of its own as far as
// that can be told.
func (r *raw) says(parts ...string) error {
	ends, length := make([]int, len(parts)), 0
	for i, p := range parts {
		length += partLen(p)
		ends[i] = r.skip + length
	}
	var wrong error
	err := r.got.wait(func(text []byte, _ bool) bool {
		wrong = alike(parts, string(text[r.skip:]))
		return wrong != nil || len(text) >= r.skip+length
	})
	if err == nil {
		err = wrong
	}
	if err != nil {
		return fmt.Errorf("%w: next is %.3000q, want %.3000q", err, r.got.all()[r.skip:], parts)
	}
	for at := r.skip + 1; at < r.skip+length; {
		_, one := r.got.readOver(at)
		if _, whole := slices.BinarySearch(ends, one.end); !whole && one.end < r.skip+length {
			return fmt.Errorf("one of %.3000q came in two segments", parts)
		}
		at = one.end + 1
	}
	r.skip += length
	r.parts += len(parts)
	return r.apart()
}

func partLen(p string) int {
	return len(strings.ReplaceAll(strings.TrimPrefix(p, anyOrder), timeMark, timeForm))
}

// alike compares what came so far with the beginning of what is wanted. A part
// that is not there as a whole is compared up to what may vary.
func alike(parts []string, got string) error {
	for _, p := range parts {
		n := partLen(p)
		if len(got) < n {
			fixed, _, _ := strings.Cut(p, timeMark)
			if strings.HasPrefix(p, anyOrder) {
				fixed = ""
			}
			n = min(len(got), len(fixed))
			return samePart(fixed[:n], got[:n])
		}
		if err := samePart(p, got[:n]); err != nil {
			return err
		}
		got = got[n:]
	}
	return nil
}

func samePart(want, got string) error {
	if names, any := strings.CutPrefix(want, anyOrder); any {
		want, got = sortedNames(names), sortedNames(got)
	}
	before, behind, timed := strings.Cut(want, timeMark)
	if timed {
		at := len(before)
		written, err := time.Parse(timeForm, got[at:at+len(timeForm)])
		if err != nil {
			return err
		}
		if ago := time.Since(written); ago < 0 || ago > timeRange {
			return fmt.Errorf("%v was not just now", written)
		}
		want, got = before+behind, got[:at]+got[at+len(timeForm):]
	}
	if want != got {
		return fmt.Errorf("%.3000q is not %.3000q", got, want)
	}
	return nil
}

// sortedNames sorts what stands in front of each blank.
func sortedNames(line string) string {
	names := strings.SplitAfter(line, " ")
	slices.Sort(names)
	return strings.Join(names, "")
}

// unquoteAll is unquote for each of texts.
func unquoteAll(texts []string) ([]string, error) {
	out := make([]string, len(texts))
	for i, text := range texts {
		var err error
		if out[i], err = unquote(text); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ranged reads "A B text" and gives the text once for each number from A to B,
// with the number in place of #.
func ranged(arg string) ([]string, error) {
	args := strings.SplitN(arg, " ", 3)
	if len(args) != 3 {
		return nil, fmt.Errorf("want A B 'text': %s", arg)
	}
	from, err := strconv.Atoi(args[0])
	if err != nil {
		return nil, err
	}
	to, err := strconv.Atoi(args[1])
	if err != nil {
		return nil, err
	}
	text, err := unquote(args[2])
	if err != nil {
		return nil, err
	}
	var out []string
	for i := from; i <= to; i++ {
		out = append(out, strings.ReplaceAll(text, "#", strconv.Itoa(i)))
	}
	return out, nil
}

// every sends text again and again until the connection ends.
func (r *raw) every(arg string) error {
	pause, text, _ := strings.Cut(arg, " ")
	d, err := time.ParseDuration(pause)
	if err != nil {
		return err
	}
	text, err = unquote(text)
	if err != nil {
		return err
	}
	go func() {
		for {
			if _, err := r.conn.Write([]byte(text)); err != nil {
				return // the scenario is over
			}
			time.Sleep(d)
		}
	}()
	return nil
}
