package bwstate

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// A LoadFunc finds out what an entry is to hold. found is false when there is nothing, which is no error. Its context ends with LoadTimeout, with the State, and
// when nobody waits for it any more; it has the values of the context of the caller that came first.
type LoadFunc = func(ctx context.Context) (value []byte, found bool, err error)

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

// GetOrLoad is [Cache.Get], and loads what is not there. Of all callers that miss an entry one loads it, in this process and among all that share the server; the others wait
// for the outcome. A caller whose context ends leaves, and the load goes on for the others. An error of the load is every waiting caller's, and is not kept: the next
// caller loads again. A load runs on a goroutine of its own.
//
// An entry takes one round trip; one that is missing takes three: to look, to become the one that loads, to write.
//
// What was loaded is returned also when it could not be written: Degraded says so. When somebody has deleted or set the entry meanwhile, what was loaded may be older than
// that, and is returned to those who have waited since before, and not written.
func (c *Cache) GetOrLoad(ctx context.Context, key string, load LoadFunc) (CacheEntry, error) {
	e, err := c.Get(ctx, key)
	switch {
	case err != nil:
		if c.cfg.WhenAway != LocalWhenAway || !isOutage(ctx, err) {
			return CacheEntry{}, err
		}
	case e.Found || e.Negative:
		c.refresh(ctx, key, e, load)
		return e, nil
	}
	return c.wait(ctx, c.join(ctx, key, load, err != nil))
}

// GetOrLoad is [Cache.GetOrLoad] for values of any type, which are kept as JSON. found is false when there is nothing. A stored value that is no JSON of this type is
// a [*ValueError].
func GetOrLoad[T any](ctx context.Context, c *Cache, key string, load func(ctx context.Context) (value T, found bool, err error)) (value T, found bool, err error) {
	e, err := c.GetOrLoad(ctx, key, func(ctx context.Context) ([]byte, bool, error) {
		loaded, found, err := load(ctx)
		if err != nil || !found {
			return nil, false, err
		}
		text, err := json.Marshal(loaded)
		return text, err == nil, err
	})
	if err != nil || !e.Found {
		return value, false, err
	}
	if json.Unmarshal(e.Value, &value) != nil {
		var none T
		return none, false, &ValueError{What: "cache entry", Problem: "is no JSON of the type that was asked for"}
	}
	return value, true, nil
}

// A load is one that is under way.
type load struct {
	c    *Cache
	key  string
	find LoadFunc
	away bool // the server is: nothing is asked of it

	ctx     context.Context
	cancel  context.CancelFunc
	waiting int  // guarded by c.mu
	ended   bool // guarded by c.mu

	done  chan struct{}
	entry CacheEntry // before done is closed
	err   error      // before done is closed
}

// join returns the load that is under way, or begins one.
func (c *Cache) join(ctx context.Context, key string, find LoadFunc, away bool) *load {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.loads[key]
	if l == nil {
		l = c.begin(ctx, key, find, away)
		c.loads[key] = l
		go l.run(false)
	}
	l.waiting++
	return l
}

// begin makes a load that ends with the State, whatever becomes of ctx.
func (c *Cache) begin(ctx context.Context, key string, find LoadFunc, away bool) *load {
	l := &load{c: c, key: key, find: find, away: away, done: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(c.state.life(), cancel)
	l.ctx, l.cancel = ctx, func() { stop(); cancel() }
	return l
}

// wait waits for a load, and leaves it when ctx ends.
func (c *Cache) wait(ctx context.Context, l *load) (CacheEntry, error) {
	select {
	case <-l.done:
	case <-ctx.Done():
		c.mu.Lock()
		l.waiting--
		last := l.waiting == 0
		if last && c.loads[l.key] == l {
			delete(c.loads, l.key)
		}
		c.mu.Unlock()
		if last {
			l.cancel()
		}
		return CacheEntry{}, ctx.Err()
	}
	e := l.entry
	if e.Found {
		e.Value = append([]byte{}, e.Value...)
	}
	return e, l.err
}

// finish gives everybody the outcome, once.
func (l *load) finish(e CacheEntry, err error) {
	c := l.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.ended {
		return
	}
	l.ended, l.entry, l.err = true, e, err
	for _, loads := range []map[string]*load{c.loads, c.refreshing} {
		if loads[l.key] == l {
			delete(loads, l.key)
		}
	}
	close(l.done)
}

// run claims the entry, loads it and writes it. early: although there is one.
func (l *load) run(early bool) {
	defer l.cancel()
	defer context.AfterFunc(l.ctx, func() { l.finish(CacheEntry{}, context.Cause(l.ctx)) })() // also if the load does not care
	claim := &claim{entry: l.c.prefix + l.key, lease: l.c.leases + l.key, token: newToken(), ms: l.c.cfg.LoadTimeout.Milliseconds(), anyway: early}
	if !l.away {
		e, won, err := l.claim(claim)
		if !won {
			l.finish(e, err)
			return
		}
	}
	e, cost, err := l.findIt()
	if err != nil {
		l.release(claim)
		l.finish(CacheEntry{}, err)
		return
	}
	e.Degraded = l.away
	switch {
	case l.away && (e.Found || e.Negative):
		l.c.local.keepAway(l.key, e, l.c.cfg.TTL)
	case !l.away:
		e.Degraded = !l.store(claim, &e, cost)
	}
	l.finish(e, nil)
}

// claim waits until there is an entry, or it is this load's turn. When the server is away, and that was asked for, it is.
func (l *load) claim(claim *claim) (e CacheEntry, won bool, err error) {
	for pause := firstLook; ; pause = min(2*pause, longestLook) {
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
		case claim.anyway: // somebody else loads it early
			return CacheEntry{}, false, nil
		}
		timer := time.NewTimer(pause/2 + rand.N(pause/2))
		select {
		case <-timer.C:
		case <-l.ctx.Done():
			timer.Stop()
			return CacheEntry{}, false, context.Cause(l.ctx)
		}
	}
}

// ask may be sent twice: whoever has the lease gets it again.
func (l *load) ask(claim *claim) error {
	op := newAdhoc()
	defer op.recycle()
	claim.add(&op.q)
	op.q.MarkIdempotent()
	if err := l.c.state.roundTrip(l.ctx, &op.q, claim); err != nil {
		return err
	}
	return claim.refusal()
}

var errLoadTimeout = fmt.Errorf("bwstate: a load of a cache took longer than LoadTimeout: %w", context.DeadlineExceeded)

// findIt loads.
func (l *load) findIt() (e CacheEntry, cost time.Duration, err error) {
	c := l.c
	ctx, cancel := context.WithTimeoutCause(l.ctx, c.cfg.LoadTimeout, errLoadTimeout)
	defer cancel()
	defer context.AfterFunc(ctx, func() { l.finish(CacheEntry{}, context.Cause(ctx)) })()
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
	if !e.Found {
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
			l.finish(CacheEntry{}, err)
		}
	}()
	value, found, err = l.find(ctx)
	returned = true
	return value, found, err
}

// store writes what was loaded. It reports false when the server did not take it.
func (l *load) store(claim *claim, e *CacheEntry, cost time.Duration) bool {
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
	err := l.c.state.runWrite(l.ctx, op)
	l.c.local.drop(l.key)
	if err != nil || !op.held {
		l.c.count.notStored.Add(1)
		return err == nil
	}
	if op.ms > 0 {
		e.Remaining = lifetime(op.ms)
	}
	return true
}

// release lets others load when this load has failed.
func (l *load) release(claim *claim) {
	if l.away {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), l.c.cfg.LoadTimeout)
	defer cancel()
	_ = l.c.state.runWrite(ctx, &fill{entry: claim.entry, lease: claim.lease, token: claim.token})
}

// refresh begins to load an entry early, when the lot falls on this caller (XFetch: Vattani, Chierichetti, Lowenstein 2015).
func (c *Cache) refresh(ctx context.Context, key string, e CacheEntry, find LoadFunc) {
	if !c.cfg.RefreshEarly || e.Degraded || e.Remaining == 0 || e.cost == 0 {
		return
	}
	if gap := float64(e.cost) * -math.Log(1-rand.Float64()); gap < float64(e.Remaining) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refreshing[key] == nil && c.loads[key] == nil {
		l := c.begin(ctx, key, find, false)
		c.refreshing[key] = l
		go l.run(true)
	}
}

// changed is told that somebody has changed an entry.
func (c *Cache) changed(key string) {
	if c.local.drop(key) {
		c.count.invalidations.Add(1)
	}
}
