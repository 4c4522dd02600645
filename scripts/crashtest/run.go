package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"
)

// A config says what to run.
type config struct {
	mim    string // the program
	dir    string // an empty folder
	rounds int
	seed   uint64
	log    io.Writer
}

const (
	// maxLife is how long a server lives at most, from when its doors listen.
	maxLife = 2 * time.Second
	// maxBirth is within which one in birthOdds is killed while it starts.
	maxBirth  = 60 * time.Millisecond
	birthOdds = 8
	// drainWithin bounds the last round.
	drainWithin = 2 * time.Minute
	// lateWithin is how long a text may come behind what was said after it; it
	// is out of order then, and not lost.
	lateWithin = 3 * time.Second
)

// run kills a server so many times, lets all receivers read what is left, and
// judges.
func run(c config) (*verdict, error) {
	w := newWitness(newTown())
	s, err := newSite(c.mim, c.dir, c.log, w.town.credentials())
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(c.seed, 0))
	for n := 1; n <= c.rounds; n++ {
		if rng.IntN(birthOdds) == 0 {
			if err := s.stillborn(time.Duration(rng.Int64N(int64(maxBirth)))); err != nil {
				return nil, err
			}
		}
		life := time.Duration(rng.Int64N(int64(maxLife)))
		if err := w.live(s, c.seed, n, life); err != nil {
			return nil, fmt.Errorf("round %d: %w", n, err)
		}
	}
	if err := w.drain(s, c.rounds+1); err != nil {
		return nil, err
	}
	return w.judge(), nil
}

// stillborn starts a server and kills it that much later, wherever it is then.
func (s *site) stillborn(after time.Duration) error {
	v, err := s.launch()
	if err != nil {
		return err
	}
	time.Sleep(after)
	v.cmd.Process.Kill()
	v.cmd.Wait()
	return nil
}

// live is one round: a server, everyone on it, and its end.
func (w *witness) live(s *site, seed uint64, n int, life time.Duration) error {
	v, err := s.start()
	if err != nil {
		return err
	}
	w.begin(n)
	r := &round{witness: w, server: v, over: make(chan struct{})}
	var all sync.WaitGroup
	for i := range w.town.receivers {
		rng := rand.New(rand.NewPCG(seed, uint64(n<<16|1<<8|i)))
		all.Go(func() { r.receive(rng, i) })
	}
	for i := range w.town.herald() {
		rng := rand.New(rand.NewPCG(seed, uint64(n<<16|i)))
		all.Go(func() { r.send(rng, i) })
	}
	died := false
	select {
	case <-v.ended:
		died = true
	case <-time.After(life):
		v.kill()
	}
	close(r.over)
	all.Wait() // they read what is on its way to its end
	if died {
		return fmt.Errorf("the server has ended by itself: %v: %s", v.cmd.ProcessState, v.said.Bytes())
	}
	return nil
}

// drain lets every receiver read all that waits: when it has read what a
// herald has sent to it last, nothing older is left.
func (w *witness) drain(s *site, n int) error {
	v, err := s.start()
	if err != nil {
		return err
	}
	w.begin(n)
	r := &round{witness: w, server: v, over: make(chan struct{}), last: true}
	var all sync.WaitGroup
	for i := range w.town.receivers {
		all.Go(func() { r.receive(rand.New(rand.NewPCG(0, uint64(i))), i) })
	}
	err = r.herald()
	err = errors.Join(err, v.stop())
	close(r.over)
	all.Wait()
	return err
}

// herald sends a text to each receiver and waits until it has come.
func (r *round) herald() error {
	until := time.Now().Add(drainWithin)
	me := r.town.herald()
	l, err := logInMessenger(r.server.messenger, r.town.senders[me])
	if err != nil {
		return err
	}
	defer l.close()
	for to, p := range r.town.receivers {
		for {
			n, words := r.ask(me, to)
			var out bytes.Buffer
			appendSend(&out, p.name, words)
			if err := l.out.write(out.Bytes()); err != nil {
				return err
			}
			f, err := fateMessenger(l.out)
			if err != nil {
				return err
			}
			if r.tell(me, n, f); f == confirmed {
				break
			}
			if time.Now().After(until) {
				return fmt.Errorf("%s: nothing can be sent to %s", r.town.senders[me].name, p.name)
			}
			time.Sleep(20 * time.Millisecond) // too much waits for it still
		}
	}
	for n := range len(r.texts[me]) {
		for r.texts[me][n].fate == confirmed && !r.read(me, n+1) && time.Now().Before(until) {
			time.Sleep(5 * time.Millisecond)
		}
	}
	for late := time.Now().Add(lateWithin); r.missing() > 0 && time.Now().Before(late); {
		time.Sleep(5 * time.Millisecond)
	}
	return nil
}
