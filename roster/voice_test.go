package roster

import (
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"mim/chat"
)

// ring are the first steps of a call of two: ann's ports are bound to her end.
var ring = twoTalk[:1]

// eveTalks are those of a call of ann and eve, who have one address.
var eveTalks = []step{{"ann talk eve", ">1 ok; >1 asked eve 1; >5 asked ann 1"}, {"eve accept 1", ">5 ok; >1 accepted eve 1"}}

// Each row is a sentence of dtu.md, Voice, 3 and 4.
func TestVoice(t *testing.T) {
	for _, c := range []struct {
		what  string
		steps []step
	}{
		{"from then on it is passed to the other", after(twoTalk, step{"ann voice 7", "[10.0.0.2:8]"}, step{"bob voice 8", "[10.0.0.1:7]"})},
		{"not before the other has a source", after(twoTalk[:3], step{"ann voice 7", "[]"}, step{"bob voice 8", "[]"}, step{"bob bind 8 1", "yes"}, step{"ann voice 7", "[10.0.0.2:8]"})},
		{"a source without a key", after(twoTalk, step{"ann voice 9", "[]"}, step{"carl voice 8", "[]"}, step{"10.9.9.9 voice 7", "[]"})},
		{"the key binds from REQUEST on, voice before ACCEPT is dropped", after(ring, step{"ann bind 7 1", "yes"}, step{"bob bind 8 1", "yes"}, step{"ann voice 7", "[]"}, step{"bob voice 8", "[]"},
			step{"bob accept 1", ">2 ok; >1 accepted bob 1"}, step{"ann voice 7", "[10.0.0.2:8]"}, step{"bob voice 8", "[10.0.0.1:7]"})},
		{"not from an address without a link in the call", after(twoTalk[:2], step{"carl bind 7 1", "bad key"}, step{"10.9.9.9 bind 7 1", "silent"}, step{"ann bind 7 1", "yes"}, step{"ann voice 7", "[]"})},
		{"IPv4 within IPv6 is the same address", after(twoTalk[:3], step{"::ffff:10.0.0.2 bind 8 1", "yes"}, step{"ann voice 7", "[[::ffff:10.0.0.2]:8]"}, step{"bob voice 8", "[10.0.0.1:7]"})},
		{"a further source replaces the oldest", after(twoTalk, step{"ann bind 9 1", "yes"}, step{"ann voice 7", "[]"}, step{"ann voice 9", "[10.0.0.2:8]"}, step{"bob voice 8", "[10.0.0.1:9]"})},
		{"two links at an address have two", after(eveTalks, step{"ann bind 1 1", "yes"}, step{"ann bind 2 1", "yes"}, step{"ann voice 1", "[10.0.0.1:2]"}, step{"ann voice 2", "[10.0.0.1:1]"},
			step{"ann bind 3 1", "yes"}, step{"ann voice 1", "[]"}, step{"ann voice 2", "[10.0.0.1:3]"}, step{"ann voice 3", "[10.0.0.1:2]"})},
		{"said again it is not the oldest", after(eveTalks, step{"ann bind 1 1", "yes"}, step{"ann bind 2 1", "yes"}, step{"ann bind 1 1", "yes"}, step{"ann bind 3 1", "yes"}, step{"ann voice 1", "[10.0.0.1:3]"}, step{"ann voice 2", "[]"})},
		{"both before the answer", []step{eveTalks[0], {"ann bind 1 1", "yes"}, {"ann bind 2 1", "yes"}, {"ann voice 1", "[]"}, {"ann voice 2", "[]"}, eveTalks[1], {"ann voice 1", "[10.0.0.1:2]"}, {"ann voice 2", "[10.0.0.1:1]"}}},
		{"another key of its own moves a source", after(twoTalk, step{"ann talk carl", ">1 ok; >1 asked carl 2; >3 asked ann 2"}, step{"carl accept 2", ">3 ok; >1 accepted carl 2"}, step{"carl bind 9 2", "yes"},
			step{"ann bind 7 2", "yes"}, step{"ann voice 7", "[10.0.0.3:9]"}, step{"bob voice 8", "[]"}, step{"carl voice 9", "[10.0.0.1:7]"}, step{"ann bind 7 1", "yes"}, step{"ann voice 7", "[10.0.0.2:8]"}, step{"carl voice 9", "[]"})},
		{"a key of others moves nothing", after(twoTalk, step{"carl talk dora", ">3 ok; >3 asked dora 2; >4 asked carl 2"}, step{"ann bind 7 2", "bad key"}, step{"ann voice 7", "[10.0.0.2:8]"})},
		{"nothing is left when the call is over", after(twoTalk, step{"ann end 1", ">1 ok; >1 ended 1; >2 ended 1"}, step{"ann voice 7", "[]"}, step{"ann bind 7 1", "bad key"})},
		{"who leaves a room's call takes their source with them", []step{
			{"ann talk #x", ">1 ok; >1 asked #x 1; >2 >3 >5 asked ann 1"}, {"ann bind 1 1", "yes"}, {"eve accept 1", ">5 ok; >1 accepted eve 1"}, {"eve bind 5 1", "yes"}, {"bob accept 1", ">2 ok; >1 >5 accepted bob 1"}, {"bob bind 2 1", "yes"},
			{"eve end 1", ">5 ok; >5 ended 1"}, {"bob voice 2", "[10.0.0.1:1]"}, {"eve voice 5", "[]"}, {"ann voice 1", "[10.0.0.2:2]"},
		}},
		{"a source of somebody who takes part is not taken for one who is only asked", []step{
			{"ann talk #x", ">1 ok; >1 asked #x 1; >2 >3 >5 asked ann 1"}, {"bob accept 1", ">2 ok; >1 accepted bob 1"}, {"bob bind 2 1", "yes"},
			{"ann bind 1 1", "yes"}, {"ann bind 5 1", "yes"}, {"ann voice 1", "[10.0.0.2:2]"}, {"eve voice 5", "[]"}, {"eve deny 1", ">5 ok"}, {"ann voice 1", "[10.0.0.2:2]"}, {"eve voice 5", "[]"},
		}},
		{"who takes part gets the source that came early", []step{
			{"bob talk #x", ">2 ok; >2 asked #x 1; >1 >3 >5 asked bob 1"}, {"bob bind 2 1", "yes"}, {"eve bind 5 1", "yes"}, {"eve accept 1", ">5 ok; >2 accepted eve 1"},
			{"eve voice 5", "[10.0.0.2:2]"}, {"ann deny 1", ">1 ok"}, {"eve voice 5", "[10.0.0.2:2]"},
		}},
		{"what moves away leaves its place to who has none", []step{
			{"ann talk #x", ">1 ok; >1 asked #x 1; >2 >3 >5 asked ann 1"}, {"bob accept 1", ">2 ok; >1 accepted bob 1"}, {"bob bind 2 1", "yes"}, {"ann bind 1 1", "yes"}, {"ann bind 5 1", "yes"},
			{"ann talk dora", ">1 ok; >1 asked dora 2; >4 asked ann 2"}, {"ann bind 1 2", "yes"}, {"bob voice 2", "[10.0.0.1:5]"}, {"ann voice 5", "[10.0.0.2:2]"},
		}},
		{"wrong keys are answered once a second, by address", []step{
			{"ann bind 7 1", "bad key"}, {"ann bind 7 1", "silent"}, {"eve bind 9 2", "silent"}, {"bob bind 7 1", "bad key"}, {"wait 999ms", ""}, {"ann bind 7 1", "silent"}, {"wait 1ms", ""}, {"ann bind 7 1", "bad key"},
		}},
		{"ten receipts a second for each end, and it is bound all the same", after(twoTalk, append(yes(8), // twoTalk has had one of each end, bob's address is another's
			step{"ann bind 7 1", "yes"}, step{"ann bind 7 1", "silent"}, step{"ann bind 9 1", "silent"}, step{"ann voice 9", "[10.0.0.2:8]"}, step{"bob voice 8", "[10.0.0.1:9]"}, step{"bob bind 8 1", "yes"},
			step{"wait 999ms", ""}, step{"ann bind 9 1", "silent"}, step{"wait 1ms", ""}, step{"ann bind 9 1", "yes"})...)},
		{"from elsewhere there is silence", []step{{"10.9.9.9 bind 7 1", "silent"}, {"zoe bind 7 1", "silent"}}},
		{"the address of who has left is elsewhere", []step{{"ann close", ""}, {"ann bind 7 1", "bad key"}, {"eve close", ""}, {"wait 1s", ""}, {"ann bind 7 1", "silent"}}},
		{"ten wrong keys in 10 s: nothing is bound for 10 s, what is bound goes on", after(after(twoTalk, wrong(10)...),
			step{"ann voice 7", "[10.0.0.2:8]"}, step{"ann bind 7 1", "yes"}, step{"ann bind 9 1", "silent"}, step{"ann bind 9 5", "silent"}, step{"wait 5s", ""}, step{"ann bind 9 5", "silent"}, step{"ann voice 7", "[10.0.0.2:8]"},
			step{"wait 4999ms", ""}, step{"ann bind 9 1", "silent"}, step{"wait 1ms", ""}, step{"ann bind 9 1", "yes"}, step{"ann voice 7", "[]"}, step{"ann voice 9", "[10.0.0.2:8]"})},
		{"nine do no harm, nor does the tenth behind 10 s", after(after(twoTalk, wrong(9)...), step{"wait 10s", ""}, step{"ann bind 9 5", "bad key"}, step{"ann bind 9 1", "yes"})},
		{"ten of the last 10 s, not of any", after(after(twoTalk, step{"ann bind 9 5", "bad key"}, step{"wait 9s", ""}, step{"ann bind 9 5", "bad key"}, step{"wait 2s", ""}, step{"ann bind 9 5", "bad key"}),
			append(wrong(8)[1:], step{"ann bind 9 1", "yes"}, step{"ann bind 7 5", "silent"}, step{"ann bind 7 1", "silent"})...)},
		{"others are not concerned", after(after(twoTalk, wrong(10)...), step{"bob bind 9 1", "yes"}, step{"ann voice 7", "[10.0.0.2:9]"})},
		{"behind a rest ten more are needed", after(after(twoTalk, wrong(10)...), append(append([]step{{"wait 10s", ""}}, wrong(9)...), step{"ann bind 9 1", "yes"})...)},
	} {
		t.Run(c.what, func(t *testing.T) { exchange(t).dial(c.steps) })
	}
}

// yes are so many datagrams of ann's own source with its key.
func yes(n int) (all []step) {
	for range n {
		all = append(all, step{"ann bind 7 1", "yes"})
	}
	return all
}

// wrong are so many wrong keys of ann at once; the first is answered.
func wrong(n int) (all []step) {
	for i := range n {
		all = append(all, step{"ann bind 9 5", [...]string{"bad key", "silent"}[min(i, 1)]})
	}
	return all
}

// A zone of IPv6 belongs to how we reach an address, not to whose it is.
func TestVoiceZone(t *testing.T) {
	w := newWorld(t, Config{Keys: countedKeys()})
	for n, from := range []string{"[fe80::1%eth0]:1", "10.0.0.2:1"} {
		w.open(n+1, from, &callers)
		w.ask(n+1, &chat.Login{Name: people[n].name})
	}
	w.dial([]step{
		{"ann talk bob", ">1 ok; >1 asked bob 1; >2 asked ann 1"}, {"bob accept 1", ">2 ok; >1 accepted bob 1"},
		{"fe80::1%eth0 bind 7 1", "yes"}, {"bob bind 8 1", "yes"}, {"bob voice 8", "[[fe80::1%eth0]:7]"}, {"fe80::1%eth0 voice 7", "[10.0.0.2:8]"},
		{"ann talk bob", ">1 ok; >1 asked bob 2; >2 asked ann 2"}, {"ann end 1", ">1 ok; >1 ended 1; >2 ended 1"}, {"fe80::1%eth0 voice 7", "[]"},
	})
}

// However many addresses send wrong keys, few are remembered: the ones whose
// keys count still, and the latest.
func TestWrongKeysAreBounded(t *testing.T) {
	r := crowded(t, 3*maxWrongAddresses)
	now := start
	for n := range 3 * maxWrongAddresses {
		now = now.Add(time.Millisecond)
		if got := r.Bind(now, netip.AddrPortFrom(placeOf(n), 7), 1); got != BoundBadKey {
			t.Fatalf("address %d: %d", n, got)
		}
		if len(r.calls.wrong) > maxWrongAddresses {
			t.Fatalf("%d are remembered", len(r.calls.wrong))
		}
	}
	if r.calls.wrong[placeOf(3*maxWrongAddresses-1)] == nil || r.calls.wrong[placeOf(0)] != nil {
		t.Error("the latest is forgotten, or the first is not")
	}
	r.Bind(now.Add(time.Minute), netip.AddrPortFrom(placeOf(0), 7), 1)
	if n := len(r.calls.wrong); n != 1 {
		t.Errorf("after a minute %d are remembered", n)
	}
}

// A Bind or a Voice leaves the effects of the last call as they are.
func TestVoiceKeepsEffects(t *testing.T) {
	w := exchange(t)
	e := w.Do(w.now, linkOf(1), &chat.Talk{To: []byte("bob")})
	was := showCalls(e)
	w.phone("ann bind 7 1")
	w.phone("ann bind 7 2")
	w.phone("ann voice 7")
	expect(t, "the effects", showCalls(e), was)
}

// talking is a room's call of so many, each with a source: port 7.
func talking(t testing.TB, n int) *Roster {
	r := crowded(t, n-1)
	r.Do(start, linkOf(1), &chat.Talk{To: []byte("#lobby"), Room: true})
	for i := range n {
		if i > 0 {
			r.Do(start, linkOf(i+1), &chat.TalkReply{Key: minKey + 1, Yes: true})
		}
		if r.Bind(start, netip.AddrPortFrom(placeOf(i), 7), minKey+1) != BoundYes {
			t.Fatalf("%d has no source", i)
		}
	}
	if got := len(r.Voice(start, netip.AddrPortFrom(placeOf(0), 7))); got != n-1 {
		t.Fatalf("%d hear the first of %d", got, n)
	}
	return r
}

// No datagram costs memory, whatever it is.
func TestVoiceAllocs(t *testing.T) {
	r := talking(t, 10)
	now, one, stranger := start, netip.AddrPortFrom(placeOf(1), 7), netip.MustParseAddrPort("10.9.9.9:7")
	mapped := netip.AddrPortFrom(netip.AddrFrom16(placeOf(1).As16()), 7)
	r.Bind(now, one, 1)
	for _, row := range []struct {
		name string
		f    func()
	}{
		{"voice", func() { r.Voice(now, one) }},
		{"voice of an address in another form", func() { r.Voice(now, mapped) }},
		{"voice of a stranger", func() { r.Voice(now, stranger) }},
		{"the key once more", func() { r.Bind(now, one, minKey+1) }},
		{"another port", func() { r.Bind(now, netip.AddrPortFrom(placeOf(1), 8), minKey+1); r.Bind(now, one, minKey+1) }},
		{"a wrong key", func() { r.Bind(now, one, 1) }},
		{"a stranger's key", func() { r.Bind(now, stranger, minKey+1) }},
	} {
		if n := testing.AllocsPerRun(100, func() { now = now.Add(20 * time.Millisecond); row.f() }); n != 0 {
			t.Errorf("%s: %v allocations", row.name, n)
		}
	}
}

func BenchmarkVoice(b *testing.B) {
	for _, n := range []int{2, 10, maxEnds} {
		b.Run(fmt.Sprintf("ends=%d", n), func(b *testing.B) {
			r := talking(b, n)
			now, from := start, netip.AddrPortFrom(placeOf(1), 7)
			b.ReportAllocs()
			for b.Loop() {
				now = now.Add(20 * time.Millisecond)
				r.Voice(now, from)
			}
		})
	}
}

// Many calls, each with sources, leave nothing behind.
func TestCallsMemory(t *testing.T) {
	r := crowded(t, 9)
	now, key := start, uint64(minKey)
	calls := func(n int) uint64 {
		for i := range n {
			now = now.Add(time.Millisecond)
			key++
			r.Do(now, linkOf(1), &chat.Talk{To: []byte("#lobby"), Room: true})
			for l := 2; l <= 5; l++ {
				r.Do(now, linkOf(l), &chat.TalkReply{Key: key, Yes: true})
				r.Bind(now, netip.AddrPortFrom(placeOf(l-1), uint16(1+i%60000)), key)
			}
			if len(r.calls.sources) != 4 {
				t.Fatalf("call %d: %d sources", i, len(r.calls.sources))
			}
			if i%2 == 0 {
				for l := 1; l <= 5; l++ {
					r.Do(now, linkOf(l), &chat.TalkEnd{Key: key})
				}
				for l := 6; l <= 10; l++ {
					r.Do(now, linkOf(l), &chat.TalkReply{Key: key})
				}
			} else {
				now = now.Add(callWithin)
				r.Tick(now)
			}
			if len(r.calls.byKey) != 0 || len(r.calls.sources) != 0 {
				t.Fatalf("call %d: %d calls and %d sources are left", i, len(r.calls.byKey), len(r.calls.sources))
			}
		}
		var s runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	before := calls(2000)
	if after := calls(20000); after > before+64<<10 {
		t.Errorf("%d bytes more after 20,000 calls", after-before)
	}
}
