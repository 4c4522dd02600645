package client

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"mim/chat"
)

// A model drives a client with things that happen in a random order, as a
// network would make them happen, and checks what holds whatever happens.
type model struct {
	*user
	rand    *rand.Rand
	dialing bool
	up      bool // the link to the server
	ready   bool // the login was answered
	calls   []Effect
	lines   map[chat.Link][]uint64 // tickets on each, not confirmed
	shut    map[chat.Link]bool     // our direction has ended
	typed   int
	waiting []string        // typed, in order, with no word of what became of them
	here    map[string]bool // by what came and went said
	open    map[string]bool // by what opened and closed said
	offline bool
	unknown int
	gone    bool
}

func TestModel(t *testing.T) {
	seeds := 400
	if testing.Short() {
		seeds = 50
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			m := &model{
				user: alice(t), rand: rand.New(rand.NewPCG(uint64(seed), 7)), dialing: true,
				lines: map[chat.Link][]uint64{}, shut: map[chat.Link]bool{}, here: map[string]bool{}, open: map[string]bool{},
			}
			for range 400 {
				m.step()
			}
			m.finish()
		})
	}
}

var crowd = []*chat.Person{bob, bob2, bobToo, carol, anna, annaM, big}

func (m *model) step() {
	m.now = m.now.Add(time.Duration(m.rand.Int64N(int64(60 * time.Millisecond))))
	switch n := m.rand.IntN(100); {
	case n < 25:
		m.check(m.c.Tick(m.now))
	case n < 50:
		m.types()
	case n < 53:
		m.check(m.line([]string{"/close bob", "/close carol", "/who", "/help", "@bob", "/close"}[m.rand.IntN(6)]))
	case n < 65:
		m.serverDoes()
	case n < 70:
		who := crowd[m.rand.IntN(len(crowd))]
		link, e := m.opened(netip.AddrPortFrom(who.Far.Addr(), 40000).String(), 0)
		m.lines[link] = nil
		m.check(e)
		m.check(m.c.PeerRequest(m.now, link, &chat.Hello{Name: who.Name}))
	case n < 80:
		m.callEnds()
	default:
		m.lineDoes()
	}
}

func (m *model) types() {
	s := fmt.Sprintf("t%d", m.typed)
	to := []string{"@bob ", "@bob~2 ", "@carol ", "@\"Anna Maria\" "}[m.rand.IntN(4)]
	m.typed++
	m.waiting = append(m.waiting, s)
	m.check(m.line(to + s))
}

func (m *model) serverDoes() {
	who := crowd[m.rand.IntN(len(crowd))]
	switch {
	case m.dialing && (m.rand.IntN(3) > 0 || !m.c.server.been):
		m.dialing, m.up, m.ready = false, true, false
		m.check(m.login())
	case m.dialing:
		m.dialing = false
		m.check(m.c.ServerFailed(m.now, errLost))
	case m.up && !m.ready:
		m.ready = true
		m.check(m.event(&chat.Answer{}))
	case m.up && m.rand.IntN(8) == 0:
		m.up = false
		m.check(m.c.ServerClosed(m.now, errLost))
	case m.up && m.rand.IntN(3) == 0:
		m.check(m.event(&chat.Went{Who: who}))
	case m.up:
		m.check(m.event(&chat.Came{Who: who}))
	}
}

func (m *model) callEnds() {
	if len(m.calls) == 0 {
		return
	}
	i := m.rand.IntN(len(m.calls))
	call := m.calls[i]
	m.calls = slices.Delete(m.calls, i, i+1)
	if m.rand.IntN(2) == 0 {
		m.check(m.c.PeerFailed(m.now, call.Call, errors.New("refused")))
		return
	}
	link, e := m.opened(call.Addr.String(), call.Call)
	m.lines[link] = nil
	m.check(e)
}

func (m *model) lineDoes() {
	if len(m.lines) == 0 {
		return
	}
	var links []chat.Link
	for l := range m.lines {
		links = append(links, l)
	}
	slices.Sort(links)
	link := links[m.rand.IntN(len(links))]
	switch m.rand.IntN(4) {
	case 0:
		m.check(m.says(link, "x"))
	case 1, 2:
		if tickets := m.lines[link]; len(tickets) > 0 {
			n := 1 + m.rand.IntN(len(tickets))
			m.lines[link] = tickets[n:]
			m.check(m.c.Left(m.now, link, tickets[n-1]))
		}
	case 3:
		if m.rand.IntN(3) == 0 {
			m.check(m.c.PeerEnded(m.now, link))
			m.shut[link] = true
			return
		}
		m.closeLine(link)
	}
}

func (m *model) closeLine(link chat.Link) {
	delete(m.lines, link)
	m.check(m.c.PeerClosed(m.now, link, []error{nil, errLost}[m.rand.IntN(2)]))
}

// check looks at effects: they must make sense where things stand.
func (m *model) check(in []Effect) {
	m.Helper()
	for _, e := range slices.Clone(in) {
		if m.gone {
			m.Fatalf("%+v behind Quit", e)
		}
		switch e.Kind {
		case Dial:
			m.must(!m.dialing && !m.up, "dials a server that is dialled or there")
			m.dialing = true
		case HangUp:
			m.dialing, m.up = false, false
		case Call:
			m.must(e.Addr.IsValid(), "dials nowhere")
			for _, c := range m.calls {
				m.must(c.Addr != e.Addr, "dials twice at once")
			}
			m.calls = append(m.calls, e)
		case Send:
			_, up := m.lines[e.Link]
			m.must(up && !m.shut[e.Link], "sends on a line that is not open")
			m.lines[e.Link] = append(m.lines[e.Link], e.Ticket)
		case Finish:
			m.must(!m.shut[e.Link], "finishes twice")
			m.shut[e.Link] = true
		case Close:
			delete(m.lines, e.Link)
		case Quit:
			m.gone = true
		case Show:
			m.view(e.View)
		}
	}
	if !m.gone {
		m.count()
	}
}

func (m *model) must(ok bool, what string) {
	m.Helper()
	if !ok {
		m.Fatal(what)
	}
}

func (m *model) view(v View) {
	switch v.Event {
	case Came, Went:
		m.must(m.here[v.Name] != (v.Event == Came), fmt.Sprintf("%s %s twice", v.Name, v.Event))
		m.here[v.Name] = v.Event == Came
	case Opened, Closed:
		m.must(m.open[v.Name] != (v.Event == Opened), fmt.Sprintf("%s %s twice", v.Name, v.Event))
		m.open[v.Name] = v.Event == Opened
	case Said:
		m.must(m.open[v.From], "said by someone with whom no line is open")
	case Offline, Online:
		m.must(m.offline != (v.Event == Offline), string(v.Event)+" twice")
		m.offline = v.Event == Offline
	case Sent:
		m.settled(v.Text)
	case Error:
		if v.Kind == "unknown" || v.Kind == "usage" {
			m.unknown++ // or typed to nobody
			return
		}
		m.Fatalf("unexpected %+v", v)
	}
}

// settled takes the word of what became of a text: one for each.
func (m *model) settled(text string) {
	i := slices.Index(m.waiting, text)
	m.must(i >= 0, "what became of "+text+" is told twice")
	m.waiting = slices.Delete(m.waiting, i, i+1)
}

// count compares the client's books with each other.
func (m *model) count() {
	m.Helper()
	texts, lines := 0, 0
	for _, k := range m.c.known {
		texts += len(k.waiting)
		lines += len(k.lines)
		for _, l := range k.lines {
			texts += len(l.flight)
		}
		m.must(k.listed == slices.Contains(m.c.people, k), "the table is wrong about "+k.handle)
		m.must(k.open == (len(k.lines) > 0), "open without a line, or a line that is not open: "+k.handle)
		m.must(k.listed != slices.Contains(m.c.past, k) || k.stranger(), "neither here nor gone, or both: "+k.handle)
	}
	m.must(texts == m.c.unsettled, fmt.Sprintf("%d texts are unsettled, the count says %d", texts, m.c.unsettled))
	m.must(lines+len(m.c.callers) == len(m.c.lines), "a line is lost")
}

// finish lets everything come to an end. Then each text that went to somebody
// has had its word.
func (m *model) finish() {
	m.check(m.c.EOF(m.now))
	for range 200 {
		if m.gone {
			break
		}
		m.now = m.now.Add(100 * time.Millisecond)
		m.check(m.c.Tick(m.now))
		if m.rand.IntN(10) == 0 {
			m.lineDoes()
		}
		m.callEnds()
		m.serverDoes()
	}
	m.must(m.gone, "there is no end")
	m.must(m.c.unsettled == 0 && m.c.Next().IsZero(), "something is left")
	m.must(len(m.waiting) <= m.unknown, fmt.Sprintf("nothing was said of %d texts", len(m.waiting)-m.unknown))
}
