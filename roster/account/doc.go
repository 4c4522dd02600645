// Package account knows who may log in with a password: it reads the file of
// names and passwords, turns passwords into argon2id hashes for the store, and
// checks what people type, on goroutines of its own, because one check takes
// some 25 ms and 19 MiB.
//
// What is in the file counts from the moment Load returns. Nobody waits for
// its hashes: until the hash of an account is made (or found to be the right
// one), a login is compared with the password in the file, after the same
// work as any other login; one that is right leaves the hash behind. The rest
// is hashed in the background, in the order of the file, whenever nobody logs
// in, and each password is wiped from memory as soon as its hash is there. A
// server that starts again with the same file has no work at all, but for one
// hash: see seal.go.
package account
