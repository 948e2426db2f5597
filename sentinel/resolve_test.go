package sentinel_test

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/bwredis/bwredis/sentinel"
	"github.com/stretchr/testify/require"
)

// Whoever answers a little later may know better, or not; who answers never is not waited for.
func TestAnswersAreWaitedForAMoment(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := network{
			"stalls:1":  stalls,
			"unknown:1": answers("*-1\r\n"),
			"broken:1":  answers("HTTP/1.1 400 Bad Request\r\n"),
			"first:1":   watch{host: "10.0.0.1", port: "6379", delay: 100 * time.Millisecond}.handler(),
			"second:1":  watch{host: "10.0.0.2", port: "6379", delay: 200 * time.Millisecond}.handler(),
		}
		r := n.resolver(t, "dead:1", silent, "stalls:1", "unknown:1", "broken:1", "second:1", "first:1")
		start := time.Now()
		addr, err := r.Resolve(t.Context(), sentinel.Master)
		require.NoError(t, err)
		require.Equal(t, "10.0.0.1:6379", addr)
		require.Equal(t, 150*time.Millisecond, time.Since(start))
	})
}

func TestTheLastSentinelIsEnough(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := network{"slow:1": watch{host: "2001:db8::1", port: "6379", delay: timeout - time.Millisecond}.handler()}
		addr, err := n.resolver(t, "dead:1", "slow:1").Resolve(t.Context(), sentinel.Master)
		require.NoError(t, err)
		require.Equal(t, "[2001:db8::1]:6379", addr)
	})
}

const canary = "correct-horse-battery"

func TestNoSentinelAnswers(t *testing.T) {
	good := watch{host: "10.0.0.1", port: "6379"}
	protected := watch{host: "10.0.0.1", port: "6379", Options: redistest.Options{Password: "other"}}
	for name, c := range map[string]struct {
		handler  redistest.Handler // nil: nobody listens
		master   string
		password string
		text     string
		cause    func(error) bool
	}{
		"dead":           {text: "refused", cause: func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }},
		"slow":           {handler: stalls, text: "no answer within 300ms", cause: isTimeout},
		"slow to answer": {handler: watch{delay: time.Second}.handler(), text: "no answer within 300ms", cause: isTimeout},
		"refuses":        {handler: answers("-ERR nothing for you\r\n"), text: "nothing for you", cause: isCode("ERR")},
		"unknown master": {handler: good.handler(), master: "other", text: "does not know that master"},
		"plain Redis":    {handler: redistest.Redis(redistest.Options{}), text: "unknown command 'SENTINEL'", cause: isCode("ERR")},
		"wants password": {handler: protected.handler(), text: "the server wants a password and none is set", cause: isCode("NOAUTH")},
		"wrong password": {handler: protected.handler(), password: canary, text: "WRONGPASS", cause: isCode("WRONGPASS")},
		"forbidden":      {handler: answers("-NOPERM User x has no permissions to run the 'sentinel' command\r\n"), text: "no permissions", cause: isCode("NOPERM")},
		"echoes":         {handler: answers("-ERR what is '" + canary + "'\r\n"), password: canary, text: "[hidden]"},
		"hangs up":       {handler: func(c *redistest.Session, _ []string) { c.Close() }, text: "closed the connection"},
	} {
		runBubble(t, name, func(t *testing.T) {
			n := network{}
			if c.handler != nil {
				n["a.example:26379"] = c.handler
			}
			cfg := sentinel.Config{Addrs: []string{"a.example:26379"}, Master: "mymaster", Dialer: n.dialer(), Timeout: timeout}
			cfg.Dialer.Password = c.password
			if c.master != "" {
				cfg.Master = c.master
			}
			_, err := newResolver(t, cfg).Resolve(t.Context(), sentinel.Master)
			var failed *sentinel.ResolveError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, cfg.Master, failed.Master)
			require.Equal(t, sentinel.Master, failed.Role)
			require.Len(t, failed.Errs, 1)
			require.Contains(t, err.Error(), cfg.Master)
			require.Contains(t, err.Error(), "a.example:26379: ")
			require.Contains(t, err.Error(), c.text)
			require.NotContains(t, err.Error(), canary)
			require.True(t, c.cause == nil || c.cause(err), "%#v", err)
		})
	}
}

func isCode(code string) func(error) bool {
	return func(err error) bool { return resp.IsCode(err, code) }
}

func isTimeout(err error) bool {
	var e *conn.Error
	return errors.As(err, &e) && e.Timeout()
}

func TestEverySentinelIsNamed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := network{"b:1": answers("*-1\r\n"), "c:1": stalls}
		start := time.Now()
		_, err := n.resolver(t, "a:1", "b:1", "c:1", silent).Resolve(t.Context(), sentinel.Master)
		require.InDelta(t, timeout, time.Since(start), float64(moment))
		var failed *sentinel.ResolveError
		require.ErrorAs(t, err, &failed)
		require.Len(t, failed.Errs, 4)
		for i, addr := range []string{"a:1", "b:1", "c:1", silent} {
			require.Contains(t, failed.Errs[i].Error(), addr+": ")
			require.Contains(t, err.Error(), failed.Errs[i].Error())
		}
	})
}

func TestStrangeAnswers(t *testing.T) {
	for name, raw := range map[string]string{
		"integer": ":1\r\n", "text": "+OK\r\n", "map": "%1\r\n+a\r\n+b\r\n", "empty": "*0\r\n", "one": "*1\r\n$1\r\na\r\n",
		"three": "*3\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n", "nested": "*2\r\n*0\r\n*0\r\n", "null inside": "*2\r\n_\r\n_\r\n",
		"no host": "*2\r\n$0\r\n\r\n$4\r\n6379\r\n", "no port": "*2\r\n$1\r\na\r\n$0\r\n\r\n", "port 0": "*2\r\n$1\r\na\r\n$1\r\n0\r\n",
		"port too large": "*2\r\n$1\r\na\r\n$5\r\n65536\r\n", "port that is a name": "*2\r\n$1\r\na\r\n$4\r\nhttp\r\n",
		"error inside": "*2\r\n-ERR a\r\n-ERR b\r\n", "not RESP": "hello\r\n", "too long": "*2\r\n$99999999999\r\n",
		"replica without fields": "*1\r\n*0\r\n", "replica of odd length": "*1\r\n*1\r\n+a\r\n", "replica that is none": "*1\r\n:1\r\n",
		"healthy replica without address": "*1\r\n*4\r\n+flags\r\n+slave\r\n+master-link-status\r\n+ok\r\n",
	} {
		runBubble(t, name, func(t *testing.T) {
			r := network{"a:1": answers(raw)}.resolver(t, "a:1")
			for _, role := range []sentinel.Role{sentinel.Master, sentinel.Replica} {
				addr, err := r.Resolve(t.Context(), role)
				var failed *sentinel.ResolveError
				require.ErrorAs(t, err, &failed, "%s: %q", role, addr)
			}
		})
	}
}

func TestCancelReturnsAtOnce(t *testing.T) {
	n := network{"b:1": stalls, "c:1": answers("*-1\r\n")}
	runBubble(t, "cancel", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(timeout/2, cancel)
		start := time.Now()
		_, err := n.resolver(t, silent, "b:1", "c:1").Resolve(ctx, sentinel.Master)
		require.Equal(t, timeout/2, time.Since(start))
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "b:1: ")
		require.ErrorContains(t, err, "c:1: does not know that master")
	})
	runBubble(t, "deadline", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), timeout/2)
		defer cancel()
		start := time.Now()
		_, err := n.resolver(t, "b:1").Resolve(ctx, sentinel.Master)
		require.Equal(t, timeout/2, time.Since(start))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	runBubble(t, "before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := n.resolver(t, silent, "b:1").Resolve(ctx, sentinel.Master)
		require.ErrorIs(t, err, context.Canceled)
		_, err = n.resolver(t, silent).Dial(n.dialer(), sentinel.Replica)(ctx)
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestReachMapsAddresses(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := network{
			"a:1":     watch{host: "172.17.0.2", port: "6379", replicas: []replica{{"172.17.0.3", "6380", "slave", "ok"}}}.handler(),
			"nat:106": is(sentinel.Master),
			"nat:107": is(sentinel.Replica),
		}
		r := newResolver(t, sentinel.Config{Addrs: []string{"a:1"}, Master: "mymaster", Dialer: n.dialer(), Reach: func(announced string) string {
			return map[string]string{"172.17.0.2:6379": "nat:106", "172.17.0.3:6380": "nat:107"}[announced]
		}})
		for role, want := range map[sentinel.Role]string{sentinel.Master: "nat:106", sentinel.Replica: "nat:107"} {
			addr, err := r.Resolve(t.Context(), role)
			require.NoError(t, err)
			require.Equal(t, want, addr)
			c, err := r.Dial(n.dialer(), role)(t.Context())
			require.NoError(t, err)
			require.Equal(t, want, c.Addr())
			require.NoError(t, c.Close())
		}
	})
}

func TestAResolverIsSharedByCallers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := network{"a:1": watch{host: "10.0.0.1", port: "6379", delay: time.Millisecond}.handler(), "b:1": stalls}
		r := n.resolver(t, "a:1", "b:1", silent)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				addr, err := r.Resolve(t.Context(), sentinel.Master)
				if addr != "10.0.0.1:6379" || err != nil {
					t.Error(addr, err)
				}
			})
		}
		wg.Wait()
	})
}

func TestNewSaysAllThatIsWrong(t *testing.T) {
	_, err := sentinel.New(sentinel.Config{Addrs: []string{"a", "b:1", "::1"}, Timeout: -1})
	require.ErrorContains(t, err, "address a: missing port")
	require.ErrorContains(t, err, "address ::1: too many colons")
	require.ErrorContains(t, err, "Master is empty")
	require.ErrorContains(t, err, "Timeout is negative")
	_, err = sentinel.New(sentinel.Config{Master: "m"})
	require.ErrorContains(t, err, "Addrs is empty")
}

func TestAConfigIsCopied(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := network{"a:1": watch{host: "10.0.0.1", port: "6379"}.handler()}
		cfg := sentinel.Config{Addrs: []string{"a:1"}, Master: "mymaster", Dialer: n.dialer()}
		r := newResolver(t, cfg)
		cfg.Addrs[0], cfg.Dialer.DialContext = "b:1", nil
		addr, err := r.Resolve(t.Context(), sentinel.Master)
		require.NoError(t, err)
		require.Equal(t, "10.0.0.1:6379", addr)
		require.Zero(t, cfg.Dialer.Timeout)
	})
}

func TestThereIsNoSuchRole(t *testing.T) {
	_, err := network{}.resolver(t, "a:1").Resolve(t.Context(), "chief")
	require.ErrorContains(t, err, `no role "chief"`)
}
