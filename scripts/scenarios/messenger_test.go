package scenarios

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// messengerVariable is where serve says at which address it speaks messenger.
const messengerVariable = "server_messenger"

// cmdUser registers NAME: raw NAME sends, raw NAME.in receives.
func cmdUser(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 1, "user NAME...")
	for _, name := range args {
		out, in, err := registered(ts.Getenv(messengerVariable), name)
		if err != nil {
			ts.Fatalf("user %s: %v", name, err)
		}
		of(ts).keep(name, out)
		of(ts).keep(name+".in", in)
	}
}

// registered connects twice and registers name, to send and to receive.
func registered(address, name string) (out, in *raw, err error) {
	if out, err = registeredFor(address, "TOSEND "+name); err != nil {
		return nil, nil, err
	}
	if in, err = registeredFor(address, "TORECV "+name); err != nil {
		out.conn.Close()
		return nil, nil, err
	}
	return out, in, nil
}

func registeredFor(address, what string) (*raw, error) {
	r, err := dialRaw(address, "")
	if err != nil {
		return nil, err
	}
	err = r.send([]byte("REGISTER " + what + "\n\n"))
	if err = firstError(err, func() error { return r.says("REGISTERED " + what + "\n\n") }); err != nil {
		r.conn.Close()
		return nil, err
	}
	return r, nil
}

// The command cuts has so many users at a time. With more the pause in the
// middle grows, on a busy machine, to a silence that means something: one that
// comes near that is made again, so many times.
const (
	cutters  = 4
	silence  = 25 * time.Millisecond
	cutTries = 10
)

// cmdCuts lets new users talk to themselves, each of whom sends the same bytes
// cut at another position. NAME in the bytes is the user's.
func cmdCuts(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "cuts 'bytes of NAME' 'segment back'...")
	texts := make([]string, len(args))
	for i, arg := range args {
		var err error
		texts[i], err = unquote(arg)
		ts.Check(err)
	}
	w, address := of(ts), ts.Getenv(messengerVariable)
	length := len(strings.ReplaceAll(texts[0], "NAME", "cut000x0"))
	errs := make([]error, length)
	var all sync.WaitGroup
	turn := make(chan struct{}, cutters)
	for at := 1; at < length; at++ {
		name := fmt.Sprintf("cut%03dx", w.cuts)
		w.cuts++
		turn <- struct{}{}
		all.Go(func() {
			errs[at] = cutAt(address, name, at, texts)
			<-turn
		})
	}
	all.Wait()
	for at, err := range errs {
		if err != nil {
			ts.Fatalf("cut behind %d bytes: %v", at, err)
		}
	}
}

// cutAt registers name, sends texts[0] in two segments and wants the others
// back, one after the other.
func cutAt(address, name string, at int, texts []string) error {
	for try := range cutTries {
		as := fmt.Sprintf("%s%d", name, try)
		out, in, err := registered(address, as)
		if err != nil {
			return err
		}
		defer out.conn.Close()
		defer in.conn.Close()
		text, begun := []byte(strings.ReplaceAll(texts[0], "NAME", as)), time.Now()
		if err := out.sendApart(text[:at], text[at:]); err != nil {
			return err
		}
		if time.Since(begun) < silence {
			return echoed(out, in, as, texts[1:])
		}
	}
	return errors.New("this machine is too busy to send two segments in time")
}

// echoed wants texts back, one after the other.
func echoed(out, in *raw, name string, texts []string) error {
	for _, back := range texts {
		if err := in.segment(strings.ReplaceAll(back, "NAME", name)); err != nil {
			return err
		}
		if err := in.send([]byte("RECEIVED " + name + "\n\n")); err != nil {
			return err
		}
		if err := out.segment("SENT " + name + "\n\n"); err != nil {
			return err
		}
	}
	return nil
}
