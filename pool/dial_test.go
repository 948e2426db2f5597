package pool_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/pool"
)

func TestDialOutlivesItsCaller(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		b.before = func(context.Context, int) error { time.Sleep(time.Second); return nil }
		p := b.pool(pool.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := do(ctx, p, "PING")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.True(t, conn.NotSent(err))
		require.Equal(t, 10*time.Millisecond, time.Since(began))
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 1, p.Stats().Idle)
		connection(t, p)
		require.Len(t, b.dials(), 1)
	})
}

func TestWhatDialFunctionsDo(t *testing.T) {
	refused := errors.New("refused")
	for name, tc := range map[string]struct {
		dial func(context.Context, *backend) (*conn.Conn, error)
		want error
		text string
	}{
		"error":   {func(context.Context, *backend) (*conn.Conn, error) { return nil, refused }, refused, ""},
		"panic":   {func(context.Context, *backend) (*conn.Conn, error) { panic("at the dial") }, nil, "panicked: at the dial"},
		"nothing": {func(context.Context, *backend) (*conn.Conn, error) { return nil, nil }, nil, "neither a connection nor an error"},
		"gone":    {func(context.Context, *backend) (*conn.Conn, error) { runtime.Goexit(); return nil, nil }, nil, "ended its goroutine"},
		"waits":   {func(ctx context.Context, _ *backend) (*conn.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }, os.ErrDeadlineExceeded, "did not answer in time"},
		"shakes": {func(ctx context.Context, _ *backend) (*conn.Conn, error) {
			<-ctx.Done()
			return nil, &conn.Error{Op: conn.OpHandshake, Addr: "there", Err: ctx.Err()}
		}, os.ErrDeadlineExceeded, "handshake there: the server did not answer in time"},
		"for ever": {func(context.Context, *backend) (*conn.Conn, error) { time.Sleep(time.Hour); return nil, refused }, nil, "goes on although its context has ended"},
		"wrapped": {func(ctx context.Context, _ *backend) (*conn.Conn, error) {
			<-ctx.Done()
			return nil, fmt.Errorf("%w, while %w", refused, &conn.Error{Op: conn.OpHandshake, Addr: "there", Err: ctx.Err()})
		}, refused, "refused, while"},
		"outcome?": {func(context.Context, *backend) (*conn.Conn, error) { return nil, &conn.Error{Sent: true, Err: refused} }, refused, ""},
		"dead": {func(ctx context.Context, b *backend) (*conn.Conn, error) {
			c, err := b.dial(ctx)
			_ = c.Close()
			return c, err
		}, conn.ErrClosed, ""},
		"both": {func(ctx context.Context, b *backend) (*conn.Conn, error) {
			c, _ := b.dial(ctx)
			return c, refused // and c is closed, or the backend's server would not end
		}, refused, ""},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBackend(t, nil)
				p, err := pool.New(pool.Config{
					Dial:        func(ctx context.Context) (*conn.Conn, error) { return tc.dial(ctx, b) },
					DialTimeout: time.Second,
				})
				require.NoError(t, err)
				first := borrow(t.Context(), p)
				_, err = do(t.Context(), p, "PING")
				for _, err := range []error{err, <-first.done} {
					require.True(t, conn.NotSent(err), "%v", err)
					require.ErrorContains(t, err, tc.text)
					require.NotErrorIs(t, err, context.DeadlineExceeded, "no caller's context ended")
					var network net.Error
					require.False(t, errors.As(err, &network) && errors.Is(network, context.DeadlineExceeded))
					var failure *conn.Error
					require.False(t, errors.As(err, &failure) && errors.Is(failure, context.DeadlineExceeded))
					if tc.want != nil {
						require.ErrorIs(t, err, tc.want)
					}
				}
				s := counts(p)
				require.Equal(t, pool.Stats{Dials: s.Dials, DialErrors: s.Dials, Waits: s.Waits}, s)
				require.NoError(t, p.Close())
				time.Sleep(time.Hour) // what was given up ends as well
			})
		})
	}
}

func TestWaitersAreToldOfAFailedDial(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		refused := errors.New("refused")
		b.before = func(context.Context, int) error { time.Sleep(time.Second); return refused }
		p := b.pool(pool.Config{Keep: 1, MaxShare: 1, MaxOpen: 3})
		var answers []chan answer
		for range 50 {
			answers = append(answers, start(t.Context(), p, "PING"))
		}
		borrowers := []*borrowed{borrow(t.Context(), p), borrow(t.Context(), p), borrow(t.Context(), p)}
		time.Sleep(time.Second)
		synctest.Wait()
		for _, a := range answers {
			require.ErrorIs(t, (<-a).err, refused)
		}
		for _, b := range borrowers {
			require.ErrorIs(t, <-b.done, refused)
		}
		require.Zero(t, p.Stats().Waiting)
	})
}

// A waiter who has no use for a connection in use is told of a failed dial; one who has goes on waiting for it.
func TestFailedDialLeavesThoseAloneWhoWaitForAConnectionInUse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		refused := errors.New("refused")
		p := b.pool(pool.Config{Keep: 1, MaxShare: 1})
		connection(t, p)
		b.setBefore(func(context.Context, int) error { return refused })
		busy := start(t.Context(), p, "SLEEP", "100")
		patient := start(t.Context(), p, "PING")
		alone := borrow(t.Context(), p)
		require.ErrorIs(t, <-alone.done, refused)
		require.NoError(t, (<-busy).err)
		require.NoError(t, (<-patient).err)
	})
}

func TestDialsOfAnOutageAreFewAndCallersDoNotWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		refused := errors.New("refused")
		b.before = func(context.Context, int) error { return refused }
		p := b.pool(pool.Config{})
		const seconds = 10
		began := time.Now()
		done := make(chan int, 512)
		for i := range cap(done) {
			go func() {
				calls := 0
				for ; time.Since(began) < seconds*time.Second; calls++ {
					asked := time.Now()
					var err error
					if i%4 == 0 {
						err = p.With(context.Background(), func(*conn.Conn) error { return nil })
					} else {
						_, err = do(context.Background(), p, "PING")
					}
					if !errors.Is(err, refused) || !time.Now().Equal(asked) {
						t.Errorf("after %v: %v", time.Since(asked), err)
					}
					time.Sleep(200 * time.Millisecond)
				}
				done <- calls
			}()
		}
		calls := 0
		for range cap(done) {
			calls += <-done
		}
		perSecond := make([]int, seconds)
		for _, at := range b.dials() {
			perSecond[int(at.Sub(began)/time.Second)]++
		}
		require.Equal(t, 512*seconds*5, calls)
		require.LessOrEqual(t, perSecond[0], 8+6, "the first ones at the same time, then with waits that grow")
		for _, n := range perSecond[1:] {
			require.LessOrEqual(t, n, 3)
		}
		require.GreaterOrEqual(t, len(b.dials()), seconds/2)
	})
}

func TestRecoveryAfterALongOutage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{})
		connection(t, p)
		b.setBefore(func(context.Context, int) error { return errors.New("refused") })
		b.closeAll()
		down := time.Now()
		var first time.Time
		for first.IsZero() {
			if time.Since(down) == 15*time.Minute {
				b.setBefore(nil)
			}
			if _, err := do(t.Context(), p, "PING"); err == nil {
				first = time.Now()
			}
			time.Sleep(40 * time.Millisecond)
		}
		require.LessOrEqual(t, first.Sub(down), 15*time.Minute+1500*time.Millisecond)
		require.Less(t, len(b.dials()), 2*15*60)
		require.NotEmpty(t, connection(t, p))

		// All is as before: several dials at a time, and the first that fails is followed by a short wait.
		b.setBefore(func(context.Context, int) error { time.Sleep(time.Second); return nil })
		for range 8 {
			b := borrow(t.Context(), p)
			defer b.back(t)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		require.Zero(t, p.Stats().Dialling)
		b.setBefore(func(context.Context, int) error { return errors.New("refused") })
		require.Error(t, p.With(t.Context(), nil))
		b.setBefore(nil)
		time.Sleep(25 * time.Millisecond)
		require.NoError(t, p.With(t.Context(), func(*conn.Conn) error { return nil }))
	})
}

// Dials that fail together are one failure.
func TestVolleyOfFailedDialsIsOneFailure(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		b.before = func(context.Context, int) error { time.Sleep(time.Second); return errors.New("refused") }
		p := b.pool(pool.Config{})
		var out []*borrowed
		for range 8 {
			out = append(out, borrow(t.Context(), p))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		for _, one := range out {
			require.Error(t, <-one.done)
		}
		require.Len(t, b.dials(), 8)
		b.setBefore(nil)
		time.Sleep(25 * time.Millisecond)
		connection(t, p)
	})
}

// Callers who share are content with one dial; who needs a connection alone has another, but none that the limit would not let him use.
func TestDialsAreAsManyAsWaitersCanUse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		b.before = func(context.Context, int) error { time.Sleep(time.Second); return nil }
		p := b.pool(pool.Config{Keep: 3, MaxOpen: 5})
		first := start(t.Context(), p, "PING")
		require.Equal(t, 1, p.Stats().Dialling)
		out := []*borrowed{borrow(t.Context(), p)}
		require.Equal(t, 2, p.Stats().Dialling)
		rest := []chan answer{start(t.Context(), p, "PING"), start(t.Context(), p, "PING")}
		require.Equal(t, 2, p.Stats().Dialling)
		for range 5 {
			out = append(out, borrow(t.Context(), p))
		}
		require.Equal(t, 3, p.Stats().Dialling)
		for _, a := range append(rest, first) {
			require.NoError(t, (<-a).err)
		}
		for _, b := range out {
			b.back(t)
		}
	})
}

func TestDuringAnOutageOneDialTestsTheWater(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		b.before = func(context.Context, int) error { return errors.New("refused") }
		p := b.pool(pool.Config{})
		_, err := do(t.Context(), p, "PING")
		require.Error(t, err)
		time.Sleep(25 * time.Millisecond)
		b.setBefore(func(context.Context, int) error { time.Sleep(time.Second); return nil })
		var out []*borrowed
		for range 20 {
			out = append(out, borrow(t.Context(), p))
		}
		require.Equal(t, 1, p.Stats().Dialling)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		for _, one := range out {
			one.back(t)
		}
	})
}
