package command

import (
	"errors"
	"fmt"
	"strconv"
	"syscall"

	"mim/loop"
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
