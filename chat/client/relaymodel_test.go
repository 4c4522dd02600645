package client

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"mim/chat"
)

// A relayModel is a server that does what servers do, in a random order, and
// what holds whatever happens.
type relayModel struct {
	*user
	rand    *rand.Rand
	dialing bool
	up      map[chat.Part]bool
	asked   map[chat.Part]bool // a login waits for its answer
	whole   bool               // both logins were answered
	open    string             // the text that the server has not answered; "" none
	left    int                // of its bytes
	typed   []string           // in order, with no word of what became of them
	seen    map[string]bool    // texts of which the server saw a piece
	said    int                // texts told that have no receipt yet
	gone    bool
	n       int
}

func TestRelayModel(t *testing.T) {
	seeds := 400
	if testing.Short() {
		seeds = 50
	}
	var told int
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			m := &relayModel{
				user: guest(t), rand: rand.New(rand.NewPCG(uint64(seed), 9)), dialing: true,
				up: map[chat.Part]bool{}, asked: map[chat.Part]bool{}, seen: map[string]bool{},
			}
			for range 300 {
				m.step()
			}
			m.check(m.c.EOF(m.now))
			for range 200 {
				m.step()
			}
			m.must(m.gone, "there is no end")
			m.must(len(m.typed) == 0, fmt.Sprintf("nothing was said of %q", m.typed))
			told += m.n
		})
	}
	if told < seeds {
		t.Errorf("only %d texts in all", told)
	}
}

func (m *relayModel) must(ok bool, what string) {
	m.Helper()
	if !ok {
		m.Fatal(what)
	}
}

func (m *relayModel) step() {
	if m.gone {
		return
	}
	m.now = m.now.Add(time.Duration(m.rand.Int64N(int64(300 * time.Millisecond))))
	if m.c.server.been && m.rand.IntN(100) == 0 {
		m.now = m.now.Add(sayWithin)
	}
	part := []chat.Part{chat.Sends, chat.Receives}[m.rand.IntN(2)]
	switch n := m.rand.IntN(100); {
	case n < 20:
		m.check(m.c.Tick(m.now))
	case n < 45:
		if m.c.exit.phase == staying {
			s := fmt.Sprintf("%d-%0*d", m.n, 1+m.rand.IntN(30), 0)
			m.n++
			m.typed = append(m.typed, s)
			m.check(m.line("@" + []string{"bob", "BOB", "carol", "ALL"}[m.rand.IntN(4)] + " " + s))
		}
	case n < 47 && m.dialing && m.c.server.been:
		m.dialing = false
		m.check(m.c.ServerFailed(m.now, errLost))
	case n < 65 && m.dialing:
		m.dialing = false
		m.up[m.c.server.part] = true
		m.check(m.login())
	case n < 75 && m.asked[part]:
		m.asked[part] = false
		m.whole = part == chat.Receives
		m.check(m.answer(part, nil))
	case n < 77 && m.up[part] && m.c.server.been:
		m.up[part] = false
		m.lost()
		m.check(m.c.ServerClosed(m.now, errLost))
	case n < 80 && m.whole:
		m.said++
		m.check(m.tells("Bob", "hi"))
		m.must(m.said == 0 || m.gone, "no receipt")
	case m.open != "" && m.left == 0:
		m.open = ""
		m.check(m.done([]error{nil, nil, chat.Errorf(chat.NotDelivered, "no")}[m.rand.IntN(3)]))
	case m.open != "":
		m.check(m.done(nil))
	}
}

// lost forgets what the links to the server had under way.
func (m *relayModel) lost() {
	m.whole, m.open = false, ""
	clear(m.asked)
}

func (m *relayModel) check(in []Effect) {
	m.Helper()
	for _, e := range slices.Clone(in) {
		m.must(!m.gone, fmt.Sprintf("%+v behind Quit", e))
		switch e.Kind {
		case Dial:
			m.must(!m.dialing && !m.up[e.Part], "dials what is dialled or there")
			m.must(e.Part == chat.Sends != m.up[chat.Sends], "the first link is Sends")
			m.dialing = true
		case Login:
			m.asked[e.Login.Part] = true
		case HangUp:
			m.dialing = false
			clear(m.up)
			m.lost()
		case Ask:
			m.ask(e)
		case Quit:
			m.gone = true
		case Show:
			if e.View.Event == Sent {
				m.word(e.View)
			}
			m.must(e.View.Event != Error, fmt.Sprintf("unexpected %+v", e.View))
		}
	}
	m.must(m.gone || m.c.unsettled == len(m.c.relay.posts), "the count of texts is wrong")
}

func (m *relayModel) ask(e Effect) {
	switch r := e.Request.(type) {
	case *chat.Received:
		m.must(e.Part == chat.Receives && string(r.From) == "Bob", "a receipt for nobody")
		m.said--
	case *chat.Say:
		m.must(m.whole && e.Part == chat.Sends, "asks a server that is not there")
		if m.open != "" { // another piece of it
			m.must(m.left > 0, "two texts at a time")
			m.left -= len(r.Text)
			return
		}
		i := slices.IndexFunc(m.typed, func(s string) bool { return len(s) >= len(r.Text) && s[:len(r.Text)] == string(r.Text) })
		m.must(i >= 0 && !m.seen[m.typed[i]], "sent twice, or never typed")
		m.open = m.typed[i]
		m.left = len(m.open) - len(r.Text)
		m.seen[m.open] = true
	}
}

// word takes what became of a text: one word for each, in order.
func (m *relayModel) word(v View) {
	i := slices.Index(m.typed, v.Text)
	m.must(i == 0 || i > 0 && v.Why == whyLost, fmt.Sprintf("%s is told twice or out of turn: %+v", v.Text, v))
	m.must(v.State == StateFailed || m.seen[v.Text], "delivered without the server")
	m.must(!m.seen[v.Text] || v.Why != whyLost && v.Why != whyLeft, "what the server saw may have arrived")
	m.typed = slices.Delete(m.typed, i, i+1)
}
