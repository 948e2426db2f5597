package conn_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

// Whatever callers, probes, faults and Close do to each other at the same time: everybody returns, nobody gets what is another's, and
// nothing is left behind.
func TestEverythingAtOnce(t *testing.T) {
	noLeaks(t)
	for round := range *loadCalls / 500 {
		client, server := redistest.PipeSize(1 + rand.IntN(2000))
		faults := redistest.Faults{
			Read:  redistest.Fault{Action: redistest.Action(rand.IntN(4)), After: rand.IntN(20_000)},
			Write: redistest.Fault{Action: redistest.Action(rand.IntN(6)), After: rand.IntN(20_000)},
		}
		go redistest.Serve(server, redistest.Redis(redistest.Options{}))
		c := dial(t, over(redistest.Faulty(client, faults), conn.Dialer{Protocol: 2, Timeout: 50 * time.Millisecond}), "memory:0")
		time.AfterFunc(time.Duration(rand.IntN(20))*time.Millisecond, func() { _ = c.Close() })
		var wg sync.WaitGroup
		for caller := range 16 {
			wg.Go(func() {
				for i := 0; c.Err() == nil; i++ {
					misbehave(t, c, fmt.Sprintf("%d-%d-%d", round, caller, i))
				}
			})
		}
		wg.Wait()
		require.Zero(t, c.InFlight())
	}
}

// misbehave makes one call that may be large, cancelled, or end in a panic.
func misbehave(t *testing.T, c *conn.Conn, text string) {
	defer func() {
		if r := recover(); r != nil && r != "own" {
			panic(r)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.IntN(10_000))*time.Microsecond)
	defer cancel()
	text += strings.Repeat("x", rand.IntN(300))
	var q resp.Request
	commands := 1 + rand.IntN(3)
	for range commands {
		q.Cmd("ECHO").Str(text)
	}
	handled := 0
	err := c.RoundTrip(ctx, &q, resp.HandlerFunc(func(_ int, r *resp.Reply) error {
		handled++
		switch got := r.Text(); {
		case got != text:
			t.Errorf("%q is the reply to somebody else than %q", got, text)
		case rand.IntN(2000) == 0:
			panic("own")
		}
		return r.Err()
	}))
	var e *conn.Error
	switch {
	case err == nil && handled != commands, err != nil && !errors.As(err, &e), conn.NotSent(err) && handled > 0:
		t.Errorf("%d of %d replies and the error %v", handled, commands, err)
	case rand.IntN(50) == 0:
		_ = c.Probe()
	}
}
