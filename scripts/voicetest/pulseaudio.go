package voicetest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// PulseAudio runs a sound server of the test's own, with these modules and no
// sound card. It listens on the socket of the path that is given back, and ends
// with the test. Where it is not installed the test is skipped.
func PulseAudio(t testing.TB, modules ...string) (socket string, process *os.Process) {
	t.Helper()
	program, err := exec.LookPath("pulseaudio")
	if err != nil {
		t.Skip("pulseaudio is not installed: scripts/test installs it")
	}
	home := t.TempDir()
	socket = filepath.Join(home, "native")
	args := []string{"-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes",
		"--log-target=stderr", "--realtime=no", "--high-priority=no"}
	for _, m := range append(modules, "module-native-protocol-unix auth-anonymous=1 socket="+socket) {
		args = append(args, "-L", m)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_RUNTIME_DIR="+home, "PULSE_RUNTIME_PATH="+home, "DBUS_SESSION_BUS_ADDRESS=unix:path="+home+"/none")
	said := &strings.Builder{}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("pulseaudio said:\n%s", said)
		}
	})
	// It says nowhere that it is ready, but by taking a connection: the file of
	// its socket is there before it listens.
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		if conn, err := net.Dial("unix", socket); err == nil {
			conn.Close()
			return socket, cmd.Process
		}
		<-tick.C
	}
	t.Fatal("pulseaudio does not listen after 10 s")
	return "", nil
}
