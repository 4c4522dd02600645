package matrix

import (
	"bufio"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// A user is a program of one dialect, and its person.
type user interface {
	wire() *wire
	seen() *diary
	// say says one text, as written gives it, to somebody whom this dialect calls
	// to, and gives what the program is told of it; "" if nothing is. The error is
	// that of a program that cannot even try.
	say(to, text string) (string, error)
	// leave ends the program.
	leave()
}

// join logs somebody in by a dialect.
func (s *server) join(t *testing.T, dialect, name string) user {
	t.Helper()
	switch dialect {
	case "mim0":
		return s.joinMim0(t, name)
	case "messenger":
		return s.joinMessenger(t, name)
	case "comp9331":
		return s.joinComp9331(t, name)
	case "dtu":
		return s.joinDtu(t, name)
	case "elc004":
		return s.joinElc004(t, name)
	}
	t.Fatalf("no program speaks %s", dialect)
	return nil
}

// A member is what programs have in common that hear by their link to the
// server.
type member struct {
	*diary
	is   *wire
	conn []net.Conn
}

func (m *member) wire() *wire  { return m.is }
func (m *member) seen() *diary { return m.diary }

func (m *member) leave() {
	for _, c := range m.conn {
		c.Close()
	}
}

// dial connects to a door; the test closes it at last.
func (s *server) dial(t *testing.T, dialect string) net.Conn {
	t.Helper()
	return dialFrom(t, "127.0.0.1", s.doors[dialect])
}

// dialFrom connects from an address of ours.
func dialFrom(t *testing.T, from, to string) net.Conn {
	t.Helper()
	d := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := d.Dial("tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// send writes all of a text in one write.
func send(c net.Conn, text string) error {
	c.SetWriteDeadline(time.Now().Add(patience))
	_, err := io.WriteString(c, text)
	return err
}

// readUntil reads to the end of a word, which is wanted within patience.
func readUntil(t *testing.T, r *bufio.Reader, c net.Conn, end string) string {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(patience))
	defer c.SetReadDeadline(time.Time{})
	var got []byte
	for len(got) < len(end) || string(got[len(got)-len(end):]) != end {
		b, err := r.ReadByte()
		if err != nil {
			t.Fatalf("%v; waiting for %q, it sent %q", err, end, got)
		}
		got = append(got, b)
	}
	return string(got)
}

// ending is how a connection ended: "" in an orderly way.
func ending(err error) string {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
		return ""
	}
	return err.Error()
}
