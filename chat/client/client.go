// Package client is one person's messenger: the table of people, any number
// of direct talks at once, what waits to be sent, and how the server is found
// again. It is a state machine and nothing else: no sockets, no goroutines, no
// clock. Whoever drives it calls one method for each thing that happened, with
// the time, and carries out the effects that come back.
//
//	                    Line, EOF, Interrupt                  (the person)
//	Server{Opened,Event,Closed,Failed}                        (the links to the server)
//	Peer{Opened,Request,Ended,Closed,Failed}, Left            (direct lines)
//	Text{Came,Sent,Confirmed,Failed}, Named, Room..., ...     (datagrams)
//	Voice{Failed,Notice}                                      (the sound of calls)
//	                    Tick, asked for by Next               (time)
//	                            |
//	                            v
//	Dial, Login, Ask, HangUp   Call, Send, Finish, Close   Know, Write ...   Voice...   Show   Quit
//
// How text gets to people the dialect's Traits say: on direct lines (line.go,
// talk.go), by datagrams (datagram.go) or through the server (relay.go), there
// perhaps in rooms (rooms.go) and with calls by voice (call.go).
//
// The link to the server lives in these phases (seed 000: a client can lose
// the server and talk on):
//
//	phase     opened    answer    settled   closed or failed   time-out
//	dialling  asked     -         -         away               (the dial's own)
//	asked     -         settling  -         away               away
//	settling  -         -         online    away               -
//	online    -         -         -         away               -
//	away      -         -         -         -                  dialling
//
// A link that fails before the very first answer ends the program instead.
// With Traits.Parts there are two links: the answer on the first leads back to
// dialling, for the second, and the end of either is the end of both. Without
// Traits.Presence no table comes, and settling is over at once; with
// Traits.WhoElse we ask for it, and settling is over when it is there.
package client

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"mim/chat"
)

// Config says who is there and how.
type Config struct {
	Name   string      // our own name
	Pass   []byte      // the password that goes with it, in dialects with Traits.Accounts
	Server string      // the server as the person named it, for sentences
	Traits chat.Traits // of the dialect that we speak
	// Listening is our own listener; its port is what we log in with. Not
	// valid where others reach us through the server.
	Listening netip.AddrPort
	// Strict makes a line without an addressee an error (JSON mode); else it
	// goes to the conversation last used.
	Strict bool
	// Retry: look for a lost server again. Without it the program ends once
	// the server is lost and the last talk is over.
	Retry bool
	// Screen: the views are for a screen. They say more then: Waiting, Trying,
	// and the last fields of View.
	Screen bool
	Rand   *rand.Rand // spreads the retries; must not be nil
}

// A Client is the state of one messenger. Its methods are called by one
// goroutine and return effects in a slice that the next call uses again; the
// effects are to be carried out in order, before the next call.
type Client struct {
	cfg    Config
	now    time.Time // of the call that is being carried out
	out    []Effect
	server server
	exit   exit

	people []*contact          // listed by the server, in the order they came
	listed map[entry]*contact  // the same, by what they are known by
	known  map[string]*contact // by handle: the listed, and those we talked with
	names  map[string]namesakes
	past   []*contact // known but not listed, the longest gone first
	last   *contact   // the conversation last used, or nil

	lines   map[chat.Link]*line
	callers []*line             // accepted, nobody's yet: in the order they called
	delayed []*line             // with texts that wait for another line, by until
	calls   map[uint64]*contact // dials under way
	redials []*contact          // waiting for their next try
	lastID  uint64              // of tickets and calls
	typing  string              // the line that is being carried out; empty: none
	texts   uint64              // so many of ours were accepted: the last View.Ticket

	relay relay
	rooms []*room // that we are in, where there are any (rooms.go)
	alias string  // what others there know us by, if not by our name (KnownAs)

	calling calls // by voice (call.go)
	tables  tables
	dgrams  datagrams // what goes by them (datagram.go)

	unsettled int      // texts neither sent nor failed
	held      []string // input that waits for the table
	heldBytes int
}

// New makes a client that has done nothing yet; Start sets it going.
func New(cfg Config) *Client {
	return &Client{
		cfg:    cfg,
		listed: make(map[entry]*contact),
		known:  make(map[string]*contact),
		names:  make(map[string]namesakes),
		lines:  make(map[chat.Link]*line),
		calls:  make(map[uint64]*contact),
		dgrams: datagrams{at: map[netip.AddrPort]*contact{}, letters: map[uint64]*letter{}},
	}
}

// Start looks for the server. It is called once, before anything else.
func (c *Client) Start(now time.Time) []Effect {
	c.begin(now)
	c.dialServer()
	return c.end()
}

// begin starts a call; end finishes it and hands out what is to be done.
func (c *Client) begin(now time.Time) {
	c.now = now
	c.out = c.out[:0]
}

func (c *Client) end() []Effect {
	c.turns()
	c.checkExit()
	return c.out
}

// Tick carries out what is due at now.
func (c *Client) Tick(now time.Time) []Effect {
	c.begin(now)
	if c.exit.phase == gone {
		return c.out
	}
	c.tickServer()
	c.tickRelay()
	c.tickCallers()
	c.tickDelayed()
	c.tickRedials()
	c.tickCalls()
	c.tickDatagrams()
	return c.end()
}

// Next is when Tick wants to be called; zero: not before something happens.
func (c *Client) Next() time.Time {
	if c.exit.phase == gone {
		return time.Time{}
	}
	next := c.server.until
	sooner := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	sooner(c.relay.until)
	sooner(c.relay.rest)
	sooner(c.exitDue())
	sooner(c.callDue())
	sooner(c.datagramsDue())
	for _, l := range c.callers {
		sooner(l.until)
	}
	if len(c.delayed) > 0 {
		sooner(c.delayed[0].until)
	}
	for _, k := range c.redials {
		sooner(k.redial)
	}
	return next
}

func (c *Client) do(e Effect) { c.out = append(c.out, e) }

func (c *Client) show(v View) {
	v.At = c.now
	if !c.cfg.Screen {
		if v.Event.ForScreen() {
			return
		}
		v.Ticket, v.Unsure = 0, false
	} else if v.Event == Error || v.Event == Notice || v.Event == Table {
		v.Line = c.typing
	}
	c.do(Effect{Kind: Show, View: v})
}

// about calls f, which shows what became of a line that was typed before.
func (c *Client) about(line string, f func()) {
	now := c.typing
	c.typing = line
	f()
	c.typing = now
}

func (c *Client) fail(err *chat.Error) {
	c.show(View{Event: Error, Kind: err.Kind.String(), Text: err.Text})
}

// accepted numbers a text that was typed to k, and says that it waits.
func (c *Client) accepted(k *contact, words string) uint64 {
	c.texts++
	v := View{Event: Waiting, From: c.cfg.Name, To: k.handle, Text: words, Ticket: c.texts, Path: PathRelay}
	if !c.relayed() {
		v.Path = PathDirect
	}
	if k.room {
		v.To, v.Room = "", k.handle
	}
	c.show(v)
	return c.texts
}

func (c *Client) id() uint64 {
	c.lastID++
	return c.lastID
}

// reason words why something ended, for people.
func reason(why error, orderly string) string {
	if why == nil {
		return orderly
	}
	return why.Error()
}
