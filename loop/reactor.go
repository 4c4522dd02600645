package loop

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net"
	"os"
	"sync"
	"time"

	"github.com/panjf2000/gnet/v2"
	"github.com/panjf2000/gnet/v2/pkg/logging"
	"golang.org/x/sys/unix"
)

// Config says what a Reactor listens on and where its bounds are. The zero
// value of each field but Doors stands for its default.
type Config struct {
	Doors []Door // at least one
	// Reserve is how many descriptors are kept for everything but connections:
	// dials under way (64 at most), files, the log. Whatever the process opens
	// besides connections must fit in. Default 256.
	Reserve int
	// MaxConns bounds the open connections. 0: the open-file limit less Reserve.
	MaxConns int
	// MaxUnsent is how many bytes may wait on one link. Over it for SlowFor,
	// or 16 times over it at once, the link is dropped with ErrSlow. A piece
	// of the list counts 64 bytes beside its own: a piece is what Sends queued
	// that could be joined, or one Send with a gap. Bytes, default 1 MiB.
	MaxUnsent int
	// MaxCopied bounds, over all links, the bytes that wait in copies because
	// their links are slow (those that all others have are shared and count
	// once). Pieces count as for MaxUnsent. When there is no room for one more,
	// links are dropped with ErrSlow until an eighth is free: those first whose
	// sockets have taken nothing for the longest time. Bytes, default 256 MiB.
	MaxCopied int
	// SlowFor: see MaxUnsent. Links with a gap between their writes are
	// dropped when their socket has taken nothing for that long, instead, or
	// their oldest piece is ten times as old. Default 30 s.
	SlowFor time.Duration
	// UnreadFor is how long a link may stay unread because too many of its bytes
	// are kept, while its mode uses none of them; then it is dropped with
	// ErrFlood. The time does not run while the mode owes the link something,
	// up to ten times UnreadFor in all. Default 60 s.
	UnreadFor time.Duration
	// Turn, if not nil, is told after each round how long its callbacks and its
	// turn kept the loop. It is called on the loop and must not block.
	Turn func(time.Duration)
	// Log gets what goes wrong inside. nil: nothing is logged.
	Log *slog.Logger
}

// Stats are counters since the start. Open is a number of now.
type Stats struct {
	Turns   uint64 // of the anchor
	Sends   uint64 // calls of Send that queued something
	Writes  uint64 // system calls that wrote to links
	Bytes   uint64 // that they wrote
	Open    int    // links
	Refused uint64 // newcomers, for want of room
	Slow    uint64 // links dropped with ErrSlow
	Panics  uint64 // in callbacks of the mode
}

// A Reactor drives a Mode on real sockets with one gnet event loop. Start,
// Done, Stop, Stats and Post may be called by any goroutine; the rest of its
// methods is Net, for the loop only.
type Reactor struct {
	cfg   Config
	mode  Mode
	log   *slog.Logger
	doors []Door // with their real ports
	start time.Time

	mail     mailbox
	ready    chan struct{} // closed after Booted
	ticked   chan struct{} // closed when the loop runs
	tickOnce sync.Once
	done     chan error
	ended    chan struct{}   // closed when the engine has ended, after done
	ctx      context.Context // ends with the engine
	cancel   context.CancelFunc
	stopOnce sync.Once

	statsMu sync.Mutex
	stats   Stats

	// Set before the loop runs.
	gnet    gnet.Engine
	guards  []guard
	udp     []udpDoor
	maxFD   int // newcomers with this descriptor or a higher one are refused
	halves  int // links that live on a duplicate; their numbers say nothing
	copied  int // what waits in private links weighs, see Config.MaxCopied
	bootErr error

	// On the loop only.
	booted, turning, stopping bool

	loop   gnet.EventLoop
	poller int // gnet's epoll descriptor; -1: unknown
	now    time.Time
	at     time.Duration // now, since start
	count  Stats
	batch  []func()

	links  []*link // by slot
	uses   []uint32
	free   []uint32
	sides  sync.Pool // of empty *side: the collector frees those that a rush left
	closed []obituary
	doomed []*link

	dirty, lazy, stalled []*link
	again                []*link
	backlog              int // links with unsent bytes
	scratch              []byte
	reached              []uint64
	polls                []unix.PollFd
	pollStep             time.Duration

	worked time.Duration // in callbacks since the last turn; with Config.Turn only

	timers  timers
	timer   *time.Timer
	timerAt time.Duration // when it rings; 0: not set
	lazyAt  time.Duration
	pollAt  time.Duration
	alarm   time.Duration
	stopAt  time.Duration
	parting bool

	dials   []*dial
	dialing int

	doorAt    map[net.Addr]int
	datagrams *batch // nil before the first
	to4       unix.SockaddrInet4
	to6       unix.SockaddrInet6
}

// New makes a Reactor for m. Nothing is opened before Start.
func New(cfg Config, m Mode) *Reactor {
	if cfg.Reserve == 0 {
		cfg.Reserve = 256
	}
	if cfg.MaxUnsent == 0 {
		cfg.MaxUnsent = 1 << 20
	}
	if cfg.MaxCopied == 0 {
		cfg.MaxCopied = 256 << 20
	}
	if cfg.SlowFor == 0 {
		cfg.SlowFor = 30 * time.Second
	}
	if cfg.UnreadFor == 0 {
		cfg.UnreadFor = 60 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	r := &Reactor{
		cfg: cfg, mode: m, log: cfg.Log, start: time.Now(),
		mail: mailbox{fd: -1}, poller: -1,
		ready: make(chan struct{}), ticked: make(chan struct{}),
		done: make(chan error, 1), ended: make(chan struct{}),
		doorAt: make(map[net.Addr]int),
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// Start binds the doors and starts the loop. It returns when all doors listen
// and Booted has run. A door that cannot be had is a *ListenError; errors.Is
// with a syscall.Errno says why. A Reactor starts once.
func (r *Reactor) Start() error {
	if len(r.cfg.Doors) == 0 {
		return ErrNoDoors
	}
	if err := r.setLimit(); err != nil {
		return err
	}
	if err := r.bind(); err != nil {
		return err
	}
	anchor, err := r.castAnchor()
	if err != nil {
		r.dropGuards()
		return err
	}
	go r.run()
	if err := r.enroll(anchor); err != nil {
		r.mail.close()
		return err
	}
	select {
	case <-r.ready:
		return nil
	case <-r.ended:
		return r.startError()
	}
}

// setLimit finds the descriptor from which on newcomers are refused.
func (r *Reactor) setLimit() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return os.NewSyscallError("getrlimit", err)
	}
	files := int(min(uint64(limit.Cur), math.MaxInt32))
	r.maxFD = files - r.cfg.Reserve
	if r.maxFD < 32+len(r.cfg.Doors) {
		return fmt.Errorf("limit of %d open files leaves no room for connections beside %d in reserve", files, r.cfg.Reserve)
	}
	return nil
}

// bind takes the ports of all doors with guards.
func (r *Reactor) bind() error {
	r.udp = make([]udpDoor, len(r.cfg.Doors))
	for i, d := range r.cfg.Doors {
		g, at, err := newGuard(d)
		if err != nil {
			r.dropGuards()
			return &ListenError{d, err}
		}
		r.guards = append(r.guards, g)
		r.doors = append(r.doors, Door{d.Network, at})
		r.udp[i].fd = -1
	}
	return nil
}

func (r *Reactor) dropGuards() {
	for _, g := range r.guards {
		g.close()
	}
	r.guards = nil
}

// castAnchor makes the socket pair of the mailbox and gives the loop's end.
func (r *Reactor) castAnchor() (net.Conn, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, os.NewSyscallError("socketpair", err)
	}
	for _, fd := range fds {
		unix.CloseOnExec(fd)
		_ = unix.SetNonblock(fd, true)
	}
	f := os.NewFile(uintptr(fds[0]), "anchor")
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		unix.Close(fds[1])
		return nil, err
	}
	r.mail.open(fds[1])
	return c, nil
}

// run is the goroutine of the engine.
func (r *Reactor) run() {
	addrs := make([]string, len(r.doors))
	for i, d := range r.doors {
		addrs[i] = d.Network + "://" + d.Addr.String()
	}
	err := gnet.Rotate(&engine{Reactor: r}, addrs,
		gnet.WithNumEventLoop(1),
		gnet.WithReusePort(reusePort),                 // accepts on the loop itself
		gnet.WithReuseAddr(true),                      // connections in TIME_WAIT do not count
		gnet.WithReadBufferCap(maxRead),               // see maxKept
		gnet.WithTicker(true),                         // its first tick says that the loop runs
		gnet.WithLoadBalancing(gnet.LeastConnections), // the only one without a race in Register
		gnet.WithLogger(engineLog{r.log}),
		gnet.WithLogLevel(logging.WarnLevel),
	)
	r.epilogue(err)
}

// enroll makes the loop's end of the anchor a connection of the loop.
func (r *Reactor) enroll(anchor net.Conn) error {
	select {
	case <-r.ticked: // before it Register races with the start of the engine
	case <-r.ended:
		anchor.Close()
		return r.startError()
	}
	ctx := gnet.NewContext(context.Background(), r)
	result, err := r.gnet.Register(gnet.NewNetConnContext(ctx, anchor))
	if err == nil {
		select {
		case res := <-result:
			err = res.Err
		case <-r.ended:
			return r.startError()
		}
	}
	if err != nil {
		r.halt()
		return fmt.Errorf("anchor: %w", err)
	}
	return nil
}

// startError is why the engine ended before it had started.
func (r *Reactor) startError() error {
	switch err := <-r.done; {
	case r.bootErr != nil:
		return r.bootErr
	case err != nil:
		return err
	}
	return ErrStopped
}

// Done gives one value when the engine has ended, and is closed then: nil
// after Stop, else an error that is ErrEngineEnded, after which the process
// cannot go on.
func (r *Reactor) Done() <-chan error { return r.done }

// Now is the time of this turn.
func (r *Reactor) Now() time.Time { return r.now }

// Post runs f on the loop. Posts made after the end are dropped.
func (r *Reactor) Post(f func()) { r.mail.post(f) }

// Stats gives the counters, at most one round old.
func (r *Reactor) Stats() Stats {
	r.statsMu.Lock()
	defer r.statsMu.Unlock()
	return r.stats
}

// Unsent is how many bytes wait on all links, and on how many links some do.
// On the loop only; it looks at each link.
func (r *Reactor) Unsent() (bytes, links int) {
	for _, l := range r.links {
		if l != nil && l.unsent() > 0 {
			bytes, links = bytes+l.unsent(), links+1
		}
	}
	return bytes, links
}

// publish lets the other goroutines see the counters.
func (r *Reactor) publish() {
	r.statsMu.Lock()
	r.stats = r.count
	r.statsMu.Unlock()
}
