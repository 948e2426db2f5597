package pool_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

// Callers on all processors, who come and go in the same moment as others wait, as connections are given up, and as somebody looks at the figures.
func TestFrontWhileEverythingHappens(t *testing.T) {
	for name, cfg := range map[string]pool.Config{
		"one":    {Keep: 1, MaxOpen: 2},
		"narrow": {Keep: 3, MaxOpen: 4, MaxShare: 2},
		"wide":   {Keep: 10, MaxOpen: 20},
		"resets": {Keep: 3, MaxOpen: 6},
	} {
		t.Run(name, func(t *testing.T) {
			p := parrotPool(t, cfg)
			resets := name == "resets"
			const callers, turns = 16, 3000
			var alone, mostAlone, requests, requestsAlone atomic.Int64
			hold := func(r *rand.Rand) func(*conn.Conn) error {
				return func(*conn.Conn) error {
					n := alone.Add(1)
					for most := mostAlone.Load(); n > most && !mostAlone.CompareAndSwap(most, n); most = mostAlone.Load() {
					}
					if r.IntN(4) == 0 {
						runtime.Gosched()
					}
					alone.Add(-1)
					if r.IntN(500) == 0 {
						return errors.New("on purpose")
					}
					return nil
				}
			}
			var wg sync.WaitGroup
			for i := range callers {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(3, uint64(i)))
					fn, q := hold(r), new(resp.Request)
					for range turns {
						switch n := r.IntN(1000); {
						case n == 0 && resets:
							p.Reset()
						case n < 20:
							balanced(t, p)
						case n < 500:
							requests.Add(1)
							requestsAlone.Add(1)
							_ = p.With(context.Background(), fn)
						default:
							requests.Add(1)
							if err := p.RoundTrip(context.Background(), q, nil); err != nil {
								t.Error(err)
							}
						}
					}
				})
			}
			wg.Wait()
			books := p.Books()
			if !resets { // what a reset has retired does not count
				require.LessOrEqual(t, mostAlone.Load(), int64(cfg.MaxOpen-cfg.Keep))
			}
			require.LessOrEqual(t, mostAlone.Load(), int64(books.Busiest))
			require.Positive(t, books.Rounds)
			books.Busiest, books.Rounds = 0, 0
			require.Equal(t, pool.Books{Requests: uint64(requests.Load()), RequestsAlone: uint64(requestsAlone.Load())}, books)
			require.NoError(t, p.Close())
			balanced(t, p)
		})
	}
}

// Whatever the moment at which a pool is closed, Close waits for whoever has something from the front, and nobody gets anything afterwards.
func TestCloseWhileTheFrontIsUsed(t *testing.T) {
	for i := range 40 {
		p := parrotPool(t, pool.Config{Keep: 2, MaxOpen: 4})
		var open atomic.Bool
		var holding atomic.Int64
		open.Store(true)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					err := p.With(context.Background(), func(*conn.Conn) error {
						holding.Add(1)
						defer holding.Add(-1)
						if !open.Load() {
							t.Error("a connection of a pool that is closed")
						}
						return nil
					})
					if errors.Is(err, pool.ErrClosed) {
						return
					}
				}
			})
		}
		for n := 0; n < 20*i; n++ {
			runtime.Gosched()
		}
		require.NoError(t, p.Close())
		open.Store(false)
		require.Zero(t, holding.Load())
		wg.Wait()
		s := p.Stats()
		require.Zero(t, s.Open+s.InUse+s.Waiting, "%+v", s)
		balanced(t, p)
	}
}
