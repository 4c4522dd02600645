package client

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"mim/chat"
)

// A callModel is a server with calls and people who call and are called, in a
// random order of all that can happen. Each call is with somebody else, so that
// a name says which one a view is about; but for those who call while they are
// called, who have two.
type callModel struct {
	*user
	rand    *rand.Rand
	dialing bool
	up, in  bool
	open    []chat.Request
	calls   []*modelCall      // that the server knows
	shown   map[string]string // by name: the state shown last
	bound   uint64            // by VoiceBind or VoiceOpen
	sound   uint64            // by VoiceOpen
	gone    bool
	lastKey uint64
	names   int
	count   map[string]int  // of states shown
	twice   map[string]bool // who is in two calls with us, so that a name says too little
}

type modelCall struct {
	key      uint64
	name     string
	ours     bool // we asked
	accepted bool
}

func TestCallModel(t *testing.T) {
	seeds := 300
	if testing.Short() {
		seeds = 50
	}
	count := map[string]int{}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			m := &callModel{
				user: guest(t, calling), rand: rand.New(rand.NewPCG(uint64(seed), 41)), dialing: true,
				shown: map[string]string{}, count: count, twice: map[string]bool{}, lastKey: 1_000_000,
			}
			for range 800 {
				m.step()
			}
			m.check(m.c.EOF(m.now))
			for range 300 {
				m.step()
			}
			m.must(m.gone, "there is no end")
			for name, state := range m.shown {
				m.must(m.twice[name] || state == StateDenied || state == StateEnded, fmt.Sprintf("the call with %s is left %s", name, state))
			}
			m.must(m.bound == 0 && m.sound == 0, "the voice goes on")
		})
	}
	for _, state := range []string{StateAsked, StateRinging, StateAccepted, StateDenied, StateEnded, "crossed", "crossed early", "heard"} {
		if count[state] < seeds {
			t.Errorf("only %d calls were %s", count[state], state)
		}
	}
}

func (m *callModel) must(ok bool, what string) {
	m.Helper()
	if !ok {
		m.Fatal(what)
	}
}

func (m *callModel) step() {
	if m.gone {
		return
	}
	m.now = m.now.Add(time.Duration(m.rand.Int64N(int64(800 * time.Millisecond))))
	switch n := m.rand.IntN(100); {
	case n < 15:
		m.check(m.c.Tick(m.now))
	case n < 40:
		m.types()
	case n < 55 && m.dialing:
		m.dialing, m.up = false, true
		m.check(m.login())
	case n < 60 && m.up && !m.in:
		m.in = true
		m.check(m.answer(chat.Both, nil))
	case n == 60 && m.in:
		m.lost()
		m.check(m.c.ServerClosed(m.now, errLost))
	case n == 61 && m.sound != 0:
		m.check(m.c.VoiceFailed(m.now, m.sound, errLost))
	case n < 80 && m.in:
		m.others()
	case len(m.open) > 0:
		m.answers()
	}
}

func (m *callModel) types() {
	if m.c.exit.phase != staying {
		return
	}
	ring := ""
	for name, state := range m.shown {
		if state == StateRinging && (ring == "" || name < ring) {
			ring = name
		}
	}
	switch n := m.rand.IntN(10); {
	case n < 4:
		m.names++
		m.check(m.line(fmt.Sprint("/call p", m.names)))
	case n < 6 && ring != "":
		m.check(m.line("/answer " + ring))
	case n < 7 && ring != "":
		m.check(m.line("/deny " + ring))
	case n == 7:
		m.check(m.line("/hangup"))
	case n == 8:
		m.check(m.line("@bob hi"))
	}
}

// others do something: call us, perhaps while we call them, or go on with a call.
func (m *callModel) others() {
	n := m.rand.IntN(8)
	if n == 7 && len(m.open) > 0 {
		q, ok := m.open[0].(*chat.Talk)
		if ok && !slices.ContainsFunc(m.calls, func(k *modelCall) bool { return k.name == string(q.To) }) {
			m.count["crossed early"]++
			m.twice[string(q.To)] = true
			m.ring(string(q.To))
			return
		}
	}
	if n == 0 || len(m.calls) == 0 {
		m.names++
		m.ring(fmt.Sprint("p", m.names))
		return
	}
	k := m.calls[m.rand.IntN(len(m.calls))]
	both := slices.IndexFunc(m.calls, func(o *modelCall) bool { return o != k && o.name == k.name }) >= 0
	switch {
	case n == 1 && k.ours && !k.accepted && !both:
		m.count["crossed"]++
		m.ring(k.name)
	case n < 5 && k.ours && !k.accepted:
		k.accepted = true
		m.check(m.news(chat.CallAccepted, k.name, k.key))
	case n == 5 && k.ours && !k.accepted:
		m.drop(k)
		m.check(m.news(chat.CallDenied, k.name, k.key))
	case n == 6:
		m.drop(k)
		m.check(m.news(chat.CallEnded, "", k.key))
	}
}

func (m *callModel) ring(name string) {
	if s := m.shown[name]; s == StateEnded || s == StateDenied {
		delete(m.shown, name) // another call
	}
	m.lastKey += 1 + m.rand.Uint64N(3)
	m.calls = append(m.calls, &modelCall{key: m.lastKey, name: name})
	m.check(m.news(chat.CallAsked, name, m.lastKey))
}

func (m *callModel) drop(k *modelCall) {
	m.calls = slices.DeleteFunc(m.calls, func(o *modelCall) bool { return o == k })
}

func (m *callModel) call(key uint64) *modelCall {
	i := slices.IndexFunc(m.calls, func(k *modelCall) bool { return k.key == key })
	if i < 0 {
		return nil
	}
	return m.calls[i]
}

// answers answers what was asked first.
func (m *callModel) answers() {
	a := chat.Answer{To: m.open[0]}
	m.open = m.open[1:]
	none := chat.Errorf(chat.Unknown, "there is no such call")
	switch q := a.To.(type) {
	case *chat.Talk:
		if m.rand.IntN(10) == 0 {
			a.Err = chat.Errorf(chat.Refused, "no")
			break
		}
		m.check(m.on(chat.Both, &a))
		// A key below those of others, at times.
		m.lastKey += 4
		k := &modelCall{key: m.lastKey - m.rand.Uint64N(2)*500_000, name: string(q.To), ours: true}
		m.calls = append(m.calls, k)
		m.check(m.news(chat.CallAsked, k.name, k.key))
		return
	case *chat.TalkReply:
		switch k := m.call(q.Key); {
		case k == nil, k.ours, k.accepted:
			a.Err = none
		case q.Yes:
			k.accepted = true
		default:
			m.drop(k)
		}
	case *chat.TalkEnd:
		if k := m.call(q.Key); k != nil {
			m.drop(k)
			m.check(m.on(chat.Both, &a))
			m.check(m.news(chat.CallEnded, "", q.Key))
			return
		}
		a.Err = none
	}
	m.check(m.on(chat.Both, &a))
}

func (m *callModel) lost() {
	m.up, m.in, m.open, m.calls = false, false, nil, nil
}

func (m *callModel) check(in []Effect) {
	m.Helper()
	for _, e := range slices.Clone(in) {
		m.must(!m.gone, fmt.Sprintf("%+v behind Quit", e))
		switch e.Kind {
		case Dial:
			m.dialing = true
		case HangUp:
			m.dialing = false
			m.lost()
		case Ask:
			m.ask(e.Request)
		case VoiceBind:
			m.must(m.sound == 0, "another call is bound while there is sound")
			m.bound = e.Key
		case VoiceOpen:
			m.must(m.sound == 0, "two calls have sound")
			m.bound, m.sound = e.Key, e.Key
			m.count["heard"]++
		case VoiceClose:
			m.must(m.bound == e.Key, "another call is closed")
			m.bound, m.sound = 0, 0
		case Quit:
			m.gone = true
		case Show:
			if e.View.Event == Called {
				m.tells(e.View)
			}
		}
	}
	m.agrees()
}

func (m *callModel) ask(r chat.Request) {
	m.must(m.in, "asks a server that is not there")
	switch q := r.(type) {
	case *chat.TalkReply:
		m.must(q.Key != 0, "no key")
	case *chat.TalkEnd:
		m.must(q.Key != 0, "no key")
	case *chat.Logout:
		return
	}
	m.open = append(m.open, r)
}

// tells takes how far a call is: each step follows from the one before.
func (m *callModel) tells(v View) {
	may := map[string][]string{
		"":            {StateAsked, StateRinging, StateEnded}, // ended: given up before it had a key
		StateRinging:  {StateAsked, StateAccepted, StateDenied, StateEnded},
		StateAsked:    {StateAccepted, StateDenied, StateEnded},
		StateAccepted: {StateEnded},
	}
	was := m.shown[v.Name]
	if m.twice[v.Name] {
		was = ""
		if v.State == StateAccepted || v.State == StateDenied {
			was = StateAsked
		}
	}
	m.must(slices.Contains(may[was], v.State), fmt.Sprintf("%s is %s, then %s (%s)", v.Name, was, v.State, v.Why))
	m.must((v.Why != "") == (v.State == StateDenied || v.State == StateEnded), "why?")
	m.shown[v.Name] = v.State
	m.count[v.State]++
}

// agrees compares what the client does with what was shown.
func (m *callModel) agrees() {
	k := &m.c.calling
	talking := 0
	for name, state := range m.shown {
		if state == StateAccepted && !m.twice[name] {
			talking++
		}
	}
	if k.ours != nil && k.ours.state == callTalking && m.twice[k.ours.name] {
		talking++
	}
	m.must(talking == 0 && m.sound == 0 || talking == 1 && m.sound != 0, fmt.Sprintf("%d calls go on, the sound is that of %d", talking, m.sound))
	if m.sound != 0 {
		m.must(k.ours != nil && k.ours.key == m.sound && k.ours.state == callTalking, "the sound is that of no call")
	}
	m.must(k.bound == m.bound, "another call is bound")
	m.must(m.bound == 0 || m.c.callOf(m.bound) != nil, "a call is bound that is over")
	m.must(k.ours == nil || k.ours.state != callOver, "our call is over")
	for _, r := range k.rings {
		m.must(r.state == callRinging, "what rings does not")
	}
}
