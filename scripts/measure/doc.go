// Package measure holds the benchmarks that need a whole server: how long a
// start takes, what an idle link costs, how a stream of logins grows, what a
// hundred logins at once do to others, how many texts are confirmed a second.
// They run the real binary, or the real reactor in this process where its
// counters are wanted. `scripts/bench` runs them; no test depends on a time.
package measure
