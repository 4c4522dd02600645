package codectest

import (
	"fmt"
	"strings"

	"mim/chat"
)

// describe tells all that a value holds, in text that stays when the value is
// used again.
func describe(v any) string {
	switch v := v.(type) {
	case *chat.Login:
		return fmt.Sprintf("Login %q port %d", v.Name, v.Port)
	case *chat.Hello:
		return fmt.Sprintf("Hello %q", v.Name)
	case *chat.Say:
		return fmt.Sprintf("Say to %q: %q cut %v", v.To, v.Text, v.Cut)
	case *chat.Refuse:
		return fmt.Sprintf("Refuse: %v", v.Err)
	case *chat.Came:
		return "Came " + person(v.Who)
	case *chat.Went:
		return "Went " + person(v.Who)
	case *chat.Page:
		var people []string
		for _, p := range v.People {
			people = append(people, person(p))
		}
		return "Page " + strings.Join(people, "; ")
	case *chat.Said:
		return fmt.Sprintf("Said by %s: %q", person(v.From), v.Text)
	case *chat.Notice:
		return fmt.Sprintf("Notice %q", v.Text)
	case *chat.Answer:
		return fmt.Sprintf("Answer to (%s): %v", describe(v.To), v.Err)
	case error:
		return fmt.Sprintf("error: %v", v)
	}
	return fmt.Sprintf("%T %+v", v, v)
}

func person(p *chat.Person) string {
	if p == nil {
		return "nobody"
	}
	return fmt.Sprintf("%q of %s, proof %d, near %v, far %v", p.Name, p.Dialect, p.Proof, p.Near, p.Far)
}

// quoted shows a stream, not all of it if it is long.
func quoted(p []byte) string {
	const most = 400
	if len(p) > most {
		return fmt.Sprintf("%q... (%d bytes)", p[:most], len(p))
	}
	return fmt.Sprintf("%q", p)
}

func list(lines []string) string {
	if len(lines) == 0 {
		return "\tnothing"
	}
	return "\t" + strings.Join(lines, "\n\t")
}
