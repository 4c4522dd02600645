// Package scenarios runs the real mim against itself and against raw bytes.
// Each file of testdata is a script (a txtar archive, see
// github.com/rogpeppe/go-internal/testscript) with these commands beside the
// standard ones. Nothing in a script waits for time to pass: commands wait for
// what they want to see, and fail with everything that was seen.
//
//	serve KEY [flags]         run mim serve on a loopback port that the system picks;
//	                          $KEY is its address, $KEY_PORT its port
//	join KEY[=NAME] [flags]   run mim join NAME@$server --json (NAME: KEY)
//	run KEY [MIM_X=y] args    run mim with any arguments and variables
//	type KEY 'line'           type a line; with a \ in it, with Go's escapes
//	eof KEY                   end its input
//	quit KEY                  end its input and wait for exit code 0
//	signal KEY TERM|INT|HUP|KILL  send it a signal
//	exit KEY CODE             wait for its end; a signal that killed it is -1
//	running KEY               it has not ended
//	see KEY EVENT [field...]  wait for an event, each is seen once:
//	                          name=alice is exact, text~^a+$ a pattern, text:9 a length in bytes
//	then KEY EVENT ...        see, among those behind the event seen last
//	[!] seen KEY EVENT ...    such an event is there already
//	count KEY N EVENT ...     wait for so many such events; there are no more
//	texts KEY NAME FILE       wait until what NAME said to KEY is FILE, line for line
//	output KEY PATTERN        wait for a line on its standard output, each is seen once
//	log KEY PATTERN           wait for a line on its standard error, seen before or not
//	raw KEY dial WHERE        connect; WHERE is an address, or the KEY of someone who joined
//	raw KEY send HEX          send bytes in one segment; drip: a segment for each byte
//	raw KEY login NAME PORT ...  send login blocks, all in one segment
//	raw KEY text 'quoted\n'   send text, with Go's escapes; flood N: a line of N letters x
//	raw KEY fin               end our direction
//	raw KEY expect PATTERN    wait for bytes, read as text; hex HEX: wait for bytes, and skip them
//	raw KEY closed            wait for the other side to close
//	raw KEY open              it is not closed yet
//	raw KEY close             close
//	refused WHERE HEX         connect, send, be told in one line why not, be disconnected
//	logins N                  connect N raw clients at once, user1 ... userN
package scenarios
