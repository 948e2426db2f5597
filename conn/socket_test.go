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
