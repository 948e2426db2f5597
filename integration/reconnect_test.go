package integration

import (
	"context"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

// A server that restarts while nothing is in flight costs no caller an error.
func TestRestartWhileIdle(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v})
		s := open(t, server.Settings())
		for range 3 {
			server.Restart()
			time.Sleep(1100 * time.Millisecond) // a connection that is unused for so long is probed
			_, err := s.Do(short(t), "INCR", "n")
			require.NoError(t, err)
		}
	})
}

// The scripts are gone after a restart, and after SCRIPT FLUSH.
func TestScriptsComeBack(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v})
		s := open(t, server.Settings())
		rule := bwstate.BadBehavior{Threshold: 100}
		for i := range int64(3) {
			n, err := s.IncreaseBadBehavior(short(t), netip.MustParseAddr("192.0.2.1"), rule)
			require.NoError(t, err)
			require.Equal(t, i+1, n.Count)
			require.Equal(t, "OK", server.CLI("SCRIPT", "FLUSH"))
		}
	})
}

// Whoever counts while the server is killed and comes back is told the truth: the new count is what was acknowledged since, and at most what is unknown beyond
// that; and everything works again by itself.
func TestKilledUnderLoad(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v})
		s := open(t, server.Settings())
		var acknowledged, unknown atomic.Int64
		ctx, stop := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		const callers = 8
		for range callers {
			wg.Go(func() {
				for ctx.Err() == nil {
					_, err := s.Do(context.Background(), "INCR", "n")
					switch {
					case err == nil:
						acknowledged.Add(1)
					case !broken(err):
						t.Errorf("unexpected error: %v", err)
						return
					case !conn.NotSent(err):
						unknown.Add(1)
					}
				}
			})
		}
		time.Sleep(300 * time.Millisecond)
		require.Positive(t, acknowledged.Load())
		server.Kill() // and with it the count
		before := acknowledged.Load()
		server.Start()
		require.Eventually(t, func() bool { return acknowledged.Load() > before+100 }, 10*time.Second, 10*time.Millisecond, "nothing works after the restart")
		stop()
		wg.Wait()
		require.LessOrEqual(t, unknown.Load(), int64(2*callers), "at most what was in flight at the kill is unknown")
		count, err := s.Do(short(t), "GET", "n")
		require.NoError(t, err)
		n, err := count.Int()
		require.NoError(t, err)
		// Callers may have been about to note a reply from before the kill.
		since := acknowledged.Load() - before
		require.GreaterOrEqual(t, n, since-callers, "acknowledged writes are missing")
		require.LessOrEqual(t, n, since+unknown.Load(), "more was counted than callers were told")
	})
}

// A server that is frozen is noticed after REDIS_TIMEOUT, and a context earlier; both are told as what they are.
func TestFrozen(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v})
		s := open(t, with(server.Settings(), "REDIS_TIMEOUT", "1500ms"))
		server.Pause()

		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := s.Do(ctx, "GET", "n")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Less(t, time.Since(start), time.Second, "the context ended after 0.2 s")

		_, err = s.Do(short(t), "GET", "n") // a context that ends much later
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, server.Addr)

		server.Resume()
		require.Eventually(t, func() bool { return s.Ping(short(t)) == nil }, 5*time.Second, 20*time.Millisecond)
	})
}

// CLIENT KILL takes connections away one by one; idle ones are replaced before anybody notices.
func TestClientKill(t *testing.T) {
	t.Parallel()
	server := harness.Start(t, harness.Config{Version: harness.Redis80})
	s := open(t, server.Settings())
	for range 5 {
		require.NoError(t, s.Ping(short(t)))
		killed, err := strconv.Atoi(server.CLI("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"))
		require.NoError(t, err)
		require.Positive(t, killed)
		time.Sleep(1100 * time.Millisecond) // the end arrives meanwhile, and the connection is idle for long enough to be probed
		_, err = s.Do(short(t), "INCR", "n")
		require.NoError(t, err)
	}
}

// A server that is demoted refuses writes with its connections open. The pool takes that as a failover: once more, on a connection of its own making.
func TestDemoted(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v})
		dialer := conn.Dialer{Timeout: 5 * time.Second}
		p, err := pool.New(pool.Config{Dial: func(ctx context.Context) (*conn.Conn, error) { return dialer.Dial(ctx, "tcp", server.Addr) }})
		require.NoError(t, err)
		t.Cleanup(func() { _ = p.Close() })
		s := bwstate.New(p)
		require.NoError(t, s.Ping(short(t)))

		require.Equal(t, "OK", server.CLI("REPLICAOF", "127.0.0.1", "1"))
		_, err = s.Do(short(t), "SET", "a", "b")
		require.True(t, resp.IsCode(err, "READONLY"), "%v", err)
		require.EqualValues(t, 1, p.Stats().Retries)
		// The second refusal resets the pool again where it comes more than the pool's first interval after the first.
		require.Contains(t, []uint64{1, 2}, p.Stats().ClosedReset)
		_, err = s.IncreaseBadBehavior(short(t), netip.MustParseAddr("192.0.2.1"), bwstate.BadBehavior{})
		require.True(t, resp.IsCode(err, "READONLY"), "in a script: %v", err)

		require.Equal(t, "OK", server.CLI("REPLICAOF", "NO", "ONE"))
		_, err = s.Do(short(t), "SET", "a", "b")
		require.NoError(t, err)
	})
}
