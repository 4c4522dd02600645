package measure

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// startKeeper starts a server with these accounts and its data on disk, that
// speaks comp9331 and messenger.
func startKeeper(b *testing.B, credentials []byte) *server {
	dir := b.TempDir()
	file := filepath.Join(dir, "credentials")
	if err := os.WriteFile(file, credentials, 0o600); err != nil {
		b.Fatal(err)
	}
	return startServer(b, buildMim(b), "--only", "comp9331,messenger", "--comp9331", "0", "--messenger", "0",
		"--credentials", file, "--data", filepath.Join(dir, "data"))
}

// exchange writes text and reads until want is the end of what has come.
func exchange(b *testing.B, c net.Conn, r *bufio.Reader, text, want string) {
	if _, err := c.Write([]byte(text)); err != nil {
		b.Error(err)
		return
	}
	var got []byte
	for !bytes.HasSuffix(got, []byte(want)) {
		x, err := r.ReadByte()
		if err != nil {
			b.Errorf("%v behind %q, before %q", err, got, want)
			return
		}
		got = append(got, x)
	}
}

// hashTime is more than one password takes.
const hashTime = 40 * time.Millisecond

// echoEvery is how often the bystander asks.
const echoEvery = time.Millisecond

// BenchmarkLoginStorm: 100 people log in with passwords at once, by comp9331.
// Meanwhile a bystander asks who else is here, each millisecond; an answer
// counts from when it should have been asked for.
func BenchmarkLoginStorm(b *testing.B) {
	const people = 100
	credentials := []byte("bystander calm\n")
	for i := range people {
		credentials = fmt.Appendf(credentials, "user%d secret%d\n", i, i)
	}
	s := startKeeper(b, credentials)
	bystander := dial(b, s.doors["comp9331"])
	defer bystander.Close()
	in := bufio.NewReader(bystander)
	exchange(b, bystander, in, "bystander\ncalm\n", "application ever!\n")
	// The server has a hash made for each account that is new. Behind that, and
	// behind a first storm, it is at rest.
	first := logInAll(b, s.doors["comp9331"], people)
	<-first.there
	closeAll(first.conns)
	waitAlone(b, bystander, in)
	time.Sleep(people * hashTime)
	for _, c := range []struct {
		what   string
		people int
	}{{"none", 0}, {"100", people}} {
		b.Run(c.what, func(b *testing.B) {
			var took []time.Duration
			var storm time.Duration
			for b.Loop() {
				begin := time.Now()
				all := logInAll(b, s.doors["comp9331"], c.people)
				for due, done := begin, false; !done && time.Since(begin) < time.Minute; due = due.Add(echoEvery) {
					from := due // late, if the last answer was
					if rest := time.Until(due); rest > 0 {
						time.Sleep(rest)
						from = time.Now()
					}
					askWhoElse(b, bystander, in)
					took = append(took, time.Since(from))
					select {
					case <-all.there:
						done = c.people > 0 || len(took) >= 1000
					default:
					}
				}
				storm += time.Since(begin)
				<-all.there
				closeAll(all.conns)
				waitAlone(b, bystander, in)
			}
			slices.Sort(took)
			for _, m := range []struct {
				at   int
				unit string
			}{{len(took) / 2, "ms/echo(p50)"}, {len(took) * 99 / 100, "ms/echo(p99)"}, {len(took) - 1, "ms/echo(max)"}} {
				b.ReportMetric(float64(took[m.at].Microseconds())/1000, m.unit)
			}
			b.ReportMetric(float64(len(took)), "echoes")
			b.ReportMetric(storm.Seconds()/float64(b.N), "s/storm")
		})
	}
}

// logins are people who log in all at once.
type logins struct {
	conns []net.Conn
	there chan struct{} // closed when all are there
}

func logInAll(b *testing.B, addr string, people int) logins {
	all := logins{make([]net.Conn, people), make(chan struct{})}
	var wg sync.WaitGroup
	for i := range all.conns {
		all.conns[i] = dial(b, addr)
	}
	for i, c := range all.conns {
		wg.Go(func() {
			exchange(b, c, bufio.NewReader(c), fmt.Sprintf("user%d\nsecret%d\n", i, i), "application ever!\n")
		})
	}
	go func() { wg.Wait(); close(all.there) }()
	return all
}

// askWhoElse is one round trip; who comes and goes is told in between. It says
// how many others are here.
func askWhoElse(b *testing.B, c net.Conn, in *bufio.Reader) int {
	if _, err := c.Write([]byte("whoelse\n")); err != nil {
		b.Fatal(err)
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			b.Fatal(err)
		}
		if !strings.HasSuffix(line, " logged in\n") && !strings.HasSuffix(line, " logged out\n") {
			return len(strings.Fields(line))
		}
	}
}

// waitAlone returns when nobody else is here.
func waitAlone(b *testing.B, c net.Conn, in *bufio.Reader) {
	for until := time.Now().Add(10 * time.Second); askWhoElse(b, c, in) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			b.Fatal("the others have closed and are still here")
		}
	}
}
