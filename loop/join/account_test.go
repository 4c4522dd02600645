package join

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat/client"
	"mim/codec"
	"mim/codec/all"
	"mim/loop/serve"
	"mim/loop/sim"
	"mim/roster"
)

// withPasswords is the first dialect with accounts that has a calling side.
func withPasswords() codec.Calling {
	for _, d := range all.Dialects() {
		if c, ok := d.(codec.Calling); ok && d.Traits().Accounts {
			return c
		}
	}
	panic("no dialect has accounts")
}

// passwords are those of accounts, by name.
type passwords map[string]string

func (p passwords) Check(_ netip.Addr, name string, pass []byte, done func(bool, error)) {
	done(p[name] != "" && p[name] == string(pass), nil)
}

// A cellar is a store that outlives its servers.
type cellar struct{ texts []roster.Text }

func (s *cellar) Keep(c roster.Change, done func(error)) {
	switch c.Kind {
	case roster.Put:
		s.texts = append(s.texts, c.Text)
	case roster.Drop:
		s.texts = slices.DeleteFunc(s.texts, func(t roster.Text) bool { return t.To == c.Text.To && t.ID == c.Text.ID })
	}
	if done != nil {
		done(nil)
	}
}

func (s *cellar) Inbox(name string, after uint64, most int, done func([]roster.Text, error)) {
	var out []roster.Text
	for _, t := range s.texts {
		if strings.EqualFold(t.To, name) && t.ID > after && len(out) < most {
			out = append(out, t)
		}
	}
	done(out, nil)
}

// known is what a server is told of the cellar when it starts.
func (s *cellar) known() roster.Known {
	k := roster.Known{Waiting: map[string]int{}}
	for _, t := range s.texts {
		k.Waiting[t.To]++
		k.LastText = max(k.LastText, t.ID)
	}
	return k
}

// A village is a town whose people have accounts.
type village struct {
	*town
	passwords passwords
	cellar    cellar
}

func newVillage(t testing.TB, seed uint64, f sim.Faults) *village {
	v := &village{town: newTown(t, seed, f), passwords: passwords{"hans": "falcon", "yoda": "jedi", "luke": "saber"}}
	v.serve()
	return v
}

// serve starts a server, or the next one.
func (v *village) serve() {
	cfg := serve.Config{Passwords: v.passwords, Store: &v.cellar, Roster: roster.Config{Known: v.cellar.known(), BlockFor: time.Minute},
		Doors: []serve.Door{{Dialect: withPasswords(), Role: codec.Registry, Network: "tcp", Addr: netip.AddrPortFrom(netip.IPv4Unspecified(), registryPort)}}}
	for name := range v.passwords {
		cfg.Accounts = append(cfg.Accounts, roster.Account{Name: name, Bound: true})
	}
	m := serve.New(cfg)
	v.server = v.Host(serverAddr, m, m.Doors()...)
}

// enter starts the messenger of somebody, who knows the password.
func (v *village) enter(name string, change ...func(*Config)) *user {
	v.Helper()
	pass := func(c *Config) {
		c.Dialect, c.Listen, c.Pass = withPasswords(), netip.AddrPort{}, []byte(v.passwords[name])
	}
	u := v.join(name, append([]func(*Config){pass}, change...)...)
	v.Run(time.Second)
	return u
}

func TestAccounts(t *testing.T) {
	v := newVillage(t, 1, lan)
	hans := v.enter("hans")
	yoda := v.enter("yoda")
	hans.hears("ready hans", "came yoda")
	yoda.hears("ready yoda", "came hans")
	hans.types("@YODA Grüße 👋", "@luke you sleep", "and long", "@nobody hi", "/who")
	v.Run(2 * time.Second)
	hans.hears("table yoda", "sent sent to yoda Grüße 👋", "sent stored to luke you sleep", "sent stored to luke and long", "sent failed to nobody hi")
	yoda.hears("said hans Grüße 👋")

	written := v.Now()
	v.Run(10 * time.Minute)
	luke := v.enter("luke")
	luke.hears("ready luke", "said hans you sleep", "said hans and long", "came hans", "came yoda")
	if got := luke.views[1]; got.Path != client.PathRelay || written.Sub(got.Written).Abs() > time.Minute {
		t.Errorf("got %+v, want it written about %v", got, written)
	}
	luke.types("/block HANS", "/block hans", "@hans not you", "/whoelsesince 5m", "/quit")
	hans.types("/all hi all")
	v.Run(2 * time.Second)
	luke.hears("error already", "sent sent to hans not you", "table hans yoda", "bye")
	hans.hears("came luke", "sent failed to ALL hi all", "said luke not you")
	yoda.hears("came luke", "said hans hi all", "went luke")
	hans.types("@luke hi", "/whoelse", "/unblock luke")
	v.Run(2 * time.Second)
	hans.hears("sent failed to luke hi", "went luke", "table yoda", "error notso")
	if luke.code != client.ExitFine {
		t.Errorf("exit code %d", luke.code)
	}
}

// A login that is refused is told, and is the end.
func TestNoEntry(t *testing.T) {
	online := func(v *village) { v.enter("hans") }
	locked := func(v *village) {
		for range 3 {
			v.joinAt("10.0.9.9", "hans", func(c *Config) {
				c.Dialect, c.Pass = withPasswords(), []byte("no")
			})
			v.Run(time.Second)
		}
	}
	for _, c := range []struct {
		what   string
		before func(*village)
		pass   string
		kind   string
	}{
		{"a wrong password", func(*village) {}, "eagle", "password"},
		{"none", func(*village) {}, "", "password"},
		{"one of two lines", func(*village) {}, "fal\ncon", "password"},
		{"online", online, "falcon", "online"},
		{"locked", locked, "falcon", "locked"},
	} {
		t.Run(c.what, func(t *testing.T) {
			v := newVillage(t, 1, lan)
			c.before(v)
			u := v.joinAt("10.0.9.9", "hans", func(cfg *Config) {
				cfg.Dialect, cfg.Listen, cfg.Pass = withPasswords(), netip.AddrPort{}, []byte(c.pass)
			})
			v.Run(time.Minute)
			u.hears("error "+c.kind, "bye")
			if u.code != client.ExitRefused {
				t.Errorf("exit code %d", u.code)
			}
		})
	}
}

// A server that comes back is entered by the same password, even if it takes
// a while to notice that we are gone.
func TestEntersAgain(t *testing.T) {
	v := newVillage(t, 1, lan)
	hans, yoda := v.enter("hans"), v.enter("yoda")
	v.server.Crash()
	v.Run(100 * time.Millisecond)
	hans.types("@yoda later")
	v.serve()
	v.Run(10 * time.Second)
	v.forget()
	yoda.types("/who")
	yoda.hears("table hans")
	if !slices.ContainsFunc(yoda.views, func(v client.View) bool { return v.Event == client.Said && v.Text == "later" }) {
		t.Errorf("what waited did not come: %+v", yoda.views)
	}

	v.server.Pause(20 * time.Second) // it notices nothing
	hans.host.Lose(hans.mode.servers[0])
	v.Run(2 * time.Minute)
	hans.hears("offline", "online")
	yoda.hears("went hans", "came hans")

	v.passwords["hans"] = "new"
	v.server.Crash()
	v.serve()
	v.Run(time.Minute)
	hans.hears("offline", "error password", "bye")
	if hans.code != client.ExitRefused {
		t.Errorf("exit code %d", hans.code)
	}
}

// Somebody else may be us when we come back: then it is tried again, for they
// may be no more than a link that the server has not seen die.
func TestOnlineStill(t *testing.T) {
	v := newVillage(t, 1, lan)
	hans := v.enter("hans")
	v.server.Crash()
	v.serve()
	ghost := v.joinAt("10.0.9.9", "hans", func(c *Config) {
		c.Dialect, c.Listen, c.Pass = withPasswords(), netip.AddrPort{}, []byte("falcon")
	})
	v.Run(20 * time.Second)
	hans.hears("ready hans", "offline")
	ghost.hears("ready hans")
	ghost.types("/quit")
	v.Run(time.Minute)
	hans.hears("online")
}

// Input from a pipe: a hundred lines to somebody who is there come whole and
// in order, and none to somebody who is not is lost.
func TestManyLines(t *testing.T) {
	v := newVillage(t, 1, lan)
	yoda := v.enter("yoda")
	hans := v.join("hans", func(c *Config) {
		c.Dialect, c.Listen, c.Pass = withPasswords(), netip.AddrPort{}, []byte("falcon")
	})
	var said, fates []string
	for i := range 100 {
		hans.types(fmt.Sprint("@yoda ", i))
		said = append(said, fmt.Sprint("said hans ", i))
		fates = append(fates, fmt.Sprint("sent sent to yoda ", i))
	}
	for i := range 10 {
		hans.types(fmt.Sprint("@luke ", i))
		fates = append(fates, fmt.Sprint("sent stored to luke ", i))
	}
	hans.mode.EOF()
	v.Run(15 * time.Second)
	hans.hears(slices.Concat([]string{"ready hans", "came yoda"}, fates, []string{"bye"})...)
	yoda.hears(slices.Concat([]string{"ready yoda", "came hans"}, said, []string{"went hans"})...)
	luke := v.enter("luke")
	if n := len(luke.views) - 2; n != 10 {
		t.Errorf("luke hears %d texts, want 10", n)
	}
}

// On any network on which nothing is lost, and with people who come and go, a
// text has one fate, and is heard in the end, in order. Only somebody who went
// while it was on the way may hear it once more when they are back.
func TestVillageSoak(t *testing.T) {
	seeds, total := uint64(100), 0
	if testing.Short() || raceEnabled {
		seeds = 10
	}
	for seed := range seeds {
		v := newVillage(t, seed, sim.Faults{Delay: time.Millisecond, Jitter: 20 * time.Millisecond, MaxCut: 20, Stall: 0.05, StallFor: 50 * time.Millisecond})
		r := rand.New(rand.NewPCG(seed, 8))
		hans := v.enter("hans")
		yodas := []*user{v.enter("yoda")}
		for i := range 60 {
			hans.types(fmt.Sprintf("@yoda %d", i))
			v.Run(time.Duration(r.Int64N(int64(200 * time.Millisecond))))
			switch yoda := yodas[len(yodas)-1]; {
			case r.IntN(12) > 0:
			case yoda.code < 0:
				yoda.types("/quit")
			default:
				yodas = append(yodas, v.enter("yoda"))
			}
		}
		v.Run(20 * time.Second)
		if yodas[len(yodas)-1].code >= 0 {
			yodas = append(yodas, v.enter("yoda"))
		}
		v.Run(20 * time.Second)
		total += hans.checkVillage(yodas, seed)
	}
	if total < 100 {
		t.Errorf("only %d texts were stored", total)
	}
}

// checkVillage compares what u said with what the messengers of one person
// heard, one after the other, and counts what was stored.
func (u *user) checkVillage(heardBy []*user, seed uint64) (stored int) {
	u.Helper()
	heard, last := map[string]bool{}, -1
	for _, o := range heardBy {
		mine := map[string]bool{}
		for _, v := range o.views {
			if v.Event != client.Said {
				continue
			}
			var n int
			if _, err := fmt.Sscan(v.Text, &n); err != nil || mine[v.Text] || !heard[v.Text] && n <= last {
				u.Errorf("seed %d: %s behind %d", seed, v.Text, last)
			}
			heard[v.Text], mine[v.Text], last = true, true, max(last, n)
		}
	}
	fates := map[string]int{}
	for _, v := range u.views {
		if v.Event != client.Sent {
			continue
		}
		if fates[v.Text]++; v.State == client.StateStored {
			stored++
		}
		if v.State == client.StateFailed || !heard[v.Text] {
			u.Errorf("seed %d: %s is %s (%s), heard: %v", seed, v.Text, v.State, v.Why, heard[v.Text])
		}
	}
	for i := range 60 {
		if n := fates[fmt.Sprint(i)]; n != 1 {
			u.Errorf("seed %d: %d fates of %d", seed, n, i)
		}
	}
	return stored
}
