package sentinel_test

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/sentinel"
	"github.com/stretchr/testify/require"
)

func TestARoleIsVerified(t *testing.T) {
	plain := redistest.Redis(redistest.Options{}) // says "master" in its HELLO
	roleIs := func(raw string, next redistest.Handler) redistest.Handler {
		return redistest.Override(map[string]redistest.Handler{"ROLE": func(c *redistest.Session, _ []string) { c.Raw(raw) }}, next)
	}
	helloIs := func(role string) redistest.Handler {
		return redistest.Override(map[string]redistest.Handler{"HELLO": func(c *redistest.Session, _ []string) {
			c.Map(1)
			c.Bulk("role")
			c.Bulk(role)
		}}, plain)
	}
	const noPerm = "-NOPERM User x has no permissions to run the 'role' command\r\n"
	old := redistest.Redis(redistest.Options{NoHello: true})
	for name, c := range map[string]struct {
		server redistest.Handler
		got    sentinel.Role // "": it is accepted
	}{
		"master":                       {is(sentinel.Master), ""},
		"replica":                      {is(sentinel.Replica), sentinel.Replica},
		"sentinel":                     {is("sentinel"), "sentinel"},
		"may not be asked":             {roleIs(noPerm, plain), ""},
		"may not be asked, a replica":  {roleIs(noPerm, helloIs("replica")), sentinel.Replica},
		"does not know the command":    {roleIs("-ERR unknown command 'ROLE'\r\n", plain), ""},
		"knows neither ROLE nor HELLO": {roleIs("-ERR unknown command 'ROLE'\r\n", old), ""},
	} {
		runBubble(t, name, func(t *testing.T) {
			n := network{"a:1": watch{host: "b", port: "6379"}.handler(), "b:6379": c.server}
			conn, err := n.resolver(t, "a:1").Dial(n.dialer(), sentinel.Master)(t.Context())
			if c.got == "" {
				require.NoError(t, err)
				require.NoError(t, conn.Close())
				return
			}
			var wrong *sentinel.RoleError
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, sentinel.RoleError{Addr: "b:6379", Want: sentinel.Master, Got: c.got}, *wrong)
			require.ErrorContains(t, err, "b:6379")
			require.ErrorContains(t, err, string(c.got))
			require.Nil(t, conn)
		})
	}
	for name, raw := range map[string]string{"empty": "*0\r\n", "text": "+master\r\n", "null": "_\r\n", "loading": "-LOADING wait\r\n", "not RESP": "?\r\n"} {
		runBubble(t, "strange: "+name, func(t *testing.T) {
			n := network{"a:1": watch{host: "b", port: "6379"}.handler(), "b:6379": roleIs(raw, plain)}
			_, err := n.resolver(t, "a:1").Dial(n.dialer(), sentinel.Master)(t.Context())
			require.Error(t, err)
		})
	}
}

func TestTheMasterCannotBeDialled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := network{"a:1": watch{host: "b", port: "6379"}.handler()}
		_, err := n.resolver(t, "a:1").Dial(n.dialer(), sentinel.Master)(t.Context())
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.ErrorContains(t, err, "b:6379")
	})
}

func TestReplicas(t *testing.T) {
	well := replica{"well", "6379", "slave", "ok"}
	for name, c := range map[string]struct {
		replicas []replica
		want     string
	}{
		"the only one":            {[]replica{well}, "well:6379"},
		"not one that is down":    {[]replica{{"x", "1", "s_down,slave", "ok"}, {"y", "1", "slave,o_down", "ok"}, well}, "well:6379"},
		"not a disconnected one":  {[]replica{{"x", "1", "slave,disconnected", "ok"}, well}, "well:6379"},
		"not one without master":  {[]replica{{"x", "1", "slave", "err"}, well}, "well:6379"},
		"not one without address": {[]replica{{"", "1", "slave", "ok"}, {"x", "0", "slave", "ok"}, well}, "well:6379"},
		"none: the master":        {nil, "master:6379"},
		"none well: the master":   {[]replica{{"x", "1", "s_down,slave", "ok"}}, "master:6379"},
		"dead: the master":        {[]replica{{"dead", "1", "slave", "ok"}}, "master:6379"},
		"promoted: the master":    {[]replica{{"master", "6379", "slave", "ok"}}, "master:6379"},
	} {
		runBubble(t, name, func(t *testing.T) {
			n := network{
				"a:1":         watch{host: "master", port: "6379", replicas: c.replicas}.handler(),
				"well:6379":   is(sentinel.Replica),
				"master:6379": is(sentinel.Master),
			}
			conn, err := n.resolver(t, "a:1").Dial(n.dialer(), sentinel.PreferReplica)(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.want, conn.Addr())
			require.NoError(t, conn.Close())
			conn, err = n.resolver(t, "a:1").Dial(n.dialer(), sentinel.Replica)(t.Context())
			require.Equal(t, c.want == "well:6379", err == nil, "only a replica will do: %v", err)
			if err == nil {
				require.NoError(t, conn.Close())
			}
		})
	}
}

func TestNeitherReplicaNorMaster(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, err := network{}.resolver(t, "a:1").Dial(network{}.dialer(), sentinel.PreferReplica)(t.Context())
		var failed *sentinel.ResolveError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, sentinel.Master, failed.Role)
	})
}

// Who leaves while the replica is dialled does not ask for the master.
func TestLeavingEndsTheSearch(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		left := errors.New("left")
		w := watch{host: "master", port: "6379", replicas: []replica{{"b", "6379", "slave", "ok"}}}
		asked := 0
		n := network{
			"a:1":    w.handler(),
			"b:6379": func(c *redistest.Session, _ []string) { cancel(); c.Stall() },
			"master:6379": func(c *redistest.Session, _ []string) {
				asked++
				c.Error("ERR " + left.Error())
			},
		}
		_, err := n.resolver(t, "a:1").Dial(n.dialer(), sentinel.PreferReplica)(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "b:6379")
		require.Zero(t, asked)
	})
}
