package conn_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

// pushing is a server that pushes around every reply, where the protocol has pushes.
func pushing() redistest.Handler {
	h := redistest.Redis(redistest.Options{})
	return func(s *redistest.Session, args []string) {
		if s.Protocol() == 3 {
			s.Push("before", args[0])
		}
		h(s, args)
		if s.Protocol() == 3 {
			s.Push("after", args[0])
		}
	}
}

func TestPushesGoToOnPush(t *testing.T) {
	everyWay(t, func(t *testing.T, connect func(redistest.Handler, conn.Dialer) *conn.Conn) {
		var pushes []string
		c := connect(pushing(), conn.Dialer{OnPush: func(r *resp.Reply) { pushes = append(pushes, r.Value().String()) }})
		pushes = nil
		var got texts
		q := request([]string{"ECHO", "a"}, []string{"ECHO", "b"})
		require.NoError(t, c.RoundTrip(t.Context(), q, &got))
		require.Equal(t, texts{`"a"`, `"b"`}, got)
		if c.Hello().Protocol == 3 {
			require.GreaterOrEqual(t, len(pushes), 3) // the last one is left to whoever reads next
			require.Contains(t, pushes, `["before", "ECHO"]`)
			require.Contains(t, pushes, `["after", "ECHO"]`)
		}
	})
}

func TestPushesWithoutOnPushAreDropped(t *testing.T) {
	c := dialPipe(t, pushing(), conn.Dialer{})
	for range 10 {
		echo(t, c, "a")
	}
	require.NoError(t, c.Probe())
}

func TestPushIsBorrowed(t *testing.T) {
	var kept [][]byte
	c := dialPipe(t, pushing(), conn.Dialer{OnPush: func(r *resp.Reply) {
		r.Array()
		kept = append(kept, r.Bytes())
	}})
	echo(t, c, "a")
	require.NotEmpty(t, kept)
	for _, b := range kept {
		require.Equal(t, strings.Repeat("\xdb", len(b)), string(b))
	}
}

// A push is not a reply, so it answers nobody and does not make the connection healthy.
func TestPushesDoNotHoldOffTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nag := func(s *redistest.Session, _ []string) {
			for range 100 {
				s.Push("nag")
				s.Flush()
				time.Sleep(time.Second)
			}
		}
		c := dialPipe(t, redistest.Override(map[string]redistest.Handler{"NAG": nag}, redistest.Redis(redistest.Options{})),
			conn.Dialer{Timeout: 5 * time.Second})
		r := <-start(c, context.Background(), "NAG")
		require.True(t, failure(t, r.err).Timeout())
		require.InDelta(t, 5*time.Second, r.after, float64(conn.Late))
		time.Sleep(100 * time.Second) // for the server to find out
	})
}

func TestOnPushPanic(t *testing.T) {
	angry := func(*resp.Reply) { panic("own") }
	t.Run("leader", func(t *testing.T) {
		c := dialPipe(t, redistest.Override(map[string]redistest.Handler{"PING": pushing()}, redistest.Redis(redistest.Options{})),
			conn.Dialer{OnPush: angry})
		require.PanicsWithValue(t, "own", func() { _, _ = c.Do(t.Context(), "PING") })
		_, err := c.Do(t.Context(), "PING")
		require.True(t, conn.NotSent(err))
	})
	t.Run("probe", func(t *testing.T) {
		client, server := redistest.Pipe()
		c := dial(t, over(client, conn.Dialer{Protocol: 2, OnPush: angry}), "memory:0")
		_, err := server.Write([]byte(">1\r\n+x\r\n"))
		require.NoError(t, err)
		require.PanicsWithValue(t, "own", func() { _ = c.Probe() })
		_, err = c.Do(t.Context(), "PING")
		require.True(t, conn.NotSent(err))
	})
}
