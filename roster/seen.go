package roster

import (
	"cmp"
	"slices"
	"time"
)

// seen is when those who are not here were here last. Names of accounts stay;
// of others, whom anybody can invent, the latest are kept.
type seen struct {
	names map[string]sight
	keep  func(folded string) bool // it has an account
}

type sight struct {
	name string
	at   time.Time
}

// maxSeen is how many names are remembered, in memory.
const maxSeen = 100000

// note says that a user was here at a time.
func (s *seen) note(folded, name string, at time.Time) {
	if _, known := s.names[folded]; !known && len(s.names) >= maxSeen {
		s.forget()
	}
	s.names[folded] = sight{name, at}
}

// forget drops the older half, so that it is not done for each newcomer.
func (s *seen) forget() {
	times := make([]time.Time, 0, len(s.names))
	for _, v := range s.names {
		times = append(times, v.at)
	}
	slices.SortFunc(times, time.Time.Compare)
	half := times[len(times)/2]
	for k, v := range s.names {
		if !v.at.After(half) && !s.keep(k) {
			delete(s.names, k)
		}
	}
}

// since are the names seen at or after a time, but those to skip, in order.
func (s *seen) since(at time.Time, skip func(folded string) bool) (names []string) {
	for folded, v := range s.names {
		if !v.at.Before(at) && !skip(folded) {
			names = append(names, v.name)
		}
	}
	slices.SortFunc(names, cmp.Compare[string])
	return names
}

// look notes that members were here, each minute, so that a crash loses little
// of it.
func (r *Roster) look() {
	for _, m := range r.members {
		if !m.guest { // there may be thousands, and they are told apart by nothing but what they claim
			r.sight(m)
		}
	}
	if r.linked > 0 {
		r.start(&r.lookTimer, lookEvery)
	}
}

// Stopping is the last call: the server ends, and keeps when its users were
// here last.
func (r *Roster) Stopping(now time.Time) []Effect {
	r.begin(now)
	for _, m := range r.members {
		r.sight(m)
	}
	return r.out
}

const lookEvery = time.Minute

// sight notes that a member is or was here now. Of guests, who may come in
// thousands and claim any name, the store hears nothing.
func (r *Roster) sight(m *member) {
	at := r.base.Add(r.now)
	r.seen.note(m.folded, m.came.Who.Word(), at)
	if m.guest {
		return
	}
	r.keep(&Change{Kind: See, Seen: Seen{m.came.Who.Name, at}}, nil)
}
