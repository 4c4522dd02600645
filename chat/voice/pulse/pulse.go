// Package pulse is the sound card of a call, by way of a sound server that
// speaks PulseAudio's protocol: PulseAudio itself, or PipeWire.
//
// The server's side has two goroutines: one reads what the server says and
// puts what was recorded into a ring; one writes what the server has asked for
// from another ring. Between them and the one goroutine of the Device's methods
// lie these rings and a lock, which is never held while anybody waits for the
// server.
package pulse

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/jfreymuth/pulse/proto"

	"mim/chat/voice"
	"mim/chat/voice/resample"
)

// Options say which server and devices are used; what is empty is the usual
// one.
type Options struct {
	Server string // as in PULSE_SERVER, which is used if this is empty
	Source string // its name for what is recorded; or PULSE_SOURCE
	Sink   string // its name for what plays; or PULSE_SINK
	Title  string // what mixers show; "call"
}

const (
	ahead    = 60 * time.Millisecond  // of sound that the server holds before it is heard
	fragment = 10 * time.Millisecond  // of sound in one message of what was recorded
	held     = 200 * time.Millisecond // of what was recorded that waits for Capture
	lookAt   = 50                     // writes between two questions about latency
)

// A Device plays and records at the server's own rate, and converts. Its
// methods belong to one goroutine.
type Device struct {
	conn   net.Conn
	client *proto.Client
	rate   int // the server's, samples a second
	out    proto.CreatePlaybackStreamReply
	in     proto.CreateRecordStreamReply
	wake   chan struct{} // capacity 1: there may be something to write
	once   sync.Once     // closes over
	over   chan struct{} // closed when the connection has ended
	done   chan struct{} // closed when the writer has ended

	up, down *resample.Converter
	raw      []int16 // of the server's rate, being converted
	rest     []int16 // of raw, recorded and not converted yet
	closed   bool

	mu       sync.Mutex
	recorded ring // at the server's rate
	playing  ring
	asked    int // samples that the server wants beyond those that were sent
	inDelay  time.Duration
	outDelay time.Duration
	err      error
}

var _ voice.Device = (*Device)(nil)

// Open connects and starts to record and to play. It waits for the server, at
// most some seconds, so it is called beside the loop. The error is a sentence
// that says what to try.
func Open(o Options) (*Device, error) {
	conn, err := dial(o.Server)
	if err != nil {
		return nil, err
	}
	d := &Device{
		conn: conn, wake: make(chan struct{}, 1), over: make(chan struct{}), done: make(chan struct{}),
	}
	if err := d.start(o); err != nil {
		conn.Close()
		<-d.over
		return nil, err
	}
	go d.write()
	return d, nil
}

// start says who we are and makes both streams.
func (d *Device) start(o Options) error {
	d.client = &proto.Client{Callback: d.said}
	d.client.SetTimeout(patience)
	d.client.Open(heard{d})
	key, err := cookie()
	if err != nil {
		return err
	}
	var auth proto.AuthReply
	if err := d.client.Request(&proto.Auth{Version: d.client.Version(), Cookie: key}, &auth); err != nil {
		return fmt.Errorf("no sound: the sound server at %s does not let us in: %w", d.conn.RemoteAddr(), err)
	}
	d.client.SetVersion(auth.Version)
	title := o.Title
	if title == "" {
		title = "call"
	}
	props := func() proto.PropList {
		// "phone" is what makes servers lower music, prefer a headset and
		// take the echo away.
		return proto.PropList{"media.name": proto.PropListString(title), "media.role": proto.PropListString("phone")}
	}
	us := props()
	us["application.name"] = proto.PropListString(filepath.Base(os.Args[0]))
	us["application.process.id"] = proto.PropListString(fmt.Sprint(os.Getpid()))
	if err := d.client.Request(&proto.SetClientName{Props: us}, &proto.SetClientNameReply{}); err != nil {
		return fmt.Errorf("no sound: the sound server does not know us: %w", err)
	}
	var server proto.GetServerInfoReply
	if err := d.client.Request(&proto.GetServerInfo{}, &server); err != nil {
		return fmt.Errorf("no sound: the sound server does not say what it has: %w", err)
	}
	d.rate = int(server.DefaultSampleSpec.Rate)
	if d.rate < 8000 || d.rate > 192000 {
		d.rate = 48000
	}
	if d.up, err = resample.New(voice.Rate, d.rate); err != nil {
		return err
	}
	if d.down, err = resample.New(d.rate, voice.Rate); err != nil {
		return err
	}
	d.raw = make([]int16, 4096)
	d.mu.Lock()
	d.recorded, d.playing = newRing(d.samples(held)), newRing(d.rate)
	d.mu.Unlock()
	return errors.Join(d.record(or(o.Source, "PULSE_SOURCE"), props()), d.play(or(o.Sink, "PULSE_SINK"), props()))
}

// or is the value of a variable where nothing else is said.
func or(name, variable string) string {
	if name == "" {
		return os.Getenv(variable)
	}
	return name
}

// samples is how many last so long, at the server's rate.
func (d *Device) samples(t time.Duration) int { return int(t * time.Duration(d.rate) / time.Second) }

func (d *Device) record(source string, props proto.PropList) error {
	err := d.client.Request(&proto.CreateRecordStream{
		SourceIndex: proto.Undefined, SourceName: source,
		SampleSpec: proto.SampleSpec{Format: proto.FormatInt16LE, Channels: 1, Rate: uint32(d.rate)},
		ChannelMap: proto.ChannelMap{proto.ChannelMono}, ChannelVolumes: proto.ChannelVolumes{0x10000},
		BufferMaxLength: proto.Undefined, BufferFragSize: uint32(2 * d.samples(fragment)), AdjustLatency: true,
		DirectOnInputIndex: proto.Undefined, Properties: props,
	}, &d.in)
	if err != nil {
		return fmt.Errorf("no sound: the sound server has nothing to record from%s: %w", named(source), err)
	}
	return nil
}

func (d *Device) play(sink string, props proto.PropList) error {
	err := d.client.Request(&proto.CreatePlaybackStream{
		SinkIndex: proto.Undefined, SinkName: sink,
		SampleSpec: proto.SampleSpec{Format: proto.FormatInt16LE, Channels: 1, Rate: uint32(d.rate)},
		ChannelMap: proto.ChannelMap{proto.ChannelMono}, ChannelVolumes: proto.ChannelVolumes{0x10000},
		BufferMaxLength: proto.Undefined, BufferTargetLength: uint32(2 * d.samples(ahead)),
		BufferPrebufferLength: uint32(2 * d.samples(voice.Step)), BufferMinimumRequest: uint32(2 * d.samples(fragment)),
		AdjustLatency: true, Properties: props,
	}, &d.out)
	if err != nil {
		return fmt.Errorf("no sound: the sound server has nothing to play on%s: %w", named(sink), err)
	}
	d.mu.Lock()
	d.asked += int(d.out.Missing) / 2
	d.mu.Unlock()
	return nil
}

func named(device string) string {
	if device == "" {
		return ""
	}
	return fmt.Sprintf(" by the name of %q", device)
}

// heard is the connection for the client, which does not say of every end of
// it: this does.
type heard struct{ *Device }

func (h heard) Write(b []byte) (int, error) { return h.conn.Write(b) }

func (h heard) Read(b []byte) (int, error) {
	n, err := h.conn.Read(b)
	if err != nil {
		h.fail(errors.New("the sound server is gone"))
		h.once.Do(func() { close(h.over) })
	}
	return n, err
}

// said is called by the client's goroutine for what comes unasked.
func (d *Device) said(message any) {
	switch m := message.(type) {
	case *proto.DataPacket:
		d.came(m.Data)
	case *proto.Request:
		d.mu.Lock()
		d.asked = min(d.asked+int(m.Length)/2, d.rate) // a second at most
		d.mu.Unlock()
	case *proto.PlaybackStreamKilled, *proto.RecordStreamKilled:
		d.fail(errors.New("the sound server ended our sound: its device is gone"))
	}
	d.poke()
}

// came takes what was recorded.
func (d *Device) came(data []byte) {
	var part [512]int16
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(data) >= 2 && d.recorded.buf != nil {
		n := min(len(part), len(data)/2)
		for i := range n {
			part[i] = int16(binary.LittleEndian.Uint16(data[2*i:]))
		}
		d.recorded.put(part[:n])
		data = data[2*n:]
	}
}

func (d *Device) fail(err error) {
	d.mu.Lock()
	if d.err == nil {
		d.err = err
	}
	d.mu.Unlock()
}

// poke wakes the writer.
func (d *Device) poke() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// write sends what the server has asked for, as soon as it is there.
func (d *Device) write() {
	defer close(d.done)
	samples, data := make([]int16, 2048), make([]byte, 0, 4096)
	for writes := 0; ; {
		select {
		case <-d.over:
			return
		case <-d.wake:
		}
		for {
			d.mu.Lock()
			n := d.playing.take(samples[:min(len(samples), d.asked)])
			d.asked -= n
			d.mu.Unlock()
			if n == 0 {
				break
			}
			data = data[:0]
			for _, v := range samples[:n] {
				data = binary.LittleEndian.AppendUint16(data, uint16(v))
			}
			if err := d.client.Send(d.out.StreamIndex, data); err != nil {
				break
			}
			if writes++; writes%lookAt == 1 {
				d.look()
			}
		}
	}
}

// look asks the server how late it plays and records.
func (d *Device) look() {
	var out proto.GetPlaybackLatencyReply
	var in proto.GetRecordLatencyReply
	if d.client.Request(&proto.GetPlaybackLatency{StreamIndex: d.out.StreamIndex}, &out) != nil ||
		d.client.Request(&proto.GetRecordLatency{StreamIndex: d.in.StreamIndex}, &in) != nil {
		return
	}
	delay := func(device proto.Microseconds, bytes int64) time.Duration {
		t := time.Duration(device)*time.Microsecond + time.Duration(bytes/2)*time.Second/time.Duration(d.rate)
		return max(0, min(t, 10*time.Second))
	}
	d.mu.Lock()
	d.outDelay, d.inDelay = delay(out.Latency, out.WriteIndex-out.ReadIndex), delay(in.Latency, in.WriteIndex-in.ReadIndex)
	d.mu.Unlock()
}

// Capture converts what has been recorded.
func (d *Device) Capture(_ time.Time, dst []int16) int {
	if d.closed {
		return 0
	}
	total := 0
	for total < len(dst) {
		gave, took := d.down.Convert(dst[total:], d.rest)
		d.rest = d.rest[took:]
		if total += gave; gave > 0 {
			continue
		}
		d.mu.Lock()
		n := d.recorded.take(d.raw)
		d.mu.Unlock()
		if n == 0 {
			break
		}
		d.rest = d.raw[:n]
	}
	return total
}

// Wants is what the server has asked for and Play has not brought.
func (d *Device) Wants(time.Time) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.err != nil {
		return 0
	}
	return max(0, (d.asked-d.playing.len)*voice.Rate/d.rate)
}

// Play converts src for the server.
func (d *Device) Play(_ time.Time, src []int16) {
	if d.closed {
		return
	}
	var part [1024]int16
	for {
		gave, took := d.up.Convert(part[:], src)
		src = src[took:]
		if gave == 0 {
			break
		}
		d.mu.Lock()
		d.playing.put(part[:gave])
		d.mu.Unlock()
	}
	d.poke()
}

// Latency is what the server said last, once a second, and what lies here.
func (d *Device) Latency() (in, out time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	rate := time.Duration(d.rate)
	in = d.inDelay + time.Duration(d.recorded.len+d.down.Delay())*time.Second/rate
	out = d.outDelay + time.Duration(d.playing.len)*time.Second/rate + time.Duration(d.up.Delay())*time.Second/voice.Rate
	return in, out
}

// Err says why there is no sound any more.
func (d *Device) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// Close ends both streams and the two goroutines. What was not heard yet is
// not heard.
func (d *Device) Close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	d.conn.Close() // which ends both goroutines, and the server's streams
	<-d.over
	<-d.done
	return nil
}
