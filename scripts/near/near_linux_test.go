package near

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"
)

const (
	here     = "10.77.0.1"
	there    = "10.77.0.2"
	patience = 20 * time.Second
)

// TestNearAndFar: bob, by mim0, and ann, by messenger, are on the server's machine.
// Somebody who is there too and somebody across a network have both in their
// tables, and reach each by what stands there (mim0.md, rules 7 and 8; elc004.md).
func TestNearAndFar(t *testing.T) {
	home, away := twoMachines(t, here, there)
	doors := serve(t, home)
	loopback := func(door string) string {
		return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), doors[door]).String()
	}
	across := func(door string) string { return netip.AddrPortFrom(netip.MustParseAddr(here), doors[door]).String() }

	ann := dial(t, home, loopback("messenger"))
	fmt.Fprint(ann, "REGISTER TOSEND ann\n\nREGISTER TORECV ann\n\n")
	reads(t, ann, "REGISTERED TOSEND ann\n\nREGISTERED TORECV ann\n\n")
	listener := listen(t, home)
	bobs := uint16(listener.Addr().(*net.TCPAddr).Port)
	registry{dial(t, home, loopback("mim0")), nil}.login("bob", bobs)

	for _, viewer := range []struct {
		name    string
		from    machine
		dials   func(string) string
		address string // by which it finds others
	}{
		{"fay", away, across, here},
		{"nia", home, loopback, "127.0.0.1"},
	} {
		t.Run(viewer.name, func(t *testing.T) {
			r := registry{dial(t, viewer.from, viewer.dials("mim0")), map[string]string{}}
			r.login(viewer.name, 5000)
			r.table(t, "ann", "bob")
			if want := fmt.Sprintf("%s:%d", viewer.address, bobs); r.people["bob"] != want {
				t.Fatalf("bob is at %s in the table, want %s", r.people["bob"], want)
			}
			if at := r.people["ann"]; !strings.HasPrefix(at, viewer.address+":") {
				t.Fatalf("ann is at %s in the table, want a port of %s", at, viewer.address)
			}
			text := "hello from " + viewer.name
			fmt.Fprintf(dial(t, viewer.from, r.people["bob"]), "%s\n%s\n", viewer.name, text)
			called, err := listener.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer called.Close()
			called.SetDeadline(time.Now().Add(patience))
			reads(t, called, viewer.name+"\n"+text+"\n")
			fmt.Fprintf(dial(t, viewer.from, r.people["ann"]), "%s\n%s\n", viewer.name, text)
			forwards(t, ann, viewer.name, text)
			viewer.from.byDatagram(t, viewer.name+"2", viewer.dials("elc004"), viewer.address, ann)
		})
	}
}

// byDatagram has somebody with a socket find ann in the table of elc004, and write
// to her; what confirms it has to come from where it went.
func (m machine) byDatagram(t *testing.T, name, server, address string, ann net.Conn) {
	var socket *net.UDPConn
	err := m.on(func() (err error) {
		socket, err = net.ListenUDP("udp4", &net.UDPAddr{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	c := dial(t, m, server)
	fmt.Fprintf(c, "R:1.2.3.4:%d:%s\n", socket.LocalAddr().(*net.UDPAddr).Port, name)
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	var anns netip.AddrPort
	for _, entry := range strings.Split(string(answer), "-") {
		if f := strings.Split(entry, ":"); len(f) == 4 && f[3] == "ann" {
			anns = netip.MustParseAddrPort(f[1] + ":" + f[2])
		}
	}
	if !anns.IsValid() || anns.Addr().String() != address {
		t.Fatalf("ann is at %v in the table %q, want a port of %s", anns, answer, address)
	}
	socket.SetDeadline(time.Now().Add(patience))
	if _, err := socket.WriteToUDPAddrPort([]byte("M:7:by datagram"), anns); err != nil {
		t.Fatal(err)
	}
	forwards(t, ann, name, "by datagram")
	p := make([]byte, 2000)
	n, from, err := socket.ReadFromUDPAddrPort(p)
	if err != nil || string(p[:n]) != "A:7:ann" || from != anns {
		t.Fatalf("%q from %v, %v; want it confirmed from %v", p[:n], from, err, anns)
	}
}

// serve starts a server on a machine and gives the ports of its doors.
func serve(t *testing.T, m machine) map[string]uint16 {
	t.Helper()
	dir := t.TempDir()
	mim, ready := filepath.Join(dir, "mim"), filepath.Join(dir, "ready")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", mim, ".")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var log bytes.Buffer
	cmd := exec.Command(mim, "serve", "--host", "0.0.0.0", "--lend", "0", "--data", ":memory:", "--ready-file", ready,
		"--mim0", "0", "--messenger", "0", "--elc004", "0", "--dtu", "off", "--comp9331", "off")
	cmd.Stderr = &log
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME=")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = m.on(cmd.Start)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Errorf("mim serve: %v\n%s", err, log.Bytes())
		}
	})
	if _, err := out.Read(make([]byte, 1)); err != nil { // its first word: all doors listen
		t.Fatal(err)
	}
	return doorsOf(t, ready)
}

// doorsOf reads the ready file.
func doorsOf(t *testing.T, path string) map[string]uint16 {
	t.Helper()
	b, err := os.ReadFile(path)
	var file struct {
		Doors []struct{ Dialect, Address string }
	}
	if err == nil {
		err = json.Unmarshal(b, &file)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	doors := map[string]uint16{}
	for _, d := range file.Doors {
		doors[d.Dialect] = netip.MustParseAddrPort(d.Address).Port()
	}
	return doors
}

func dial(t *testing.T, m machine, at string) net.Conn {
	t.Helper()
	var c net.Conn
	err := m.on(func() (err error) {
		c, err = net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(at)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c
}

func listen(t *testing.T, m machine) net.Listener {
	t.Helper()
	var l *net.TCPListener
	err := m.on(func() (err error) {
		l, err = net.ListenTCP("tcp4", &net.TCPAddr{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	l.SetDeadline(time.Now().Add(patience))
	return l
}

func reads(t *testing.T, in io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(in, got); err != nil || string(got) != want {
		t.Fatalf("read %q, %v; want %q", got[:n], err, want)
	}
}

// forwards is a text that comes to ann, who confirms it.
func forwards(t *testing.T, ann net.Conn, from, text string) {
	t.Helper()
	reads(t, ann, fmt.Sprintf("FORWARD %s\nContent-length: %d\n\n%s", from, len(text), text))
	fmt.Fprintf(ann, "RECEIVED %s\n\n", from)
}

// A registry is a link to mim0's, and the people it has told of: their addresses.
type registry struct {
	net.Conn
	people map[string]string
}

// login sends a block: size, port, name.
func (r registry) login(name string, port uint16) {
	b := binary.BigEndian.AppendUint16(nil, uint16(2+4+2*len(name)))
	b = binary.BigEndian.AppendUint16(b, port)
	b = binary.BigEndian.AppendUint32(b, uint32(2*len(name)))
	for _, u := range utf16.Encode([]rune(name)) {
		b = binary.BigEndian.AppendUint16(b, u)
	}
	r.Write(b)
}

// table reads the welcome and blocks until these people have come.
func (r registry) table(t *testing.T, names ...string) {
	t.Helper()
	in := bufio.NewReader(r)
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		for r.people[name] == "" {
			size := make([]byte, 2)
			if _, err := io.ReadFull(in, size); err != nil {
				t.Fatalf("%v; %v", err, r.people)
			}
			b := make([]byte, binary.BigEndian.Uint16(size))
			if _, err := io.ReadFull(in, b); err != nil {
				t.Fatal(err)
			}
			b = b[1:]
			who, ip := word(&b), word(&b)
			r.people[who] = fmt.Sprintf("%s:%d", ip, binary.BigEndian.Uint16(b))
		}
	}
}

// word takes a string of ASCII off a block.
func word(b *[]byte) string {
	n := binary.BigEndian.Uint32(*b)
	units := (*b)[4 : 4+n]
	*b = (*b)[4+n:]
	return strings.ReplaceAll(string(units), "\x00", "")
}
