package serve

import (
	"encoding/binary"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/codec"
	"mim/codec/comp9331"
	"mim/codec/dtu"
	"mim/codec/elc004"
	"mim/codec/messenger"
	"mim/codec/mim0"
	"mim/loop"
	"mim/loop/sim"
	"mim/roster"
)

var (
	soakSeeds = flag.Int("soak-seeds", 5, "how many seeds TestThousand runs")
	soakFirst = flag.Int("soak-first", 1, "the first of them")
)

// TestThousand has a thousand people, two hundred by each dialect, write to each
// other for a minute, and looks at what each was shown: all that was confirmed
// was heard, nothing twice, and each hears each other one in order.
func TestThousand(t *testing.T) {
	people, n := 1000, *soakSeeds
	if testing.Short() {
		people, n = 100, min(n, 2)
	}
	for seed := *soakFirst; seed < *soakFirst+n; seed++ {
		s := newSoak(t, uint64(seed), people)
		s.run()
		s.judge()
		t.Logf("seed %d: %d texts, %d heard, %d confirmed, %d refused, %d with nobody to hear them; %d comings and goings, %d talks cut",
			seed, s.said, s.heard, len(s.confirmed), s.refused, s.nobody, s.moves, s.cuts)
		if t.Failed() {
			t.Fatalf("seed %d fails; that one alone: go test ./loop/serve -run TestThousand -soak-seeds 1 -soak-first %d", seed, seed)
		}
	}
}

// A text is known by who wrote it, for whom, and its place among all of theirs.
type text struct{ from, to, n int }

// shy is how many texts somebody by elc004 has to hear from another until it is
// taken for sure that one confirmation of them was not lost. Before that the server
// may not know that the program confirms: a text goes out once, or is repeated
// when the next one has been confirmed (elc004.md, Between clients). It begins
// anew when the author comes back, at another port.
const shy = 6

// toAll is the receiver of a text to all.
const toAll = -1

func (t text) String() string { return fmt.Sprintf("t%d.%d.%d.", t.from, t.to, t.n) }

// A soaker is a server, its people, and what they say.
type soaker struct {
	*sim.World
	t                                         *testing.T
	seed                                      uint64
	rng                                       *rand.Rand
	mode                                      *Mode
	ports                                     map[string]uint16 // of the dialects
	all                                       []*program
	confirmed                                 map[text]bool
	dropped                                   map[text]bool // nobody of that name was in the author's table
	texts                                     []text
	before                                    map[text][]bool // who was here when a text to all was said
	tickets                                   uint64
	said, heard, refused, nobody, moves, cuts int
}

var soakKinds = []string{"mim0", "messenger", "comp9331", "dtu", "elc004"}

// rightly is passwords of which each is right.
type rightly struct{}

func (rightly) Check(_ netip.Addr, _ string, _ []byte, done func(bool, error)) { done(true, nil) }

func newSoak(t *testing.T, seed uint64, people int) *soaker {
	s := &soaker{
		World: sim.New(seed, sim.Faults{Delay: time.Millisecond, Jitter: 4 * time.Millisecond, MaxCut: 4000}),
		t:     t, seed: seed, rng: rand.New(rand.NewPCG(seed, 2)), ports: map[string]uint16{},
		confirmed: map[text]bool{}, dropped: map[text]bool{}, before: map[text][]bool{},
	}
	cfg := Config{Passwords: rightly{}, Seed: func() (b [32]byte) { binary.LittleEndian.PutUint64(b[:], s.rng.Uint64()); return b }}
	for i, d := range []codec.Dialect{mim0.New(), messenger.New(), comp9331.New(), dtu.New(), elc004.New()} {
		s.ports[soakKinds[i]] = uint16(4000 + i)
		cfg.Doors = append(cfg.Doors, Door{Dialect: d, Role: codec.Registry, Network: "tcp", Addr: netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(4000+i))})
	}
	for i := range people {
		at := netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(10000+i))
		cfg.Doors = append(cfg.Doors, Door{Dialect: mim0.New(), Role: codec.Peer, Network: "tcp", Addr: at, Lent: true},
			Door{Dialect: elc004.New(), Role: codec.Peer, Network: "udp", Addr: at, Lent: true})
	}
	for n := range people {
		p := s.program(n)
		if p.kind == "comp9331" {
			cfg.Accounts = append(cfg.Accounts, roster.Account{Name: p.name, Bound: true})
		}
	}
	s.mode = New(cfg)
	s.Host(server, s.mode, s.mode.Doors()...)
	for _, p := range s.all {
		var door loop.Door
		switch p.kind {
		case "mim0":
			door = loop.Door{Network: "tcp", Addr: netip.AddrPortFrom(netip.IPv4Unspecified(), registrantPort)}
		case "elc004":
			door = loop.Door{Network: "udp", Addr: netip.AddrPortFrom(netip.IPv4Unspecified(), posterPort)}
		default:
			p.host = s.Host(p.at, p)
			continue
		}
		p.host = s.Host(p.at, p, door)
	}
	return s
}

// program makes the nth.
func (s *soaker) program(n int) *program {
	p := &program{soak: s, n: n, kind: soakKinds[n%len(soakKinds)], at: netip.AddrFrom4([4]byte{10, 1, byte(n / 250), byte(1 + n%250)})}
	p.name = fmt.Sprintf("%s%d", p.kind[:3], n)
	switch p.kind {
	case "mim0":
		p.speech = &registrant{peers: map[loop.ID]*peerTalk{}, by: map[string]*peerTalk{}}
	case "messenger":
		p.speech = &sender{two: n%2 == 0}
	case "comp9331":
		p.speech = &typist{}
	case "dtu":
		p.speech = channeler{}
	default:
		var seed [32]byte
		binary.LittleEndian.PutUint64(seed[:], s.rng.Uint64())
		p.speech = newPoster(p, seed)
	}
	s.all = append(s.all, p)
	return p
}

// stays says who is here from the beginning to the end.
func (p *program) stays() bool { return p.n/len(soakKinds)%4 != 0 || p.kind == "elc004" }

// run is a minute of traffic, after all have come.
func (s *soaker) run() {
	for _, p := range s.all {
		p.comes()
		s.Run(5 * time.Millisecond)
	}
	s.Run(2 * time.Second)
	for _, p := range s.all {
		if p.kind == "elc004" { // the first table has only those who were here before
			p.comes()
		}
	}
	s.Run(2 * time.Second)
	for _, p := range s.all {
		if !p.up {
			s.t.Fatalf("seed %d: %s is not logged in", s.seed, p.name)
		}
	}
	if n := s.mode.Len(); n != len(s.all) {
		s.t.Fatalf("seed %d: %d of %d are here", s.seed, n, len(s.all))
	}
	s.Faults.Loss, s.Faults.Repeat, s.Faults.Reorder = 0.05, 0.02, 0.02
	const steps = 600
	for step := range steps {
		for range max(1, len(s.all)/60) {
			s.talk()
		}
		s.move()
		if step%200 == 100 {
			s.tellAll()
		}
		s.Run(time.Minute / steps)
	}
	s.Faults.Loss, s.Faults.Repeat, s.Faults.Reorder = 0, 0, 0
	s.Run(30 * time.Second)
}

// talk has somebody write to a friend: one of two, so that talks go on.
func (s *soaker) talk() {
	p := s.all[s.rng.IntN(len(s.all))]
	kinds := len(soakKinds)
	to := s.all[(p.n*7+11+(p.n/kinds+s.rng.IntN(2))%kinds*(len(s.all)/kinds+1))%len(s.all)]
	own := p.kind == to.kind && (p.kind == "mim0" || p.kind == "elc004") // they need no server
	if to == p || own || !p.up {
		return
	}
	for range 1 + s.rng.IntN(3)/2*s.rng.IntN(5) {
		s.said++
		t := text{p.n, to.n, s.said}
		s.texts = append(s.texts, t)
		p.say(p, to, t.String()+strings.Repeat("x", s.rng.IntN(2)*s.rng.IntN(300)), t)
	}
}

func (s *soaker) unsaid(t text) {
	s.nobody++
	s.dropped[t] = true
}

// tellAll has somebody write to all.
func (s *soaker) tellAll() {
	p := s.all[1+s.rng.IntN(len(s.all)/5)*5+s.rng.IntN(2)] // by messenger or comp9331
	if !p.up {
		return
	}
	s.said++
	t := text{p.n, toAll, s.said}
	for _, other := range s.all {
		s.before[t] = append(s.before[t], other.up)
	}
	p.say(p, nil, t.String(), t)
}

// move has somebody leave, or come back, or the network fail one of their talks.
func (s *soaker) move() {
	p := s.all[s.rng.IntN(len(s.all))]
	if r, ok := p.speech.(*registrant); ok && len(r.peers) > 0 && s.rng.IntN(2) == 0 {
		s.cuts++
		p.host.Lose(slices.Min(slices.Collect(maps.Keys(r.peers))))
		return
	}
	if r, ok := p.speech.(*poster); ok && p.n/len(soakKinds)%4 == 0 {
		s.cuts++
		r.deaf = p.net.Now().Add(time.Duration(s.rng.IntN(20)) * time.Second)
		return
	}
	if p.stays() {
		return
	}
	s.moves++
	if p.main == 0 {
		p.comes()
	} else if p.up {
		p.bye(p)
	}
}

// judge compares what was said with what was heard.
func (s *soaker) judge() {
	got := map[text]map[int]bool{}
	before := map[[2]int][]int{} // numbers of the texts of each to each that were heard
	for _, p := range s.all {
		s.judgeHeard(p, got, before)
	}
	for _, t := range s.texts {
		to := s.all[t.to]
		switch {
		case !s.confirmed[t] || got[t][t.to]:
		case s.isShy(t, to, before):
		case !to.stays() && to.kind != "messenger":
			// Where there are no receipts a text has arrived when it is with the
			// other machine; who leaves at that moment does not look at it.
		default:
			s.t.Errorf("seed %d: %v of %s is confirmed, and %s has not heard it", s.seed, t, s.all[t.from].name, to.name)
		}
	}
	for t, here := range s.before {
		for n, was := range here {
			if to := s.all[n]; s.confirmed[t] && was && n != t.from && to.stays() && to.kind != "elc004" && !got[t][n] {
				s.t.Errorf("seed %d: %v to all is confirmed, and %s has not heard it", s.seed, t, to.name)
			}
		}
	}
	s.judgeUnheard(got)
	s.judgeKinds(got)
}

// maybeLate says of a text that it may have been given up, and repeated still, when
// its receiver heard something again.
func (s *soaker) maybeLate(t text, to *program) bool {
	p, ok := to.speech.(*poster)
	return ok && !p.deaf.IsZero() && !s.confirmed[t]
}

// isShy says of a text that the server may not know yet that its receiver confirms.
func (s *soaker) isShy(t text, to *program, before map[[2]int][]int) bool {
	n := 0
	for _, other := range before[[2]int{t.from, to.n}] {
		if other < t.n {
			n++
		}
	}
	return to.kind == "elc004" && (n < shy || !s.all[t.from].stays())
}

// judgeHeard looks at what one was shown.
func (s *soaker) judgeHeard(p *program, got map[text]map[int]bool, before map[[2]int][]int) {
	last := map[int]text{}
	for _, h := range p.heard {
		var t text
		if _, err := fmt.Sscanf(h.words, "t%d.%d.%d.", &t.from, &t.to, &t.n); err != nil {
			s.t.Errorf("seed %d: %s heard %q from %s", s.seed, p.name, h.words, h.from)
			continue
		}
		switch {
		case t.to != p.n && t.to != toAll:
			s.t.Errorf("seed %d: %s heard %v", s.seed, p.name, t)
		case h.from != s.all[t.from].name:
			s.t.Errorf("seed %d: %s heard %v from %s", s.seed, p.name, t, h.from)
		case got[t][p.n]:
			s.t.Errorf("seed %d: %s heard %v of %s twice", s.seed, p.name, t, h.from)
		case t.n < last[t.from].n && !s.isShy(t, p, before) && !s.maybeLate(t, p):
			s.t.Errorf("seed %d: %s heard %v of %s behind %v", s.seed, p.name, t, h.from, last[t.from])
		}
		if got[t] == nil {
			got[t] = map[int]bool{}
		}
		got[t][p.n], last[t.from] = true, t
		pair := [2]int{t.from, p.n}
		before[pair] = append(before[pair], t.n)
	}
}

// judgeUnheard looks at texts that nothing confirms: between two who stay they
// are heard, or their author is told, though not always of which.
func (s *soaker) judgeUnheard(got map[text]map[int]bool) {
	missing := map[*program]int{}
	for _, t := range s.texts {
		if from, to := s.all[t.from], s.all[t.to]; from.stays() && to.stays() && to.kind != "elc004" && !got[t][t.to] && !s.dropped[t] {
			missing[from]++
		}
	}
	for p, n := range missing {
		told := p.errors
		if r, ok := p.speech.(*registrant); ok {
			told = r.cut
		}
		if n > told && (p.kind == "mim0" && told == 0 || p.kind == "comp9331" || p.kind == "dtu") {
			s.t.Errorf("seed %d: %d texts of %s are lost, it was told of %d", s.seed, n, p.name, told)
		}
	}
}

// judgeKinds wants texts to have gone from each dialect to each.
func (s *soaker) judgeKinds(got map[text]map[int]bool) {
	pairs := map[string]int{}
	for t, who := range got {
		for n := range who {
			pairs[s.all[t.from].kind+" to "+s.all[n].kind]++
		}
	}
	for _, from := range soakKinds {
		for _, to := range soakKinds {
			own := from == to && (from == "mim0" || from == "elc004")
			if pairs[from+" to "+to] == 0 && !own {
				s.t.Errorf("seed %d: nothing was heard from %s to %s; %v", s.seed, from, to, slices.Sorted(maps.Keys(pairs)))
			}
		}
	}
}
