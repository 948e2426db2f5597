package integration

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/resp"
)

// An invalidation reads the keys that are no longer valid. It is empty where all are: every FLUSHDB sends that to everybody, whatever the database.
type invalidation []string

func (keys *invalidation) HandleReply(_ int, r *resp.Reply) error {
	*keys = nil
	if n := r.Array(); n != 2 || r.Text() != "invalidate" {
		return fmt.Errorf("not an invalidation: %s", r.Value())
	}
	if r.Null() {
		return nil
	}
	for n := r.Array(); n > 0; n-- {
		*keys = append(*keys, r.Text())
	}
	return r.Err()
}

// track turns invalidations of keys with a prefix on, and keeps them from now on.
func track(t testing.TB, c *conn.Conn, prefix string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, c.NextPush(ctx, &invalidation{}), context.DeadlineExceeded)
	do(t, c, "CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", prefix)
}

// What a server announces of its own accord reaches NextPush, every announcement once and in order, while others use the same connection.
func TestInvalidations(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server, prefix := harness.Shared(t, v), own(t)+":"
		control := dial(t, server, conn.Dialer{})
		var seen atomic.Int64 // by OnPush, which is told as well
		c := dial(t, server, conn.Dialer{Protocol: 3, OnPush: func(*resp.Reply) { seen.Add(1) }})
		track(t, c, prefix)

		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var others sync.WaitGroup
		for caller := range 8 {
			others.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					text := fmt.Sprint(caller, "-", i)
					v, err := c.Do(context.Background(), "ECHO", text)
					if !assert.NoError(t, err) || !assert.Equal(t, fmt.Sprintf("%q", text), v.String()) {
						return
					}
				}
			})
		}
		var want, got []string
		for i := range 300 {
			want = append(want, fmt.Sprint(prefix, i))
		}
		others.Go(func() {
			for _, key := range want {
				_, err := control.Do(context.Background(), "SET", key, strings.Repeat("x", 100), "PX", "60000")
				assert.NoError(t, err)
			}
		})
		pushes := 0
		for len(got) < len(want) {
			var keys invalidation
			require.NoError(t, c.NextPush(short(t), &keys), "after %d", len(got))
			got = append(got, keys...)
			pushes++
		}
		stop()
		others.Wait()
		require.Equal(t, want, got)
		require.GreaterOrEqual(t, seen.Load(), int64(pushes))
		require.NoError(t, c.Err())
	})
}

// Invalidations that come while nobody calls NextPush wait for the next call, once there was one.
func TestInvalidationsWait(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server, key := harness.Shared(t, v), own(t)
		c := dial(t, server, conn.Dialer{Protocol: 3})
		track(t, c, key)
		for i := range 5 {
			do(t, c, "SET", fmt.Sprint(key, i), "x", "PX", "60000") // by ourselves: announced as well
		}
		do(t, c, "PING")
		var got []string
		for len(got) < 5 {
			var keys invalidation
			require.NoError(t, c.NextPush(short(t), &keys))
			got = append(got, keys...)
		}
		require.Equal(t, []string{key + "0", key + "1", key + "2", key + "3", key + "4"}, got)
	})
}
