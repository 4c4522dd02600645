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
	info, err := r.info()
	if err == nil && int(info.Data_segs_in) != want {
		return fmt.Errorf("%d segments came: %q", info.Data_segs_in, r.got.all())
	}
	return err
}

// apart wants no two parts that a script has seen to have come in one segment, if it
// has seen all there is and each of it by itself.
func (r *raw) apart() error {
	info, err := r.info()
	if err != nil || r.mixed || int(info.Bytes_received) > r.skip+1 { // a FIN counts for one
		return err
	}
	if int(info.Data_segs_in) < r.parts {
		return fmt.Errorf("%d segments came, want at least %d: %q", info.Data_segs_in, r.parts, r.got.all())
	}
	return nil
}

func (r *raw) info() (info *unix.TCPInfo, err error) {
	c, err := r.conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	var failed error
	if err = c.Control(func(fd uintptr) { info, failed = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }); err == nil {
		err = failed
	}
	return info, err
}
