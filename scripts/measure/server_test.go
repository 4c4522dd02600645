package measure

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"
)

// binary builds mim once for a benchmark and gives its path.
func buildMim(tb testing.TB) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "mim")
	if out, err := exec.Command("go", "build", "-o", path, "mim").CombinedOutput(); err != nil {
		tb.Fatalf("building mim: %v\n%s", err, out)
	}
	return path
}

// server is a running `mim serve` on loopback, with one door unless flags say
// otherwise.
type server struct {
	cmd   *exec.Cmd
	addr  string            // of the first door
	doors map[string]string // by dialect
	start time.Duration     // from exec to all doors listening
}

func startServer(tb testing.TB, mim string, flags ...string) *server {
	tb.Helper()
	ready := filepath.Join(tb.TempDir(), "ready")
	args := append([]string{"serve", "--host", "127.0.0.1", "--data", ":memory:", "--only", "mim0", "--mim0", "0", "--log-level", "error", "--ready-file", ready}, flags...)
	s := &server{cmd: exec.Command(mim, args...)}
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	begin := time.Now()
	if err := s.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	// The first line of output comes when all doors listen.
	if _, err := out.Read(make([]byte, 1)); err != nil {
		tb.Fatalf("mim serve said nothing: %v", err)
	}
	s.start = time.Since(begin)
	go io.Copy(io.Discard, out)
	tb.Cleanup(s.stop)
	text, err := os.ReadFile(ready)
	if err != nil {
		tb.Fatal(err)
	}
	var doors struct {
		Doors []struct{ Dialect, Network, Address string }
	}
	if err := json.Unmarshal(text, &doors); err != nil || len(doors.Doors) == 0 {
		tb.Fatalf("ready file %q: %v", text, err)
	}
	s.addr, s.doors = doors.Doors[0].Address, map[string]string{}
	for _, d := range doors.Doors {
		if d.Network == "tcp" {
			s.doors[d.Dialect] = d.Address
		}
	}
	return s
}

func (s *server) stop() {
	if s.cmd.ProcessState != nil {
		return
	}
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.cmd.Wait()
}

// rss is the server's resident memory in bytes.
func (s *server) rss(tb testing.TB) int {
	tb.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		tb.Skipf("resident memory is read from /proc: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, _ := strconv.Atoi(strings.Fields(kb)[0])
			return n << 10
		}
	}
	tb.Fatal("no VmRSS in /proc")
	return 0
}

// login is a login block of seed 000: size, port of the simple server, name.
func login(name string, port uint16) []byte {
	u := utf16.Encode([]rune(name))
	b := binary.BigEndian.AppendUint16(nil, uint16(6+2*len(u)))
	b = binary.BigEndian.AppendUint16(b, port)
	b = binary.BigEndian.AppendUint32(b, uint32(2*len(u)))
	for _, c := range u {
		b = binary.BigEndian.AppendUint16(b, c)
	}
	return b
}

func dial(tb testing.TB, addr string) net.Conn {
	tb.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func closeAll(conns []net.Conn) {
	for _, c := range conns {
		c.Close()
	}
}
