package pulse

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"mim/chat/voice"
	"mim/scripts/voicetest"
)

// server runs a pulseaudio of this test's own, with a sink that nobody hears:
// what it is given to play can be recorded.
func server(t *testing.T) (path string, process *os.Process) {
	t.Helper()
	return voicetest.PulseAudio(t, "module-null-sink sink_name=nobody rate=48000")
}

// run calls f each Step, by the machine's clock, as a sound card has one.
func run(steps int, f func(now time.Time)) {
	tick := time.NewTicker(voice.Step)
	defer tick.Stop()
	for range steps {
		f(<-tick.C)
	}
}

// warm waits until the server's sink has begun to run: one without hardware
// works off two seconds first.
func warm(t *testing.T, d *Device) {
	t.Helper()
	buf := make([]int16, 4096)
	for range 500 {
		n := 0
		run(1, func(now time.Time) {
			n = d.Capture(now, buf)
			clear(buf)
			d.Play(now, buf[:min(d.Wants(now), len(buf))])
		})
		if n > 0 {
			return
		}
	}
	t.Fatal("nothing was recorded in 10 s")
}

// quiet waits until no more goroutines run than before.
func quiet(t *testing.T, before int) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 400 {
		if runtime.NumGoroutine() <= before {
			return
		}
		<-tick.C
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

// TestLoop plays a tone on a sink that nobody hears, and records it from there.
func TestLoop(t *testing.T) {
	path, _ := server(t)
	before := runtime.NumGoroutine()
	d, err := Open(Options{Server: path, Source: "nobody.monitor", Sink: "nobody"})
	if err != nil {
		t.Fatal(err)
	}
	const hertz, amplitude = 440.0, 10000.0
	warm(t, d)
	var heard []int16
	played := 0
	buf := make([]int16, 4096)
	run(125, func(now time.Time) {
		for n := d.Capture(now, buf); n > 0; n = d.Capture(now, buf) {
			heard = append(heard, buf[:n]...)
		}
		n := min(d.Wants(now), len(buf))
		for i := range n {
			buf[i] = int16(amplitude * math.Sin(2*math.Pi*hertz*float64(played+i)/voice.Rate))
		}
		d.Play(now, buf[:n])
		played += n
	})
	in, out := d.Latency()
	if err := d.Err(); err != nil {
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	d.Close()
	if n := d.Capture(time.Now(), buf) + d.Wants(time.Now()); n != 0 {
		t.Errorf("a closed device has %d samples", n)
	}
	quiet(t, before)
	t.Logf("in 2.5 s %d samples were played and %d recorded at %d; latency in %v, out %v", played, len(heard), d.rate, in.Round(time.Millisecond), out.Round(time.Millisecond))
	if len(heard) < voice.Rate || played < voice.Rate {
		t.Fatal("that is too little")
	}
	// Where the machine is busy the server drops pieces of it, and the tone goes on
	// elsewhere in its period: 200 ms without that are enough.
	best := 0.0
	const span = voice.Rate / 5
	for at := 0; at+span <= len(heard); at += span / 8 {
		var re, im, all float64
		for i, v := range heard[at : at+span] {
			a := 2 * math.Pi * hertz * float64(i) / voice.Rate
			re, im, all = re+float64(v)*math.Cos(a), im+float64(v)*math.Sin(a), all+float64(v)*float64(v)
		}
		best = max(best, (re*re+im*im)*2/span/(all+1))
	}
	peak := int16(0)
	for _, v := range heard {
		peak = max(peak, v)
	}
	t.Logf("the tone is %.3f of the best 200 ms of what was heard, its peak %d", best, peak)
	if best < 0.9 || math.Abs(float64(peak)-amplitude) > 1500 {
		t.Errorf("a tone of %.0f was played, %.2f of what was heard is it, with a peak of %d", amplitude, best, peak)
	}
	if in <= 0 || out <= 0 {
		t.Errorf("latency %v and %v", in, out)
	}
}

// TestCall: two people talk by way of a sound server, and one hears the other.
func TestCall(t *testing.T) {
	path, _ := server(t)
	d, err := Open(Options{Server: path, Source: "nobody.monitor", Sink: "nobody", Title: "a call"})
	if err != nil {
		t.Fatal(err)
	}
	warm(t, d)
	here := voice.New(voice.Config{Device: d, Speaker: 1})
	there := voice.New(voice.Config{Speaker: 2})
	defer here.Close()
	run(100, func(now time.Time) {
		here.Tick(now, func(p []byte) { there.Heard(now, p) })
		there.Tick(now, func(p []byte) { here.Heard(now, p) })
	})
	for who, c := range map[string]*voice.Call{"here": here, "there": there} {
		s := c.Stats()
		t.Logf("%s: sent %d, received %d, lost %d, made up %.3f, delay %v", who, s.Sent, s.Received, s.Lost, s.ConcealedShare(), s.Delay.Round(time.Millisecond))
		if s.Received < 60 || s.Lost > 0 {
			t.Errorf("%s received %d pieces in 2 s and lost %d", who, s.Received, s.Lost)
		}
	}
	if err := here.Err(); err != nil {
		t.Error(err)
	}
}

// TestServerDies: the device says so, is silent, and can be closed.
func TestServerDies(t *testing.T) {
	path, process := server(t)
	before := runtime.NumGoroutine()
	d, err := Open(Options{Server: path})
	if err != nil {
		t.Fatal(err)
	}
	c := voice.New(voice.Config{Device: d, Speaker: 1})
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	sent := 0
	for range 200 {
		if c.Err() != nil && sent > 0 {
			break
		}
		run(1, func(now time.Time) { c.Tick(now, func([]byte) { sent++ }) })
	}
	if err := c.Err(); err == nil || !strings.Contains(err.Error(), "the sound server is gone") {
		t.Errorf("error %v", err)
	}
	if sent == 0 {
		t.Error("no silence was sent")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	quiet(t, before)
}

// TestNoDevice: a name that the server does not know is a sentence.
func TestNoDevice(t *testing.T) {
	path, _ := server(t)
	before := runtime.NumGoroutine()
	for _, o := range []Options{{Server: path, Source: "no.such"}, {Server: path, Sink: "no.such"}} {
		d, err := Open(o)
		if err == nil {
			d.Close()
		}
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", "no.such")) {
			t.Errorf("%+v: error %v", o, err)
		}
	}
	quiet(t, before)
}
