package voice

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestUnharmed: over a network that loses nothing the output is the input.
func TestUnharmed(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing in it crosses goroutines")
	}
	for _, c := range []struct {
		name    string
		speaker uint32
	}{{"marked", 17}, {"unmarked", 0}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(straight)
			in := speech(1, 10)
			w.join(&tape{in: in}, Config{Speaker: c.speaker, First: 65000})
			b := w.join(&tape{out: make([]int16, 0, 11*Rate)}, Config{Speaker: 2})
			w.run(11 * time.Second)
			report(t, b)
			got, shift := alike(in, b.out, Rate/2)
			t.Logf("correlation %.5f behind by %v", got, samplesLast(float64(shift)))
			if got < 0.99 {
				t.Errorf("correlation %.4f, want 0.99", got)
			}
			if s := b.Stats(); s.Concealed != 0 || s.Lost != 0 {
				t.Errorf("made up %d samples of nothing lost", s.Concealed)
			}
			if shift > Rate*150/1000 {
				t.Errorf("behind by %d samples", shift)
			}
		})
	}
}

// tone is n samples of a sine of half of full scale.
func tone(hertz float64, n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(16000 * math.Sin(2*math.Pi*hertz*float64(i)/Rate))
	}
	return out
}

// listen makes a Call whose sound is kept, and lets a step of time go by.
func listen(t *testing.T, c Config) (call *Call, d *tape, step func() [][]byte) {
	t.Helper()
	if c.Device == nil {
		c.Device = &tape{out: make([]int16, 0, 20*Rate)}
	}
	d = c.Device.(*tape)
	call = New(c)
	now := time.Unix(1_800_000_000, 0)
	return call, d, func() (sent [][]byte) {
		next := call.Tick(now, func(p []byte) { sent = append(sent, append([]byte(nil), p...)) })
		if next.Sub(now) != Step {
			t.Errorf("the next Tick is wanted in %v", next.Sub(now))
		}
		now = next
		return sent
	}
}

// TestPieces: 50 pieces a second, five of 1024 samples, none above 410 bytes,
// with and without marks, from a microphone, a muted one and a dead one.
func TestPieces(t *testing.T) {
	for _, c := range []struct {
		name    string
		speaker uint32
		muted   bool
		stopped bool
	}{{"marked", 7, false, false}, {"unmarked", 0, false, false}, {"muted", 7, true, false}, {"muted and unmarked", 0, true, false}, {"dead", 7, false, true}} {
		t.Run(c.name, func(t *testing.T) {
			call, _, step := listen(t, Config{Speaker: c.speaker, First: 65533, Device: &tape{in: tone(440, 20*Rate), stopped: c.stopped}})
			call.Mute(c.muted)
			pieces, bytes, number := 0, 0, 65533
			for range 501 {
				for _, p := range step() {
					m, ok := readMark(p, new([410]byte))
					if ok != (c.speaker != 0) || ok && (m.speaker != c.speaker || int(m.number) != number) {
						t.Fatalf("mark %+v %v, want number %d", m, ok, number)
					}
					number = (number + 1) % numbers
					if pieces, bytes = pieces+1, bytes+len(p); len(p) != 408 && len(p) != 410 {
						t.Fatalf("a piece of %d bytes", len(p))
					}
					var buf [205]int16
					for _, v := range decode(buf[:], p) {
						if (c.muted || c.stopped) && v != 0 && (v != 1 || c.speaker == 0) {
							t.Fatalf("silence has a sample of %d", v)
						}
					}
				}
			}
			if want := 500; pieces < want-6 || pieces > want || !c.stopped && bytes != 10*2*Rate {
				t.Errorf("10 s were %d pieces and %d bytes", pieces, bytes)
			}
		})
	}
}

// TestMark: what is written is read, is only in the lowest bits, and nothing
// that was changed passes.
func TestMark(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		m := mark{r.Uint32() | 1, uint16(r.IntN(numbers))}
		plain := make([]byte, 2*pieceLen(int64(m.number)))
		for i := range plain {
			plain[i] = byte(r.Uint32())
		}
		p := append([]byte(nil), plain...)
		m.write(p)
		if got, ok := readMark(p, new([410]byte)); !ok || got != m {
			t.Fatalf("wrote %+v, read %+v %v", m, got, ok)
		}
		for i := range p {
			if d := p[i] ^ plain[i]; d != 0 && (d != 1 || i%2 != 0 || i >= 2*markLen) {
				t.Fatalf("byte %d was %02x and is %02x", i, plain[i], p[i])
			}
		}
		p[r.IntN(len(p))] ^= 1 << r.IntN(8)
		if _, ok := readMark(p, new([410]byte)); ok {
			t.Fatal("a changed piece passed")
		}
	}
	for _, v := range []byte{0, 1, 0x7f, 0x80, 0xfe, 0xff} {
		for n := range MaxPayload + 1 {
			p := make([]byte, n)
			for i := range p {
				p[i] = v
			}
			if _, ok := readMark(p, new([410]byte)); ok {
				t.Fatalf("%d bytes of %02x passed", n, v)
			}
		}
	}
}

// TestMarkExample: the values of docs/dialects/dtu.md, "Payload".
func TestMarkExample(t *testing.T) {
	m := mark{SpeakerID("400956614016195", "Will"), 1}
	p := make([]byte, 410)
	m.write(p)
	if check := bits(p, 48, 32); m.speaker != 0x2ead9f74 || check != 0x50b02b5b {
		t.Errorf("speaker %08x, check %08x", m.speaker, check)
	}
}

// TestPlaces: pieces lie side by side.
func TestPlaces(t *testing.T) {
	for n := range int64(3 * numbers) {
		if got := pieceAt(n) + int64(pieceLen(n)); got != pieceAt(n+1) {
			t.Fatalf("piece %d ends at %d, the next begins at %d", n, got, pieceAt(n+1))
		}
		if pieceLen(n) != pieceLen(n%numbers) {
			t.Fatalf("piece %d is as long as %d is not", n, n%numbers)
		}
	}
}

func TestSpeakerID(t *testing.T) {
	if SpeakerID("400956614016195", "Will") != SpeakerID("400956614016195", "wILL") {
		t.Error("case makes a difference")
	}
	seen := map[uint32]string{}
	for i := range 1000 {
		key, nick := fmt.Sprint(i%10), fmt.Sprint("n", i)
		id := SpeakerID(key, nick)
		if id == 0 || seen[id] != "" {
			t.Errorf("%s in %s is %d, which is %q", nick, key, id, seen[id])
		}
		seen[id] = nick
	}
}

// TestVolume: 50 % is 6 dB less, 0 nothing, and too loud is cut off.
func TestVolume(t *testing.T) {
	for _, c := range []struct {
		percent int
		peak    int16
	}{{100, 16000}, {50, 8000}, {0, 0}, {-5, 0}, {200, 32000}, {400, 32767}, {1 << 30, 32767}} {
		call, d, step := listen(t, Config{Speaker: 1})
		call.Volume(c.percent)
		in, number := tone(440, 2*Rate), int64(0)
		for range 60 {
			p := encode(nil, in[pieceAt(number):pieceAt(number+1)])
			mark{9, uint16(number)}.write(p)
			call.Heard(time.Unix(1_800_000_000, 0).Add(time.Duration(number)*Step), p)
			number++
			step()
		}
		peak := int16(0)
		for _, v := range d.out {
			peak = max(peak, v)
		}
		if peak < c.peak-100 || peak > min(c.peak, 32667)+100 {
			t.Errorf("%d %%: peak %d, want %d", c.percent, peak, c.peak)
		}
	}
}

// TestSpeaking: who speaks is said soon, and not with every breath.
func TestSpeaking(t *testing.T) {
	w := newWorld(straight)
	in := append(append(make([]int16, Rate), tone(300, Rate)...), make([]int16, 2*Rate)...)
	a := w.join(&tape{in: in}, Config{Speaker: 77})
	b := w.join(&tape{}, Config{Speaker: 2})
	var mine, theirs []bool
	for range 40 {
		w.run(100 * time.Millisecond)
		_, own := a.Level()
		mine = append(mine, own)
		all := b.Speakers(nil)
		theirs = append(theirs, len(all) == 1 && all[0].ID == 77 && all[0].Speaking)
	}
	for i, want := range map[int]bool{8: false, 12: true, 19: true, 22: true, 27: false, 39: false} {
		if mine[i] != want || theirs[i] != want {
			t.Errorf("after %d ms: we speak %v, they hear us speak %v, want %v", 100*(i+1), mine[i], theirs[i], want)
		}
	}
}

// TestOwn: what comes back is not heard.
func TestOwn(t *testing.T) {
	call, d, step := listen(t, Config{Speaker: 5, Device: &tape{in: tone(440, Rate), out: make([]int16, 0, Rate)}})
	now := time.Unix(1_800_000_000, 0)
	for range 40 {
		for _, p := range step() {
			call.Heard(now, p)
		}
		now = now.Add(Step)
	}
	if s := call.Stats(); s.Own == 0 || s.Own != s.Sent || s.Speakers != 0 || s.Played != 0 {
		t.Errorf("%+v", s)
	}
	for _, v := range d.out {
		if v != 0 {
			t.Fatal("we hear ourselves")
		}
	}
}

// TestCrowd: too many speakers are not heard, and cost nothing; when one has
// gone there is room.
func TestCrowd(t *testing.T) {
	call, _, step := listen(t, Config{Speaker: 5})
	now := time.Unix(1_800_000_000, 0)
	say := func(id uint32, number uint16) {
		p := make([]byte, 2*pieceLen(int64(number)))
		mark{id, number}.write(p)
		call.Heard(now, p)
	}
	for id := range uint32(1000) {
		say(1000+id, 0)
	}
	if s := call.Stats(); s.Speakers != MaxSpeakers || s.Crowded != 1000-MaxSpeakers {
		t.Errorf("%d speakers, %d payloads of others", s.Speakers, s.Crowded)
	}
	for range 600 {
		step()
		now = now.Add(Step)
	}
	if s := call.Stats(); s.Speakers != 0 || s.Received != MaxSpeakers {
		t.Errorf("%d speakers of %d pieces after 12 s of silence", s.Speakers, s.Received)
	}
	say(1, 0)
	if s := call.Stats(); s.Speakers != 1 {
		t.Errorf("%d speakers", s.Speakers)
	}
}

// TestDeaf: a device that takes nothing lets nothing pile up.
func TestDeaf(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing in it crosses goroutines")
	}
	w := newWorld(straight)
	w.join(&tape{in: speech(1, 60)}, Config{Speaker: 1})
	b := w.join(&tape{deaf: true}, Config{Speaker: 2})
	w.run(time.Minute)
	s := b.streams[0]
	if s.end-s.head > maxDelay+burst+1024 {
		t.Errorf("%d samples wait", s.end-s.head)
	}
}

// FuzzHeard: no payload, at whatever time, is a panic or lets anything grow.
func FuzzHeard(f *testing.F) {
	good := make([]byte, 410)
	mark{3, 1}.write(good)
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, []byte{1, 2, 3})
	f.Add(good, []byte{200, 0, 0, 255, 255, 128, 7})
	f.Add(make([]byte, 2048), []byte{0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, sound, plan []byte) {
		call := New(Config{Speaker: 1})
		now := time.Unix(1_800_000_000, 0)
		var sent []byte
		for i, b := range plan[:min(len(plan), 300)] {
			switch b % 8 {
			case 0, 1: // bytes as they are, of some length
				n := min(len(sound), int(b)*9)
				call.Heard(now, sound[:n])
			case 2, 3, 4: // with a right mark: any number, or the next ones
				number := uint16(int(b)*257+i) % numbers
				if b%8 == 2 {
					number = uint16(i)
				}
				p := make([]byte, 2*pieceLen(int64(number)))
				copy(p, sound)
				mark{1 + uint32(b/64), number}.write(p)
				call.Heard(now, p)
			case 5:
				now = now.Add(time.Duration(b) * time.Millisecond)
			case 6:
				now = now.Add(time.Duration(int8(b)) * time.Second) // clocks go back, too
			}
			call.Tick(now, func(p []byte) { sent = append(sent[:0], p...) })
		}
		s := call.Stats()
		if s.Speakers > MaxSpeakers || s.Delay < 0 || s.Concealed > s.Played || s.Lost < 0 || s.Lost > s.Expected {
			t.Errorf("%+v", s)
		}
		for _, st := range call.streams {
			if st.end-st.head > ringLen {
				t.Errorf("%d samples wait", st.end-st.head)
			}
		}
	})
}

// talk is a Call that hears two others through some loss, step by step.
func talk() (step func()) {
	call := New(Config{Device: &tape{in: speech(1, 3)}, Speaker: 1})
	now, number := time.Unix(1_800_000_000, 0), 0
	voice := speech(2, 3)
	p := make([]byte, 0, 410)
	send := func([]byte) {}
	return func() {
		now = now.Add(Step)
		for id := range uint32(2) {
			if number%20 == int(id) {
				continue
			}
			at := pieceAt(int64(number % 100))
			p = encode(p[:0], voice[at:at+int64(pieceLen(int64(number)))])
			mark{10 + id, uint16(number)}.write(p)
			call.Heard(now, p)
		}
		number = (number + 1) % numbers
		call.Tick(now, send)
	}
}

// TestNoAllocations: 20 ms of a call with two others allocate nothing.
func TestNoAllocations(t *testing.T) {
	step := talk()
	for range 200 {
		step()
	}
	if n := testing.AllocsPerRun(500, step); n != 0 {
		t.Errorf("%v allocations for 20 ms", n)
	}
}

// BenchmarkStep is 20 ms of a call with two others and 5 % loss.
func BenchmarkStep(b *testing.B) {
	step := talk()
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
}
