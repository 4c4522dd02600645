package roster

import (
	"slices"
	"testing"

	"mim/chat"
)

// TestIndexCollisions: users whose hashes agree stay apart, in whatever order
// they go.
func TestIndexCollisions(t *testing.T) {
	const hash = 7
	for _, gone := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		x := newIndex()
		users := []*user{
			{came: chat.Came{Who: &chat.Person{Name: "a"}}},
			{came: chat.Came{Who: &chat.Person{Name: "b"}}},
			{came: chat.Came{Who: &chat.Person{Name: "c"}}},
		}
		for _, u := range users {
			x.put(hash, u)
		}
		for i, n := range gone {
			x.take(hash, users[n])
			var left []string
			for u := x.first[hash]; u != nil; u = u.next {
				left = append(left, u.came.Who.Name)
			}
			var want []string
			for j, u := range users {
				if !slices.Contains(gone[:i+1], j) {
					want = append(want, u.came.Who.Name)
				}
			}
			if slices.Sort(left); !slices.Equal(left, want) || x.len != len(want) {
				t.Errorf("after %v of %v went: %q of %d, want %q", gone[:i+1], gone, left, x.len, want)
			}
		}
		if len(x.first) != 0 {
			t.Errorf("after %v went the index holds %v", gone, x.first)
		}
	}
}

func TestIndexAllocates(t *testing.T) {
	x := newIndex()
	p := &chat.Person{Name: "somebody"}
	x.add(&user{came: chat.Came{Who: p}})
	if n := testing.AllocsPerRun(100, func() { x.get(keyOf(p)) }); n != 0 {
		t.Errorf("%v allocations to look a user up", n)
	}
}
