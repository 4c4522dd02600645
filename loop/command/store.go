package command

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"mim/loop"
	"mim/loop/serve"
	"mim/roster/account"
	"mim/roster/sqlite"
)

func storeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "data", EnvVars: env("data"), DefaultText: "$XDG_STATE_HOME/mim or ~/.local/state/mim", Usage: "the folder `DIR` for what outlives the server; " + sqlite.Memory + " keeps nothing"},
		&cli.StringFlag{Name: "credentials", EnvVars: env("credentials"), Usage: "a `FILE` of accounts, a name and a password a line; read again on SIGHUP"},
		spanFlag("block-duration", time.Minute, "for how long, a `TIME` such as 90s, three wrong passwords lock a name for the address they came from; 0: never"),
		&cli.BoolFlag{Name: "block-everywhere", DisableDefaultText: true, EnvVars: env("block-everywhere"), Usage: "they lock it for every address"},
		spanFlag("timeout", 10*time.Minute, "after how much silence, a `TIME` such as 10m, users who log in with a password are logged out; 0: never"),
	}
}

// A keeper is what a server keeps, and where.
type keeper struct {
	dir         string
	store       *sqlite.Store
	checker     *account.Checker
	credentials string // path of the file; empty: none
	log         *slog.Logger
}

// openKeeper opens the store and reads the accounts, and tells cfg of both.
func openKeeper(c *cli.Context, cfg *serve.Config, log *slog.Logger) (*keeper, error) {
	cfg.Roster.BlockFor, cfg.Roster.BlockEverywhere = spanOf(c, "block-duration"), c.Bool("block-everywhere")
	cfg.Roster.Timeout = spanOf(c, "timeout")
	dir, err := dataDir(c)
	if err != nil {
		return nil, err
	}
	k := &keeper{dir: dir, credentials: c.String("credentials"), log: log}
	if k.store, err = sqlite.Open(dir); err != nil {
		if f := portTaken(cfg.Doors); f != nil {
			return nil, f
		}
		return nil, storeFailure(dir, err)
	}
	if cfg.Roster.Known, err = k.store.Known(); err != nil {
		k.close()
		return nil, storeFailure(dir, err)
	}
	cfg.Store = k.store
	if k.credentials == "" {
		return k, nil
	}
	k.checker = account.New(k.store, log)
	if cfg.Accounts, err = k.checker.Load(k.credentials); err != nil {
		k.close()
		return nil, &failure{code: exitBadUse, what: fmt.Sprintf("cannot use --credentials: %s", err)}
	}
	cfg.Passwords = k.checker
	return k, nil
}

// dataDir is the folder that --data names, or the usual one.
func dataDir(c *cli.Context) (string, error) {
	if dir := c.String("data"); dir != "" {
		return dir, nil
	}
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "mim"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", &failure{code: exitBroken, what: "cannot tell where to keep the data: there is no home folder", try: "mim serve --data " + sqlite.Memory}
	}
	return filepath.Join(home, ".local", "state", "mim"), nil
}

func storeFailure(dir string, err error) error {
	if errors.Is(err, sqlite.ErrInUse) {
		return &failure{code: exitCannotListen, what: fmt.Sprintf("cannot keep data in %s: %s", dir, err), try: "mim serve --data " + shellWord(dir+"2")}
	}
	return &failure{code: exitBroken, what: fmt.Sprintf("cannot keep data in %s: %s", dir, err)}
}

// close ends the checks first: they write to the store.
func (k *keeper) close() {
	if k.checker != nil {
		k.checker.Close()
	}
	if err := k.store.Close(); err != nil {
		k.log.Error("store", "why", err)
	}
}

// words say where the data lie, and what cannot work without accounts.
func (k *keeper) words(doors []serve.Door) string {
	words := "Data are kept in " + k.dir + "."
	if k.dir == sqlite.Memory {
		words = "Nothing is kept on disk."
	}
	for _, d := range doors {
		if d.Dialect.Traits().Accounts && k.credentials == "" {
			words += "\nNobody can log in by " + d.Dialect.Name() + ": it wants accounts, mim serve --credentials FILE."
		}
	}
	return words
}

// reread takes the accounts anew at each SIGHUP, until stop is called. With no
// file of accounts SIGHUP asks to stop, as stopSignals says.
func (k *keeper) reread(r *loop.Reactor, mode *serve.Mode) (stop func()) {
	if k.credentials == "" {
		return func() {}
	}
	hup, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hup, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-done:
				return
			case <-hup:
			}
			list, err := k.checker.Load(k.credentials)
			if err != nil {
				k.log.Error("accounts stay as they are", "why", err)
				continue
			}
			k.log.Info("accounts", "count", len(list))
			r.Post(func() { mode.SetAccounts(list) })
		}
	}()
	return func() {
		signal.Stop(hup)
		close(done)
	}
}
