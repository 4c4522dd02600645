package matrix

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"
)

// A mim0User is a program of 2005: it has a table and a listener, calls whom it
// finds there, and knows nothing else.
type mim0User struct {
	member
	registry net.Conn
	listener *net.TCPListener
	host     string // its address

	mu    sync.Mutex
	table map[string][]string // addresses by name
	lines map[string]net.Conn // by the name of the other end; those we dialled and those we were called by
	all   []net.Conn
	news  chan struct{} // closed and replaced at each change of table
}

var errNotListed = errors.New("nobody of that name is in the table")

func (s *server) joinMim0(t *testing.T, name string) *mim0User {
	t.Helper()
	return s.joinMim0At(t, name, "127.0.0.1")
}

// joinMim0At is joinMim0 for somebody at one of our addresses.
func (s *server) joinMim0At(t *testing.T, name, host string) *mim0User {
	t.Helper()
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.ParseIP(host)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	u := &mim0User{
		member:   member{diary: newDiary(name), is: wireOf("mim0")},
		registry: dialFrom(t, host, s.doors["mim0"]), listener: l, host: host,
		table: map[string][]string{}, lines: map[string]net.Conn{}, news: make(chan struct{}),
	}
	if err := send(u.registry, string(mim0Login(name, uint16(l.Addr().(*net.TCPAddr).Port)))); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(u.registry)
	readUntil(t, r, u.registry, "\n") // the logo
	go u.listen()
	go u.readTable(r)
	return u
}

// mim0Login is a login block.
func mim0Login(name string, port uint16) []byte {
	units := utf16.Encode([]rune(name))
	b := binary.BigEndian.AppendUint16(nil, uint16(2+4+2*len(units)))
	b = binary.BigEndian.AppendUint16(b, port)
	b = binary.BigEndian.AppendUint32(b, uint32(2*len(units)))
	for _, u := range units {
		b = binary.BigEndian.AppendUint16(b, u)
	}
	return b
}

// readTable reads the updates of the registry.
func (u *mim0User) readTable(r io.Reader) {
	for {
		var size uint16
		err := binary.Read(r, binary.BigEndian, &size)
		block := make([]byte, size)
		if err == nil {
			_, err = io.ReadFull(r, block)
		}
		if err != nil {
			u.add(gone, "", ending(err))
			return
		}
		name, rest := qString(block[1:])
		address, rest := qString(rest)
		address = net.JoinHostPort(address, fmt.Sprint(binary.BigEndian.Uint16(rest)))
		u.update(block[0] == 'A', name, address)
	}
}

func qString(b []byte) (string, []byte) {
	n := int(binary.BigEndian.Uint32(b))
	units := make([]uint16, n/2)
	for i := range units {
		units[i] = binary.BigEndian.Uint16(b[4+2*i:])
	}
	return string(utf16.Decode(units)), b[4+n:]
}

func (u *mim0User) update(here bool, name, address string) {
	u.mu.Lock()
	word := came
	if here {
		u.table[name] = append(u.table[name], address)
	} else {
		word = went
		for i, a := range u.table[name] {
			if a == address {
				u.table[name] = append(u.table[name][:i:i], u.table[name][i+1:]...)
			}
		}
	}
	close(u.news)
	u.news = make(chan struct{})
	u.mu.Unlock()
	u.add(word, name, address)
}

// listen takes calls.
func (u *mim0User) listen() {
	for {
		c, err := u.listener.Accept()
		if err != nil {
			return
		}
		go func() {
			r := bufio.NewReader(c)
			name, err := r.ReadString('\n')
			if err != nil {
				c.Close()
				u.add(closed, "", ending(err))
				return
			}
			u.hold(strings.TrimSuffix(name, "\n"), c, r)
		}()
	}
}

// hold reads the lines of a connection whose other end has a name.
func (u *mim0User) hold(name string, c net.Conn, r *bufio.Reader) {
	u.mu.Lock()
	if u.lines[name] == nil {
		u.lines[name] = c
	}
	u.all = append(u.all, c)
	u.mu.Unlock()
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			c.Close()
			u.mu.Lock()
			if u.lines[name] == c {
				delete(u.lines, name)
			}
			u.mu.Unlock()
			u.add(closed, name, ending(err)+line)
			return
		}
		u.add(said, name, strings.TrimSuffix(line, "\n"))
	}
}

// at is where somebody is reached, by the table.
func (u *mim0User) at(name string) (string, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if a := u.table[name]; len(a) > 0 {
		return a[0], true
	}
	return "", false
}

// open is a line to somebody: one that is up, or a new one.
func (u *mim0User) open(to string) (net.Conn, error) {
	u.mu.Lock()
	c := u.lines[to]
	u.mu.Unlock()
	if c != nil {
		return c, nil
	}
	at, ok := u.at(to)
	if !ok {
		return nil, errNotListed
	}
	d := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.ParseIP(u.host)}}
	c, err := d.Dial("tcp4", at)
	if err != nil {
		return nil, err
	}
	go u.hold(to, c, bufio.NewReader(c))
	return c, send(c, u.name+"\n")
}

func (u *mim0User) say(to, text string) (string, error) {
	c, err := u.open(to)
	if err == nil {
		err = send(c, text+"\n")
	}
	return "", err
}

// hangUp ends all its lines.
func (u *mim0User) hangUp() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, c := range u.all {
		c.Close()
	}
}

// bye ends all its lines in an orderly way: they are closed when the other ends
// have closed them, too.
func (u *mim0User) bye() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, c := range u.all {
		c.(*net.TCPConn).CloseWrite()
	}
}

func (u *mim0User) leave() {
	u.registry.Close()
	u.listener.Close()
	u.hangUp()
}
