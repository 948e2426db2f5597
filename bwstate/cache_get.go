package bwstate

import (
	"context"
	"time"
)

// A CacheEntry is what became of a Get.
type CacheEntry struct {
	Value    []byte // the caller's own
	Found    bool
	Negative bool // it is not there, and that is an entry: a load has found nothing
	Local    bool // a copy of this process
	// Degraded says that the server is away: this is a copy of which nobody knows whether it still holds, or it was loaded, or that the server did not take what was loaded.
	Degraded  bool
	Remaining time.Duration // until the entry ends; 0: it has no end, or that is not known

	cost time.Duration // of its load
}

// Get returns an entry: a copy of this process, which takes no round trip, or that of the server.
func (c *Cache) Get(ctx context.Context, key string) (CacheEntry, error) {
	return c.AppendGet(ctx, nil, key)
}

// AppendGet is [Cache.Get] with Value appended to dst, of which it is nil without a value. Where dst has the room and there is a copy nothing is allocated.
func (c *Cache) AppendGet(ctx context.Context, dst []byte, key string) (CacheEntry, error) {
	if err := checkCacheKey(key); err != nil {
		return CacheEntry{}, err
	}
	now := time.Now()
	if e, ok := c.local.get(dst, key, now, c.usable(now), c.cfg.LocalTTL); ok {
		c.count.localHits.Add(1)
		return e, nil
	}
	return c.fetch(ctx, dst, key, now)
}

// GetMany returns the entries of keys, in their order, in one round trip at most: those that have no copy are asked for together. The error is the first of any key; the
// entries of the others are there all the same when it is the server that refused one, or a [*ValueError].
func (c *Cache) GetMany(ctx context.Context, keys ...string) ([]CacheEntry, error) {
	entries := make([]CacheEntry, len(keys))
	now := time.Now()
	usable := c.usable(now)
	var missing []int
	for i, key := range keys {
		if err := checkCacheKey(key); err != nil {
			return nil, err
		}
		var ok bool
		if entries[i], ok = c.local.get(nil, key, now, usable, c.cfg.LocalTTL); ok {
			c.count.localHits.Add(1)
		} else {
			missing = append(missing, i)
		}
	}
	if len(missing) == 0 {
		return entries, nil
	}
	return entries, c.fetchMany(ctx, entries, keys, missing, now)
}

// usable returns the epoch whose copies count at a time, 0 if none do.
func (c *Cache) usable(now time.Time) uint64 {
	epoch := c.topic.usable(now)
	if epoch == untold && c.cfg.LocalTTL == 0 {
		return 0
	}
	return epoch
}

// fetch asks the server for one entry. now is from before that.
func (c *Cache) fetch(ctx context.Context, dst []byte, key string, now time.Time) (CacheEntry, error) {
	op := newFetching(maxCacheEntry, c.prefix+key)
	defer op.recycle()
	awaited := c.local.await(key, c.topic)
	err := c.state.run(ctx, &op.q, op)
	if err != nil {
		c.local.settle(awaited)
		return c.stale(ctx, dst, key, err)
	}
	return c.take(op, 0, awaited, dst, now)
}

func (c *Cache) fetchMany(ctx context.Context, entries []CacheEntry, keys []string, missing []int, now time.Time) error {
	op := newFetching(maxCacheEntry)
	defer op.recycle()
	awaited := make([]*awaited, len(missing))
	for i, at := range missing {
		op.keys = append(op.keys, c.prefix+keys[at])
		awaited[i] = c.local.await(keys[at], c.topic)
	}
	err := c.state.run(ctx, &op.q, op)
	var first error
	for i, at := range missing {
		var failed error
		if err == nil {
			entries[at], failed = c.take(op, i, awaited[i], nil, now)
		} else {
			c.local.settle(awaited[i])
			entries[at], failed = c.stale(ctx, nil, keys[at], err)
		}
		if first == nil {
			first = failed
		}
	}
	return first
}

// take makes an entry of an answer, and keeps a copy if nothing speaks against it.
func (c *Cache) take(op *fetching, i int, awaited *awaited, dst []byte, now time.Time) (e CacheEntry, err error) {
	f := op.got[i]
	if f.state != present {
		c.local.settle(awaited)
		if f.err == nil {
			c.count.misses.Add(1)
		}
		return CacheEntry{}, f.err
	}
	e, err = c.entry(dst, op.value(f), f.ms)
	if err != nil {
		c.local.settle(awaited)
		return CacheEntry{}, err
	}
	c.count.hits.Add(1)
	c.local.keep(awaited, e, e.Value[min(len(dst), len(e.Value)):], f.ms, now)
	return e, nil
}

// entry reads what is stored, which lives for ms milliseconds.
func (c *Cache) entry(dst, text []byte, ms int64) (CacheEntry, error) {
	kind, cost, value, ok := parseEntry(text)
	if !ok || len(text) > maxCacheEntry {
		return CacheEntry{}, &ValueError{What: "cache entry", Problem: "is none"}
	}
	e := CacheEntry{cost: cost, Negative: kind == entryNone, Found: kind == entryValue}
	if ms >= 0 {
		e.Remaining = lifetime(ms)
	}
	if e.Found {
		e.Value = append(dst, value...)
	}
	return e, nil
}

// stale is what there is when the server did not answer: a copy, if that is asked for and the server is away.
func (c *Cache) stale(ctx context.Context, dst []byte, key string, err error) (CacheEntry, error) {
	if c.cfg.WhenAway != LocalWhenAway || !isOutage(ctx, err) {
		return CacheEntry{}, err
	}
	e, ok := c.local.getAny(dst, key, time.Now(), c.cfg.LocalTTL)
	if !ok {
		return CacheEntry{}, err
	}
	e.Degraded = true
	c.count.degraded.Add(1)
	return e, nil
}
