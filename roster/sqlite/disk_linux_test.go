package sqlite

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestFullDisk: on a disk without room nothing is confirmed that is not kept,
// what is there can be read, and when there is room again it all goes on.
func TestFullDisk(t *testing.T) {
	for _, c := range []struct {
		what string
		how  *syscall.SysProcAttr
		fill func(t *testing.T, dir string) (free func())
	}{
		{"tmpfs", &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		}, smallDisk},
		{"limit of a file's size", nil, smallFiles},
	} {
		t.Run(c.what, func(t *testing.T) {
			if dir := os.Getenv(childDir); dir != "" {
				fullDisk(t, dir, c.fill(t, dir))
				return
			}
			cmd := child(t, t.TempDir(), c.how)
			var out strings.Builder
			cmd.Stdout = &out
			if err := cmd.Start(); err != nil {
				t.Skipf("this machine does not let a test have a disk of its own: %v", err)
			}
			err := cmd.Wait()
			if strings.Contains(out.String(), cannotMount) {
				t.Skip(cannotMount)
			}
			if err != nil {
				t.Errorf("%v\n%s%s", err, out.String(), said(cmd))
			}
		})
	}
}

const cannotMount = "this machine does not let a test mount a disk"

// smallDisk makes dir a disk of 1 MiB, and some of that is in use for now.
func smallDisk(t *testing.T, dir string) (free func()) {
	if err := syscall.Mount("mim", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(cannotMount, err)
	}
	ballast := filepath.Join(dir, "ballast")
	write(t, ballast, make([]byte, 400<<10))
	return func() {
		if err := os.Remove(ballast); err != nil {
			t.Error(err)
		}
	}
}

// smallFiles lets no file of this process grow above 600 KiB for now.
func smallFiles(t *testing.T, _ string) (free func()) {
	signal.Ignore(syscall.SIGXFSZ)
	limit := func(n uint64) {
		var l syscall.Rlimit
		if err := syscall.Getrlimit(unix.RLIMIT_FSIZE, &l); err != nil {
			t.Fatal(err)
		}
		if l.Cur = n; n == 0 {
			l.Cur = l.Max
		}
		if err := syscall.Setrlimit(unix.RLIMIT_FSIZE, &l); err != nil {
			t.Fatal(err)
		}
	}
	limit(600 << 10)
	return func() { limit(0) }
}

func fullDisk(t *testing.T, dir string, free func()) {
	k := &kept{s: mustOpen(t, dir)}
	for n := 0; ; n++ {
		good, why := k.try(1, 8000)
		if good == 0 {
			wantBroken(t, why, "")
			break
		}
		if n > 1000 {
			t.Fatal("the disk was never full")
		}
	}
	k.check(t, "on a full disk")
	for range 20 {
		good, why := k.try(50, 8000)
		if good > 0 {
			t.Errorf("%d of 50 large texts were kept", good)
		}
		wantBroken(t, why, "")
		k.try(3, 10) // may fit
		if err := keep(k.s, put(1<<40, "bob", "alice", strings.Repeat("x", 300_000))); err == nil {
			t.Error("a huge text was kept")
		}
	}
	k.check(t, "still on a full disk")
	if _, err := k.s.Known(); err != nil {
		t.Errorf("Known on a full disk: %v", err)
	}
	free()
	for i := range 5 {
		if good, why := k.try(5, 2000); good != 5 {
			t.Errorf("with room again, %d: %d of 5, %v", i, good, why)
		}
	}
	k.check(t, "with room again")
	mustClose(t, k.s)
	k.s = mustOpen(t, dir)
	k.check(t, "opened again")
	mustClose(t, k.s)
}

// TestFailedSync: what a sync that failed left undecided is refused, stays
// away for ever, and the file is opened again.
func TestFailedSync(t *testing.T) {
	for _, c := range []struct {
		what  string
		crash bool // the process is killed before a sync works again
	}{{"then it works again", false}, {"then the process is killed", true}} {
		t.Run(c.what, func(t *testing.T) {
			if dir := os.Getenv(childDir); dir != "" {
				failedSync(t, dir, c.crash)
				return
			}
			dir := t.TempDir()
			cmd := child(t, dir, nil)
			var out strings.Builder
			cmd.Stdout = &out
			err := cmd.Run()
			if strings.Contains(out.String(), cannotFilter) {
				t.Skip(cannotFilter)
			}
			if killed := strings.Contains(said(cmd)+out.String()+cmd.ProcessState.String(), "killed"); killed != c.crash || !c.crash && err != nil || strings.Contains(out.String(), "FAIL") {
				t.Fatalf("%v\n%s%s", err, out.String(), said(cmd))
			}
			want := "1 2 3"
			if !c.crash {
				want = "1 2 3 84 85 86 87"
			}
			s := mustOpen(t, dir)
			defer mustClose(t, s)
			if got := ids(t, s, "bob", 0, 1000); got != want {
				t.Errorf("there are %s, want %s", got, want)
			}
		})
	}
}

func failedSync(t *testing.T, dir string, crash bool) {
	k := &kept{s: mustOpen(t, dir)}
	if _, err := k.try(3, 100); err != nil {
		t.Fatal(err)
	}
	breakSync(t)
	for range 4 {
		good, why := k.try(20, 3000)
		if good > 0 {
			t.Errorf("%d texts were confirmed and not synced", good)
		}
		wantBroken(t, why, "")
		k.check(t, "while no sync works")
	}
	if crash {
		if t.Failed() {
			os.Stdout.WriteString("FAIL\n")
		}
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	// Low descriptors are broken: the next ones are not.
	for {
		if fd, err := syscall.Open(os.DevNull, syscall.O_RDONLY, 0); err != nil {
			t.Fatal(err)
		} else if fd >= brokenBelow {
			break
		}
	}
	if good, why := k.try(4, 100); good != 4 {
		t.Errorf("when sync works again: %d of 4, %v", good, why)
	}
	k.check(t, "when sync works again")
	k.s.Close()
}

// brokenBelow is the first descriptor that can be synced behind breakSync.
const brokenBelow = 200

const cannotFilter = "this machine does not let a test break fsync"

// breakSync lets fsync and fdatasync fail with EIO in this process, for
// descriptors below brokenBelow, until it ends (seccomp(2)).
func breakSync(t *testing.T) {
	load := func(at uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
	}
	code := []unix.SockFilter{
		load(0), // the number of the call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_FSYNC, Jt: 1},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_FDATASYNC, Jf: 3},
		load(16), // its first argument, the low half where bytes are little-endian
		{Code: unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K, K: brokenBelow, Jt: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EIO)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		t.Fatal(cannotFilter, err)
	}
	if _, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program))); e != 0 {
		t.Fatal(cannotFilter, e)
	}
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Sync(); err == nil {
		t.Fatal(cannotFilter, "it still works")
	}
}
