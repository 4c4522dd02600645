package codectest

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"
	"time"

	"mim/chat"
)

// longest bounds what a fuzz target looks at, so that an input takes little time.
const longest = 16 << 10

// FuzzRead fuzzes "split anywhere" and "any bytes": no matter what comes and
// how it is cut, each end reads the same, keeps its bounds and does not panic.
func FuzzRead(f *testing.F, s Suite) {
	ends := s.ends()
	for i, end := range ends {
		for _, stream := range end.Hears {
			f.Add(uint8(i), uint64(1), stream)
		}
		f.Add(uint8(i), uint64(2), bytes.Join(end.Hears, nil))
	}
	f.Fuzz(func(t *testing.T, i uint8, seed uint64, stream []byte) {
		if len(stream) > longest/2 { // byte by byte, twice the length is four times the work
			return
		}
		end := ends[int(i)%len(ends)]
		r := random(seed)
		if err := sameWhenCut(s.Dialect, end, anyManner(stream, r), stream, pieces(stream, 1+r.IntN(40), r)); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzWrite fuzzes "one in, one out" and "append only": no matter what a name
// or a text holds, the other end reads one message for one.
func FuzzWrite(f *testing.F, s Suite) {
	for _, text := range texts {
		f.Add(text, []byte(text), []byte{192, 0, 2, 7}, uint16(40002))
	}
	f.Add("bob", []byte("hello"), netip.IPv6Loopback().AsSlice(), uint16(65535))
	f.Fuzz(func(t *testing.T, name string, text, address []byte, port uint16) {
		if len(name)+len(text) > longest {
			return
		}
		ip, _ := netip.AddrFromSlice(address) // or none
		to := netip.AddrPortFrom(ip, port)
		who := &chat.Person{Name: name, Near: to, Far: to}
		for _, v := range []any{
			&chat.Came{Who: who}, &chat.Went{Who: who}, &chat.Page{People: []*chat.Person{who, who}},
			&chat.Said{Text: text}, &chat.Said{From: who, Text: text}, &chat.Notice{Text: string(text)},
			&chat.Login{Name: name, Port: port}, &chat.Login{Name: name, Part: chat.Sends}, &chat.Login{Name: name, Part: chat.Receives},
			&chat.Hello{Name: name}, &chat.Say{To: []byte(name), Text: text}, &chat.Say{To: []byte("bob"), Text: text},
			&chat.Block{Name: []byte(name)}, &chat.Said{From: who, Text: text, At: time.Unix(int64(port), 0)},
			&chat.Say{All: true, Text: text}, &chat.Received{From: []byte(name)}, &chat.Received{From: []byte(name), Err: errors.New(name)},
		} {
			try(t, s, v)
		}
	})
}

// try holds one message to both rules, in each direction.
func try(t *testing.T, s Suite, v any) {
	for _, w := range s.directions() {
		if w.told != chat.CountUnknown {
			// To who counts otherwise than its reader believes, a text may be made
			// that is cut where it should not be: the wire says no more than a number.
			continue
		}
		if err := w.readsOne(message{value: v}); err != nil {
			t.Fatal(err)
		}
		if e, ok := v.(chat.Event); ok && !w.from.Calls {
			if err := pure(s.Dialect, e, w.variant()); err != nil {
				t.Fatal(err)
			}
		}
	}
}
