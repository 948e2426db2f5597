package pool

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/resp"
)

// ErrClosed is returned once [Pool.Close] was called.
var ErrClosed = errors.New("redis: the pool is closed")

// A Pool hands out connections. Its methods may be called concurrently.
type Pool struct {
	cfg     Config
	made    time.Time
	waiters sync.Pool // of *waiter. Not shared with other pools: under testing/synctest, channels must stay in their bubble

	mu         lock      // never held across I/O, a dial or a handler; guards everything below but front
	kept       []*member // of the current generation: shared, or idle
	apart      []*member // in use and not to be shared: checked out alone, or to be closed once their callers are done
	alone      int       // how many of apart are checked out alone, of the current generation
	queue      queue     // callers for whom there is no connection yet
	dials      []*dial   // in flight, of the current generation
	dialling   int       // dials in flight, of any generation
	dialled    uint64    // dials begun, which numbers them
	failures   uint64    // connections found dead
	generation uint64    // of connections that may be used
	dialCtx    context.Context
	stopDials  context.CancelFunc
	holders    int   // callers that hold a member, and dials that have ended and are still to be told of
	doomed     []end // out of the pool, to be closed by unlock
	closing    int   // how many unlock is about to close
	closed     bool
	shut       chan struct{} // closed when the pool is
	drained    chan struct{} // closed when the pool is, and nothing is left of it
	clock      clock
	timer      *time.Timer
	aging      bool          // a kept connection has lived for too long
	turns      uint64        // connections given back, which numbers that
	samples    int           // how many more requests are to be timed until the next tick
	dialEnd    chan struct{} // closed when a dial ends; nil: nobody waits for that
	outage     backoff       // of dials
	dialFails  uint64        // dials of their generation that failed
	dialErr    error         // the last of them
	recovery   *recovery     // from an outage, to be told by unlock
	reports    reports
	refusals   backoff // of servers that are no master
	inUse      int     // connections with a caller, of any generation
	usage      usage   // for Advice
	stats      Stats   // counters only
	rounds     uint64  // of the front that are over
	offered    int     // seats of this round; 0: there is none

	front front // without mu
}

// New makes a pool. It dials nothing yet.
func New(cfg Config) (*Pool, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	p := &Pool{cfg: cfg, made: time.Now(), clock: clock{tick: tickOf(cfg.IdleTimeout)}, shut: make(chan struct{}), drained: make(chan struct{}), reports: reports{log: cfg.Logger}}
	p.mu.pool = p
	p.dialCtx, p.stopDials = context.WithCancel(context.Background())
	return p, nil
}

// RoundTrip sends q on a kept connection, as [conn.Conn.RoundTrip] does, together with whatever else is in flight there. A blocking request gets a
// connection to itself. The package comment says when a request is sent a second time.
func (p *Pool) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	g := newGuard(p, q, h)
	defer g.recycle()
	err := p.try(ctx, g, 0)
	if err == nil || ctx.Err() != nil || !g.again(err) {
		return err
	}
	return p.retry(ctx, g, err)
}

// With checks a connection out for fn alone. When fn returns nil the connection is kept for others, so fn must leave it as it found it: no MULTI, WATCH,
// SUBSCRIBE or SELECT in force. When fn returns an error, or panics, the connection is closed. fn must not keep it, and must not call [Pool.Close].
func (p *Pool) With(ctx context.Context, fn func(*conn.Conn) error) error {
	var got handover
	if err := p.takeAtGate(ctx, nil, need{exclusive: true}, &got); err != nil {
		return err
	}
	clean := false
	defer func() { p.giveBack(&got, clean) }()
	err := fn(got.m.c)
	clean = err == nil
	return err
}

// Reset retires every connection: idle ones are closed now, busy ones when their last caller is done, and dials in flight are given up. New requests go to
// new connections.
func (p *Pool) Reset() { p.reset() }

// reset returns the generation of the connections that are dialled from then on.
func (p *Pool) reset() (current uint64) {
	p.mu.Lock()
	p.outage.forget() // whatever was dialled until now
	p.resetLocked()
	current = p.generation
	p.unlock()
	p.cfg.Trace.reset(ResetTrace{})
	return current
}

// ErrSwitched is the cause when a connection was closed by [Pool.Switch].
var ErrSwitched = errors.New("the server is no longer the one to talk to")

// Switch is Reset for when the server that was dialled until now is no longer the one. Connections to it that are in use when drain has passed are closed, and what
// they owe fails with [ErrSwitched]: a server that is dead, or cut off, will not answer, and one that was demoted has nobody who pushes what a blocking request
// waits for.
func (p *Pool) Switch(drain time.Duration) {
	current := p.reset()
	if drain <= 0 {
		p.endOlder(current)
		return
	}
	time.AfterFunc(drain, func() { p.endOlder(current) })
}

// endOlder closes connections that are in use and of an older generation.
func (p *Pool) endOlder(generation uint64) {
	p.mu.Lock()
	var old []*conn.Conn
	for _, m := range p.apart {
		if m.generation < generation {
			old = append(old, m.c)
		}
	}
	p.mu.Unlock()
	for _, c := range old {
		c.CloseFor(ErrSwitched) // their callers give them back
	}
}

func (p *Pool) resetLocked() {
	if p.closed {
		return
	}
	p.generation++
	p.usage.reset()
	p.stopDials()
	p.dialCtx, p.stopDials = context.WithCancel(context.Background())
	p.dials = nil
	p.alone = 0
	for _, m := range p.apart {
		m.retireLocked(ClosedReset)
	}
	for _, m := range slices.Clone(p.kept) {
		p.dropLocked(m, ClosedReset)
	}
	p.settleLocked()
}

// Close refuses new requests, ends dials, closes what is idle and what is checked out alone, and returns when every other caller has its replies and every
// dial has ended or was given up. Called from a handler, or from the function given to [Pool.With], it would wait for itself.
func (p *Pool) Close() error {
	p.mu.Lock()
	if !p.closed {
		close(p.shut)
	}
	p.closed = true
	p.stopDials()
	if p.timer != nil {
		p.timer.Stop()
	}
	for _, m := range slices.Clone(p.kept) {
		p.dropLocked(m, ClosedByUs)
	}
	for _, m := range p.apart {
		m.retireLocked(ClosedByUs)
		if m.alone {
			p.doomed = append(p.doomed, end{c: m.c}) // its caller may be blocked for as long as it likes; counted when it comes back
		}
	}
	p.failLocked(ErrClosed)
	p.tellDialEndLocked()
	p.unlock()
	<-p.drained
	return nil
}

// unlock releases mu, with a new offer in front, and then closes what was taken out of the pool under it.
func (p *Pool) unlock() {
	if len(p.doomed) == 0 && p.recovery == nil {
		if p.closed {
			p.checkDrainedLocked()
		}
		p.offerLocked()
		p.mu.Unlock()
		return
	}
	doomed, recovery := p.doomed, p.recovery
	p.doomed, p.recovery = nil, nil
	p.closing += len(doomed)
	p.mu.Unlock()
	if recovery != nil {
		p.reports.recovered(recovery.took, recovery.failures)
	}
	p.closeEach(doomed)
}

// closeEach closes connections, all of them even when a trace panics.
func (p *Pool) closeEach(doomed []end) {
	if len(doomed) == 0 {
		return
	}
	defer p.closeEach(doomed[1:])
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.closing--
		p.checkDrainedLocked()
	}()
	_ = doomed[0].c.Close()
	p.tellEnd(&doomed[0])
}

// An end is that of one connection, to be closed and told of by unlock.
type end struct {
	c       *conn.Conn
	told    CloseTrace    // without a reason: its caller still has it, and it is told of when it comes back
	born    time.Duration // when its dial ended, since the pool was made
	callers int           // how many had it when it was found dead
}

func (p *Pool) tellEnd(e *end) {
	if e.told.Reason == "" {
		return
	}
	if e.told.Reason == ClosedDead && e.told.Err != nil {
		p.reports.broken(e.told.Err, e.callers)
	}
	e.told.Age = time.Since(p.made) - e.born
	p.cfg.Trace.close(e.told)
}

// checkDrainedLocked lets Close return when nothing is left to wait for.
func (p *Pool) checkDrainedLocked() {
	if !p.closed || p.holders > 0 || p.dialling > 0 || p.closing > 0 {
		return
	}
	select {
	case <-p.drained: // not the first to see it
	default:
		close(p.drained)
	}
}
