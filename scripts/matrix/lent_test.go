package matrix

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
)

// TestLines: programs of 2005, which know of nobody but those in their table,
// talk to people of other dialects at the ports that are lent to these, several
// with several at once.
func TestLines(t *testing.T) {
	t.Parallel()
	s := serve(t)
	viewers := []*mim0User{s.joinMim0(t, "vera"), s.joinMim0(t, "viktor"), s.joinMim0(t, "viola")}
	others := []user{s.join(t, "dtu", "dora"), s.join(t, "dtu", "dirk"), s.join(t, "messenger", "mona")}
	dora, dirk, mona := others[0], others[1], others[2]
	for _, v := range viewers {
		for _, o := range others {
			meet(t, v, o)
		}
	}
	both := func(v *mim0User, o user) {
		t.Helper()
		text := v.name + " to " + o.seen().name
		if _, err := v.say(o.seen().name, text); err != nil {
			t.Fatal(err)
		}
		o.seen().want(t, said, v.name, text)
		if got, err := o.say(v.name, "back: "+text); err != nil || got != toldOf(o.wire().sent, v) {
			t.Errorf("%s is told %q, %v", o.seen().name, got, err)
		}
		v.want(t, said, o.seen().name, "back: "+text)
	}
	t.Run("each with each", func(t *testing.T) {
		for range 2 {
			for _, v := range viewers {
				for _, o := range others {
					both(v, o)
				}
			}
		}
		for _, v := range viewers {
			if len(v.all) != len(others) {
				t.Errorf("%s has %d lines, want one with each of %d", v.name, len(v.all), len(others))
			}
		}
	})
	t.Run("one who goes closes the lines", func(t *testing.T) {
		dora.leave()
		for _, v := range viewers {
			v.want(t, closed, "dora", "")
			if _, err := v.take(went, "dora"); err != nil {
				t.Fatal(err)
			}
			both(v, dirk)
		}
	})
	t.Run("a line that is hung up is dialled again", func(t *testing.T) {
		v := viewers[0]
		v.bye()
		for _, o := range []user{dirk, mona} {
			v.want(t, closed, o.seen().name, "")
		}
		for _, o := range []user{dirk, mona} {
			if got, err := o.say(v.name, "again"); err != nil || got != toldOf(o.wire().sent, v) {
				t.Errorf("%s is told %q, %v", o.seen().name, got, err)
			}
			v.want(t, said, o.seen().name, "again")
			both(v, o)
		}
	})
	t.Run("a viewer who goes is gone for others", func(t *testing.T) {
		viewers[1].leave()
		if _, err := viewers[2].take(went, "viktor"); err != nil {
			t.Fatal(err)
		}
		for _, o := range []user{dirk, mona} {
			if got, err := o.say("viktor", "hi"); err != nil || got != toldOf(o.wire().left, viewers[1]) {
				t.Errorf("%s is told %q, %v", o.seen().name, got, err)
			}
			both(viewers[2], o)
		}
	})
	for _, v := range viewers {
		v.never(t, said, "")
		v.never(t, gone, "-")
	}
}

// TestStrangers: who is nobody's program learns nothing at a lent port, not even
// that somebody is there.
func TestStrangers(t *testing.T) {
	t.Parallel()
	s := serve(t)
	vera := s.joinMim0(t, "vera")
	elsa := s.join(t, "elc004", "elsa").(*elc004User)
	dora, dirk := s.join(t, "dtu", "dora"), s.join(t, "dtu", "dirk")
	meet(t, vera, dora)
	meet(t, vera, dirk)
	tcp, _ := vera.at("dora")
	left, _ := vera.at("dirk")
	if err := elsa.poll(); err != nil {
		t.Fatal(err)
	}
	udp, ok := elsa.at("dora")
	if !ok {
		t.Fatal("dora is not in the table")
	}
	udpLeft, _ := elsa.at("dirk")
	dirk.leave()
	if _, err := vera.take(went, "dirk"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ row, from, to, says string }{
		{"an address where nobody is", "127.0.0.9", tcp, ""},
		{"an address where nobody is, a right name", "127.0.0.9", tcp, "vera\nhi\n"},
		{"a right address, another name", "127.0.0.1", tcp, "eve\nhi\n"},
		{"a right address, no name", "127.0.0.1", tcp, "\n"},
		{"a right address, the name of one of another dialect", "127.0.0.1", tcp, "elsa\nhi\n"},
		{"a right address, what is no name", "127.0.0.1", tcp, "\x1b[2J\nhi\n"},
		{"a request of another protocol", "127.0.0.1", tcp, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
		{"a right name, where somebody was", "127.0.0.1", left, "vera\nhi\n"},
	} {
		t.Run("TCP, "+c.row, func(t *testing.T) {
			conn := dialFrom(t, c.from, c.to)
			send(conn, c.says) // it may be closed already
			conn.SetReadDeadline(time.Now().Add(patience))
			got, err := io.ReadAll(conn)
			if len(got) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("it says %q, %v; want the end, and nothing else", got, err)
			}
		})
	}
	for _, c := range []struct {
		row, from string
		to        netip.AddrPort
	}{
		{"an address where nobody is", "127.0.0.9", udp},
		{"a port that is not in the table", "127.0.0.1", udp},
		{"where somebody was", "127.0.0.1", udpLeft},
	} {
		t.Run("UDP, "+c.row, func(t *testing.T) {
			conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(c.from)})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			for _, says := range []string{
				"Q:1:elsa", "M:2:hi there, this is long enough", "G:3:lobby:hi", "J:4:lobby", "hi\n+elsa", "hi\n+elsa+5", "\n+elsa+6",
				"IDReq\\: 7\\: 127.0.0.1\\: 2000", "2000!X_GET_NAME|2000", "?",
			} {
				if _, err := conn.WriteToUDPAddrPort([]byte(says), c.to); err != nil {
					t.Fatal(err)
				}
			}
			// Behind them a text of somebody who is in the table, which is answered.
			if got, err := elsa.say("dora", "a fence"); got != "A" || err != nil {
				t.Fatalf("%q, %v", got, err)
			}
			dora.seen().want(t, said, "elsa", "a fence")
			conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			b := make([]byte, 2000)
			if n, err := conn.Read(b); err == nil {
				t.Errorf("it says %q", b[:n])
			}
			dora.seen().never(t, said, "")
			dora.seen().never(t, enters, "elsa")
		})
	}
}

// TestLentPortsDoNotAmplify: of 10,000 datagrams of all kinds, from where nobody
// in the table is, a lent port answers none.
func TestLentPortsDoNotAmplify(t *testing.T) {
	const all, burst = 10_000, 50 // so many fit into a socket
	s := serve(t)
	elsa := s.join(t, "elc004", "elsa").(*elc004User)
	dora := s.join(t, "dtu", "dora")
	if err := elsa.poll(); err != nil {
		t.Fatal(err)
	}
	to, ok := elsa.at("dora")
	if !ok {
		t.Fatal("dora is not in the table")
	}
	var froms []*net.UDPConn
	for _, ip := range []string{"127.0.0.9", "127.0.0.1"} {
		conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(ip)})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		froms = append(froms, conn)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	words := func() string { return strings.Repeat("word ", rng.IntN(220)) }
	kinds := []func() string{
		func() string { return fmt.Sprintf("%c:%d:%s", "QAMGJLB"[rng.IntN(7)], rng.Uint32(), words()) },
		func() string { return fmt.Sprintf("G:%d:lobby:%s", rng.Uint32(), words()) },
		func() string { return fmt.Sprintf("%s\n+elsa+%d", words(), rng.Uint32()) },
		func() string { return words() + "\n+elsa" },
		func() string { return fmt.Sprintf("IDReq\\: %d\\: 127.0.0.1\\: 2000", rng.IntN(100)) },
		func() string { return fmt.Sprintf("%d!X_GET_NAME|2000", rng.IntN(70000)) },
		func() string { return fmt.Sprintf("%d!%s\n", rng.IntN(70000), words()) },
		func() string { return fmt.Sprintf("TALKSESSION: %d ack", rng.Uint64()) },
		func() string {
			p := make([]byte, rng.IntN(1400))
			for i := range p {
				p[i] = byte(rng.Uint32())
			}
			return string(p)
		},
	}
	for n := 0; n < all; n += burst {
		for range burst {
			if _, err := froms[rng.IntN(len(froms))].WriteToUDPAddrPort([]byte(kinds[rng.IntN(len(kinds))]()), to); err != nil {
				t.Fatal(err)
			}
		}
		// Behind them a text that is answered: so they have been read.
		text := fmt.Sprint("fence ", n)
		if got, err := elsa.say("dora", text); got != "A" || err != nil {
			t.Fatalf("%q, %v", got, err)
		}
		dora.seen().want(t, said, "elsa", text)
	}
	b := make([]byte, 2000)
	for _, from := range froms {
		from.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		if n, err := from.Read(b); err == nil {
			t.Errorf("it says %q", b[:n])
		}
	}
	dora.seen().never(t, said, "")
}

// TestPaste: who puts many lines at once into a talk at a lent port loses none,
// though the other one's program confirms them one by one.
func TestPaste(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, dialect := range []string{"messenger", "dtu", "elc004"} {
		vera := s.joinMim0(t, "vera"+dialect)
		other := s.join(t, dialect, "other"+dialect)
		meet(t, vera, other)
		var paste strings.Builder
		for i := range 300 {
			fmt.Fprintf(&paste, "line %d\n", i)
		}
		c, err := vera.open(other.seen().name)
		if err != nil {
			t.Fatal(err)
		}
		if err := send(c, paste.String()); err != nil {
			t.Fatal(err)
		}
		for i := range 300 {
			other.seen().want(t, said, vera.name, fmt.Sprint("line ", i))
		}
	}
}
