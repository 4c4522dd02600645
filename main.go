// Mim is an instant messenger in one binary. mim serve is the registry where
// people find each other; mim join is a person's messenger. The commands are
// in loop/command; what mim does is in the packages below that.
package main

import (
	"os"

	"mim/loop/command"
)

func main() {
	os.Exit(command.Main(os.Args))
}
