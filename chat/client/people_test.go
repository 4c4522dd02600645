package client

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"mim/chat"
)

func TestSkipped(t *testing.T) {
	tests := []struct {
		name string
		who  *chat.Person
	}{
		{"no address", &chat.Person{Name: "x"}},
		{"port 0", person("x", "192.0.2.2:0")},
		{"no name", person("", "192.0.2.2:2002")},
		{"our own address and port", person("someone", "192.0.2.1:2001")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := joined(t, nil)
			u.expect(u.event(&chat.Came{Who: test.who}))
			u.expect(u.event(&chat.Went{Who: test.who}))
			u.expect(u.line("/who"), show(View{Event: Table, People: []Person{}}))
		})
	}
	nat := []struct {
		name, here, who, at string
		hidden              bool
	}{
		{"ourselves through NAT", "192.168.1.5", "alice", "203.0.113.1:2001", true},
		{"ourselves through NAT, IPv6", "fd00::5", "alice", "[2001:db8::1]:2001", true},
		{"another name behind NAT", "192.168.1.5", "bob", "203.0.113.1:2001", false},
		{"another port behind NAT", "192.168.1.5", "alice", "203.0.113.1:2002", false},
		{"a stranger in our network", "192.168.1.5", "alice", "192.168.1.6:2001", false},
		{"a stranger on the server's machine", "192.168.1.5", "alice", "127.0.0.1:2001", false},
		{"a stranger, and no NAT", "192.0.2.1", "alice", "203.0.113.1:2001", false},
		{"a stranger, and we are on the server's machine", "127.0.0.1", "alice", "203.0.113.1:2001", false},
	}
	for _, test := range nat {
		t.Run(test.name, func(t *testing.T) {
			u := alice(t)
			u.c.ServerOpened(u.now, netip.MustParseAddr(test.here))
			u.event(&chat.Answer{})
			if e := u.event(&chat.Came{Who: person(test.who, test.at)}); test.hidden != (len(e) == 0) {
				t.Errorf("got %+v, want hidden: %v", e, test.hidden)
			}
		})
	}
	t.Run("but not a namesake", func(t *testing.T) {
		u := joined(t, nil)
		p := person("alice", "192.0.2.1:2002")
		u.expect(u.event(&chat.Came{Who: p}), came("alice", p))
	})
	t.Run("nor one with our port", func(t *testing.T) {
		u := joined(t, nil)
		p := person("bob", "192.0.2.8:2001")
		u.expect(u.event(&chat.Came{Who: p}), came("bob", p))
	})
}

func TestNamesakes(t *testing.T) {
	u := joined(t, []*chat.Person{bob})
	u.expect(u.event(&chat.Came{Who: bob}))
	u.expect(u.event(&chat.Came{Who: bob2}), came("bob~2", bob2))
	u.expect(u.event(&chat.Came{Who: bobToo}), came("bob~3", bobToo))

	call := only(t, u.line("@bob~2 hi"), Call)
	if call.Addr != bob2.Far {
		t.Errorf("@bob~2 dials %v, want %v", call.Addr, bob2.Far)
	}
	// Handles are kept while their owners are here, and given again after.
	u.expect(u.event(&chat.Went{Who: bob}), went("bob", bob))
	u.expect(u.line("/who"), show(View{Event: Table, People: []Person{
		{"bob~2", "mim0", "192.0.2.3:2003"}, {"bob~3", "mim0", "192.0.2.2:2022"},
	}}))
	fourth := person("bob", "192.0.2.20:2020")
	u.expect(u.event(&chat.Came{Who: fourth}), came("bob", fourth))
	// A name that looks like a handle gets one of its own.
	odd := person("bob~2", "192.0.2.21:2021")
	u.expect(u.event(&chat.Came{Who: odd}), came("bob~2~2", odd))
}

// A crowd of one name is no more work than any other, and handles stay apart.
func TestCrowdOfOneName(t *testing.T) {
	u := joined(t, nil)
	seen := map[string]bool{}
	add := func(i int) {
		p := person("bob", fmt.Sprintf("10.0.%d.%d:2000", i/200, i%200+1))
		v := only(t, u.event(&chat.Came{Who: p}), Show).View
		if seen[v.Name] {
			t.Fatalf("%s is given twice", v.Name)
		}
		seen[v.Name] = true
	}
	for i := range 20_000 {
		add(i)
	}
	if n := u.c.names["bob"]; n.now != 20_000 || n.last != 20_000 {
		t.Errorf("got %+v for 20,000 bobs", n)
	}
	for i := range 20_000 {
		p := person("bob", fmt.Sprintf("10.0.%d.%d:2000", i/200, i%200+1))
		u.event(&chat.Went{Who: p})
	}
	if len(u.c.names) != 0 || len(u.c.known) != 0 || len(u.c.people) != 0 {
		t.Errorf("%d names, %d known, %d people are left of those who went", len(u.c.names), len(u.c.known), len(u.c.people))
	}
}

// Who comes back is the same contact if nothing of the old one lives on, and
// a stale line of the old one is not theirs.
func TestComesBack(t *testing.T) {
	again := person("bob", "192.0.2.2:3333")
	t.Run("after the talk", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob})
		link := u.talk(bob)
		u.c.PeerClosed(u.now, link, nil)
		u.event(&chat.Went{Who: bob})
		u.expect(u.event(&chat.Came{Who: again}), came("bob", again))
		if call := only(t, u.line("and on"), Call); call.Addr != again.Far {
			t.Errorf("dials %v, want the new address", call.Addr)
		}
	})
	t.Run("while the line is up", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob})
		link := u.talk(bob)
		u.expect(u.event(&chat.Went{Who: bob}), went("bob", bob))
		u.expect(u.says(link, "still here"), said("bob", "still here"))
		u.expect(u.event(&chat.Came{Who: again}), came("bob~2", again))
		u.expect(u.event(&chat.Came{Who: bob}), came("bob", bob))
	})
}

// Of those who are gone the longest gone are forgotten.
func TestPastIsBounded(t *testing.T) {
	u := joined(t, nil)
	for i := range maxPast + 10 {
		p := person(fmt.Sprintf("user%d", i), fmt.Sprintf("10.1.%d.%d:2000", i/200, i%200+1))
		u.event(&chat.Came{Who: p})
		u.c.PeerClosed(u.now, u.talk(p), nil)
		u.event(&chat.Went{Who: p})
	}
	if len(u.c.known) != maxPast || len(u.c.past) != maxPast {
		t.Errorf("%d known, %d past, want %d", len(u.c.known), len(u.c.past), maxPast)
	}
	u.expect(u.line("@user1 hi"), failure(chat.Unknown, `nobody here is called "user1"; /who lists who is here`))
	only(t, u.line("@user1000 hi"), Call)
}

// Strangers leave nothing behind.
func TestStrangersAreForgotten(t *testing.T) {
	u := joined(t, nil)
	for range 2000 {
		link := u.called(bob)
		u.says(link, "psst")
		u.c.PeerClosed(u.now, link, nil)
	}
	if len(u.c.known)+len(u.c.past)+len(u.c.names)+len(u.c.lines)+len(u.c.callers) != 0 {
		t.Errorf("left: %d known, %d past, %d names, %d lines, %d callers",
			len(u.c.known), len(u.c.past), len(u.c.names), len(u.c.lines), len(u.c.callers))
	}
}

func TestTableIsBounded(t *testing.T) {
	u := joined(t, nil)
	a := netip.MustParseAddr("10.0.0.0")
	for range maxPeople + 100 {
		a = a.Next()
		u.event(&chat.Came{Who: &chat.Person{Name: a.String(), Far: netip.AddrPortFrom(a, 2000)}})
	}
	if len(u.c.people) != maxPeople {
		t.Errorf("%d people, want %d", len(u.c.people), maxPeople)
	}
	u.expect(u.wait(time.Minute))
}
