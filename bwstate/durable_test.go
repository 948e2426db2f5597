package bwstate

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/resp"
)

// sentTo notes what is sent before it is answered.
type sentTo struct {
	replies
	encoded  []string
	blocking bool
}

func (s *sentTo) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	s.encoded, s.blocking = append(s.encoded, string(q.Encoded())), q.Blocking()
	return s.replies.RoundTrip(ctx, q, h)
}

// The write and WAIT are one request, which no other shares a connection with.
func TestDurableSendsOneRequest(t *testing.T) {
	for timeout, ms := range map[time.Duration]string{1: "$1\r\n1", time.Millisecond: "$1\r\n1", time.Millisecond + 1: "$1\r\n2", maxTTL: "$13\r\n3153600000000"} {
		rt := &sentTo{replies: replies{":7\r\n", ":2\r\n"}}
		v, acknowledged, err := New(rt).WaitReplicas(3, timeout).Do(t.Context(), "INCR", "n")
		require.NoError(t, err)
		require.Equal(t, "7", v.String())
		require.Equal(t, 2, acknowledged)
		require.True(t, rt.blocking)
		require.Equal(t, []string{"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n*3\r\n$4\r\nWAIT\r\n$1\r\n3\r\n" + ms + "\r\n"}, rt.encoded)
	}
}

func TestDurableResults(t *testing.T) {
	ctx, id := t.Context(), NewSessionID()
	with := func(frames ...string) (*Durable, *Sessions) {
		state := New(replies(frames))
		ss, err := state.Sessions("s")
		require.NoError(t, err)
		return state.WaitReplicas(1, time.Second), ss
	}
	d, _ := with("+OK\r\n", ":1\r\n")
	acknowledged, err := d.AddBan(ctx, Ban{IP: loopback, Permanent: true})
	require.NoError(t, err)
	require.Equal(t, 1, acknowledged)

	d, ss := with("+OK\r\n", ":2\r\n")
	acknowledged, err = d.SaveSession(ctx, ss, id, nil, time.Hour)
	require.NoError(t, err)
	require.Equal(t, 2, acknowledged)

	for first, changed := range map[string]bool{":0\r\n": false, ":1\r\n": true} {
		d, ss = with(first, ":1\r\n")
		deleted, acknowledged, err := d.DeleteSession(ctx, ss, id)
		require.NoError(t, err)
		require.Equal(t, changed, deleted)
		require.Equal(t, 1, acknowledged)

		d, _ = with(":1\r\n", first, ":3\r\n") // the count, the ban, WAIT
		lifted, acknowledged, err := d.Unban(ctx, loopback, "")
		require.NoError(t, err)
		require.Equal(t, changed, lifted)
		require.Equal(t, 3, acknowledged)
	}
}

// When the write is done and the wait is not, the error says so, and the results are those of the write.
func TestDurableWaitError(t *testing.T) {
	for frame, code := range map[string]string{
		"-NOPERM this user has no permissions to run the 'wait' command\r\n": "NOPERM",
		"-ERR unknown command 'WAIT', with args beginning with: \r\n":        "ERR",
		"-UNBLOCKED force unblock from blocking operation\r\n":               "UNBLOCKED",
		"+OK\r\n": "",
	} {
		lifted, acknowledged, err := New(replies{":0\r\n", ":1\r\n", frame}).WaitReplicas(1, time.Second).Unban(t.Context(), loopback, "")
		var wait *WaitError
		require.ErrorAs(t, err, &wait)
		require.ErrorContains(t, err, "bwstate: the write was done, but it is not known how many replicas have it: ")
		require.True(t, lifted)
		require.Zero(t, acknowledged)
		if code != "" {
			require.True(t, resp.IsCode(err, code), "%v", err)
		}
	}
	for _, lost := range []error{context.Canceled, errors.New("lost")} {
		_, _, err := New(cutOff{replies{":1\r\n"}, lost}).WaitReplicas(1, time.Second).Do(t.Context(), "INCR", "n")
		var wait *WaitError
		require.ErrorAs(t, err, &wait)
		require.ErrorIs(t, err, lost)
	}
}

// When the write failed, all of it or a part, its error is returned, whatever became of the wait.
func TestDurableWriteFails(t *testing.T) {
	const full = "-OOM command not allowed when used memory > 'maxmemory'.\r\n"
	for name, frames := range map[string]replies{
		"and replicas answered":      {full, ":1\r\n", ":1\r\n"},
		"and WAIT is refused":        {full, full, "-NOPERM x\r\n"},
		"in its second half":         {":1\r\n", full, ":1\r\n"},
		"and the connection is lost": {":1\r\n", full},
	} {
		t.Run(name, func(t *testing.T) {
			lifted, acknowledged, err := New(cutOff{frames, errors.New("lost")}).WaitReplicas(1, time.Second).Unban(t.Context(), loopback, "")
			require.True(t, resp.IsCode(err, "OOM"), "%v", err)
			var wait *WaitError
			require.NotErrorAs(t, err, &wait)
			require.False(t, lifted)
			require.Zero(t, acknowledged)
		})
	}
	lost := errors.New("lost")
	lifted, _, err := New(cutOff{replies{":1\r\n"}, lost}).WaitReplicas(1, time.Second).Unban(t.Context(), loopback, "")
	require.Equal(t, lost, err, "half of the write was answered, so it is not known")
	require.False(t, lifted)
}

// cutOff gives replies as a connection does, of which none is given after one that the handler refused, and fails after the last.
type cutOff struct {
	replies
	err error
}

func (c cutOff) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	if err := c.replies.RoundTrip(ctx, q, h); err != nil && q.Len() == len(c.replies) {
		return err
	}
	return c.err
}
