package sentinel_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/sentinel"
)

// A user who may ask for the address alone does not ask two questions instead of one for that.
func TestQuestionsAreFewForWhoMayAskLittle(t *testing.T) {
	run(t, func(t *testing.T) {
		set := redistest.NewSet(t, redistest.SetConfig{})
		for _, s := range set.Sentinels {
			s.Answer("SENTINEL MASTER", func(c *redistest.Session, _ []string) { c.Error("NOPERM no") })
		}
		c := follow(t, set)
		c.Sentinels[2].Lie("10.9.9.9:6379", 5) // they disagree: there is always a doubt
		asked, refused := c.questions(), 0
		for _, s := range c.Sentinels {
			refused -= s.Count("SENTINEL MASTER")
		}
		time.Sleep(time.Minute)
		for _, s := range c.Sentinels {
			refused += s.Count("SENTINEL MASTER")
		}
		require.LessOrEqual(t, c.questions()-asked, 5*60+10)
		require.LessOrEqual(t, refused, 2*3, "they are asked again, in case that it is granted by now")
		require.Empty(t, c.switched())
	})
}

// Dials that wait ask no sentinel: the watch does, and five questions a second are enough for all of them.
func TestDialsThatWaitAskNobody(t *testing.T) {
	run(t, func(t *testing.T) {
		set := redistest.NewSet(t, redistest.SetConfig{})
		dialer := &conn.Dialer{DialContext: set.DialContext}
		r := newResolver(t, sentinel.Config{Addrs: set.SentinelAddrs(), Master: "mymaster", Dialer: dialer})
		c := &cluster{Set: set, t: t}
		nc, err := r.Dial(dialer, sentinel.Master)(t.Context())
		require.NoError(t, err)
		require.NoError(t, nc.Close())
		for _, n := range set.Nodes {
			n.Kill()
		}
		ctx, cancel := context.WithCancel(t.Context())
		var tasks sync.WaitGroup
		tasks.Go(func() { _ = r.Watch(ctx, dialer, func(sentinel.Switch) {}) })
		time.Sleep(time.Second)
		for range 8 {
			tasks.Go(func() {
				_, err := r.Dial(dialer, sentinel.Master)(ctx)
				require.ErrorIs(t, err, context.Canceled)
			})
		}
		asked := c.questions()
		time.Sleep(time.Minute)
		require.LessOrEqual(t, c.questions()-asked, 5*60+10)
		cancel()
		tasks.Wait()
	})
}
