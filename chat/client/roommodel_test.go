package client

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"mim/chat"
)

// A roomModel is a server with rooms that answers in order, and is lost and
// found again, in a random order of all that can happen.
type roomModel struct {
	*user
	rand    *rand.Rand
	dialing bool
	up      bool
	asked   bool                // a login waits for its answer
	in      bool                // it was answered
	open    []chat.Request      // what the server has not answered
	ours    map[string]bool     // rooms that we are in, as the server knows
	before  map[string]bool     // those that we have to be in again before anything else is asked
	others  map[string][]string // who else is in each room
	typed   []string            // texts in order, with no word of what became of them
	gone    bool
	n       int
	rejoins int
	inside  int // texts that were said where we are
}

var roomNames = []string{"#lobby", "#tea", "#milk", "#cream"}

func TestRoomModel(t *testing.T) {
	seeds := 150
	if testing.Short() {
		seeds = 50
	}
	var rejoins, inside int
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			m := &roomModel{
				user: guest(t, func(c *Config) { c.Traits = rooms }), rand: rand.New(rand.NewPCG(uint64(seed), 32)), dialing: true,
				ours: map[string]bool{}, before: map[string]bool{}, others: map[string][]string{},
			}
			for range 600 {
				m.step()
			}
			m.check(m.c.EOF(m.now))
			for range 400 {
				m.step()
			}
			m.must(m.gone, "there is no end")
			m.must(len(m.typed) == 0, fmt.Sprintf("nothing was said of %q", m.typed))
			rejoins, inside = rejoins+m.rejoins, inside+m.inside
		})
	}
	if rejoins < seeds || inside < 10*seeds {
		t.Errorf("only %d rooms were entered again, and %d texts said in one", rejoins, inside)
	}
}

func (m *roomModel) must(ok bool, what string) {
	m.Helper()
	if !ok {
		m.Fatal(what)
	}
}

func (m *roomModel) step() {
	if m.gone {
		return
	}
	m.now = m.now.Add(time.Duration(m.rand.Int64N(int64(100 * time.Millisecond))))
	room := roomNames[m.rand.IntN(len(roomNames))]
	switch n := m.rand.IntN(100); {
	case n < 15:
		m.check(m.c.Tick(m.now))
	case n < 45:
		m.types(room)
	case n < 47 && m.dialing && m.c.server.been:
		m.dialing = false
		m.check(m.c.ServerFailed(m.now, errLost))
	case n < 60 && m.dialing:
		m.dialing, m.up = false, true
		m.check(m.login())
	case n < 70 && m.asked:
		m.asked, m.in = false, true
		m.ours = map[string]bool{"#lobby": true}
		m.check(m.answer(chat.Both, nil))
		m.list("#lobby")
	case n == 70 && m.up && m.c.server.been:
		m.lost()
		m.check(m.c.ServerClosed(m.now, errLost))
	case n < 80 && m.ours[room]:
		m.visit(room, []string{"bob", "yoda"}[m.rand.IntN(2)])
	case len(m.open) > 0:
		m.answers()
	}
}

// types is a line of the person.
func (m *roomModel) types(room string) {
	if m.c.exit.phase != staying {
		return
	}
	switch n := m.rand.IntN(12); n {
	case 0, 1:
		m.check(m.line("/join " + room))
	case 2:
		m.check(m.line("/part " + room))
	case 3:
		m.table()
	default:
		s := fmt.Sprint(m.n)
		m.n++
		m.typed = append(m.typed, s)
		m.check(m.line([]string{"/say " + room + " ", "@bob "}[n%2] + s))
	}
}

// table compares /who with what the server has told.
func (m *roomModel) table() {
	e := slices.Clone(m.line("/who"))
	m.check(e)
	if len(e) != 1 || !m.in || len(m.before) > 0 {
		return
	}
	want := map[string]bool{}
	for room := range m.ours {
		for _, name := range m.others[room] {
			want[name] = true
		}
	}
	got := e[0].View.People
	m.must(len(got) == len(want), fmt.Sprintf("/who lists %v, want %v", got, want))
	for _, p := range got {
		m.must(want[p.Name], "/who lists "+p.Name)
	}
}

// visit has somebody enter or leave a room of ours.
func (m *roomModel) visit(room, name string) {
	if i := slices.Index(m.others[room], name); i >= 0 {
		m.others[room] = slices.Delete(m.others[room], i, i+1)
		m.check(m.exits(room, name))
		return
	}
	m.others[room] = append(m.others[room], name)
	m.check(m.enters(room, name))
}

func (m *roomModel) list(room string) {
	m.check(m.members(room, append(slices.Clone(m.others[room]), "alice")...))
}

// answers answers what was asked first.
func (m *roomModel) answers() {
	a := chat.Answer{To: m.open[0]}
	m.open = m.open[1:]
	switch q := a.To.(type) {
	case *chat.Join:
		delete(m.before, q.Room)
		if m.rand.IntN(10) == 0 && !m.ours[q.Room] {
			a.Err = chat.Errorf(chat.Refused, "no")
			break
		}
		m.ours[q.Room] = true
		m.check(m.on(chat.Both, &a))
		m.list(q.Room)
		return
	case *chat.Leave:
		if !m.ours[q.Room] {
			a.Err = chat.Errorf(chat.Unknown, "not there")
		}
		delete(m.ours, q.Room)
	case *chat.Say:
		switch {
		case q.Room && !m.ours[string(q.To)]:
			a.Err = chat.Errorf(chat.Unknown, "not there")
		case q.Room:
			m.inside++
		case m.rand.IntN(10) == 0:
			a.Err = chat.Errorf(chat.Unknown, "nobody")
		}
	}
	m.check(m.on(chat.Both, &a))
}

// lost is the end of the link: all rooms but the lobby are to be entered again.
func (m *roomModel) lost() {
	if m.in {
		for room := range m.ours {
			if room != "#lobby" {
				m.before[room] = true
			}
		}
	}
	m.up, m.in, m.asked, m.open, m.ours = false, false, false, nil, map[string]bool{}
}

func (m *roomModel) check(in []Effect) {
	m.Helper()
	for _, e := range slices.Clone(in) {
		m.must(!m.gone, fmt.Sprintf("%+v behind Quit", e))
		switch e.Kind {
		case Dial:
			m.must(!m.dialing && !m.up, "dials what is dialled or there")
			m.dialing = true
		case Login:
			m.asked = true
		case HangUp:
			m.dialing = false
			m.lost()
		case Ask:
			m.ask(e.Request)
		case Quit:
			m.gone = true
		case Show:
			if e.View.Event == Sent {
				m.word(e.View)
			}
		}
	}
	r, size := &m.c.relay, 0
	for _, p := range r.posts {
		size += len(p.words)
	}
	m.must(m.gone || m.c.unsettled == len(r.posts) && r.bytes == size && r.begun <= len(r.posts), "the count of what waits is wrong")
}

func (m *roomModel) ask(r chat.Request) {
	m.must(m.in, "asks a server that is not there")
	alone := true
	switch q := r.(type) {
	case *chat.Logout:
		return
	case *chat.Say:
		m.must(len(m.before) == 0, "says something before it is in its rooms again")
		m.open, alone = append(m.open, &chat.Say{To: slices.Clone(q.To), Room: q.Room}), false
	case *chat.Join:
		if len(m.before) > 0 {
			m.must(m.before[q.Room], "enters "+q.Room+" before the rooms it was in")
			m.rejoins++
		}
		m.open = append(m.open, q)
	default:
		m.must(len(m.before) == 0, "leaves a room before it is in it again")
		m.open = append(m.open, q)
	}
	m.must(len(m.open) <= maxOpen, "too many at a time")
	m.must(!alone || len(m.open) == 1, "a room together with something else")
}

// word takes what became of a text: one word for each, in order.
func (m *roomModel) word(v View) {
	i := slices.Index(m.typed, v.Text)
	m.must(i == 0 || i > 0 && v.Why == whyLost, fmt.Sprintf("%s is told twice or out of turn: %+v", v.Text, v))
	m.must((v.Room == "") != (v.To == ""), "a text for both a room and a person")
	m.typed = slices.Delete(m.typed, i, i+1)
}
