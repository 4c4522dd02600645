package loop

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/panjf2000/gnet/v2/pkg/pool/goroutine"
)

// TestNoGoroutines: 500 accepted and 500 dialled connections add no goroutine,
// those of gnet's pool aside, which end by themselves after some seconds. Not
// parallel: it counts for the whole process.
func TestNoGoroutines(t *testing.T) {
	const n = 500
	a, b := &puppet{}, &puppet{}
	serves := start(t, Config{}, a)
	dials := start(t, Config{}, b)
	count := func() int { return runtime.NumGoroutine() - goroutine.DefaultWorkerPool.Running() }
	before := count()
	on(t, dials, func() {
		for i := range n {
			b.Dial("tcp", serves.Local(0).String(), patience, i)
		}
	})
	eventually(t, "all are connected", func() bool {
		return serves.Stats().Open == n && dials.Stats().Open == n
	})
	eventually(t, fmt.Sprintf("no more than %d goroutines are left", before), func() bool { return count() <= before })
}
