package join

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"mim/chat/client"
	"mim/codec"
	"mim/codec/all"
	"mim/loop/serve"
	"mim/loop/sim"
)

// withRooms is the first dialect with rooms that has a calling side.
func withRooms() codec.Calling {
	for _, d := range all.Dialects() {
		if c, ok := d.(codec.Calling); ok && d.Traits().Rooms {
			return c
		}
	}
	panic("no dialect has rooms")
}

// A club is a town whose server has rooms.
type club struct{ *town }

func newClub(t testing.TB, seed uint64, f sim.Faults) *club {
	c := &club{newTown(t, seed, f)}
	c.serve()
	return c
}

// serve starts a server, or the next one.
func (c *club) serve() {
	m := serve.New(serve.Config{Doors: []serve.Door{{
		Dialect: withRooms(), Role: codec.Registry, Network: "tcp", Addr: netip.AddrPortFrom(netip.IPv4Unspecified(), registryPort),
	}}})
	c.server = c.Host(serverAddr, m, m.Doors()...)
}

// enter starts the messenger of somebody and waits until they are in the lobby.
func (c *club) enter(name string, change ...func(*Config)) *user {
	c.Helper()
	rooms := func(cfg *Config) { cfg.Dialect, cfg.Listen = withRooms(), netip.AddrPort{} }
	u := c.join(name, append([]func(*Config){rooms}, change...)...)
	c.Run(time.Second)
	return u
}

func TestRooms(t *testing.T) {
	c := newClub(t, 1, lan)
	alice := c.enter("alice")
	bob := c.enter("bob")
	carol := c.enter("carol")
	alice.hears("ready alice", "joined #lobby alice", "userjoin #lobby bob", "userjoin #lobby carol")
	bob.hears("ready bob", "joined #lobby alice bob", "userjoin #lobby carol")
	carol.hears("ready carol", "joined #lobby alice bob carol")

	alice.types("/join #Tea")
	c.Run(time.Second)
	bob.types("/join #tea")
	c.Run(time.Second)
	alice.hears("joined #tea alice", "userjoin #tea bob")
	bob.hears("joined #tea alice bob")

	alice.types("/say #TEA Grüße 👋", "and you?", "@BOB psst", "/say #none hi", "@nobody hi")
	c.Run(3 * time.Second)
	alice.hears("sent #tea sent Grüße 👋", "sent #tea sent and you?", "sent sent to bob psst", "sent #none failed hi", "sent failed to nobody hi")
	bob.hears("said #tea alice Grüße 👋", "said #tea alice and you?", "said alice psst")
	carol.hears()

	carol.types("/who", "@#lobby to all", "/part #tea", "/join #a:b")
	c.Run(3 * time.Second)
	carol.hears("table alice bob", "sent #lobby sent to all", "error unknown", "error name")
	alice.hears("said #lobby carol to all")
	bob.hears("said #lobby carol to all")
	bob.types("/part #tea", "/quit")
	c.Run(3 * time.Second)
	bob.hears("userleave #tea bob", "bye")
	alice.hears("userleave #tea bob", "userleave #lobby bob")
	carol.hears("userleave #lobby bob")
	alice.types("@bob still there?")
	c.Run(time.Second)
	alice.hears("sent failed to bob still there?")
	if bob.code != client.ExitFine {
		t.Errorf("exit code %d", bob.code)
	}
}

// After a loss we are in our rooms before anything is said there; the lobby is
// not asked for, and a room that we left is not entered.
func TestRoomsAgain(t *testing.T) {
	for seed := range uint64(20) {
		c := newClub(t, seed, lan)
		alice := c.enter("alice", func(cfg *Config) { cfg.Seed = 2 * seed })
		bob := c.enter("bob", func(cfg *Config) { cfg.Seed = 2*seed + 1 })
		for _, u := range []*user{alice, bob} {
			u.types("/join #tea", "/join #gone", "/part #gone", "/join #milk")
		}
		c.Run(2 * time.Second)
		c.forget()
		c.server.Crash()
		c.Run(100 * time.Millisecond)
		alice.types("/say #tea are you there?")
		bob.types("/say #milk and you?")
		c.serve()
		c.Run(10 * time.Second)
		for _, u := range []*user{alice, bob} {
			var rooms, texts []string
			for _, v := range u.views[u.seen:] {
				switch v.Event {
				case client.Joined:
					rooms = append(rooms, v.Room)
				case client.Said, client.Sent:
					texts = append(texts, brief(v))
				case client.Error:
					t.Errorf("seed %d: %s is told %+v", seed, u.name, v)
				}
			}
			if want := []string{"#lobby", "#tea", "#milk"}; !slices.Equal(rooms, want) {
				t.Errorf("seed %d: %s is in %q, want %q", seed, u.name, rooms, want)
			}
			slices.Sort(texts)
			want := []string{"said #milk bob and you?", "sent #tea sent are you there?"}
			if u == bob {
				want = []string{"said #tea alice are you there?", "sent #milk sent and you?"}
			}
			if !slices.Equal(texts, want) {
				t.Errorf("seed %d: %s\n got %q\nwant %q", seed, u.name, texts, want)
			}
		}
	}
}

// Input from a pipe: who comes, says something in a room and goes has said it,
// in order, and has seen who was there.
func TestRoomPipe(t *testing.T) {
	c := newClub(t, 1, lan)
	bob := c.enter("bob")
	bob.types("/join #tea")
	c.Run(time.Second)
	c.forget()
	alice := c.join("alice", func(cfg *Config) { cfg.Dialect, cfg.Listen = withRooms(), netip.AddrPort{} })
	alice.types("/join #tea")
	want := []string{"ready alice", "joined #lobby alice bob", "joined #tea alice bob"}
	heard := []string{"userjoin #lobby alice", "userjoin #tea alice"}
	want[2] = "joined #tea bob alice"
	want[1] = "joined #lobby bob alice"
	for i := range 100 {
		alice.types(fmt.Sprint("/say #tea ", i))
		want = append(want, fmt.Sprint("sent #tea sent ", i))
		heard = append(heard, fmt.Sprint("said #tea alice ", i))
	}
	alice.mode.EOF()
	c.Run(15 * time.Second)
	alice.hears(append(want, "bye")...)
	bob.hearsRest(heard, "userleave #lobby alice", "userleave #tea alice")
	if alice.code != client.ExitFine {
		t.Errorf("exit code %d", alice.code)
	}
}

// hearsRest is hears, but the order of what comes behind first is not promised.
func (u *user) hearsRest(first []string, rest ...string) {
	u.Helper()
	if behind := u.seen + len(first); behind < len(u.views) {
		slices.SortFunc(u.views[behind:], func(a, b client.View) int {
			if brief(a) < brief(b) {
				return -1
			}
			return 1
		})
	}
	u.hears(slices.Concat(first, rest)...)
}

// A nick that somebody has is refused at first; later the server may only not
// have noticed that we are gone, and is asked again.
func TestNickTaken(t *testing.T) {
	c := newClub(t, 1, lan)
	alice := c.enter("alice")
	twin := c.enter("ALICE")
	twin.hears("error refused", "bye")
	if twin.code != client.ExitRefused {
		t.Errorf("exit code %d", twin.code)
	}
	c.server.Pause(3 * time.Second)
	alice.host.Lose(alice.mode.servers[0])
	c.Run(5 * time.Minute)
	alice.hears("ready alice", "joined #lobby alice", "offline", "online", "joined #lobby alice")
}

// On any network on which nothing is lost, what is said in a room where both
// are is heard once, in order, and nothing that failed is.
func TestRoomSoak(t *testing.T) {
	seeds, total := uint64(60), 0
	if testing.Short() || raceEnabled {
		seeds = 10
	}
	for seed := range seeds {
		c := newClub(t, seed, sim.Faults{Delay: time.Millisecond, Jitter: 20 * time.Millisecond, MaxCut: 20, Stall: 0.05, StallFor: 50 * time.Millisecond})
		r := rand.New(rand.NewPCG(seed, 9))
		alice, bob := c.enter("alice"), c.enter("bob")
		alice.types("/join #tea")
		bob.types("/join #tea")
		c.Run(2 * time.Second)
		for i := range 60 {
			if alice.types(fmt.Sprintf("/say #tea %d", i)); r.IntN(8) == 0 {
				alice.types("/part #tea")
				alice.types([]string{"/say #tea never", "/join #tea"}[r.IntN(2):]...)
			}
			c.Run(time.Duration(r.Int64N(int64(200 * time.Millisecond))))
		}
		c.Run(20 * time.Second)
		var sent, heard []string
		for _, v := range alice.views {
			if v.Event == client.Sent && v.State == client.StateSent {
				sent = append(sent, v.Text)
			}
			if v.Event == client.Sent && (v.Text == "never") != (v.State == client.StateFailed) {
				t.Errorf("seed %d: %s is %s (%s)", seed, v.Text, v.State, v.Why)
			}
		}
		for _, v := range bob.views {
			if v.Event == client.Said {
				heard = append(heard, v.Text)
			}
		}
		if !slices.Equal(sent, heard) {
			t.Errorf("seed %d: sent\n %q, heard\n %q", seed, sent, heard)
		}
		total += len(heard)
	}
	if total < int(seeds)*50 {
		t.Errorf("only %d texts were heard", total)
	}
}
