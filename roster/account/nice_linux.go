package account

import (
	"runtime"
	"syscall"
)

// runLast makes the thread of this goroutine give way to all others: a hash
// keeps a processor busy for 25 ms, and the loop must not wait for that. The
// thread ends with the goroutine, which stays on it.
func runLast() {
	runtime.LockOSThread()
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, 19) // of this thread; if it may not, all goes on as before
}
