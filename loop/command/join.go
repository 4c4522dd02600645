package command

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/urfave/cli/v2"

	"mim/chat"
	"mim/chat/client"
	"mim/chat/plain"
	"mim/chat/term"
	"mim/codec"
	"mim/loop"
	"mim/loop/join"
)

// The words that the toggles of mim join choose from.
const (
	onScreen   = "screen"
	forPeople  = "plain"
	forScripts = "json"
	retrying   = "retry"
	oneTry     = "no-retry"
)

// How long the end waits for an output that nobody reads: of itself, and after
// a signal.
const (
	outputWithin = 10 * time.Second
	outputHurry  = 500 * time.Millisecond
)

// inputLines is what one types into mim join.
const inputLines = `   @bob hello            say hello to bob; a name with blanks in quotes: @"Anna Maria" hello
   @ALL hello            say hello to everyone, if the dialect can
   and how are you?      goes to whom you spoke with last (not with --json)
   /who                  who is here, or whom you wrote with, if the dialect does not tell
   /whoelsesince 5m      who was within that time, if the server can be asked; so /whoelse
   /block eve            no texts from eve any more, if the dialect can; /unblock ends it
   /join #tea            enter a room, if the dialect has rooms; /part #tea leaves it
   /say #tea hello       say hello to all in a room
   /call bob             call bob by voice, if the dialect can, or with #room all in a room
   /answer bob           take bob's call; /deny bob declines it, /hangup ends a call
   /close bob            end the talk with bob
   /help                 all commands
   /quit                 leave; the end of input does too, once all has been sent
`

// A joining is what the flags of mim join say.
type joining struct {
	target  target
	dialect codec.Calling
	begin   string // how a command begins that is suggested: mim join, with the dialect if it is not the default
	listen  netip.AddrPort
	output  string // onScreen, forPeople or forScripts; empty: what fits the streams
	mouse   bool   // the screen's
	past    *past  // nil without a screen
	retry   string // retrying or oneTry
	pass    []byte // nil: none is wanted
	asked   bool   // it was typed
	sound   sound
}

func joinCommand(dialects []codec.Dialect, s streams) *cli.Command {
	j := &joining{retry: retrying}
	speaks := callers(dialects)
	flags := []cli.Flag{
		&cli.StringFlag{Name: "dialect", Value: speaks[0], EnvVars: env("dialect"), Usage: "which protocol to speak, `NAME` (" + strings.Join(speaks, ", ") + ")"},
		newToggle("plain", "show lines for people (the default where there is no terminal)", &j.output, forPeople),
		newToggle("json", "show one JSON object a line, for scripts", &j.output, forScripts),
		&cli.BoolFlag{Name: "mouse", EnvVars: env("mouse"), Usage: "let the mouse scroll the screen and open talks, instead of selecting text"},
		&cli.StringFlag{Name: "listen", EnvVars: env("listen"), DefaultText: "the system picks", Usage: "where other people's programs reach me, if the dialect has them do that: `ADDRESS`, ADDRESS:PORT or :PORT"},
		&cli.StringFlag{Name: passwordFile, EnvVars: env(passwordFile), Usage: "where a password is wanted: the first line of `FILE`; else it is what " + passwordVariable + " holds, else it is asked for"},
		newToggle("retry", "look for a lost server again: after 1, 2, 4 ... 30 s (the default)", &j.retry, retrying),
		newToggle("no-retry", "end when the server is lost and the last talk is over", &j.retry, oneTry),
	}
	flags = append(flags, crowdFlags()...)
	return &cli.Command{
		Name:      "join",
		Usage:     "join a registry and talk to the people there",
		ArgsUsage: "NAME@HOST[:PORT]",
		Description: `Makes you NAME at the registry at HOST (this machine, if it is left out) until
you leave, and shows who comes and goes, if the dialect tells that. Put an IPv6
address in brackets. On a terminal it shows a screen, where F1 tells the keys.

Input lines:
` + inputLines + `
Examples:
   mim join alice@192.0.2.7
   mim join alice@[::1]:4242
` + examples(speaks[1:], dialects) + `   echo '@bob lunch?' | mim join alice@192.0.2.7
   mim join robot@192.0.2.7 --json       one JSON object a line, for scripts
   mim join --count 500 --script scripts/load/chatter.mim p@192.0.2.7    a load test`,
		Flags:           slices.Concat(flags, voiceFlags(), historyFlags(), logFlags("warn")),
		HideHelpCommand: true, // people may be called help
		Action: func(c *cli.Context) error {
			errs := &held{out: s.err}
			journal := newJournal(errs)
			defer journal.close()
			log, f := newLog(c, journal, false)
			if f != nil {
				return f
			}
			if wantsCrowd(c) {
				return j.load(c, dialects, s, log)
			}
			if err := j.read(c, dialects); err != nil {
				return err
			}
			if j.mouse = c.Bool("mouse"); j.output == "" {
				j.output = forPeople
				if fitsScreen(s) {
					j.output = onScreen
				}
			}
			if err := j.readPassword(c, s); err != nil {
				return err
			}
			if j.output == onScreen {
				errs.hold()
				defer errs.release()
				j.past = openPast(c, j, log)
				defer j.past.close(log)
				return j.runAsking(c, s, log)
			}
			return j.run(s, log)
		},
	}
}

// callers are the words of the dialects that have a client's side.
func callers(dialects []codec.Dialect) (words []string) {
	for _, d := range dialects {
		if _, ok := calling(d); ok {
			words = append(words, d.Name())
		}
	}
	return words
}

// calling is a dialect's client's side, if it has one.
func calling(d codec.Dialect) (codec.Calling, bool) {
	side, ok := d.(codec.Calling)
	return side, ok
}

// examples is a line of help for each of these dialects.
func examples(words []string, dialects []codec.Dialect) (lines string) {
	for _, w := range words {
		line := "   mim join --dialect " + w + " alice@192.0.2.7"
		if d, _ := find(dialects, w); d != nil && d.Traits().Accounts {
			line += "    asks for a password"
		}
		lines += line + "\n"
	}
	return lines
}

// read turns the flags and the argument into values.
func (j *joining) read(c *cli.Context, dialects []codec.Dialect) error {
	if err := j.readDialect(c, dialects); err != nil {
		return err
	}
	if err := j.readTarget(c); err != nil {
		return err
	}
	return j.readListen(c)
}

// readDialect turns --dialect into a value.
func (j *joining) readDialect(c *cli.Context, dialects []codec.Dialect) error {
	d, f := find(dialects, c.String("dialect"))
	if f != nil {
		f.try = "mim join --dialect " + callers(dialects)[0]
		return f
	}
	side, ok := calling(d)
	if !ok {
		return badUse("mim join --dialect "+callers(dialects)[0], "cannot join by %s: it has no client's side yet", d.Name())
	}
	j.dialect, j.begin = side, "mim join"
	if d.Name() != callers(dialects)[0] {
		j.begin += " --dialect " + d.Name()
	}
	return nil
}

// readTarget turns the argument into values.
func (j *joining) readTarget(c *cli.Context) error {
	f, d := (*failure)(nil), j.dialect
	switch c.Args().Len() {
	case 0:
		return badUse(j.begin+" alice@localhost", "cannot join: who, and where? It wants NAME@HOST[:PORT]")
	case 1:
	default:
		return badUse(joinFirst(j.begin, c.Args().First(), registryPort(d)), "cannot join: one NAME@HOST[:PORT] is enough, %q is one more", c.Args().Get(1))
	}
	if j.target, f = parseTarget(j.begin, c.Args().First(), registryPort(d)); f != nil {
		return f
	}
	return nil
}

// readListen turns --listen into a value.
func (j *joining) readListen(c *cli.Context) error {
	f, d := (*failure)(nil), j.dialect
	if join.Listens(d) {
		j.listen, f = newFinder().listenFor(c.Context, j.begin, given(c, "listen"), c.String("listen"), j.target)
	} else if c.String("listen") != "" {
		f = badUse(fmt.Sprintf("mim join --dialect %s %s", d.Name(), shellWord(c.Args().First())),
			"cannot use %s: by %s others reach you through the server, so nothing of yours listens", given(c, "listen"), d.Name())
	}
	if f == nil {
		f = j.readVoice(c, d)
	}
	if f != nil {
		return f
	}
	return nil
}

// A messenger is a running mim join: a mode on a reactor, an output, an input.
type messenger struct {
	as      *joining
	reactor *loop.Reactor
	mode    *join.Mode
	out     output
	ended   chan int                    // the exit code, once
	broken  chan error                  // input or output broke
	asked   time.Time                   // when a signal asked for the end; wait's own
	entered atomic.Bool                 // the server has let us in once
	trouble atomic.Pointer[client.View] // the last error or loss of the server that was shown
}

// run is mim join: a messenger until it is over.
func (j *joining) run(s streams, log *slog.Logger) error {
	signals, ignore := stopSignals(true)
	defer ignore()
	m := j.messenger(s, log)
	if err := m.reactor.Start(); err != nil {
		m.out.Close(0)
		return startFailure(err, j.begin+" "+shellWord(j.target.name+"@"+j.target.server))
	}
	if j.output != onScreen {
		go m.readInput(s)
	}
	failure := m.wait(signals)
	if err := m.reactor.Stop(); err != nil && failure == nil {
		failure = engineEnded(err)
	}
	within := outputWithin
	if !m.asked.IsZero() {
		within = outputHurry
	}
	if err := m.out.Close(within); err != nil && failure == nil {
		failure = printed(0, err)
	}
	return failure
}

// messenger puts the parts together.
func (j *joining) messenger(s streams, log *slog.Logger) *messenger {
	m := &messenger{as: j, ended: make(chan int, 1), broken: make(chan error, 2)}
	broken := func(err error) { m.broken <- printed(0, err) }
	kept := func(client.View) {}
	switch j.output {
	case onScreen:
		d := newDisplay(s, m.screen(), broken)
		j.past.shows(d.screen)
		m.out, kept = d, j.past.heard
	case forScripts:
		m.out = plain.NewWriter(s.out, plain.AppendJSON, broken)
	default:
		m.out = plain.NewWriter(s.out, plain.Dated(), broken)
	}
	m.mode = join.New(join.Config{
		Dialect: j.dialect, Name: j.target.name, Pass: j.pass, Server: j.target.server, Listen: j.listen,
		Device: j.sound.open, VoiceListen: j.sound.listen, VoicePort: j.sound.port,
		JSON: j.output == forScripts, Screen: j.output == onScreen, Retry: j.retry == retrying, Seed: rand.Uint64(), Log: log,
		Show: func(v client.View) {
			if known := m.trouble.Load(); (v.Event == client.Error || v.Event == client.Offline) && (known == nil || !known.Final) {
				m.trouble.Store(&v)
			}
			if kept(v); v.Event == client.Ready {
				m.entered.Store(true)
			}
			m.out.Show(v)
		},
		Done: func(code int) { m.ended <- code },
	})
	m.reactor = loop.New(loop.Config{Doors: doorsFor(m.mode), Log: engineLog(log)}, m.mode)
	return m
}

// screen describes the messenger to its screen.
func (m *messenger) screen() term.Config {
	post := func(f func()) { m.reactor.Post(f) }
	cfg := term.Config{
		Name: m.as.target.name, Server: m.as.target.server, Traits: m.as.dialect.Traits(), Mouse: m.as.mouse,
		Line:      func(line string) { post(func() { m.mode.Line(line) }) },
		Interrupt: func() { post(m.mode.Interrupt) },
	}
	m.as.past.follow(&cfg)
	return cfg
}

// doorsFor are the doors of a messenger. A reactor does not run without any
// (loop.ErrNoDoors): where others reach us through the server it gets a socket
// for datagrams that only this machine can reach and nobody is told of; what
// comes there is dropped.
func doorsFor(m *join.Mode) []loop.Door {
	if doors := m.Doors(); len(doors) > 0 {
		return doors
	}
	return []loop.Door{{Network: "udp", Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)}}
}

// wait waits for the end, whoever brings it about; a first signal asks for it.
func (m *messenger) wait(signals <-chan os.Signal) error {
	var late <-chan time.Time
	for {
		select {
		case code := <-m.ended:
			return m.outcome(code)
		case err := <-m.broken:
			return err
		case err := <-m.reactor.Done():
			return engineEnded(err)
		case <-late:
			return nil
		case sig := <-signals:
			switch {
			case m.asked.IsZero():
				m.asked, late = time.Now(), time.After(stopWithin)
				m.reactor.Post(m.mode.Interrupt)
			case time.Since(m.asked) > echo:
				return secondSignal(sig)
			}
		}
	}
}

// outcome words the end that the messenger has come to by itself.
func (m *messenger) outcome(code int) error {
	if code == exitFine {
		return nil
	}
	f := &failure{code: code, what: "cannot go on"}
	if v := m.trouble.Load(); v != nil {
		if f.what = v.Text; v.Event == client.Offline {
			f.what = "cannot go on without a server: " + v.Why
		}
	}
	switch code {
	case exitNotReached:
		if port, ok := thisMachine(m.as.target.server); ok {
			f.try = fmt.Sprintf("mim serve --%s %s", m.as.dialect.Name(), port)
		} else {
			f.what += " (are the address and the port right?)"
		}
	case exitRefused:
		v := m.trouble.Load()
		f.try = m.as.insteadOf(v)
		f.pass = v != nil && v.Kind == chat.BadPass.String() && !m.entered.Load()
	}
	return f
}

// insteadOf is the command to try instead of the login that was refused as v
// says; "" if only time would help, or nobody knows what.
func (j *joining) insteadOf(v *client.View) string {
	accounts := j.dialect.Traits().Accounts
	switch {
	case v == nil:
	case v.Kind == chat.BadPass.String():
		return j.begin + " --" + passwordFile + " FILE " + shellWord(j.target.name+"@"+j.target.server)
	case v.Kind == chat.Refused.String() && !accounts && !join.Listens(j.dialect):
		return j.begin + " " + shellWord(otherName(j.target.name)+"@"+j.target.server)
	}
	return ""
}

// readInput hands the lines of standard input to the loop.
func (m *messenger) readInput(s streams) {
	err := readLines(s.in, func(line string, done func()) {
		m.reactor.Post(func() {
			m.mode.Line(line)
			done()
		})
	})
	if err != nil && !errors.Is(err, os.ErrClosed) {
		m.broken <- &failure{code: exitBroken, what: fmt.Sprintf("cannot read standard input: %s", reason(err))}
		return
	}
	m.reactor.Post(m.mode.EOF)
}
