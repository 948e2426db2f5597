package bwstate

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// MaxCacheStaleness is how long a copy of a [Cache] can be older than its entry: that is, when the connection dies over which the server tells of changes, and nothing
// shows it. While the connection is good a copy is gone as soon as the news arrives.
const MaxCacheStaleness = 3 * time.Second

const (
	trackPing    = time.Second // between two questions on the connection, each with MaxCacheStaleness for its answer
	trackRefused = 30 * time.Second
	firstPause   = 50 * time.Millisecond
	longestPause = 2 * time.Second
)

// A topic is what the keys of a cache begin with, and whether changes of such keys are told.
type topic struct {
	prefix  string
	tracker *tracker // nil: none

	// epoch is 0 while no copy counts; untold where nobody will tell, and copies count only if they have an age of their own; else the number of the connection over which
	// changes are told. A copy counts in the epoch in which it was asked for.
	epoch  atomic.Uint64
	caches []*Cache // guarded by tracker.mu
}

const untold = 1

// usable returns the epoch whose copies count at a time, 0 if none do.
func (t *topic) usable(now time.Time) uint64 {
	if t == nil {
		return 0
	}
	epoch := t.epoch.Load()
	if epoch > untold && now.Sub(t.tracker.base)-time.Duration(t.tracker.heard.Load()) > MaxCacheStaleness {
		return 0
	}
	return epoch
}

// A tracker follows what changes, over a connection of its own, for all caches of a State.
type tracker struct {
	dial    func(ctx context.Context, onPush func(*resp.Reply)) (pushConn, error)
	warn    func(text string)
	base    time.Time
	heard   atomic.Int64 // everything that changed before then has been told: nanoseconds since base
	stop    context.CancelFunc
	stopped chan struct{}
	wake    chan struct{} // of size 1: do not rest

	mu        sync.Mutex
	topics    map[string]*topic // by prefix; guarded by mu
	c         pushConn          // nil: lost; guarded by mu
	epoch     uint64            // of the last connection; guarded by mu
	switches  int               // guarded by mu
	refused   bool              // nobody will tell; guarded by mu
	interrupt func()            // ends a wait for pushes; guarded by mu
}

func startTracker(ctx context.Context, s *State) *tracker {
	t := &tracker{
		dial: s.dialPushes, warn: s.warn, base: time.Now(), stopped: make(chan struct{}), wake: make(chan struct{}, 1),
		topics: map[string]*topic{}, epoch: untold, interrupt: func() {},
	}
	ctx, t.stop = context.WithCancel(ctx)
	go t.run(ctx)
	return t
}

// close returns when nothing is left.
func (t *tracker) close() {
	t.stop()
	<-t.stopped
}

// add follows the entries of a cache, as soon as the server has agreed to.
func (t *tracker) add(c *Cache) *topic {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.topics[c.prefix]
	if p == nil {
		p = &topic{prefix: c.prefix, tracker: t}
		if t.refused {
			p.epoch.Store(untold)
		}
		t.topics[c.prefix] = p
	}
	p.caches = append(p.caches, c)
	t.interrupt()
	return p
}

// reset is told that there is another master: what the old one says counts for nothing from now on.
func (t *tracker) reset() {
	t.mu.Lock()
	t.switches++
	c := t.c
	t.offLocked(0)
	t.mu.Unlock()
	if c != nil {
		_ = c.Close()
	}
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// offLocked makes all copies count for nothing: 0, or until they are too old: untold.
func (t *tracker) offLocked(epoch uint64) {
	t.c, t.refused = nil, epoch == untold
	for _, p := range t.topics {
		if epoch == untold && p.epoch.Load() == untold {
			continue // another attempt to be told was refused
		}
		p.epoch.Store(epoch)
		p.dropAll(false)
	}
}

// dropAll forgets all copies: those that may serve while the server is away only if all is true.
func (t *topic) dropAll(all bool) {
	for _, c := range t.caches {
		c.local.dropAll(all || c.cfg.WhenAway != LocalWhenAway)
	}
}

// run has one connection after the other.
func (t *tracker) run(ctx context.Context) {
	defer close(t.stopped)
	pause := time.Duration(0)
	for {
		began := time.Now()
		err := t.session(ctx)
		var no *refusedTracking
		refused := errors.As(err, &no)
		t.mu.Lock()
		first := refused && !t.refused
		if refused {
			t.offLocked(untold)
		} else {
			t.offLocked(0)
		}
		t.mu.Unlock()
		if first && t.warn != nil {
			t.warn("the server does not tell which keys have changed (" + no.why() + "): caches keep no copies, but for those with a LocalTTL")
		}
		if time.Since(began) > longestPause {
			pause = 0
		}
		rest := pause/2 + rand.N(pause/2+1)
		pause = min(max(2*pause, firstPause), longestPause)
		if refused {
			rest, pause = trackRefused, 0
		}
		if !t.rest(ctx, rest) {
			return
		}
	}
}

// rest reports false when ctx has ended.
func (t *tracker) rest(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(max(pause, 1))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.wake:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
