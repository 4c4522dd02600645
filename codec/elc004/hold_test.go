package elc004

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"mim/chat"
	"mim/codec"
)

// TestHeldStrangers: a socket that holds texts for somebody else neither hears
// nor answers who is not in the table, and does both once they are.
func TestHeldStrangers(t *testing.T) {
	now := time.Unix(1e9, 0)
	self, bob := netip.MustParseAddrPort("127.0.0.1:4300"), netip.MustParseAddrPort("127.0.0.1:3002")
	s := NewSocket(codec.SocketConfig{Name: "alice", Self: self, Hold: true})
	s.random = rand.New(rand.NewPCG(1, 2))
	if _, err := s.Join(now, "#lobby"); err != nil {
		t.Fatal(err)
	}
	for _, says := range []string{"Q:1:bob", "M:2:hello, alice", "G:3:lobby:hello", "J:4:lobby", "L:5:lobby", "B:6:", "hi\n+bob", "hi\n+bob+7", "2000!X_GET_NAME|2000", "?"} {
		if out := s.Datagram(now, bob, []byte(says)); len(out) > 0 {
			t.Errorf("%q: %d outputs, the first of kind %d", says, len(out), out[0].Kind)
		}
	}
	s.Known(now, self, []*chat.Person{{Name: "bob", Near: bob}})
	if out := s.Datagram(now, bob, []byte("Q:1:bob")); len(out) == 0 {
		t.Error("a friend is not answered")
	}
}
