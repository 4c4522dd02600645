//go:build !linux

// Command writev measures on Linux only.
package main

import "fmt"

func main() { fmt.Println("writev measures on Linux only") }
