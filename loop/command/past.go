package command

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/urfave/cli/v2"

	"mim/chat"
	"mim/chat/book"
	"mim/chat/client"
	"mim/chat/history"
	"mim/chat/term"
)

const (
	noHistory = "no-history"
	// pastTalks conversations are found again at the start, and of each the last
	// pastLines; more of them come when somebody scrolls there, and as many.
	pastTalks = 20
	pastLines = 200
	// pastWithin is how long the end waits for the disk.
	pastWithin = 2 * time.Second
)

func historyFlags() []cli.Flag {
	return []cli.Flag{&cli.BoolFlag{Name: noHistory, EnvVars: env(noHistory), DisableDefaultText: true,
		Usage: "keep nothing of what is said on this machine (the screen keeps it in $XDG_STATE_HOME/mim or ~/.local/state/mim), and show nothing of before"}}
}

// A past is the history of a messenger with a screen. Without one it does
// nothing.
type past struct {
	history *history.History
	record  *book.Book // whose it is, for the loop: it says what of a view is kept
	screen  *term.Screen
	asked   atomic.Bool // older lines are on their way
	trouble string      // why there is none; for the screen
}

// openPast opens the history of the account, unless that is not wanted. That it
// cannot be opened is no reason not to chat.
func openPast(c *cli.Context, j *joining, log *slog.Logger) *past {
	p := &past{record: book.New(book.Config{Name: j.target.name, Traits: j.dialect.Traits()})}
	if c.Bool(noHistory) {
		return p
	}
	dir, err := dataDir(c)
	if err == nil {
		account := j.target.name + "@" + j.target.server + "+" + j.dialect.Name()
		p.history, err = history.Open(dir, account, p.tell)
	}
	if err != nil {
		log.Warn("no history", "why", err)
		p.trouble = err.Error() + "; nothing of this talk is kept"
	}
	return p
}

// tell shows a sentence in the conversation that is open. Any goroutine.
func (p *past) tell(sentence string) {
	p.screen.Show(client.View{Event: client.Error, At: time.Now(), Text: sentence})
}

// follow has the screen show what there was, and more of it when it is asked.
func (p *past) follow(cfg *term.Config) {
	cfg.Start = func(b *book.Book) {
		if err := p.history.Fill(b, pastTalks, pastLines); err != nil {
			p.trouble = err.Error()
		}
	}
	cfg.Typed = p.history.Typed
	cfg.Older = p.older
	cfg.Commands = append(cfg.Commands, term.Command{Word: "/forget", Args: "[NAME|all]",
		Help: "forget what was said with NAME, in the open conversation, or everywhere, on this machine too", Do: p.forget})
	cfg.Commands = append(cfg.Commands, term.Command{Word: "/find", Args: "WORDS",
		Help: "look for words in all that was kept, of all conversations; /search looks in what the open one has in memory", Do: p.find})
}

// shows is told the screen, before anything is shown.
func (p *past) shows(s *term.Screen) {
	if p.screen = s; p.trouble != "" {
		p.tell(p.trouble)
	}
}

// heard keeps what there is to keep of a view; on the loop.
func (p *past) heard(v client.View) { p.history.Heard(p.record, v) }

// older fetches lines of before, on a goroutine of its own: the disk may be slow.
func (p *past) older(k book.Key, before time.Time) {
	if p.history == nil || !p.asked.CompareAndSwap(false, true) {
		return
	}
	go func() {
		defer p.asked.Store(false)
		list, all, err := p.history.Older(k, before, pastLines)
		if err != nil {
			p.tell(err.Error())
			return
		}
		p.screen.Do(func(b *book.Book) {
			if c := b.Conversation(k); c != nil {
				if at, ok := c.WantsOlder(); ok && at.Equal(before) {
					b.Restore(k, list, all)
				}
			}
		})
	}()
}

// mostFound is how many lines /find shows.
const mostFound = 20

// find is /find, on the screen's goroutine; the disk is asked on another.
func (p *past) find(b *book.Book, words string) (says string) {
	switch {
	case words == "":
		return "/find WORDS: what is to be found?"
	case p.history == nil:
		return "nothing is kept (--no-history); /search looks through what is shown"
	case !p.asked.CompareAndSwap(false, true):
		return "older lines are being read; try again in a moment"
	}
	in := b.Current().Key()
	go func() {
		defer p.asked.Store(false)
		found, err := p.history.Search(nil, words, mostFound)
		if err != nil {
			p.tell(err.Error())
			return
		}
		p.screen.Do(func(b *book.Book) { b.Tell(in, time.Now(), foundText(words, found)) })
	}()
	return "looking for " + words
}

// foundText lists what was found, the oldest first.
func foundText(words string, found []history.Hit) string {
	s := "nothing of what was kept has " + words + " in it"
	switch n := len(found); {
	case n == 1:
		s = "found " + words + ":"
	case n == mostFound:
		s = fmt.Sprintf("found %s, here the last %d:", words, n)
	case n > 1:
		s = fmt.Sprintf("found %s in %d lines:", words, n)
	}
	for _, f := range slices.Backward(found) {
		text, _, more := strings.Cut(f.Record.Text, "\n")
		if more {
			text += " ..."
		}
		s += fmt.Sprintf("\n%s  %s  %s: %s", f.Record.At.Local().Format("2006-01-02 15:04"), f.In, chat.Quote(f.Record.From), text)
	}
	return s
}

// forget is /forget, on the screen's goroutine.
func (p *past) forget(b *book.Book, rest string) (says string) {
	done := func(err error) {
		if err != nil && p.history != nil {
			p.tell("not forgotten on the disk: " + err.Error())
		}
	}
	if rest == "all" {
		for _, c := range b.Conversations() {
			b.Forget(c.Key())
		}
		p.history.ForgetAll(done)
		return "all conversations are forgotten"
	}
	k, ok := b.Named(rest)
	switch {
	case !ok && rest != "":
		k = book.Key{Kind: book.Person, Name: rest}
	case k.Kind == book.Home:
		return "/forget NAME or /forget all: @home is not kept"
	}
	b.Forget(k)
	p.history.Forget(k, done)
	return "what was said with " + k.String() + " is forgotten"
}

// close writes what waits.
func (p *past) close(log *slog.Logger) {
	if err := p.history.Close(pastWithin); err != nil {
		log.Warn("the history is not whole", "why", err)
	}
}
