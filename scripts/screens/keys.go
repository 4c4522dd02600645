package screens

import (
	"fmt"
	"strings"
)

// keys are the names of keys that have no letter, and what a terminal sends.
var keys = map[string]string{
	"enter": "\r", "tab": "\t", "backtab": "\x1b[Z", "esc": "\x1b", "backspace": "\x7f", "space": " ",
	"up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H", "end": "\x1b[F",
	"pgup": "\x1b[5~", "pgdn": "\x1b[6~", "delete": "\x1b[3~",
	"f1": "\x1bOP", "f7": "\x1b[18~", "f8": "\x1b[19~",
	"alt-enter": "\x1b\r", "wheel-up": "\x1b[<64;40;5M", "wheel-down": "\x1b[<65;40;5M", "lt": "<",
}

// Typed gives the bytes for a text with keys in it: <enter>, <ctrl-k>, <alt-1>,
// <click X Y> (cells from 1).
func Typed(s string) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(s, "<")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, after, closed := strings.Cut(rest, ">")
		if !closed {
			return "", fmt.Errorf("a key is not closed: <%s", rest)
		}
		bytes, err := key(name)
		if err != nil {
			return "", err
		}
		out.WriteString(bytes)
		s = after
	}
}

func key(name string) (string, error) {
	if bytes, ok := keys[name]; ok {
		return bytes, nil
	}
	if letter, ok := strings.CutPrefix(name, "ctrl-"); ok && len(letter) == 1 {
		return string(rune(letter[0] & 0x1f)), nil
	}
	if letter, ok := strings.CutPrefix(name, "alt-"); ok && len(letter) == 1 {
		return "\x1b" + letter, nil
	}
	var x, y int
	if n, _ := fmt.Sscanf(name, "click %d %d", &x, &y); n == 2 {
		return fmt.Sprintf("\x1b[<0;%d;%dM\x1b[<0;%d;%dm", x, y, x, y), nil
	}
	return "", fmt.Errorf("no key is called <%s>", name)
}
