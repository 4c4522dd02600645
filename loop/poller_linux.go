package loop

import (
	"bufio"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

const (
	// readEvents are what gnet asks of each descriptor.
	readEvents = unix.EPOLLIN | unix.EPOLLPRI
	// pausedEvents are what is asked of a link that is not read. Errors and
	// hang-ups are told in any case, but gnet takes one that comes alone for
	// the end of a link whose bytes have all been read. So writable is asked
	// too, which is always true then: gnet, with nothing to write, reads once,
	// and has the bytes or the error. Edge-triggered, since it is nearly always
	// true before, too.
	pausedEvents = unix.EPOLLOUT | unix.EPOLLET
)

// askRead has the epoll descriptor report bytes that come on fd, or not. What
// has come before is reported, too.
func askRead(poller, fd int, yes bool) error {
	e := unix.EpollEvent{Fd: int32(fd), Events: pausedEvents}
	if yes {
		e.Events = readEvents
	}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(poller, unix.EPOLL_CTL_MOD, fd, &e))
}

// findPoller finds the epoll descriptor by which gnet watches fd, -1 if it
// cannot be found; see proc_pid_fdinfo(5). Only at the start: it looks at each
// descriptor of the process.
func findPoller(fd int) int {
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return -1
	}
	found := -1
	for _, f := range files {
		what, err := os.Readlink("/proc/self/fd/" + f.Name())
		if err != nil || what != "anon_inode:[eventpoll]" || !watches(f.Name(), fd, st.Ino) {
			continue
		}
		if found >= 0 {
			return -1 // one of the two is somebody else's
		}
		if found, err = strconv.Atoi(f.Name()); err != nil {
			return -1
		}
	}
	if found >= 0 && askRead(found, fd, true) != nil {
		return -1
	}
	return found
}

// watches says whether the epoll descriptor of this name watches fd, the file
// with this inode, the way gnet does it: with the number for its data.
func watches(poller string, fd int, inode uint64) bool {
	f, err := os.Open("/proc/self/fdinfo/" + poller)
	if err != nil {
		return false
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		var target, pos int
		var events, data, ino uint64
		n, _ := fmt.Sscanf(in.Text(), "tfd: %d events: %x data: %x pos:%d ino:%x", &target, &events, &data, &pos, &ino)
		if n == 5 && target == fd && int(int32(data)) == fd && events&readEvents == readEvents && ino == inode {
			return true
		}
	}
	return false
}
