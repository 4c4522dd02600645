package scenarios

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// An event is one line of mim join --json.
type event map[string]any

// field is a value as a script compares it: text as it is, the rest as JSON.
func (e event) field(name string) string {
	switch v := e[name].(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return err.Error()
		}
		return string(b)
	}
}

// events are those of one program, and which of them a script has seen.
type events struct {
	all  []event
	seen []bool
	last int // the index behind the one seen last
	read int // lines of the output that were decoded
}

// take decodes the lines that are new.
func (e *events) take(text []byte) error {
	for _, line := range lines(text)[e.read:] {
		var one event
		if err := json.Unmarshal(line, &one); err != nil {
			return fmt.Errorf("a line of its output is no JSON object: %w: %s", err, line)
		}
		if one.field("event") == "" {
			return fmt.Errorf("an object without an event: %s", line)
		}
		e.all, e.seen, e.read = append(e.all, one), append(e.seen, false), e.read+1
	}
	return nil
}

// see marks the first event not seen yet that w wants.
func (e *events) see(w wanted) bool { return e.from(0, w) }

// then is see among those behind the one seen last.
func (e *events) then(w wanted) bool { return e.from(e.last, w) }

func (e *events) from(first int, w wanted) bool {
	for i := first; i < len(e.all); i++ {
		if !e.seen[i] && w.matches(e.all[i]) {
			e.seen[i], e.last = true, i+1
			return true
		}
	}
	return false
}

// count counts events, seen or not.
func (e *events) count(w wanted) (n int) {
	for _, one := range e.all {
		if w.matches(one) {
			n++
		}
	}
	return n
}

// A wanted is what a script wants of an event.
type wanted []func(event) bool

// parseWanted reads EVENT and then name=exact, name~pattern or name:length.
func parseWanted(args []string) (wanted, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("which event?")
	}
	w := wanted{func(e event) bool { return e.field("event") == args[0] }}
	for _, arg := range args[1:] {
		i := strings.IndexAny(arg, "=~:")
		if i < 1 {
			return nil, fmt.Errorf("%q is no name=value, name~pattern or name:length", arg)
		}
		name, value := arg[:i], arg[i+1:]
		switch arg[i] {
		case '=':
			w = append(w, func(e event) bool { return e.field(name) == value })
		case '~':
			re, err := regexp.Compile(value)
			if err != nil {
				return nil, err
			}
			w = append(w, func(e event) bool { return re.MatchString(e.field(name)) })
		case ':':
			n, err := strconv.Atoi(value)
			if err != nil {
				return nil, err
			}
			w = append(w, func(e event) bool { return len(e.field(name)) == n })
		}
	}
	return w, nil
}

func (w wanted) matches(e event) bool {
	for _, ok := range w {
		if !ok(e) {
			return false
		}
	}
	return true
}
