package pool_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

// A workload is callers who do at random what callers do, each checking that the replies he gets are his.
type workload struct {
	p       *pool.Pool
	callers int
	turns   int
	harm    func(r *rand.Rand) // now and then; nil: none
	maxOpen int                // never to be exceeded; 0: not looked at
}

func (w workload) run(t *testing.T) {
	var wg sync.WaitGroup
	for i := range w.callers {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			for n := range w.turns {
				w.turn(t, r, strconv.Itoa(i)+"-"+strconv.Itoa(n))
			}
		})
	}
	wg.Wait()
}

func (w workload) turn(t *testing.T, r *rand.Rand, token string) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if r.IntN(4) == 0 {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(r.IntN(3000))*time.Microsecond)
		defer cancel()
	}
	var err error
	got := token
	switch r.IntN(12) {
	case 0:
		err = w.p.With(ctx, func(c *conn.Conn) error {
			v, err := c.Do(ctx, "ECHO", token)
			if err == nil {
				got, err = v.Text()
			}
			if r.IntN(3) == 0 {
				return errors.New("on purpose")
			}
			return err
		})
	case 1:
		if w.harm != nil && r.IntN(4) == 0 {
			w.harm(r)
		}
	case 2:
		time.Sleep(time.Duration(r.IntN(2000)) * time.Microsecond)
	default:
		got, err = send(ctx, w.p, request(r, token))
	}
	if err == nil && got != token {
		t.Errorf("got %q, want %q", got, token)
	}
	balanced(t, w.p)
	if s := w.p.Stats(); w.maxOpen > 0 && s.Open+s.Dialling > w.maxOpen {
		t.Errorf("more than %d connections: %+v", w.maxOpen, s)
	}
	if time.Since(began) > 30*time.Second {
		t.Errorf("a caller was forgotten: %v", err)
	}
}

func request(r *rand.Rand, token string) *resp.Request {
	var q resp.Request
	if r.IntN(8) == 0 {
		q.Cmd("SLEEP").Str("1")
	}
	q.Cmd("ECHO").Str(token)
	if r.IntN(3) == 0 {
		q.MarkIdempotent()
	}
	if r.IntN(10) == 0 {
		q.MarkBlocking()
	}
	return &q
}

// harmful is what may happen to a pool while it is used.
func harmful(p *pool.Pool, closeAll func()) func(r *rand.Rand) {
	return func(r *rand.Rand) {
		switch r.IntN(3) {
		case 0:
			p.Reset()
		case 1:
			closeAll()
		default:
			_ = p.Stats()
		}
	}
}

func TestEverythingIsAccountedForAfterARandomWorkload(t *testing.T) {
	for name, cfg := range map[string]pool.Config{
		"defaults": {},
		"narrow":   {Keep: 1, MaxOpen: 2, MaxShare: 1},
		"short":    {Keep: 2, MaxOpen: 5, MaxShare: 3, IdleTimeout: time.Millisecond, DialTimeout: 2 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBackend(t, nil)
				b.dialer.Timeout = 5 * time.Second
				b.before = func(_ context.Context, n int) error {
					time.Sleep(time.Duration(n%5) * time.Millisecond)
					if n%11 == 0 {
						return errors.New("refused")
					}
					return nil
				}
				p := b.pool(cfg)
				workload{p: p, callers: 24, turns: 120, harm: harmful(p, b.closeAll)}.run(t)
				time.Sleep(10 * time.Second) // dials in flight
				synctest.Wait()
				s := p.Stats()
				require.Zero(t, s.Waiting+s.InUse+s.Dialling, "%+v", s)
				require.LessOrEqual(t, s.Open, max(cfg.Keep, pool.DefaultKeep))
				balanced(t, p)
				b.setBefore(nil)
				require.NotEmpty(t, connection(t, p), "it is well afterwards")
			})
		})
	}
}

func TestRandomWorkloadOverSockets(t *testing.T) {
	server := redistest.NewServer(t, newBackend(t, nil).handler)
	d := conn.Dialer{Timeout: 5 * time.Second}
	before := runtime.NumGoroutine()
	p, err := pool.New(pool.Config{
		Dial:     func(ctx context.Context) (*conn.Conn, error) { return d.Dial(ctx, "tcp", server.Addr()) },
		MaxShare: 8, IdleTimeout: 20 * time.Millisecond,
	})
	require.NoError(t, err)
	workload{p: p, callers: 16, turns: 150, harm: harmful(p, server.CloseClients)}.run(t)
	require.NoError(t, p.Close())
	s := p.Stats()
	require.Zero(t, s.Open+s.Waiting+s.Dialling, "%+v", s)
	balanced(t, p)
	for end := time.Now().Add(10 * time.Second); server.Clients() > 0 || runtime.NumGoroutine() > before; runtime.Gosched() {
		require.True(t, time.Now().Before(end), "%d connections and %d goroutines are left", server.Clients(), runtime.NumGoroutine()-before)
	}
}

func TestMaxOpenIsNeverExceeded(t *testing.T) {
	for _, cfg := range []pool.Config{{Keep: 1, MaxOpen: 2, MaxShare: 1}, {Keep: 2, MaxOpen: 3, MaxShare: 2}, {Keep: 3, MaxOpen: 8, MaxShare: 1}} {
		bubble(t, func(t *testing.T) {
			b := newBackend(t, nil)
			b.before = func(_ context.Context, n int) error {
				time.Sleep(time.Duration(n%7) * time.Millisecond)
				return nil
			}
			p := b.pool(cfg)
			closeAll := func(*rand.Rand) { b.closeAll() }
			workload{p: p, callers: 24, turns: 100, harm: closeAll, maxOpen: cfg.MaxOpen}.run(t)
		})
	}
}

// Close may come at any moment, and leaves nothing behind.
func TestCloseDuringARandomWorkload(t *testing.T) {
	for after := range 40 {
		bubble(t, func(t *testing.T) {
			b := newBackend(t, nil)
			b.before = func(_ context.Context, n int) error {
				time.Sleep(time.Duration(n%5) * time.Millisecond)
				return nil
			}
			p := b.pool(pool.Config{Keep: 2, MaxOpen: 4, MaxShare: 2})
			var closing sync.WaitGroup
			closing.Go(func() {
				time.Sleep(time.Duration(after) * 500 * time.Microsecond)
				_ = p.Close()
			})
			workload{p: p, callers: 12, turns: 20, harm: harmful(p, b.closeAll)}.run(t)
			closing.Wait()
			s := p.Stats()
			require.Zero(t, s.Open+s.Waiting+s.Dialling, "%+v", s)
		})
	}
}
