package localstore_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/bwredis/bwredis/internal/localstore"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// roundTrip returns the replies to q as show writes them.
func roundTrip(t testing.TB, s *localstore.Store, q *resp.Request) (replies []string) {
	t.Helper()
	require.NoError(t, s.RoundTrip(context.Background(), q, resp.HandlerFunc(func(i int, r *resp.Reply) error {
		require.Len(t, replies, i)
		replies = append(replies, show(r.Value()))
		return nil
	})))
	require.Len(t, replies, q.Len())
	return replies
}

func TestPipelineInOrder(t *testing.T) {
	s := localstore.New(localstore.Config{})
	var q resp.Request
	require.Empty(t, roundTrip(t, s, &q))
	q.Cmd("SET").Str("k").Str("1")
	q.Cmd("NOPE")
	q.Cmd("INCR").Str("k")
	q.Cmd("MGET").Args(strings.Fields(strings.Repeat("k none ", 50))...)
	q.Cmd("GET").Str("none")
	got := roundTrip(t, s, &q)
	require.Equal(t, "+OK", got[0])
	require.Contains(t, got[1], "unknown command")
	require.Equal(t, ":2", got[2])
	require.Equal(t, "["+strings.TrimSpace(strings.Repeat(`"2" _ `, 50))+"]", got[3])
	require.Equal(t, "_", got[4])
}

func TestNilHandlerReturnsFirstError(t *testing.T) {
	s := localstore.New(localstore.Config{})
	var q resp.Request
	q.Cmd("SET").Str("k").Str("v")
	q.Cmd("INCR").Str("k")
	q.Cmd("NOPE")
	q.Cmd("SET").Str("after").Str("v")
	err := s.RoundTrip(context.Background(), &q, nil)
	var e *resp.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "ERR value is not an integer or out of range", e.Message)
	require.Equal(t, ":1", line(t, s, "EXISTS after"), "all commands are executed")
	q.Reset()
	q.Cmd("PING")
	require.NoError(t, s.RoundTrip(context.Background(), &q, nil))
}

func TestHandlerErrorEndsHandling(t *testing.T) {
	s := localstore.New(localstore.Config{})
	var q resp.Request
	q.Cmd("PING")
	q.Cmd("PING")
	q.Cmd("PING")
	boom := errors.New("boom")
	calls := 0
	err := s.RoundTrip(context.Background(), &q, resp.HandlerFunc(func(i int, _ *resp.Reply) error {
		if calls++; i == 1 {
			return boom
		}
		return nil
	}))
	require.Same(t, boom, err)
	require.Equal(t, 2, calls)
}

func TestEndedContextExecutesNothing(t *testing.T) {
	s := localstore.New(localstore.Config{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var q resp.Request
	q.Cmd("SET").Str("k").Str("v")
	require.ErrorIs(t, s.RoundTrip(ctx, &q, nil), context.Canceled)
	require.Equal(t, ":0", line(t, s, "EXISTS k"))
}

func TestClose(t *testing.T) {
	s := localstore.New(localstore.Config{})
	do(t, s, "SET", "k", "v")
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	require.Zero(t, s.Used())
	var q resp.Request
	q.Cmd("PING")
	require.ErrorIs(t, s.RoundTrip(context.Background(), &q, nil), localstore.ErrClosed)
}

func TestHandlerMayUseTheStore(t *testing.T) {
	s := localstore.New(localstore.Config{})
	do(t, s, "MSET", "a", "b", "b", "c")
	var q resp.Request
	q.Cmd("GET").Str("a")
	require.NoError(t, s.RoundTrip(context.Background(), &q, resp.HandlerFunc(func(_ int, r *resp.Reply) error {
		next := r.Bytes()
		require.Equal(t, `"c"`, line(t, s, "GET "+string(next)))
		require.Equal(t, "b", string(next), "another round trip must not touch these bytes")
		return nil
	})))
}

func TestRepliesAreBorrowed(t *testing.T) {
	s := localstore.New(localstore.Config{})
	do(t, s, "SET", "k", "secret")
	var q resp.Request
	q.Cmd("GET").Str("k")
	q.Cmd("PING")
	var kept []byte
	require.NoError(t, s.RoundTrip(context.Background(), &q, resp.HandlerFunc(func(i int, r *resp.Reply) error {
		if i == 0 {
			kept = r.Bytes()
			require.Equal(t, "secret", string(kept))
			require.Equal(t, len(kept), cap(kept))
			return nil
		}
		require.Equal(t, make([]byte, 6), kept)
		return nil
	})))
	require.Equal(t, `"secret"`, line(t, s, "GET k"))
}

func TestRequestIsCopied(t *testing.T) {
	s := localstore.New(localstore.Config{})
	var q resp.Request
	q.Cmd("SET").Str("key").Str("value")
	require.NoError(t, s.RoundTrip(context.Background(), &q, nil))
	clear(q.Encoded())
	require.Equal(t, `"value"`, line(t, s, "GET key"))
}

// Only misuse of a Request makes such bytes.
func TestBrokenRequest(t *testing.T) {
	s := localstore.New(localstore.Config{})
	for _, broken := range []string{"", "*0", "*0\r\n", ":1\r\n", "$4\r\n", "*9\r\n", "*1\r\n$9\r\n", "*1\r\n*1\r\n"} {
		var q resp.Request
		q.Cmd("PING")
		rest := q.Encoded()[copy(q.Encoded(), broken):]
		clear(rest)
		var e *resp.SyntaxError
		require.ErrorAs(t, s.RoundTrip(context.Background(), &q, nil), &e, "%q", broken)
		require.Equal(t, "+PONG", line(t, s, "PING"))
	}
}

func TestLargeValues(t *testing.T) {
	s := localstore.New(localstore.Config{MaxBytes: 256 << 20})
	big := strings.Repeat("v", resp.DefaultMaxFrame+1) // more than the codec takes from a stranger
	require.Equal(t, "+OK", show(do(t, s, "SET", "k", big)))
	v := do(t, s, "GET", "k")
	text, err := v.Text()
	require.NoError(t, err)
	require.True(t, text == big)
}

func TestIncrIsExact(t *testing.T) {
	s := localstore.New(localstore.Config{})
	const callers, rounds = 32, 200
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			var q resp.Request
			for i := range rounds {
				own := strconv.Itoa(c*rounds + i)
				q.Reset()
				q.Cmd("INCR").Str("n")
				q.Cmd("ECHO").Str(own)
				assert.NoError(t, s.RoundTrip(context.Background(), &q, resp.HandlerFunc(func(i int, r *resp.Reply) error {
					if i == 1 {
						assert.Equal(t, own, string(r.Bytes()), "somebody else's reply")
					}
					return r.Err()
				})))
			}
		})
	}
	wg.Wait()
	require.Equal(t, strconv.Quote(strconv.Itoa(callers*rounds)), line(t, s, "GET n"))
}

type discard struct{ n int }

func (d *discard) HandleReply(_ int, r *resp.Reply) error {
	d.n += len(r.Bytes())
	return r.Err()
}

func TestWarmRoundTripAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget")
	}
	s := localstore.New(localstore.Config{})
	do(t, s, "SET", "k", strings.Repeat("v", 64), "EX", "100")
	ctx := context.Background()
	for _, args := range [][]string{{"GET", "k"}, {"PTTL", "k"}, {"EXISTS", "k", "none"}, {"EXPIRE", "k", "50"}, {"PING"}} {
		var q resp.Request
		q.Cmd(args[0]).Args(args[1:]...)
		var d discard
		require.Zero(t, testing.AllocsPerRun(1000, func() {
			if err := s.RoundTrip(ctx, &q, &d); err != nil {
				t.Error(err)
			}
		}), args[0])
		require.NotZero(t, d.n)
	}
}

func BenchmarkGet(b *testing.B) {
	s := localstore.New(localstore.Config{})
	do(b, s, "SET", "k", strings.Repeat("v", 64))
	var q resp.Request
	q.Cmd("GET").Str("k")
	var d discard
	b.ReportAllocs()
	for b.Loop() {
		_ = s.RoundTrip(context.Background(), &q, &d)
	}
}

func BenchmarkMget(b *testing.B) {
	s := localstore.New(localstore.Config{})
	var q resp.Request
	q.Cmd("MGET")
	for i := range 50 {
		k := "k" + strconv.Itoa(i)
		do(b, s, "SET", k, strings.Repeat("v", 64))
		q.Str(k)
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = s.RoundTrip(context.Background(), &q, nil)
	}
}

func BenchmarkSetPipelined(b *testing.B) {
	s := localstore.New(localstore.Config{})
	var q resp.Request
	for i := range 50 {
		q.Cmd("SET").Str("k" + strconv.Itoa(i)).Str("value").Str("EX").Str("60")
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = s.RoundTrip(context.Background(), &q, nil)
	}
}
