package sqlite

import (
	"time"

	"mim/roster"
	"mim/roster/account"
)

// known reads what a roster wants at the start.
func (r *reading) known() (k roster.Known, err error) {
	read := func(sql string, f func(row []value)) {
		if err == nil {
			err = r.each(sql, f)
		}
	}
	k.Waiting = map[string]int{}
	read("SELECT name, alias, bound FROM account WHERE open = 1 ORDER BY folded", func(row []value) {
		k.Accounts = append(k.Accounts, roster.Account{Name: text(row[0]), Alias: text(row[1]), Bound: integer(row[2]) != 0})
	})
	read("SELECT by_name, who_name FROM block ORDER BY by_folded, who_folded", func(row []value) {
		k.Blocks = append(k.Blocks, roster.Blocking{By: text(row[0]), Who: text(row[1])})
	})
	read("SELECT name, at FROM seen ORDER BY at, folded", func(row []value) {
		k.Seen = append(k.Seen, roster.Seen{Name: text(row[0]), At: time.UnixMicro(integer(row[1])).UTC()})
	})
	// An inbox goes by the name of its account, if there is one, else as the
	// writer of some text wrote it.
	read(`SELECT coalesce((SELECT name FROM account WHERE folded = owner),
		(SELECT receiver FROM text AS one WHERE one.id = first)), n
		FROM (SELECT owner, min(id) AS first, count(*) AS n FROM text GROUP BY owner)`, func(row []value) {
		k.Waiting[text(row[0])] = int(integer(row[1]))
	})
	read(lastText, func(row []value) { k.LastText = uint64(integer(row[0])) })
	return k, err
}

// lastText is the highest number that a text ever had: one that is there, or
// one that was when the last text was dropped.
const lastText = `SELECT max((SELECT value FROM meta WHERE key = 'last_text'), coalesce((SELECT max(id) FROM text), 0))`

// learn finds out the highest number for the writer.
func (w *writer) learn() (err error) {
	if w.noted, err = w.db.number("SELECT value FROM meta WHERE key = 'last_text'"); err != nil {
		return err
	}
	w.top, err = w.db.number(lastText)
	return err
}

// Accounts gives all accounts that were ever synced, and the seal; see
// account.Store.
func (s *Store) Accounts() (all []account.Kept, seal string, err error) {
	err = s.ask(func(r *reading) error { all, seal, err = r.accounts(); return err })
	return all, seal, err
}

func (r *reading) accounts() (all []account.Kept, seal string, err error) {
	err = r.each("SELECT name, alias, bound, open, hash FROM account ORDER BY folded", func(row []value) {
		all = append(all, account.Kept{
			Name: text(row[0]), Alias: text(row[1]),
			Bound: integer(row[2]) != 0, Open: integer(row[3]) != 0, Hash: text(row[4]),
		})
	})
	if err == nil {
		err = r.each("SELECT value FROM meta WHERE key = 'seal'", func(row []value) { seal = text(row[0]) })
	}
	return all, seal, err
}

// Sync makes these the accounts that are open; see account.Store. It waits for
// the disk.
func (s *Store) Sync(open []account.Kept) error {
	answer := make(chan error, 1)
	err := s.writer.queue.put(entry{
		job:  func(d *writing) error { return d.sync(open) },
		done: func(err error) { answer <- err },
	})
	if err != nil {
		return err
	}
	return <-answer
}

// sync writes what is different.
func (d *writing) sync(open []account.Kept) error {
	was := map[string]account.Kept{}
	all, _, err := (&reading{conn: d.conn}).accounts()
	if err != nil {
		return err
	}
	for _, k := range all {
		was[fold(k.Name)] = k
	}
	for _, k := range open {
		k.Open = true
		folded := fold(k.Name)
		old, ok := was[folded]
		delete(was, folded)
		if ok && old == k {
			continue
		}
		if _, err := d.account.run(folded, k.Name, k.Alias, truth(k.Bound), k.Hash); err != nil {
			return err
		}
	}
	for folded, k := range was {
		if !k.Open && !k.Bound && k.Hash == "" {
			continue
		}
		if _, err := d.shut.run(folded); err != nil {
			return err
		}
	}
	return nil
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// SetHash notes the hash of an open account; see account.Store.
func (s *Store) SetHash(name, hash string, done func(error)) {
	s.job(func(d *writing) error {
		_, err := d.setHash.run(hash, fold(name))
		return err
	}, done)
}

// SetSeal notes the seal; see account.Store.
func (s *Store) SetSeal(seal string, done func(error)) {
	s.job(func(d *writing) error {
		_, err := d.setValue.run(seal, "seal")
		return err
	}, done)
}

// job gives the writer something to do; its errors go to done, which may be nil.
func (s *Store) job(job func(*writing) error, done func(error)) {
	if err := s.writer.queue.put(entry{job: job, done: done}); err != nil && done != nil {
		done(err)
	}
}
