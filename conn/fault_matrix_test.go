package conn_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every fault, at several places, in both directions, for RESP2 and RESP3, plain and through TLS, for a caller alone and for many: everybody gets
// their own reply, or an error that names the phase and says whether anything was sent; nobody waits longer than Timeout; nothing is left.
//
// Two faults cannot be told from a correct server by any client: replies that change places, and one that comes twice while another is owed.
// There, all that is asked for is that nobody waits for ever and nothing is left.
func TestFaultMatrix(t *testing.T) {
	everyRig(t, func(t *testing.T, r *rig) {
		for _, callers := range []int{1, 32} {
			t.Run(fmt.Sprint(callers, " callers"), func(t *testing.T) {
				noLeaks(t)
				places := r.measure(t, callers)
				for _, s := range r.strikes(places, callers) {
					t.Run(s.name, func(t *testing.T) {
						r.bubble(t, func(t *testing.T) { s.run(t, r, callers) })
					})
				}
			})
		}
	})
}

// callsEach is how many calls each of the callers makes.
func callsEach(callers int) int { return 2 + 8/callers }

// A strike is a cell of the matrix but for the way of connecting.
type strike struct {
	name    string
	below   redistest.Faults // seen from the client's socket
	above   redistest.Faults // of the server, above TLS
	silence silence          // whether anything but the clock tells that the connection is lost
	never   bool             // everything works all the same
	refused bool             // the server may answer with an error
	mixing  redistest.Action // Duplicate, Swap, or None
	place   string
}

type silence byte

const (
	loud  silence = iota // it is noticed at once
	quiet                // it takes until Timeout
	maybe                // either
)

// of returns how loud a fault is. Under TLS, garbage may look like the beginning of a long record.
func (r *rig) silence(action redistest.Action) silence {
	switch action {
	case redistest.Stall, redistest.Drop:
		return quiet
	case redistest.Garbage:
		if r.server != nil {
			return maybe
		}
	}
	return loud
}

// strikes returns every fault at every place.
func (r *rig) strikes(places [2][]place, callers int) (all []strike) {
	all = append(all, strike{name: "one byte at a time", never: true, below: redistest.Faults{OneByte: true}})
	for action, name := range map[redistest.Action]string{
		redistest.Cut: "cut", redistest.Reset: "reset", redistest.HalfClose: "half-close",
		redistest.Stall: "stall", redistest.Drop: "drop", redistest.Garbage: "garbage",
	} {
		refused := action == redistest.Garbage && r.server == nil
		for _, p := range places[0] {
			f := redistest.Faults{Read: redistest.Fault{Action: action, After: p.at}}
			all = append(all, strike{name: name + " reading " + p.name, place: p.name, below: f, silence: r.silence(action)})
		}
		for _, p := range places[1] {
			f := redistest.Faults{Write: redistest.Fault{Action: action, After: p.at}}
			all = append(all, strike{name: name + " writing " + p.name, place: p.name, below: f, silence: r.silence(action), refused: refused})
		}
	}
	for action, name := range map[redistest.Action]string{redistest.Duplicate: "duplicate", redistest.Swap: "swap"} {
		for _, p := range []place{{"in the handshake", 0}, {"in the first reply", handshake}, {"later", handshake + callers*callsEach(callers)/2}} {
			f := redistest.Fault{Action: action, After: p.at}
			s := strike{name: name + " " + p.name, place: p.name, mixing: action, silence: maybe}
			s.above.Write = f
			all = append(all, s)
			if r.server == nil {
				s.name, s.above, s.below.Read = s.name+" below", redistest.Faults{}, f
				all = append(all, s)
			}
		}
	}
	slices.SortFunc(all, func(a, b strike) int { return strings.Compare(a.name, b.name) })
	return all
}

// An outcome is what a call came to.
type outcome struct {
	sent, got string
	err       error
	took      time.Duration
	limit     time.Duration // of its own context
}

// run dials and calls through the fault.
func (s *strike) run(t *testing.T, r *rig, callers int) {
	d := r.dialer(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	defer cancel()
	begin := time.Now()
	c, err := d.Dial(ctx, "tcp", "memory:0")
	var outcomes []outcome
	if err == nil {
		defer c.Close()
		outcomes = callAll(ctx, c, callers, d.Timeout)
	}
	if r.memory { // where time is what we make it
		limit := map[silence]time.Duration{loud: time.Second, quiet: patience + time.Second, maybe: 2 * patience}[s.silence]
		assert.Less(t, time.Since(begin), limit)
		for _, o := range outcomes {
			assert.LessOrEqual(t, o.took, o.limit+conn.Slice+2*conn.Grace)
		}
	}
	require.NoError(t, ctx.Err(), "something hangs")
	seen := r.settle()
	switch {
	case err != nil:
		s.checkDial(t, r, err)
	case s.mixing != redistest.None:
		s.checkMixed(t, r, c, outcomes, callers)
	default:
		s.check(t, c, outcomes, seen)
	}
}

// callAll makes the calls of all callers. Half of them are less patient than the connection is.
func callAll(ctx context.Context, c *conn.Conn, callers int, timeout time.Duration) []outcome {
	var mu sync.Mutex
	var all []outcome
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for i := range callsEach(callers) {
				text := fmt.Sprintf("%d-%d-%s", caller, i, strings.Repeat("x", caller*i))
				limit := timeout / 2
				if (caller+i)%2 == 0 {
					limit = hang
				}
				o := callOnce(ctx, c, text, limit)
				mu.Lock()
				all = append(all, o)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return all
}

func callOnce(ctx context.Context, c *conn.Conn, text string, limit time.Duration) outcome {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	begin := time.Now()
	o := outcome{sent: text, limit: limit}
	v, err := c.Do(ctx, "ECHO", text)
	o.took, o.err = time.Since(begin), err
	if err == nil {
		o.got, o.err = v.Text()
	}
	return o
}

// checkDial checks the error of Dial.
func (s *strike) checkDial(t *testing.T, r *rig, err error) {
	e := failure(t, err)
	require.Equal(t, "memory:0", e.Addr)
	require.False(t, e.Sent)
	require.False(t, s.never)
	require.Contains(t, []string{conn.OpDial, conn.OpTLS, conn.OpHandshake}, e.Op, "%v", err)
	require.True(t, s.silence == maybe || e.Timeout() == (s.silence == quiet), "%v", err)
	if r.memory || s.silence == loud { // elsewhere a busy machine may be late
		require.Contains(t, []string{"at once", "in the handshake"}, s.place, "%v", err)
	}
}

// check checks that every call has its own reply or an error that is true.
func (s *strike) check(t *testing.T, c *conn.Conn, outcomes []outcome, seen []string) {
	failed := 0
	for _, o := range outcomes {
		var e *conn.Error
		var refused *resp.Error
		switch {
		case o.err == nil:
			require.Equal(t, o.sent, o.got)
			continue
		case errors.As(o.err, &e):
			require.Contains(t, []string{conn.OpQueue, conn.OpWrite, conn.OpRead}, e.Op)
			require.Equal(t, "memory:0", e.Addr)
			require.True(t, e.Sent || !slices.Contains(seen, "ECHO "+o.sent), "the server has seen what was not sent: %v", o.err)
			require.True(t, s.silence == maybe || e.Timeout() == (s.silence == quiet), "%v", o.err)
		default:
			require.ErrorAs(t, o.err, &refused)
			require.True(t, s.refused, "%v", o.err)
		}
		failed++
	}
	require.Equal(t, s.never, failed == 0, "what strikes is noticed, and nothing else is")
	require.Equal(t, s.never, c.Err() == nil)
	require.Zero(t, c.InFlight())
}

// checkMixed checks what is left to check when replies came twice or in another order.
func (s *strike) checkMixed(t *testing.T, r *rig, c *conn.Conn, outcomes []outcome, callers int) {
	require.Len(t, outcomes, callers*callsEach(callers))
	require.Zero(t, c.InFlight())
	if s.mixing != redistest.Duplicate || callers > 1 || !r.memory {
		return
	}
	// A caller alone is owed nothing when the duplicate arrives, together with the original.
	unasked := 0
	for _, o := range outcomes {
		if o.err == nil {
			require.Equal(t, o.sent, o.got)
			continue
		}
		require.ErrorContains(t, failure(t, o.err), "nobody asked for")
		unasked++
	}
	require.NotZero(t, unasked)
}
