package pulse

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// An address is where a sound server may listen.
type address struct{ network, path string }

func (a address) String() string {
	if a.network == "unix" {
		return a.path
	}
	return a.network + ":" + a.path
}

// addresses reads a server string of PulseAudio: addresses with blanks between
// them, each /path, unix:/path, tcp:HOST:PORT, tcp4: or tcp6:, those that begin
// with {NAME} only for the machine of that name. Others are left out. The port
// may be missing.
func addresses(server, machine string) (found []address) {
	for _, s := range strings.Fields(server) {
		if rest, ok := strings.CutPrefix(s, "{"); ok {
			name, rest, _ := strings.Cut(rest, "}")
			if name != machine {
				continue
			}
			s = rest
		}
		network, path, ok := strings.Cut(s, ":")
		switch {
		case strings.HasPrefix(s, "/"):
			found = append(found, address{"unix", s})
		case ok && network == "unix" && path != "":
			found = append(found, address{"unix", path})
		case ok && (network == "tcp" || network == "tcp4" || network == "tcp6") && path != "":
			if _, _, err := net.SplitHostPort(path); err != nil {
				path = net.JoinHostPort(strings.Trim(path, "[]"), "4713")
			}
			found = append(found, address{network, path})
		}
	}
	return found
}

// usual is where the server of this user listens, PulseAudio's or PipeWire's.
func usual() (found []address) {
	if dir := os.Getenv("PULSE_RUNTIME_PATH"); dir != "" {
		found = append(found, address{"unix", filepath.Join(dir, "native")})
	}
	dir := os.Getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		dir = fmt.Sprintf("/run/user/%d", os.Getuid())
	}
	return append(found, address{"unix", filepath.Join(dir, "pulse", "native")})
}

// dial connects to the first server that answers, of those that are named, or
// of PULSE_SERVER, or of the usual ones.
func dial(server string) (net.Conn, error) {
	if server == "" {
		server = os.Getenv("PULSE_SERVER")
	}
	machine, _ := os.Hostname()
	all := addresses(server, machine)
	if server == "" {
		all = usual()
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no sound: %q is no address of a sound server; one is unix:PATH or tcp:HOST:PORT", server)
	}
	var tried []string
	for _, a := range all {
		conn, err := net.DialTimeout(a.network, a.path, patience)
		if err == nil {
			return conn, nil
		}
		if inner := (*net.OpError)(nil); errors.As(err, &inner) {
			err = inner.Err
		}
		if inner := (*os.SyscallError)(nil); errors.As(err, &inner) {
			err = inner.Err
		}
		tried = append(tried, fmt.Sprintf("%s: %v", a, err))
	}
	return nil, fmt.Errorf("no sound: no sound server answers (%s). Start PulseAudio or PipeWire, or name another one in PULSE_SERVER", strings.Join(tried, "; "))
}

// cookie is what lets this user in. Without a file any 256 bytes are sent,
// which a server takes that knows the user by the socket.
func cookie() ([]byte, error) {
	home, _ := os.UserHomeDir()
	files := []string{filepath.Join(home, ".config", "pulse", "cookie"), filepath.Join(home, ".pulse-cookie")}
	if file := os.Getenv("PULSE_COOKIE"); file != "" {
		files = []string{file}
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err == nil {
			return b, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("no sound: cannot read what lets us into the sound server: %w", err)
		}
	}
	return make([]byte, 256), nil
}

// patience is how long a server may take for an answer.
const patience = 2 * time.Second
