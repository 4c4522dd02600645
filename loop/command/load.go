package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"mim/chat"
	figures "mim/chat/report"
	"mim/chat/script"
	"mim/codec"
	"mim/loop"
	"mim/loop/crowd"
	"mim/loop/join"
)

// Flags of a load test; see docs/LOAD.md.
const (
	flagCount  = "count"
	flagFrom   = "from"
	flagScript = "script"
	flagCheck  = "check"
	flagPlot   = "plot"
	flagServer = "server-pid"
	flagSeed   = "seed"
	listenEach = "each"
)

const (
	// maxSources is how many addresses --from may name.
	maxSources = 4096
	// maxEach is how many listeners of their own a crowd may have: each is
	// opened twice for a moment (see loop.Reactor).
	maxEach = 9000
	// loadReserve is what a load test keeps of the limit of open files: the
	// reactor's reserve for dials, log, files.
	loadReserve = 320
	// maxLines bounds direct lines that are open at once.
	maxLines = 4000
)

func crowdFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: flagCount, Value: 1, EnvVars: env(flagCount), Usage: "a load test: `N` people, NAME1 to NAMEN, who do what --script says"},
		&cli.StringFlag{Name: flagScript, EnvVars: env(flagScript), Usage: "what they do: a `FILE` as in scripts/load, docs/LOAD.md teaches how to write one"},
		&cli.StringFlag{Name: flagFrom, EnvVars: env(flagFrom), Usage: "the addresses of this machine they come from in turn, `ADDR[-ADDR]`, as 127.0.1.1-127.0.1.20", DefaultText: "the system's choice"},
		&cli.BoolFlag{Name: flagCheck, DisableDefaultText: true, Usage: "only see whether the script can be read and done, and join nobody"},
		&cli.StringFlag{Name: flagPlot, EnvVars: env(flagPlot), Usage: "draw the run into `FILE`.svg: latencies and rates over time"},
		&cli.IntFlag{Name: flagServer, EnvVars: env(flagServer), Usage: "also report what the server took, whose process is `PID`"},
		&cli.Uint64Flag{Name: flagSeed, Value: 1, EnvVars: env(flagSeed), Usage: "what all chance of a script comes from, `N`"},
	}
}

// wantsCrowd reports whether a load test is asked for.
func wantsCrowd(c *cli.Context) bool {
	for _, name := range []string{flagScript, flagCheck, flagFrom, flagPlot, flagServer} {
		if c.IsSet(name) {
			return true
		}
	}
	return c.Int(flagCount) != 1
}

// A load is a load test: what its flags say, and what runs.
type load struct {
	*joining
	cfg    crowd.Config
	path   string // of the script
	plot   string
	server int // the server's process; 0: not known
}

// load runs many people by a script.
func (j *joining) load(c *cli.Context, dialects []codec.Dialect, s streams, log *slog.Logger) error {
	l := &load{joining: j}
	if err := j.readDialect(c, dialects); err != nil {
		return err
	}
	if err := l.readScript(c); err != nil {
		return err
	}
	if c.Bool(flagCheck) {
		_, err := fmt.Fprintf(s.out, "%s is fine: %d people can do that by %s\n", l.path, l.cfg.Count, j.dialect.Name())
		return err
	}
	if err := j.readTarget(c); err != nil {
		return err
	}
	if err := l.readPlaces(c); err != nil {
		return err
	}
	if err := j.readPassword(c, s); err != nil {
		return err
	}
	l.cfg.Pass, l.cfg.Log = j.pass, log
	return l.run(s, log)
}

// readScript reads the script and sees whether these people can do it.
func (l *load) readScript(c *cli.Context) error {
	l.path = c.String(flagScript)
	again := l.begin + " --script scripts/load/chatter.mim --count 100 p@localhost"
	if l.path == "" {
		return badUse(again, "cannot join more than one person, or any of a load test, without --script: it says what they do")
	}
	n := c.Int(flagCount)
	if n < 1 || n > script.MaxPeople {
		return badUse(again, "cannot use %s: it is a number from 1 to %d", given(c, flagCount), script.MaxPeople)
	}
	source, err := readAtMost(l.path, script.MaxSize+1)
	if err != nil {
		return badUse("", "cannot read the script %s: %s", l.path, reason(err))
	}
	parsed, err := script.Parse(source)
	if err == nil {
		t := l.dialect.Traits()
		most := t.MaxText
		if t.Piece > 0 {
			most = min(most, t.Piece)
		}
		err = parsed.Check(script.Can{
			Dialect: l.dialect.Name(), People: n, All: t.All, Rooms: t.Rooms,
			Names: true, MaxText: most, MinText: crowd.MaxMark,
		})
	}
	if err != nil {
		return badUse("", "cannot follow %s: %s", l.path, err)
	}
	l.cfg = crowd.Config{Dialect: l.dialect, Count: n, Script: parsed, Seed: c.Uint64(flagSeed), Run: rand.Uint64()}
	return nil
}

// readAtMost reads a file that should not be long.
func readAtMost(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most))
}

// readPlaces turns the addresses into values, and sees that there is room.
func (l *load) readPlaces(c *cli.Context) error {
	l.plot, l.server = c.String(flagPlot), c.Int(flagServer)
	if l.plot != "" && !strings.HasSuffix(l.plot, ".svg") {
		return badUse("", "cannot use %s: a drawing is a file that ends in .svg", given(c, flagPlot))
	}
	host, port, _ := net.SplitHostPort(l.target.server)
	at, err := resolve(c.Context, host)
	if err != nil {
		return badUse("", "cannot join at %s: %s", l.target.server, err)
	}
	l.cfg.Name, l.cfg.Server = l.target.name, net.JoinHostPort(at.String(), port)
	if l.cfg.From, err = addresses(c.String(flagFrom)); err != nil {
		return badUse(l.begin+" --from 127.0.1.1-127.0.1.20 --count 100 --script FILE p@127.0.0.1", "cannot use %s: %s", given(c, flagFrom), err)
	}
	if err := l.readListener(c); err != nil {
		return err
	}
	return l.makeRoom()
}

// readListener is --listen for a crowd: each, or an address.
func (l *load) readListener(c *cli.Context) error {
	text := c.String("listen")
	switch a, err := netip.ParseAddr(strings.Trim(text, "[]")); {
	case l.dialect.Traits().Reach == chat.ByPeerUDP && l.cfg.Count > maxEach:
		return badUse("", "cannot join %d people by %s: each has a socket of their own there, and at most %d can", l.cfg.Count, l.dialect.Name(), maxEach)
	case text == "":
	case !join.Listens(l.dialect):
		return badUse("", "cannot use %s: by %s others reach people through the server, so nothing of theirs listens", given(c, "listen"), l.dialect.Name())
	case text == listenEach && l.cfg.Count > maxEach:
		return badUse("", "cannot use --listen each: at most %d people have a listener of their own", maxEach)
	case text == listenEach:
		l.cfg.Each = true
	case err != nil:
		return badUse("", "cannot use %s: for a crowd it is an address, whose ports the system picks, or each", given(c, "listen"))
	default:
		l.cfg.Listen = a.Unmap()
	}
	return nil
}

// makeRoom divides the open files among links and direct lines.
func (l *load) makeRoom() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return &failure{code: exitBroken, what: fmt.Sprintf("cannot start: %s", reason(err))}
	}
	links := l.cfg.Count
	if l.dialect.Traits().Parts {
		links *= 2
	}
	doors := len(crowd.New(l.cfg).Doors())
	l.cfg.Lines = maxLines
	room := int(min(limit.Cur, 1<<30)) - loadReserve - links - doors
	if join.Listens(l.dialect) {
		l.cfg.Lines = min(maxLines, room/2)
	}
	if l.cfg.Lines < 1 || room < 0 {
		return badUse("ulimit -n", "cannot join %d people: that takes %d open files and some more, and this process may have %d; use several processes", l.cfg.Count, links+doors, limit.Cur)
	}
	return nil
}

// addresses reads ADDR or ADDR-ADDR.
func addresses(text string) (all []netip.Addr, err error) {
	if text == "" {
		return nil, nil
	}
	first, last, isRange := strings.Cut(text, "-")
	a, err := netip.ParseAddr(strings.TrimSpace(first))
	if err != nil {
		return nil, errors.New("it wants an address of this machine, or two with a - between them")
	}
	b := a
	if isRange {
		if b, err = netip.ParseAddr(strings.TrimSpace(last)); err != nil || a.BitLen() != b.BitLen() || b.Less(a) {
			return nil, errors.New("the second address is none, or comes before the first")
		}
	}
	for ; a.IsValid() && !b.Less(a); a = a.Next() {
		if all = append(all, a); len(all) > maxSources {
			return nil, fmt.Errorf("these are more than %d addresses", maxSources)
		}
	}
	return all, nil
}

// run is the load test until it is over.
func (l *load) run(s streams, log *slog.Logger) error {
	signals, ignore := stopSignals(true)
	defer ignore()
	over := make(chan struct{}, 1)
	l.cfg.Done = func() { over <- struct{}{} }
	mode := crowd.New(l.cfg)
	doors := mode.Doors()
	if len(doors) == 0 { // see doorsFor
		doors = []loop.Door{{Network: "udp", Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)}}
	}
	r := loop.New(loop.Config{Doors: doors, Log: engineLog(log)}, mode)
	ours, theirs := usageOf(os.Getpid()), usageOf(l.server)
	if l.server != 0 && theirs == nil {
		return badUse("", "cannot use --%s %d: there is no such process, or this system does not tell what it takes", flagServer, l.server)
	}
	if err := r.Start(); err != nil {
		return startFailure(err, l.begin+" --listen 127.0.0.1 --script FILE "+shellWord(l.target.name+"@"+l.target.server))
	}
	if err := l.await(r, mode, s, signals, over); err != nil {
		r.Stop()
		return err
	}
	result := make(chan *figures.Report, 1)
	r.Post(func() { result <- mode.Report() })
	rep := <-result
	rep.At = time.Now().Format("2006-01-02T15:04:05.000Z07:00")
	rep.Script = filepath.Base(l.path)
	rep.Bytes.Out += r.Stats().Bytes
	rep.Client, rep.Daemon = used(ours, os.Getpid(), l.cfg.Count), used(theirs, l.server, l.cfg.Count)
	if err := r.Stop(); err != nil {
		return engineEnded(err)
	}
	return l.tell(s, rep)
}

// await waits for the end and shows meanwhile how it goes. The first signal
// ends the run early, with a report.
func (l *load) await(r *loop.Reactor, mode *crowd.Mode, s streams, signals <-chan os.Signal, over <-chan struct{}) error {
	p := newProgress(s.err)
	defer p.end()
	tick := time.NewTicker(p.every())
	defer tick.Stop()
	var asked time.Time
	for {
		select {
		case <-over:
			return nil
		case err := <-r.Done():
			return engineEnded(err)
		case <-tick.C:
			r.Post(func() { p.show(mode.Progress()) })
		case sig := <-signals:
			if !asked.IsZero() && time.Since(asked) > echo {
				return secondSignal(sig)
			}
			if asked.IsZero() {
				asked = time.Now()
				r.Post(mode.Stop)
			}
		}
	}
}

// tell prints the report, draws it, and makes the exit code of it.
func (l *load) tell(s streams, rep *figures.Report) error {
	out := []byte(rep.Text())
	if l.output == forScripts {
		line, err := json.Marshal(rep)
		if err != nil {
			return err
		}
		out = append(line, '\n')
	}
	if _, err := s.out.Write(out); err != nil {
		return printed(0, err)
	}
	if l.plot != "" {
		if err := os.WriteFile(l.plot, []byte(rep.SVG()), 0o666); err != nil {
			return &failure{code: exitBroken, what: fmt.Sprintf("cannot write %s: %s", l.plot, reason(err))}
		}
	}
	switch {
	case rep.OK:
		return nil
	case rep.Logins == 0 && len(rep.Errors) > 0 && strings.HasPrefix(rep.Errors[0].Text, crowd.NotReached):
		return &failure{code: exitNotReached, what: rep.Errors[0].Text}
	case rep.Logins == 0 && len(rep.Errors) > 0:
		return &failure{code: exitRefused, what: "nobody was let in: " + rep.Errors[0].Text}
	}
	return &failure{code: exitBroken, what: "the load test failed: " + rep.Why}
}
