package scenarios

import (
	"encoding/hex"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"mim/codec/all"
)

func cmdServe(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 1, "serve KEY [flags]")
	key := args[0]
	p := of(ts).launch(ts, key, append([]string{"serve", "--host", "127.0.0.1", "--mim0", "0"}, args[1:]...)...)
	found, err := waitLine(p.out, `^ +mim0 +tcp +(\S+)`)
	if err == nil {
		_, err = waitLine(p.out, `join \S+@`) // the announcement is whole
	}
	if err != nil {
		ts.Fatalf("%s does not listen: %v\n%s", key, err, p.told())
	}
	ts.Setenv(key, found[1])
	ts.Setenv(key+"_PORT", portOf(ts, found[1]))
	if at := regexp.MustCompile(`at http://(\S+)/metrics`).FindStringSubmatch(p.out.all()); at != nil {
		ts.Setenv(key+"_metrics", at[1])
	}
	for _, d := range all.Dialects()[1:] {
		for _, door := range regexp.MustCompile(`(?m)^ +`+d.Name()+` +(tcp|udp) +(\S+)$`).FindAllStringSubmatch(p.out.all(), -1) {
			variable := key + "_" + d.Name()
			if door[1] == "udp" {
				variable += "_udp"
			}
			ts.Setenv(variable, door[2])
			ts.Setenv(variable+"_PORT", portOf(ts, door[2]))
		}
	}
}

func cmdJoin(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 1, "join KEY[=NAME] [flags]")
	key, name, named := strings.Cut(args[0], "=")
	if !named {
		name = key
	}
	server := "server"
	if i := slices.Index(args, "--dialect"); i > 0 && i+1 < len(args) {
		server += "_" + args[i+1]
	}
	of(ts).launch(ts, key, append([]string{"join", name + "@" + ts.Getenv(server), "--json"}, args[1:]...)...)
}

func cmdRun(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "run KEY [VARIABLE=value...] args")
	rest := args[1:]
	for len(rest) > 0 && strings.HasPrefix(rest[0], "MIM_") {
		rest = rest[1:]
	}
	of(ts).launchWith(ts, args[0], args[1:len(args)-len(rest)], rest...)
}

func cmdType(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "type KEY 'line'")
	p := of(ts).program(ts, args[0])
	line := args[1]
	if strings.Contains(line, `\`) {
		var err error
		line, err = unquote(line)
		ts.Check(err)
	}
	if _, err := fmt.Fprintln(p.in, line); err != nil {
		ts.Fatalf("cannot type: %v\n%s", err, p.told())
	}
}

func cmdEOF(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 1, "eof KEY")
	ts.Check(of(ts).program(ts, args[0]).in.Close())
}

func cmdQuit(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 1, "quit KEY")
	cmdEOF(ts, false, args)
	cmdExit(ts, false, []string{args[0], "0"})
}

func cmdSignal(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "signal KEY TERM|INT|HUP|KILL")
	ts.Check(of(ts).program(ts, args[0]).signal(args[1]))
}

func cmdExit(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "exit KEY CODE")
	p := of(ts).program(ts, args[0])
	code, err := p.wait()
	if err != nil || strconv.Itoa(code) != args[1] {
		ts.Fatalf("%s ended with %d (%v), want %s\n%s", args[0], code, err, args[1], p.told())
	}
}

func cmdRunning(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 1, "running KEY")
	if p := of(ts).program(ts, args[0]); !p.running() {
		ts.Fatalf("%s has ended with %d\n%s", args[0], p.code, p.told())
	}
}

func cmdSee(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "see KEY EVENT [field...]")
	seeEvent(ts, args, (*events).see)
}

func cmdThen(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "then KEY EVENT [field...]")
	seeEvent(ts, args, (*events).then)
}

// seeEvent waits for KEY EVENT [field...] to be found by look.
func seeEvent(ts *testscript.TestScript, args []string, look func(*events, wanted) bool) {
	p := of(ts).program(ts, args[0])
	w, err := parseWanted(args[1:])
	ts.Check(err)
	var broken error
	err = p.out.wait(func(text []byte, _ bool) bool {
		broken = p.events.take(text)
		return broken != nil || look(&p.events, w)
	})
	if broken != nil {
		err = broken
	}
	if err != nil {
		ts.Fatalf("%s does not see %s: %v\n%s", args[0], strings.Join(args[1:], " "), err, p.told())
	}
}

func cmdSeen(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, args, 2, "seen KEY EVENT [field...]")
	p := of(ts).program(ts, args[0])
	w, err := parseWanted(args[1:])
	ts.Check(err)
	ts.Check(p.events.take([]byte(p.out.all())))
	if n := p.events.count(w); (n > 0) == neg {
		ts.Fatalf("%s has seen %s %d times\n%s", args[0], strings.Join(args[1:], " "), n, p.told())
	}
}

func cmdCount(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 3, "count KEY N EVENT [field...]")
	p := of(ts).program(ts, args[0])
	least, err := strconv.Atoi(args[1])
	ts.Check(err)
	w, err := parseWanted(args[2:])
	ts.Check(err)
	n := 0
	err = p.out.wait(func(text []byte, _ bool) bool {
		if err := p.events.take(text); err != nil {
			return true // see says it
		}
		n = p.events.count(w)
		return n >= least
	})
	if err != nil || n != least {
		ts.Fatalf("%s has seen %s %d times, want %d (%v)\n%s", args[0], strings.Join(args[2:], " "), n, least, err, p.told())
	}
}

func cmdTexts(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 3, "texts KEY NAME FILE")
	p, file := of(ts).program(ts, args[0]), ts.ReadFile(args[2])
	w, err := parseWanted([]string{"said", "from=" + args[1]})
	ts.Check(err)
	var got string
	err = p.out.wait(func(text []byte, _ bool) bool {
		if err := p.events.take(text); err != nil {
			got = err.Error()
			return true
		}
		got = ""
		for _, e := range p.events.all {
			if w.matches(e) {
				got += e.field("text") + "\n"
			}
		}
		return len(got) >= len(file)
	})
	if err != nil || got != file {
		ts.Fatalf("%s said to %s:\n%swant:\n%s(%v)\n%s", args[1], args[0], got, file, err, p.told())
	}
}

func cmdOutput(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "output KEY PATTERN")
	p := of(ts).program(ts, args[0])
	if err := p.seeLine(args[1]); err != nil {
		ts.Fatalf("no new line of the output of %s is like %q: %v\n%s", args[0], args[1], err, p.told())
	}
}

func cmdLog(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, args, 2, "log KEY PATTERN")
	p := of(ts).program(ts, args[0])
	if neg {
		if re := regexp.MustCompile(args[1]); re.MatchString(p.err.all()) {
			ts.Fatalf("the log of %s is like %q\n%s", args[0], args[1], p.told())
		}
		return
	}
	if _, err := waitLine(p.err, args[1]); err != nil {
		ts.Fatalf("no line of the log of %s is like %q: %v\n%s", args[0], args[1], err, p.told())
	}
}

// address is where to connect: as given, or the listener of who joined.
func address(ts *testscript.TestScript, where string) string {
	p := of(ts).programs[where]
	if p == nil {
		return where
	}
	found, err := waitLine(p.out, `(?:"listening":"|others reach you at )([0-9a-f.:\[\]]+)`)
	if err != nil {
		ts.Fatalf("%s does not say where it listens: %v\n%s", where, err, p.told())
	}
	return "127.0.0.1:" + portOf(ts, found[1])
}

func cmdRaw(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "raw KEY VERB [arg]")
	w, key, verb := of(ts), args[0], args[1]
	arg := strings.Join(args[2:], " ")
	switch verb {
	case "dial":
		where, from, _ := strings.Cut(arg, " ")
		r, err := dialRaw(address(ts, where), from)
		ts.Check(err)
		w.keep(key, r)
		return
	case "listen":
		ts.Setenv(key, w.listen(ts, key))
		return
	case "accept":
		w.keep(key, w.accept(ts, arg))
		return
	}
	r := w.raws[key]
	if r == nil {
		ts.Fatalf("no raw connection %s", key)
	}
	switch verb {
	case "login":
		ts.Check(r.sendLogins(args[2:]))
		return
	case "take":
		if err := r.take(ts, args[2:]); err != nil {
			ts.Fatalf("raw %s take: %v", key, err)
		}
		return
	case "says":
		parts, err := unquoteAll(args[2:])
		if err = firstError(err, func() error { return r.says(parts...) }); err != nil {
			ts.Fatalf("raw %s says: %v", key, err)
		}
		return
	}
	if err := r.do(verb, arg); err != nil {
		ts.Fatalf("raw %s %s %s: %v", key, verb, arg, err)
	}
}

// keep makes r what scripts call key.
func (w *world) keep(key string, r *raw) {
	if old := w.raws[key]; old != nil {
		old.conn.Close()
	}
	w.raws[key] = r
}

// listen opens a port that the system picks, and gives its address.
func (w *world) listen(ts *testscript.TestScript, key string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	if old := w.listeners[key]; old != nil {
		old.Close()
	}
	w.listeners[key] = l.(*net.TCPListener)
	return l.Addr().String()
}

// accept gives the next connection to a port that listen opened.
func (w *world) accept(ts *testscript.TestScript, key string) *raw {
	l := w.listeners[key]
	if l == nil {
		ts.Fatalf("nobody listens as %s", key)
	}
	l.SetDeadline(time.Now().Add(patience))
	c, err := l.AcceptTCP()
	ts.Check(err)
	return newRaw(c)
}

// sendLogins sends NAME PORT ... as blocks in one segment.
func (r *raw) sendLogins(args []string) error {
	var blocks []byte
	for i := 0; i+1 < len(args); i += 2 {
		port, err := strconv.ParseUint(args[i+1], 10, 16)
		if err != nil {
			return err
		}
		blocks = append(blocks, login(args[i], uint16(port))...)
	}
	return r.send(blocks)
}

func cmdRefused(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "refused WHERE HEX")
	p, err := hex.DecodeString(args[1])
	ts.Check(err)
	if err := refusal(address(ts, args[0]), p); err != nil {
		ts.Fatalf("%s: %v", args[1], err)
	}
}

func cmdLogins(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 1, "logins N")
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	raws := make([]*raw, n+1)
	errs := make([]error, n+1)
	var all sync.WaitGroup
	for i := 1; i <= n; i++ {
		all.Go(func() {
			if raws[i], errs[i] = dialRaw(ts.Getenv("server"), ""); errs[i] == nil {
				errs[i] = raws[i].send(login(fmt.Sprintf("user%d", i), uint16(40000+i)))
			}
		})
	}
	all.Wait()
	for i := 1; i <= n; i++ {
		ts.Check(errs[i])
		of(ts).raws[fmt.Sprintf("user%d", i)] = raws[i]
	}
}
