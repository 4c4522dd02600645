package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// answerWithin is how long anything may take before a link counts as broken.
const answerWithin = 30 * time.Second

// A link is a connection to the server.
type link struct {
	net.Conn
	in *bufio.Reader
}

func dial(address string) (*link, error) {
	c, err := net.DialTimeout("tcp", address, answerWithin)
	if err != nil {
		return nil, err
	}
	return &link{c, bufio.NewReader(c)}, nil
}

func (l *link) write(p []byte) error {
	l.SetWriteDeadline(time.Now().Add(answerWithin))
	_, err := l.Write(p)
	return err
}

// line reads a line, without its end.
func (l *link) line() (string, error) {
	s, err := l.in.ReadString('\n')
	return strings.TrimSuffix(s, "\n"), err
}

// What a server of comp9331 says.
const (
	saysWelcome = "Welcome "
	saysStored  = "This user is offline. Will send when online"
	saysError   = "Error. "
	// saysNoSuch answers the word that follows each message: answers come in
	// the order of the lines, so it ends the answer to the message.
	saysNoSuch = "Error. Invalid command"
	afterEach  = "-"
)

// logIn9331 connects and logs in by comp9331.
func logIn9331(address string, p person) (*link, error) {
	l, err := dial(address)
	if err != nil {
		return nil, err
	}
	l.SetReadDeadline(time.Now().Add(answerWithin))
	err = l.write([]byte(p.name + "\n" + p.password + "\n"))
	var said string
	if err == nil {
		said, err = l.line()
	}
	// The prompts have no line ends.
	if said = strings.TrimPrefix(said, "username: password: "); err == nil && !strings.HasPrefix(said, saysWelcome) {
		err = errors.New(said)
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	l.SetReadDeadline(time.Time{})
	return l, nil
}

// parse9331 takes a line of comp9331 apart: who says what, and whether it had
// to wait in the store. Without a sender it is the server's own sentence.
func parse9331(line string) (from, text string, stored bool) {
	from, text, ok := strings.Cut(line, ": ")
	if !ok {
		return "", line, false
	}
	if i := strings.LastIndex(text, " ["); i >= 0 && strings.HasSuffix(text, " UTC]") {
		return from, text[:i], true
	}
	return from, text, false
}

// A relay is the two connections of a user of messenger.
type relay struct{ out, in *link }

// logInMessenger connects and registers by messenger.
func logInMessenger(address string, p person) (r relay, err error) {
	for _, role := range []string{"TOSEND", "TORECV"} {
		l, err := dial(address)
		if err != nil {
			r.close()
			return r, err
		}
		if role == "TOSEND" {
			r.out = l
		} else {
			r.in = l
		}
		l.SetReadDeadline(time.Now().Add(answerWithin))
		err = l.write([]byte("REGISTER " + role + " " + p.name + "\n\n"))
		var b block
		if err == nil {
			b, err = l.block()
		}
		if err == nil && b.first != "REGISTERED "+role+" "+p.name {
			err = errors.New(b.first)
		}
		if err != nil {
			r.close()
			return r, err
		}
		l.SetReadDeadline(time.Time{})
	}
	return r, nil
}

func (r relay) close() {
	for _, l := range []*link{r.out, r.in} {
		if l != nil {
			l.Close()
		}
	}
}

// A block is one message of messenger.
type block struct {
	first string // its first line
	body  string
}

// block reads one.
func (l *link) block() (b block, err error) {
	if b.first, err = l.line(); err != nil {
		return b, err
	}
	length := 0
	for {
		h, err := l.line()
		if err != nil {
			return b, err
		}
		if h == "" {
			break
		}
		if n, ok := strings.CutPrefix(h, "Content-length: "); ok {
			if length, err = strconv.Atoi(n); err != nil || length > 1<<20 {
				return b, fmt.Errorf("length %q", n)
			}
		}
	}
	body := make([]byte, length)
	_, err = io.ReadFull(l.in, body)
	b.body = string(body)
	return b, err
}

// appendSend appends a SEND block.
func appendSend(dst *bytes.Buffer, to, text string) {
	fmt.Fprintf(dst, "SEND %s\nContent-length: %d\n\n%s", to, len(text), text)
}
