package serve

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"mim/chat"
	"mim/loop"
	"mim/loop/sim"
)

// An event is encoded once for each variant among those who hear it, however
// many they are.
func TestEncodesPerEvent(t *testing.T) {
	for _, row := range []struct {
		name      string
		from      []netip.Addr // of the viewers
		came      int          // encodings of an arrival, beside the newcomer's table
		newTables int          // of the table: a newcomer's one page, in its variant
	}{
		{"nobody else", nil, 0, 0},
		{"one viewer", []netip.Addr{server}, 1, 1},
		{"20 viewers nearby", repeat(20, server), 1, 1},
		{"20 viewers elsewhere", repeat(20, lan), 1, 1},
		{"both", append(repeat(20, server), repeat(20, lan)...), 2, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newTown(t, sim.Faults{}, Config{})
			for i, from := range row.from {
				w.join(from, fmt.Sprint("p", i), uint16(100+i))
			}
			before, sends := w.mode.Encodes(), w.net.sends
			p := w.join(server, "new", 10)
			if got := int(w.mode.Encodes() - before); got != row.came+row.newTables {
				t.Errorf("an arrival: %d encodings, want %d", got, row.came+row.newTables)
			}
			if got, want := w.net.sends-sends, 1+row.newTables+len(row.from); got != want {
				t.Errorf("an arrival: %d sends, want %d", got, want)
			}
			before = w.mode.Encodes()
			p.close()
			w.Run(time.Second)
			if got := int(w.mode.Encodes() - before); got != row.came {
				t.Errorf("a departure: %d encodings, want %d", got, row.came)
			}
		})
	}
}

func repeat(n int, a netip.Addr) (out []netip.Addr) {
	for range n {
		out = append(out, a)
	}
	return out
}

// All newcomers of one variant are sent the very same bytes of a page.
func TestPageBytesAreShared(t *testing.T) {
	w := newTown(t, sim.Faults{}, Config{})
	for i := range 2*chat.PageSize + 5 {
		w.visit(server).send(login(fmt.Sprint("p", i), uint16(100+i)))
	}
	w.Run(time.Second)
	tables := map[string][]*byte{} // the big pieces that a newcomer was sent
	for _, row := range []struct {
		name string
		from netip.Addr
	}{{"near1", server}, {"near2", server}, {"far1", lan}, {"far2", lan}} {
		w.net.sent = func(_ loop.ID, b []byte, lazy bool) {
			if len(b) > 2000 && !lazy {
				tables[row.name] = append(tables[row.name], &b[0])
			}
		}
		if got := len(w.join(row.from, row.name, 10).knows()); got < 2*chat.PageSize+5 {
			t.Errorf("%s knows only %d", row.name, got)
		}
	}
	same := func(a, b string) (n int) {
		for i := range tables[a] {
			if i < len(tables[b]) && tables[a][i] == tables[b][i] {
				n++
			}
		}
		return n
	}
	if same("near1", "near2") != 2 || same("far1", "far2") != 2 || same("near2", "far1") != 0 {
		t.Errorf("the two full pages are not shared by those, and only those, who read the same: %v", tables)
	}
}

// Three hundred people log in within 60 ms; all hear of all. Presence waits
// for company, so the writes are some per person, not three hundred.
func TestStorm(t *testing.T) {
	const n = 300
	w := newTown(t, sim.Faults{}, Config{})
	all := make([]*person, n)
	for i := range all {
		all[i] = w.visit(server)
	}
	before := w.net.sends
	for i, p := range all {
		p.send(login(fmt.Sprintf("p%04d", i), uint16(100+i)))
		w.Run(200 * time.Microsecond)
	}
	w.Run(time.Second)
	reads := 0
	for i, p := range all {
		reads += p.reads
		came := 0
		for _, s := range p.heard {
			if s[:4] == "came" {
				came++
			}
		}
		if came != n-1 || len(p.heard) != n {
			t.Fatalf("%d has heard of %d people in %d pieces", i, came, len(p.heard))
		}
	}
	t.Logf("%d sends, %d writes, %d encodings", w.net.sends-before, reads, w.mode.Encodes())
	if reads > 10*n {
		t.Errorf("%d writes", reads)
	}
	// One arrival each, and the table: each page once while it was the last
	// one, which each of its people made a new one.
	if got := w.mode.Encodes(); got > 2*n+n/chat.PageSize {
		t.Errorf("%d encodings", got)
	}
}
