package join

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"mim/chat/client"
	"mim/chat/voice"
	"mim/codec"
	"mim/loop"
)

const (
	// bindEach is the time between two datagrams that bind our socket to a call,
	// until the server sends one back (dtu, Voice 3).
	bindEach = time.Second
	// unboundFor is how long the server may say nothing to that before the person
	// is told that nothing may be heard.
	unboundFor = 5 * time.Second
	// levelsEach is how often a screen is told who speaks.
	levelsEach = 200 * time.Millisecond
	// nameEach is how long a voice keeps its name, or has none.
	nameEach = 5 * time.Second
)

// A DeviceOpener opens what is heard and spoken by in a call. It is called on the
// loop and must not wait: done is called once, by any goroutine. Whoever gets
// the device closes it.
type DeviceOpener func(done func(voice.Device, error))

// A talk is the voice of a messenger: one socket, bound to one call at most,
// and the sound of that call.
//
//	            VoiceBind      VoiceOpen             the device      VoiceClose
//	key         0 -> key       0 or another -> key   -               0
//	opening     -              true                  false           false
//	sound       -              -                     not nil         nil
type talk struct {
	codec  codec.Voicing // nil: the dialect has no voice
	door   int
	server netip.AddrPort // where its voice is; not valid: not known
	volume int            // in percent

	key     uint64 // of the call that our socket is bound to; 0: none
	since   time.Time
	bind    []byte    // the datagram that says so
	again   time.Time // when it is sent next; zero: the server has said that it came
	answers bool      // something came from the server
	opening bool      // the device is being opened
	warned  bool

	sound  *voice.Call // nil: there is none yet
	next   time.Time   // when it wants its Tick
	levels time.Time   // when the screen is told next
	muted  bool
	names  map[uint32]string // of those who speak, by voice.SpeakerID; "": nobody knows
	named  time.Time         // when the names were forgotten last
	rand   *rand.Rand
	badKey []byte
	heard  []voice.Speaker
	send   func(payload []byte) // to the server
}

// newTalk is that of a messenger which has not begun.
func newTalk(cfg *Config, door int) talk {
	t := talk{door: door, volume: 100, rand: rand.New(rand.NewPCG(cfg.Seed, 1))}
	t.codec, _ = voicing(cfg.Dialect)
	if t.codec != nil {
		t.badKey = t.codec.AppendBadKey(nil)
	}
	return t
}

// voicing is the voice of a dialect, if it has any.
func voicing(d codec.Dialect) (codec.Voicing, bool) {
	v, ok := d.(codec.Voicing)
	return v, ok && slices.ContainsFunc(d.Ports(), func(p codec.Port) bool { return p.Role == codec.Voice })
}

// Speaks reports whether people of dialect d call each other by voice.
func Speaks(d codec.Dialect) bool {
	_, ok := voicing(d)
	return ok
}

// voiceAt is where the voice of a server is that we reach at remote.
func (c *Config) voiceAt(remote netip.AddrPort) netip.AddrPort {
	port := c.VoicePort
	if port == 0 {
		port = remote.Port() + 1 // 0 behind the last one: nothing is sent there
	}
	return netip.AddrPortFrom(remote.Addr(), port)
}

// voiceEffect does what the client decided about the voice of calls.
func (m *Mode) voiceEffect(e *client.Effect) {
	t := &m.talk
	switch e.Kind {
	case client.VoiceBind:
		m.bindTo(e.Key)
	case client.VoiceOpen:
		m.bindTo(e.Key)
		m.openDevice(e.Key)
	case client.VoiceClose:
		if t.key == e.Key {
			m.endSound()
			t.key = 0
		}
	case client.VoiceMute:
		if t.muted = e.On; t.sound != nil {
			t.sound.Mute(e.On)
		}
	case client.VoiceVolume:
		if t.volume = e.Level; t.sound != nil {
			t.sound.Volume(e.Level)
		}
	case client.VoiceStats:
		m.tellOfVoice(e.Key, m.stats())
	}
}

// bindTo has the server take our socket for an end of the call.
func (m *Mode) bindTo(key uint64) {
	t := &m.talk
	if t.codec == nil || t.key == key {
		return
	}
	m.endSound()
	t.key, t.since, t.answers, t.warned = key, m.net.Now(), false, false
	t.bind = t.codec.AppendVoice(t.bind[:0], key)
	m.bindAgain(t.since)
}

func (m *Mode) bindAgain(now time.Time) {
	t := &m.talk
	if t.server.IsValid() {
		m.net.SendTo(t.door, t.server, t.bind)
	}
	t.again = now.Add(bindEach)
	m.wake(t.again)
}

// openDevice begins the sound of the call that is bound, as soon as there is a
// device for it.
func (m *Mode) openDevice(key uint64) {
	t := &m.talk
	if t.codec == nil || m.cfg.Device == nil {
		m.noSound(key, errNoDevice)
		return
	}
	t.opening, t.muted, t.since = true, false, m.net.Now()
	m.cfg.Device(func(d voice.Device, err error) {
		m.net.Post(func() { m.deviceOpened(key, d, err) })
	})
}

// deviceOpened takes what became of it. A call that is over wants it no more.
func (m *Mode) deviceOpened(key uint64, d voice.Device, err error) {
	t := &m.talk
	switch {
	case t.key != key || !t.opening:
		if err == nil {
			m.closed(d.Close())
		}
		return
	case err != nil:
		t.opening = false
		m.log.Info("no sound", "why", err)
		m.carryOut(m.client.VoiceFailed(m.net.Now(), key, err))
		return
	}
	t.opening = false
	t.sound = voice.New(voice.Config{
		Device: d, Speaker: speakerID(key, m.client.KnownAs()), First: uint16(t.rand.Uint32()),
	})
	t.sound.Mute(t.muted)
	t.sound.Volume(t.volume)
	t.next, t.levels = m.net.Now(), m.net.Now()
	t.names = map[uint32]string{}
	m.tickTalk(t.next)
}

// endSound ends what VoiceOpen began.
func (m *Mode) endSound() {
	t := &m.talk
	t.opening = false
	if t.sound != nil {
		m.closed(t.sound.Close())
		t.sound, t.names = nil, nil
	}
}

// closed takes how the close of a device went.
func (m *Mode) closed(err error) {
	if err == nil {
		return
	}
	m.log.Info("sound was not closed", "why", err)
	m.tellOfVoice(0, "the sound was not kept: "+err.Error())
}

// noSound tells the client, once it is done with what it decided, that there is
// no sound for a call.
func (m *Mode) noSound(key uint64, why error) {
	m.net.Post(func() { m.carryOut(m.client.VoiceFailed(m.net.Now(), key, why)) })
}

// tellOfVoice shows a sentence about the call with this key, if it is still ours; 0:
// about any, or none.
func (m *Mode) tellOfVoice(key uint64, text string) {
	m.net.Post(func() {
		if key == 0 || key == m.talk.key {
			m.carryOut(m.client.VoiceNotice(m.net.Now(), text))
		}
	})
}

// tickTalk does what is due, and asks for the next Tick.
func (m *Mode) tickTalk(now time.Time) {
	t := &m.talk
	if t.key == 0 {
		return
	}
	if !t.again.IsZero() && !t.again.After(now) {
		m.bindAgain(now)
	}
	m.wake(t.again)
	if t.sound == nil {
		return
	}
	if !t.next.After(now) {
		t.next = t.sound.Tick(now, t.send)
		if err := t.sound.Err(); err != nil {
			m.log.Info("the sound has failed", "why", err)
			m.carryOut(m.client.VoiceFailed(now, t.key, err))
			return
		}
		m.warn(now)
		m.showLevels(now)
	}
	m.wake(t.next)
}

// warn says, once, that the server does not answer on its port for voice. Other
// servers than ours never say that a socket is bound, but what is heard shows it.
func (m *Mode) warn(now time.Time) {
	t := &m.talk
	if t.answers || t.warned || now.Sub(t.since) < unboundFor {
		return
	}
	t.warned = true
	m.carryOut(m.client.VoiceNotice(now, fmt.Sprintf(
		"nothing has come from %s (UDP), where the server's port for voice should be: nobody may hear you; --voice-port says if it is another", t.server)))
}

// hear takes a datagram on the socket for voice: voice from the server, or its
// word that our socket is bound. All else is nobody's.
func (m *Mode) hear(from netip.AddrPort, p []byte) {
	t := &m.talk
	if t.key == 0 || !same(from, t.server) {
		return
	}
	if bytes.Equal(p, t.badKey) {
		return
	}
	t.answers = true
	if bytes.Equal(p, t.bind) {
		t.again = time.Time{}
		return
	}
	if _, _, ok := t.codec.ParseVoice(p); ok || t.sound == nil {
		return
	}
	t.sound.Heard(m.net.Now(), p)
}

// same reports whether two addresses are one, whatever their zones are called.
func same(a, b netip.AddrPort) bool {
	return a.Port() == b.Port() && a.Addr().WithZone("") == b.Addr().WithZone("")
}

// speakerID is the number of somebody in a call.
func speakerID(key uint64, name string) uint32 {
	return voice.SpeakerID(strconv.FormatUint(key, 10), name)
}

// showLevels tells a screen who is how loud, ourselves first.
func (m *Mode) showLevels(now time.Time) {
	t := &m.talk
	if !m.cfg.Screen || t.levels.After(now) {
		return
	}
	t.levels = now.Add(levelsEach)
	level, speaking := t.sound.Level()
	t.heard = t.sound.Speakers(t.heard[:0])
	shown := make([]client.Voice, 0, 1+len(t.heard)) // it may leave the loop
	shown = append(shown, client.Voice{Name: m.cfg.Name, Level: level, Speaking: speaking, Muted: t.muted})
	for i := range t.heard {
		s := &t.heard[i]
		shown = append(shown, client.Voice{Name: m.nameOf(now, s.ID), Level: s.Level, Speaking: s.Speaking})
	}
	m.carryOut(m.client.VoiceLevels(now, shown))
}

// nameOf is who has that number in our call; "" if nobody knows. It is looked up
// again now and then: people come.
func (m *Mode) nameOf(now time.Time, id uint32) string {
	t := &m.talk
	if now.Sub(t.named) >= nameEach {
		t.named = now
		clear(t.names)
	}
	name, known := t.names[id]
	if !known {
		for _, n := range m.client.MayTalk() {
			if speakerID(t.key, n) == id {
				name = n
				break
			}
		}
		t.names[id] = name
	}
	return name
}

// stats says how well the sound comes through.
func (m *Mode) stats() string {
	t := &m.talk
	if t.sound == nil {
		return "the sound is being opened"
	}
	s := t.sound.Stats()
	ms := func(d time.Duration) int64 { return d.Round(time.Millisecond).Milliseconds() }
	text := fmt.Sprintf("sent %d pieces of 20 ms, heard %d from %d speaking; lost %.1f %%, made up %.1f %%, jitter %d ms, delay %d ms here and %d ms in the device",
		s.Sent, s.Received, s.Speakers, 100*s.LostShare(), 100*s.ConcealedShare(), ms(s.Jitter), ms(s.Delay), ms(s.In+s.Out))
	if s.Stalls > 0 {
		text += fmt.Sprintf("; standstills of the device: %d", s.Stalls)
	}
	return text
}

// voiceDoor is our socket for voice.
func (c *Config) voiceDoor() (loop.Door, bool) {
	at := c.VoiceListen
	if !at.IsValid() {
		at = netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	}
	return loop.Door{Network: "udp", Addr: at}, Speaks(c.Dialect)
}
