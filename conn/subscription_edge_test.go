package conn_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/stretchr/testify/require"
)

// What the server took away before it answered a question may not be read yet, so the Gap begins before that question.
func TestGapBeginsBeforeWhatWasMissed(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol int) {
		var hub redistest.Hub
		dial, _ := subscribeTo(hub.Handler(redistest.Redis(redistest.Options{})), conn.Dialer{Protocol: protocol})
		s, err := conn.Subscribe(t.Context(), dial, conn.Channels{Names: []string{"a", "b"}})
		require.NoError(t, err)
		defer s.Close()
		time.Sleep(5 * time.Second)
		hub.Unsubscribe("a")
		time.Sleep(time.Second)
		published := time.Now()
		require.EqualValues(t, 1, hub.Publish("b", "on b"))
		require.Zero(t, hub.Publish("a", "on a"))
		time.Sleep(14 * time.Second) // the caller is busy; the next one asks first
		m := next(t, s)
		t.Logf("%+v; published %v before Gap.From", m, m.Gap.From.Sub(published))
		require.NotNil(t, m.Gap)
		require.False(t, published.Before(m.Gap.From), "both messages were published %v before From, and neither was received", m.Gap.From.Sub(published))
	})
}

// The news that a subscription was taken away counts also when it comes just when it is time to ask.
func TestTakenAwayAtTheTick(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol int) {
		var hub redistest.Hub
		dial, _ := subscribeTo(hub.Handler(redistest.Redis(redistest.Options{})), conn.Dialer{Protocol: protocol})
		s, err := conn.Subscribe(t.Context(), dial, conn.Channels{Names: []string{"a", "b"}})
		require.NoError(t, err)
		defer s.Close()
		go func() { time.Sleep(15*time.Second + 500*time.Microsecond); hub.Unsubscribe("a") }()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		m, err := s.Next(ctx)
		require.NoError(t, err, "an hour later still nothing, and a is not subscribed to: %d receivers", hub.Publish("a", "x"))
		require.NotNil(t, m.Gap)
	})
}

// The same when the caller's own context ends.
func TestTakenAwayAsTheContextEnds(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol int) {
		var hub redistest.Hub
		dial, _ := subscribeTo(hub.Handler(redistest.Redis(redistest.Options{})), conn.Dialer{Protocol: protocol})
		s, err := conn.Subscribe(t.Context(), dial, conn.Channels{Names: []string{"a", "b"}})
		require.NoError(t, err)
		defer s.Close()
		go func() { time.Sleep(time.Second + 500*time.Microsecond); hub.Unsubscribe("a") }()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = s.Next(ctx)
		t.Log(err)
		ctx, cancel = context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		m, err := s.Next(ctx)
		require.NoError(t, err, "an hour later still nothing, and a is not subscribed to: %d receivers", hub.Publish("a", "x"))
		require.NotNil(t, m.Gap)
	})
}

// A server that is gone is noticed also by callers whose contexts are shorter than the time it has to answer.
func TestSilentDeathAndShortContexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hub redistest.Hub
		var silent atomic.Bool
		h := hub.Handler(redistest.Redis(redistest.Options{}))
		dial, ends := subscribeTo(func(s *redistest.Session, args []string) {
			if !silent.Load() {
				h(s, args)
			}
		}, conn.Dialer{})
		s, err := conn.Subscribe(t.Context(), dial, conn.Channels{Names: []string{"a"}})
		require.NoError(t, err)
		defer s.Close()
		silent.Store(true)
		for range 3600 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			m, err := s.Next(ctx)
			cancel()
			if err == nil || !errors.Is(err, context.DeadlineExceeded) || ends.tried > 1 {
				t.Log(m, err)
				return
			}
		}
		t.Fatalf("an hour of silence, and %d dials", ends.tried)
	})
}

// Close ends a Next that is subscribing anew, and its connection.
func TestCloseWhileReconnecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hub redistest.Hub
		var silent atomic.Bool
		h := hub.Handler(redistest.Redis(redistest.Options{}))
		dial, ends := subscribeTo(func(s *redistest.Session, args []string) {
			if !silent.Load() || !strings.EqualFold(args[0], "SUBSCRIBE") {
				h(s, args)
			}
		}, conn.Dialer{})
		s, err := conn.Subscribe(t.Context(), dial, conn.Channels{Names: []string{"a"}})
		require.NoError(t, err)
		silent.Store(true)
		ends.cut()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		failed := make(chan error, 1)
		go func() { _, err := s.Next(ctx); failed <- err }()
		time.Sleep(time.Second)
		require.NoError(t, s.Close())
		select {
		case err := <-failed:
			require.ErrorIs(t, err, conn.ErrClosed)
		case <-time.After(time.Hour):
			t.Error("an hour after Close, Next still waits, and the connection is open")
		}
	})
}

// An Add that is refused takes back what it added, not what was there before.
func TestRefusedAddKeepsWhatWasThere(t *testing.T) {
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
		dial, _ := subscribeTo(h, conn.Dialer{Protocol: protocol})
		s, err := conn.Subscribe(t.Context(), dial, conn.Channels{Names: []string{"a"}})
		require.NoError(t, err)
		defer s.Close()
		require.Error(t, s.Add(t.Context(), conn.Channels{Names: []string{"a", "secret"}}))
		require.EqualValues(t, 1, hub.Publish("a", "one"), "a was subscribed to before")
	})
}

// What the server takes away while Remove waits is not the answer to Remove.
func TestTakenAwayDuringRemove(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol int) {
		var hub redistest.Hub
		base := hub.Handler(redistest.Redis(redistest.Options{}))
		h := func(s *redistest.Session, args []string) {
			if strings.EqualFold(args[0], "UNSUBSCRIBE") {
				hub.Unsubscribe("a")
			}
			base(s, args)
		}
		dial, _ := subscribeTo(h, conn.Dialer{Protocol: protocol})
		s, err := conn.Subscribe(t.Context(), dial, conn.Channels{Names: []string{"a", "b", "c"}})
		require.NoError(t, err)
		defer s.Close()
		require.NoError(t, s.Remove(t.Context(), conn.Channels{Names: []string{"b"}}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		m, err := s.Next(ctx)
		require.NoError(t, err, "a is gone, and nobody is told: %d receivers", hub.Publish("a", "x"))
		require.NotNil(t, m.Gap)
	})
}

// A subscription that is closed dials nobody.
func TestNextDoesNotDialAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hub redistest.Hub
		dial, ends := subscribeTo(hub.Handler(redistest.Redis(redistest.Options{})), conn.Dialer{})
		dials := 0
		for range 200 {
			s, err := conn.Subscribe(t.Context(), dial, conn.Channels{Names: []string{"a"}})
			require.NoError(t, err)
			require.NoError(t, s.Close())
			before := ends.tried
			_, err = s.Next(t.Context())
			require.ErrorIs(t, err, conn.ErrClosed)
			dials += ends.tried - before
		}
		require.Zero(t, dials, "dials for subscriptions that are closed")
	})
}

// After an Add and a Remove of the same channel at the same time, client and server agree.
func TestAddAndRemoveAtOnce(t *testing.T) {
	var hub redistest.Hub
	dial, _ := subscribeTo(hub.Handler(redistest.Redis(redistest.Options{})), conn.Dialer{})
	s, err := conn.Subscribe(t.Context(), dial, conn.Channels{Names: []string{"a"}})
	require.NoError(t, err)
	defer s.Close()
	lost, ghost := 0, 0
	for range 2000 {
		var wg sync.WaitGroup
		wg.Go(func() { _ = s.Remove(t.Context(), conn.Channels{Names: []string{"b"}}) })
		wg.Go(func() { _ = s.Add(t.Context(), conn.Channels{Names: []string{"b"}}) })
		wg.Wait()
		n, wanted := hub.Publish("b", "x"), s.Wanted("b")
		if wanted && n == 0 {
			lost++
		}
		if !wanted && n > 0 {
			ghost++
		}
		if n > 0 && wanted {
			_, _ = s.Next(t.Context())
		}
	}
	require.Zero(t, lost+ghost, "%d lost, %d ghosts", lost, ghost)
}
