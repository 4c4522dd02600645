package matrix

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// An elc004User asks for the table and talks by datagrams of mim's shape.
type elc004User struct {
	member
	t      *testing.T
	server string
	socket *net.UDPConn

	mu     sync.Mutex
	table  map[string]netip.AddrPort
	names  map[netip.AddrPort]string
	number int
	waits  map[string]chan struct{} // for A, by address and number
	had    map[string]bool          // texts that came, by the same
}

func (s *server) joinElc004(t *testing.T, name string) *elc004User {
	t.Helper()
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	u := &elc004User{
		member: member{diary: newDiary(name), is: wireOf("elc004")}, t: t, server: s.doors["elc004"], socket: socket,
		number: 1000, waits: map[string]chan struct{}{}, had: map[string]bool{},
	}
	if err := u.poll(); err != nil {
		t.Fatal(err)
	}
	go u.hear()
	return u
}

func (u *elc004User) port() uint16 { return uint16(u.socket.LocalAddr().(*net.UDPAddr).Port) }

// request is a connection to the server: what is said, and all of the answer.
func (u *elc004User) request(kind string) (string, error) {
	c, err := net.DialTimeout("tcp4", u.server, patience)
	if err != nil {
		return "", err
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(patience))
	if err := send(c, fmt.Sprintf("%s:127.0.0.1:%d:%s\n", kind, u.port(), u.name)); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(c)
	return string(answer), err
}

// poll asks for the table, and notes who came and went.
func (u *elc004User) poll() error {
	answer, err := u.request("R")
	if err != nil {
		return err
	}
	table, names := map[string]netip.AddrPort{}, map[netip.AddrPort]string{}
	entries := strings.Split(answer, "-R:")
	if n, err := strconv.Atoi(entries[0]); answer != "Null-" && (err != nil || n != len(entries)-1) {
		return fmt.Errorf("the table is %q", answer)
	}
	for _, entry := range entries[1:] {
		f := strings.Split(entry, ":")
		if len(f) != 3 {
			return fmt.Errorf("the table is %q", answer)
		}
		at, err := netip.ParseAddrPort(f[0] + ":" + f[1])
		if err != nil {
			return err
		}
		if at.Port() != u.port() {
			table[f[2]], names[at] = at, f[2]
		}
	}
	u.mu.Lock()
	old := u.names
	u.table, u.names = table, names
	u.mu.Unlock()
	for at, name := range names {
		if old[at] != name {
			u.add(came, name, at.String())
		}
	}
	for at, name := range old {
		if names[at] != name {
			u.add(went, name, at.String())
		}
	}
	return nil
}

// nameAt is who is at an address, by a new table if need be.
func (u *elc004User) nameAt(at netip.AddrPort) string {
	u.mu.Lock()
	name := u.names[at]
	u.mu.Unlock()
	if name != "" {
		return name
	}
	if err := u.poll(); err != nil {
		return err.Error()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if name = u.names[at]; name == "" {
		return at.String()
	}
	return name
}

// at is where somebody is, by the table that it has.
func (u *elc004User) at(name string) (netip.AddrPort, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	at, ok := u.table[name]
	return at, ok
}

func (u *elc004User) send(to netip.AddrPort, datagram string) error {
	_, err := u.socket.WriteToUDPAddrPort([]byte(datagram), to)
	return err
}

// hear reads datagrams.
func (u *elc004User) hear() {
	b := make([]byte, 65536)
	for {
		n, from, err := u.socket.ReadFromUDPAddrPort(b)
		if err != nil {
			if ending(err) != "" {
				u.add(gone, "", err.Error())
			}
			return
		}
		if n > 1024 {
			u.add(gone, "", "a datagram of more than 1024 bytes")
		}
		u.datagram(from, bytes.Clone(b[:n]))
	}
}

func (u *elc004User) datagram(from netip.AddrPort, p []byte) {
	word, number, rest, ours := split(string(p))
	id := from.String() + " " + number
	switch {
	case ours && word == "A":
		u.mu.Lock()
		if w := u.waits[id]; w != nil {
			close(w)
			delete(u.waits, id)
		}
		u.mu.Unlock()
		return
	case ours && (word == "J" || word == "L"):
		u.add(map[string]string{"J": enters, "L": leaves}[word], u.nameAt(from), "#"+rest)
		return
	case ours && word == "B":
		u.add(closed, u.nameAt(from), "")
		return
	}
	defer u.send(from, "A:"+number+":"+u.name) // it is in the diary then
	u.mu.Lock()
	again := u.had[id]
	u.had[id] = true
	u.mu.Unlock()
	group, text, _ := strings.Cut(rest, ":")
	switch {
	case again, word == "Q":
	case word == "G":
		u.add(roomed, u.nameAt(from), "#"+group+" "+text)
	case word == "M":
		u.add(said, u.nameAt(from), rest)
	default:
		u.add(said, u.nameAt(from), "not understood: "+string(p))
	}
}

// split takes apart a datagram of our shape, or of shape (a) with a number,
// which is how one begins whose shape is not known.
func split(p string) (word, number, rest string, ok bool) {
	f := strings.SplitN(p, ":", 3)
	if len(f) == 3 && len(f[0]) == 1 && strings.Contains("QAMGJLB", f[0]) {
		return f[0], f[1], f[2], true
	}
	if i := strings.LastIndex(p, "\n+"); i >= 0 {
		_, number, _ := strings.Cut(p[i+2:], "+")
		return "M", number, p[:i], true
	}
	return "", "", "", false
}

// say is confirmed, or sent three times.
func (u *elc004User) say(to, text string) (string, error) {
	at, ok := u.at(to)
	if !ok {
		if err := u.poll(); err != nil {
			return "", err
		}
		if at, ok = u.at(to); !ok {
			return "", errNotListed
		}
	}
	return u.sayAt(at, "M", text)
}

// sayAt sends M, or G with a group in front of the text.
func (u *elc004User) sayAt(at netip.AddrPort, word, text string) (string, error) {
	u.mu.Lock()
	u.number++
	number := strconv.Itoa(u.number)
	wait := make(chan struct{})
	u.waits[at.String()+" "+number] = wait
	u.mu.Unlock()
	for _, pause := range [...]time.Duration{500 * time.Millisecond, time.Second, 0} {
		if err := u.send(at, word+":"+number+":"+text); err != nil {
			return "", err
		}
		select {
		case <-wait:
			return "A", nil
		case <-time.After(pause):
		}
	}
	return "", nil
}

func (u *elc004User) leave() {
	if answer, err := u.request("K"); err != nil || answer != "" {
		u.t.Errorf("%s leaves: %q, %v", u.name, answer, err)
	}
	u.socket.Close()
}
