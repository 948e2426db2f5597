package integration

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/pool"
)

// A process without descriptors cannot dial. It is told so, loses nothing, and works when it has some again.
func TestRecoveryWithoutDescriptors(t *testing.T) {
	if target := os.Getenv(exhaustEnv); target != "" {
		exhaust(t, target)
		return
	}
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestRecoveryWithoutDescriptors$", "-test.v")
		child.Env = append(os.Environ(), fmt.Sprint(exhaustEnv, "=", server.Addr, " ", server.Database(t)))
		out, err := child.CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "--- PASS: TestRecoveryWithoutDescriptors")
		t.Logf("%s", out)
	})
}

// exhaust runs in a process of its own, which the others would not like.
func exhaust(t *testing.T, target string) {
	d, addr := conn.Dialer{Timeout: 5 * time.Second}, ""
	_, err := fmt.Sscan(target, &addr, &d.DB)
	require.NoError(t, err)
	p := newPool(t, pool.Config{Keep: 1}, d, addr)
	var l ledger

	free := takeDescriptors(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 3 {
				requireNoDescriptors(t, l.increment(p))
			}
		})
	}
	wg.Wait()
	require.Zero(t, p.Stats().Open)
	free()
	require.Eventually(t, func() bool { return l.increment(p) == nil }, recovery, tick)

	// With one connection open, those who share it work; who needs another is told why there is none.
	free = takeDescriptors(t)
	require.NoError(t, p.With(short(t), func(c *conn.Conn) error {
		requireNoDescriptors(t, p.With(short(t), func(*conn.Conn) error { return nil }))
		requireNoDescriptors(t, l.increment(p))
		_, err := c.Do(short(t), "PING")
		return err
	}))
	var worked atomic.Int64
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if assert.NoError(t, l.increment(p)) {
					worked.Add(1)
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 160, worked.Load())
	require.EqualValues(t, 1, p.Stats().Dials-p.Stats().DialErrors)
	free()
	require.Eventually(t, func() bool {
		return p.With(short(t), func(*conn.Conn) error { return p.With(short(t), func(*conn.Conn) error { return nil }) }) == nil
	}, recovery, tick)

	control, err := d.Dial(short(t), "tcp", addr)
	require.NoError(t, err)
	defer control.Close()
	r := l.reckon(t, control)
	require.Zero(t, r.unknown)
	require.Equal(t, 161, r.counted)
	requireBalanced(t, p)
	t.Logf("%+v, %+v", r, p.Stats())
}

// takeDescriptors leaves this process with none, until free is called.
func takeDescriptors(t *testing.T) (free func()) {
	t.Helper()
	var before syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before))
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: before.Max}))
	var taken []*os.File
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			require.ErrorIs(t, err, syscall.EMFILE)
			break
		}
		taken = append(taken, f)
	}
	return func() {
		for _, f := range taken {
			_ = f.Close()
		}
		require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before))
	}
}

// requireNoDescriptors asserts that an error says what is missing, in which phase, and that nothing was sent.
func requireNoDescriptors(t testing.TB, err error) {
	t.Helper()
	var failure *conn.Error
	if assert.ErrorAs(t, err, &failure) {
		assert.Equal(t, conn.OpDial, failure.Op)
	}
	assert.ErrorIs(t, err, syscall.EMFILE)
	assert.ErrorContains(t, err, "too many open files")
	assert.True(t, conn.NotSent(err), "%v", err)
}
