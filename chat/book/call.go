package book

import (
	"slices"
	"strings"
	"time"

	"mim/chat"
	"mim/chat/client"
)

// calls are those that ring, and the one that we are in.
type calls struct {
	ours  *Call
	rings []Ring // the oldest first
}

// maxRings bounds the calls that ring; a client has fewer.
const maxRings = 64

// A Call is the call that we asked for or take part in; there is one at most.
type Call struct {
	With    Key // a person or a room
	Talking bool
	Since   time.Time // it is asked for or, if Talking, taken
	Muted   bool      // we are not heard
	Level   float64   // how loud we are, in dB of full scale, -96 to 0
	// Speaking: we speak, at this moment.
	Speaking bool
	// Voices are the others who take part, as far as they are known.
	Voices []Voice
}

// A Voice is somebody else in our call.
type Voice struct {
	Who      string  // harmless; empty: nobody knows who it is
	Level    float64 // in dB of full scale, -96 to 0
	Speaking bool
}

// silence is the level of nothing.
const silence = -96

// A Ring is somebody who calls us and waits for /answer or /deny.
type Ring struct {
	From  Key
	Since time.Time
}

// Call gives the call that we are in, if any.
func (b *Book) Call() (c Call, ok bool) {
	if b.calls.ours == nil {
		return Call{}, false
	}
	return *b.calls.ours, true
}

// Rings are the calls that ring, the oldest first.
func (b *Book) Rings() []Ring { return b.calls.rings }

// call takes how far a call is.
func (b *Book) call(v client.View) (n News) {
	with := Key{Person, v.Name}
	if v.Room != "" {
		with = Key{Room, v.Room}
	}
	n.In = with
	c := b.conversation(with)
	b.use(c)
	switch v.State {
	case client.StateAsked:
		b.calls.ours = &Call{With: with, Since: v.At, Level: silence}
	case client.StateRinging:
		n.Ringing = true
		if len(b.calls.rings) < maxRings {
			b.calls.rings = append(b.calls.rings, Ring{with, v.At})
		}
		if !b.reading(c) {
			c.activity = true
		}
	case client.StateAccepted:
		b.callTaken(v, with)
		if ours := b.calls.ours; ours.With != with { // of a call of two that is one of more now
			n.In, c = ours.With, b.conversation(ours.With)
		}
	default:
		b.unring(with)
		if ours := b.calls.ours; ours != nil && ours.With == with {
			b.calls.ours = nil
		}
	}
	b.system(c, v.At, System, callSentence(v, with))
	return n
}

// callTaken notes that we take part in a call, or somebody else does now.
func (b *Book) callTaken(v client.View, with Key) {
	ours := b.calls.ours
	if ours == nil || len(v.People) == 0 && v.Room == "" && ours.With != with {
		ours = &Call{With: with, Level: silence}
		b.calls.ours = ours
	}
	b.unring(with)
	if !ours.Talking {
		ours.Talking, ours.Since = true, v.At
	}
	switch {
	case len(v.People) > 0:
		ours.Voices = nil
		for _, p := range v.People {
			ours.heard(chat.Quote(p.Name))
		}
	case v.Name != "":
		ours.heard(chat.Quote(v.Name))
	}
}

// voices takes who is how loud in our call. Those of whom nothing is heard stay.
func (b *Book) voices(v client.View) {
	ours := b.calls.ours
	if ours == nil || !ours.Talking {
		return
	}
	for i := range ours.Voices {
		ours.Voices[i].Level, ours.Voices[i].Speaking = silence, false
	}
	for i, o := range v.Voices {
		if i == 0 {
			ours.Muted, ours.Level, ours.Speaking = o.Muted, o.Level, o.Speaking
			continue
		}
		who := ""
		if o.Name != "" {
			who = chat.Quote(o.Name)
		}
		ours.heard(who)
		at := slices.IndexFunc(ours.Voices, func(v Voice) bool { return v.Who == who })
		ours.Voices[at] = Voice{Who: who, Level: o.Level, Speaking: o.Speaking}
	}
}

// heard notes that somebody takes part.
func (c *Call) heard(who string) {
	if !slices.ContainsFunc(c.Voices, func(v Voice) bool { return v.Who == who }) {
		c.Voices = append(c.Voices, Voice{Who: who, Level: silence})
	}
}

func (b *Book) unring(from Key) {
	b.calls.rings = slices.DeleteFunc(b.calls.rings, func(r Ring) bool { return r.From == from })
}

// callSentence tells how far a call is.
func callSentence(v client.View, with Key) string {
	name := with.String()
	if with.Kind == Room {
		name = "all in " + name
	}
	switch v.State {
	case client.StateAsked:
		return "you call " + name + "; /hangup gives up"
	case client.StateRinging:
		return name + " calls you: /answer " + name + " or /deny " + name
	case client.StateAccepted:
		if v.Name == "" || v.Room == "" && len(v.People) == 0 {
			return "you are in a call with " + name
		}
		return chat.Quote(v.Name) + " takes part in your call"
	}
	over := "the call with " + name + " is over"
	if v.State == client.StateDenied {
		over = "no call with " + name
	}
	if why := strings.TrimSpace(v.Why); why != "" {
		over += ": " + why
	}
	return over
}
