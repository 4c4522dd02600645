package command

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"mim/codec"
	"mim/codec/all"
	"mim/loop"
	"mim/loop/serve"
)

func serveCommand(dialects []codec.Dialect, s streams) *cli.Command {
	flags := []cli.Flag{
		&cli.StringFlag{Name: "host", Value: "0.0.0.0", EnvVars: env("host"), Usage: "the `ADDRESS` every door listens on"},
		&cli.StringFlag{Name: "only", EnvVars: env("only"), Usage: "the dialects to serve, as `A,B`: every other door is off (" + strings.Join(names(dialects), ", ") + ")"},
		&cli.StringFlag{Name: "advertise", EnvVars: env("advertise"), Usage: "the `HOST` shown to others for people who reach us by loopback; looked up at the start", DefaultText: "found out"},
		&cli.StringFlag{Name: lendFlag, Value: lendDefault, EnvVars: env(lendFlag), Usage: "the ports, `FROM-TO`, that stand for people of other dialects where programs want an address for each; 0: the system picks, off: such programs see only each other"},
		&cli.StringFlag{Name: "ready-file", EnvVars: env("ready-file"), Usage: "a `FILE` that appears, with the doors as JSON, when all of them listen, and goes at the end"},
		&cli.BoolFlag{Name: "public", DisableDefaultText: true, EnvVars: env("public"), Usage: "let anyone in; without it, only loopback, private and link-local addresses"},
		&cli.StringFlag{Name: flagMetrics, EnvVars: env(flagMetrics), Usage: "show numbers for Prometheus at http://`ADDRESS`/metrics, and at /healthz whether all is well; without a host, as :9100, for this machine only", DefaultText: "off"},
		&cli.IntFlag{Name: "max-conns", EnvVars: env("max-conns"), Usage: "the most connections, `N`", DefaultText: "the limit of open files, less a reserve"},
	}
	flags = append(append(flags, storeFlags()...), doorFlags(dialects)...)
	return &cli.Command{
		Name:  "serve",
		Usage: "run the registry where people find each other",
		Description: `Opens a door for every dialect and serves until it is interrupted.

A dialect is a language that messengers speak with their server; each of
` + strings.Join(names(dialects), ", ") + ` was made for other programs, which can all come
here, each to its own port. Whoever comes by any of them is there for everybody:
they write to each other and need not know that the other speaks another one.
What a dialect cannot say (lines, long texts, rooms, receipts, some names) is
made the best of; docs/dialects/README.md tells what, and who hears whom. For
programs that write to an address, people who have none are lent a port of this
machine, see --lend.

Examples:
   mim serve                               everything on its usual port
   mim serve --host 127.0.0.1              for this machine only
   mim serve --` + dialects[0].Name() + ` 0 --ready-file ready    ports that the system picks, told in a file
   mim serve --credentials class.txt       with accounts: a name and a password a line
   MIM_LOG_LEVEL=debug mim serve           every flag is a variable too`,
		Flags:           append(flags, logFlags("info")...),
		HideHelpCommand: true, // there is nothing below to help with
		Action:          func(c *cli.Context) error { return runServe(c, dialects, s) },
	}
}

// runServe is mim serve: flags to values, then a server until it is stopped.
func runServe(c *cli.Context, dialects []codec.Dialect, s streams) error {
	if err := noArguments(c); err != nil {
		return err
	}
	journal := newJournal(s.err)
	defer journal.close()
	log, f := newLog(c, journal, sameTerminal(s.out, s.err))
	if f != nil {
		return f
	}
	cfg := serve.Config{Public: c.Bool("public"), Log: log}
	cfg.Roster.Keys = callKey
	host, err := hostFlag(c, "host")
	if err != nil {
		return err
	}
	if cfg.Roster.Advertise, err = hostFlag(c, "advertise"); err != nil {
		return err
	}
	if cfg.Doors, err = openDoors(c, dialects, host); err != nil {
		return err
	}
	lent, err := lentDoors(c, cfg.Doors, host)
	if err != nil {
		return err
	}
	cfg.Doors, cfg.Seed = append(cfg.Doors, lent...), seed
	n := c.Int("max-conns")
	if n < 0 {
		return badUse("mim serve", "cannot use %s: it is at least 1, or 0 for as many as the system allows", given(c, "max-conns"))
	}
	cfg.Roster.Lines = (n + 3) / 4 // most connections are for those who come
	if isTerminal(s.out) {
		w := newWindow(s.out)
		defer w.close()
		cfg.Window = w.tell
	}
	written, err := openRecords(c, cfg.Doors, log)
	if err != nil {
		return err
	}
	defer written.close()
	cfg.Record = written.keep
	kept, err := openKeeper(c, &cfg, log)
	if err != nil {
		return err
	}
	defer kept.close()
	gauges, err := listenMetrics(c)
	if err != nil {
		return err
	}
	defer gauges.close()
	cfg.Kept = gauges.kept()
	mode := serve.New(cfg)
	r := loop.New(loop.Config{Doors: mode.Doors(), MaxConns: c.Int("max-conns"), Turn: gauges.turn(), Log: engineLog(log)}, mode)
	run := &running{cfg: cfg, reactor: r, mode: mode, kept: kept, gauges: gauges, readyFile: c.String("ready-file"), streams: s, log: log}
	return run.untilStopped()
}

// hostFlag is the address that a flag names, by number or by name.
func hostFlag(c *cli.Context, flag string) (netip.Addr, error) {
	host := c.String(flag)
	if host == "" {
		return netip.Addr{}, nil
	}
	a, err := resolve(c.Context, host)
	if err != nil {
		return netip.Addr{}, badUse("mim serve --"+flag+" 127.0.0.1", "cannot use %s: %s", given(c, flag), err)
	}
	return a, nil
}

// running is a server at work.
type running struct {
	cfg       serve.Config
	reactor   *loop.Reactor
	mode      *serve.Mode
	kept      *keeper
	gauges    *gauges // nil: none are shown
	readyFile string
	streams   streams
	log       *slog.Logger
}

// untilStopped starts the reactor, tells where it listens and waits for a
// signal or for its end.
func (s *running) untilStopped() error {
	r := s.reactor
	signals, ignore := stopSignals(s.kept.credentials == "")
	defer ignore()
	defer s.kept.reread(r, s.mode)()
	if err := r.Start(); err != nil {
		return serveFailure(err, s.cfg.Doors)
	}
	s.gauges.serve(r, s.mode, s.log)
	doors := boundDoors(r, s.cfg.Doors)
	if s.readyFile != "" {
		if err := writeReady(s.readyFile, doors); err != nil {
			r.Stop()
			return &failure{code: exitBroken, what: fmt.Sprintf("cannot write %s: %s", s.readyFile, reason(err))}
		}
		defer os.Remove(s.readyFile)
	}
	ours := localAddresses()
	more := append(closedTo(doors, ours, s.cfg.Public), s.gauges.words()...)
	if words := lentWords(s.cfg.Doors); words != "" {
		more = append(more, words)
	}
	if err := announce(s.streams.out, doors, s.kept.words(s.cfg.Doors), reachable(ours, s.cfg.Public), more...); err != nil {
		r.Stop()
		return printed(0, err)
	}
	resting := make(chan struct{})
	defer close(resting)
	go restUntil(resting)
	select {
	case sig := <-signals:
		s.log.Info("asked to stop", "signal", sig.String())
		return stopped(r, signals)
	case err := <-r.Done():
		return engineEnded(err)
	}
}

// boundDoors asks the loop where it listens: port 0 has become a real one.
func boundDoors(r *loop.Reactor, asked []serve.Door) []door {
	bound := make(chan []door, 1)
	r.Post(func() {
		var out []door
		for i, d := range asked {
			if !d.Lent {
				out = append(out, door{Dialect: d.Dialect.Name(), Network: d.Network, Address: r.Local(i).String()})
			}
		}
		bound <- out
	})
	return <-bound
}

// announce prints the doors, the line to paste in another terminal and what
// else there is to say.
func announce(w io.Writer, doors []door, kept string, reachable []netip.Addr, more ...string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "mim is serving:\n")
	for _, d := range doors {
		fmt.Fprintf(&b, "  %-10s %s  %s\n", d.Dialect, d.Network, d.Address)
	}
	fmt.Fprintln(&b, kept)
	for _, line := range append(joinLines(doors, reachable), more...) {
		fmt.Fprintln(&b, line)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// joinLines are the commands that join the first door that mim join can speak
// to, from this machine and from another.
func joinLines(doors []door, reachable []netip.Addr) (lines []string) {
	for _, d := range doors {
		at, err := netip.ParseAddrPort(d.Address)
		if err != nil || d.Network != "tcp" {
			continue
		}
		host := at.Addr()
		if !host.IsUnspecified() {
			return []string{"To join, in another terminal:", "  " + self() + " join " + speaking(d) + shellWord("alice@"+at.String())}
		}
		loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
		if host.Is6() { // a door is of one family
			loopback, reachable = netip.IPv6Loopback(), nil
		}
		here := netip.AddrPortFrom(loopback, at.Port())
		lines = []string{"To join, in another terminal:", "  " + self() + " join " + speaking(d) + shellWord("alice@"+here.String())}
		for _, a := range reachable {
			return append(lines, "and from another machine:", "  mim join "+speaking(d)+"bob@"+netip.AddrPortFrom(a, at.Port()).String())
		}
	}
	return lines
}

// speaking is the flag of mim join for a door's dialect, if it needs one.
func speaking(d door) string {
	if d.Dialect == all.Dialects()[0].Name() {
		return ""
	}
	return "--dialect " + d.Dialect + " "
}

// localAddresses are those by which other machines of the network reach us.
func localAddresses() (found []netip.Addr) {
	all, _ := net.InterfaceAddrs() // none known: none shown
	for _, a := range all {
		p, err := netip.ParsePrefix(a.String())
		if err == nil && p.Addr().IsGlobalUnicast() {
			found = append(found, p.Addr())
		}
	}
	return found
}

// reachable are those of ours that admit who comes by them.
func reachable(ours []netip.Addr, public bool) []netip.Addr {
	return slices.DeleteFunc(slices.Clone(ours), func(a netip.Addr) bool {
		return !a.Is4() || !public && !serve.Nearby(a)
	})
}

// closedTo says how to let people in if all that machines from elsewhere could
// reach is an address by which nobody is admitted.
func closedTo(doors []door, ours []netip.Addr, public bool) []string {
	if public || len(reachable(ours, false)) > 0 {
		return nil
	}
	for _, d := range doors {
		at, err := netip.ParseAddrPort(d.Address)
		if err == nil && (at.Addr() == netip.IPv4Unspecified() && len(reachable(ours, true)) > 0 || !at.Addr().IsUnspecified() && !serve.Nearby(at.Addr())) {
			return []string{"and from another machine, once you let in anyone:", "  mim serve --public"}
		}
	}
	return nil
}

// engineEnded is what it means that the loop ended unasked.
func engineEnded(err error) error {
	if err == nil {
		err = loop.ErrEngineEnded
	}
	return &failure{code: exitBroken, what: fmt.Sprintf("cannot go on: %s", err)}
}
