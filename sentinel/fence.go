package sentinel

import (
	"sync/atomic"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// A fence keeps writes from a master that is about to be replaced. The watch raises and lowers it.
type fence struct {
	up atomic.Pointer[barrier] // nil: it is down
}

// A barrier is what writes wait at.
type barrier struct {
	down  chan struct{} // closed when they may go on
	since time.Time
}

// Gate says whether a request has to wait, because a failover is under way: nil, or a channel that is closed when it is to ask again. What only reads
// ([resp.Request.MarkReadOnly]) never has to. It fits pool.Config: a nil q stands for a connection that somebody takes for whatever they like. Writes wait until the
// new master has said that it is one, until the failover has come to nothing, and for no longer than Config.MaxFence; without a [Resolver.Watch] in progress never.
func (r *Resolver) Gate(q *resp.Request) (wait <-chan struct{}) {
	b := r.up.Load()
	if b == nil || q != nil && q.ReadOnly() {
		return nil
	}
	return b.down
}

// raise holds writes from now on. It reports false when that was so already.
func (f *fence) raise() bool {
	if f.up.Load() != nil {
		return false
	}
	f.up.Store(&barrier{down: make(chan struct{}), since: time.Now()})
	return true
}

// lower lets writes go on. It returns for how long they were held.
func (f *fence) lower() (held time.Duration) {
	b := f.up.Swap(nil)
	if b == nil {
		return 0
	}
	close(b.down)
	return time.Since(b.since)
}

// held returns for how long writes have been held; 0: they are not.
func (f *fence) held() time.Duration {
	if b := f.up.Load(); b != nil {
		return max(1, time.Since(b.since))
	}
	return 0
}
