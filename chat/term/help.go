package term

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"mim/chat/book"
	"mim/chat/client"
)

// A local is a command that the screen itself carries out.
type local struct {
	word, args, what string
	do               func(m *model, rest string) tea.Cmd
}

// locals are those commands; /close is one because a conversation that is over
// can be closed, too.
func locals() []local {
	return []local{
		{"/close", "[NAME]", "end the talk, or put it away when it is over", (*model).closeTalk},
		{"/search", "[WORDS]", "search what is in memory of this conversation", func(m *model, rest string) tea.Cmd { m.search(rest); return nil }},
		{"/bell", "off|dm|mention|all", "what rings: nothing, texts to you alone, those with your name too, all texts", (*model).setBell},
		{"/mouse", "on|off", "let the mouse scroll and open talks, or leave it to the terminal", (*model).setMouse},
		{"/help", "[COMMAND]", "this help, or what one command does", (*model).helpOn},
		{"/quit", "", "end all talks and leave mim", func(m *model, _ string) tea.Cmd { m.leave(); return nil }},
	}
}

// localWords are the words of locals and of more commands.
func localWords(more []Command) (words []string) {
	for _, l := range locals() {
		words = append(words, l.word)
	}
	for _, c := range more {
		words = append(words, c.Word)
	}
	return words
}

// command carries out a local command.
func (m *model) command(word, rest string) tea.Cmd {
	for _, l := range locals() {
		if l.word == word {
			return l.do(m, strings.TrimSpace(rest))
		}
	}
	for _, c := range m.cfg.Commands {
		if c.Word == word {
			m.says = oneRow(c.Do(m.book, strings.TrimSpace(rest)))
		}
	}
	return nil
}

// closeTalk ends a conversation: the open one, or that of a name.
func (m *model) closeTalk(name string) tea.Cmd {
	k, ok := m.book.Named(name)
	switch {
	case !ok:
		m.says = "there is no talk with " + m.rule.clip(oneRow(name), 40)
		return nil
	case k.Kind == book.Home:
		m.says = "@home stays; /close NAME ends a talk, /quit leaves mim"
		return nil
	}
	for _, line := range m.book.Close(k) {
		m.cfg.Line(line)
	}
	m.follow()
	return nil
}

func (m *model) setBell(word string) tea.Cmd {
	for i, w := range bellWords {
		if w == word {
			m.bell = bell(i)
			m.says = "the bell: " + word
			return nil
		}
	}
	m.says = "/bell off, dm, mention or all; now it is " + bellWords[m.bell]
	return nil
}

func (m *model) setMouse(word string) tea.Cmd {
	switch word {
	case "on", "off":
		m.mouse = word == "on"
		m.says = "the mouse is " + map[bool]string{true: "mim's: the wheel scrolls, a click opens a talk", false: "the terminal's"}[m.mouse]
	default:
		m.says = "/mouse on or off"
	}
	return nil
}

// A helping is the help, and how far it is scrolled.
type helping struct{ first int }

func (m *model) help() { m.top = &helping{} }

// helpOn tells of one command, or opens the help.
func (m *model) helpOn(word string) tea.Cmd {
	if word == "" {
		m.help()
		return nil
	}
	word, _, _ = strings.Cut("/"+strings.TrimPrefix(word, "/"), " ")
	for _, c := range m.commands() {
		if c[0] == word || strings.HasPrefix(c[0], word+" ") {
			m.says = c[0] + ": " + c[1]
			return nil
		}
	}
	if why := client.Instead(m.cfg.Traits, word); why != "" {
		m.says = m.cfg.Traits.Dialect + " cannot do " + word + ": " + why
		return nil
	}
	m.says = "there is no command " + m.rule.clip(oneRow(word), 40) + "; F1 lists them"
	return nil
}

// commands are all of them, with what they do; ours instead of the messenger's.
func (m *model) commands() (list [][2]string) {
	ours := map[string]bool{}
	for _, l := range locals() {
		ours[l.word] = true
	}
	for _, c := range client.Commands(m.cfg.Traits) {
		if !ours[c.Word] {
			list = append(list, [2]string{strings.TrimSpace(c.Word + " " + c.Args), c.Help})
		}
	}
	for _, l := range locals() {
		list = append(list, [2]string{strings.TrimSpace(l.word + " " + l.args), l.what})
	}
	for _, c := range m.cfg.Commands {
		list = append(list, [2]string{strings.TrimSpace(c.Word + " " + c.Args), c.Help})
	}
	return list
}

// text is the whole help, in rows of two columns or, of one, a heading.
func (m *model) helpText() [][2]string {
	rows := [][2]string{
		{"Write to somebody"},
		{"@bob hello", "says hello to bob and opens the talk; or Ctrl+K, and choose who"},
		{"hello", "in a talk or room: says it there"},
		{"/close", "ends the talk"}, {"/quit", "leaves mim; so does Ctrl+C on an empty line"},
		{""}, {"Keys"},
	}
	for _, b := range bindings() {
		if b.shown != "" {
			rows = append(rows, [2]string{b.shown, b.what})
		}
	}
	rows = append(rows, [2]string{""}, [2]string{"Commands"})
	rows = append(rows, m.commands()...)
	rows = append(rows, [2]string{"//text", "says /text"},
		[2]string{""}, [2]string{"Signs"},
		[2]string{"… ✓ ✓✓ ✗", "a text of yours waits, is with their machine or the server, was confirmed by their program, has failed"},
		[2]string{"» 3!", "your name is in it; 3 are unread, one with your name"},
		[2]string{"+ ×", "something happened there; the talk is over"})
	return rows
}

// helpRows is the help in so many cells.
func (m *model) helpRows(cells int) (rows []string) {
	wide := 0
	for _, r := range m.helpText() {
		if r[1] != "" {
			wide = max(wide, m.rule.width(r[0]))
		}
	}
	wide = min(wide, cells/3)
	for _, r := range m.helpText() {
		switch {
		case r[1] == "":
			rows = append(rows, m.look.strong.on(m.rule.clip(" "+r[0], cells)))
			continue
		case m.rule.width(r[0]) > wide: // a row of its own
			rows = append(rows, "  "+m.rule.clip(r[0], cells-2))
			r[0] = ""
		}
		for i, p := range m.rule.wrap(r[1], cells-wide-5) {
			head := blanks(wide)
			if i == 0 {
				head = m.rule.fit(r[0], wide)
			}
			rows = append(rows, "  "+head+"  "+m.look.faint.on(r[1][p.from:p.to]))
		}
	}
	return rows
}

func (h *helping) press(m *model, key, text string) (bool, tea.Cmd) {
	l := m.layout()
	last := max(0, len(m.helpRows(l.middle))-l.text)
	switch key {
	case "esc", "f1", "q", "ctrl+c", "enter":
		m.top = nil
	case "down":
		h.first = min(h.first+1, last)
	case "up":
		h.first = max(h.first-1, 0)
	case "pgdown", "space":
		h.first = min(h.first+l.text-1, last)
	case "pgup":
		h.first = max(h.first-l.text+1, 0)
	case "home":
		h.first = 0
	case "end":
		h.first = last
	default:
		m.top = nil // whoever types has read enough
		return false, nil
	}
	return true, nil
}

func (h *helping) rows(m *model, l layout) []string {
	rows := m.helpRows(l.middle)
	h.first = clamp(h.first, 0, max(0, len(rows)-l.text))
	return rows[h.first:min(len(rows), h.first+l.text)]
}

func (h *helping) line() *editor  { return nil }
func (h *helping) prompt() string { return "" }
func (h *helping) hint() string   { return "PgDn, PgUp: more of the help  Esc: back" }
