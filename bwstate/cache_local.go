package bwstate

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// A localLayer holds copies of entries in bounded memory. It is a few independent parts, so that callers seldom wait for one another. All methods do nothing on nil.
type localLayer struct {
	seed  maphash.Seed
	base  time.Time // times are nanoseconds since then
	parts []*localPart
}

// A localPart holds the copies of some keys.
type localPart struct {
	mu      sync.Mutex
	copies  map[string]*localCopy // guarded by mu
	awaited map[string]*awaited   // guarded by mu
	recent  localCopy             // the head of the ring of copies, the latest used behind it; guarded by mu
	bytes   int                   // guarded by mu
	limit   int
	evicted atomic.Uint64
}

// A localCopy is a copy of an entry.
type localCopy struct {
	prev, next *localCopy
	text       string // key and value
	keyLen     int
	epoch      uint64 // see topic
	kept       int64  // when it was asked for
	expires    int64  // when the entry ends
	cost       time.Duration
	found      bool
}

// An awaited is an answer that is under way. When the key changes meanwhile it is void: nobody knows whether the answer is from before or after.
type awaited struct {
	key     string
	epoch   uint64
	callers int  // guarded by the part's mu
	void    bool // guarded by the part's mu
}

const (
	localParts    = 8
	minPartBytes  = 1 << 20
	forever       = 1<<63 - 1
	copyOverhead  = 192 // bytes of a localCopy and its place in a map that has just grown
	roundOverhead = 16
)

func newLocalLayer(limit int) *localLayer {
	l := &localLayer{seed: maphash.MakeSeed(), base: time.Now(), parts: make([]*localPart, max(1, min(localParts, limit/minPartBytes)))}
	for i := range l.parts {
		p := &localPart{copies: map[string]*localCopy{}, awaited: map[string]*awaited{}, limit: limit / len(l.parts)}
		p.recent.prev, p.recent.next = &p.recent, &p.recent
		l.parts[i] = p
	}
	return l
}

func (l *localLayer) part(key string) *localPart {
	return l.parts[maphash.String(l.seed, key)%uint64(len(l.parts))]
}

// size is what a copy counts for. The allocator rounds up by an eighth at most.
func size(text int) int { return copyOverhead + text + text/8 + roundOverhead }

// get returns a copy that counts: of the epoch that is usable, and not older than ttl, if that is not 0.
func (l *localLayer) get(dst []byte, key string, now time.Time, usable uint64, ttl time.Duration) (CacheEntry, bool) {
	if l == nil || usable == 0 {
		return CacheEntry{}, false
	}
	return l.find(dst, key, now, usable, ttl)
}

// getAny returns any copy whose entry would still live, and that is not older than ttl, if that is not 0.
func (l *localLayer) getAny(dst []byte, key string, now time.Time, ttl time.Duration) (CacheEntry, bool) {
	if l == nil {
		return CacheEntry{}, false
	}
	return l.find(dst, key, now, 0, ttl)
}

func (l *localLayer) find(dst []byte, key string, now time.Time, epoch uint64, ttl time.Duration) (e CacheEntry, ok bool) {
	p, at := l.part(key), int64(now.Sub(l.base))
	p.mu.Lock()
	defer p.mu.Unlock()
	found := p.copies[key]
	switch {
	case found == nil, epoch != 0 && found.epoch != epoch, ttl > 0 && at-found.kept >= int64(ttl):
		return CacheEntry{}, false
	case found.expires <= at:
		p.remove(found)
		return CacheEntry{}, false
	}
	p.use(found)
	e = CacheEntry{Local: true, Found: found.found, Negative: !found.found, cost: found.cost}
	if found.expires != forever {
		e.Remaining = time.Duration(found.expires - at)
	}
	if e.Found {
		e.Value = append(dst, found.text[found.keyLen:]...)
	}
	return e, true
}

// await notes that the server is about to be asked. What is returned goes to keep or settle.
func (l *localLayer) await(key string, t *topic) *awaited {
	if l == nil {
		return nil
	}
	p := l.part(key)
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.awaited[key]
	epoch := t.epoch.Load()
	if a != nil && a.epoch != epoch { // its connection for changes is lost
		a.void, a = true, nil
	}
	if a == nil {
		a = &awaited{key: key, epoch: epoch}
		p.awaited[key] = a
	}
	a.callers++
	return a
}

// settle ends an await that leaves no copy.
func (l *localLayer) settle(a *awaited) {
	if a == nil {
		return
	}
	p := l.part(a.key)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settle(a)
}

func (p *localPart) settle(a *awaited) {
	if a.callers--; a.callers == 0 && p.awaited[a.key] == a {
		delete(p.awaited, a.key)
	}
}

// keep ends an await with a copy, unless the key has changed meanwhile, or nobody would tell when it does. ms is how long the entry lives from asked on.
func (l *localLayer) keep(a *awaited, e CacheEntry, value []byte, ms int64, asked time.Time) {
	if a == nil {
		return
	}
	p := l.part(a.key)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settle(a)
	if !a.void && a.epoch != 0 && ms != noKey {
		p.put(l.copyOf(a.key, a.epoch, e, value, ms, asked))
	}
}

// keepAway keeps a copy of what was loaded while the server is away. It counts for nothing when the server is back.
func (l *localLayer) keepAway(key string, e CacheEntry, ttl time.Duration) {
	if l == nil {
		return
	}
	p := l.part(key)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.put(l.copyOf(key, 0, e, e.Value, ttl.Milliseconds(), time.Now()))
}

func (l *localLayer) copyOf(key string, epoch uint64, e CacheEntry, value []byte, ms int64, asked time.Time) *localCopy {
	c := &localCopy{keyLen: len(key), epoch: epoch, kept: int64(asked.Sub(l.base)), expires: forever, cost: e.cost, found: e.Found}
	if ms >= 0 {
		c.expires = c.kept + int64(lifetime(ms))
		if c.expires < c.kept {
			c.expires = forever
		}
	}
	c.text = key + string(value)
	return c
}

func (c *localCopy) key() string { return c.text[:c.keyLen] }

// put adds a copy in the place of an older one, and makes room for it. One that is too large is left out.
func (p *localPart) put(c *localCopy) {
	if old := p.copies[c.key()]; old != nil {
		p.remove(old)
	}
	need := size(len(c.text))
	if need > p.limit {
		return
	}
	for p.bytes+need > p.limit {
		p.remove(p.recent.prev)
		p.evicted.Add(1)
	}
	p.copies[c.key()] = c
	p.bytes += need
	p.link(c)
}

func (p *localPart) use(c *localCopy) {
	p.unlink(c)
	p.link(c)
}

func (p *localPart) link(c *localCopy) {
	c.prev, c.next = &p.recent, p.recent.next
	c.prev.next, c.next.prev = c, c
}

func (p *localPart) unlink(c *localCopy) { c.prev.next, c.next.prev = c.next, c.prev }

func (p *localPart) remove(c *localCopy) {
	p.unlink(c)
	delete(p.copies, c.key())
	p.bytes -= size(len(c.text))
}

// drop forgets a key: its copy, and what is being asked. It reports whether there was anything.
func (l *localLayer) drop(key string) (some bool) {
	if l == nil {
		return false
	}
	p := l.part(key)
	p.mu.Lock()
	defer p.mu.Unlock()
	if a := p.awaited[key]; a != nil {
		a.void, some = true, true
		delete(p.awaited, key) // who asks from now on may keep the answer
	}
	if c := p.copies[key]; c != nil {
		some = true
		p.remove(c)
	}
	return some
}

// dropAll forgets everything; with copiesToo false only what is being asked.
func (l *localLayer) dropAll(copiesToo bool) {
	if l == nil {
		return
	}
	for _, p := range l.parts {
		p.mu.Lock()
		for _, a := range p.awaited {
			a.void = true
		}
		clear(p.awaited)
		if copiesToo {
			p.copies, p.bytes = map[string]*localCopy{}, 0
			p.recent.prev, p.recent.next = &p.recent, &p.recent
		}
		p.mu.Unlock()
	}
}

func (l *localLayer) figures() (entries, bytes int, evicted uint64) {
	if l == nil {
		return 0, 0, 0
	}
	for _, p := range l.parts {
		p.mu.Lock()
		entries, bytes = entries+len(p.copies), bytes+p.bytes
		p.mu.Unlock()
		evicted += p.evicted.Load()
	}
	return entries, bytes, evicted
}

// changed is told that somebody has changed an entry.
func (c *Cache) changed(key string) {
	if c.local.drop(key) {
		c.count.invalidations.Add(1)
	}
}
