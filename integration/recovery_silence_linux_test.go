package integration

import (
	"context"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
)

// silenceTimeout is REDIS_TIMEOUT in the tests of silence.
const silenceTimeout = 1500 * time.Millisecond

// Nothing comes back, and nothing says so: every caller is told after REDIS_TIMEOUT, and when there is an answer again everything works, with nothing left.
func TestRecoveryFromSilence(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		t.Run("frozen server", func(t *testing.T) {
			t.Parallel()
			server := harness.Start(t, harness.Config{Version: v})
			requireSilenceEnds(t, settingsOpener(t, server.Settings()), server.Pause, server.Resume)
		})
		t.Run("black hole behind the handshake of TCP", func(t *testing.T) {
			t.Parallel()
			server := harness.Shared(t, v)
			proxy := redistest.NewProxy(t, server.Addr)
			_, port, err := net.SplitHostPort(proxy.Addr())
			require.NoError(t, err)
			settings := with(server.Settings(), "REDIS_PORT", port, "REDIS_DATABASE", strconv.Itoa(server.Database(t)))
			requireSilenceEnds(t, settingsOpener(t, settings), proxy.Stall, proxy.Heal)
		})
		t.Run("black hole for all packets", func(t *testing.T) {
			t.Parallel()
			server := harness.Shared(t, v)
			proxy, nowhere := redistest.NewProxy(t, server.Addr), deaf(t)
			var lost atomic.Bool
			d := conn.Dialer{Timeout: silenceTimeout, DB: server.Database(t), DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				to := proxy.Addr()
				if lost.Load() {
					to = nowhere
				}
				return new(net.Dialer).DialContext(ctx, network, to)
			}}
			open := func() (*bwstate.State, func() error) {
				p := newPool(t, pool.Config{DialTimeout: silenceTimeout}, d, server.Addr)
				return bwstate.New(p), p.Close
			}
			requireSilenceEnds(t, open, func() { lost.Store(true); proxy.Stall() }, func() { lost.Store(false); proxy.Heal() })
		})
	})
}

func settingsOpener(t testing.TB, settings map[string]string) func() (*bwstate.State, func() error) {
	return func() (*bwstate.State, func() error) {
		s := open(t, with(settings, "REDIS_TIMEOUT", silenceTimeout.String()))
		return s, s.Close
	}
}

// requireSilenceEnds opens a state, and works with it before, during and after a silence.
func requireSilenceEnds(t *testing.T, open func() (*bwstate.State, func() error), silence, sound func()) {
	t.Helper()
	var s *bwstate.State
	var closeState func() error
	marked(t, func() {
		s, closeState = open()
		requireIncrements(t, s, 8)
	})
	silence()
	var unknown int64
	marked(t, func() { unknown = requireDeadlines(t, s, 8) })
	sound()
	marked(t, func() {
		back := time.Now()
		// A dial that hears nothing may still be in flight, for as long as its timeout.
		require.Eventually(t, func() bool { return s.Ping(short(t)) == nil }, recovery+silenceTimeout, tick)
		t.Logf("works %v after the silence; %d increments are unknown", time.Since(back), unknown)
		requireIncrements(t, s, 8)
		count, err := s.Do(short(t), "GET", "n")
		require.NoError(t, err)
		n, err := count.Int()
		require.NoError(t, err)
		require.GreaterOrEqual(t, n, int64(16))
		require.LessOrEqual(t, n, 16+unknown)
		require.NoError(t, closeState())
	})
	requireNoneLeft(t)
}

// requireIncrements has callers count, who all succeed.
func requireIncrements(t testing.TB, s *bwstate.State, callers int) {
	t.Helper()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			_, err := s.Do(short(t), "INCR", "n")
			assert.NoError(t, err)
		})
	}
	wg.Wait()
}

// requireDeadlines has callers count for twice the timeout, who are all told that the server did not answer in time, and in time: those who wait for a reply,
// those who wait for a dial, and those who come while nobody dials. It goes on until somebody has waited for a dial, which is tried at intervals. It returns how many of the
// increments the server may have executed, or may yet execute.
func requireDeadlines(t testing.TB, s *bwstate.State, callers int) (unknown int64) {
	t.Helper()
	var sent, dialled, calls atomic.Int64 // those of which something was sent, those who waited for a dial, all
	var wg sync.WaitGroup
	start := time.Now()
	for range callers {
		wg.Go(func() {
			for call := 0; call < 3 || time.Since(start) < 2*silenceTimeout || dialled.Load() == 0 && time.Since(start) < 5*silenceTimeout; call++ {
				began := time.Now()
				_, err := s.Do(short(t), "INCR", "n")
				took := time.Since(began)
				requireOverdue(t, err, took)
				calls.Add(1)
				switch {
				case !conn.NotSent(err):
					sent.Add(1)
				case took > silenceTimeout/2:
					dialled.Add(1)
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	wg.Wait()
	t.Logf("%d calls, of %d something had been sent, %d waited for a dial", calls.Load(), sent.Load(), dialled.Load())
	require.Positive(t, sent.Load(), "nothing was in flight")
	require.Positive(t, dialled.Load(), "nobody waited for a dial")
	return sent.Load()
}

// requireOverdue asserts that an error is typed, is the server's silence and not the caller's context, and came in time.
func requireOverdue(t testing.TB, err error, took time.Duration) {
	t.Helper()
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	assert.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's own context did not end")
	assert.True(t, broken(err), "%v", err)
	assert.Less(t, took, silenceTimeout+3*time.Second, "%v", err)
}

// deaf returns an address where nothing answers: the queue of its socket is full, and then the system drops what arrives.
func deaf(t testing.TB) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Close(fd) })
	require.NoError(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	require.NoError(t, syscall.Listen(fd, 0))
	name, err := syscall.Getsockname(fd)
	require.NoError(t, err)
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(name.(*syscall.SockaddrInet4).Port))
	for range 16 {
		nc, err := net.DialTimeout("tcp", addr, 250*time.Millisecond)
		if err != nil {
			var timeout net.Error
			require.ErrorAs(t, err, &timeout)
			require.True(t, timeout.Timeout(), "%v", err)
			return addr
		}
		t.Cleanup(func() { _ = nc.Close() })
	}
	t.Fatal("a full queue goes on accepting")
	return ""
}
