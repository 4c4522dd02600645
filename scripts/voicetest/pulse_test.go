package voicetest

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A room has the microphones and the loudspeakers of two people, and a recorder
// that hears all four: they are the channels of one sink that nobody hears, so
// that what one said and what the other heard is of the same clock.
type room struct {
	server   string
	recorded string // four channels, Rate, 16 bits, without a header
}

// channels are where each is on the sink.
var channels = []struct{ name, place string }{
	{"alice_says", "front-left"}, {"alice_hears", "front-right"},
	{"bob_says", "rear-left"}, {"bob_hears", "rear-right"},
}

func newRoom(t *testing.T) room {
	t.Helper()
	modules := []string{"module-null-sink sink_name=room rate=48000 channels=4 channel_map=front-left,front-right,rear-left,rear-right"}
	for _, c := range channels {
		modules = append(modules, "module-remap-sink sink_name="+c.name+" master=room channels=1 remix=no channel_map=mono master_channel_map="+c.place)
	}
	socket, _ := PulseAudio(t, modules...)
	r := room{"unix:" + socket, filepath.Join(t.TempDir(), "room.raw")}
	r.runs(t, "parec", "--device=room.monitor", "--latency-msec=20", "--channels=4", "--channel-map=front-left,front-right,rear-left,rear-right",
		"--rate=10240", "--format=s16le", "--raw", r.recorded)
	grown(t, r.recorded, 1) // a sink without hardware works off two seconds first
	return r
}

// runs starts a program of the sound server until the end of the test.
func (r room) runs(t *testing.T, program string, args ...string) {
	t.Helper()
	c := exec.Command(program, args...)
	c.Env = append(os.Environ(), "PULSE_SERVER="+r.server)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill() // may have ended
		c.Wait()
	})
}

// hears gives what a channel has carried so far.
func (r room) hears(t *testing.T, channel int) (samples []int16) {
	t.Helper()
	all, err := os.ReadFile(r.recorded)
	if err != nil {
		t.Fatal(err)
	}
	for i := 2 * channel; i+1 < len(all); i += 2 * len(channels) {
		samples = append(samples, int16(binary.LittleEndian.Uint16(all[i:])))
	}
	return samples
}

// Two real messengers with a sound server's microphones and loudspeakers: what
// is played into one's microphone comes out of the other's loudspeaker.
func TestCallPulse(t *testing.T) {
	if testing.Short() {
		t.Skip("speech takes its time")
	}
	for _, program := range []string{"parec", "pacat"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not installed: scripts/test installs it")
		}
	}
	mim := build(t)
	r := newRoom(t)
	s := serve(t, mim)
	join := func(name string) *program {
		return s.joinBy(t, mim, name, []string{"PULSE_SERVER=" + r.server,
			"PULSE_SOURCE=" + name + "_says.monitor", "PULSE_SINK=" + name + "_hears"})
	}
	a, b := join("alice"), join("bob")
	calls(a, b)
	b.isHeard()
	began := map[string]int{"alice": a.stats().stalls, "bob": b.stats().stalls} // devices may begin late

	long := 6 * Rate
	for i, name := range []string{"alice", "bob"} {
		file := filepath.Join(t.TempDir(), name+".wav")
		if err := WriteFile(file, Rate, Speech(uint64(i+1), long)); err != nil {
			t.Fatal(err)
		}
		r.runs(t, "paplay", "--device="+name+"_says", file)
	}
	info, err := os.Stat(r.recorded)
	if err != nil {
		t.Fatal(err)
	}
	grown(t, r.recorded, int(info.Size())+2*len(channels)*(long+3*Rate)) // the players have two seconds of their own
	atAlice, atBob := a.stats(), b.stats()
	a.types("/hangup")
	a.see("event", "call", "state", "ended")
	b.see("event", "call", "state", "ended")
	a.quits()
	b.quits()

	atBob.Hearing = Follow(r.hears(t, 0), r.hears(t, 3), Rate/2)
	atAlice.Hearing = Follow(r.hears(t, 2), r.hears(t, 1), Rate/2)
	for who, h := range map[string]heard{"alice": atAlice, "bob": atBob} {
		t.Logf("%s hears: %v", who, h)
		h.stalls -= began[who]
		h.check(t, who, 0.9)
		checkDelay(t, h.Delay, h.disturbed())
	}
	if self := Follow(r.hears(t, 0), r.hears(t, 1), Rate/2); self.Typical > 0.5 {
		t.Errorf("alice hears herself: %v", self)
	}
}
