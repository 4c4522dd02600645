// Crashtest kills a mim server with SIGKILL, again and again, while 64 people
// write through it to others who come and go, and says whether it kept its
// word: no text is lost whose sender was told that it is sent or kept, the
// texts of one sender come in their order, and none comes twice but what was on
// its way to a receiver at a kill.
//
//	crashtest -mim PATH [-rounds 100] [-seed N] [-dir DIR]
//
// It knows mim only from outside: its program, and what goes through sockets.
// scripts/crash builds both and runs it.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func main() {
	c := config{log: os.Stderr}
	flag.StringVar(&c.mim, "mim", "", "the `program` to kill")
	flag.IntVar(&c.rounds, "rounds", 100, "how many `times` it is killed")
	flag.Uint64Var(&c.seed, "seed", uint64(time.Now().UnixNano()), "what decides who does what; the moments of a machine stay its own")
	flag.StringVar(&c.dir, "dir", "", "an empty `folder` to keep the data in, which stay there")
	flag.Parse()
	if c.mim == "" || c.rounds < 1 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "use: crashtest -mim PATH [-rounds 100] [-seed N] [-dir DIR]")
		os.Exit(2)
	}
	good, err := report(c)
	if err != nil {
		fmt.Fprintln(os.Stderr, "crashtest:", err)
	}
	if !good || err != nil {
		os.Exit(1)
	}
}

// report runs it and prints the table.
func report(c config) (good bool, err error) {
	if c.dir == "" {
		if c.dir, err = os.MkdirTemp("", "mim-crash"); err != nil {
			return false, err
		}
		defer os.RemoveAll(c.dir)
	}
	if c.mim, err = filepath.Abs(c.mim); err != nil {
		return false, err
	}
	fmt.Printf("%d kills, %d senders, %d receivers, seed %d\n", c.rounds, manySenders, manyReceivers, c.seed)
	begin := time.Now()
	v, err := run(c)
	if err != nil {
		return false, err
	}
	fmt.Printf("%v%v\n", v, time.Since(begin).Round(time.Second))
	return v.good(), nil
}
