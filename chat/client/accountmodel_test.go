package client

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat"
)

// An accountModel is a server with accounts that answers in order, and says
// nothing of texts that arrived until it is sure, in a random order of all that
// can happen.
type accountModel struct {
	*user
	rand    *rand.Rand
	dialing bool
	up      bool
	asked   bool            // a login waits for its answer
	in      bool            // it was answered
	open    []chat.Request  // what the server has not answered, pieces one by one
	here    map[string]bool // as the server knows
	calm    map[string]bool // the last text for whom had an answer without a word
	typed   []string        // texts in order, with no word of what became of them
	seen    map[string]bool // texts of which the server saw a piece
	gone    bool
	n, most int
}

func TestAccountModel(t *testing.T) {
	seeds := 150
	if testing.Short() {
		seeds = 50
	}
	var texts, most int
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			m := &accountModel{
				user: inhabitant(t), rand: rand.New(rand.NewPCG(uint64(seed), 31)), dialing: true,
				here: map[string]bool{}, calm: map[string]bool{}, seen: map[string]bool{},
			}
			for range 400 {
				m.step()
			}
			m.check(m.c.EOF(m.now))
			for range 300 {
				m.step()
			}
			m.must(m.gone, "there is no end")
			m.must(len(m.typed) == 0, fmt.Sprintf("nothing was said of %q", m.typed))
			texts, most = texts+m.n, max(most, m.most)
		})
	}
	if texts < seeds || most != maxOpen {
		t.Errorf("only %d texts in all, %d at a time", texts, most)
	}
}

func (m *accountModel) must(ok bool, what string) {
	m.Helper()
	if !ok {
		m.Fatal(what)
	}
}

func (m *accountModel) step() {
	if m.gone {
		return
	}
	m.now = m.now.Add(time.Duration(m.rand.Int64N(int64(100 * time.Millisecond))))
	name := []string{"bob", "Luke", "yoda", "eve"}[m.rand.IntN(4)]
	switch n := m.rand.IntN(100); {
	case n < 15:
		m.check(m.c.Tick(m.now))
	case n < 60:
		m.types(name)
	case n < 62 && m.dialing && m.c.server.been:
		m.dialing = false
		m.check(m.c.ServerFailed(m.now, errLost))
	case n < 75 && m.dialing:
		m.dialing, m.up = false, true
		m.check(m.login())
	case n < 80 && m.asked:
		m.asked, m.in = false, true
		m.check(m.answer(chat.Both, nil))
	case n < 81 && m.up && m.c.server.been && m.rand.IntN(4) == 0:
		m.lost()
		m.check(m.c.ServerClosed(m.now, errLost))
	case n < 85 && m.in:
		if m.here[name] = !m.here[name]; m.here[name] {
			m.check(m.comes(name))
		} else {
			delete(m.calm, name)
			m.check(m.goes(name))
		}
	case len(m.open) > 0 && m.rand.IntN(4) > 0:
		m.answers()
	}
}

// types is a line of the person.
func (m *accountModel) types(name string) {
	if m.c.exit.phase != staying {
		return
	}
	if line := []string{"/whoelse", "/whoelsesince 9", "/block bob", "/who"}; m.rand.IntN(40) == 0 {
		m.check(m.line(line[m.rand.IntN(len(line))]))
		return
	}
	for range 1 + m.rand.IntN(8)*m.rand.IntN(4) {
		s := fmt.Sprintf("%d-%s", m.n, strings.Repeat("x", m.rand.IntN(20)))
		m.n++
		m.typed = append(m.typed, s)
		m.check(m.line("@" + name + " " + s))
	}
}

// answers answers what was asked first.
func (m *accountModel) answers() {
	a := chat.Answer{To: m.open[0]}
	m.open = m.open[1:]
	switch q := a.To.(type) {
	case *chat.WhoElse:
		for _, name := range []string{"bob", "Luke", "yoda", "eve"} {
			if m.here[name] {
				a.Names = append(a.Names, name)
			}
		}
	case *chat.Say:
		switch n := m.rand.IntN(20); {
		case !m.here[string(q.To)]:
			a.Stored = true
		case n == 0:
			a.Err = chat.Errorf(chat.Blocked, "no")
		}
		m.calm[string(q.To)] = !a.Stored && a.Err == nil
	}
	m.check(m.on(chat.Both, &a))
}

func (m *accountModel) lost() {
	m.up, m.in, m.asked, m.open = false, false, false, nil
}

func (m *accountModel) check(in []Effect) {
	m.Helper()
	for _, e := range slices.Clone(in) {
		m.must(!m.gone, fmt.Sprintf("%+v behind Quit", e))
		switch e.Kind {
		case Dial:
			m.must(!m.dialing && !m.up, "dials what is dialled or there")
			m.dialing = true
		case Login:
			m.must(string(e.Login.Pass) == "falcon", "a login without the password")
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
	m.must(m.gone || m.c.unsettled == len(m.c.relay.posts), "the count of texts is wrong")
	m.must(m.gone || m.c.relay.begun <= len(m.c.relay.posts), "more is begun than there is")
}

func (m *accountModel) ask(r chat.Request) {
	m.must(m.in, "asks a server that is not there")
	switch r := r.(type) {
	case *chat.Logout:
		return
	case *chat.Say:
		m.sees(r)
		m.open = append(m.open, &chat.Say{To: slices.Clone(r.To)})
	default:
		m.open = append(m.open, r)
	}
	open := m.open
	if _, ok := open[0].(*chat.WhoElse); ok {
		open = open[1:] // the one for the table may be late
	}
	m.most = max(m.most, len(open))
	if m.must(len(open) <= maxOpen, "too many at a time"); len(open) <= 1 {
		return
	}
	for _, r := range open {
		say, ok := r.(*chat.Say)
		last := r == open[len(open)-1]
		m.must(ok && (!last || m.calm[string(say.To)]), "together with something that will be answered")
	}
}

// sees notes which text a piece belongs to: the first that is not seen whole.
func (m *accountModel) sees(r *chat.Say) {
	i := slices.IndexFunc(m.typed, func(s string) bool { return len(s) >= len(r.Text) && s[:len(r.Text)] == string(r.Text) })
	if i < 0 {
		return // a later piece
	}
	m.must(!m.seen[m.typed[i]], "sent twice")
	m.seen[m.typed[i]] = true
}

// word takes what became of a text: one word for each, in order.
func (m *accountModel) word(v View) {
	i := slices.Index(m.typed, v.Text)
	m.must(i == 0 || i > 0 && v.Why == whyLost, fmt.Sprintf("%s is told twice or out of turn: %+v", v.Text, v))
	m.must(v.State == StateFailed || m.seen[v.Text], "sent without the server")
	m.must(!m.seen[v.Text] || v.Why != whyLost && v.Why != whyLeft, "what the server saw may have arrived")
	m.typed = slices.Delete(m.typed, i, i+1)
}
