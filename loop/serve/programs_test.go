package serve

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"mim/chat"
	"mim/codec"
	"mim/codec/elc004"
	"mim/loop"
	"mim/loop/sim"
)

// A program is somebody's messenger in the soak, small and written from the
// pages of docs/dialects; it tells the soak what it hears, what is confirmed to
// it and what it is refused.
type program struct {
	loop.Mode // what no program needs
	speech
	soak   *soaker
	n      int
	kind   string // "mim0" ...
	name   string
	at     netip.Addr
	host   *sim.Host
	net    loop.Net
	main   loop.ID // the link to the server; 0: none
	up     bool    // logged in
	asked  []text  // without an answer
	errors int     // refusals that name no text
	heard  []hearing
}

// A speech is what is different in a dialect.
type speech interface {
	hello(p *program)                                    // log in
	data(p *program, id loop.ID, b []byte, end bool) int // as loop.Mode
	say(p *program, to *program, words string, t text)   // to nil: to all
	other(p *program, id loop.ID, in loop.Info)          // a link that is not the main one has opened
	gone(p *program, id loop.ID)                         // one has closed
	failed(p *program, tag any)                          // a dial
	datagram(p *program, from netip.AddrPort, b []byte)  //
	tick(p *program, now time.Time)                      //
	bye(p *program)                                      // log out
}

// A hearing is a text as somebody was shown it.
type hearing struct{ from, words string }

func (p *program) Booted(n loop.Net) { p.net = n }
func (p *program) Opened(id loop.ID, in loop.Info) {
	if in.Tag == mainTag {
		p.main = id
		p.hello(p)
		return
	}
	p.other(p, id, in)
}
func (p *program) Data(id loop.ID, b []byte, end bool) int { return p.data(p, id, b, end) }
func (p *program) Idle(loop.ID, []byte) int                { return 0 }
func (p *program) Left(loop.ID, uint64)                    {}
func (p *program) Failed(tag any, _ error)                 { p.failed(p, tag) }
func (p *program) Tick(now time.Time)                      { p.tick(p, now) }
func (p *program) Stopping()                               {}
func (p *program) Datagram(_ int, from netip.AddrPort, b []byte) {
	p.datagram(p, from, b)
}
func (p *program) Closed(id loop.ID, _ error) {
	if id == p.main {
		p.main, p.up, p.asked = 0, false, nil
	}
	p.gone(p, id)
}

const mainTag = "main"

// comes dials the server, by loopback if it is on that machine.
func (p *program) comes() {
	to := server
	if p.at == server {
		to = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	p.net.Dial("tcp", netip.AddrPortFrom(to, p.soak.ports[p.kind]).String(), 10*time.Second, mainTag)
}

func (p *program) send(id loop.ID, s string) { p.net.Send(id, []byte(s), 0, false) }

func (p *program) hears(from, words string) {
	p.heard = append(p.heard, hearing{from, words})
	p.soak.heard++
}

// answered is the outcome of the oldest text without one.
func (p *program) answered(ok bool) {
	if len(p.asked) == 0 {
		p.soak.t.Fatalf("seed %d: %s has an answer too many", p.soak.seed, p.name)
	}
	if ok {
		p.soak.confirmed[p.asked[0]] = true
	} else {
		p.soak.refused++
	}
	p.asked = p.asked[1:]
}

// quiet is what most programs do about most things: nothing.
type silence struct{}

func (silence) other(*program, loop.ID, loop.Info)        {}
func (silence) gone(*program, loop.ID)                    {}
func (silence) failed(*program, any)                      {}
func (silence) datagram(*program, netip.AddrPort, []byte) {}
func (silence) tick(*program, time.Time)                  {}
func (silence) bye(p *program)                            { p.net.CloseSoon(p.main, nil) }

// eachLine calls f with each whole line, without its end, and says how much it took.
func eachLine(b []byte, f func(line string)) (used int) {
	for {
		i := bytes.IndexByte(b[used:], '\n')
		if i < 0 {
			return used
		}
		f(strings.TrimSuffix(string(b[used:used+i]), "\r"))
		used += i + 1
	}
}

// A registrant speaks mim0: the registry's blocks, and lines with others.
type registrant struct {
	silence
	table map[string]netip.AddrPort
	peers map[loop.ID]*peerTalk
	by    map[string]*peerTalk // the one by which we write, by name
	cut   int                  // talks that ended
}

type peerTalk struct {
	id    loop.ID // 0: dialled
	name  string  // empty: has not said it
	words []string
}

func (r *registrant) hello(p *program) {
	p.net.Send(p.main, login(p.name, registrantPort), 0, false)
	p.up, r.table = true, map[string]netip.AddrPort{}
}

// registrantPort is where each has its listener, on a machine of its own.
const registrantPort = 5000

func (r *registrant) data(p *program, id loop.ID, b []byte, _ bool) int {
	if id != p.main {
		talk := r.peers[id]
		return eachLine(b, func(line string) {
			if talk.name == "" {
				talk.name = line
				if r.by[line] == nil {
					r.by[line] = talk
				}
				return
			}
			p.hears(talk.name, line)
		})
	}
	used := 0
	for len(b) > used {
		rest := b[used:]
		if rest[0] >= 0x10 {
			n := eachLine(rest[:bytes.IndexByte(rest, '\n')+1], func(string) {})
			if used += n; n == 0 {
				break
			}
			continue
		}
		if len(rest) < 2 || len(rest) < 2+int(binary.BigEndian.Uint16(rest)) {
			break
		}
		size := 2 + int(binary.BigEndian.Uint16(rest))
		r.block(rest[2:size])
		used += size
	}
	return used
}

// block is an update without its size: A or D, name, address, port.
func (r *registrant) block(b []byte) {
	word := func(at int) (string, int) {
		n := int(binary.BigEndian.Uint32(b[at:]))
		units := make([]uint16, n/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(b[at+4+2*i:])
		}
		return string(utf16.Decode(units)), at + 4 + n
	}
	name, at := word(1)
	ip, at := word(at)
	if b[0] == 'D' {
		delete(r.table, name)
		return
	}
	r.table[name] = netip.AddrPortFrom(netip.MustParseAddr(ip), binary.BigEndian.Uint16(b[at:]))
}

func (r *registrant) say(p, to *program, words string, t text) {
	talk := r.by[to.name]
	switch {
	case talk == nil:
		at, ok := r.table[to.name]
		if !ok {
			p.soak.unsaid(t)
			return
		}
		talk = &peerTalk{name: to.name, words: []string{words}}
		r.by[to.name] = talk
		p.net.Dial("tcp", at.String(), 5*time.Second, talk)
	case talk.id == 0:
		talk.words = append(talk.words, words)
	default:
		p.send(talk.id, words+"\n")
	}
}

func (r *registrant) other(p *program, id loop.ID, in loop.Info) {
	talk, dialled := in.Tag.(*peerTalk)
	if !dialled {
		talk = &peerTalk{}
	}
	talk.id = id
	r.peers[id] = talk
	if dialled {
		p.send(id, p.name+"\n"+strings.Join(append(talk.words, ""), "\n"))
		talk.words = nil
	}
}

func (r *registrant) gone(p *program, id loop.ID) {
	if talk := r.peers[id]; talk != nil {
		r.cut++
		if delete(r.peers, id); r.by[talk.name] == talk {
			delete(r.by, talk.name)
		}
	}
}

func (r *registrant) failed(_ *program, tag any) {
	if talk, ok := tag.(*peerTalk); ok {
		r.cut++
		delete(r.by, talk.name)
	}
}

// A sender speaks messenger, by one connection or two.
type sender struct {
	silence
	two      bool
	parts    int // registered
	receives loop.ID
}

func (s *sender) hello(p *program) {
	s.parts = 0
	p.send(p.main, "REGISTER TOSEND "+p.name+"\n\n")
	if s.two {
		p.net.Dial("tcp", netip.AddrPortFrom(server, p.soak.ports[p.kind]).String(), 10*time.Second, "receives")
		return
	}
	p.send(p.main, "REGISTER TORECV "+p.name+"\n\n")
}

func (s *sender) other(p *program, id loop.ID, _ loop.Info) {
	s.receives = id
	p.send(id, "REGISTER TORECV "+p.name+"\n\n")
}

func (s *sender) bye(p *program) {
	p.net.CloseSoon(p.main, nil)
	p.net.CloseSoon(s.receives, nil)
}

func (s *sender) say(p, to *program, words string, t text) {
	name := "ALL"
	if to != nil {
		name = to.name
	}
	p.asked = append(p.asked, t)
	p.send(p.main, fmt.Sprintf("SEND %s\nContent-length: %d\n\n%s", name, len(words), words))
}

func (s *sender) data(p *program, id loop.ID, b []byte, _ bool) (used int) {
	for {
		rest := b[used:]
		end := bytes.Index(rest, []byte("\n\n"))
		if end < 0 {
			return used
		}
		lines := strings.Split(string(rest[:end]), "\n")
		size := end + 2
		word, who, _ := strings.Cut(lines[0], " ")
		switch word {
		case "REGISTERED":
			s.parts++
			p.up = s.parts == 2
		case "SENT":
			p.answered(true)
		case "ERROR":
			p.answered(false)
		case "FORWARD":
			n, err := strconv.Atoi(strings.TrimPrefix(lines[1], "Content-length: "))
			if err != nil {
				p.soak.t.Fatalf("%q", lines)
			}
			if len(rest) < size+n {
				return used
			}
			p.hears(who, string(rest[size:size+n]))
			p.send(id, "RECEIVED "+who+"\n\n")
			size += n
		}
		used += size
	}
}

// A typist speaks comp9331: lines, by an account.
type typist struct {
	silence
	password bool
}

func (s *typist) hello(*program) { s.password = false }

func (s *typist) data(p *program, _ loop.ID, b []byte, _ bool) int {
	used := eachLine(b, func(line string) {
		from, words, ok := strings.Cut(line, ": ")
		switch {
		case ok && strings.HasPrefix(words, "t"):
			p.hears(from, words)
		case strings.HasPrefix(line, "Welcome"):
			p.up = true
		case strings.HasSuffix(line, " logged in"), strings.HasSuffix(line, " logged out"):
		default:
			p.errors++
		}
	})
	switch string(b[used:]) {
	case "username: ":
		p.send(p.main, p.name+"\n")
		return len(b)
	case "password: ":
		p.send(p.main, "secret\n")
		return len(b)
	}
	return used
}

func (s *typist) say(p, to *program, words string, _ text) {
	if to == nil {
		p.send(p.main, "broadcast "+words+"\n")
		return
	}
	p.send(p.main, "message "+to.name+" "+words+"\n")
}

// A channeler speaks dtu.
type channeler struct{ silence }

func (channeler) hello(p *program) {
	p.send(p.main, fmt.Sprintf("CONNECT: %q %q 1\r\n", p.name, p.name))
}

func (channeler) data(p *program, _ loop.ID, b []byte, _ bool) int {
	return eachLine(b, func(line string) {
		word, rest, _ := strings.Cut(line, " ")
		switch {
		case word == "MSG":
			who, words, _ := strings.Cut(rest, ": ")
			from, to, _ := strings.Cut(who, " ")
			if to == p.name {
				p.hears(from, words)
			}
		case word == "ACCEPTED:":
			p.up = true
		case word == "NOTACCEPTED:":
			p.errors++
		case word == "PING:":
			p.send(p.main, "PONG: "+rest+"\r\n")
		}
	})
}

func (channeler) say(p, to *program, words string, _ text) {
	p.send(p.main, "MSG "+to.name+": "+words+"\r\n")
}

// A poster speaks elc004: it asks for the table each 30 s, and writes datagrams,
// to each one the next when it knows what became of the one before.
type poster struct {
	silence
	socket  codec.Socket
	caller  codec.Caller
	table   map[string]netip.AddrPort
	names   map[netip.AddrPort]string
	waits   map[string][]posted // by receiver, the first is under way
	tickets map[uint64]posted
	again   time.Time
	deaf    time.Time // until then no datagram reaches it
}

type posted struct {
	to    string
	words string
	t     text
}

func newPoster(p *program, seed [32]byte) *poster {
	return &poster{
		socket: elc004.New().(codec.Datagrams).Socket(codec.SocketConfig{Name: p.name, Self: netip.AddrPortFrom(p.at, posterPort), Seed: seed}),
		waits:  map[string][]posted{}, tickets: map[uint64]posted{},
	}
}

// posterPort is where each has its socket.
const posterPort = 3000

func (s *poster) hello(p *program) {
	s.caller = elc004.New().(codec.Calling).Call(codec.Link{})
	p.net.Send(p.main, s.caller.Ask(nil, &chat.Login{Name: p.name, Port: posterPort}), 0, false)
	s.again = p.net.Now().Add(30 * time.Second)
	p.net.Alarm(s.again)
}

// withdraw says that it is gone.
func (s *poster) withdraw(p *program) {
	p.net.Dial("tcp", netip.AddrPortFrom(server, p.soak.ports[p.kind]).String(), 10*time.Second, "withdraw")
}

func (s *poster) other(p *program, id loop.ID, _ loop.Info) {
	p.send(id, fmt.Sprintf("K:%v:%d:%s", p.at, posterPort, p.name))
}

func (s *poster) data(p *program, _ loop.ID, b []byte, end bool) int {
	used := 0
	for {
		e, n, err := s.caller.Next(b[used:])
		if end && e == nil && n == 0 {
			e, n, err = s.caller.(codec.Ending).End(b[used:])
		}
		if err != nil {
			p.soak.t.Fatal(err)
		}
		if used += n; e != nil {
			s.took(p, e.(*chat.Answer).People)
		}
		if e == nil && n == 0 {
			return used
		}
	}
}

// took is a table.
func (s *poster) took(p *program, people []*chat.Person) {
	p.up = true
	s.table, s.names = map[string]netip.AddrPort{}, map[netip.AddrPort]string{}
	for _, who := range people {
		s.table[who.Name], s.names[who.Near] = who.Near, who.Name
	}
	s.carryOut(p, s.socket.Known(p.net.Now(), netip.AddrPortFrom(p.at, posterPort), people))
}

// gone keeps it logged in: its link ends at once.
func (s *poster) gone(p *program, _ loop.ID) { p.up = true }

func (s *poster) say(p, to *program, words string, t text) {
	s.waits[to.name] = append(s.waits[to.name], posted{to.name, words, t})
	if len(s.waits[to.name]) == 1 {
		s.next(p, to.name)
	}
}

// next writes the first text that waits for somebody.
func (s *poster) next(p *program, to string) {
	for len(s.waits[to]) > 0 {
		x := s.waits[to][0]
		if at, ok := s.table[to]; ok {
			p.soak.tickets++
			s.tickets[p.soak.tickets] = x
			s.carryOut(p, s.socket.Say(p.net.Now(), at, []byte(x.words), p.soak.tickets))
			return
		}
		p.soak.unsaid(x.t)
		s.waits[to] = s.waits[to][1:]
	}
}

func (s *poster) carryOut(p *program, out []codec.Output) {
	var over []string
	for _, o := range out {
		switch o.Kind {
		case codec.Send:
			p.net.SendTo(0, o.Who, o.Data)
		case codec.Said:
			from := s.names[o.Who]
			if from == "" {
				from = o.Name
			}
			p.hears(from, string(o.Data))
		case codec.Delivered, codec.Failed, codec.Sent:
			x, mine := s.tickets[o.Ticket]
			if !mine || o.Kind == codec.Sent && o.More > 0 {
				continue
			}
			delete(s.tickets, o.Ticket)
			s.waits[x.to] = s.waits[x.to][1:]
			over = append(over, x.to)
			if o.Kind == codec.Delivered {
				p.soak.confirmed[x.t] = true
			} else {
				p.soak.refused++
			}
		}
	}
	for _, to := range over {
		s.next(p, to)
	}
	if at := s.socket.Wake(); !at.IsZero() {
		p.net.Alarm(at)
	}
}

func (s *poster) datagram(p *program, from netip.AddrPort, b []byte) {
	if p.net.Now().Before(s.deaf) {
		return
	}
	s.carryOut(p, s.socket.Datagram(p.net.Now(), from, b))
}

func (s *poster) tick(p *program, now time.Time) {
	if !now.Before(s.again) {
		s.again = now.Add(30 * time.Second)
		p.comes()
	}
	s.carryOut(p, s.socket.Due(now))
	p.net.Alarm(s.again)
}
