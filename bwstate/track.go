package bwstate

import (
	"bytes"
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

// A pushConn is a connection over which the server says more than it is asked for. What it says goes to the function that it was dialled with, in the order in which it
// came, and before replies that came later are handed out.
type pushConn interface {
	RoundTripper
	NextPush(ctx context.Context, h resp.Handler) error
	Err() error
	Close() error
}

// errNoPushes says that a server does not speak RESP3.
var errNoPushes = errors.New("the server speaks RESP2")

// errSwitched says that there is another master.
var errSwitched = errors.New("there is another master")

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
		p.dropAll()
	}
}

// dropAll forgets all copies, but for those that may serve while the server is away.
func (t *topic) dropAll() {
	for _, c := range t.caches {
		c.local.dropAll(c.cfg.WhenAway != LocalWhenAway)
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
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.wake:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// session has one connection, until it is lost.
func (t *tracker) session(ctx context.Context) error {
	c, epoch, err := t.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	on := map[*topic]bool{}
	for {
		asked := time.Now()
		fresh, wait, cancel := t.next(ctx, on, asked.Add(trackPing))
		err := t.ask(ctx, c, fresh)
		if err == nil {
			t.heard.Store(int64(asked.Sub(t.base)))
			err = t.live(c, epoch, fresh)
		}
		if err == nil {
			err = listen(wait, c)
		}
		cancel()
		if err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// connect dials, and puts the connection in its place if there is no other master meanwhile.
func (t *tracker) connect(ctx context.Context) (pushConn, uint64, error) {
	t.mu.Lock()
	before := t.switches
	t.mu.Unlock()
	dialing, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c, err := t.dial(dialing, t.told)
	if err != nil {
		if errors.Is(err, errNoPushes) {
			err = &refusedTracking{err}
		}
		return nil, 0, err
	}
	epoch, ok := t.install(c, before)
	if !ok {
		_ = c.Close()
		return nil, 0, errSwitched
	}
	return c, epoch, nil
}

// install reports false when there has been a switch since there were so many.
func (t *tracker) install(c pushConn, switches int) (epoch uint64, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.switches != switches {
		return 0, false
	}
	t.epoch++
	t.c = c
	return t.epoch, true
}

// next returns the topics that the server was not asked for yet, and a context that ends when there are others, or at a time.
func (t *tracker) next(ctx context.Context, on map[*topic]bool, until time.Time) (fresh []*topic, wait context.Context, cancel context.CancelFunc) {
	wait, cancel = context.WithDeadline(ctx, until)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.interrupt = cancel
	for _, p := range t.topics {
		if !on[p] {
			on[p] = true
			fresh = append(fresh, p)
		}
	}
	return fresh, wait, cancel
}

// ask asks the server to tell of more topics, and for a sign of life. What it told before it answered has arrived then.
func (t *tracker) ask(ctx context.Context, c pushConn, fresh []*topic) error {
	ctx, cancel := context.WithTimeout(ctx, MaxCacheStaleness)
	defer cancel()
	var q resp.Request
	if len(fresh) > 0 {
		q.Cmd("CLIENT").Str("TRACKING").Str("ON").Str("BCAST")
		for _, p := range fresh {
			q.Str("PREFIX").Str(p.prefix)
		}
	}
	q.Cmd("PING")
	var no error
	err := c.RoundTrip(ctx, &q, resp.HandlerFunc(func(i int, r *resp.Reply) error {
		if e := r.ErrorReply(); e != nil && i == 0 && len(fresh) > 0 {
			no = e
		}
		return nil // any answer to PING is a sign of life
	}))
	switch {
	case err != nil:
		return err
	case resp.IsCode(no, "ERR"), resp.IsCode(no, "NOPERM"):
		return &refusedTracking{no}
	}
	return no
}

// live lets copies of the topics count from now on, if c is still the connection.
func (t *tracker) live(c pushConn, epoch uint64, fresh []*topic) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.c != c {
		return errSwitched
	}
	t.refused = false
	for _, p := range fresh {
		p.dropAll()
		p.epoch.Store(epoch)
	}
	return nil
}

// listen reads until ctx ends, or the connection.
func listen(ctx context.Context, c pushConn) error {
	for ctx.Err() == nil && c.Err() == nil {
		_ = c.NextPush(ctx, nil)
	}
	return c.Err()
}

// told is given everything that the server says unasked. It runs on the goroutine that reads.
func (t *tracker) told(r *resp.Reply) {
	if r.Array() < 2 || string(r.Bytes()) != "invalidate" {
		return
	}
	if r.Null() { // FLUSHALL, FLUSHDB
		t.mu.Lock()
		defer t.mu.Unlock()
		for _, p := range t.topics {
			for _, c := range p.caches {
				c.count.invalidations.Add(1)
				c.local.dropAll(true)
			}
		}
		return
	}
	for range r.Array() {
		t.changed(r.Bytes())
	}
}

// changed is told of a key, of whatever database.
func (t *tracker) changed(key []byte) {
	rest, ours := bytes.CutPrefix(key, []byte(cachePrefixes))
	colon := bytes.IndexByte(rest, ':')
	if !ours || colon < 0 {
		return
	}
	at := len(cachePrefixes) + colon + 1
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.topics[string(key[:at])]
	if p == nil {
		return
	}
	for _, c := range p.caches {
		c.changed(string(key[at:]))
	}
}

// refusedTracking says that the server will not tell of changes.
type refusedTracking struct{ err error }

func (e *refusedTracking) Error() string { return e.err.Error() }
func (e *refusedTracking) Unwrap() error { return e.err }

// why shows no more of a refusal than its code.
func (e *refusedTracking) why() string {
	var reply *resp.Error
	if errors.As(e.err, &reply) {
		return reply.Code()
	}
	return e.err.Error()
}
