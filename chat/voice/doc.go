// Package voice is the sound of a call: it cuts what a device hears into
// payloads, and makes of the payloads of others what a device plays. It knows
// no socket, no clock and no dialect.
//
// A payload is 16-bit signed little-endian PCM, mono, Rate samples a second. We
// send pieces of 20 ms: 204, 205, 205, 205 and 205 samples, five of which are
// 1024. Others send up to 1024 samples, and may send anything: whatever comes
// is played as sound, at worst as noise, and what it may cost is bounded.
//
// Whoever has a Call calls Tick when Tick wants it, some 50 times a second, and
// Heard with each payload that comes:
//
//	c := voice.New(voice.Config{Device: d, Speaker: voice.SpeakerID(key, nick), First: random})
//	next := c.Tick(now, func(payload []byte) { send(payload) })
//	c.Heard(now, payload)
//
// On the way of what is heard: the mark of a piece says who speaks and in which
// order (mark.go); each speaker has a jitter buffer that puts pieces in their
// order, waits as long as their arrival varies, hides what is missing and
// follows the other end's clock (stream.go, conceal.go, stretch.go); the
// speakers are added up (call.go).
package voice

// Rate is the samples a second of a payload.
const Rate = 10240

// MaxPayload is the most bytes of a payload that are used: 1024 samples. The
// rest of a longer one is ignored.
const MaxPayload = 2048
