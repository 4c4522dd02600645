// Package matrix shows that the users of all dialects talk to each other: its
// tests start the real server and come to it by raw sockets, as programs of the
// five dialects do that know nothing of the others, and then by mim join.
//
// What becomes of a text on the way from one dialect to another is one table,
// wires in wires_test.go, written from the pages in docs/dialects and not from
// the codecs. The tests compare what arrives with it, and docs/dialects/README.md
// with what it says.
package matrix
