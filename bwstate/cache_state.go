package bwstate

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// What the caches of a State have in common.
type cacheLife struct {
	mu      sync.Mutex
	closed  bool            // guarded by mu
	ctx     context.Context // ends with the State; nil: there is no cache yet; guarded by mu
	end     context.CancelFunc
	tracker *tracker            // nil: nothing is followed yet; guarded by mu
	named   map[string][]*Cache // by the prefix of keys; guarded by mu
	loads   sync.WaitGroup      // those that are under way
}

// closePatience is how long Close waits for loads that do not look at their context.
const closePatience = DefaultLoadTimeout

var errCachesClosed = fmt.Errorf("bwstate: the State was closed: %w", context.Canceled)

// beginLoad makes Close wait for a load, which ends caches.loads.Done. It returns the context that ends when the State is closed.
func (s *State) beginLoad() (context.Context, error) {
	s.caches.mu.Lock()
	defer s.caches.mu.Unlock()
	if s.caches.closed {
		return nil, errCachesClosed
	}
	s.caches.loads.Add(1)
	return s.lifeLocked(), nil
}

// sameCaches are those of a name in this State. What one of them has written, the others see.
func (s *State) sameCaches(c *Cache) []*Cache {
	s.caches.mu.Lock()
	defer s.caches.mu.Unlock()
	return s.caches.named[c.prefix] // which is only appended to
}

func (s *State) addCache(c *Cache) {
	s.caches.mu.Lock()
	defer s.caches.mu.Unlock()
	if s.caches.named == nil {
		s.caches.named = map[string][]*Cache{}
	}
	s.caches.named[c.prefix] = append(s.caches.named[c.prefix], c)
}

// lifeLocked returns a context that ends when the State is closed.
func (s *State) lifeLocked() context.Context {
	if s.caches.ctx == nil {
		s.caches.ctx, s.caches.end = context.WithCancel(context.Background())
		if s.caches.closed {
			s.caches.end()
		}
	}
	return s.caches.ctx
}

// follow makes the server tell of changes to the entries of a cache, if it can.
func (s *State) follow(c *Cache) *topic {
	s.caches.mu.Lock()
	defer s.caches.mu.Unlock()
	switch {
	case s.dialPushes == nil:
		p := &topic{prefix: c.prefix}
		p.epoch.Store(untold)
		return p
	case s.caches.closed:
		return &topic{prefix: c.prefix}
	case s.caches.tracker == nil:
		s.caches.tracker = startTracker(s.lifeLocked(), s)
	}
	return s.caches.tracker.add(c)
}

// switchCaches is told that there is another master.
func (s *State) switchCaches() {
	s.caches.mu.Lock()
	t := s.caches.tracker
	s.caches.mu.Unlock()
	if t != nil {
		t.reset()
	}
}

// closeCaches ends loads, and what follows changes, and waits for them. A load whose function does not look at its context is left behind.
func (s *State) closeCaches() {
	s.caches.mu.Lock()
	s.caches.closed = true
	t, end := s.caches.tracker, s.caches.end
	s.caches.mu.Unlock()
	if end == nil {
		return // there was nothing
	}
	end()
	ended := make(chan struct{})
	go func() {
		s.caches.loads.Wait()
		close(ended)
	}()
	patience := time.NewTimer(closePatience)
	defer patience.Stop()
	select {
	case <-ended:
	case <-patience.C:
	}
	if t != nil {
		t.close()
	}
}
