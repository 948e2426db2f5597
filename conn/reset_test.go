package conn_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stride is how many bytes further on each next reset comes under TLS, where each costs a handshake; unless the test has all night.
const stride = 17

// A connection that breaks after any number of bytes, in either direction, in TLS, in the handshake or in the first call, is noticed at once,
// and what was not sent is not.
func TestResetAtEveryByte(t *testing.T) {
	everyRig(t, func(t *testing.T, r *rig) {
		if !r.memory {
			return // the fault matrix is there
		}
		var ends [2]int
		r.bubble(t, func(t *testing.T) {
			r.meter = &meter{}
			defer func() { r.meter = nil }()
			echo(t, dial(t, r.dialer(t, &strike{}), "memory:0"), "a")
			ends = r.meter.passed()
		})
		for _, action := range []redistest.Action{redistest.Reset, redistest.Cut} {
			first, step := 0, 1
			if r.server != nil && *loadCalls < 1_000_000 {
				first, step = rand.IntN(stride), stride
			}
			for n := first; n < max(ends[0], ends[1]); n += step {
				if n < ends[0]-3 { // a certificate's signature may be a little shorter
					r.breakAt(t, &strike{below: redistest.Faults{Read: redistest.Fault{Action: action, After: n}}})
				}
				if n < ends[1]-3 {
					r.breakAt(t, &strike{below: redistest.Faults{Write: redistest.Fault{Action: action, After: n}}})
				}
			}
		}
	})
}

// breakAt dials and calls, one of which must fail.
func (r *rig) breakAt(t *testing.T, s *strike) {
	r.bubble(t, func(t *testing.T) {
		begin := time.Now()
		d := r.dialer(t, s)
		c, err := d.Dial(t.Context(), "tcp", "memory:0")
		if err == nil {
			_, err = c.Do(t.Context(), "ECHO", "a")
			_ = c.Close()
		} else {
			require.False(t, failure(t, err).Sent)
		}
		e := failure(t, err)
		assert.True(t, e.Sent || !slices.Contains(r.settle(), "ECHO a"), "%+v: %v", s.below, err)
		known := errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		assert.True(t, known, "%+v: %v", s.below, err)
		assert.Less(t, time.Since(begin), time.Second)
	})
}
