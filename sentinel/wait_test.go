package sentinel_test

import (
	"context"
	"crypto/tls"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
	"github.com/bwredis/bwredis/sentinel"
)

// A handshake that breaks off is that of a master which has died: there will be another.
func TestDialWaitsWhenAHandshakeBreaksOff(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		_, err := c.do("PING")
		require.NoError(t, err)
		d := &conn.Dialer{TLS: &tls.Config{InsecureSkipVerify: true}, DialContext: func(context.Context, string, string) (net.Conn, error) {
			client, server := redistest.Pipe()
			require.NoError(t, server.Close())
			return client, nil
		}}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		_, err = c.resolver.Dial(d, sentinel.Master)(ctx)
		require.Equal(t, 3*time.Second, time.Since(began))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "10.0.0.1:6379")
	})
}

// Who has waited is told that his context has ended, and why; and not that somebody cancelled, when an attempt was given up for another master.
func TestDialThatWaitedSaysWhatEndedIt(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		_, err := c.do("PING")
		require.NoError(t, err)
		lost := &conn.Dialer{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done() // a way on which packets get lost
			return nil, ctx.Err()
		}}
		require.NoError(t, c.Failover())
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err = c.resolver.Dial(lost, sentinel.Master)(ctx)
		require.Len(t, c.switched(), 1)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, context.Canceled)
		require.True(t, conn.NotSent(err))

		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err = c.resolver.Dial(lost, sentinel.Master)(ctx)
		require.ErrorIs(t, err, context.Canceled)
	})
}

// A dial that is under way when the watch ends goes on without it.
func TestDialOutlivesTheWatch(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		c.Master().Slow(100 * time.Millisecond)
		dialled := make(chan error)
		go func() {
			nc, err := c.resolver.Dial(&conn.Dialer{DialContext: c.DialContext}, sentinel.Master)(t.Context())
			if err == nil {
				err = nc.Close()
			}
			dialled <- err
		}()
		time.Sleep(50 * time.Millisecond)
		c.stop()
		<-c.stopped
		require.NoError(t, <-dialled)
	})
}

// Whatever becomes of the question for the role: nothing of a request was sent.
func TestFailureToVerifyIsNotSent(t *testing.T) {
	for name, role := range map[string]redistest.Handler{
		"cut":          func(c *redistest.Session, _ []string) { c.Reset() },
		"not RESP":     func(c *redistest.Session, _ []string) { c.Raw("?\r\n") },
		"another role": func(c *redistest.Session, _ []string) { c.Raw("*1\r\n$5\r\nslave\r\n") },
		"refused":      func(c *redistest.Session, _ []string) { c.Error("LOADING Redis is loading the dataset in memory") },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				set := redistest.NewSet(t, redistest.SetConfig{})
				set.Master().Answer("ROLE", role)
				d := &conn.Dialer{DialContext: set.DialContext}
				r := newResolver(t, sentinel.Config{Addrs: set.SentinelAddrs(), Master: "mymaster", Dialer: d})
				for _, role := range []sentinel.Role{sentinel.Master, sentinel.PreferReplica} {
					if role == sentinel.PreferReplica {
						set.Replica().Answer("ROLE", saysMaster)
					}
					_, err := r.Dial(d, role)(t.Context())
					require.Error(t, err)
					require.True(t, conn.NotSent(err), "%v", err)
				}
			})
		})
	}
}

// An address that would forge lines in a log is not in any error, and is not dialled.
func TestForgedLines(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := network{"a:1": watch{host: "10.0.0.1\r\nall is well", port: "6379", replicas: []replica{{"10.0.0.2\nall is well", "6379", "slave", "ok"}}}.handler()}
		for _, role := range []sentinel.Role{sentinel.Master, sentinel.Replica} {
			_, err := n.resolver(t, "a:1").Dial(n.dialer(), role)(t.Context())
			require.Error(t, err)
			require.NotContains(t, err.Error(), "all is well")
		}
	})
	run(t, func(t *testing.T) {
		set := redistest.NewSet(t, redistest.SetConfig{})
		for _, s := range set.Sentinels {
			s.Answer("SENTINEL MASTER", func(c *redistest.Session, _ []string) {
				c.Map(2)
				for _, s := range []string{"ip", "10.0.0.1\r\nall is well", "port", "6379"} {
					c.Bulk(s)
				}
			})
		}
		d := &conn.Dialer{DialContext: set.DialContext}
		nc, err := newResolver(t, sentinel.Config{Addrs: set.SentinelAddrs(), Master: "mymaster", Dialer: d}).Dial(d, sentinel.Master)(t.Context())
		require.NoError(t, err, "the other question has a good answer")
		require.Equal(t, set.Master().Addr(), nc.Addr())
		require.NoError(t, nc.Close())
	})
}

// Connections may be with an old master when a watch begins, although somebody has met the new one by then: they are given up.
func TestMasterThatWasMetBeforeTheWatch(t *testing.T) {
	run(t, func(t *testing.T) {
		set := redistest.NewSet(t, redistest.SetConfig{DemoteAfter: time.Minute})
		dialer := &conn.Dialer{DialContext: set.DialContext}
		r := newResolver(t, sentinel.Config{Addrs: set.SentinelAddrs(), Master: "mymaster", Dialer: dialer})
		p, err := pool.New(pool.Config{Dial: r.Dial(dialer, sentinel.Master), Gate: r.Gate})
		require.NoError(t, err)
		write := func(key string) {
			var q resp.Request
			require.NoError(t, p.RoundTrip(t.Context(), q.Cmd("SET").Str(key).Str("1"), nil))
		}
		write("a")
		old := set.Master().Addr()
		require.NoError(t, set.Failover())
		time.Sleep(5 * time.Second)
		nc, err := r.Dial(dialer, sentinel.Master)(t.Context())
		require.NoError(t, err)
		require.Equal(t, set.Master().Addr(), nc.Addr())
		require.NoError(t, nc.Close())

		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan error)
		var switches []sentinel.Switch
		go func() {
			stopped <- r.Watch(ctx, dialer, func(s sentinel.Switch) {
				switches = append(switches, s)
				p.Switch(0)
			})
		}()
		time.Sleep(10 * time.Second)
		write("b")
		_, there := set.Master().Get("b")
		cancel()
		require.NoError(t, <-stopped)
		require.NoError(t, p.Close())
		require.True(t, there)
		require.Len(t, switches, 1)
		require.Equal(t, old, switches[0].From)
		require.False(t, switches[0].Planned)
	})
}
