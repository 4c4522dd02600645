package book

import "strings"

// maxFound is how many lines a search gives, the latest.
const maxFound = 1000

// Search gives the lines of a conversation in memory whose text or speaker has
// words in it, without regard to case: their IDs, the latest first, 1000 at
// most. Nothing is found for no words.
func (b *Book) Search(k Key, words string) (found []uint64) {
	c := b.byKey[k]
	words = fold(strings.TrimSpace(words))
	if c == nil || words == "" {
		return nil
	}
	for i := len(c.lines) - 1; i >= 0 && len(found) < maxFound; i-- {
		l := &c.lines[i]
		if (l.Kind == Said || l.Kind == Own) && strings.Contains(fold(l.Who), words) || strings.Contains(fold(l.Text), words) {
			found = append(found, l.ID)
		}
	}
	return found
}
