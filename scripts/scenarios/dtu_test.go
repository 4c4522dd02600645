package scenarios

import (
	"fmt"
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
