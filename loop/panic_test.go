package loop

import (
	"errors"
	"testing"
	"time"
)

// TestPanic: a panic in one link's callback ends that link only.
func TestPanic(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name string
		make func(m *puppet, bad func(ID) bool)
	}{
		{"Opened", func(m *puppet, bad func(ID) bool) {
			m.opened = func(id ID, _ Info) {
				if bad(id) {
					panic("no")
				}
			}
		}},
		{"Data", func(m *puppet, bad func(ID) bool) {
			echo := m.data
			m.data = func(id ID, p []byte, end bool) int {
				if bad(id) {
					panic("no")
				}
				return echo(id, p, end)
			}
		}},
		{"Data uses more than there is", func(m *puppet, bad func(ID) bool) {
			echo := m.data
			m.data = func(id ID, p []byte, end bool) int {
				if bad(id) {
					return len(p) + 1
				}
				return echo(id, p, end)
			}
		}},
		{"Data uses less than nothing", func(m *puppet, bad func(ID) bool) {
			echo := m.data
			m.data = func(id ID, p []byte, end bool) int {
				if bad(id) {
					return -1
				}
				return echo(id, p, end)
			}
		}},
		{"Idle", func(m *puppet, bad func(ID) bool) {
			echo := m.data
			m.data = func(id ID, p []byte, end bool) int {
				if bad(id) {
					m.IdleAfter(id, time.Millisecond)
					return 0
				}
				return echo(id, p, end)
			}
			m.idle = func(ID, []byte) int { panic("no") }
		}},
		{"Left", func(m *puppet, bad func(ID) bool) {
			echo := m.data
			m.data = func(id ID, p []byte, end bool) int {
				if bad(id) {
					m.Watch(id, m.Send(id, p, 0, false))
				}
				return echo(id, p, end)
			}
			m.left = func(ID, uint64) { panic("no") }
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := &puppet{}
			m.data = func(id ID, p []byte, _ bool) int {
				m.Send(id, append([]byte(nil), p...), 0, false)
				return len(p)
			}
			row.make(m, func(id ID) bool { return id.Slot() == 1 })
			r := start(t, Config{}, m)
			good := connect(t, r, 0)
			m.link(t, 0)
			bad := connect(t, r, 0)
			if _, err := bad.Write([]byte("x")); err != nil {
				t.Log(err) // it has closed already
			}
			if e := m.end(t); e.id.Slot() != 1 || !errors.Is(e.why, ErrPanic) {
				t.Errorf("link %v ended because of %v", e.id, e.why)
			}
			good.say("still here")
			good.hear("still here")
		})
	}
}

// TestPanicElsewhere: a panic in a callback that belongs to no link is logged
// and the loop goes on.
func TestPanicElsewhere(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	m.closed = func(ID, error) { panic("closed") }
	m.tick = func(time.Time) { panic("tick") }
	m.failed = func(any, error) { panic("failed") }
	r := start(t, Config{}, m)
	connect(t, r, 0).Close()
	on(t, r, func() {
		m.Alarm(m.Now())
		m.Dial("no such network", "", time.Second, nil)
	})
	r.Post(func() { panic("post") })
	eventually(t, "all have panicked", func() bool { return r.Stats().Panics == 4 })
	on(t, r, func() {})
}
