package loop

import (
	"testing"
)

func TestEcho(t *testing.T) {
	m := &puppet{}
	m.data = func(id ID, p []byte, _ bool) int {
		m.Send(id, append([]byte(nil), p...), 0, false)
		return len(p)
	}
	r := start(t, Config{Doors: []Door{tcp4, tcp6}}, m)
	for door := range 2 {
		c := connect(t, r, door)
		c.say("hello")
		c.hear("hello")
		c.Close()
	}
	eventually(t, "both ends are told", func() bool { return len(m.told()) == 2 })
}
