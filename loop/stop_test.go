package loop

import (
	"fmt"
	"net"
	"testing"
	"time"
)

// TestStop: what Stopping sends still arrives, everything ends, each link is
// told, and it does not take long, whoever does not cooperate.
func TestStop(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	r := New(Config{Doors: []Door{tcp4}, MaxUnsent: 64 << 20}, m)
	const much = 8 << 20 // more than the socket takes at once
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	deaf := deafPort(t)
	reads, silent, owed := connect(t, r, 0), connect(t, r, 0), connect(t, r, 0)
	m.link(t, 2)
	ids := m.links
	m.stopping = func() {
		m.Send(ids[0], make([]byte, much), 0, false)
		m.Send(ids[0], []byte("good bye"), 0, true)
	}
	read := make(chan string, 1)
	go func() {
		got, err := reads.rest()
		read <- fmt.Sprint(len(got), " ", got[max(0, len(got)-8):], " ", err)
	}()
	on(t, r, func() {
		for range 4 {
			m.Send(ids[1], make([]byte, 8<<20), 0, false)
		}
		m.Send(ids[1], []byte("x"), time.Hour, false)
		m.Owe(ids[2], true)
		m.Dial("tcp", deaf, time.Hour, nil)
	})
	if err := owed.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := r.Stop(); err != nil {
		t.Errorf("Stop: %v", err)
	}
	if took := time.Since(began); took > 2*time.Second { // one, and the load of other tests
		t.Errorf("Stop took %v", took)
	}
	if err := await(t, "Done", r.Done()); err != nil {
		t.Errorf("Done: %v", err)
	}
	if got, want := await(t, "the end of the reader", read), fmt.Sprint(much+8, " good bye <nil>"); got != want {
		t.Errorf("read %s, want %s", got, want)
	}
	silent.Close()
	if n := len(m.told()); n != 3 {
		t.Errorf("%d of 3 ends were told", n)
	}
	if c, err := net.Dial("tcp", r.Local(0).String()); err == nil {
		c.Close()
		t.Error("the door is still open")
	}
	r.Post(func() { t.Error("a post ran after the end") })
	if err := r.Stop(); err != nil {
		t.Errorf("second Stop: %v", err)
	}
	if m.nested.Load() > 0 {
		t.Error("nested callbacks")
	}
}

// TestStopBeforeStart: there is nothing to stop.
func TestStopBeforeStart(t *testing.T) {
	if err := New(Config{Doors: []Door{tcp4}}, &puppet{}).Stop(); err != nil {
		t.Error(err)
	}
}
