package command

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// restEvery is how often a server looks whether a rush is over.
	restEvery = 5 * time.Second
	// quietBytes is how much a server at rest allocates in that time, at most.
	quietBytes = 1 << 20
	// rushBytes is what must have been allocated since to make it worth the while.
	rushBytes = 4 << 20
)

// A rest gives memory back to the system when a rush is over. Go's collector
// runs when the heap has doubled: after ten thousand people came and fell
// silent that can be never, and half of what the server holds would be
// garbage or free.
type rest struct {
	last, given uint64 // bytes allocated in all: at the last look, when memory was last given back
}

// due reports whether now, with so many bytes allocated since the start, is
// the first quiet moment after a rush.
func (r *rest) due(allocated uint64) bool {
	quiet := allocated-r.last < quietBytes
	r.last = allocated
	if !quiet || allocated-r.given < rushBytes {
		return false
	}
	r.given = allocated
	return true
}

// restUntil looks after the memory of this process until stop is closed.
func restUntil(stop <-chan struct{}) {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	tick := time.NewTicker(restEvery)
	defer tick.Stop()
	var r rest
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			metrics.Read(sample)
			if r.due(sample[0].Value.Uint64()) {
				runtime.GC() // what pools hold is free at the second collection only
				debug.FreeOSMemory()
			}
		}
	}
}
