package bwstate

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// A LoadPanicError is what callers get whose load panicked, or ended its goroutine.
type LoadPanicError struct {
	Value any // of the panic; nil: the goroutine was ended
}

func (e *LoadPanicError) Error() string {
	if e.Value == nil {
		return "bwstate: a load of a cache ended its goroutine"
	}
	return fmt.Sprintf("bwstate: a load of a cache panicked: %v", e.Value)
}

// Unwrap returns what was panicked with, if that is an error.
func (e *LoadPanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Between two looks at an entry that another process is loading.
const (
	firstLook   = 5 * time.Millisecond
	longestLook = 100 * time.Millisecond
)

// leaseSlack is how much longer than LoadTimeout it is waited for the load of somebody else, who may have died just after it began.
const leaseSlack = time.Second

var (
	errLoadTimeout = fmt.Errorf("bwstate: a load of a cache took longer than LoadTimeout: %w", context.DeadlineExceeded)
	errWaitTimeout = fmt.Errorf("bwstate: others held the right to load an entry of a cache for longer than LoadTimeout: %w", context.DeadlineExceeded)
)

// A load is one that is under way.
type load struct {
	c     *Cache
	key   string
	find  LoadFunc
	early bool // there is an entry, and nobody waits

	away   bool // the server is: nothing is asked of it
	leased bool // the lease is this load's, or may be

	ctx     context.Context
	cancel  context.CancelFunc
	outer   *load     // that asked for this one; nil: none
	since   time.Time // from when on LoadTimeout counts: before the lease was asked for, which so does not end first
	waiting int       // guarded by c.mu
	ended   bool      // guarded by c.mu

	done      chan struct{}
	entry     CacheEntry // before done is closed
	overtaken bool       // by a Set or a Delete; before done is closed
	err       error      // before done is closed
}

// loadKey is where the context of a load has the load.
type loadKey struct{}

// isLoading reports whether ctx is of a load of this entry, or of one within it.
func (c *Cache) isLoading(ctx context.Context, key string) bool {
	l, _ := ctx.Value(loadKey{}).(*load)
	for ; l != nil; l = l.outer {
		if l.key == key && l.c.prefix == c.prefix && l.c.state == c.state {
			return true
		}
	}
	return false
}

// begin makes a load that ends with the State, whatever becomes of ctx. Whoever gets one runs it.
func (c *Cache) begin(ctx context.Context, key string, find LoadFunc) (*load, error) {
	life, err := c.state.beginLoad()
	if err != nil {
		return nil, err
	}
	l := &load{c: c, key: key, find: find, done: make(chan struct{})}
	l.outer, _ = ctx.Value(loadKey{}).(*load)
	ctx, cancel := context.WithCancel(context.WithValue(context.WithoutCancel(ctx), loadKey{}, l))
	stop := context.AfterFunc(life, cancel)
	l.ctx, l.cancel = ctx, func() { stop(); cancel() }
	return l, nil
}

// finish gives everybody the outcome, once.
func (l *load) finish(e CacheEntry, overtaken bool, err error) {
	c := l.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.ended {
		return
	}
	l.ended, l.entry, l.overtaken, l.err = true, e, overtaken, err
	for _, loads := range []map[string]*load{c.loads, c.refreshing} {
		if loads[l.key] == l {
			delete(loads, l.key)
		}
	}
	close(l.done)
}

func (l *load) fail(err error) { l.finish(CacheEntry{}, false, err) }

// run claims the entry, loads it and writes it.
func (l *load) run() {
	defer l.c.state.caches.loads.Done()
	defer l.cancel()
	defer context.AfterFunc(l.ctx, func() { l.fail(context.Cause(l.ctx)) })() // also if the load does not care
	c := l.c
	claim := &claim{entry: c.prefix + l.key, lease: c.leases + l.key, token: newToken(), ms: c.cfg.LoadTimeout.Milliseconds(), anyway: l.early}
	defer l.release(claim) // whatever ends this goroutine
	l.since = time.Now()
	if !l.away {
		if e, won, err := l.claim(claim); !won {
			l.finish(e, false, err)
			return
		}
	}
	e, cost, err := l.findIt()
	switch {
	case err != nil:
		l.release(claim) // before anybody knows: whoever loads again is not to wait for it
		l.fail(err)
	case l.away:
		e.Degraded = true
		l.keepAway(e)
		l.finish(e, false, nil)
	default:
		overtaken := l.store(claim, &e, cost)
		l.finish(e, overtaken, nil)
	}
}

// claim waits until there is an entry, or it is this load's turn. When the server is away, and that was asked for, it is.
func (l *load) claim(claim *claim) (e CacheEntry, won bool, err error) {
	begin := l.since
	for pause := firstLook; ; pause = min(2*pause, longestLook) {
		l.since = time.Now()
		err := l.ask(claim)
		switch {
		case err != nil && l.c.cfg.WhenAway == LocalWhenAway && isOutage(l.ctx, err):
			l.away = true
			return CacheEntry{}, true, nil
		case err != nil:
			return CacheEntry{}, false, err
		case claim.text != nil:
			e, err := l.c.entry(nil, claim.text, claim.lives)
			return e, false, err
		case claim.won:
			return CacheEntry{}, true, nil
		case l.early: // somebody else loads it early
			return CacheEntry{}, false, nil
		case time.Since(begin) > l.c.cfg.LoadTimeout+leaseSlack:
			return CacheEntry{}, false, errWaitTimeout
		}
		if !sleep(l.ctx, pause/2+rand.N(pause/2)) {
			return CacheEntry{}, false, context.Cause(l.ctx)
		}
	}
}

// sleep reports false when ctx has ended.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(max(pause, 1))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// ask may be sent twice: whoever has the lease gets it again. When it was not answered the server may have given the lease all the same.
func (l *load) ask(claim *claim) error {
	op := newAdhoc()
	defer op.recycle()
	claim.add(&op.q)
	op.q.MarkIdempotent()
	l.leased = true
	if err := l.c.state.roundTrip(l.ctx, &op.q, claim); err != nil {
		return err
	}
	l.leased = claim.won
	return claim.refusal()
}

// findIt loads.
func (l *load) findIt() (e CacheEntry, cost time.Duration, err error) {
	c := l.c
	ctx, cancel := context.WithDeadlineCause(l.ctx, l.since.Add(c.cfg.LoadTimeout), errLoadTimeout)
	defer cancel()
	defer context.AfterFunc(ctx, func() { l.fail(context.Cause(ctx)) })()
	c.count.loads.Add(1)
	begin := time.Now()
	e.Value, e.Found, err = l.call(ctx)
	switch {
	case err == nil && ctx.Err() != nil:
		err = context.Cause(ctx)
	case err == nil && len(e.Value) > maxCacheValue:
		err = &ArgumentError{Name: "value", Problem: "that was loaded is larger than 16 MiB"}
	}
	if err != nil {
		c.count.loadErrors.Add(1)
		return CacheEntry{}, 0, err
	}
	if e.Found {
		e.Value = bytes.Clone(e.Value) // it is the caller's function's own
	} else {
		e.Value, e.Negative = nil, c.cfg.NegativeTTL > 0
	}
	return e, time.Since(begin), nil
}

// call calls the caller's function, and survives it.
func (l *load) call(ctx context.Context) (value []byte, found bool, err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		v := recover()
		err = &LoadPanicError{Value: v}
		if v == nil { // its goroutine ends behind this
			l.c.count.loadErrors.Add(1)
			l.fail(err)
		}
	}()
	value, found, err = l.find(ctx)
	returned = true
	return value, found, err
}

// keepAway keeps a copy of what was loaded while the server is away.
func (l *load) keepAway(e CacheEntry) {
	switch {
	case e.Found:
		l.c.local.keepAway(l.key, e, l.c.cfg.TTL)
	case e.Negative:
		l.c.local.keepAway(l.key, e, l.c.cfg.NegativeTTL)
	}
}

// store writes what was loaded, also when everybody has left. It reports whether somebody has set or deleted the entry meanwhile.
func (l *load) store(claim *claim, e *CacheEntry, cost time.Duration) (overtaken bool) {
	op := &fill{entry: claim.entry, lease: claim.lease, token: claim.token}
	switch {
	case e.Found:
		op.ms = l.c.lifetime(l.c.cfg.TTL)
		op.text = appendEntry(nil, entryValue, cost, e.Value)
	case e.Negative:
		op.ms = l.c.lifetime(l.c.cfg.NegativeTTL)
		op.text = appendEntry(nil, entryNone, cost, nil)
	}
	l.c.local.drop(l.key)
	err := l.end(op)
	l.c.local.drop(l.key)
	switch {
	case err != nil:
		l.c.count.notStored.Add(1)
		e.Degraded = true
		return false
	case !op.held:
		l.c.count.notStored.Add(1)
	case op.ms > 0:
		e.Remaining = lifetime(op.ms)
	}
	return !op.held
}

// release lets others load when this load has failed, if it still has the lease, or may have it.
func (l *load) release(claim *claim) {
	if l.leased && !l.away {
		_ = l.end(&fill{entry: claim.entry, lease: claim.lease, token: claim.token})
	}
}

// end gives the lease back, with what is to be written, if anything. It is tried once: the lease ends by itself.
func (l *load) end(op *fill) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), l.c.cfg.LoadTimeout)
	defer cancel()
	err := l.c.state.runWrite(ctx, op)
	l.leased = false
	return err
}
