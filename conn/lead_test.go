package conn_test

import (
	"context"
	"io"
	"testing"
	"testing/synctest"

	"github.com/bwredis/bwredis/conn"
	"github.com/stretchr/testify/require"
)

// A reply cannot answer what has not been sent, however many the server makes up.
func TestReplyToWhatIsNotSentYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server, results, _ := phases(t)
		_, err := io.WriteString(server, "+leads\r\n+follows\r\n+writes\r\n+queues\r\n")
		require.NoError(t, err)
		for _, done := range results[:3] {
			require.NoError(t, (<-done).err)
		}
		for _, done := range results[3:] {
			require.True(t, conn.NotSent((<-done).err))
		}
		require.ErrorContains(t, c.Err(), "nobody asked for")
	})
}

// Writing is handed on: a caller who has written enough for others leaves the rest to them.
func TestWritingIsHandedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		size := request([]string{"ECHO", "0"}).Encoded()
		c, client, server := pipe(t, len(size)-1, conn.Dialer{})
		const callers = 8
		var results []chan result
		take := func() { _, _ = io.ReadFull(server, make([]byte, len(size))) }
		for i := range callers {
			results = append(results, start(c, context.Background(), "ECHO", string('0'+rune(i))))
			synctest.Wait() // each but the first comes while the one before is being written
			if i > 0 {
				take()
				synctest.Wait()
			}
		}
		take()
		synctest.Wait()
		require.Equal(t, callers, client.Writes())
		_, _ = io.WriteString(server, "+0\r\n+1\r\n+2\r\n")
		_, _ = io.WriteString(server, "+3\r\n+4\r\n+5\r\n+6\r\n+7\r\n")
		for i, done := range results {
			require.Equal(t, string('0'+rune(i)), (<-done).text)
		}
		_ = c.Close()
	})
}

// What a leader took in for others is handed to them also when the connection ends there.
func TestKeptRepliesAreHandledBeforeTheError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, server := pipe(t, 1000, conn.Dialer{})
		leader := start(c, context.Background(), "PING")
		synctest.Wait()
		var got texts
		followed := make(chan error)
		go func() {
			followed <- c.RoundTrip(context.Background(), request([]string{"ECHO", "a"}, []string{"ECHO", "b"}), &got)
		}()
		synctest.Wait()
		_, _ = io.WriteString(server, "+PONG\r\n+a\r\nnoise")
		require.Equal(t, "PONG", (<-leader).text)
		require.True(t, failure(t, <-followed).Sent)
		require.Equal(t, texts{"a"}, got)
	})
}
