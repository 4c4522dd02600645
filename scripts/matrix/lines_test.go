package matrix

import (
	"bufio"
	"net"
	"strings"
	"sync"
	"testing"
)

// A lineUser is of comp9331 or dtu, where all that is said goes by one
// connection, in lines, and a text that arrives is answered by silence. What is
// said of a text came before the answer to a line that nobody can carry out.
type lineUser struct {
	member
	out    net.Conn
	mu     sync.Mutex // one text at a time
	text   func(to, text string) string
	fence  string // such a line
	answer string // and what is said about it
}

func (s *server) joinComp9331(t *testing.T, name string) *lineUser {
	t.Helper()
	c := s.dial(t, "comp9331")
	r := bufio.NewReader(c)
	u := &lineUser{
		member: member{diary: newDiary(name), is: wireOf("comp9331"), conn: []net.Conn{c}},
		out:    c, fence: "fence\n", answer: "Error. Invalid command",
		text: func(to, text string) string { return "message " + to + " " + text + "\n" },
	}
	for _, step := range [...]struct{ prompt, answer string }{{"username: ", name}, {"password: ", passwords[name]}} {
		readUntil(t, r, c, step.prompt)
		if err := send(c, step.answer+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	if got := readUntil(t, r, c, "\n"); !strings.HasPrefix(got, "Welcome") {
		t.Fatalf("%s: %q", name, got)
	}
	go u.hear(r, "\n", u.comp9331Line)
	return u
}

// hear reads lines.
func (u *lineUser) hear(r *bufio.Reader, end string, line func(string)) {
	for {
		text, err := r.ReadString('\n')
		body, whole := strings.CutSuffix(text, end)
		if err != nil || !whole {
			u.add(gone, "", ending(err)+text)
			return
		}
		line(body)
	}
}

// comp9331Line is a line of its server. Nobody in these tests is called Usage.
func (u *lineUser) comp9331Line(line string) {
	who, text, isText := strings.Cut(line, ": ")
	if name, is := strings.CutSuffix(line, " logged in"); is && !strings.Contains(name, " ") {
		u.add(came, name, "")
	} else if name, is := strings.CutSuffix(line, " logged out"); is && !strings.Contains(name, " ") {
		u.add(went, name, "")
	} else if isText && !strings.Contains(who, " ") && who != "Usage" {
		u.add(said, who, text)
	} else {
		u.add(told, "", line)
	}
}

func (s *server) joinDtu(t *testing.T, name string) *lineUser {
	t.Helper()
	c := s.dial(t, "dtu")
	r := bufio.NewReader(c)
	u := &lineUser{
		member: member{diary: newDiary(name), is: wireOf("dtu"), conn: []net.Conn{c}},
		out:    c, fence: "LEAVE: #fence\r\n", answer: "NOTACCEPTED: you are not in #fence",
		text: func(to, text string) string { return "MSG " + to + ": " + text + "\r\n" },
	}
	if err := send(c, `CONNECT: "`+name+`" "A Name" 1.0.0`+"\r\n"); err != nil {
		t.Fatal(err)
	}
	if got := readUntil(t, r, c, "\r\n"); !strings.HasPrefix(got, "ACCEPTED: ") {
		t.Fatalf("%s: %q", name, got)
	}
	go u.hear(r, "\r\n", u.dtuLine)
	return u
}

// dtuLine is a line of its server.
func (u *lineUser) dtuLine(line string) {
	head, rest, _ := strings.Cut(line, ": ")
	words := strings.Split(head, " ")
	switch {
	case words[0] == "MSG" && len(words) == 3 && words[2] == u.name:
		u.add(said, words[1], rest)
	case words[0] == "MSG" && len(words) == 3:
		u.add(roomed, words[1], words[2]+" "+rest)
	case words[0] == "USERLIST" && len(words) == 2:
		u.add(listed, words[1], rest)
	case words[0] == "USERJOIN" && len(words) == 2:
		u.add(enters, rest, words[1])
	case words[0] == "USERLEAVE" && len(words) == 2:
		u.add(leaves, rest, words[1])
	case words[0] == "JOINED":
	default:
		u.add(told, "", line)
	}
}

func (u *lineUser) say(to, text string) (string, error) { return u.ask(u.text(to, text)) }

// ask sends a line and gives what is said of it.
func (u *lineUser) ask(line string) (string, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if err := send(u.out, line+u.fence); err != nil {
		return "", err
	}
	var said []string
	for {
		e, err := u.take(told, "")
		if err != nil || e.text == u.answer {
			return strings.Join(said, "; "), err
		}
		said = append(said, e.text)
	}
}
