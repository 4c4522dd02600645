package roster

// Entries and deliveries are used again, so that a text costs no allocation.
// Effects point into them: what a call frees is free behind the next begin.

const (
	// maxSpare is how many of each kind are kept for later.
	maxSpare = 1024
	// maxSpareText is the most memory for a text that a spare entry keeps. Bytes.
	maxSpareText = 4 << 10
)

// newEntry gives an empty entry.
func (r *Roster) newEntry() *entry {
	e := r.spare
	if e == nil {
		return &entry{}
	}
	r.spare, e.next = e.next, nil
	r.spares--
	return e
}

// free gives an entry back that is in no list.
func (r *Roster) free(e *entry) {
	r.heldText -= len(e.text)
	e.next, r.freed = r.freed, e
}

// newDelivery gives an empty delivery.
func (r *Roster) newDelivery() *delivery {
	d := r.spareDelivery
	if d == nil {
		return &delivery{}
	}
	r.spareDelivery, d.next = d.next, nil
	r.deliveries--
	return d
}

// freeDelivery gives a delivery back that is in no inbox.
func (r *Roster) freeDelivery(d *delivery) { d.next, r.freedDelivery = r.freedDelivery, d }

// reclaim makes what was freed before ready for use.
func (r *Roster) reclaim() {
	for e := r.freed; e != nil; {
		next := e.next
		if r.spares < maxSpare {
			text := e.text[:0]
			if cap(text) > maxSpareText {
				text = nil
			}
			*e = entry{next: r.spare, text: text}
			r.spare = e
			r.spares++
		}
		e = next
	}
	for d := r.freedDelivery; d != nil; {
		next := d.next
		if r.deliveries < maxSpare {
			*d = delivery{next: r.spareDelivery}
			r.spareDelivery = d
			r.deliveries++
		}
		d = next
	}
	r.freed, r.freedDelivery = nil, nil
}
