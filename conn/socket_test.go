package conn

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/stretchr/testify/require"
)

// tardy is a connection whose first calls come too late: their deadlines pass before anything is tried.
type tardy struct {
	net.Conn
	calls int
	late  int
}

func (c *tardy) Write(b []byte) (int, error) {
	if c.calls++; c.calls <= c.late {
		return 0, os.ErrDeadlineExceeded
	}
	return c.Conn.Write(b)
}

func (c *tardy) Read(b []byte) (int, error) {
	if c.calls++; c.calls <= c.late {
		return 0, os.ErrDeadlineExceeded
	}
	return c.Conn.Read(b)
}

// What can be done without waiting is done, whatever the clock says.
func TestTransferLooksOnceMore(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for name, p := range map[string]patience{
		"context": {ctx: ended}, "moment": {until: time.Now().Add(-time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := redistest.Pipe()
			s := newSocket(&tardy{Conn: client, late: 1})
			s.writes.allow(p)
			n, err := s.Write([]byte("abc"))
			require.NoError(t, err)
			require.Equal(t, 3, n)
			require.EqualValues(t, 3, s.written.Load())

			_, _ = server.Write([]byte("def"))
			s = newSocket(&tardy{Conn: client, late: 1})
			s.reads.allow(p)
			b := make([]byte, 10)
			n, err = s.Read(b)
			require.NoError(t, err)
			require.Equal(t, "def", string(b[:n]))
			_, err = s.Read(b)
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		})
	}
}

// What one transfer leaves behind does not end the next.
func TestTransferSetsItsOwnDeadline(t *testing.T) {
	client, server := redistest.Pipe()
	s := newSocket(client)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(2*slice, cancel)
	s.reads.allow(patience{ctx: ctx})
	_, err := s.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	s.reads.allow(patience{})
	time.AfterFunc(2*slice, func() { _, _ = server.Write([]byte("x")) })
	_, err = io.ReadFull(s, make([]byte, 1))
	require.NoError(t, err)
}

// Under TLS the leader writes as well, for key updates and alerts, while a flusher comes and goes.
func TestPatienceChangesDuringAWrite(t *testing.T) {
	client, server := redistest.Pipe()
	s := newSocket(client)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 1000 {
			_, err := s.Write([]byte("x"))
			require.NoError(t, err)
		}
	})
	wg.Go(func() {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		for range 1000 {
			s.writes.allow(patience{ctx: ctx, until: time.Now().Add(time.Hour)})
			s.writes.allow(patience{})
		}
	})
	wg.Wait()
	_, err := io.ReadFull(server, make([]byte, 1000))
	require.NoError(t, err)
}

// taker is a connection that takes what is written, until it has taken limit bytes, and then fails.
type taker struct {
	net.Conn
	sizes []int
	taken []byte
	limit int
}

func (c *taker) Write(b []byte) (int, error) {
	n := min(len(b), c.limit-len(c.taken))
	c.sizes, c.taken = append(c.sizes, len(b)), append(c.taken, b[:n]...)
	if n < len(b) {
		return n, io.ErrClosedPipe
	}
	return n, nil
}

func (c *taker) SetWriteDeadline(time.Time) error { return nil }

// A large request is written in two, as it is, and wherever that fails it is known how much was written.
func TestHeadStart(t *testing.T) {
	large := make([]byte, 2*worthAHeadStart)
	for i := range large {
		large[i] = byte(i ^ i>>8)
	}
	for name, want := range map[string]struct {
		size, limit int
		sizes       []int
	}{
		"not large":        {worthAHeadStart, len(large), []int{worthAHeadStart}},
		"large":            {len(large), len(large), []int{headStart, len(large) - headStart}},
		"nothing is taken": {len(large), 0, []int{headStart}},
		"only the head":    {len(large), headStart, []int{headStart, len(large) - headStart}},
		"a part of each":   {len(large), headStart + 100, []int{headStart, len(large) - headStart}},
		"a part of one":    {len(large), 100, []int{headStart}},
	} {
		t.Run(name, func(t *testing.T) {
			nc := &taker{limit: want.limit}
			n, err := newSocket(nc).writes.transferSoon(context.Background(), large[:want.size])
			require.Equal(t, want.limit < want.size, err != nil, "%v", err)
			require.Equal(t, min(want.limit, want.size), n)
			require.Equal(t, want.sizes, nc.sizes)
			require.Equal(t, string(large[:n]), string(nc.taken))
		})
	}
}
