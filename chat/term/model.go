package term

import (
	"strings"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"mim/chat"
	"mim/chat/book"
	"mim/chat/client"
)

// Config says whose screen it is, and where what is typed goes.
type Config struct {
	Name   string      // our own name
	Server string      // as the person named it
	Traits chat.Traits // of the dialect that we speak
	Mouse  bool        // clicks and the wheel are ours, not the terminal's
	Zone   *time.Location
	// Line takes a line as mim join takes it, Interrupt asks for the end, a second
	// time at once. Both are called on the screen's goroutine and must not block.
	Line      func(line string)
	Interrupt func()
	// Start, if not nil, may put into the book what was there before; before
	// anything is shown, on the goroutine of New.
	Start func(b *book.Book)
	// Typed, if not nil, is told some seconds after a key, and at the end, to keep
	// drafts. On the screen's goroutine; it must not block.
	Typed func(b *book.Book)
	// Older, if not nil, is told that somebody scrolls beyond the first line that
	// the book has of a conversation; what a history has of before that time is
	// handed to the book by Do. On the screen's goroutine; it must not block.
	Older func(k book.Key, before time.Time)
	// Commands are more commands of the input line.
	Commands []Command
	Now      func() time.Time // nil: time.Now
}

// A Command is a word of the input line that somebody else carries out.
type Command struct {
	Word, Args, Help string
	// Do gets what follows the word and gives a sentence for the status line. On
	// the screen's goroutine; it must not block.
	Do func(b *book.Book, rest string) (says string)
}

// A model is the state of the screen. It is touched by the program's goroutine
// only.
type model struct {
	cfg  Config
	book *book.Book
	rule ruler
	look *styles
	keys map[string]*binding

	width, height int
	edit          editor
	edits         book.Key // the conversation whose draft the editor has
	left, right   toggle
	mouse         bool
	bell          bell
	top           overlay   // lies over the text; nil: none
	asks          *question // waits for an answer; nil: none
	tabs          *tabbing  // completion that goes on; nil: none
	says          string    // in the status line, until the next key
	goes          bool      // what is typed in @home is for somebody: go there
	joins         string    // a room that was asked for: go there
	leaving       bool
	ticking       bool
	keeping       bool // drafts are to be kept in a moment

	drawn tea.View // the last one
	fresh bool     // it is still right
}

// tick tells that a second is over, while something counts seconds.
type tick struct{}

func newModel(cfg Config) *model {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	m := &model{
		cfg:   cfg,
		book:  book.New(book.Config{Name: cfg.Name, Traits: cfg.Traits, Zone: cfg.Zone, Local: localWords(cfg.Commands)}),
		look:  newStyles(true),
		mouse: cfg.Mouse,
		bell:  bellMention,
	}
	m.keys = byKey(bindings())
	if cfg.Start != nil {
		cfg.Start(m.book)
	}
	return m
}

// Init implements tea.Model.
func (m *model) Init() tea.Cmd { return tea.RequestBackgroundColor }

// Update implements tea.Model.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m.fresh = false
	var cmd, later tea.Cmd
	switch msg := msg.(type) {
	case arrived:
		cmd = m.apply(msg)
	case closing:
		cmd = m.apply(arrived(msg))
		m.keep()
		return m, tea.Sequence(cmd, tea.Quit)
	case tea.KeyPressMsg:
		cmd = m.press(msg)
		if !m.keeping {
			m.keeping = true
			later = tea.Tick(keepAfter, func(time.Time) tea.Msg { return keepDrafts{} })
		}
	case tea.PasteMsg:
		cmd = m.paste(msg.Content)
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.FocusMsg:
		m.book.Focus(true)
	case tea.BlurMsg:
		m.book.Focus(false)
	case tea.MouseClickMsg:
		m.click(tea.Mouse(msg))
	case tea.MouseWheelMsg:
		m.wheel(tea.Mouse(msg))
	case tea.BackgroundColorMsg:
		m.look = newStyles(msg.IsDark())
	case tea.ModeReportMsg:
		m.measure(msg)
	case tick:
		m.ticking = false
	case keepDrafts:
		m.keep()
	}
	m.follow()
	return m, tea.Batch(cmd, m.clock(), later)
}

// measure takes over how the terminal measures text; the renderer does the same.
func (m *model) measure(r tea.ModeReportMsg) {
	if r.Mode == ansi.ModeUnicodeCore && (r.Value == ansi.ModeReset || r.Value == ansi.ModeSet || r.Value == ansi.ModePermanentlySet) {
		m.rule.method = ansi.GraphemeWidth
		m.edit.rule = m.rule
	}
}

// apply takes views into the book, and rings the bell once for all of them.
func (m *model) apply(a arrived) tea.Cmd {
	ring := false
	for i := range a.views {
		if n := m.book.Apply(a.views[i]); m.bell.rings(n) {
			ring = true
		}
		m.goAlong(&a.views[i])
		m.failedElsewhere(&a.views[i])
	}
	for _, f := range a.posts {
		f(m.book)
	}
	if ring {
		return tea.Raw("\a")
	}
	return nil
}

// failedElsewhere says that a text of ours was not sent, if its line is in a
// conversation that is not to be seen.
func (m *model) failedElsewhere(v *client.View) {
	if v.Event != client.Sent || v.State != client.StateFailed {
		return
	}
	k := m.book.About(*v)
	if k != m.book.Current().Key() {
		m.says = "not sent to " + k.String() + ": " + oneRow(v.Why) + "; Ctrl+K goes there"
	}
}

// goAlong opens the conversation that the person has just begun: by a text from
// @home, or by joining a room.
func (m *model) goAlong(v *client.View) {
	switch {
	case v.Event == client.Waiting && m.goes:
		m.goes = false
		for _, k := range []book.Key{{Kind: book.Room, Name: v.Room}, {Kind: book.Person, Name: v.To}, {Kind: book.Everyone}} {
			if m.book.Conversation(k) != nil {
				m.along(k)
				return
			}
		}
	case v.Event == client.Error && v.Line != "":
		m.goes = false
	case v.Event == client.Joined && m.joins != "" && chat.Fold(v.Room) == chat.Fold(m.joins):
		m.joins = ""
		m.along(book.Key{Kind: book.Room, Name: v.Room})
	}
}

// along opens k while the person may be typing already. A line that was begun in
// @home comes along, as it goes on there; one for somebody else is not left in
// the middle, for its second half would be said in k.
func (m *model) along(k book.Key) {
	from, at := m.book.Current(), m.edit.at
	typed := from.Draft()
	if typed == "" || from.Key() == k {
		m.open(k)
		return
	}
	if c := m.book.Conversation(k); from.Key().Kind != book.Home || c != nil && c.Draft() != "" {
		m.says = "Ctrl+K goes to " + k.String()
		return
	}
	m.book.SetDraft(from.Key(), "")
	m.open(k)
	m.book.SetDraft(k, typed)
	m.edit.set(typed)
	m.edit.at = at
}

// follow makes the editor that of the open conversation: its draft may have come
// back with an error, or another conversation may be open.
func (m *model) follow() {
	c := m.book.Current()
	if c.Key() != m.edits {
		m.edits, m.tabs = c.Key(), nil
		m.edit.set(c.Draft())
		m.edit.at = len(m.edit.text)
	} else if c.Draft() != m.edit.text {
		m.edit.set(c.Draft())
	}
}

// clock asks for a tick while something counts seconds.
func (m *model) clock() tea.Cmd {
	if m.ticking || !m.counts() {
		return nil
	}
	m.ticking = true
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return tick{} })
}

// press takes a key.
func (m *model) press(k tea.KeyPressMsg) tea.Cmd {
	name := k.Keystroke()
	m.says = ""
	if letter, ok := m.escaped(k); ok {
		m.press(tea.KeyPressMsg{Code: tea.KeyEscape})
		return m.press(letter)
	}
	if m.asks != nil && !m.typesOn(k.Text) {
		return m.answer(name)
	}
	if m.top != nil {
		if done, cmd := m.top.press(m, name, k.Text); done {
			return cmd
		}
	}
	if b := m.keys[name]; b != nil {
		if name != "tab" && name != "shift+tab" {
			m.tabs = nil
		}
		return b.do(m)
	}
	if k.Text != "" {
		m.tabs = nil
		m.insert(k.Text)
	}
	return nil
}

// escaped reports whether a key is Esc and, right behind it, a character: most
// terminals send the same for both at once as for Alt with that key. So it is
// taken where Alt with that key means nothing.
func (m *model) escaped(k tea.KeyPressMsg) (letter tea.KeyPressMsg, ok bool) {
	if k.Mod&^tea.ModShift != tea.ModAlt || k.Code < ' ' || k.Code >= tea.KeyExtended || m.asks == nil && m.keys[k.Keystroke()] != nil {
		return tea.KeyPressMsg{}, false
	}
	r := k.Code
	if k.ShiftedCode != 0 && k.Mod&tea.ModShift != 0 {
		r = k.ShiftedCode
	} else if k.Mod&tea.ModShift != 0 {
		r = unicode.ToUpper(r)
	}
	return tea.KeyPressMsg{Code: r, Text: string(r)}, unicode.IsPrint(r)
}

// keepAfter is how long after a key the drafts are kept.
const keepAfter = 2 * time.Second

// keepDrafts tells that it is time to keep the drafts.
type keepDrafts struct{}

func (m *model) keep() {
	if m.keeping = false; m.cfg.Typed != nil {
		m.cfg.Typed(m.book)
	}
}

// insert types s at the cursor.
func (m *model) insert(s string) {
	if !m.edit.insert(s) {
		m.says = "the text is as long as a text can be"
	}
	m.typed()
}

// typed keeps what is in the editor as the draft.
func (m *model) typed() { m.book.SetDraft(m.edits, m.edit.text) }

// pasteAsks is how many lines a paste may have without a question.
const pasteAsks = 3

// paste takes pasted text. One of many lines could be a slip, and would be many
// texts.
func (m *model) paste(s string) tea.Cmd {
	m.says, m.tabs = "", nil
	if m.asks != nil {
		return nil
	}
	if m.top != nil {
		if done, cmd := m.top.press(m, "", oneRow(s)); done {
			return cmd
		}
	}
	s = strings.TrimRight(clean(s), "\n")
	if n := 1 + strings.Count(s, "\n"); n > pasteAsks {
		m.asks = pasteQuestion(s, n)
		return nil
	}
	m.insert(s)
	return nil
}

// oneRow is s as a single line.
func oneRow(s string) string { return strings.ReplaceAll(clean(s), "\n", " ") }

// send gives what was typed to the messenger, or does it here.
func (m *model) send() tea.Cmd {
	home := m.edits.Kind == book.Home
	e := m.book.Enter(m.cfg.Now())
	m.follow()
	for _, line := range e.Lines {
		if room, ok := strings.CutPrefix(line, "/join "); ok {
			m.joins = strings.TrimSpace(room)
		} else if home && says(line) {
			m.goes = true
		}
		m.cfg.Line(line)
	}
	if e.Local != "" {
		return m.command(e.Local, e.Rest)
	}
	return nil
}

// says reports whether a line is a text for somebody.
func says(line string) bool {
	word, _, _ := strings.Cut(line, " ")
	return line[0] == '@' || word == "/msg" || word == "/say" || word == "/all"
}

// open makes k the conversation that is read.
func (m *model) open(k book.Key) {
	m.top = nil
	m.book.Open(k)
	m.follow()
}

// View implements tea.Model.
func (m *model) View() tea.View {
	if m.fresh {
		return m.drawn
	}
	v := tea.NewView("")
	v.AltScreen, v.ReportFocus = true, true
	v.WindowTitle = m.title()
	if m.mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	if m.width > 0 && m.height > 0 {
		m.draw(&v)
	}
	m.drawn, m.fresh = v, true
	return v
}
