package integration

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
)

// RESP3 tells messages from replies, so that a connection may do anything while it is subscribed: a reply is a reply, whatever its first word.
func TestRepliesThatLookLikeMessages(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		c := dial(t, server, conn.Dialer{Protocol: 3, PubSub: true, DB: server.Database(t)})
		words := []string{"message", "pmessage", "smessage", "subscribe", "unsubscribe", "psubscribe", "sunsubscribe"}
		require.Equal(t, `["subscribe", "`+own(t)+`", 1]`, do(t, c, "SUBSCRIBE", own(t)))
		for _, word := range words {
			do(t, c, "RPUSH", word, word, "channel", "1")
			require.Equal(t, `["`+word+`", "channel", "1"]`, do(t, c, "LRANGE", word, "0", "-1"))
		}
		require.Equal(t, `["unsubscribe", "`+own(t)+`", 0]`, do(t, c, "UNSUBSCRIBE", own(t)))
		require.Zero(t, c.InFlight())
	})
}
