package screens

import (
	"bufio"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// crowd is how many people are on the screen.
const crowd = 1000

// BenchmarkEcho is the time from a peer's text (a datagram of elc004) to the
// acknowledgement of a real mim, 200 times a second, with a thousand people here:
// on a screen that draws each text, as lines, and, for what the machine itself
// takes, of a process that does nothing else.
func BenchmarkEcho(b *testing.B) {
	b.Run("screen", func(b *testing.B) { benchmarkEcho(b) })
	b.Run("lines", func(b *testing.B) { benchmarkEcho(b, "--plain") })
	b.Run("bare", func(b *testing.B) {
		other, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			b.Fatal(err)
		}
		defer other.Close()
		go func() {
			p := make([]byte, 2048)
			for {
				n, from, err := other.ReadFromUDP(p)
				if err != nil {
					return
				}
				p[0] = 'A'
				_, _ = other.WriteToUDP(p[:n], from)
			}
		}()
		peer, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			b.Fatal(err)
		}
		defer peer.Close()
		echoes(b, peer, other.LocalAddr().(*net.UDPAddr))
	})
}

func benchmarkEcho(b *testing.B, flags ...string) {
	screen := len(flags) == 0
	flags = append([]string{"join", "--dialect", "elc004"}, flags...)
	home := b.TempDir()
	env := []string{"HOME=" + home, "TERM=xterm-256color", "TZ=UTC", "MIM_NO_HISTORY=true"}
	server := startTable(b, env)
	peer, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	defer peer.Close()
	port := peer.LocalAddr().(*net.UDPAddr).Port
	register(b, server, port, "bob")
	for n, p := 1, 20000; n < crowd; p++ { // no datagram goes to them
		if p != port {
			register(b, server, p, fmt.Sprint("user", n))
			n++
		}
	}
	to := free(b)
	flags = append(flags, "--listen", to.String())
	alice := exec.Command(mimPath, append(flags, "alice@"+server)...)
	alice.Env = env
	t, err := open(120, 40, false, alice)
	if err != nil {
		b.Fatal(err)
	}
	defer t.close()
	sees(b, t, func(grid string) bool {
		return strings.Contains(grid, fmt.Sprint("user", crowd-1)) || strings.Contains(grid, fmt.Sprint("here: ", crowd))
	})
	echo(b, peer, to, 1) // of somebody unknown, so that the table is fetched
	if screen {
		sees(b, t, func(grid string) bool {
			return strings.Contains(grid, fmt.Sprint("here: ", crowd)) && strings.Contains(grid, "2 bob")
		})
		if err := t.press("\x1b2"); err != nil {
			b.Fatal(err)
		}
	}
	sees(b, t, func(grid string) bool { return strings.Contains(grid, "text 1.") })
	t.mu.Lock()
	drawn := t.bytes
	t.mu.Unlock()
	last := echoes(b, peer, to)
	sees(b, t, func(grid string) bool { return strings.Contains(grid, fmt.Sprintf("text %d.", last)) })
	t.mu.Lock()
	b.ReportMetric(float64(t.bytes-drawn)/float64(last-1), "drawn-B/text")
	t.mu.Unlock()
}

// echoes measures texts from number 2 on and gives the last number.
func echoes(b *testing.B, peer *net.UDPConn, to *net.UDPAddr) (last int) {
	every := time.NewTicker(5 * time.Millisecond)
	defer every.Stop()
	var took []time.Duration
	last = 1
	for b.Loop() {
		<-every.C
		last++
		took = append(took, echo(b, peer, to, last))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	return last
}

// free is an address that nobody has.
func free(b *testing.B) *net.UDPAddr {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr)
}

// startTable runs a server of elc004 until the benchmark's end.
func startTable(b *testing.B, env []string) (address string) {
	args := []string{"serve", "--host", "127.0.0.1", "--data", ":memory:", "--only", "elc004", "--elc004", "0", "--log-level", "error"}
	cmd := exec.Command(mimPath, args...)
	cmd.Env = env
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if found := door.FindStringSubmatch(lines.Text()); found != nil {
			return found[3]
		}
	}
	b.Fatal("the server does not listen")
	return ""
}

// register puts somebody into the table: R:ip:port:id, answered and closed.
func register(b *testing.B, server string, port int, name string) {
	c, err := net.Dial("tcp4", server)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if _, err = fmt.Fprintf(c, "R:127.0.0.1:%d:%s\n", port, name); err == nil {
		_, err = c.Read(make([]byte, 1))
	}
	if err != nil {
		b.Fatal(err)
	}
}

// echo sends text n (M:n:text) and gives the time until A:n: is there.
func echo(b *testing.B, peer *net.UDPConn, to *net.UDPAddr, n int) time.Duration {
	begun := time.Now()
	if _, err := peer.WriteToUDP(fmt.Appendf(nil, "M:%d:text %d.", n, n), to); err != nil {
		b.Fatal(err)
	}
	if err := peer.SetReadDeadline(begun.Add(patience)); err != nil {
		b.Fatal(err)
	}
	p := make([]byte, 2048)
	for {
		size, _, err := peer.ReadFromUDP(p)
		if err != nil {
			b.Fatal(err)
		}
		if strings.HasPrefix(string(p[:size]), fmt.Sprintf("A:%d:", n)) {
			return time.Since(begun)
		}
	}
}

func sees(b *testing.B, t *terminal, good func(grid string) bool) {
	b.Helper()
	if err := t.wait(func() bool { return good(t.grid()) }); err != nil {
		b.Fatal(err)
	}
}
