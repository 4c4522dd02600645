// Package screens runs the real mim in terminals that are emulated and compares
// what a person sees. Each file of testdata is a script (a txtar archive, see
// github.com/rogpeppe/go-internal/testscript) with the screens in it, as text.
// Its commands, beside the standard ones, wait for what they want to see on the
// grid; nothing sleeps.
//
//	serve KEY [flags]           run mim serve on loopback ports that the system
//	                            picks; $KEY is its address (of the first dialect),
//	                            $KEY_DIALECT that of another, opened by --DIALECT 0.
//	                            A server that runs again has the port of before
//	crash KEY                   end it without a word, and wait for that
//	signal KEY TERM|INT|HUP     send a signal to a server or a program on a terminal
//	terminal KEY WxH [-light] [VAR=value...] args
//	                            run mim with args on a terminal of that size, with
//	                            a dark background or a light one
//	tone FILE SECONDS           write a sound file, for --voice-in; $KEY_dtu_voice is
//	                            a server's port for --voice-port
//	address KEY VARIABLE        the first address on the grid
//	keys KEY 'text' ...         press keys: text as it is, <enter> and other names
//	                            (keys.go) as what terminals send for them; with a
//	                            \ in it, with Go's escapes
//	paste KEY FILE              paste a file's text (bracketed)
//	see KEY 'text' ...          wait until the grid shows all of these; ! see: none
//	                            of them any more
//	screen KEY FILE             wait until the grid is this file, masked (mask.go);
//	                            go test -update writes the file anew
//	painted KEY FILE            the same for what is not plain text: a line for each
//	                            piece, with its look (paint_test.go)
//	size KEY WxH                change the terminal's size
//	title KEY PATTERN           wait for a title of the window
//	bells KEY N                 wait for N bells in all
//	modes KEY on|off MODE ...   wait for modes of the terminal: alternate, cursor,
//	                            paste, mouse, focus
//	cells KEY 'text' ATTRIBUTE  the cells of the text have the attribute: bold,
//	                            faint, reverse, underline, italic, colour, plain
//	exit KEY CODE               wait for the end of a terminal's program
//	after KEY PATTERN           what stands on the terminal when its program has
//	                            ended
//	restored KEY                the terminal is as it was before the program
package screens
