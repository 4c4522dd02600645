package screens

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	_ "mim/loop/command" // the program is made of it: a change makes go test run these again
)

// update writes the screens into the scripts anew.
var update = flag.Bool("update", false, "write the screens that are seen into the scripts")

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "mim-screens-*")
	if err == nil {
		defer os.RemoveAll(dir)
		err = buildMim(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func TestScreens(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			w := &world{servers: map[string]*exec.Cmd{}, terminals: map[string]*terminal{}}
			env.Values[worldKey{}] = w
			env.Setenv("PATH", filepath.Dir(mimPath)+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Defer(w.end)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": cmdServe, "crash": cmdCrash, "signal": cmdSignal, "terminal": cmdTerminal, "address": cmdAddress,
			"keys": cmdKeys, "paste": cmdPaste, "see": cmdSee, "screen": cmdScreen, "painted": cmdPainted, "tone": cmdTone, "size": cmdSize,
			"title": cmdTitle, "bells": cmdBells, "modes": cmdModes, "cells": cmdCells,
			"exit": cmdExit, "after": cmdAfter, "restored": cmdRestored,
		},
	})
}
