package command

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"mim/loop"
	"mim/loop/serve"
)

// startFailure words why a reactor could not start. free is a command line
// that lets the system pick the port.
func startFailure(err error, free string) *failure {
	taken := (*loop.ListenError)(nil)
	if !errors.As(err, &taken) {
		return &failure{code: exitBroken, what: fmt.Sprintf("cannot start: %s", err)}
	}
	f := &failure{code: exitCannotListen, try: free}
	place := taken.Door.Addr.String()
	if port := taken.Door.Addr.Port(); port != 0 {
		place = strconv.Itoa(int(port))
	}
	why := taken.Err.Error()
	switch {
	case errors.Is(taken.Err, syscall.EADDRINUSE):
		why = "already in use"
	case errors.Is(taken.Err, syscall.EACCES):
		why = "not permitted (ports below 1024 belong to the system)"
	case errors.Is(taken.Err, syscall.EADDRNOTAVAIL):
		place, why, f.try = taken.Door.Addr.String(), "this machine has no such address", ""
	}
	f.what = fmt.Sprintf("cannot listen on %s: %s", place, why)
	return f
}

// serveFailure words why a server could not start; what to try is about the
// door that could not be opened.
func serveFailure(err error, doors []serve.Door) *failure {
	free := "mim serve --help"
	if taken := (*loop.ListenError)(nil); errors.As(err, &taken) {
		for _, d := range doors {
			if d.Network == taken.Door.Network && d.Addr == taken.Door.Addr {
				if free = fmt.Sprintf("mim serve --%s 0", d.Dialect.Name()); d.Lent {
					free = "mim serve --" + lendFlag + " 0"
				}
			}
		}
	}
	return startFailure(err, free)
}

// portTaken says which door is open elsewhere already, if any is: whoever
// starts a second server by mistake is told of the port, not of the data.
func portTaken(doors []serve.Door) *failure {
	for _, d := range doors {
		if d.Network != "tcp" || d.Addr.Port() == 0 {
			continue
		}
		l, err := net.Listen(d.Network, d.Addr.String())
		if err != nil {
			door := loop.Door{Network: d.Network, Addr: d.Addr}
			return serveFailure(&loop.ListenError{Door: door, Err: err}, doors)
		}
		l.Close()
	}
	return nil
}
