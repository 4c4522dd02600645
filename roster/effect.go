package roster

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"mim/chat"
)

// Kind says what an effect asks the driver to do.
type Kind uint8

const (
	// Reply: send Answer to To, whose request it answers.
	Reply Kind = iota + 1
	// Tell: send Event to To, or to all of Many except But.
	Tell
	// Close: let To's session say its last words about Why, then close it.
	// What the link asks afterwards is not carried out.
	Close
	// Count: To's session, a codec.Counting, is told how its program counts.
	Count
	// Check whether Pass is the password of Name. It ends in Checked with To.
	Check
	// Keep Change in the store. It ends in Kept with Keeping, unless that is nil.
	Keep
	// Fetch what waits for Name in the store: at most Most texts with an ID
	// above After. It ends in Fetched.
	Fetch
	// Dial Addr as Name, in Dialect. It ends in Dialled or Undialled with Call.
	Dial
	// Stand: by the lent UDP port of this number speaks Who from now on, or
	// nobody if that is nil.
	Stand
	// Post Event, a Said, from the lent UDP port to Addr, which ends in Posted with
	// Call, or to its Room.
	Post
	// Confirm the datagram from Addr that was Arrived with the number Call.
	Confirm
	// Farewell: the talk of the lent UDP port with Addr is over.
	Farewell
	// Grouping: whoever speaks by the lent UDP port is in the room Name now, or
	// no more: In.
	Grouping
	// Note is a line for the log.
	Note
)

// An Effect is one thing that the driver must do. It is a struct, not an
// interface, so that a slice of them is filled again and again.
//
// Each user that comes or goes is told to Many without Echo exactly once, even
// if nobody is in it: a driver can count on it for its own log or window.
type Effect struct {
	Kind   Kind
	Lazy   bool        // Tell: may wait a little for other bytes of the same link
	Echo   bool        // Tell: of a user who comes or goes, and is told so to others too
	To     chat.Link   // Reply, Close, Count, and Tell if Many is nil
	Many   *Group      // Tell
	But    chat.Link   // Tell: who of Many hears nothing; 0: nobody
	Event  chat.Event  // Tell
	Answer chat.Answer // Reply
	Why    error       // Close: a *chat.Error
	Count  chat.Count  // Count
	Guess  bool        // Count: nobody knows, and it makes a difference
	// Mark, if not 0, asks for Left with it when the bytes of this Tell, and of
	// all before it to the same link, are with the other machine.
	Mark uint64
	// Said, if not 0, asks for Unsaid with it if the dialect has no words for
	// this event, so that nothing leaves.
	Said uint64

	Port    int // Stand, Post, Confirm, Grouping
	Addr    netip.AddrPort
	Call    uint64
	Dialect string
	Who     *chat.Person
	In      bool
	Name    string // Check, Fetch, Dial, Grouping; Note: what it says
	Pass    []byte // Check: a copy, to be wiped
	Change  *Change
	Keeping *Keeping
	After   uint64
	Most    int
}

// A Group is a list of links that hear the same events. While effects of a call
// hold it, its links do not change: whoever changes it then changes a copy.
type Group struct {
	links []chat.Link
	told  uint64 // the call in which it was last put into an effect
}

// Links are the members, in no particular order; to be read only, and only
// until the next call to the roster.
func (g *Group) Links() []chat.Link { return g.links }

// change is called before the links of a group change: effects of this call
// that hold it keep what it was.
func (r *Roster) change(g *Group) {
	if g.told != r.call {
		return
	}
	g.told = 0
	old := &Group{links: g.links}
	g.links = slices.Clone(g.links)
	for i := range r.out {
		if r.out[i].Many == g {
			r.out[i].Many = old
		}
	}
}

// addTo puts l at the end of a group and gives its seat.
func (r *Roster) addTo(g *Group, l chat.Link) int32 {
	r.change(g)
	g.links = append(g.links, l)
	return int32(len(g.links) - 1)
}

// leaveGroup takes a link out of the group of those who hear what it hears, if
// it is in it.
func (r *Roster) leaveGroup(g *Group, k *link) {
	if k.seat < 0 {
		return
	}
	if moved, ok := r.removeFrom(g, k.seat); ok {
		r.links[moved.Slot()].seat = k.seat
	}
	k.seat = -1
}

// removeFrom empties a seat of a group by moving the last member there and says
// who that was.
func (r *Roster) removeFrom(g *Group, seat int32) (moved chat.Link, ok bool) {
	r.change(g)
	last := int32(len(g.links) - 1)
	moved = g.links[last]
	g.links[seat] = moved
	g.links = g.links[:last]
	return moved, seat != last
}

// cutFrom takes out the member at i; the others keep their order.
func (r *Roster) cutFrom(g *Group, i int) {
	r.change(g)
	g.links = slices.Delete(g.links, i, i+1)
}

// maxEffects is the longest list of effects whose memory is kept.
const maxEffects = 4096

// begin is the start of a call at now. It empties the list of effects; what it
// held may go.
func (r *Roster) begin(now time.Time) {
	if r.base.IsZero() {
		r.base = now
	}
	r.now = now.Sub(r.base)
	r.call++
	if r.walked = 0; cap(r.out) > maxEffects {
		r.out = nil // a rush is over
	}
	clear(r.out)
	r.out = r.out[:0]
	r.reclaim()
}

// reply answers a request of l.
func (r *Roster) reply(l chat.Link, a chat.Answer) {
	r.out = append(r.out, Effect{Kind: Reply, To: l, Answer: a})
}

// count tells a link's session how its program counts, or may count.
func (r *Roster) count(l chat.Link, as chat.Count, guess bool) {
	r.out = append(r.out, Effect{Kind: Count, To: l, Count: as, Guess: guess})
}

// tell sends an event to one link.
func (r *Roster) tell(l chat.Link, e chat.Event) {
	r.out = append(r.out, Effect{Kind: Tell, To: l, Event: e})
}

// echo tells a group of a user who comes or goes what another is told already.
// Guests may come in thousands, and so may those who hear of others by an
// address that is lent: so it is lazy.
func (r *Roster) echo(g *Group, but chat.Link, e chat.Event) {
	if len(g.links) > 0 {
		r.tellGroup(g, but, e, true)
		r.out[len(r.out)-1].Echo = true
	}
}

// note writes a line into the log.
func (r *Roster) note(format string, args ...any) {
	r.out = append(r.out, Effect{Kind: Note, Name: fmt.Sprintf(format, args...)})
}

// hears sends an event to one link if it hears presence.
func (r *Roster) hears(k *link, e chat.Event) {
	if k.seat >= 0 {
		r.tell(k.id, e)
	}
}

// tellOthers sends an event to all who hear presence, but one.
func (r *Roster) tellOthers(but chat.Link, e chat.Event) { r.tellGroup(&r.presence, but, e, true) }

// tellGroup sends an event to a group, but one.
func (r *Roster) tellGroup(g *Group, but chat.Link, e chat.Event, lazy bool) {
	g.told = r.call
	r.out = append(r.out, Effect{Kind: Tell, Many: g, But: but, Event: e, Lazy: lazy})
}

// end closes a link for a reason that it is told. What its user had by it is
// free at once, even if the other end takes its time to close.
func (r *Roster) end(k *link, why error) {
	k.ending = true
	r.out = append(r.out, Effect{Kind: Close, To: k.id, Why: why})
	if k.talker != nil && k.talker.member != nil {
		r.quit(k)
	}
}
