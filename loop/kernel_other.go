//go:build !linux

package loop

// setUserTimeout: elsewhere than on Linux keep-alive alone finds the dead.
func setUserTimeout(int) error { return nil }

// unacked: what the kernel has counts as arrived.
func unacked(int) (int, error) { return 0, nil }

// reusePort: SO_REUSEPORT means other things on BSD; see guard_other.go.
const reusePort = false
