package command

import "testing"

// Keys have 15 digits, the first not 0, and all first digits are about as
// likely: of 9000 keys each has 1000 or so, with a deviation of 30.
func TestCallKey(t *testing.T) {
	first := map[uint64]int{}
	seen := map[uint64]bool{}
	for range 9000 {
		key := callKey()
		if key < 100_000_000_000_000 || key > 999_999_999_999_999 {
			t.Fatalf("%d has not 15 digits", key)
		}
		if seen[key] {
			t.Errorf("%d came twice", key)
		}
		seen[key] = true
		first[key/firstKey]++
	}
	for digit, n := range first {
		if n < 750 || n > 1250 { // eight deviations
			t.Errorf("%d of 9000 keys begin with %d", n, digit)
		}
	}
}
