package main

import "fmt"

// A person sends or receives by one of the two dialects.
type person struct {
	name     string
	comp9331 bool   // else messenger
	password string // comp9331 only
}

// Logins with a password are dear: a server checks forty a second or so. That
// is why fewer people have one.
const (
	compSenders   = 24
	manySenders   = 64 // with those of messenger
	compReceivers = 8
	manyReceivers = 24
)

// A town is everyone who takes part, and an account for each of them: one
// without a password gives a user of messenger an inbox.
type town struct {
	senders   []person // the last one is the herald, see drain
	receivers []person
}

func newTown() *town {
	t := &town{}
	for i := range manySenders {
		t.senders = append(t.senders, newPerson("from", i, i < compSenders))
	}
	t.senders = append(t.senders, person{name: "herald"})
	for i := range manyReceivers {
		t.receivers = append(t.receivers, newPerson("to", i, i < compReceivers))
	}
	return t
}

func newPerson(what string, i int, comp9331 bool) person {
	p := person{name: fmt.Sprintf("%s%02d", what, i), comp9331: comp9331}
	if comp9331 {
		p.password = fmt.Sprintf("secret-%d", i)
	}
	return p
}

// herald is the sender whose texts say that nothing older is left.
func (t *town) herald() int { return len(t.senders) - 1 }

// credentials is the file of accounts.
func (t *town) credentials() (file []byte) {
	for _, p := range t.senders[:t.herald()] {
		if p.comp9331 {
			file = fmt.Appendf(file, "%s %s\n", p.name, p.password)
		}
	}
	for _, p := range t.receivers {
		file = fmt.Appendf(file, "%s %s\n", p.name, p.password)
	}
	return file
}
