package roster

import "time"

// A deadline is a time by which the link of a slot must have logged in.
type deadline struct {
	at   time.Duration // from Roster.base
	slot uint32
}

// deadlines is a binary heap, the earliest first. Each link knows its place
// in it, so a login takes its deadline out at once: links that come and go
// leave nothing behind. Written out rather than by container/heap, whose
// Push and Pop allocate for each entry.
type deadlines []deadline

// smallHeap is the capacity up to which a heap keeps its memory.
const smallHeap = 64

// await gives the link of a slot until at to log in.
func (r *Roster) await(slot uint32, at time.Duration) {
	r.waiting = append(r.waiting, deadline{at, slot})
	r.up(len(r.waiting) - 1)
}

// unwait takes a link's deadline away, if it has one.
func (r *Roster) unwait(k *link) {
	if k.timer < 0 {
		return
	}
	i, last := int(k.timer), len(r.waiting)-1
	k.timer = -1
	moved := r.waiting[last]
	r.waiting = r.waiting[:last]
	if i < last {
		r.set(i, moved)
		r.down(i)
		r.up(int(r.links[moved.slot].timer))
	}
	if cap(r.waiting) > smallHeap && len(r.waiting) <= cap(r.waiting)/4 {
		r.waiting = append(make(deadlines, 0, cap(r.waiting)/2), r.waiting...)
	}
}

// set puts a deadline in a place and tells its link.
func (r *Roster) set(i int, d deadline) {
	r.waiting[i] = d
	r.links[d.slot].timer = int32(i)
}

// up moves the deadline in place i towards the front as far as it belongs.
func (r *Roster) up(i int) {
	d := r.waiting[i]
	for i > 0 {
		parent := (i - 1) / 2
		if r.waiting[parent].at <= d.at {
			break
		}
		r.set(i, r.waiting[parent])
		i = parent
	}
	r.set(i, d)
}

// down moves the deadline in place i towards the end as far as it belongs.
func (r *Roster) down(i int) {
	d := r.waiting[i]
	for {
		child := 2*i + 1
		if child >= len(r.waiting) {
			break
		}
		if child+1 < len(r.waiting) && r.waiting[child+1].at < r.waiting[child].at {
			child++
		}
		if d.at <= r.waiting[child].at {
			break
		}
		r.set(i, r.waiting[child])
		i = child
	}
	r.set(i, d)
}
