package sentinel

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/resp"
)

// A fence keeps writes from a master that is about to be replaced.
type fence struct {
	up atomic.Pointer[barrier] // nil: it is down

	fenceMu sync.Mutex
	limit   *time.Timer // lowers it; guarded by fenceMu
	spent   bool        // it was up for as long as it may be, and stays down until the failover is over; guarded by fenceMu
}

// A barrier is what writes wait at.
type barrier struct {
	down  chan struct{} // closed when they may go on
	since time.Time
}

// Gate holds a request back while a failover is under way, and lets everything pass that only reads (marked idempotent). It returns when the new master is known, when
// the failover has come to nothing, after Config.MaxFence, or when ctx ends, which is an error that says that nothing was sent. It fits pool.Config: a nil q stands for a
// connection that somebody takes for whatever they like. Without a [Resolver.Watch] in progress it holds nothing.
func (r *Resolver) Gate(ctx context.Context, q *resp.Request) error {
	b := r.up.Load()
	if b == nil || q != nil && q.Idempotent() {
		return nil
	}
	select {
	case <-b.down:
		return nil
	case <-ctx.Done():
		return &conn.Error{Op: conn.OpQueue, Addr: r.cfg.Master + " (held: a failover is under way)", Err: ctx.Err()}
	}
}

// raise holds writes from now on, for limit at most; expired is called when that is over. It reports false when there is nothing to raise.
func (f *fence) raise(limit time.Duration, expired func()) bool {
	f.fenceMu.Lock()
	defer f.fenceMu.Unlock()
	if f.spent || f.up.Load() != nil {
		return false
	}
	b := &barrier{down: make(chan struct{}), since: time.Now()}
	f.up.Store(b)
	f.limit = time.AfterFunc(limit, func() {
		if f.drop(b, true) {
			expired()
		}
	})
	return true
}

// lower lets writes go on: the failover is over. It reports whether they were held.
func (f *fence) lower() bool { return f.drop(f.up.Load(), false) }

func (f *fence) drop(b *barrier, spent bool) bool {
	f.fenceMu.Lock()
	defer f.fenceMu.Unlock()
	same := f.up.Load() == b
	if same || !spent {
		f.spent = spent
	}
	if b == nil || !same {
		return false
	}
	f.limit.Stop()
	f.up.Store(nil)
	close(b.down)
	return true
}

// held returns for how long writes have been held; 0: they are not.
func (f *fence) held() time.Duration {
	if b := f.up.Load(); b != nil {
		return max(1, time.Since(b.since))
	}
	return 0
}
