package voice

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// rough loses, delays and reorders what one person sends.
func rough(seed uint64, loss, reorder float64, jitter time.Duration) func(int, []byte) []time.Duration {
	r := rand.New(rand.NewPCG(seed, 1))
	return func(int, []byte) []time.Duration {
		if r.Float64() < loss {
			return nil
		}
		d := 30*time.Millisecond + time.Duration(r.Float64()*float64(jitter))
		if r.Float64() < reorder {
			d += 25 * time.Millisecond
		}
		return []time.Duration{d}
	}
}

// quietest is the longest stretch of samples near zero in b where those of a,
// shift earlier, are loud all the time.
func quietest(a, b []int16, shift int) (longest int) {
	const frame = Rate / 200 // 5 ms
	run := 0
	for at := 0; at+frame < len(a) && at+shift+frame < len(b); at += frame {
		if loudness(a[at:at+frame]) > -40 && loudness(b[at+shift:at+shift+frame]) < -60 {
			run += frame
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	return longest
}

// TestNetworks: what loss, jitter, order, repeats and pauses do to the sound.
func TestNetworks(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing in it crosses goroutines")
	}
	for _, c := range []struct {
		name    string
		speaker uint32
		fate    func(int, []byte) []time.Duration
		least   float64 // correlation
		delay   time.Duration
	}{
		{"loss 5 %, jitter 20 ms, reordered 2 %", 9, rough(1, 0.05, 0.02, 20*time.Millisecond), 0.9, 120 * time.Millisecond},
		{"jitter 20 ms", 9, rough(2, 0, 0, 20*time.Millisecond), 0.99, 100 * time.Millisecond},
		{"jitter 100 ms", 9, rough(3, 0, 0, 100*time.Millisecond), 0, 220 * time.Millisecond},
		{"loss 20 %", 9, rough(4, 0.2, 0, 0), 0.8, 100 * time.Millisecond},
		{"unmarked, loss 5 %, jitter 20 ms", 0, rough(5, 0.05, 0, 20*time.Millisecond), 0, 120 * time.Millisecond},
		{"each twice", 9, func(int, []byte) []time.Duration {
			return []time.Duration{30 * time.Millisecond, 31 * time.Millisecond}
		}, 0.99, 90 * time.Millisecond},
		{"unmarked, each twice", 0, func(int, []byte) []time.Duration {
			return []time.Duration{30 * time.Millisecond, 31 * time.Millisecond}
		}, 0.99, 90 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(c.fate)
			in := speech(3, 30)
			w.join(&tape{in: in}, Config{Speaker: c.speaker, First: 65530}) // the numbers begin again on the way
			b := w.join(&tape{out: make([]int16, 0, 31*Rate)}, Config{Speaker: 2})
			w.run(31 * time.Second)
			report(t, b)
			// In windows of a second, because the delay changes on the way.
			sum, n, gap := 0.0, 0, 0
			for at := 5 * Rate; at+Rate < 30*Rate; at += Rate {
				corr, shift := alike(in[at:at+Rate], b.out[at:], Rate*3/10)
				sum, n = sum+corr, n+1
				gap = max(gap, quietest(in[at:at+Rate], b.out[at:], shift))
			}
			s := b.Stats()
			t.Logf("correlation %.4f, longest gap %v", sum/float64(n), samplesLast(float64(gap)))
			if sum/float64(n) < c.least {
				t.Errorf("correlation %.4f, want %.2f", sum/float64(n), c.least)
			}
			if gap > Rate*40/1000 {
				t.Errorf("a gap of %v that nothing hides", samplesLast(float64(gap)))
			}
			if s.Delay > c.delay {
				t.Errorf("delay %v, want at most %v", s.Delay, c.delay)
			}
		})
	}
}

// TestDrift: five minutes with sound cards that are 0.3 % apart.
func TestDrift(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing in it crosses goroutines")
	}
	for _, c := range []struct {
		name string
		rate float64
		sp   uint32
	}{{"faster", 1.003, 4}, {"slower", 0.997, 4}, {"unmarked faster", 1.003, 0}, {"unmarked slower", 0.997, 0}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(rough(7, 0, 0, 10*time.Millisecond))
			w.join(&tape{in: speech(4, 320), rate: c.rate}, Config{Speaker: c.sp, First: 1})
			b := w.join(&tape{}, Config{Speaker: 2})
			low, high := time.Hour, time.Duration(0)
			for range 300 {
				w.run(time.Second)
				if d := b.Stats().Delay; w.now.Unix() > 1_800_000_005 {
					low, high = min(low, d), max(high, d)
				}
			}
			report(t, b)
			t.Logf("delay %v to %v; the drift was learnt as %.2f %%", low.Round(time.Millisecond), high.Round(time.Millisecond), 100*b.streams[0].drift)
			if high > 150*time.Millisecond || low < 20*time.Millisecond {
				t.Errorf("delay %v to %v", low, high)
			}
			if s := b.Stats(); s.ConcealedShare() > 0.005 {
				t.Errorf("%.2f %% was made up", 100*s.ConcealedShare())
			}
		})
	}
}

// TestGroup: three people talk at once, and each hears the two others and not
// themselves.
func TestGroup(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing in it crosses goroutines")
	}
	w := newWorld(straight)
	var voices [3][]int16
	var people [3]*person
	for i := range voices {
		voices[i] = speech(uint64(10+i), 10)
		people[i] = w.join(&tape{in: voices[i], out: make([]int16, 0, 11*Rate)}, Config{Speaker: uint32(100 + i), First: uint16(i * 30000)})
	}
	w.run(11 * time.Second)
	for i, p := range people {
		if n := p.Stats().Speakers; n != 2 {
			t.Errorf("%d hears %d people, want 2", i, n)
		}
		for k, v := range voices {
			// A second of the voice, in what is heard of it at that time.
			corr, _ := alike(v[4*Rate:8*Rate], p.out[4*Rate:], Rate/4)
			t.Logf("%d in what %d hears: %.3f", k, i, corr)
			if i == k && corr > 0.25 {
				t.Errorf("%d hears itself: correlation %.3f", i, corr)
			}
			if i != k && corr < 0.4 {
				t.Errorf("%d does not hear %d: correlation %.3f", i, k, corr)
			}
		}
	}
	// The two others together are all that is heard; one of them is a few
	// samples later than the other.
	_, one := alike(voices[1][4*Rate:8*Rate], people[0].out[4*Rate:], Rate/4)
	_, two := alike(voices[2][4*Rate:8*Rate], people[0].out[4*Rate:], Rate/4)
	var both []int16
	for i := 4 * Rate; i < 8*Rate; i++ {
		both = append(both, saturate(int32(voices[1][i-one])+int32(voices[2][i-two])))
	}
	if corr, _ := alike(both, people[0].out[4*Rate:], 0); corr < 0.99 {
		t.Errorf("what is heard is not the sum of the others: correlation %.3f", corr)
	}
}

// TestOneAfterTheOther: two voices that do not overlap come out as they went in.
func TestOneAfterTheOther(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing in it crosses goroutines")
	}
	w := newWorld(straight)
	first, second := speech(20, 4), append(make([]int16, 5*Rate), speech(21, 4)...)
	w.join(&tape{in: first}, Config{Speaker: 1})
	w.join(&tape{in: second}, Config{Speaker: 2})
	c := w.join(&tape{out: make([]int16, 0, 10*Rate)}, Config{Speaker: 3})
	w.run(10 * time.Second)
	for i, want := range [][]int16{first, second[5*Rate:]} {
		corr, _ := alike(want, c.out[i*5*Rate:], Rate/4)
		if corr < 0.99 {
			t.Errorf("voice %d: correlation %.4f", i, corr)
		}
	}
}

// TestOthers: datagrams of other programs, of other lengths, come out as they
// went in.
func TestOthers(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing in it crosses goroutines")
	}
	for _, c := range []struct {
		name    string
		samples int
		odd     bool
		delay   time.Duration
	}{{"1024 samples", 1024, false, 200 * time.Millisecond}, {"512", 512, false, 150 * time.Millisecond}, {"100, of odd length", 100, true, 100 * time.Millisecond}} {
		t.Run(c.name, func(t *testing.T) {
			call, d, step := listen(t, Config{Speaker: 1})
			in, at := speech(8, 10), 0
			start := time.Unix(1_800_000_000, 0)
			for i := range 500 {
				now := start.Add(time.Duration(i) * Step)
				for at+c.samples <= int(now.Sub(start)*Rate/time.Second) {
					p := encode(nil, in[at:at+c.samples])
					if c.odd {
						p = append(p, 77)
					}
					call.Heard(now, p)
					at += c.samples
				}
				step()
			}
			corr, shift := alike(in[Rate:8*Rate], d.out[Rate:], Rate/4)
			s := call.Stats()
			t.Logf("correlation %.4f behind by %v, delay %v", corr, samplesLast(float64(shift)), s.Delay)
			if corr < 0.99 || s.Concealed > 0 || s.Skipped > 0 || s.Delay > c.delay {
				t.Errorf("correlation %.4f, %+v", corr, s)
			}
		})
	}
}

// TestOutage: a network that stands still for half a second, and then brings
// all at once.
func TestOutage(t *testing.T) {
	w := newWorld(nil)
	var stuck time.Time
	w.fate = func(int, []byte) []time.Duration {
		d := 30 * time.Millisecond
		if since := w.now.Sub(stuck); since >= 0 && since < 500*time.Millisecond {
			d = 530*time.Millisecond - since
		}
		return []time.Duration{d}
	}
	stuck = w.now.Add(5 * time.Second)
	w.join(&tape{in: speech(5, 40)}, Config{Speaker: 4})
	b := w.join(&tape{}, Config{Speaker: 2})
	w.run(6 * time.Second)
	report(t, b)
	if d := b.Stats().Delay; d > 350*time.Millisecond {
		t.Errorf("delay %v after a stop of 0.5 s", d)
	}
	w.run(34 * time.Second)
	report(t, b)
	if d := b.Stats().Delay; d > 110*time.Millisecond {
		t.Errorf("delay %v half a minute later", d)
	}
}

// TestPauses: a sender that stops for seconds and goes on, with its numbers or
// anew, is heard at once.
func TestPauses(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing in it crosses goroutines")
	}
	for _, c := range []struct {
		name  string
		first uint16
		same  bool
		id    uint32
	}{{"goes on", 0, true, 5}, {"unmarked goes on", 0, true, 0}, {"anew, before", 100, false, 5}, {"anew, far", 40000, false, 5}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(straight)
			in := speech(6, 20)
			a := w.join(&tape{in: in}, Config{Speaker: c.id, First: 1000})
			b := w.join(&tape{out: make([]int16, 0, 20*Rate)}, Config{Speaker: 2})
			w.run(5 * time.Second)
			a.next = w.now.Add(3 * time.Second)
			if !c.same {
				a.Call = New(Config{Device: a.tape, Speaker: c.id, First: c.first})
			}
			a.tape.from = a.tape.from.Add(3 * time.Second) // its sound stops, too
			w.run(8 * time.Second)
			report(t, b)
			at := 5*Rate + Rate/2
			corr, shift := alike(in[at:at+3*Rate], b.out[at+3*Rate:], Rate/4)
			t.Logf("correlation %.4f behind by %v", corr, samplesLast(float64(shift)))
			if corr < 0.95 {
				t.Errorf("correlation %.4f after the pause", corr)
			}
			if s := b.Stats(); s.Lost != 0 || s.Missing != 0 {
				t.Errorf("%d pieces lost, %d samples missing: nothing was lost", s.Lost, s.Missing)
			}
		})
	}
}

// TestWrap: numbers begin again after 65534, also while pieces are lost.
func TestWrap(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing in it crosses goroutines")
	}
	var s stream
	s.reset(1, newSincTable())
	now := time.Unix(1_800_000_000, 0)
	piece := make([]int16, 205)
	for i := range numbers * 6 / 5 {
		now = now.Add(Step)
		if i%10 == 7 {
			continue
		}
		n := (i + 65000) % numbers
		s.marked(now, uint16(n), piece[:pieceLen(int64(n))])
		s.play(piece[:pieceLen(int64(n))])
	}
	if s.Strange != 0 || s.Repeated != 0 || s.Late != 0 || math.Abs(s.LostShare()-0.1) > 1e-4 {
		t.Errorf("%+v, lost %.4f, want 0.1 lost and nothing else", s.StreamStats, s.LostShare())
	}
}
