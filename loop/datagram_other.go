//go:build !linux

package loop

// A batch is memory for a system call that only Linux has.
type batch struct{}

// drain: gnet reads all, one by one.
func (*Reactor) drain(int) {}
