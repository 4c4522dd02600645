package dtu

import (
	"strings"
	"testing"

	"mim/chat"
)

// hotPath is what runs for each message, for each who hears of one that comes
// or goes, and for each datagram; none may allocate.
func hotPath(tb testing.TB) []struct {
	name  string
	bytes int
	run   func() bool
} {
	d := New().(*dialect)
	s, c := in(tb).s, insider(tb).c
	const text = "a line of sixty bytes, give or take, of what people say: é"
	room, nick := []byte("MSG #lobby: "+text+"\r\n"), []byte("MSG John: "+text+"\r\n")
	inRoom := &chat.Said{From: will, Room: "#lobby", Text: []byte(text)}
	toJohn := &chat.Said{From: will, To: john, Text: []byte(text)}
	entered, exited := &chat.Entered{Room: "#lobby", Who: john}, &chat.Exited{Room: "#lobby", Who: john}
	members := &chat.Members{Room: "#lobby", People: people("Will", "John", "jürgen")}
	ping, talk := &chat.Ping{Number: 466707830}, news(chat.CallAsked, "John", key)
	bind, voice := d.AppendVoice(nil, key), []byte(strings.Repeat("\x01\x02", 512))
	told, private := d.Append(nil, inRoom, 0), d.Append(nil, toJohn, 0)
	dst := make([]byte, 0, 4*maxLine)
	decode := func(p []byte) func() bool {
		return func() bool {
			r, n, _ := s.Next(p)
			if r == nil || n != len(p) {
				return false
			}
			return len(s.Answer(dst, chat.Answer{To: r})) == 0
		}
	}
	encode := func(e chat.Event) func() bool { return func() bool { return len(d.Append(dst, e, 0)) > 0 } }
	hear := func(p []byte) func() bool {
		return func() bool {
			e, n, _ := c.Next(p)
			return e != nil && n == len(p)
		}
	}
	return []struct {
		name  string
		bytes int
		run   func() bool
	}{
		{"channel text decode", len(room), decode(room)},
		{"private text decode", len(nick), decode(nick)},
		{"channel text encode", len(told), encode(inRoom)},
		{"private text encode", len(private), encode(toJohn)},
		{"entered encode", len(d.Append(nil, entered, 0)), encode(entered)},
		{"exited encode", len(d.Append(nil, exited, 0)), encode(exited)},
		{"members encode", len(d.Append(nil, members, 0)), encode(members)},
		{"ping encode", len(d.Append(nil, ping, 0)), encode(ping)},
		{"call encode", len(d.Append(nil, talk, 0)), encode(talk)},
		{"channel text heard", len(told), hear(told)},
		{"private text heard", len(private), hear(private)},
		{"datagram with a key", len(bind), func() bool { k, ack, ok := d.ParseVoice(bind); return k == key && ack && ok }},
		{"datagram of voice", len(voice), func() bool { _, _, ok := d.ParseVoice(voice); return !ok }},
		{"wrong key", len(saysBadKey), func() bool { return len(d.AppendBadKey(dst)) == len(saysBadKey) }},
	}
}

func TestHotPathAllocs(t *testing.T) {
	for _, c := range hotPath(t) {
		if got := testing.AllocsPerRun(100, func() {
			if !c.run() {
				t.Fatalf("%s: nothing came of it", c.name)
			}
		}); got > 0 {
			t.Errorf("%s: %v allocations", c.name, got)
		}
	}
}

// TestLongTextIsNotCopied: what is beyond the bound costs nothing.
func TestLongTextIsNotCopied(t *testing.T) {
	d, dst := New(), make([]byte, 0, 4*maxLine)
	said := &chat.Said{From: will, Room: "#lobby", Text: []byte(strings.Repeat("x", 1<<20))}
	if n := testing.AllocsPerRun(10, func() { d.Append(dst, said, 0) }); n > 0 {
		t.Errorf("a text of 1 MiB costs %v allocations", n)
	}
}

func BenchmarkHotPath(b *testing.B) {
	for _, c := range hotPath(b) {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(c.bytes))
			for b.Loop() {
				if !c.run() {
					b.Fatal("nothing came of it")
				}
			}
		})
	}
}
