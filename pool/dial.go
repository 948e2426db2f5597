package pool

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/bwredis/bwredis/conn"
)

// lifetimeJitter is which part of a connection's longest life is left to chance.
const lifetimeJitter = 5

// maxDials is how many dials may be in flight at a time: a burst of callers is no reason for a burst of handshakes.
const maxDials = 8

// A dial is one in flight.
type dial struct {
	number     uint64
	generation uint64
	failures   uint64 // the pool's count when it began
	began      time.Time
	over       bool        // its outcome is known, or nobody waits for it any more. Guarded by Pool.mu
	patience   *time.Timer // after which nobody does; nil while its context goes on. Guarded by Pool.mu
}

// abandonAfter is how long a Dial function may go on after its context has ended.
const abandonAfter = time.Second

var (
	errIgnores = errors.New("the pool's Dial function goes on although its context has ended")
	errNothing = errors.New("the pool's Dial function returned neither a connection nor an error")
	errGone    = errors.New("the pool's Dial function ended its goroutine")
)

// crowdedLocked reports whether another dial has to wait for those in flight. During an outage one tests the water for all.
func (p *Pool) crowdedLocked() bool {
	return len(p.dials) >= maxDials || p.outage.err != nil && len(p.dials) > 0
}

// dialLocked starts a dial on a goroutine of its own.
func (p *Pool) dialLocked() {
	p.dialling++
	p.dialled++
	d := &dial{number: p.dialled, generation: p.generation, failures: p.failures, began: time.Now()}
	p.dials = append(p.dials, d)
	go p.dial(p.dialCtx, d)
}

// dial calls the configured function and does not trust it: it may panic, or leave by runtime.Goexit.
func (p *Pool) dial(ctx context.Context, d *dial) {
	var c *conn.Conn
	err := errGone
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the pool's Dial function panicked: %v", r)
		}
		p.conclude(d, c, checked(c, overdue(err)))
	}()
	ctx, cancel := context.WithTimeout(ctx, p.cfg.DialTimeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { p.losePatience(d) })
	defer stop()
	c, err = p.cfg.Dial(ctx)
}

// losePatience sees to it that a Dial function which does not look at its context keeps nobody waiting for ever.
func (p *Pool) losePatience(d *dial) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !d.over {
		d.patience = time.AfterFunc(abandonAfter, func() { p.conclude(d, nil, checked(nil, errIgnores)) })
	}
}

// conclude takes the outcome of a dial into the pool, unless it was abandoned, and tells of it.
func (p *Pool) conclude(d *dial, c *conn.Conn, err error) {
	p.mu.Lock()
	if d.over {
		p.mu.Unlock()
		if c != nil {
			_ = c.Close() // it was counted as a dial that failed
		}
		return
	}
	failures := p.dialDoneLocked(d, c, err)
	p.unlock()
	defer func() {
		p.mu.Lock()
		p.holders--
		p.unlock()
	}()
	if failures > 0 {
		p.reports.dialFailed(err, failures)
	}
	p.cfg.Trace.dial(DialTrace{Began: d.began, Took: time.Since(d.began), Err: err})
}

// checked returns why a connection is of no use. What comes of a dial says that nothing of any request was sent.
func checked(c *conn.Conn, err error) error {
	switch {
	case err == nil && c == nil:
		err = errNothing
	case err == nil:
		err = c.Err()
	}
	if err != nil && !conn.NotSent(err) {
		return &conn.Error{Op: conn.OpDial, Addr: "pool", Err: err}
	}
	return err
}

// dialDoneLocked returns how many dials have failed now since one worked, if this one did and that means something.
func (p *Pool) dialDoneLocked(d *dial, c *conn.Conn, err error) (failures uint64) {
	d.over = true
	if d.patience != nil {
		d.patience.Stop()
	}
	p.dialling--
	p.holders++ // until what follows is done
	p.dials = without(p.dials, d)
	p.stats.Dials++
	current := d.generation == p.generation
	m := p.newMemberLocked(c, d)
	if err == nil {
		p.stats.Dial.observe(time.Since(d.began))
	}
	switch {
	case err != nil:
		p.stats.DialErrors++
		if c != nil {
			p.doomed = append(p.doomed, end{c: c})
		}
		if current && !p.closed {
			p.outage.failed(err, d.began)
			p.dialFails, p.dialErr = p.dialFails+1, err
			failures = p.outage.failures
		}
	case p.closed:
		p.closeLocked(m, ClosedByUs)
	case !current: // it may be to a server that is no longer the one
		p.closeLocked(m, ClosedReset)
	default:
		p.outage.connected()
		p.usage.dialled(d.began, p.cfg.IdleTimeout)
		p.kept = append(p.kept, m)
	}
	p.settleLocked()
	p.tellDialEndLocked()
	return failures
}

func (p *Pool) newMemberLocked(c *conn.Conn, d *dial) *member {
	asked := p.clock.asked
	now := p.nowLocked()
	p.clock.asked = asked                                                  // a dial alone is no use of the pool, and must not keep it dialling
	life := p.cfg.MaxLifetime - rand.N(p.cfg.MaxLifetime/lifetimeJitter+1) // connections that were made together do not end together
	return &member{c: c, number: d.number, generation: d.generation, failures: d.failures, began: d.began, born: time.Since(p.made), idleSince: now, endOfLife: now.Add(life)}
}
