//go:build linux

// Command writev is what a server's writes are measured beside: a loop that
// does nothing but write to many sockets of the loopback network, one
// writev(2) after the other, to a process that reads and does nothing else.
//
//	go run ./scripts/writev -links 16000 -bytes 10737418240 -each 40000
//
// writes so many bytes over so many links in all, in writes of so many, and
// prints what the writer took. scripts/load/run compares a storm with it.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	links := flag.Int("links", 1000, "how many sockets are written to")
	bytes := flag.Int64("bytes", 1<<30, "how much in all")
	each := flag.Int("each", 4096, "how much in one write")
	entry := flag.Float64("entry", 42, "bytes of one entry, for the last figure")
	read := flag.String("read", "", "be the reader of the writer at this address")
	flag.Parse()
	var err error
	if *read != "" {
		err = reader(*read, *links)
	} else {
		err = writer(*links, *bytes, *each, *entry)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "writev:", err)
		os.Exit(1)
	}
}

// reader connects so often and reads until all of it has ended.
func reader(address string, links int) error {
	poll, err := unix.EpollCreate1(0)
	if err != nil {
		return err
	}
	at, err := net.ResolveTCPAddr("tcp4", address)
	if err != nil {
		return err
	}
	to := &unix.SockaddrInet4{Port: at.Port, Addr: [4]byte(at.IP.To4())}
	for i := range links {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		from := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 1, byte(1 + i%20)}}
		_ = unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		if err := unix.Bind(fd, from); err != nil {
			return err
		}
		if err := unix.Connect(fd, to); err != nil {
			return err
		}
		if err := unix.EpollCtl(poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}); err != nil {
			return err
		}
	}
	events, buf := make([]unix.EpollEvent, 256), make([]byte, 64<<10)
	for open := links; open > 0; {
		n, err := unix.EpollWait(poll, events, -1)
		if err != nil && err != unix.EINTR {
			return err
		}
		for _, e := range events[:max(n, 0)] {
			if got, err := unix.Read(int(e.Fd), buf); got <= 0 && err != unix.EINTR {
				unix.Close(int(e.Fd))
				open--
			}
		}
	}
	return nil
}

// writer starts a reader, writes, and says what that took.
func writer(links int, bytes int64, each int, entry float64) error {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "-read", l.Addr().String(), "-links", fmt.Sprint(links))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	fds, err := accept(l, links)
	if err != nil {
		_ = cmd.Process.Kill()
		return err
	}
	iov := [][]byte{make([]byte, each/2), make([]byte, each-each/2)} // a page and what has come since
	before, began := cpu(), time.Now()
	writes := 0
	for left := bytes; left > 0; {
		for _, fd := range fds {
			if left -= int64(each); left <= -int64(each) {
				break
			}
			if err := writeAll(fd, iov); err != nil {
				return err
			}
			writes++
		}
	}
	took, used := time.Since(began), cpu()-before
	for _, fd := range fds {
		unix.Close(fd)
	}
	wrote := float64(writes) * float64(each)
	fmt.Printf("%d links, %d writes of %d bytes, %.2f GiB in %.2f s: %.2f s of CPU, %.2f us a write, %.1f ns for each %.1f bytes\n",
		links, writes, each, wrote/(1<<30), took.Seconds(), used.Seconds(), used.Seconds()/float64(writes)*1e6, used.Seconds()/wrote*entry*1e9, entry)
	return cmd.Wait()
}

// accept takes all connections, as blocking sockets.
func accept(l net.Listener, links int) (fds []int, err error) {
	for len(fds) < links {
		c, err := l.Accept()
		if err != nil {
			return nil, err
		}
		f, err := c.(*net.TCPConn).File()
		c.Close()
		if err != nil {
			return nil, err
		}
		fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0) // Fd has made it blocking
		f.Close()
		if err != nil {
			return nil, err
		}
		fds = append(fds, fd)
	}
	return fds, nil
}

// writeAll writes all pieces to a blocking socket.
func writeAll(fd int, iov [][]byte) error {
	total := 0
	for _, p := range iov {
		total += len(p)
	}
	for {
		n, err := unix.Writev(fd, iov)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return err
		case n == total:
			return nil
		default: // a signal has cut it short
			rest := make([]byte, total-n)
			_, err = unix.Write(fd, rest)
			return err
		}
	}
}

// cpu is what this process has taken.
func cpu() time.Duration {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
