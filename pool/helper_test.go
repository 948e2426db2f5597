package pool_test

import (
	"context"
	"net"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

// bubble runs f under virtual time.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// A backend is what pools dial in these tests: every dial is an in-memory connection to a fake server.
type backend struct {
	tb      testing.TB
	handler redistest.Handler
	dialer  conn.Dialer
	before  func(ctx context.Context, n int) error // runs in dial n, counted from 1; nil: nothing
	wrap    func(net.Conn) net.Conn                // what is dialled; nil: as it is

	servers sync.WaitGroup

	mu    sync.Mutex
	ends  []*redistest.Conn // of the servers, by dial that came that far. Guarded by mu
	began []time.Time       // of dials. Guarded by mu
}

// newBackend serves h, and beside what redistest.Redis knows SLEEP milliseconds.
func newBackend(tb testing.TB, overrides map[string]redistest.Handler) *backend {
	sleep := map[string]redistest.Handler{"SLEEP": func(c *redistest.Session, args []string) {
		ms, _ := strconv.Atoi(args[1])
		time.Sleep(time.Duration(ms) * time.Millisecond)
		c.Int(c.ID)
	}}
	b := &backend{tb: tb, handler: redistest.Override(overrides, redistest.Override(sleep, redistest.Redis(redistest.Options{})))}
	tb.Cleanup(b.servers.Wait)
	return b
}

func (b *backend) dial(ctx context.Context) (*conn.Conn, error) {
	b.mu.Lock()
	b.began = append(b.began, time.Now())
	n, before := len(b.began), b.before
	b.mu.Unlock()
	if before != nil {
		if err := before(ctx, n); err != nil {
			return nil, err
		}
	}
	d := b.dialer
	d.DialContext = func(context.Context, string, string) (net.Conn, error) {
		client, server := redistest.Pipe()
		b.mu.Lock()
		b.ends = append(b.ends, server.(*redistest.Conn))
		b.mu.Unlock()
		b.servers.Go(func() { redistest.Serve(server, b.handler) })
		if b.wrap != nil {
			client = b.wrap(client)
		}
		return client, nil
	}
	return d.Dial(ctx, "tcp", "memory:0")
}

// pool makes a pool, which is closed when the test ends.
func (b *backend) pool(cfg pool.Config) *pool.Pool {
	b.tb.Helper()
	cfg.Dial = b.dial
	p, err := pool.New(cfg)
	require.NoError(b.tb, err)
	b.tb.Cleanup(func() {
		require.NoError(b.tb, p.Close())
		balanced(b.tb, p)
	})
	return p
}

// setBefore changes what dials do first.
func (b *backend) setBefore(f func(ctx context.Context, n int) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.before = f
}

// dials returns when dials began.
func (b *backend) dials() []time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]time.Time(nil), b.began...)
}

// closeAll closes all connections as a server does that stops.
func (b *backend) closeAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, nc := range b.ends {
		_ = nc.Close()
	}
}

// balanced checks that every connection is accounted for, once; which holds at any moment.
func balanced(tb testing.TB, p *pool.Pool) {
	tb.Helper()
	s := p.Stats()
	closed := s.ClosedIdle + s.ClosedAged + s.ClosedDead + s.ClosedReset + s.ClosedSurplus + s.ClosedByUs
	assert.Equal(tb, s.Open, s.Idle+s.InUse, "%+v", s)
	assert.Equal(tb, s.Dials-s.DialErrors, uint64(s.Open)+closed, "%+v", s)
	assert.Equal(tb, s.Waits, uint64(s.Waiting)+s.WaitsServed+s.WaitsFailed+s.WaitsCancelled, "%+v", s)
}

// counts returns the stats without what every test would have to say again: how waits ended, and how long things took.
func counts(p *pool.Pool) pool.Stats {
	s := p.Stats()
	s.WaitsServed, s.WaitsFailed, s.WaitsCancelled = 0, 0, 0
	s.Wait, s.Dial, s.Hold, s.RoundTrip = pool.Histogram{}, pool.Histogram{}, pool.Histogram{}, pool.Histogram{}
	return s
}

// An answer is what became of one request.
type answer struct {
	text string
	err  error
}

// do sends one command.
func do(ctx context.Context, p *pool.Pool, args ...string) (string, error) {
	var q resp.Request
	q.Cmd(args[0]).Args(args[1:]...)
	return send(ctx, p, &q)
}

// send sends q and returns its last reply.
func send(ctx context.Context, p *pool.Pool, q *resp.Request) (text string, err error) {
	err = p.RoundTrip(ctx, q, resp.HandlerFunc(func(_ int, r *resp.Reply) error {
		if err := r.Err(); err != nil {
			return err
		}
		text = r.Text()
		return r.Err()
	}))
	return text, err
}

// start sends a command on a goroutine of its own and returns once everything that can happen at once has happened.
func start(ctx context.Context, p *pool.Pool, args ...string) chan answer {
	done := make(chan answer, 1)
	go func() {
		text, err := do(ctx, p, args...)
		done <- answer{text, err}
	}()
	synctest.Wait()
	return done
}

// connection returns the id of the connection that the next request goes to.
func connection(t *testing.T, p *pool.Pool) string {
	t.Helper()
	id, err := do(t.Context(), p, "CLIENT", "ID")
	require.NoError(t, err)
	return id
}

// A borrowed connection is checked out until it is returned.
type borrowed struct {
	give chan error
	done chan error // what With returned
	id   string     // of the connection
}

// borrow checks a connection out on a goroutine of its own. It does not wait for it: id is set once that has worked.
func borrow(ctx context.Context, p *pool.Pool) *borrowed {
	b := &borrowed{give: make(chan error, 1), done: make(chan error, 1)}
	go func() {
		b.done <- p.With(ctx, func(c *conn.Conn) error {
			v, err := c.Do(ctx, "CLIENT", "ID")
			if err != nil {
				return err
			}
			n, _ := v.Int()
			b.id = strconv.FormatInt(n, 10)
			select {
			case err := <-b.give:
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	synctest.Wait()
	return b
}

// back returns the connection.
func (b *borrowed) back(t *testing.T) {
	t.Helper()
	b.give <- nil
	require.NoError(t, <-b.done)
	synctest.Wait()
}
