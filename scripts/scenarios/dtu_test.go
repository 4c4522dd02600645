package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// dtuVariable is where serve says at which address it speaks dtu.
const dtuVariable = "server_dtu"

// cmdConnect logs in with dtu, as raw KEY, and sees who is in the lobby: NAMEs,
// then itself.
func cmdConnect(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 1, "connect KEY[=NICK] [NAME...]")
	key, nick, named := strings.Cut(args[0], "=")
	if !named {
		nick = key
	}
	r, err := dialRaw(ts.Getenv(dtuVariable), "")
	ts.Check(err)
	of(ts).keep(key, r)
	ts.Check(r.send(fmt.Appendf(nil, "CONNECT: \"%s\" \"%s\" 1.0.0\r\n", nick, nick)))
	in := strings.Join(append(args[1:len(args):len(args)], nick), ", ")
	if err := r.says("ACCEPTED: mim\r\n", "JOINED: #lobby\r\n", "USERLIST #lobby: "+in+"\r\n"); err != nil {
		ts.Fatalf("connect %s: %v", args[0], err)
	}
}

// keyMark stands for the session key of a call.
const keyMark = "[KEY]"

// keyForm is a session key: 15 digits, the first not 0 (dtu.md, Voice 7).
var keyForm = regexp.MustCompile(`^[1-9][0-9]{14}$`)

const keyLen = 15

// cmdKey sees a line with the key of a new call.
func cmdKey(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: key VAR KEY 'TALK bob [KEY]: REQUEST\\r\\n'")
	}
	w := of(ts)
	r := w.raws[args[1]]
	if r == nil {
		ts.Fatalf("there is no raw %s", args[1])
	}
	line, err := unquote(args[2])
	ts.Check(err)
	before, _, marked := strings.Cut(line, keyMark)
	if !marked {
		ts.Fatalf("no %s in %q", keyMark, line)
	}
	from := r.skip + len(before)
	if err := r.got.wait(func(text []byte, _ bool) bool { return len(text) >= from+keyLen }); err != nil {
		ts.Fatalf("%v: next is %q, want %q", err, r.got.all()[r.skip:], line)
	}
	key := r.got.all()[from : from+keyLen]
	if !keyForm.MatchString(key) || slices.Contains(w.keys, key) {
		ts.Fatalf("%q is no new key: next is %q", key, r.got.all()[r.skip:])
	}
	ts.Check(r.says(strings.ReplaceAll(line, keyMark, key)))
	w.keys = append(w.keys, key)
	ts.Setenv(args[0], key)
}
