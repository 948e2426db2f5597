package conn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestContention(t *testing.T) {
	for _, callers := range []int{2, 8, 64, 512} {
		t.Run(strconv.Itoa(callers), func(t *testing.T) {
			noLeaks(t)
			c, client := dialSized(t, 64<<10, redistest.Redis(redistest.Options{}), conn.Dialer{Protocol: 2})
			const calls = 5000
			share(callers, calls, func(n int) {
				for i := range n {
					want := fmt.Sprintf("%p-%d", &n, i)
					v, err := c.Do(context.Background(), "ECHO", want)
					got, _ := v.Text()
					if !assert.NoError(t, err) || !assert.Equal(t, want, got) {
						return
					}
				}
			})
			require.Zero(t, c.InFlight())
			t.Logf("%d calls in %d writes and %d reads", calls, client.Writes(), client.Reads())
		})
	}
}

// Requests that wait for a write leave together in the next one, and their replies are taken together.
func TestPipelining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client, server := pipe(t, 64<<10, conn.Dialer{})
		first := start(c, context.Background(), "ECHO", strings.Repeat("x", 64<<10)) // more than fits
		synctest.Wait()
		var results []chan result
		for i := range 500 {
			results = append(results, start(c, context.Background(), "ECHO", strconv.Itoa(i)))
		}
		synctest.Wait()
		require.Equal(t, 501, c.InFlight())
		go redistest.Serve(server, redistest.Redis(redistest.Options{}))
		require.NoError(t, (<-first).err)
		reads := client.Reads()
		for i, done := range results {
			require.Equal(t, strconv.Itoa(i), (<-done).text)
		}
		require.LessOrEqual(t, client.Writes(), 2)
		require.LessOrEqual(t, client.Reads()-reads, 3)
		_ = c.Close()
	})
}

func TestCommandsOfARequestAreContiguous(t *testing.T) {
	noLeaks(t)
	var log redistest.Log
	c := dialPipe(t, log.Record(redistest.Redis(redistest.Options{})), conn.Dialer{Protocol: 2})
	share(16, 1600, func(n int) {
		for i := range n {
			var q resp.Request
			for part := range 5 {
				q.Cmd("ECHO").Str(fmt.Sprintf("%p %d", &n, i)).Str("PART" + strconv.Itoa(part)) // an error, which is as good
			}
			assert.Error(t, c.RoundTrip(context.Background(), &q, nil))
		}
	})
	commands := log.Commands()
	require.Len(t, commands, 5*1600)
	for i := 0; i < len(commands); i += 5 {
		who, _ := strings.CutSuffix(commands[i], "PART0")
		for part := range 5 {
			require.Equal(t, who+"PART"+strconv.Itoa(part), commands[i+part])
		}
	}
}

// A server that takes no more requests until its replies are read gets them read, even though the first in the queue is busy writing.
func TestStuckWriterDoesNotKeepOthersFromReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, server := pipe(t, 1000, conn.Dialer{})
		first := start(c, context.Background(), "ECHO", strings.Repeat("1", 1500))
		synctest.Wait()
		second := start(c, context.Background(), "ECHO", strings.Repeat("2", 5000))
		third := start(c, context.Background(), "ECHO", strings.Repeat("3", 5000))
		go redistest.Serve(server, redistest.Redis(redistest.Options{}))
		for i, done := range []chan result{first, second, third} {
			r := <-done
			require.NoError(t, r.err)
			require.Equal(t, strconv.Itoa(i+1), r.text[:1])
		}
		_ = c.Close()
	})
}

// A handler that panics, or ends its goroutine, as the leader takes the connection with it; nobody waits for it.
func TestHandlerPanic(t *testing.T) {
	for name, end := range map[string]func(){"panic": func() { panic("own") }, "exit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				c := dialPipe(t, waiting(release), conn.Dialer{})
				gone := make(chan any)
				go func() {
					defer func() { gone <- recover() }()
					_ = c.RoundTrip(context.Background(), request([]string{"WAIT"}), resp.HandlerFunc(func(int, *resp.Reply) error {
						end()
						return nil
					}))
				}()
				synctest.Wait()
				follower := start(c, context.Background(), "ECHO", "a")
				synctest.Wait()
				close(release)
				<-gone
				require.True(t, failure(t, (<-follower).err).Sent)
				require.True(t, conn.NotSent(c.RoundTrip(context.Background(), request([]string{"PING"}), nil)))
			})
		})
	}
}

// A follower is alone with its replies, so its panic is its own affair.
func TestHandlerPanicOfAFollower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, server := pipe(t, 1<<10, conn.Dialer{Protocol: 2})
		leader := start(c, context.Background(), "WAIT")
		synctest.Wait()
		gone := make(chan any)
		go func() {
			defer func() { gone <- recover() }()
			_ = c.RoundTrip(context.Background(), request([]string{"PING"}), resp.HandlerFunc(func(int, *resp.Reply) error { panic("own") }))
		}()
		synctest.Wait()
		_, err := server.Write([]byte("+late\r\n+PONG\r\n")) // at once, or the follower would lead
		require.NoError(t, err)
		require.Equal(t, "late", (<-leader).text)
		require.Equal(t, "own", <-gone)
		require.NoError(t, c.Err())
		again := start(c, context.Background(), "AGAIN")
		_, err = server.Write([]byte("+fine\r\n"))
		require.NoError(t, err)
		require.Equal(t, "fine", (<-again).text)
	})
}

// phases puts a caller into every phase there is: leading, following, writing and queued. It returns what they come to, and what must be
// said of each.
func phases(t *testing.T) (c *conn.Conn, server *redistest.Conn, results []chan result, sent []bool) {
	c, _, server = pipe(t, 100, conn.Dialer{})
	for _, text := range []string{"leads", "follows", strings.Repeat("writes", 50), "queues", "queues too"} {
		results = append(results, start(c, context.Background(), "ECHO", text))
		synctest.Wait()
	}
	return c, server, results, []bool{true, true, true, false, false}
}

func TestCloseInEveryPhase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, results, sent := phases(t)
		require.NoError(t, c.Close())
		for i, done := range results {
			r := <-done
			require.ErrorIs(t, r.err, conn.ErrClosed)
			require.Equal(t, sent[i], failure(t, r.err).Sent, i)
			require.Equal(t, sent[i], failure(t, r.err).Op != conn.OpQueue, i)
			require.Zero(t, r.after)
		}
		require.Zero(t, c.InFlight())
	})
}

func TestServerDiesInEveryPhase(t *testing.T) {
	for name, end := range map[string]func(*redistest.Conn){
		"reset": (*redistest.Conn).Reset,
		"close": func(server *redistest.Conn) { _ = server.Close() },
		"half":  func(server *redistest.Conn) { _ = server.CloseWrite() },
		"noise": func(server *redistest.Conn) { _, _ = io.WriteString(server, "?\r\n") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, server, results, sent := phases(t)
				end(server)
				for i, done := range results {
					r := <-done
					require.Equal(t, sent[i], failure(t, r.err).Sent, i)
					require.Zero(t, r.after)
				}
				require.Error(t, c.Err())
				require.Zero(t, c.InFlight())
			})
		})
	}
}

// Under load, a connection that ends at any moment tells everybody, and whoever is told that nothing was sent can rely on it.
func TestNotSentIsNeverSeenByTheServer(t *testing.T) {
	for name, end := range map[string]func(*redistest.Server, *conn.Conn){
		"server": func(s *redistest.Server, _ *conn.Conn) { s.CloseClients() },
		"client": func(_ *redistest.Server, c *conn.Conn) { _ = c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			s := redistest.NewServer(t, redistest.Redis(redistest.Options{}))
			var notSent sync.Map
			for round := range 20 {
				c := dial(t, conn.Dialer{}, s.Addr())
				time.AfterFunc(time.Duration(round)*500*time.Microsecond, func() { end(s, c) })
				share(32, 32, func(int) {
					for i := 0; ; i++ {
						text := fmt.Sprintf("%d-%p-%d", round, &i, i)
						_, err := c.Do(context.Background(), "ECHO", text)
						if err == nil {
							continue
						}
						var e *conn.Error
						if assert.True(t, errors.As(err, &e), "%v", err) && !e.Sent {
							notSent.Store("ECHO "+text, true)
						}
						return
					}
				})
				require.Zero(t, c.InFlight())
			}
			s.Close()
			for _, command := range s.Commands() {
				_, found := notSent.Load(command)
				require.False(t, found, command)
			}
		})
	}
}
