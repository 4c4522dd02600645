package pulse

// A ring holds samples between two goroutines; who uses it holds its device's
// lock. It is bounded: what is too old is dropped.
type ring struct {
	buf     []int16
	at, len int   // of the oldest; how many
	dropped int64 // samples that nobody took in time
}

func newRing(size int) ring { return ring{buf: make([]int16, size)} }

// put appends; of more than there is room for the oldest are dropped.
func (r *ring) put(src []int16) {
	if over := len(src) - len(r.buf); over > 0 {
		r.dropped += int64(over)
		src = src[over:]
	}
	if over := r.len + len(src) - len(r.buf); over > 0 {
		r.dropped += int64(over)
		r.at, r.len = (r.at+over)%len(r.buf), r.len-over
	}
	end := (r.at + r.len) % len(r.buf)
	n := copy(r.buf[end:], src)
	copy(r.buf, src[n:])
	r.len += len(src)
}

// take moves the oldest samples to dst and says how many.
func (r *ring) take(dst []int16) int {
	dst = dst[:min(len(dst), r.len)]
	n := copy(dst, r.buf[r.at:])
	copy(dst[n:], r.buf)
	r.at, r.len = (r.at+len(dst))%len(r.buf), r.len-len(dst)
	return len(dst)
}
