package voice

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"
	"time"
)

// speech is seconds of something like a voice: syllables of a gliding pitch
// with overtones, hiss, and pauses; another seed is another voice.
func speech(seed uint64, seconds int) []int16 {
	r := rand.New(rand.NewPCG(seed, 7))
	out := make([]int16, 0, seconds*Rate)
	phase := 0.0
	for len(out) < seconds*Rate {
		if r.IntN(4) == 0 {
			for range Rate/20 + r.IntN(Rate/4) {
				out = append(out, int16(r.IntN(21)-10))
			}
		}
		n := Rate/8 + r.IntN(Rate/5)
		pitch, glide := 90+150*r.Float64(), 1+0.2*(r.Float64()-0.5)
		var tone [12]float64
		for k := range tone {
			tone[k] = r.Float64() / float64(1+k/2)
		}
		for i := range n {
			at := float64(i) / float64(n)
			phase += 2 * math.Pi * pitch * math.Pow(glide, at) / Rate
			v := 0.02 * (r.Float64() - 0.5)
			for k, a := range tone {
				v += a * math.Sin(phase*float64(k+1))
			}
			out = append(out, int16(4000*v*math.Sin(math.Pi*at)))
		}
	}
	return out[:seconds*Rate]
}

// A tape is a Device of a test: it plays in and keeps what is out, with a clock
// that is a part in a million or more off.
type tape struct {
	in, out   []int16
	at        int
	rate      float64 // of its clock; 0 is 1
	from      time.Time
	took, got int
	stopped   bool // captures nothing
	deaf      bool // wants nothing
}

func (d *tape) due(now time.Time) int {
	if d.from.IsZero() {
		d.from = now
	}
	if d.rate == 0 {
		d.rate = 1
	}
	return int(now.Sub(d.from).Seconds() * Rate * d.rate)
}

func (d *tape) Capture(now time.Time, dst []int16) int {
	n := min(len(dst), d.due(now)-d.took)
	if d.stopped || n <= 0 {
		return 0
	}
	clear(dst[:n])
	d.at += copy(dst[:n], d.in[min(d.at, len(d.in)):])
	d.took += n
	return n
}

func (d *tape) Wants(now time.Time) int {
	if d.deaf {
		return 0
	}
	return d.due(now) - d.got
}

func (d *tape) Play(_ time.Time, src []int16) {
	d.got += len(src)
	if d.out != nil {
		d.out = append(d.out, src...)
	}
}

func (d *tape) Latency() (in, out time.Duration) { return 0, 0 }
func (d *tape) Err() error                       { return nil }
func (d *tape) Close() error                     { return nil }

// A world is people in one call, a server that passes on what they send, and a
// clock. What a datagram meets on its way is said by fate.
type world struct {
	now    time.Time
	people []*person
	flying []flight
	order  int
	fate   func(from int, payload []byte) []time.Duration // one for each copy that arrives
}

type person struct {
	*Call
	*tape
	next time.Time
}

type flight struct {
	at      time.Time
	order   int
	from    int
	payload []byte
}

func newWorld(fate func(from int, payload []byte) []time.Duration) *world {
	return &world{now: time.Unix(1_800_000_000, 0), fate: fate}
}

// straight takes 30 ms.
func straight(int, []byte) []time.Duration { return []time.Duration{30 * time.Millisecond} }

func (w *world) join(t *tape, c Config) *person {
	c.Device = t
	p := &person{Call: New(c), tape: t, next: w.now.Add(time.Duration(len(w.people)) * 7 * time.Millisecond)}
	w.people = append(w.people, p)
	return p
}

// run goes on for d.
func (w *world) run(d time.Duration) {
	for end := w.now.Add(d); w.now.Before(end); {
		next := end
		for _, p := range w.people {
			if p.next.Before(next) {
				next = p.next
			}
		}
		if len(w.flying) > 0 && w.flying[0].at.Before(next) {
			next = w.flying[0].at
		}
		w.now = next
		for len(w.flying) > 0 && !w.flying[0].at.After(w.now) {
			f := w.flying[0]
			w.flying = w.flying[1:]
			for i, p := range w.people {
				if i != f.from {
					p.Heard(w.now, f.payload)
				}
			}
		}
		for i, p := range w.people {
			if !p.next.After(w.now) {
				p.next = p.Tick(w.now, func(payload []byte) { w.send(i, payload) })
			}
		}
	}
}

func (w *world) send(from int, payload []byte) {
	for _, d := range w.fate(from, payload) {
		w.order++
		f := flight{w.now.Add(d), w.order, from, append([]byte(nil), payload...)}
		i := sort.Search(len(w.flying), func(i int) bool {
			return w.flying[i].at.After(f.at)
		})
		w.flying = append(w.flying, flight{})
		copy(w.flying[i+1:], w.flying[i:])
		w.flying[i] = f
	}
}

// alike is the best correlation of a and b over shifts of b by 0 to most
// samples, and that shift.
func alike(a, b []int16, most int) (best float64, shift int) {
	best = -1
	for s := 0; s <= most; s++ {
		n := min(len(a), len(b)-s)
		if n < Rate/10 {
			break
		}
		var ab, aa, bb float64
		for i, v := range a[:n] {
			x, y := float64(v), float64(b[i+s])
			ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
		}
		if c := ab / math.Sqrt(aa*bb+1); c > best {
			best, shift = c, s
		}
	}
	return best, shift
}

func report(t *testing.T, p *person) {
	t.Helper()
	s := p.Stats()
	t.Logf("received %d of %d, lost %d (%.1f %%), repeated %d, reordered %d, late %d, concealed %.2f %%, silent %d, skipped %d, jitter %v, delay %v",
		s.Received, s.Expected, s.Lost, 100*s.LostShare(), s.Repeated, s.Reordered, s.Late, 100*s.ConcealedShare(), s.Missing, s.Skipped,
		s.Jitter.Round(100*time.Microsecond), s.Delay.Round(time.Millisecond))
}
