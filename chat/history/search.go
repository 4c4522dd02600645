package history

import (
	"strings"

	"mim/chat"
	"mim/chat/book"
)

// A Hit is a record that a search has found, and where.
type Hit struct {
	In     book.Key
	Record book.Record
}

// Search gives the last n records of the account, the latest first, that have
// words in their text, without regard to case: in one conversation or, if k is
// nil, in all. It waits for the disk: about a second for a million records.
func (h *History) Search(k *book.Key, words string, n int) (found []Hit, err error) {
	words = strings.TrimSpace(words)
	if h == nil || words == "" {
		return nil, nil
	}
	query := `SELECT c.kind, c.name, ` + columns + ` FROM line l JOIN conversation c ON c.id = l.conversation
		WHERE c.account = ? AND instr(coalesce(l.folded, l.body), ?) > 0`
	args := []any{h.account, chat.Fold(words)}
	if k != nil {
		query += " AND c.kind = ? AND c.name = ?"
		args = append(args, k.Kind, k.Name)
	}
	rows, err := h.read.Query(query+" ORDER BY l.at DESC, l.id DESC LIMIT ?", append(args, n)...)
	if err != nil {
		return nil, plainly(err)
	}
	defer rows.Close()
	for rows.Next() {
		var hit Hit
		row := scanner{r: &hit.Record}
		if err := rows.Scan(append([]any{&hit.In.Kind, &hit.In.Name}, row.into()...)...); err != nil {
			return nil, err
		}
		row.finish()
		found = append(found, hit)
	}
	return found, rows.Err()
}
