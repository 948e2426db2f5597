package integration

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
)

const (
	callPatience   = 5 * time.Second // of each call
	loopCallers    = 8
	durableCallers = 2
)

// A load is callers who write all the time. Every write is an increment of a counter of its own, so that afterwards each counter says what became of it.
type load struct {
	t    testing.TB
	s    *bwstate.State
	wait int // replicas that a durable write waits for

	stream  caller    // a hundred a second
	loop    []*caller // one call after the other. There are two processors for them, the servers and the sentinels, so each pauses for two milliseconds
	durable []*caller // who wait for the replicas

	wg  sync.WaitGroup
	end context.CancelFunc
}

// A caller makes one call at a time.
type caller struct {
	name  string
	pause time.Duration

	mu    sync.Mutex
	calls []writeCall // guarded by mu
}

// A writeCall is what somebody was told of a write.
type writeCall struct {
	key          string
	begun, ended time.Time
	err          error // nil: acknowledged
	replicated   bool  // the server has said so
}

// startLoad starts the callers, who end with the test at the latest.
func startLoad(t testing.TB, s *bwstate.State, durable, replicas int) *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{t: t, s: s, wait: replicas, end: cancel, stream: caller{name: "stream", pause: 10 * time.Millisecond}}
	for i := range loopCallers {
		l.loop = append(l.loop, &caller{name: "loop" + strconv.Itoa(i), pause: 2 * time.Millisecond})
	}
	for i := range durable {
		l.durable = append(l.durable, &caller{name: "durable" + strconv.Itoa(i), pause: 10 * time.Millisecond})
	}
	t.Cleanup(l.stop)
	for _, c := range l.plain() {
		l.wg.Go(func() { l.run(ctx, c, l.increment) })
	}
	for _, c := range l.durable {
		l.wg.Go(func() { l.run(ctx, c, l.incrementDurably) })
	}
	return l
}

// stop waits until the last calls are over.
func (l *load) stop() {
	l.end()
	l.wg.Wait()
}

// plain returns those who do not wait for replicas.
func (l *load) plain() []*caller { return append([]*caller{&l.stream}, l.loop...) }

func (l *load) run(ctx context.Context, c *caller, write func(context.Context, *writeCall)) {
	pause := time.NewTicker(c.pause)
	defer pause.Stop()
	for n := 0; ctx.Err() == nil; n++ {
		call := writeCall{key: c.name + ":" + strconv.Itoa(n), begun: time.Now()}
		bounded, cancel := context.WithTimeout(context.Background(), callPatience)
		write(bounded, &call)
		cancel()
		call.ended = time.Now()
		c.mu.Lock()
		c.calls = append(c.calls, call)
		c.mu.Unlock()
		<-pause.C
	}
}

func (l *load) increment(ctx context.Context, call *writeCall) {
	_, call.err = l.s.Do(ctx, "INCR", call.key)
}

func (l *load) incrementDurably(ctx context.Context, call *writeCall) {
	_, n, err := l.s.WaitReplicas(l.wait, time.Second/2).Do(ctx, "INCR", call.key)
	var waiting *bwstate.WaitError
	if !errors.As(err, &waiting) { // the write was done
		call.err = err
	}
	call.replicated = err == nil && n >= l.wait
}

// history returns the calls that are over.
func (c *caller) history() []writeCall {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[:len(c.calls):len(c.calls)]
}

// allSince reports whether every caller has begun and ended a write after a moment.
func (l *load) allSince(moment time.Time) bool {
	for _, c := range append(l.plain(), l.durable...) {
		calls := c.history()
		if len(calls) == 0 {
			return false
		}
		if last := calls[len(calls)-1]; last.err != nil || last.begun.Before(moment) {
			return false
		}
	}
	return true
}

// failures counts the errors so far.
func (l *load) failures() (n int) {
	for _, c := range append(l.plain(), l.durable...) {
		n += c.failures()
	}
	return n
}

func (c *caller) failures() (n int) {
	for _, call := range c.history() {
		if call.err != nil {
			n++
		}
	}
	return n
}

// values asks the master for the counters of one caller, a thousand at a time.
func (c *caller) values(t testing.TB, master *bwstate.State) []int {
	t.Helper()
	calls := c.history()
	values := make([]int, 0, len(calls))
	for len(calls) > 0 {
		some := calls[:min(1000, len(calls))]
		calls = calls[len(some):]
		question := []string{"MGET"}
		for _, call := range some {
			question = append(question, call.key)
		}
		v, err := master.Do(short(t), question...)
		require.NoError(t, err)
		require.Len(t, v.Elems(), len(some))
		for _, one := range v.Elems() {
			n := int64(0)
			if !one.IsNull() {
				n, err = one.Int()
				require.NoError(t, err)
			}
			values = append(values, int(n))
		}
	}
	return values
}
