package join

import (
	"net/netip"
	"testing"
	"time"

	"mim/chat"
	"mim/chat/client"
	"mim/loop"
)

// quiet is a Net that takes everything and does nothing.
type quiet struct {
	sent      uint64
	datagrams int
}

func (q *quiet) Now() time.Time { return time.Unix(1e9, 0) }
func (q *quiet) Send(_ loop.ID, b []byte, _ time.Duration, _ bool) uint64 {
	q.sent += uint64(len(b))
	return q.sent
}
func (q *quiet) Watch(loop.ID, uint64)                                   {}
func (q *quiet) Again(loop.ID)                                           {}
func (q *quiet) Owe(loop.ID, bool)                                       {}
func (q *quiet) Finish(loop.ID)                                          {}
func (q *quiet) CloseSoon(loop.ID, error)                                {}
func (q *quiet) Kill(loop.ID, error)                                     {}
func (q *quiet) Dial(string, string, time.Duration, any)                 {}
func (q *quiet) DialFrom(netip.Addr, string, string, time.Duration, any) {}
func (q *quiet) SendTo(int, netip.AddrPort, []byte)                      { q.datagrams++ }
func (q *quiet) IdleAfter(loop.ID, time.Duration)                        {}
func (q *quiet) Alarm(time.Time)                                         {}
func (q *quiet) Local(int) netip.AddrPort                                { return netip.MustParseAddrPort("10.0.0.1:2001") }
func (q *quiet) Behind(loop.ID) time.Duration                            { return 0 }
func (q *quiet) Here(loop.ID) netip.AddrPort                             { return netip.MustParseAddrPort("10.0.0.1:40000") }
func (q *quiet) Post(f func())                                           { f() }

// talking is a messenger on a quiet net with one caller, eve.
func talking() (*Mode, *quiet, loop.ID) {
	q := &quiet{}
	m := New(Config{
		Dialect: calling(), Name: "alice", Server: "server:1", Retry: true,
		Show: func(client.View) {}, Done: func(int) {},
	})
	m.Booted(q)
	m.client.ServerOpened(q.Now(), netip.MustParseAddr("10.0.0.1"))
	m.client.ServerEvent(q.Now(), chat.Both, &chat.Answer{})
	id := loop.MakeID(1, 1)
	m.Opened(id, loop.Info{Remote: netip.MustParseAddrPort("10.0.0.2:40000")})
	m.Data(id, []byte("eve\n"), false)
	m.Data(id, []byte("hello\n"), false)
	m.Tick(q.Now().Add(time.Minute)) // eve is in no table: a stranger
	return m, q, id
}

// What one text costs on its way from another machine to the screen.
func BenchmarkHear(b *testing.B) {
	m, _, id := talking()
	text := []byte("hello there, how are you?\n")
	b.ReportAllocs()
	for b.Loop() {
		m.Data(id, text, false)
	}
}

func TestHearAllocs(t *testing.T) {
	m, _, id := talking()
	heard := 0
	m.cfg.Show = func(v client.View) { heard++ }
	text := []byte("hello there, how are you?\n")
	n := testing.AllocsPerRun(1000, func() { m.Data(id, text, false) })
	if n > 1 {
		t.Errorf("%v allocations for a text, want the text's own and no more", n)
	}
	if heard < 1000 {
		t.Errorf("only %d texts were heard", heard)
	}
}

// What one text costs on its way from the input to the queue of its link, and
// back as confirmed.
func BenchmarkSay(b *testing.B) {
	m, q, id := talking()
	b.ReportAllocs()
	for b.Loop() {
		m.Line("@eve (10.0.0.2) hello there, how are you?")
		m.Left(id, q.sent)
	}
	if q.sent == 0 {
		b.Fatal("nothing was sent")
	}
}
