package loop

import (
	"bytes"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// end waits for the first end that is told and gives it.
func (p *puppet) end(t *testing.T) end {
	t.Helper()
	eventually(t, "an end is told", func() bool { return len(p.told()) > 0 })
	return p.told()[0]
}

var errRude = errors.New("rude")

// TestCloseSoon: all that is queued arrives, and then an orderly end, although
// the other end goes on sending what nobody reads.
func TestCloseSoon(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	words := bytes.Repeat([]byte("last words "), 1<<20)
	var after atomic.Int32
	m.data = func(id ID, p []byte, _ bool) int {
		if m.closed != nil {
			after.Add(1)
		}
		m.closed = func(ID, error) {}
		m.Send(id, words, 0, false)
		m.CloseSoon(id, errRude)
		if m.Send(id, []byte("too late"), 0, false) <= uint64(len(words)) {
			t.Error("bytes sent after CloseSoon got a position that will come")
		}
		return 0
	}
	r := start(t, Config{MaxUnsent: 64 << 20}, m)
	c := connect(t, r, 0)
	c.say("hello")
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() { // bytes under way at every moment
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				if _, err := c.Write(make([]byte, 1000)); err != nil {
					return
				}
			}
		}
	}()
	got, err := c.rest()
	if err != nil || got != string(words) {
		t.Errorf("%d of %d bytes arrived, then %v", len(got), len(words), err)
	}
	close(stop)
	<-stopped
	c.Close()
	if e := m.end(t); !errors.Is(e.why, errRude) {
		t.Errorf("ended because of %v", e.why)
	}
	if after.Load() > 0 {
		t.Error("Data was called after CloseSoon")
	}
}

// TestLastWordsInLeft: what Left sends before it closes arrives too, on a whole
// link and on a half one.
func TestLastWordsInLeft(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	m.left = func(id ID, _ uint64) {
		m.Send(id, []byte(" and last"), 0, false)
		m.Owe(id, false)
		m.CloseSoon(id, nil)
	}
	m.data = func(id ID, p []byte, end bool) int {
		if len(p) > 0 {
			m.Owe(id, true)
			m.Watch(id, m.Send(id, []byte("first"), 0, false))
		}
		return len(p)
	}
	r := start(t, Config{}, m)
	for _, halves := range []bool{false, true} {
		c := connect(t, r, 0)
		c.say("x")
		if halves {
			if err := c.CloseWrite(); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := c.rest(); got != "first and last" || err != nil {
			t.Errorf("half closed %v: read %q, %v", halves, got, err)
		}
		c.Close()
	}
}

// TestCloseSoonUnanswered: an end that does not come is not waited for long.
func TestCloseSoonUnanswered(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		close func(Net, ID)
		why   error
	}{
		{"CloseSoon", func(n Net, id ID) { n.CloseSoon(id, errRude) }, errRude},
		{"CloseSoon without a reason", func(n Net, id ID) { n.CloseSoon(id, nil) }, nil},
		{"Finish", func(n Net, id ID) { n.Finish(id) }, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := &puppet{}
			r := start(t, Config{}, m)
			c := connect(t, r, 0)
			id := m.link(t, 0)
			on(t, r, func() { row.close(m, id) })
			if e := m.end(t); e.why != row.why {
				t.Errorf("ended because of %v, want %v", e.why, row.why)
			}
			c.Close()
		})
	}
}

// TestFinish: our direction ends behind what was queued, Data goes on.
func TestFinish(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	var heard strings.Builder
	m.data = func(_ ID, p []byte, end bool) int {
		heard.Write(p)
		if end {
			heard.WriteString(" end")
		}
		return len(p)
	}
	r := start(t, Config{}, m)
	c := connect(t, r, 0)
	id := m.link(t, 0)
	on(t, r, func() {
		m.Send(id, []byte("bye"), 0, true)
		m.Finish(id)
		m.Send(id, []byte("too late"), 0, false)
	})
	if got, err := c.rest(); got != "bye" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
	c.say("one more thing")
	c.Close()
	if e := m.end(t); e.why != nil {
		t.Errorf("ended because of %v", e.why)
	}
	if heard.String() != "one more thing end" {
		t.Errorf("heard %q", heard.String())
	}
}

// TestHalfClose: a link that still has something to say outlives the end of
// its input.
func TestHalfClose(t *testing.T) {
	t.Parallel()
	big := bytes.Repeat([]byte("0123456789"), 1<<20)
	rows := []struct {
		name string
		// data is called with the bytes and the end.
		data func(t *testing.T, m *puppet, id ID, p []byte, end bool) int
		want string
		why  error
	}{
		{"nothing owed", func(t *testing.T, m *puppet, id ID, p []byte, end bool) int {
			return len(p)
		}, "", nil},
		{"answered in Data", func(t *testing.T, m *puppet, id ID, p []byte, end bool) int {
			if end {
				m.Send(id, []byte("answer"), 0, false)
			}
			return len(p)
		}, "answer", nil},
		{"bytes wait for the socket", func(t *testing.T, m *puppet, id ID, p []byte, end bool) int {
			if len(p) > 0 {
				m.Send(id, big, 0, false)
			}
			return len(p)
		}, string(big), nil},
		{"bytes wait for their pace", func(t *testing.T, m *puppet, id ID, p []byte, end bool) int {
			if end {
				for range 5 {
					m.Send(id, []byte("pace "), 20*time.Millisecond, false)
				}
			}
			return len(p)
		}, "pace pace pace pace pace ", nil},
		{"bytes are lazy", func(t *testing.T, m *puppet, id ID, p []byte, end bool) int {
			if len(p) > 0 {
				m.Send(id, []byte("lazy"), 0, true)
			}
			return len(p)
		}, "lazy", nil},
		{"answered later", func(t *testing.T, m *puppet, id ID, p []byte, end bool) int {
			if end {
				m.Owe(id, true)
				time.AfterFunc(100*time.Millisecond, func() {
					m.Post(func() { m.Send(id, []byte("deferred"), 0, false) })
					m.Post(func() { m.Send(id, []byte(" answer"), 0, false); m.Owe(id, false) })
				})
			}
			return len(p)
		}, "deferred answer", nil},
		{"kept bytes are given once more", func(t *testing.T, m *puppet, id ID, p []byte, end bool) int {
			if !end {
				return 0
			}
			if m.tick == nil {
				m.tick = func(time.Time) { m.Again(id) }
				m.Owe(id, true)
				m.Alarm(m.Now().Add(30 * time.Millisecond))
				return 0
			}
			m.Send(id, append([]byte("kept "), p...), 0, false)
			m.Owe(id, false)
			return len(p)
		}, "kept hello", nil},
		{"last words", func(t *testing.T, m *puppet, id ID, p []byte, end bool) int {
			if end {
				m.Owe(id, true)
				m.Send(id, []byte("no"), 0, false)
				m.CloseSoon(id, errRude)
			}
			return len(p)
		}, "no", errRude},
		{"killed at the end", func(t *testing.T, m *puppet, id ID, p []byte, end bool) int {
			if end {
				m.Owe(id, true)
				m.Send(id, []byte("lost"), 0, false)
				m.Kill(id, errRude)
			}
			return len(p)
		}, "", errRude},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := &puppet{}
			m.data = func(id ID, p []byte, end bool) int { return row.data(t, m, id, p, end) }
			r := start(t, Config{MaxUnsent: 64 << 20}, m)
			c := connect(t, r, 0)
			c.say("hello")
			if err := c.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if row.want == string(big) {
				id := m.link(t, 0)
				eventually(t, "the end of input was seen", func() (seen bool) {
					on(t, r, func() { seen = r.get(id).is(half) })
					return seen
				})
			}
			if got, err := c.rest(); got != row.want || err != nil {
				t.Errorf("read %d bytes %.40q, %v; want %d bytes %.40q", len(got), got, err, len(row.want), row.want)
			}
			if e := m.end(t); e.why != row.why {
				t.Errorf("ended because of %v, want %v", e.why, row.why)
			}
			on(t, r, func() {
				if len(r.timers) > 0 || r.backlog > 0 || r.count.Open > 0 {
					t.Errorf("left over: %d deadlines, backlog %d, %d links", len(r.timers), r.backlog, r.count.Open)
				}
			})
		})
	}
}

// TestHalfCloseIsBounded: a link that owes for ever is ended.
func TestHalfCloseIsBounded(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	m.data = func(id ID, p []byte, end bool) int {
		m.Owe(id, true)
		return len(p)
	}
	r := start(t, Config{}, m)
	c := connect(t, r, 0)
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	e := m.end(t)
	if !errors.Is(e.why, ErrOwed) {
		t.Errorf("ended because of %v, want ErrOwed", e.why)
	}
	if took := time.Since(began); took < halfFor-time.Second {
		t.Errorf("ended after %v, it has %v", took, halfFor)
	}
}
