package join

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/chat/client"
	"mim/chat/voice"
	"mim/chat/voice/wav"
	"mim/loop/sim"
	"mim/scripts/voicetest"
)

// A phone is somebody who speaks from a file, and writes what they hear.
type phone struct {
	*user
	said   []int16
	out    string
	opened time.Time
	rate   float64 // of the device's clock; 0: it is right
}

// phones starts messengers with files, each with a voice of its own.
func (x *exchange) phones(seconds int, names ...string) (all []*phone) {
	x.Helper()
	if raceEnabled { // to compare sound takes long then
		seconds = min(seconds, 2)
	}
	dir := x.TB.TempDir()
	for i, name := range names {
		p := &phone{said: voicetest.Speech(uint64(i+1), seconds*voicetest.Rate), out: filepath.Join(dir, name+"-out.wav")}
		in := filepath.Join(dir, name+".wav")
		if err := voicetest.WriteFile(in, voicetest.Rate, p.said); err != nil {
			x.Fatal(err)
		}
		p.user = x.enter(name, func(cfg *Config) {
			cfg.Device = func(done func(voice.Device, error)) {
				p.opened = x.Now()
				d, err := wav.Open(in, p.out)
				switch {
				case err != nil:
					done(nil, err)
				case p.rate != 0:
					done(&skewed{Device: d, rate: p.rate}, nil)
				default:
					done(d, nil)
				}
			}
		})
		all = append(all, p)
	}
	x.forget()
	return all
}

// hearing is how well p, whose call is over, heard what from said, and how
// long that took.
func (p *phone) hearing(from *phone) (correlation float64, delay time.Duration) {
	p.Helper()
	heard, rate, err := voicetest.ReadFile(p.out)
	if err != nil || rate != voicetest.Rate {
		p.Fatalf("rate %d, %v", rate, err)
	}
	m := voicetest.Align(from.said, heard, 2*voicetest.Rate/5)
	lag := time.Duration(m.Lag) * time.Second / voicetest.Rate
	return m.Correlation, lag + p.opened.Sub(from.opened)
}

// Two in a call hear each other: all of it, soon.
func TestVoice(t *testing.T) {
	for _, c := range []struct {
		what   string
		faults sim.Faults
		least  float64
		most   time.Duration
	}{
		{"nearby", sim.Faults{Delay: time.Millisecond}, 0.98, 150 * time.Millisecond},
		{"far, and unsteady", sim.Faults{Delay: 40 * time.Millisecond, Jitter: 20 * time.Millisecond, Repeat: 0.02}, 0.9, 400 * time.Millisecond},
	} {
		t.Run(c.what, func(t *testing.T) {
			x := newExchange(t, 1, c.faults)
			p := x.phones(4, "alice", "bob")
			alice, bob := p[0], p[1]
			alice.types("/call bob")
			x.Run(time.Second)
			bob.types("/answer alice")
			x.Run(6 * time.Second)
			alice.types("/stats")
			x.Run(time.Second)
			alice.types("/hangup")
			x.Run(time.Second)
			for _, u := range p {
				from := p[0]
				if u == p[0] {
					from = p[1]
				}
				got, delay := u.hearing(from)
				t.Logf("%s hears %s: correlation %.4f, delay %v", u.name, from.name, got, delay)
				if got < c.least || delay <= c.faults.Delay || delay > c.most {
					t.Errorf("%s hears %s: correlation %.4f, want %.2f; delay %v, want at most %v", u.name, from.name, got, c.least, delay, c.most)
				}
				u.silent()
			}
			for _, v := range alice.views[alice.seen:] {
				if v.Event == client.Notice {
					t.Log(v.Text)
				}
			}
		})
	}
}

// Three in the call of a room: each hears the two others, and not themselves.
// Who has not answered hears nothing.
func TestVoiceOfRoom(t *testing.T) {
	x := newExchange(t, 1, lan)
	p := x.phones(3, "alice", "bob", "carol", "dave")
	p[0].types("/call #lobby")
	x.Run(time.Second)
	p[1].types("/answer alice")
	p[2].types("/answer alice")
	x.Run(8 * time.Second)
	for _, u := range p[:3] {
		u.types("/hangup")
	}
	x.Run(time.Second)
	for _, u := range p[:3] {
		for _, from := range p[:3] {
			got, _ := u.hearing(from)
			t.Logf("%s hears %s: correlation %.3f", u.name, from.name, got)
			if (got > 0.5) != (u != from) {
				t.Errorf("%s hears %s: correlation %.3f", u.name, from.name, got)
			}
		}
	}
	if !p[3].opened.IsZero() {
		t.Error("who did not answer has opened a device")
	}
}

// A screen is told who speaks, by name.
func TestLevels(t *testing.T) {
	x := newExchange(t, 1, lan)
	p := x.phones(3, "alice", "bob", "carol")
	var levels []client.View
	screen := x.enter("Dave", func(cfg *Config) {
		cfg.Screen = true
		show := cfg.Show
		cfg.Show = func(v client.View) {
			if v.Event == client.Voices {
				levels = append(levels, v)
			}
			show(v)
		}
	})
	screen.types("/call #lobby")
	x.Run(time.Second)
	for _, u := range p {
		u.types("/answer dave")
	}
	x.Run(2 * time.Second)
	screen.types("/mute")
	x.Run(time.Second)
	if len(levels) == 0 {
		t.Fatal("nothing is told")
	}
	spoke := map[string]bool{}
	for _, v := range levels {
		if v.Room != "#lobby" || v.Voices[0].Name != "Dave" || v.Voices[0].Speaking {
			t.Fatalf("%+v", v)
		}
		for _, o := range v.Voices[1:] {
			spoke[o.Name] = spoke[o.Name] || o.Speaking
		}
	}
	if !spoke["alice"] || !spoke["bob"] || !spoke["carol"] || len(spoke) != 3 {
		t.Errorf("they speak: %v", spoke)
	}
	if last := levels[len(levels)-1]; !last.Voices[0].Muted {
		t.Error("muted is not shown")
	}
	if n := len(levels); n > 5*4 {
		t.Errorf("%d in 3 s", n)
	}
	for _, v := range p[0].views {
		if v.Event == client.Voices {
			t.Fatal("lines are told of levels")
		}
	}
}

// muted and volume: what is heard while they hold.
func TestMuteAndVolume(t *testing.T) {
	x := newExchange(t, 1, lan)
	p := x.phones(4, "alice", "bob")
	alice, bob := p[0], p[1]
	bob.types("/volume 25")
	alice.types("/call bob")
	x.Run(time.Second)
	bob.types("/answer alice")
	x.Run(2 * time.Second)
	bob.types("/mute")
	x.Run(3 * time.Second)
	alice.types("/hangup")
	x.Run(time.Second)
	if got, _ := bob.hearing(alice); got < 0.95 {
		t.Errorf("bob hears %.3f", got)
	}
	soft, _, _ := voicetest.ReadFile(bob.out)
	if loud := slices.Max(soft); loud < slices.Max(alice.said)/5 || loud > slices.Max(alice.said)/3 {
		t.Errorf("the loudest is %d of %d", loud, slices.Max(alice.said))
	}
	cut, _, _ := voicetest.ReadFile(alice.out)
	if behind := cut[len(cut)/2+voicetest.Rate/2:]; slices.Max(behind) > 2 || slices.Min(behind) < -2 {
		t.Errorf("bob is heard: %d to %d", slices.Min(behind), slices.Max(behind))
	}
	if before := cut[:len(cut)/4]; slices.Max(before) < 100 {
		t.Error("bob was not heard before")
	}
}

// An outsider's datagrams, and such as are no voice, are not heard. A server that
// is silent on its voice port is told of, once.
func TestStrangeDatagrams(t *testing.T) {
	x := newExchange(t, 1, lan)
	p := x.phones(3, "alice", "bob")
	alice := p[0]
	key := x.key + 1
	eve := &stranger{}
	h := x.Host(alice.host.Addr(), eve, alice.mode.Doors()...) // a program on the same machine
	alice.types("/call bob")
	x.Run(time.Second)
	p[1].types("/answer alice")
	x.Run(time.Second)
	before := alice.mode.talk.sound.Stats()
	for range 100 {
		h.SendTo(0, alice.host.Local(0), make([]byte, 410))
	}
	x.server.SendTo(1, alice.address(), fmt.Appendf(nil, "TALKSESSION: %d", key))
	x.server.SendTo(1, alice.address(), alice.mode.talk.badKey)
	x.Run(100 * time.Millisecond)
	if s := alice.mode.talk.sound.Stats(); s.Strange != before.Strange || s.Payloads-before.Payloads > 10 {
		t.Errorf("%d payloads, %d of them strange", s.Payloads-before.Payloads, s.Strange-before.Strange)
	}
	if !alice.mode.talk.again.IsZero() {
		t.Error("the key is sent still")
	}
}

// address is where somebody's socket for voice is.
func (u *user) address() netip.AddrPort {
	return netip.AddrPortFrom(u.host.Addr(), u.host.Local(0).Port())
}

func TestVoicePortSilent(t *testing.T) {
	x := newExchange(t, 1, lan)
	p := x.phones(1, "alice")
	bob := x.enter("bob", func(cfg *Config) { cfg.VoicePort = 9 })
	x.forget()
	p[0].types("/call bob")
	x.Run(time.Second)
	bob.types("/answer alice")
	x.Run(20 * time.Second)
	n := 0
	for _, v := range bob.views {
		if v.Event == client.Notice && strings.Contains(v.Text, "10.0.0.1:9") {
			n++
		}
	}
	if n != 1 {
		t.Errorf("told %d times", n)
	}
	if got := bob.calls(); got[len(got)-1] != "call alice accepted" {
		t.Errorf("%q", got)
	}
}

// oneTalk is a messenger in a call with one other, and 20 ms of it: what comes,
// what is due, what is sent.
func oneTalk(t testing.TB) (m *Mode, q *quiet, step func()) {
	q = &quiet{}
	m = New(Config{
		Dialect: withCalls(), Name: "alice", Server: "10.0.0.9:1", Retry: true, Device: null,
		Show: func(client.View) {}, Done: func(int) {},
	})
	m.Booted(q)
	m.client.ServerOpened(q.Now(), netip.MustParseAddr("10.0.0.1"))
	m.client.ServerEvent(q.Now(), chat.Both, &chat.Answer{To: &chat.Login{}})
	m.talk.server = netip.MustParseAddrPort("10.0.0.9:2")
	m.carryOut(m.client.ServerEvent(q.Now(), chat.Both, &chat.Call{State: chat.CallAsked, Who: &chat.Person{Name: "bob"}, Key: 1e14}))
	m.Line("/answer bob")
	if m.talk.sound == nil {
		t.Fatal("there is no sound")
	}
	now := q.Now()
	// What bob sends is made by a messenger like his, and comes again and again.
	said := voicetest.Speech(2, 60*voice.Rate)
	var pieces [][]byte
	from := voice.New(voice.Config{Device: &speaker{said: said}, Speaker: speakerID(1e14, "bob")})
	for d := time.Duration(0); d < time.Minute; d += voice.Step {
		from.Tick(now.Add(d), func(p []byte) { pieces = append(pieces, slices.Clone(p)) })
	}
	at := 0
	return m, q, func() {
		now = now.Add(voice.Step)
		m.Datagram(m.talk.door, m.talk.server, pieces[at%len(pieces)])
		m.Tick(now)
		at++
	}
}

// A speaker is a device that says something and hears nothing.
type speaker struct {
	voice.Null
	said []int16
}

func (d *speaker) Capture(now time.Time, dst []int16) int {
	n := d.Null.Capture(now, dst)
	d.said = d.said[copy(dst[:n], d.said):]
	return n
}

// Twenty milliseconds of a call allocate nothing.
func TestTalkAllocs(t *testing.T) {
	m, q, step := oneTalk(t)
	sent := q.datagrams
	for range 100 { // its buffers grow
		step()
	}
	if n := testing.AllocsPerRun(1000, step); n > 0 {
		t.Errorf("%v allocations in 20 ms", n)
	}
	if n := q.datagrams - sent; n < 1000 {
		t.Errorf("%d datagrams were sent", n)
	}
	if s := m.talk.sound.Stats(); s.Payloads < 1000 || s.Received < 1000 || s.Own > 0 {
		t.Errorf("%d payloads were heard: %+v", s.Payloads, s)
	}
}

// BenchmarkTalk is 20 ms of a call in a messenger, without the kernel's part and
// the sound card's: ns/op, and what that is of a core.
func BenchmarkTalk(b *testing.B) {
	_, _, step := oneTalk(b)
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
	b.ReportMetric(100*b.Elapsed().Seconds()/float64(b.N)/voice.Step.Seconds(), "%/core")
}
