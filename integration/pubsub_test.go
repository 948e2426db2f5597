package integration

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/resp"
)

// subscribe subscribes until the test ends. The connection has the test's name.
func subscribe(t testing.TB, server *harness.Server, d conn.Dialer, channels conn.Channels) *conn.Subscription {
	t.Helper()
	s, err := trySubscribe(t, server, d, channels)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func trySubscribe(t testing.TB, server *harness.Server, d conn.Dialer, channels conn.Channels) (*conn.Subscription, error) {
	d.PubSub, d.Name = true, own(t)
	return conn.Subscribe(short(t), func(ctx context.Context) (*conn.Conn, error) { return d.Dial(ctx, "tcp", server.Addr) }, channels)
}

func next(t testing.TB, s *conn.Subscription) conn.Message {
	t.Helper()
	m, err := s.Next(short(t))
	require.NoError(t, err)
	return m
}

// everything is a name, a pattern and, where the server has them, a sharded channel.
func everything(v harness.Version, prefix string) conn.Channels {
	channels := conn.Channels{Names: []string{prefix + "name"}, Patterns: []string{prefix + "news.*"}}
	if v.AtLeast(7, 0) {
		channels.Sharded = []string{prefix + "shard"}
	}
	return channels
}

// requireEverything publishes on each kind of channel and asserts that it arrives.
func requireEverything(t testing.TB, v harness.Version, control *conn.Conn, s *conn.Subscription, prefix string) {
	t.Helper()
	require.Equal(t, "1", do(t, control, "PUBLISH", prefix+"name", "one"))
	require.Equal(t, conn.Message{Channel: prefix + "name", Payload: "one"}, next(t, s))
	require.Equal(t, "1", do(t, control, "PUBLISH", prefix+"news.today", "two"))
	require.Equal(t, conn.Message{Channel: prefix + "news.today", Pattern: prefix + "news.*", Payload: "two"}, next(t, s))
	if v.AtLeast(7, 0) {
		require.Equal(t, "1", do(t, control, "SPUBLISH", prefix+"shard", "three"))
		require.Equal(t, conn.Message{Channel: prefix + "shard", Payload: "three"}, next(t, s))
	}
}

func TestSubscription(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, v harness.Version, protocol int) {
		server, prefix := harness.Shared(t, v), own(t)+":"
		control := dial(t, server, conn.Dialer{})
		s := subscribe(t, server, conn.Dialer{Protocol: protocol}, everything(v, prefix))
		requireEverything(t, v, control, s, prefix)

		require.NoError(t, s.Add(short(t), conn.Channels{Names: []string{prefix + "more"}, Patterns: []string{prefix + "m?re"}}))
		require.Equal(t, "2", do(t, control, "PUBLISH", prefix+"more", "twice"), "by name and by pattern")
		require.Equal(t, conn.Message{Channel: prefix + "more", Payload: "twice"}, next(t, s))
		require.Equal(t, conn.Message{Channel: prefix + "more", Pattern: prefix + "m?re", Payload: "twice"}, next(t, s))
		require.NoError(t, s.Remove(short(t), everything(v, prefix)))
		require.Equal(t, "0", do(t, control, "PUBLISH", prefix+"name", "nobody"))
		require.NoError(t, s.Remove(short(t), conn.Channels{Patterns: []string{prefix + "m?re"}}))

		// More than one read's worth, with a payload that looks like the protocol.
		const messages = 500
		var q resp.Request
		for i := range messages {
			q.Cmd("PUBLISH").Str(prefix + "more").Str(fmt.Sprintf("%d\r\n*3\r\n$7\r\nmessage\r\n", i))
		}
		require.NoError(t, control.RoundTrip(short(t), &q, nil))
		for i := range messages {
			require.Equal(t, fmt.Sprintf("%d\r\n*3\r\n$7\r\nmessage\r\n", i), next(t, s).Payload)
		}

		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		_, err := s.Next(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, "1", do(t, control, "PUBLISH", prefix+"more", "after the deadline"))
		require.Equal(t, "after the deadline", next(t, s).Payload)
	})
}

// A connection that the server closes is replaced, and everything is subscribed to again, what was added later included.
func TestSubscriptionIsKilled(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, v harness.Version, protocol int) {
		server, prefix := harness.Shared(t, v), own(t)+":"
		control := dial(t, server, conn.Dialer{})
		s := subscribe(t, server, conn.Dialer{Protocol: protocol}, everything(v, prefix))
		require.NoError(t, s.Add(short(t), conn.Channels{Names: []string{prefix + "more"}}))
		for range 3 {
			before := clients(t, control, own(t))
			require.Len(t, before, 1)
			require.Equal(t, "1", do(t, control, "PUBLISH", prefix+"more", "last words"))
			killed := time.Now()
			require.Equal(t, "1", do(t, control, "CLIENT", "KILL", "ID", before[0]["id"]))
			require.Equal(t, "last words", next(t, s).Payload, "what arrived before the end is not lost")
			gap := next(t, s).Gap
			require.NotNil(t, gap)
			require.True(t, broken(gap.Err), "%v", gap.Err)
			require.True(t, gap.From.Before(killed), "%v", gap)
			require.True(t, gap.To.After(killed), "%v", gap)
			after := clients(t, control, own(t))
			require.Len(t, after, 1)
			require.NotEqual(t, before[0]["id"], after[0]["id"])
			for _, count := range []string{"sub", "psub", "ssub"} {
				require.Equal(t, before[0][count], after[0][count], count)
			}
			requireEverything(t, v, control, s, prefix)
		}
	})
}

// A server that restarts forgets who had subscribed. Next waits for it to come back.
func TestSubscriptionAndRestart(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v, Args: []string{"--notify-keyspace-events", "KEA"}})
		subscriptions := map[int]*conn.Subscription{}
		for _, protocol := range []int{2, 3} {
			prefix := strconv.Itoa(protocol) + ":"
			s := subscribe(t, server, conn.Dialer{Protocol: protocol}, everything(v, prefix))
			require.NoError(t, s.Add(short(t), conn.Channels{Patterns: []string{"__keyspace@0__:" + prefix + "*"}}))
			subscriptions[protocol] = s
		}
		check := func() {
			control := dial(t, server, conn.Dialer{})
			for protocol, s := range subscriptions {
				prefix := strconv.Itoa(protocol) + ":"
				requireEverything(t, v, control, s, prefix)
				do(t, control, "SET", prefix+"key", "value")
				require.Equal(t, conn.Message{
					Channel: "__keyspace@0__:" + prefix + "key", Pattern: "__keyspace@0__:" + prefix + "*", Payload: "set",
				}, next(t, s))
			}
		}
		check()
		for _, end := range []func(){server.Kill, server.Stop} {
			end()
			ended := time.Now()
			_, err := func() (conn.Message, error) {
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				defer cancel()
				return subscriptions[3].Next(ctx)
			}()
			require.ErrorIs(t, err, context.DeadlineExceeded, "nobody is there")
			server.Start()
			for _, s := range subscriptions {
				gap := next(t, s).Gap
				require.NotNil(t, gap)
				require.True(t, gap.From.Before(ended), "%v", gap)
				require.True(t, gap.To.After(ended), "%v", gap)
			}
			check()
		}
	})
}

// By hand: confirmations are replies, messages are pushes, and once nothing is subscribed to any more an array is an array, whatever its first word.
func TestPubSubByHand(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, v harness.Version, protocol int) {
		server, channel := harness.Shared(t, v), own(t)
		control := dial(t, server, conn.Dialer{})
		c := dial(t, server, conn.Dialer{Protocol: protocol, PubSub: true, DB: server.Database(t)})
		do(t, c, "RPUSH", "list", "message", channel, "of a list")
		list := fmt.Sprintf("[%q, %q, %q]", "message", channel, "of a list")
		require.Equal(t, list, do(t, c, "LRANGE", "list", "0", "-1"))

		require.Equal(t, fmt.Sprintf("[%q, %q, 1]", "subscribe", channel), do(t, c, "SUBSCRIBE", channel))
		require.Equal(t, fmt.Sprintf("[%q, %q, 2]", "psubscribe", channel+"*"), do(t, c, "PSUBSCRIBE", channel+"*"))
		require.Equal(t, "2", do(t, control, "PUBLISH", channel, "one"))
		require.Equal(t, map[int]string{2: `["pong", ""]`, 3: "PONG"}[protocol], do(t, c, "PING"))
		var got replies
		for range 2 {
			require.NoError(t, c.NextPush(short(t), &got))
		}
		require.ElementsMatch(t, replies{
			fmt.Sprintf("[%q, %q, %q]", "message", channel, "one"), fmt.Sprintf("[%q, %q, %q, %q]", "pmessage", channel+"*", channel, "one"),
		}, got)
		if protocol == 2 {
			_, err := c.Do(short(t), "LRANGE", "list", "0", "-1")
			require.True(t, resp.IsCode(err, "ERR"), "RESP2 refuses while subscribed: %v", err)
		}

		require.Equal(t, "2", do(t, control, "PUBLISH", channel, "two"))
		require.Equal(t, fmt.Sprintf("[%q, %q, 1]", "unsubscribe", channel), do(t, c, "UNSUBSCRIBE", channel))
		require.Equal(t, fmt.Sprintf("[%q, %q, 0]", "punsubscribe", channel+"*"), do(t, c, "PUNSUBSCRIBE", channel+"*"))
		require.Equal(t, list, do(t, c, "LRANGE", "list", "0", "-1"))
		require.Equal(t, "PONG", do(t, c, "PING"))
		require.NoError(t, c.NextPush(short(t), &got), "what came before the end is there")
		require.NoError(t, c.NextPush(short(t), &got))
		require.Contains(t, got[2]+got[3], `"two"`)

		if v.AtLeast(7, 0) {
			require.Equal(t, fmt.Sprintf("[%q, %q, 1]", "ssubscribe", channel), do(t, c, "SSUBSCRIBE", channel))
			require.Equal(t, "1", do(t, control, "SPUBLISH", channel, "three"))
			require.Equal(t, fmt.Sprintf("[%q, %q, 0]", "sunsubscribe", channel), do(t, c, "SUNSUBSCRIBE", channel))
			require.Equal(t, list, do(t, c, "LRANGE", "list", "0", "-1"))
			require.NoError(t, c.NextPush(short(t), &got))
			require.Equal(t, fmt.Sprintf("[%q, %q, %q]", "smessage", channel, "three"), got[4])
		}
	})
}
