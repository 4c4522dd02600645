package matrix

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A messengerUser has two connections, counts bytes and confirms what it gets.
type messengerUser struct {
	member
	out net.Conn
	mu  sync.Mutex // one text at a time
}

func (s *server) joinMessenger(t *testing.T, name string) *messengerUser {
	t.Helper()
	u := &messengerUser{member: member{diary: newDiary(name), is: wireOf("messenger")}}
	var readers [2]*bufio.Reader
	for i, role := range [...]string{"TOSEND", "TORECV"} {
		c := s.dial(t, "messenger")
		readers[i] = bufio.NewReader(c)
		u.conn = append(u.conn, c)
		if err := send(c, "REGISTER "+role+" "+name+"\n\n"); err != nil {
			t.Fatal(err)
		}
		if got := readUntil(t, readers[i], c, "\n\n"); got != "REGISTERED "+role+" "+name+"\n\n" {
			t.Fatalf("%s: %q", name, got)
		}
	}
	u.out = u.conn[0]
	go u.hear(readers[0])
	go u.hear(readers[1])
	// How this program counts is learned from the first such text.
	if got, err := u.say(name, "é"); err != nil || got != "SENT "+name {
		t.Fatalf("%s, to itself: %q, %v", name, got, err)
	}
	u.want(t, said, name, "é")
	return u
}

// hear reads what the server sends on one of the connections.
func (u *messengerUser) hear(r *bufio.Reader) {
	for {
		first, err := r.ReadString('\n')
		header := "\n"
		if err == nil {
			header, err = r.ReadString('\n')
		}
		word, who, _ := strings.Cut(strings.TrimSuffix(first, "\n"), " ")
		switch {
		case err != nil:
			u.add(gone, "", ending(err))
			return
		case word != "FORWARD":
			u.add(told, "", word+" "+who)
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(header, "Content-length:")))
		body := make([]byte, 1+max(n, 0))
		if err == nil {
			_, err = io.ReadFull(r, body)
		}
		if err != nil || body[0] != '\n' {
			u.add(gone, "", fmt.Sprintf("%v: %q %q %q", err, first, header, body))
			return
		}
		u.add(said, who, string(body[1:]))
		if err := send(u.conn[1], "RECEIVED "+who+"\n\n"); err != nil {
			return // it has left
		}
	}
}

func (u *messengerUser) say(to, text string) (string, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if err := send(u.out, fmt.Sprintf("SEND %s\nContent-length: %d\n\n%s", to, len(text), text)); err != nil {
		return "", err
	}
	e, err := u.take(told, "")
	return e.text, err
}
