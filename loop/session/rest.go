package session

import (
	"slices"
	"time"
)

// Links that are paced take a few hundred messages a second, and who writes to
// them may write a million. What they cannot take in time would cost them their
// link, so whoever makes them fall behind has to wait: their requests are not
// decoded for a while, then their link is not read, and in the end they cannot
// write.

const (
	// maxBehind is how far a link may be behind its pace before who writes to it
	// has to wait. Far below the 30 s after which such a link is dropped.
	maxBehind = 5 * time.Second
	// maxRest is the longest wait: it is as long as the link is behind beyond
	// maxBehind, so that of many who write each has a share.
	maxRest = time.Second
)

// A resting is a link whose requests are not decoded until then.
type resting struct {
	link  *Link
	until int64 // Unix nanoseconds
}

// rest has l wait, because of what it has just made another link's list grow to.
func (d *Driver) rest(l *Link) {
	until := d.net.Now().Add(min(d.behind-maxBehind, maxRest))
	d.behind = 0
	if l.closing || l.resting {
		return
	}
	l.resting = true
	d.resting = append(d.resting, resting{l, until.UnixNano()})
	d.net.Alarm(until)
}

// unrest forgets that l has to wait.
func (d *Driver) unrest(l *Link) {
	if l.resting {
		l.resting = false
		d.resting = slices.DeleteFunc(d.resting, func(r resting) bool { return r.link == l })
	}
}

// wakeRested goes on with those who have waited until t.
func (d *Driver) wakeRested(t int64) {
	next := int64(0)
	d.resting = slices.DeleteFunc(d.resting, func(r resting) bool {
		if r.until > t {
			if next == 0 || r.until < next {
				next = r.until
			}
			return false
		}
		r.link.resting = false
		d.net.Again(r.link.id)
		return true
	})
	if next != 0 {
		d.net.Alarm(time.Unix(0, next))
	}
}
