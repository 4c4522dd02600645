package roster

import (
	"fmt"
	"strings"
	"testing"
)

// holes brings n people at an address, none of whose listeners answers, and has
// cat write to each; it gives how many are dialled.
func (w *world) holes(n, first int, addr string) (dials int) {
	for i := range n {
		w.open(first+i, addr+":40000", &deaf)
		w.login(first+i, fmt.Sprintf("hole%d", first+i), uint16(6000+i))
	}
	for i := range n {
		dials += strings.Count(w.act(fmt.Sprintf("ask 2 hole%d x", first+i)), "dial ")
	}
	return dials
}

// TestDialsTakeTurns: whoever has people listed who never answer keeps nobody
// waiting at another address, nor those at their own who have answered before.
func TestDialsTakeTurns(t *testing.T) {
	w := square(t)
	w.play([]step{
		{"1 say bob hi", "dial 1 10.0.0.5:5000 as ann"}, {"dialled 1 8", ">8 said ann hi mark 1"}, {"left 8 1", ">1 ok bob"}, {"8 close", ""},
		{"toy 9 10.0.0.9 far 9000", ">9 ok; >9 page(ann cat bob eve); *-9 came far; stand 3 far"},
	})
	if n := w.holes(60, 100, "10.0.0.5"); n != maxDialsTo {
		t.Fatalf("%d dials to one address run at once, want %d", n, maxDialsTo)
	}
	w.play([]step{
		{"1 say far hi", "dial 26 10.0.0.9:9000 as ann"}, // at once
		{"dialled 26 10", ">10 said ann hi mark 2"},
		{"left 10 2", ">1 ok far"},
		{"1 say bob again", ""},                         // the host has as many dials as it may
		{"undialled 2", "dial 27 10.0.0.5:6024 as cat"}, // whose turn it was
		{"undialled 3", "dial 28 10.0.0.5:5000 as ann"},
		{"dialled 28 11", ">11 said ann again mark 3; dial 29 10.0.0.5:6025 as cat"},
	})
}

// TestAuthorsTakeTurns: a text to all keeps nobody else waiting, wherever those
// are who do not answer.
func TestAuthorsTakeTurns(t *testing.T) {
	w := square(t)
	dials := 0
	for i := range 60 {
		dials += w.holes(1, 100+i, fmt.Sprintf("10.0.1.%d", i))
	}
	if dials != maxDials {
		t.Fatalf("%d dials run at once, want %d", dials, maxDials)
	}
	w.play([]step{
		{"1 say bob hi", ""},
		{"undialled 1", "dial 33 10.0.1.32:6000 as cat"},
		{"undialled 2", "dial 34 10.0.0.5:5000 as ann"},
		{"undialled 3", "dial 35 10.0.1.33:6000 as cat"},
	})
}

// TestFewDialsToWhoDidNotAnswer: tries anew leave room for those who come.
func TestFewDialsToWhoDidNotAnswer(t *testing.T) {
	w := square(t)
	w.holes(maxDialsTo, 100, "10.0.0.5")
	for i := range maxDialsTo {
		w.play([]step{{fmt.Sprintf("undialled %d", i+1), ""}})
	}
	if n := strings.Count(w.act("wait 300ms"), "dial "); n != maxDoubted {
		t.Errorf("%d are dialled again at once, want %d", n, maxDoubted)
	}
	w.play([]step{{"ask 1 bob hi", fmt.Sprintf("dial %d 10.0.0.5:5000 as ann", maxDialsTo+maxDoubted+1)}})
}

// TestNobodyWaitsLongForADial: an author hears after reachWithin that a person
// cannot be reached, be it that the turn to dial never came.
func TestNobodyWaitsLongForADial(t *testing.T) {
	w := square(t)
	w.holes(maxDialsTo, 100, "10.0.0.5")
	w.play([]step{
		{"withdraw 6 10.0.0.6 6000", "*-1 went eve; *-1 went eve; >6 ok; >6 close"},
		{"1 say bob hi", ""}, {"wait 6s", ""}, {"1 say bob more", ""},
	})
	if got := w.act("wait 1s"); strings.Count(got, ">1 undelivered bob") != 2 {
		t.Errorf("after %v: %s", reachWithin, got)
	}
	if len(w.lines) != 0 {
		t.Errorf("%d lines are left", len(w.lines))
	}
	w.play([]step{{"1 say bob late", ""}, {"undialled 1", fmt.Sprintf("dial %d 10.0.0.5:5000 as ann", maxDialsTo+1)}})
	if got := w.act("5 close"); !strings.Contains(got, ">1 undelivered bob") {
		t.Errorf("bob goes: %s", got)
	}
	for i := range maxDialsTo {
		w.act(fmt.Sprintf("undialled %d", i+2))
	}
	if len(w.dials) != 0 || len(w.hosts) != 0 || w.asking.Len() != 0 {
		t.Errorf("%d dials, %d hosts, %d that wait are left", len(w.dials), len(w.hosts), w.asking.Len())
	}
}

// TestNetworksShareTurns: one machine may have all addresses of its IPv6 network.
func TestNetworksShareTurns(t *testing.T) {
	w := square(t)
	dials := 0
	for i := range 60 {
		dials += w.holes(1, 100+i, fmt.Sprintf("[2001:db8::%x]", i+1))
	}
	if dials != maxDialsTo {
		t.Errorf("%d dials to one network run at once, want %d", dials, maxDialsTo)
	}
}

// TestCallersAreBounded: who calls a lent port again and again has so many
// connections and no more; the oldest spare ones go.
func TestCallersAreBounded(t *testing.T) {
	w := square(t)
	for i := range maxSpares + 1 {
		w.play([]step{{fmt.Sprintf("call %d 0 10.0.0.5", 20+i), ""}, {fmt.Sprintf("hello %d bob", 20+i), fmt.Sprintf(">%d ok", 20+i)}})
	}
	w.play([]step{
		{"call 50 0 10.0.0.5", ""}, {"hello 50 bob", ">50 ok; >21 close"},
	})
	if got := w.close(21); got != "" {
		t.Errorf("the spare one closes: %s", got)
	}
	w.play([]step{
		{"call 51 0 10.0.0.5", ""}, {"hello 51 bob", ">51 ok; >22 close"},
		{"line 51 hello", ">1 said bob hello"},
	})
}

// TestLinesAsConfigured: a server of few connections keeps most of them for
// people who come.
func TestLinesAsConfigured(t *testing.T) {
	w := square(t)
	w.cfg.Lines = 1
	w.play([]step{
		{"1 say bob hi", "dial 1 10.0.0.5:5000 as ann"}, {"dialled 1 8", ">8 said ann hi mark 1"}, {"left 8 1", ">1 ok bob"},
		{"ask 2 bob hi", ">2 undelivered bob"},
	})
}

// TestCallerOfAWornName: a name under which thousands have come and gone is as
// quickly found as another one.
func TestCallerOfAWornName(t *testing.T) {
	w := square(t)
	w.open(20, "10.0.0.20:1", &deaf)
	w.login(20, "ann", 5000) // ann~2 stays, so the numbers go on
	for range 200 {
		w.open(21, "10.0.0.21:1", &deaf)
		w.login(21, "ann", 5000)
		w.close(21)
	}
	w.open(21, "10.0.0.21:1", &deaf)
	w.login(21, "ann", 5000)
	w.play([]step{{"call 30 1 10.0.0.21", ""}, {"hello 30 ann", ">30 ok"}})
	if w.Walked() > 1 {
		t.Errorf("%d names are looked at", w.Walked())
	}
	w.play([]step{{"line 30 hi", ">2 said ann~203 hi mark 1"}})
}
