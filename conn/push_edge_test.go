package conn_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

// pairAndPush answers HOLD only when two of them have come, and a push right behind the answers, in one write.
func pairAndPush() redistest.Handler {
	n := 0
	return redistest.Override(map[string]redistest.Handler{"HOLD": func(s *redistest.Session, _ []string) {
		if n++; n == 2 {
			s.Simple("one")
			s.Simple("two")
			s.Push("note", "x")
		}
	}}, redistest.Redis(redistest.Options{}))
}

// OnPush may panic behind replies that came in the same read: their callers wake up all the same.
func TestOnPushPanicWakesEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dialPipe(t, pairAndPush(), conn.Dialer{OnPush: func(*resp.Reply) { panic("own") }})
		gone := make(chan any, 1)
		go func() {
			defer func() { gone <- recover() }()
			_, _ = c.Do(context.Background(), "HOLD")
		}()
		synctest.Wait()
		follower := start(c, context.Background(), "HOLD")
		<-gone
		select {
		case r := <-follower:
			t.Log(r)
		case <-time.After(time.Hour):
			// let it go, or synctest reports a deadlock instead
			t.Fatal("the follower's reply came, and nobody woke it")
		}
	})
}

// The same for the handler of a NextPush that leads.
func TestNextPushPanicWakesEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := redistest.Override(map[string]redistest.Handler{"BOTH": func(s *redistest.Session, _ []string) {
			s.Simple("reply")
			s.Push("note", "x")
		}}, redistest.Redis(redistest.Options{}))
		c := dialPipe(t, h, conn.Dialer{})
		gone := make(chan any, 1)
		go func() {
			defer func() { gone <- recover() }()
			_ = c.NextPush(context.Background(), resp.HandlerFunc(func(int, *resp.Reply) error { panic("own") }))
		}()
		synctest.Wait()
		caller := start(c, context.Background(), "BOTH")
		<-gone
		select {
		case r := <-caller:
			t.Log(r)
		case <-time.After(time.Hour):
			t.Fatal("the caller's reply came, and nobody woke it")
		}
	})
}

// RESP3 has pushes of its own, so an array that begins with "message" is a reply, whatever is subscribed to.
func TestRESP3ArrayIsNoMessage(t *testing.T) {
	for _, word := range []string{"message", "subscribe"} {
		t.Run(word, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var hub redistest.Hub
				h := redistest.Override(map[string]redistest.Handler{"LRANGE": func(s *redistest.Session, _ []string) {
					s.Array(3)
					s.Bulk(word)
					s.Bulk("a")
					s.Bulk("what anybody may have pushed to a list")
				}}, hub.Handler(redistest.Redis(redistest.Options{})))
				c := dialPipe(t, h, conn.Dialer{Protocol: 3, PubSub: true})
				_, err := c.Do(t.Context(), "SUBSCRIBE", "a")
				require.NoError(t, err)
				var q resp.Request
				q.Cmd("LRANGE").Str("list")
				first := make(chan string, 1)
				go func() {
					text := ""
					err := c.RoundTrip(context.Background(), &q, resp.HandlerFunc(func(_ int, r *resp.Reply) error { text = r.Value().String(); return nil }))
					first <- fmt.Sprint(text, err)
				}()
				synctest.Wait()
				second := start(c, context.Background(), "ECHO", "secret of another caller")
				got := <-first
				_ = c.Close()
				t.Log((<-second))
				require.Contains(t, got, word)
			})
		})
	}
}

// Only pushes that wait count against MaxReply, also where the queue is never quite empty.
func TestTakenPushesDoNotCount(t *testing.T) {
	h, _ := pushServer()
	c := dialPipe(t, h, conn.Dialer{PubSub: true, MaxReply: 1000})
	var got inbox
	_, err := c.Do(t.Context(), "PUSH", "first")
	require.NoError(t, err)
	require.NoError(t, c.NextPush(t.Context(), &got)) // 2 are waiting
	for i := range 100 {
		_, err := c.Do(t.Context(), "PUSH", "x") // 5 are waiting
		require.NoError(t, err, "round %d: at most 5 pushes of some 30 bytes wait", i)
		for range 3 {
			require.NoError(t, c.NextPush(t.Context(), &got))
		}
	}
}

// A push that did not fit is lost, so a smaller one behind it is not handed out as if nothing were missing.
func TestNothingComesAfterALostPush(t *testing.T) {
	h := redistest.Override(map[string]redistest.Handler{"PUSH": func(s *redistest.Session, args []string) {
		s.Push("note", strings.Repeat("1", 480))
		s.Push("note", strings.Repeat("2", 600))
		s.Push("note", "small 2")
		s.Simple("OK")
	}}, redistest.Redis(redistest.Options{}))
	c := dialPipe(t, h, conn.Dialer{PubSub: true, MaxReply: 1010})
	v, err := c.Do(t.Context(), "PUSH")
	t.Log(v, err)
	require.Error(t, c.Err())
	var got inbox
	for err = nil; err == nil; {
		err = c.NextPush(t.Context(), &got)
	}
	require.Len(t, got, 1, "the push of 600 bytes is lost, and the one behind it is handed out as if nothing had happened")
}
