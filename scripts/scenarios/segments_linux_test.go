package scenarios

import (
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// segments wants so many segments with data to have come in all, as the kernel
// counts them: what our reads give may be several that came at once.
func (r *raw) segments(arg string) error {
	want, err := strconv.Atoi(arg)
	if err != nil {
		return err
	}
	c, err := r.conn.SyscallConn()
	if err != nil {
		return err
	}
	var info *unix.TCPInfo
	var failed error
	err = c.Control(func(fd uintptr) { info, failed = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	return firstError(err, func() error {
		if failed == nil && int(info.Data_segs_in) != want {
			return fmt.Errorf("%d segments came: %q", info.Data_segs_in, r.got.all())
		}
		return failed
	})
}
