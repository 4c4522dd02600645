package codectest

import (
	"errors"
	"fmt"
	"strings"

	"mim/chat"
)

// describe tells all that a value holds, in text that stays when the value is
// used again.
func describe(v any) string {
	switch v := v.(type) {
	case *chat.Login:
		if v.Pass != nil {
			return fmt.Sprintf("Login %q port %d, %s, password %q", v.Name, v.Port, part(v.Part), v.Pass)
		}
		return fmt.Sprintf("Login %q port %d, %s", v.Name, v.Port, part(v.Part))
	case *chat.Hello:
		return fmt.Sprintf("Hello %q", v.Name)
	case *chat.Say:
		if v.Room {
			return fmt.Sprintf("Say to room %q: %q cut %v", v.To, v.Text, v.Cut)
		}
		if v.All {
			return fmt.Sprintf("Say to all, %q: %q cut %v", v.To, v.Text, v.Cut)
		}
		return fmt.Sprintf("Say to %q: %q cut %v", v.To, v.Text, v.Cut)
	case *chat.Join:
		return fmt.Sprintf("Join %q", v.Room)
	case *chat.Leave:
		return fmt.Sprintf("Leave %q", v.Room)
	case *chat.Talk:
		return fmt.Sprintf("Talk to %q, room %v", v.To, v.Room)
	case *chat.Received:
		return fmt.Sprintf("Received from %q: %s", v.From, why(v.Err))
	case *chat.Counts:
		return fmt.Sprintf("Counts %d", v.As)
	case *chat.WhoElse:
		if v.Now {
			return "WhoElse now"
		}
		return fmt.Sprintf("WhoElse since %v", v.Since)
	case *chat.Block:
		return fmt.Sprintf("Block %q, undo %v", v.Name, v.Undo)
	case *chat.Refuse:
		return fmt.Sprintf("Refuse, last %v: %s", v.Last, why(v.Err))
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
	case *chat.Members:
		var people []string
		for _, p := range v.People {
			people = append(people, person(p))
		}
		return fmt.Sprintf("Members of %q: %s", v.Room, strings.Join(people, "; "))
	case *chat.Entered:
		return fmt.Sprintf("Entered %q: %s", v.Room, person(v.Who))
	case *chat.Exited:
		return fmt.Sprintf("Exited %q: %s", v.Room, person(v.Who))
	case *chat.Call:
		return fmt.Sprintf("Call %d, %s, room %q, key %d", v.State, person(v.Who), v.Room, v.Key)
	case *chat.Said:
		if v.Room != "" {
			return fmt.Sprintf("Said by %s in %q: %q", person(v.From), v.Room, v.Text)
		}
		if !v.At.IsZero() {
			return fmt.Sprintf("Said by %s at %v: %q", person(v.From), v.At.UTC(), v.Text)
		}
		return fmt.Sprintf("Said by %s: %q", person(v.From), v.Text)
	case *chat.Notice:
		return fmt.Sprintf("Notice %q", v.Text)
	case *chat.Answer:
		words := fmt.Sprintf("Answer to (%s): %s", describe(v.To), why(v.Err))
		if v.Stored {
			words += ", stored"
		}
		if v.Names != nil {
			words += fmt.Sprintf(", names %q", v.Names)
		}
		return words
	case error:
		return "error: " + why(v)
	}
	return fmt.Sprintf("%T %+v", v, v)
}

func part(p chat.Part) string {
	switch p {
	case chat.Both:
		return "both parts"
	case chat.Sends:
		return "sends"
	case chat.Receives:
		return "receives"
	}
	return fmt.Sprintf("part %d", p)
}

// why is an error with its kind, if it has one.
func why(err error) string {
	var e *chat.Error
	if errors.As(err, &e) && e != nil {
		return fmt.Sprintf("%s: %s", e.Kind, e.Text)
	}
	return fmt.Sprint(err)
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
