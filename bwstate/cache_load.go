package bwstate

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
)

// A LoadFunc finds out what an entry is to hold. found is false when there is nothing, which is no error. value stays the function's own. Its context ends with LoadTimeout,
// with the State, and when nobody waits for it any more; it has the values of the context of the caller that came first. With this context it may ask for other entries;
// for its own it is refused.
type LoadFunc = func(ctx context.Context) (value []byte, found bool, err error)

// GetOrLoad is [Cache.Get], and loads what is not there. Of all callers that miss an entry one loads it, in this process and among all that share the server; the others wait
// for the outcome, for as long as LoadTimeout allows. A caller whose context ends leaves, and the load goes on for the others. An error of the load is every waiting
// caller's, and is not kept: the next caller loads again. A load runs on a goroutine of its own.
//
// An entry takes one round trip; one that is missing takes three: to look, to become the one that loads, to write.
//
// What was loaded is returned also when it could not be written: Degraded says so. When somebody has deleted or set the entry meanwhile, what was loaded may be older than
// that, and is not written. It is returned to the caller for whom the load began, who has waited since before; those who came later look again.
func (c *Cache) GetOrLoad(ctx context.Context, key string, load LoadFunc) (CacheEntry, error) {
	for looks := 1; ; looks++ {
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
		l, first, err := c.join(ctx, key, load, err != nil)
		if err != nil {
			return CacheEntry{}, err
		}
		e, err = c.wait(ctx, l)
		if err != nil || first || !l.overtaken || looks == mostLooks {
			return e, err
		}
	}
}

// mostLooks bounds how often a caller looks again: entries that are deleted faster than they are loaded would keep it for ever.
const mostLooks = 4

// GetOrLoad is [Cache.GetOrLoad] for values of any type, which are kept as JSON. found is false when there is nothing. A stored value that is no JSON of this type is
// a [*ValueError]; null is what encoding/json makes of it, for most types their zero value.
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

// join returns the load that is under way, or begins one. first: it is the caller's own.
func (c *Cache) join(ctx context.Context, key string, find LoadFunc, away bool) (l *load, first bool, err error) {
	if c.isLoading(ctx, key) {
		return nil, false, &ArgumentError{Name: "key", Problem: "is that of the entry which this very load is to find"}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	l = c.loads[key]
	if l == nil {
		if l, err = c.begin(ctx, key, find); err != nil {
			return nil, false, err
		}
		l.away, first = away, true
		c.loads[key] = l
		go l.run()
	}
	l.waiting++
	return l, first, nil
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
	if c.refreshing[key] != nil || c.loads[key] != nil {
		return
	}
	if l, err := c.begin(ctx, key, find); err == nil {
		l.early = true
		c.refreshing[key] = l
		go l.run()
	}
}
