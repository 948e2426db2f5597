package conn_test

import (
	"crypto/tls"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
)

// The configuration is asked for before every dial, and is the one that counts.
func TestTLSSource(t *testing.T) {
	ca, other := redistest.NewCA(t), redistest.NewCA(t)
	secure := redistest.NewTLSServer(t, redistest.Redis(redistest.Options{}), ca.ServerConfig(ca.Server()))
	plain := redistest.NewServer(t, redistest.Redis(redistest.Options{}))
	var config *tls.Config
	asked := 0
	d := &conn.Dialer{TLS: other.ClientConfig(), TLSSource: func() *tls.Config { asked++; return config }}
	for i, c := range []struct {
		config *tls.Config
		addr   string
		ok     bool
	}{{ca.ClientConfig(), secure.Addr(), true}, {other.ClientConfig(), secure.Addr(), false}, {nil, plain.Addr(), true}} {
		config = c.config
		nc, err := d.Dial(t.Context(), "tcp", c.addr)
		require.Equal(t, c.ok, err == nil, "%v", err)
		if err == nil {
			_, secured := nc.TLS()
			require.Equal(t, config != nil, secured)
			require.NoError(t, nc.Close())
		}
		require.Equal(t, i+1, asked)
	}
}

// Callers are told for what a connection was closed, and whether their request was sent.
func TestCloseFor(t *testing.T) {
	stalled := make(chan struct{})
	server := redistest.NewServer(t, redistest.Override(map[string]redistest.Handler{"GET": func(c *redistest.Session, _ []string) {
		close(stalled)
		c.Stall()
	}}, redistest.Redis(redistest.Options{})))
	nc, err := (&conn.Dialer{}).Dial(t.Context(), "tcp", server.Addr())
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() {
		_, err := nc.Do(t.Context(), "GET", "a")
		done <- err
	}()
	<-stalled
	cause := errors.New("for a reason")
	nc.CloseFor(cause)
	err = <-done
	require.ErrorIs(t, err, cause)
	require.False(t, conn.NotSent(err))
	_, err = nc.Do(t.Context(), "GET", "a")
	require.ErrorIs(t, err, cause)
	require.True(t, conn.NotSent(err))
	nc.CloseFor(errors.New("another"))
	require.ErrorIs(t, nc.Err(), cause, "the first one counts")
}

func TestCloseForNoReason(t *testing.T) {
	nc, err := (&conn.Dialer{}).Dial(t.Context(), "tcp", redistest.NewServer(t, redistest.Redis(redistest.Options{})).Addr())
	require.NoError(t, err)
	nc.CloseFor(nil)
	require.ErrorIs(t, nc.Err(), conn.ErrClosed)
	require.NotEmpty(t, nc.Err().Error())
}
