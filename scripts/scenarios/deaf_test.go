package scenarios

import (
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// stopBound is how long a first signal may take to end a program, with what is
// said in docs/USING.md, and twice that on a machine that is busy.
const stopBound = 10 * time.Second

// TestStopPastADeafReader: a person whose other side never reads, with text
// queued for it, still ends in order at the first signal.
func TestStopPastADeafReader(t *testing.T) {
	s := startServer(t)
	p, err := start(t.TempDir(), nil, "join", "alice@"+s.at, "--json")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	found, err := waitLine(p.out, `"listening":"([^"]+)"`)
	if err != nil {
		t.Fatal(err)
	}
	d := net.Dialer{Timeout: patience, Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
	}}
	deaf, err := d.Dial("tcp", found[1])
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	write(t, deaf, []byte("deaf\nhello\n"))
	said, err := waitLine(p.out, `"event":"said".*"from":"([^"]+)"`)
	if err != nil {
		t.Fatal(err)
	}
	const texts = 3000 // of 4000 bytes: more than the kernel takes for someone who does not read
	for range texts {
		if _, err := fmt.Fprintf(p.in, "@%q %s\n", said[1], strings.Repeat("x", 4000)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := waitLine(p.out, `"event":"sent"`); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintln(p.in, "/who"); err != nil {
		t.Fatal(err)
	}
	if _, err := waitLine(p.out, `"event":"table"`); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(p.out.all(), `"state":"sent"`); n >= texts {
		t.Fatalf("nothing is queued: all %d texts have arrived", n)
	}
	asked := time.Now()
	if err := p.signal("TERM"); err != nil {
		t.Fatal(err)
	}
	if code, err := p.wait(); err != nil || code != 0 || time.Since(asked) > stopBound {
		t.Errorf("ended with %d after %v (%v)\n%.2000s", code, time.Since(asked), err, p.err.all())
	}
	t.Logf("ended after %v, %d of %d texts sent", time.Since(asked), strings.Count(p.out.all(), `"state":"sent"`), texts)
}
