// Package scenarios runs the real mim against itself and against raw bytes.
// Each file of testdata is a script (a txtar archive, see
// github.com/rogpeppe/go-internal/testscript) with these commands beside the
// standard ones. Commands wait for what they want to see, and fail with
// everything that was seen; only where a script is about nothing to come, or
// about how long something takes, time has to pass.
//
//	serve KEY [flags]         run mim serve on a loopback port that the system picks;
//	                          $KEY is its address, $KEY_PORT its port. Other doors are
//	                          closed: --DIALECT 0 opens one, at $KEY_DIALECT and, if it
//	                          has one for datagrams, $KEY_DIALECT_udp; each with
//	                          its port, $KEY_DIALECT_PORT;
//	                          what --metrics 127.0.0.1:0 shows is at $KEY_metrics
//	join KEY[=NAME] [flags]   run mim join NAME@$server --json (NAME: KEY), or
//	                          NAME@$server_DIALECT with --dialect DIALECT
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
//	! log KEY PATTERN         there is no such thing on it so far
//	raw KEY dial WHERE [FROM] connect; WHERE is an address, or the KEY of someone who
//	                          joined; FROM an address of ours
//	raw KEY listen            listen on a loopback port that the system picks, $KEY
//	raw KEY accept LISTENER   wait for a connection to what listens as LISTENER
//	raw KEY send HEX          send bytes in one segment; drip: a segment for each byte
//	raw KEY login NAME PORT ...  send login blocks, all in one segment
//	raw KEY text 'quoted\n'   send text, with Go's escapes; flood N: a line of N letters x
//	raw KEY bytes 'text'      send text, a segment for each byte and a pause between them
//	raw KEY repeat N 'text'   send it N times, in one write
//	raw KEY fin               end our direction
//	raw KEY expect PATTERN    wait for bytes, read as text; hex HEX: wait for bytes, and skip them
//	raw KEY take VAR PATTERN  expect; what its first group matches is $VAR then
//	raw KEY segment 'text'    what one recv gives next is this, and nothing else
//	raw KEY segments N        so many segments have come in all (on Linux)
//	raw KEY pieces FROM N 'text'  take messenger's FORWARDs until they are text N times
//	raw KEY says 'text'...    what comes next is this, each in a segment of its own and
//	                          whole; [TIME] is a time of the last minutes, [2026-11-20 12:04 UTC],
//	                          and '*a b \n' has these names in any order
//	raw KEY lines A B 'text'  send it for each number from A to B, which is # in it, in one write
//	raw KEY told A B 'text'   says, for each number from A to B
//	raw KEY every 5ms 'text'  from now on, send it again and again
//	raw KEY quiet 50ms        nothing comes for so long
//	raw KEY after 2s          what was seen last came so long behind what we sent last;
//	                          within 3s: not later
//	raw KEY closed            wait for the other side to close
//	raw KEY over              the same, and nothing has come that was not seen
//	raw KEY open              it is not closed yet
//	raw KEY close             close
//	udp KEY dial WHERE [FROM] open a UDP socket, FROM an address of ours with a port or without;
//	                          WHERE may be the KEY of someone who joined; $KEY_PORT is its port
//	udp KEY send 'text'...    send datagrams to WHERE, with Go's escapes
//	udp KEY repeat N 'text'   send one: the text N times
//	udp KEY says 'text'...    what comes next are these datagrams, from WHERE
//	udp KEY repeated N 'text' what comes next is the text N times
//	udp KEY take VARIABLE PATTERN  the next one matches it; $VARIABLE is its first group
//	udp KEY quiet 50ms        nothing comes for so long
//	udp KEY close             close
//	refused WHERE HEX         connect, send, be told in one line why not, be disconnected
//	metric WHERE PATTERN      ask a server for its metrics until they match
//	logins N                  connect N raw clients at once, user1 ... userN
//	user NAME...              register each with messenger: raw NAME sends, raw NAME.in receives
//	cuts 'bytes' 'segment'... for each position in bytes, a new user of messenger sends them
//	                          to himself cut there, gets the segments one by one, confirms
//	                          each and is told so; NAME stands for the user's name
//	enter KEY[=NAME] PASSWORD [FROM]  log in with comp9331, as raw KEY; FROM an address of ours
//	guess NAME PASSWORD FROM N  N wrong tries, the first from the address FROM, each from the next
//	stored DIR TO FROM TIME 'text'  put a text that was written then into the data of no server
//	connect KEY[=NICK] [NAME...]  log in with dtu, as raw KEY: NAMEs are in the lobby already
package scenarios
