package main

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"time"
)

// A round is the life of one server.
type round struct {
	*witness
	server *server
	over   chan struct{} // closed when the server is dead
	last   bool          // receivers stay until it is stopped
}

// rest waits for a random time up to most, and reports whether the round goes on.
func (r *round) rest(rng *rand.Rand, most time.Duration) bool {
	select {
	case <-r.over:
		return false
	case <-time.After(time.Duration(rng.Int64N(int64(most)))):
		return true
	}
}

const (
	// maxBurst is how many texts a sender writes at once.
	maxBurst = 12
	// betweenBursts and betweenVisits are the longest pauses.
	betweenBursts = 200 * time.Millisecond
	betweenVisits = 500 * time.Millisecond
	// maxVisit is how long a receiver stays at most.
	maxVisit = time.Second
)

// send is the life of a sender in one round: it comes, writes to anybody in
// bursts, goes at times without waiting for the answers, and comes again.
func (r *round) send(rng *rand.Rand, me int) {
	for r.rest(rng, betweenBursts) {
		p := r.town.senders[me]
		if p.comp9331 {
			l, err := logIn9331(r.server.comp9331, p)
			if err == nil {
				r.send9331(rng, me, l)
				l.Close()
			}
		} else if l, err := logInMessenger(r.server.messenger, p); err == nil {
			r.sendMessenger(rng, me, l)
			l.close()
		}
	}
}

// leaves reports whether a sender goes with this burst.
func leaves(rng *rand.Rand) bool { return rng.IntN(30) == 0 }

func (r *round) send9331(rng *rand.Rand, me int, l *link) {
	for {
		var out bytes.Buffer
		var numbers []int
		for range 1 + rng.IntN(maxBurst) {
			to := rng.IntN(len(r.town.receivers))
			n, words := r.ask(me, to)
			numbers = append(numbers, n)
			out.WriteString("message " + r.town.receivers[to].name + " " + words + "\n" + afterEach + "\n")
		}
		leave := leaves(rng)
		if leave {
			out.WriteString("logout\n")
		}
		if l.write(out.Bytes()) != nil {
			return
		}
		for _, n := range numbers {
			f, err := fate9331(l)
			if err != nil {
				return
			}
			r.tell(me, n, f)
		}
		if leave || !r.rest(rng, betweenBursts) {
			return
		}
	}
}

// fate9331 reads what the server says about one message.
func fate9331(l *link) (fate, error) {
	f := silent
	for {
		line, err := l.line()
		if err != nil {
			return unanswered, err
		}
		switch {
		case line == saysNoSuch:
			return f, nil
		case line == saysStored:
			f = confirmed
		case strings.HasPrefix(line, saysError):
			f = refused
		}
	}
}

func (r *round) sendMessenger(rng *rand.Rand, me int, l relay) {
	for {
		var out bytes.Buffer
		var numbers []int
		for range 1 + rng.IntN(maxBurst) {
			to := rng.IntN(len(r.town.receivers))
			n, words := r.ask(me, to)
			numbers = append(numbers, n)
			appendSend(&out, r.town.receivers[to].name, words)
		}
		if l.out.write(out.Bytes()) != nil {
			return
		}
		if leaves(rng) {
			return
		}
		for _, n := range numbers {
			f, err := fateMessenger(l.out)
			if err != nil {
				return
			}
			r.tell(me, n, f)
		}
		if !r.rest(rng, betweenBursts) {
			return
		}
	}
}

// fateMessenger reads what the server says about one SEND.
func fateMessenger(l *link) (fate, error) {
	b, err := l.block()
	switch {
	case err != nil:
		return unanswered, err
	case strings.HasPrefix(b.first, "SENT "):
		return confirmed, nil
	}
	return refused, nil
}

// receive is the life of a receiver in one round: it comes, reads for a while,
// goes and comes again.
func (r *round) receive(rng *rand.Rand, me int) {
	for r.last || r.rest(rng, betweenVisits) {
		p := r.town.receivers[me]
		if p.comp9331 {
			if l, err := logIn9331(r.server.comp9331, p); err == nil {
				r.receive9331(rng, me, l)
				l.Close()
			}
		} else if l, err := logInMessenger(r.server.messenger, p); err == nil {
			r.receiveMessenger(rng, me, l)
			l.close()
		}
		if r.last && !r.rest(rng, betweenVisits) {
			return
		}
	}
}

// visit calls leave in a while, unless this is the last round.
func (r *round) visit(rng *rand.Rand, leave func()) (stop func() bool) {
	if r.last {
		return func() bool { return false }
	}
	return time.AfterFunc(time.Duration(rng.Int64N(int64(maxVisit))), leave).Stop
}

// receive9331 logs out in the end, and reads all that was said before.
func (r *round) receive9331(rng *rand.Rand, me int, l *link) {
	defer r.visit(rng, func() { l.write([]byte("logout\n")) })()
	for {
		line, err := l.line()
		if err != nil {
			return // what the kill has cut was not read
		}
		if from, words, stored := parse9331(line); from != "" {
			r.hear(me, from, words, stored)
		}
	}
}

// receiveMessenger confirms all that it reads. When it has ended its direction
// it cannot, so it reads no more.
func (r *round) receiveMessenger(rng *rand.Rand, me int, l relay) {
	gone := make(chan struct{})
	defer r.visit(rng, func() { close(gone); l.in.SetReadDeadline(time.Now()) })()
	for {
		b, err := l.in.block()
		if err != nil {
			return
		}
		select {
		case <-gone:
			return
		default:
		}
		from, ok := strings.CutPrefix(b.first, "FORWARD ")
		if !ok {
			continue
		}
		r.hear(me, from, b.body, false)
		l.in.write([]byte("RECEIVED " + from + "\n\n")) // an error is seen when reading
	}
}
