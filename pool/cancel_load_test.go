package pool_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

var loadCalls = flag.Int("calls", 50_000, "how many calls the load test makes; a quarter of them is cancelled")

// However many callers go before their reply comes, everybody else gets their own, and no connection is lost for it.
func TestCancelsCostNoConnection(t *testing.T) {
	server := redistest.NewServer(t, redistest.Redis(redistest.Options{}))
	d := conn.Dialer{Timeout: time.Minute}
	p, err := pool.New(pool.Config{Dial: func(ctx context.Context) (*conn.Conn, error) { return d.Dial(ctx, "tcp", server.Addr()) }})
	require.NoError(t, err)
	defer p.Close()
	const callers = 32
	left := make([]int, callers)
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for i := range *loadCalls / callers {
				if !echoes(t, p, strconv.Itoa(caller)+"-"+strconv.Itoa(i), i%4 == 0) {
					left[caller]++
				}
			}
		})
	}
	wg.Wait()
	s := p.Stats()
	require.Equal(t, int(s.Dials), s.Open, "none was closed: %+v", s)
	require.Equal(t, s.Open, server.Accepted())
	require.LessOrEqual(t, s.Open, pool.DefaultKeep)
	t.Logf("%v left, of %d each; %+v", left, *loadCalls/callers/4, s)
}

// echoes sends one request that only its caller would send, and reports false when the caller did not wait for the reply.
func echoes(t *testing.T, p *pool.Pool, text string, cancelled bool) bool {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if cancelled {
		defer time.AfterFunc(time.Duration(rand.IntN(300))*time.Microsecond, cancel).Stop()
	}
	var q resp.Request
	q.Cmd("ECHO").Str(text)
	got, err := send(ctx, p, &q)
	switch {
	case err == nil && got != text:
		t.Errorf("got %q, want %q", got, text)
	case err != nil && !(cancelled && errors.Is(err, context.Canceled)):
		t.Error(err)
	}
	return err == nil
}
