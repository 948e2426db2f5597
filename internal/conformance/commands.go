package conformance

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

var commandTests = []test{
	{"ping", func(f *fixture) { require.NoError(f, f.state.Ping(f.ctx)) }},
	{"server", server},
	{"do", do},
	{"an error reply", doError},
	{"arguments of any bytes", doBytes},
	{"what changes the connection is refused", doRefused},
	{"hello asks", doHello},
	{"blocking commands hold nobody up", doBlocking},
	{"round trips are counted", roundTrips},
}

func server(f *fixture) {
	srv, err := f.state.Server(f.ctx)
	require.NoError(f, err)
	require.Contains(f, []string{"redis", "valkey", "bwredis-local"}, srv.Name)
	require.Regexp(f, `^\d+\.\d+\.\d+$`, srv.Version)
	require.Contains(f, []int{2, 3}, srv.Protocol)
	require.Equal(f, "master", srv.Role)
}

func do(f *fixture) {
	require.Equal(f, resp.SimpleString, f.do("SET", "k", "v").Kind())
	require.Equal(f, "v", f.text("get", "k"))
	require.True(f, f.do("GET", "none").IsNull())
	require.EqualValues(f, 1, f.int("INCR", "n"))
	elems := f.do("MGET", "k", "none", "n").Elems()
	require.Len(f, elems, 3)
	require.True(f, elems[1].IsNull())
	_, err := f.state.Do(f.ctx)
	f.requireArgumentError("command", err)
}

func doError(f *fixture) {
	f.do("SET", "k", "v")
	for args, code := range map[string]string{"INCR k": "ERR", "GET": "ERR", "NOSUCHCOMMAND hunter2": "ERR", "EVALSHA " + strings.Repeat("0", 40) + " 0": "NOSCRIPT"} {
		v, err := f.state.Do(f.ctx, strings.Fields(args)...)
		require.True(f, resp.IsCode(err, code), "%s: %v", args, err)
		require.True(f, v.IsNull())
		require.NotContains(f, err.Error(), "hunter2")
	}
	require.Equal(f, "v", f.text("GET", "k"))
}

func doBytes(f *fixture) {
	for _, value := range []string{"", "\r\n", "\x00\xff", "*1\r\n$8\r\nFLUSHALL\r\n", strings.Repeat("x", 1<<20)} {
		f.do("SET", "k"+value, value)
		require.Equal(f, value, f.text("GET", "k"+value))
	}
}

func doRefused(f *fixture) {
	f.do("SET", "k", "v")
	for _, line := range []string{
		"SELECT 1", "select 1", "AUTH hunter2", "HELLO 2", "HELLO 3 AUTH default hunter2", "RESET", "QUIT", "MULTI", "EXEC", "DISCARD", "WATCH k", "UNWATCH",
		"SUBSCRIBE c", "PSUBSCRIBE c", "SSUBSCRIBE c", "UNSUBSCRIBE", "MONITOR", "SYNC", "PSYNC ? -1", "REPLCONF listening-port 1", "READONLY", "ASKING",
		"CLIENT REPLY OFF", "client tracking on", "CLIENT SETNAME x", "CLIENT SETINFO LIB-NAME x", "CLIENT CAPA redirect", "SCRIPT DEBUG YES",
	} {
		args := strings.Fields(line)
		v, err := f.state.Do(f.ctx, args...)
		var refused *bwstate.CommandError
		require.ErrorAs(f, err, &refused, line)
		require.True(f, v.IsNull())
		require.Contains(f, err.Error(), args[0])
		require.NotContains(f, err.Error(), "hunter2")
		require.Equal(f, "v", f.text("GET", "k"), "after %s", line)
	}
}

// HELLO without arguments came with Redis 6.2. It reaches the server in any case.
func doHello(f *fixture) {
	v, err := f.state.Do(f.ctx, "hello")
	var refused *resp.Error
	if errors.As(err, &refused) {
		return
	}
	require.NoError(f, err)
	require.NotEmpty(f, v.Elems())
}

func doBlocking(f *fixture) {
	f.needsBlocking()
	ctx, cancel := context.WithTimeout(f.ctx, 200*time.Millisecond)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := f.state.Do(ctx, "BLPOP", "none", "0")
		ended <- err
	}()
	for ctx.Err() == nil {
		start := time.Now()
		require.NoError(f, f.state.Ping(f.ctx))
		require.Less(f, time.Since(start), 10*time.Second)
	}
	require.ErrorIs(f, <-ended, context.DeadlineExceeded)

	popped := make(chan resp.Value, 1)
	go func() {
		v, err := f.state.Do(f.ctx, "BLPOP", "list", "0")
		if err != nil {
			f.Error(err)
		}
		popped <- v
	}()
	f.do("RPUSH", "list", "x")
	elems := (<-popped).Elems()
	require.Len(f, elems, 2)
	text, err := elems[1].Text()
	require.NoError(f, err)
	require.Equal(f, "x", text)
}

func roundTrips(f *fixture) {
	before := f.state.RoundTrips()
	require.NoError(f, f.state.Ping(f.ctx))
	f.requireNotBanned(client, site)
	_, err := f.state.Unban(f.ctx, client, site)
	require.NoError(f, err)
	_, err = f.state.Do(f.ctx, "GET")
	require.Error(f, err)
	_, err = f.state.Do(f.ctx, "SELECT", "1") // not sent
	require.Error(f, err)
	require.Equal(f, before+4, f.state.RoundTrips())
	f.count(client, bwstate.BadBehavior{}) // a server may have to be given the script
	before = f.state.RoundTrips()
	f.count(client, bwstate.BadBehavior{})
	require.Equal(f, before+1, f.state.RoundTrips())
}
