package bwstate

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Defaults of [CacheConfig].
const (
	DefaultCacheTTL    = 5 * time.Minute
	DefaultLoadTimeout = 10 * time.Second
)

const (
	maxCacheKey   = 4 << 10  // bytes
	maxCacheValue = 16 << 20 // bytes
	maxCacheEntry = maxCacheValue + len("v999999999:")
)

// CacheConfig says how a [Cache] keeps what it is given. The zero value with a Name is ready, and has no local layer.
type CacheConfig struct {
	// Name is the cache's: up to 64 letters, digits and any of ".-_". Caches of the same name, in whatever process, are the same; keys begin with "bwredis:cache:", the
	// name and a colon.
	Name string

	TTL    time.Duration // how long an entry lives, in whole milliseconds, unless Set says otherwise; 0: DefaultCacheTTL
	Jitter time.Duration // up to so much, at random, is taken off each lifetime, so that what was written together does not end together; less than TTL
	// NegativeTTL is how long it is kept that a load found nothing; 0: not at all, so the next one loads again.
	NegativeTTL time.Duration
	// RefreshEarly makes GetOrLoad load an entry anew shortly before it ends, in the background: the earlier, the longer its load takes, and at random, so that one caller
	// of many does it (XFetch). Nobody waits for it.
	RefreshEarly bool
	// LoadTimeout is how long one load may take: its context ends then, and others, in other processes too, begin one. 0: DefaultLoadTimeout.
	LoadTimeout time.Duration

	// MaxLocalBytes is how much memory copies of entries may take in this process, keys and overhead included; the one used longest ago goes first. Of an entry that would
	// take more than an eighth, there is none. 0: there are no copies, every Get asks the server.
	//
	// The server tells, over a connection of its own (CLIENT TRACKING, Redis 6 and RESP3), when an entry has changed, so a copy is as good as the entry: what somebody else
	// deleted is gone here at once. A copy counts only while the server has been heard from within MaxCacheStaleness. When the connection is lost, no copy counts.
	MaxLocalBytes int
	// LocalTTL is how old a copy may become in any case; 0: no limit of its own. Where the server does not tell of changes, which [CacheStats] says, copies are used only if
	// there is a LocalTTL: that old may be what Get returns then.
	LocalTTL time.Duration

	// WhenAway is FailWhenAway or LocalWhenAway. With the latter a copy is returned while the server is away, for as long as its entry would have lived and LocalTTL
	// allows, and GetOrLoad loads what it has no copy of. Such entries are Degraded, and forgotten when the server is back.
	WhenAway WhenAway
}

// A Cache keeps what is costly to find out, on the server for everybody, and copies in this process if that is asked for. [State.Cache] makes one; make it
// once and share it. Its methods may be called concurrently.
//
// Each operation on the server is one round trip. What a State has set or deleted, its own later calls see, and every other sees when it asks the server; those
// that have a copy are told at once.
//
// An entry is a value with a short head, which says what kind it is and how long its load took: "v12:" and the value, "n3:" for what is known not to exist. Anything
// else under a key of the cache is a [*ValueError], and is overwritten by Set alone.
type Cache struct {
	state  *State
	cfg    CacheConfig
	prefix string // of keys
	leases string // prefix of leases
	topic  *topic
	local  *localLayer // nil: none
	count  cacheCounts

	mu         sync.Mutex
	loads      map[string]*load // that callers wait for, by key; guarded by mu
	refreshing map[string]*load // that nobody waits for; guarded by mu
}

// Cache returns a cache. An error is an [*ArgumentError].
func (s *State) Cache(cfg CacheConfig) (*Cache, error) {
	if cfg.TTL == 0 {
		cfg.TTL = DefaultCacheTTL
	}
	if cfg.LoadTimeout == 0 {
		cfg.LoadTimeout = DefaultLoadTimeout
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	c := &Cache{
		state: s, cfg: cfg, prefix: cachePrefix(cfg.Name), leases: leasePrefix(cfg.Name),
		loads: map[string]*load{}, refreshing: map[string]*load{},
	}
	if cfg.MaxLocalBytes > 0 && !s.embedded {
		c.local = newLocalLayer(cfg.MaxLocalBytes)
		c.topic = s.follow(c)
	}
	s.addCache(c)
	return c, nil
}

func (cfg CacheConfig) check() error {
	if !isAppName(cfg.Name) {
		return &ArgumentError{Name: "Name", Problem: "is not 1 to 64 letters, digits, dots, hyphens and underscores"}
	}
	for _, d := range []struct {
		name  string
		value time.Duration
		unset bool // may be
	}{{"TTL", cfg.TTL, false}, {"LoadTimeout", cfg.LoadTimeout, false}, {"NegativeTTL", cfg.NegativeTTL, true}, {"LocalTTL", cfg.LocalTTL, true}} {
		if err := checkCacheTTL(d.name, d.value); err != nil && !(d.unset && d.value == 0) {
			return err
		}
	}
	switch {
	case cfg.Jitter < 0 || cfg.Jitter >= cfg.TTL:
		return &ArgumentError{Name: "Jitter", Problem: "is not between nothing and TTL: " + cfg.Jitter.String()}
	case cfg.MaxLocalBytes < 0:
		return &ArgumentError{Name: "MaxLocalBytes", Problem: "is negative"}
	case cfg.WhenAway != FailWhenAway && cfg.WhenAway != LocalWhenAway:
		return &ArgumentError{Name: "WhenAway", Problem: "is neither FailWhenAway nor LocalWhenAway"}
	}
	return nil
}

func checkCacheTTL(name string, ttl time.Duration) error {
	if ttl < time.Millisecond || ttl > maxTTL {
		return &ArgumentError{Name: name, Problem: "is not between a millisecond and a hundred years: " + ttl.String()}
	}
	return nil
}

func checkCacheKey(key string) error {
	switch {
	case key == "":
		return &ArgumentError{Name: "key", Problem: "is empty"}
	case len(key) > maxCacheKey:
		return &ArgumentError{Name: "key", Problem: "is longer than 4096 bytes"}
	}
	return nil
}

// Set writes an entry that lives for ttl; 0: TTL. value stays the caller's. A load that is under way, here or elsewhere, does not overwrite it.
func (c *Cache) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if ttl == 0 {
		ttl = c.cfg.TTL
	}
	if err := checkCacheTTL("ttl", ttl); err != nil {
		return err
	}
	op := &cacheSet{c: c, ttl: ttl}
	if err := op.put(key, value); err != nil {
		return err
	}
	return c.change(ctx, op, key)
}

// SetMany writes entries that live for TTL, in one round trip. Each is written in a step of its own.
func (c *Cache) SetMany(ctx context.Context, values map[string][]byte) error {
	op := &cacheSet{c: c, ttl: c.cfg.TTL}
	for key, value := range values {
		if err := op.put(key, value); err != nil {
			return err
		}
	}
	if len(values) == 0 {
		return nil
	}
	return c.change(ctx, op, op.keys...)
}

// Delete deletes entries, and returns how many there were. What a load that is under way finds, here or elsewhere, is not written any more: it may be older than
// what made the deletion necessary. So change the source first, and then delete.
func (c *Cache) Delete(ctx context.Context, keys ...string) (deleted int, err error) {
	op := &cacheDelete{c: c, keys: keys}
	for _, key := range keys {
		if err := checkCacheKey(key); err != nil {
			return 0, err
		}
	}
	if len(keys) == 0 {
		return 0, nil
	}
	err = c.change(ctx, op, keys...)
	return op.count, err
}

// change makes a round trip that writes, and forgets what is known here of the keys: before, so that nobody is served a copy behind the write, and after, so
// that a Get that was answered ahead of it leaves none. Whether the write was done is not known when it fails.
func (c *Cache) change(ctx context.Context, op write, keys ...string) error {
	c.forget(keys)
	err := c.state.runWrite(ctx, op)
	c.forget(keys)
	return err
}

// forget drops the copies of entries, and keeps whoever comes later from joining a load that has begun, in all caches of this name.
func (c *Cache) forget(keys []string) {
	for _, c := range c.state.sameCaches(c) {
		c.mu.Lock()
		for _, key := range keys {
			c.local.drop(key)
			delete(c.loads, key)
		}
		c.mu.Unlock()
	}
}

// lifetime takes the jitter off. It returns milliseconds.
func (c *Cache) lifetime(ttl time.Duration) int64 {
	if c.cfg.Jitter > 0 {
		ttl -= min(rand.N(c.cfg.Jitter), ttl/2)
	}
	return max(1, ttl.Milliseconds())
}
