package pool_test

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

// counting serves INCR, and cuts the connection after every nth one has been executed and before it is answered.
func counting(t *testing.T, nth int64) (b *backend, executed *atomic.Int64) {
	executed = new(atomic.Int64)
	return newBackend(t, map[string]redistest.Handler{"INCR": func(c *redistest.Session, _ []string) {
		n := executed.Add(1)
		if n%nth == 0 {
			c.Reset()
			return
		}
		c.Int(n)
	}}), executed
}

func TestINCRIsNeverExecutedTwice(t *testing.T) {
	for _, nth := range []int64{1, 2, 7} {
		t.Run(strconv.FormatInt(nth, 10), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b, executed := counting(t, nth)
				p := b.pool(pool.Config{})
				told, ambiguous := int64(0), int64(0)
				for told+ambiguous < 1000 {
					switch _, err := do(t.Context(), p, "INCR", "n"); {
					case err == nil:
						told++
					case conn.NotSent(err): // a server that drops every connection is one that is away
						time.Sleep(time.Second)
					default:
						ambiguous++
					}
				}
				require.EqualValues(t, 1000, told+ambiguous)
				require.Equal(t, told+ambiguous, executed.Load())
				require.EqualValues(t, 0, p.Stats().Retries)
			})
		})
	}
}

func TestINCRIsNeverExecutedTwiceUnderLoad(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, executed := counting(t, 50)
		p := b.pool(pool.Config{})
		var told, ambiguous, asked atomic.Int64
		var wg sync.WaitGroup
		for i := range 32 {
			wg.Go(func() {
				for range 100 {
					var q resp.Request
					q.Cmd("INCR").Str("n")
					if i%4 == 0 {
						q.MarkBlocking()
					}
					asked.Add(1)
					if _, err := send(t.Context(), p, &q); err == nil {
						told.Add(1)
					} else {
						ambiguous.Add(1)
					}
				}
			})
		}
		wg.Wait()
		require.Equal(t, asked.Load(), told.Load()+ambiguous.Load())
		require.GreaterOrEqual(t, executed.Load(), told.Load())
		require.LessOrEqual(t, executed.Load(), told.Load()+ambiguous.Load())
		require.Positive(t, ambiguous.Load())
	})
}

// A failover that many callers notice at once resets the pool once.
func TestFailoverNoticedByManyIsOneReset(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var master atomic.Bool
		b := newBackend(t, map[string]redistest.Handler{"SET": func(c *redistest.Session, _ []string) {
			time.Sleep(time.Millisecond)
			if c.Values["master"] == nil {
				c.Values["master"] = master.Load()
			}
			if c.Values["master"] == false {
				c.Error("READONLY You can't write against a read only replica.")
				return
			}
			c.Simple("OK")
		}})
		b.setBefore(func(_ context.Context, n int) error {
			master.Store(n > 3)
			return nil
		})
		p := b.pool(pool.Config{Keep: 3})
		for range 3 {
			var out []*borrowed
			for range 3 {
				out = append(out, borrow(t.Context(), p))
			}
			for _, one := range out {
				one.back(t)
			}
		}
		require.Len(t, b.dials(), 3)
		var answers []chan answer
		for range 300 {
			answers = append(answers, start(t.Context(), p, "SET", "k", "v"))
		}
		for _, a := range answers {
			require.NoError(t, (<-a).err)
		}
		s := p.Stats()
		require.EqualValues(t, 3, s.ClosedReset)
		require.LessOrEqual(t, s.Dials, uint64(6))
		require.LessOrEqual(t, s.Retries, uint64(300))
	})
}

// The configured server is a replica, for good: writes fail as they must, and reads do not suffer for it.
func TestReplicaForGoodIsNotAReconnectStorm(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, map[string]redistest.Handler{"SET": says("READONLY You can't write against a read only replica.")})
		p := b.pool(pool.Config{})
		began := time.Now()
		var wg sync.WaitGroup
		for range 32 {
			wg.Go(func() {
				for time.Since(began) < 20*time.Second {
					_, err := do(t.Context(), p, "SET", "k", "v")
					if !resp.IsCode(err, "READONLY") {
						t.Error(err)
					}
					if _, err = do(t.Context(), p, "PING"); err != nil {
						t.Error(err)
					}
					time.Sleep(200 * time.Millisecond)
				}
			})
		}
		wg.Wait()
		require.Less(t, len(b.dials()), 3*20*3, "at most %d connections per reset", 3)
		require.GreaterOrEqual(t, len(b.dials()), 20)
	})
}

// However many there were, after a pause a refusal is news again.
func TestEveryFailoverIsNoticed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var refuse atomic.Bool
		b := newBackend(t, map[string]redistest.Handler{"SET": func(c *redistest.Session, _ []string) {
			if refuse.Swap(false) {
				c.Error("READONLY You can't write against a read only replica.")
				return
			}
			c.Simple("OK")
		}})
		p := b.pool(pool.Config{})
		failover := func() {
			refuse.Store(true)
			_, err := do(t.Context(), p, "SET", "k", "v")
			require.NoError(t, err)
		}
		for range 20 {
			failover()
			time.Sleep(1001 * time.Millisecond)
		}
		time.Sleep(1001 * time.Millisecond)
		failover()
		time.Sleep(25 * time.Millisecond)
		failover()
		require.EqualValues(t, 22, p.Stats().ClosedReset)
	})
}

func TestHandlerThatPanics(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{})
		panics := resp.HandlerFunc(func(int, *resp.Reply) error { panic("handler") })
		for _, blocking := range []bool{false, true} {
			var q resp.Request
			q.Cmd("PING")
			if blocking {
				q.MarkBlocking()
			}
			require.PanicsWithValue(t, "handler", func() { _ = p.RoundTrip(t.Context(), &q, panics) })
			require.Equal(t, 0, p.Stats().InUse)
			connection(t, p)
		}
	})
}
