package bwstate

import (
	"context"
	"sync"
)

// What the caches of a State have in common.
type cacheLife struct {
	mu      sync.Mutex
	closed  bool            // guarded by mu
	ctx     context.Context // ends with the State; nil: there is no cache yet; guarded by mu
	end     context.CancelFunc
	tracker *tracker // nil: nothing is followed yet; guarded by mu
}

// life returns a context that ends when the State is closed.
func (s *State) life() context.Context {
	s.caches.mu.Lock()
	defer s.caches.mu.Unlock()
	return s.lifeLocked()
}

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

// closeCaches ends loads, and what follows changes. It waits for the latter.
func (s *State) closeCaches() {
	s.caches.mu.Lock()
	s.caches.closed = true
	t, end := s.caches.tracker, s.caches.end
	s.caches.mu.Unlock()
	if end != nil {
		end()
	}
	if t != nil {
		t.close()
	}
}
