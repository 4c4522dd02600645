package history

import (
	"errors"
	"time"

	"mim/chat/book"
	"mim/chat/client"
)

// A nil History keeps nothing and knows nothing: all methods may be called on
// it, so that who shows a book need not ask whether there is one.

// ErrNone is why a nil History forgets nothing.
var ErrNone = errors.New("no conversations are kept (--no-history)")

// Fill puts what was said last into a new book: of each of the conversations
// that were used last, the last lines, and all drafts. It waits for the disk.
func (h *History) Fill(b *book.Book, conversations, lines int) error {
	if h == nil {
		return nil
	}
	list, err := h.Conversations(conversations)
	if err != nil {
		return err
	}
	for i := len(list) - 1; i >= 0; i-- { // the one used last is the last to be begun
		c := list[i]
		records, all, err := h.Older(c.Key, time.Time{}, lines)
		if err != nil {
			return err
		}
		b.Restore(c.Key, records, all)
		b.SetDraft(c.Key, c.Draft)
	}
	b.TakeDrafts() // they are here
	return nil
}

// Heard keeps what there is to keep of a view, to be called beside b.Apply(v).
func (h *History) Heard(b *book.Book, v client.View) {
	if h == nil {
		return
	}
	if k, r, ok := b.Record(v); ok {
		h.Keep(k, r)
	}
}

// Typed keeps the drafts that have changed since it was called last. To call it
// some seconds after a key is often enough, and at the end.
func (h *History) Typed(b *book.Book) {
	for k, text := range b.TakeDrafts() {
		h.Draft(k, text)
	}
}
