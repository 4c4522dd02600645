package crowd

import (
	"slices"

	"mim/chat/report"
)

// keepsTables reports whether the server tells of people in a way that can be
// checked.
func (m *Mode) keepsTables() bool {
	return m.traits.Presence && listens(m.cfg.Dialect)
}

// An outlook is what somebody's table says beside the people of the crowd.
type outlook struct {
	sum    uint64
	people int32
}

// tables compares what all who are in know with who is in. Whoever is not of
// this crowd is in all tables or in none: what most say is taken for the truth
// about them, and if it says that there is nobody, for the truth at all.
func (m *Mode) tables() report.Table {
	t := report.Table{Entries: m.count.entries, Checked: len(m.online)}
	var all uint64
	for _, n := range m.online {
		all += m.people[n].self
	}
	votes := map[outlook]int{}
	var most outlook
	for _, n := range m.online {
		p := &m.people[n]
		o := outlook{p.sum + p.self - all, p.known + 1 - int32(len(m.online))}
		if votes[o]++; votes[o] > votes[most] {
			most = o
		}
	}
	if most.people < 0 || most.people == 0 && most.sum != 0 {
		most = outlook{}
	}
	t.Wrong, t.Others = t.Checked-votes[most], int(most.people)
	return t
}

// Report says how the run went, without what only the process knows. On the
// loop only, when Done was called.
func (m *Mode) Report() *report.Report {
	r := &report.Report{
		Dialect: m.traits.Dialect, Server: m.cfg.Server, People: m.cfg.Count,
		LoginSeconds: m.count.loginsDone.Seconds(), LoginFailed: m.count.failed, Dropped: m.count.dropped,
		Heard: m.count.heard, Missed: m.count.missed, Abroad: m.count.abroad, AbroadFailed: m.count.strayed,
		Bytes: report.Bytes{In: m.count.in, Out: m.count.out}, Errors: report.Problems(m.errors),
	}
	for line, n := range m.missed {
		r.Missing = append(r.Missing, report.Missing{Line: line, Count: n})
	}
	slices.SortFunc(r.Missing, func(a, b report.Missing) int { return a.Line - b.Line })
	if m.keepsTables() {
		t := m.tables()
		r.Table = &t
	}
	r.Take(m.figures, m.ledger.Tally, m.finished)
	return r
}
