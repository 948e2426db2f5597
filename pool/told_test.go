package pool_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
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

// diary is a Trace that remembers, and asks the pool for its figures meanwhile: it is not locked.
type diary struct {
	mu     sync.Mutex
	pool   *pool.Pool
	dials  []pool.DialTrace
	waits  []pool.WaitTrace
	ends   []pool.CloseTrace
	resets []pool.ResetTrace
	again  []pool.RetryTrace
}

func (d *diary) note(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pool != nil {
		_ = d.pool.Stats()
	}
	f()
}

func (d *diary) trace() *pool.Trace {
	return &pool.Trace{
		Dial:  func(e pool.DialTrace) { d.note(func() { d.dials = append(d.dials, e) }) },
		Wait:  func(e pool.WaitTrace) { d.note(func() { d.waits = append(d.waits, e) }) },
		Close: func(e pool.CloseTrace) { d.note(func() { d.ends = append(d.ends, e) }) },
		Reset: func(e pool.ResetTrace) { d.note(func() { d.resets = append(d.resets, e) }) },
		Retry: func(e pool.RetryTrace) { d.note(func() { d.again = append(d.again, e) }) },
	}
}

func TestTrace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		refused := errors.New("refused")
		b := newBackend(t, map[string]redistest.Handler{"SET": func(c *redistest.Session, _ []string) { c.Error("READONLY You can't write") }})
		b.before = func(context.Context, int) error { time.Sleep(time.Second); return nil }
		var d diary
		p := b.pool(pool.Config{Keep: 1, MaxOpen: 2, IdleTimeout: 10 * time.Second, Trace: d.trace()})
		d.pool = p

		connection(t, p) // waits for a dial
		synctest.Wait()
		require.Equal(t, []pool.WaitTrace{{Took: time.Second}}, d.waits)
		require.Equal(t, time.Second, d.dials[0].Took)
		require.NoError(t, d.dials[0].Err)

		b.setBefore(func(context.Context, int) error { return refused })
		require.ErrorIs(t, ignore(do(t.Context(), p, "SET", "k", "v")), refused) // goes to another, which cannot be had
		synctest.Wait()
		require.Equal(t, []pool.ResetTrace{{Code: "READONLY"}}, d.resets)
		require.Len(t, d.again, 1)
		require.ErrorContains(t, d.again[0].First, "READONLY")
		require.ErrorIs(t, d.dials[1].Err, refused)
		require.True(t, d.waits[1].Err != nil && !d.waits[1].Alone)
		require.Equal(t, []pool.CloseTrace{{Reason: pool.ClosedReset}}, d.ends)

		b.setBefore(nil)
		time.Sleep(time.Minute)
		two := borrow(t.Context(), p)
		require.Error(t, p.With(canceled(t), nil))
		require.True(t, func() bool { b.closeAll(); time.Sleep(time.Second); return true }())
		two.give <- refused
		<-two.done
		synctest.Wait()
		last := d.ends[len(d.ends)-1]
		require.Equal(t, pool.ClosedDead, last.Reason)
		require.GreaterOrEqual(t, last.Age, time.Second)

		connection(t, p)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		require.Equal(t, pool.ClosedIdle, d.ends[len(d.ends)-1].Reason)
		connection(t, p)
		p.Reset()
		require.Equal(t, pool.ResetTrace{}, d.resets[1])
		connection(t, p)
		require.NoError(t, p.Close())
		require.Equal(t, pool.ClosedByUs, d.ends[len(d.ends)-1].Reason)

		s := p.Stats()
		require.Len(t, d.dials, int(s.Dials))
		require.Len(t, d.waits, int(s.Waits))
		require.Len(t, d.ends, int(s.Dials-s.DialErrors))
		require.EqualValues(t, s.Dials-s.DialErrors, s.Dial.Count)
		require.EqualValues(t, s.WaitsServed, s.Wait.Count)
		require.NotZero(t, s.Hold.Count)
		require.NotZero(t, s.RoundTrip.Count)
	})
}

func ignore(_ string, err error) error { return err }

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// An hour's outage is a line every half minute, and one that says when it is over.
func TestLogOfAnOutage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log bytes.Buffer
		b := newBackend(t, nil)
		p := b.pool(pool.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		connection(t, p)
		require.Empty(t, log.String())
		b.setBefore(func(context.Context, int) error { return errors.New("refused") })
		answer := start(t.Context(), p, "SLEEP", "1000")
		time.Sleep(time.Millisecond)
		b.closeAll()
		require.Error(t, (<-answer).err)
		for began := time.Now(); time.Since(began) < time.Hour; time.Sleep(100 * time.Millisecond) {
			_, err := do(t.Context(), p, "PING")
			require.Error(t, err)
		}
		b.setBefore(nil)
		time.Sleep(time.Second)
		connection(t, p)
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		require.InDelta(t, 122, len(lines), 3)
		require.Contains(t, lines[0], "a connection broke")
		require.Contains(t, lines[1], "refused")
		require.Contains(t, lines[10], "repeated=")
		require.Contains(t, lines[len(lines)-1], "connected again")
		require.Contains(t, lines[len(lines)-1], "outage=1h0m")
	})
}

func TestLogOfAFailover(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log bytes.Buffer
		b := newBackend(t, map[string]redistest.Handler{"SET": func(c *redistest.Session, _ []string) { c.Error("READONLY You can't write") }})
		p := b.pool(pool.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		for range 10 {
			require.Error(t, ignore(do(t.Context(), p, "SET", "k", "v")))
		}
		require.Equal(t, 1, strings.Count(log.String(), "\n"), log.String())
		require.Contains(t, log.String(), "code=READONLY")
	})
}

// A handler's panic is nobody's outage, and shows neither a key nor a value.
func TestLogShowsNoValue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log bytes.Buffer
		p := newBackend(t, nil).pool(pool.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.Panics(t, func() {
			var q resp.Request
			q.Cmd("ECHO").Str("secret")
			_ = p.RoundTrip(t.Context(), &q, resp.HandlerFunc(func(int, *resp.Reply) error { panic("secret") }))
		})
		require.Error(t, p.With(t.Context(), func(*conn.Conn) error { return errors.New("secret") }))
		require.Contains(t, log.String(), "panicked")
		require.NotContains(t, log.String(), "secret")
	})
}
