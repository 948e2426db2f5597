package conn_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

// subscribeTo returns a dial function for a server in memory, which serves h on every connection, and the server's ends.
func subscribeTo(h redistest.Handler, d conn.Dialer) (dial func(context.Context) (*conn.Conn, error), ends *pipeEnds) {
	ends = &pipeEnds{}
	d.PubSub = true
	return func(ctx context.Context) (*conn.Conn, error) {
		if err := ends.refused(); err != nil {
			return nil, &conn.Error{Op: conn.OpDial, Addr: "memory:0", Err: err}
		}
		client, server := redistest.Pipe()
		ends.add(server)
		go redistest.Serve(server, h)
		own := over(client, d)
		return own.Dial(ctx, "tcp", "memory:0")
	}, ends
}

type pipeEnds struct {
	mu     sync.Mutex
	down   error
	tried  int
	opened []net.Conn
}

func (e *pipeEnds) add(nc net.Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.opened = append(e.opened, nc)
}

func (e *pipeEnds) refused() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tried++
	return e.down
}

// fail makes dials fail with err, until it is called with nil.
func (e *pipeEnds) fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.down = err
}

// cut closes the newest connection.
func (e *pipeEnds) cut() {
	e.mu.Lock()
	defer e.mu.Unlock()
	_ = e.opened[len(e.opened)-1].Close()
}

func eachProtocol(t *testing.T, f func(t *testing.T, protocol int)) {
	for _, protocol := range []int{2, 3} {
		t.Run("RESP"+strconv.Itoa(protocol), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, protocol) })
		})
	}
}

func next(t *testing.T, s *conn.Subscription) conn.Message {
	t.Helper()
	m, err := s.Next(t.Context())
	require.NoError(t, err)
	return m
}

func TestSubscription(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol int) {
		var hub redistest.Hub
		var log redistest.Log
		dial, _ := subscribeTo(log.Record(hub.Handler(redistest.Redis(redistest.Options{}))), conn.Dialer{Protocol: protocol})
		s, err := conn.Subscribe(t.Context(), dial, conn.Channels{Names: []string{"a", "b"}, Patterns: []string{"news.*"}, Sharded: []string{"shard"}})
		require.NoError(t, err)
		defer s.Close()
		require.EqualValues(t, 1, hub.Publish("a", "one"))
		hub.Publish("c", "not subscribed to")
		hub.Publish("news.today", "two")
		require.Equal(t, conn.Message{Channel: "a", Payload: "one"}, next(t, s))
		require.Equal(t, conn.Message{Channel: "news.today", Pattern: "news.*", Payload: "two"}, next(t, s))

		require.NoError(t, s.Add(t.Context(), conn.Channels{Names: []string{"c"}}))
		require.NoError(t, s.Remove(t.Context(), conn.Channels{Names: []string{"a"}, Patterns: []string{"news.*"}}))
		require.Zero(t, hub.Publish("a", "no more"))
		require.EqualValues(t, 1, hub.Publish("c", "three"))
		require.Equal(t, conn.Message{Channel: "c", Payload: "three"}, next(t, s))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = s.Next(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		// A server that is silent is asked whether it is there.
		go func() { time.Sleep(time.Hour); hub.Publish("b", "late") }()
		require.Equal(t, conn.Message{Channel: "b", Payload: "late"}, next(t, s))
		require.InDelta(t, 3600/15, strings.Count(strings.Join(log.Commands(), "\n"), "PING"), 2)
	})
}

// Messages that come while a channel is added lie between its replies.
func TestSubscriptionWhileMessagesCome(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol int) {
		var hub redistest.Hub
		dial, _ := subscribeTo(hub.Handler(redistest.Redis(redistest.Options{})), conn.Dialer{Protocol: protocol})
		s, err := conn.Subscribe(t.Context(), dial, conn.Channels{Names: []string{"a"}})
		require.NoError(t, err)
		defer s.Close()
		go func() {
			for i := range 300 {
				hub.Publish("a", strconv.Itoa(i))
				time.Sleep(time.Millisecond)
			}
		}()
		go func() {
			for i := range 100 {
				name := fmt.Sprint("extra", i)
				if s.Add(t.Context(), conn.Channels{Names: []string{name}, Patterns: []string{name}}) != nil {
					t.Error("Add")
				}
				time.Sleep(time.Millisecond)
				if s.Remove(t.Context(), conn.Channels{Names: []string{name}, Patterns: []string{name}}) != nil {
					t.Error("Remove")
				}
			}
		}()
		for i := range 300 {
			require.Equal(t, conn.Message{Channel: "a", Payload: strconv.Itoa(i)}, next(t, s))
		}
		time.Sleep(time.Minute)
	})
}

// A connection that is lost is replaced, everything is subscribed to again, and the time in between is told.
func TestSubscriptionSurvivesItsConnection(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol int) {
		var hub redistest.Hub
		dial, ends := subscribeTo(hub.Handler(redistest.Redis(redistest.Options{})), conn.Dialer{Protocol: protocol})
		s, err := conn.Subscribe(t.Context(), dial, conn.Channels{Names: []string{"a"}})
		require.NoError(t, err)
		defer s.Close()
		require.NoError(t, s.Add(t.Context(), conn.Channels{Patterns: []string{"p*"}}))
		lastGood := time.Now()
		time.Sleep(10 * time.Second)
		hub.Publish("a", "before")
		synctest.Wait()
		ends.fail(fmt.Errorf("nobody there"))
		ends.cut()
		require.Equal(t, "before", next(t, s).Payload, "what arrived is not lost")
		require.NoError(t, s.Add(t.Context(), conn.Channels{Names: []string{"meanwhile"}}), "while there is no connection")
		down := time.Now()
		go func() { time.Sleep(time.Minute); ends.fail(nil) }()
		gap := next(t, s).Gap
		require.NotNil(t, gap)
		require.Error(t, gap.Err)
		require.Equal(t, lastGood, gap.From)
		require.InDelta(t, time.Minute, gap.To.Sub(down), float64(3*time.Second))
		require.InDelta(t, 30, ends.tried, 25, "dials in a minute")
		for _, channel := range []string{"a", "pattern", "meanwhile"} {
			require.EqualValues(t, 1, hub.Publish(channel, channel))
			require.Equal(t, channel, next(t, s).Payload)
		}
		ends.cut()
		require.NotNil(t, next(t, s).Gap)
		require.InDelta(t, 0, time.Since(gap.To), float64(3*time.Second), "with the pause of a server that comes and goes")
		time.Sleep(time.Hour)
		again := time.Now()
		go func() { time.Sleep(time.Minute); ends.cut() }()
		require.NotNil(t, next(t, s).Gap)
		require.InDelta(t, time.Minute, time.Since(again), float64(time.Second), "at once this time")
	})
}

// A server that accepts everything and then hangs up is not dialled as fast as it hangs up.
func TestSubscriptionDoesNotHammerAServer(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol int) {
		var hub redistest.Hub
		h := hub.Handler(redistest.Redis(redistest.Options{}))
		dial, ends := subscribeTo(func(s *redistest.Session, args []string) {
			h(s, args)
			if strings.EqualFold(args[0], "SUBSCRIBE") {
				s.Close()
			}
		}, conn.Dialer{Protocol: protocol})
		s, err := conn.Subscribe(t.Context(), dial, conn.Channels{Names: []string{"a"}})
		require.NoError(t, err)
		defer s.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for err == nil {
			_, err = s.Next(ctx)
		}
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.InDelta(t, 40, ends.tried, 15)
	})
}

// A peer that is gone without a word is found out by the question that nobody answers.
func TestSubscriptionNoticesASilentDeath(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol int) {
		var hub redistest.Hub
		var silent atomic.Bool
		h := hub.Handler(redistest.Redis(redistest.Options{}))
		dial, _ := subscribeTo(func(s *redistest.Session, args []string) {
			if !silent.Load() {
				h(s, args)
			}
		}, conn.Dialer{Protocol: protocol})
		s, err := conn.Subscribe(t.Context(), dial, conn.Channels{Names: []string{"a"}})
		require.NoError(t, err)
		defer s.Close()
		silent.Store(true)
		begin := time.Now()
		go func() { time.Sleep(29 * time.Second); silent.Store(false) }()
		m := next(t, s)
		require.NotNil(t, m.Gap)
		require.ErrorIs(t, m.Gap.Err, context.DeadlineExceeded)
		require.InDelta(t, 30*time.Second, time.Since(begin), float64(time.Second))
	})
}

// What the server takes away is a Gap as well, for nobody asked for it.
func TestSubscriptionTakenAway(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol int) {
		var hub redistest.Hub
		dial, ends := subscribeTo(hub.Handler(redistest.Redis(redistest.Options{})), conn.Dialer{Protocol: protocol})
		s, err := conn.Subscribe(t.Context(), dial, conn.Channels{Names: []string{"a", "b"}})
		require.NoError(t, err)
		defer s.Close()
		hub.Unsubscribe("a")
		m := next(t, s)
		require.NotNil(t, m.Gap)
		require.ErrorContains(t, m.Gap.Err, "unsubscribe")
		require.Len(t, ends.opened, 2)
		require.EqualValues(t, 1, hub.Publish("a", "again"))
		require.Equal(t, "again", next(t, s).Payload)
	})
}

func TestSubscriptionRefused(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol int) {
		var hub redistest.Hub
		allowed := hub.Handler(redistest.Redis(redistest.Options{}))
		h := func(s *redistest.Session, args []string) {
			if len(args) > 1 && args[1] == "secret" && !strings.HasPrefix(strings.ToLower(args[0]), "un") {
				s.Error("NOPERM No permissions to access a channel")
				return
			}
			allowed(s, args)
		}
		dial, ends := subscribeTo(h, conn.Dialer{Protocol: protocol})
		_, err := conn.Subscribe(t.Context(), dial, conn.Channels{Names: []string{"a", "secret"}})
		require.True(t, resp.IsCode(err, "NOPERM"), "%v", err)

		s, err := conn.Subscribe(t.Context(), dial, conn.Channels{Names: []string{"a"}})
		require.NoError(t, err)
		defer s.Close()
		err = s.Add(t.Context(), conn.Channels{Names: []string{"b", "secret", "c"}})
		require.True(t, resp.IsCode(err, "NOPERM"))
		require.Zero(t, hub.Publish("b", "was taken back"))
		ends.cut()
		require.NotNil(t, next(t, s).Gap, "the refused channel is not tried again")

		ends.fail(&resp.Error{Message: "WRONGPASS changed meanwhile"})
		ends.cut()
		_, err = s.Next(t.Context())
		require.True(t, resp.IsCode(err, "WRONGPASS"))
		ends.fail(nil)
		require.NotNil(t, next(t, s).Gap, "Next may be called again")
	})
}

func TestSubscriptionCloses(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol int) {
		var hub redistest.Hub
		dial, ends := subscribeTo(hub.Handler(redistest.Redis(redistest.Options{})), conn.Dialer{Protocol: protocol})
		for _, lost := range []bool{false, true} {
			s, err := conn.Subscribe(t.Context(), dial, conn.Channels{Names: []string{"a"}})
			require.NoError(t, err)
			if lost {
				ends.fail(fmt.Errorf("nobody there"))
				ends.cut()
			}
			failed := make(chan error)
			go func() {
				_, err := s.Next(context.Background())
				failed <- err
			}()
			time.Sleep(10 * time.Second)
			require.NoError(t, s.Close())
			require.ErrorIs(t, <-failed, conn.ErrClosed)
			require.NoError(t, s.Close())
			require.ErrorIs(t, s.Add(t.Context(), conn.Channels{Names: []string{"b"}}), conn.ErrClosed)
			_, err = s.Next(t.Context())
			require.ErrorIs(t, err, conn.ErrClosed)
		}
	})
}

// A subscription over TLS and real sockets.
func TestSubscriptionOverTLS(t *testing.T) {
	noLeaks(t)
	ca := redistest.NewCA(t)
	var hub redistest.Hub
	server := redistest.NewTLSServer(t, hub.Handler(redistest.Redis(redistest.Options{})), ca.ServerConfig(ca.Server()))
	config := ca.ClientConfig()
	config.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	d := conn.Dialer{PubSub: true, TLS: config, Timeout: 5 * time.Second}
	s, err := conn.Subscribe(t.Context(), func(ctx context.Context) (*conn.Conn, error) { return d.Dial(ctx, "tcp", server.Addr()) },
		conn.Channels{Names: []string{"a"}})
	require.NoError(t, err)
	defer s.Close()
	for range 3 {
		require.Positive(t, hub.Publish("a", "one"), "the server may not have noticed yet that an older connection is gone")
		require.Equal(t, "one", next(t, s).Payload)
		server.CloseClients()
		require.NotNil(t, next(t, s).Gap)
	}
}

// Subscribing needs a connection that was made for it, and says so before anything is sent.
func TestSubscribingIsRefusedElsewhere(t *testing.T) {
	var hub redistest.Hub
	var log redistest.Log
	h := log.Record(hub.Handler(redistest.Redis(redistest.Options{})))
	c := dialPipe(t, h, conn.Dialer{})
	special := dialPipe(t, h, conn.Dialer{PubSub: true})
	before := len(log.Commands())
	for _, words := range []string{"SUBSCRIBE a", "psubscribe a", "SSubscribe a", "UNSUBSCRIBE", "MONITOR", "SYNC", "PSYNC ? -1", "CLIENT reply OFF"} {
		_, err := c.Do(t.Context(), strings.Fields(words)...)
		require.True(t, conn.NotSent(err), "%s: %v", words, err)
		require.ErrorContains(t, err, strings.ToUpper(strings.Fields(words)[0]))
	}
	for _, commands := range [][][]string{
		{{"SUBSCRIBE", "a", "b"}},
		{{"UNSUBSCRIBE"}},
		{{"SUBSCRIBE", "a"}, {"PING"}},
		{{"PING"}, {"SUBSCRIBE", "a"}},
		{{"SUBSCRIBE", "a"}, {"PSUBSCRIBE", "a"}},
		{{"MONITOR"}},
	} {
		require.True(t, conn.NotSent(special.RoundTrip(t.Context(), request(commands...), nil)), "%v", commands)
	}
	require.Len(t, log.Commands(), before)
	_, err := c.Do(t.Context(), "CLIENT", "ID")
	require.NoError(t, err)

	dial := func(context.Context) (*conn.Conn, error) { return c, nil }
	_, err = conn.Subscribe(t.Context(), dial, conn.Channels{Names: []string{"a"}})
	require.ErrorContains(t, err, "PubSub")
	_, err = conn.Subscribe(t.Context(), func(context.Context) (*conn.Conn, error) { return nil, nil }, conn.Channels{})
	require.Error(t, err)
}

// By hand: confirmations are replies, messages are pushes, and once nothing is subscribed to any more an array is an array.
func TestPubSubByHand(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol int) {
		var hub redistest.Hub
		h := redistest.Override(map[string]redistest.Handler{"LRANGE": func(s *redistest.Session, _ []string) {
			s.Array(2)
			s.Bulk("message")
			s.Bulk("of a list")
		}}, hub.Handler(redistest.Redis(redistest.Options{})))
		c := dialPipe(t, h, conn.Dialer{Protocol: protocol, PubSub: true})
		do := func(args ...string) string {
			v, err := c.Do(t.Context(), args...)
			require.NoError(t, err)
			return v.String()
		}
		require.Equal(t, `["message", "of a list"]`, do("LRANGE"))
		require.Equal(t, `["subscribe", "a", 1]`, do("SUBSCRIBE", "a"))
		require.Equal(t, `["ssubscribe", "s", 1]`, do("SSUBSCRIBE", "s"))
		if protocol == 3 { // which RESP2 refuses now
			require.Equal(t, `["message", "of a list"]`, do("LRANGE"))
		}
		hub.Publish("a", "one")
		require.Contains(t, do("PING"), map[int]string{2: `["pong", ""]`, 3: "PONG"}[protocol])
		require.Equal(t, `["unsubscribe", "a", 0]`, do("UNSUBSCRIBE", "a"))
		require.Equal(t, `["sunsubscribe", "s", 0]`, do("SUNSUBSCRIBE", "s"))
		require.Equal(t, `["message", "of a list"]`, do("LRANGE"))
		var got inbox
		require.NoError(t, c.NextPush(t.Context(), &got))
		require.Equal(t, inbox{`["message", "a", "one"]`}, got)
	})
}
