package bwstate_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

// open opens a State of the server at addr; pairs are further settings, NAME=value.
func open(t *testing.T, addr string, pairs ...string) (*bwstate.State, error) {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	return openWith(t, append([]string{"REDIS_HOST=" + host, "REDIS_PORT=" + port}, pairs...)...)
}

func openWith(t *testing.T, pairs ...string) (*bwstate.State, error) {
	t.Helper()
	settings, err := bwstate.ParseSettings(settingsFrom(append([]string{"USE_REDIS=yes", "REDIS_TIMEOUT=5"}, pairs...)...))
	require.NoError(t, err)
	return bwstate.Open(t.Context(), settings)
}

func mustOpen(t *testing.T, addr string, pairs ...string) *bwstate.State {
	t.Helper()
	state, err := open(t, addr, pairs...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, state.Close()) })
	return state
}

// requireFailure opens and checks what is said about the failure: phase, address, and never the password.
func requireFailure(t *testing.T, op, addr string, pairs ...string) error {
	t.Helper()
	state, err := open(t, addr, pairs...)
	require.Error(t, err)
	require.Nil(t, state)
	var e *conn.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, op, e.Op)
	require.Equal(t, addr, e.Addr)
	require.False(t, e.Sent)
	require.Contains(t, err.Error(), addr)
	requireHidden(t, err.Error(), canary)
	return err
}

// works saves and loads something.
func works(t *testing.T, state *bwstate.State) {
	t.Helper()
	ss, err := state.Sessions("s")
	require.NoError(t, err)
	id := bwstate.NewSessionID()
	require.NoError(t, ss.Save(t.Context(), id, []byte("x"), time.Hour))
	data, found, err := ss.Load(t.Context(), id)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, "x", string(data))
}

func TestOpen(t *testing.T) {
	ca := redistest.NewCA(t)
	for name, c := range map[string]struct {
		options  redistest.Options
		secure   bool
		settings []string
	}{
		"plain":                {},
		"password":             {options: redistest.Options{Password: canary}, settings: []string{"REDIS_PASSWORD=" + canary}},
		"user":                 {options: redistest.Options{Users: map[string]string{"app": canary}}, settings: []string{"REDIS_USERNAME=app", "REDIS_PASSWORD=" + canary}},
		"before HELLO":         {options: redistest.Options{NoHello: true, Password: canary}, settings: []string{"REDIS_PASSWORD=" + canary}},
		"database":             {settings: []string{"REDIS_DATABASE=15"}},
		"TLS":                  {secure: true, settings: []string{"REDIS_SSL=yes", "REDIS_SSL_CA=" + ca.File}},
		"TLS without checking": {secure: true, settings: []string{"REDIS_SSL=yes", "REDIS_SSL_VERIFY=no"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, ca, c.secure, c.options)
			works(t, mustOpen(t, server.Addr(), c.settings...))
		})
	}
}

func serve(t *testing.T, ca *redistest.CA, secure bool, options redistest.Options) *redistest.Server {
	t.Helper()
	if secure {
		return redistest.NewTLSServer(t, redistest.Redis(options), ca.ServerConfig(ca.Server()))
	}
	return redistest.NewServer(t, redistest.Redis(options))
}

func TestOpenASocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "s") // paths of sockets are short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "redis.sock")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer l.Close()
	go func() {
		for h := redistest.Redis(redistest.Options{}); ; {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go redistest.Serve(nc, h)
		}
	}()
	state, err := openWith(t, "REDIS_HOST=unix:"+path)
	require.NoError(t, err)
	works(t, state)
	require.NoError(t, state.Close())
}

func TestOpenRefusesCredentials(t *testing.T) {
	for name, options := range map[string]redistest.Options{
		"password":     {Password: "right"},
		"users":        {Users: map[string]string{"app": "right"}},
		"before HELLO": {Password: "right", NoHello: true},
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, nil, false, options)
			err := requireFailure(t, conn.OpHandshake, server.Addr(), "REDIS_PASSWORD="+canary)
			var refused *resp.Error
			require.ErrorAs(t, err, &refused)
			if !options.NoHello {
				require.Equal(t, "WRONGPASS", refused.Code())
			}
			err = requireFailure(t, conn.OpHandshake, server.Addr())
			require.True(t, resp.IsCode(err, "NOAUTH"), "%v", err)
			requireNoClients(t, server)
		})
	}
}

// requireNoClients checks that what Open opened it has closed.
func requireNoClients(t *testing.T, server *redistest.Server) {
	t.Helper()
	require.Eventually(t, func() bool { return server.Clients() == 0 }, 5*time.Second, time.Millisecond)
}

func TestOpenFindsNobody(t *testing.T) {
	server := serve(t, nil, false, redistest.Options{})
	server.Close()
	err := requireFailure(t, conn.OpDial, server.Addr(), "REDIS_PASSWORD="+canary)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

func TestOpenFindsSomethingElse(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	addr := strings.TrimPrefix(web.URL, "http://")
	err := requireFailure(t, conn.OpHandshake, addr, "REDIS_PASSWORD="+canary)
	var e *resp.SyntaxError
	require.ErrorAs(t, err, &e)
	require.ErrorContains(t, err, "does not speak the Redis protocol")
}

func TestOpenADatabaseThatIsNot(t *testing.T) {
	server := serve(t, nil, false, redistest.Options{Databases: 4})
	err := requireFailure(t, conn.OpHandshake, server.Addr(), "REDIS_DATABASE=4")
	require.True(t, resp.IsCode(err, "ERR"))
	require.ErrorContains(t, err, "SELECT 4")
	requireNoClients(t, server)
}

func TestOpenWithoutRights(t *testing.T) {
	server := serve(t, nil, false, redistest.Options{Forbid: []string{"PING"}})
	err := requireFailure(t, conn.OpHandshake, server.Addr())
	require.True(t, resp.IsCode(err, "NOPERM"), "%v", err)
	requireNoClients(t, server)

	server = serve(t, nil, false, redistest.Options{Forbid: []string{"GETRANGE", "SET", "DEL"}, Unknown: []string{"EVALSHA"}})
	state := mustOpen(t, server.Addr())
	ip := netip.MustParseAddr("192.0.2.1")
	_, banned, err := state.Banned(t.Context(), ip, "a")
	require.True(t, resp.IsCode(err, "NOPERM"), "%v", err)
	require.False(t, banned)
	require.True(t, resp.IsCode(state.AddBan(t.Context(), bwstate.Ban{IP: ip, Permanent: true}), "NOPERM"))
	lifted, err := state.Unban(t.Context(), ip, "")
	require.True(t, resp.IsCode(err, "NOPERM"), "%v", err)
	require.False(t, lifted)
	_, err = state.IncreaseBadBehavior(t.Context(), ip, bwstate.BadBehavior{})
	require.True(t, resp.IsCode(err, "ERR"), "%v", err)
	require.NoError(t, state.Ping(t.Context()), "the connection is none the worse")
	require.Equal(t, 1, server.Accepted())
}

func TestOpenGivesUpWithItsContext(t *testing.T) {
	server := redistest.NewServer(t, func(c *redistest.Session, _ []string) { c.Stall() })
	settings, err := bwstate.ParseSettings(settingsFrom("USE_REDIS=yes", "REDIS_HOST=127.0.0.1", "REDIS_PORT="+server.Addr()[len("127.0.0.1:"):], "REDIS_TIMEOUT=60"))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	state, err := bwstate.Open(ctx, settings)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Nil(t, state)
	require.Less(t, time.Since(start), 20*time.Second)
	requireNoClients(t, server)
}

func TestOpenGivesUpInTime(t *testing.T) {
	server := redistest.NewServer(t, func(c *redistest.Session, _ []string) { c.Stall() })
	requireFailure(t, conn.OpHandshake, server.Addr(), "REDIS_TIMEOUT=1s")
}

func TestAfterClose(t *testing.T) {
	server := serve(t, nil, false, redistest.Options{})
	state, err := open(t, server.Addr())
	require.NoError(t, err)
	require.NoError(t, state.Close())
	require.NoError(t, state.Close())
	require.ErrorIs(t, state.Ping(t.Context()), pool.ErrClosed)
	requireNoClients(t, server)

	local, err := openWith(t, "USE_REDIS=no")
	require.NoError(t, err)
	require.NoError(t, local.Ping(t.Context()))
	require.NoError(t, local.Close())
	require.ErrorContains(t, local.Ping(t.Context()), "closed")
}

func TestEmbeddedStoresShareNothing(t *testing.T) {
	a, err := bwstate.Open(t.Context(), bwstate.Settings{})
	require.NoError(t, err)
	b, err := bwstate.Open(t.Context(), bwstate.Settings{})
	require.NoError(t, err)
	ip := netip.MustParseAddr("192.0.2.1")
	require.NoError(t, a.AddBan(t.Context(), bwstate.Ban{IP: ip, Permanent: true}))
	_, banned, err := b.Banned(t.Context(), ip, "")
	require.NoError(t, err)
	require.False(t, banned)
	require.NoError(t, a.Close())
	works(t, b)
	require.NoError(t, b.Close())
}

// A State of a connection leaves the connection to whoever made it.
func TestNewLeavesClosingToTheCaller(t *testing.T) {
	server := serve(t, nil, false, redistest.Options{})
	c, err := (&conn.Dialer{}).Dial(t.Context(), "tcp", server.Addr())
	require.NoError(t, err)
	state := bwstate.New(c)
	works(t, state)
	require.NoError(t, state.Close())
	require.NoError(t, c.Err())
	require.NoError(t, c.Close())
	require.ErrorIs(t, state.Ping(t.Context()), conn.ErrClosed)
}

// A command that blocks has a connection to itself, and waits for longer than any reply may be owed.
func TestABlockingCommandHoldsNobodyUp(t *testing.T) {
	release := make(chan struct{})
	server := redistest.NewServer(t, redistest.Override(map[string]redistest.Handler{"BLPOP": func(c *redistest.Session, _ []string) {
		<-release
		c.Bulk("late")
	}}, redistest.Redis(redistest.Options{})))
	state := mustOpen(t, server.Addr(), "REDIS_TIMEOUT=200ms", "REDIS_KEEPALIVE_POOL=1")
	got := make(chan resp.Value, 1)
	go func() {
		v, err := state.Do(t.Context(), "BLPOP", "k", "0")
		if err != nil {
			t.Error(err)
		}
		got <- v
	}()
	for end := time.Now().Add(400 * time.Millisecond); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		require.NoError(t, state.Ping(t.Context()))
	}
	close(release)
	text, err := (<-got).Text()
	require.NoError(t, err)
	require.Equal(t, "late", text)
}
