// Package house holds the rules of the house as tests: which package may
// import which, how long a file may be, what a package may not be called,
// which dependency has a stated reason. docs/ARCHITECTURE.md explains them.
package house
