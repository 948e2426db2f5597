package conn_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

// Credentials are asked for before every dial, so that a password that was changed needs no restart.
func TestCredentials(t *testing.T) {
	for _, protocol := range []int{0, 2} {
		t.Run(fmt.Sprint("RESP", protocol), func(t *testing.T) {
			s := redistest.NewServer(t, redistest.Redis(redistest.Options{Password: "one", Users: map[string]string{"app": "two"}}))
			asked := 0
			d := conn.Dialer{
				Protocol: protocol, Username: "ignored", Password: "ignored",
				Credentials: func(context.Context) (string, string, error) {
					asked++
					return []string{"", "app", "app"}[asked-1], []string{"one", "two", "canary-wrong"}[asked-1], nil
				},
			}
			for range 2 {
				echo(t, dial(t, d, s.Addr()), "in")
			}
			_, err := d.Dial(t.Context(), "tcp", s.Addr())
			require.True(t, resp.IsCode(err, "WRONGPASS"))
			require.NotContains(t, err.Error(), "canary-wrong")
			require.Equal(t, 3, asked)
		})
	}
}

// Without credentials nothing is connected.
func TestCredentialsFail(t *testing.T) {
	s := redistest.NewServer(t, redistest.Redis(redistest.Options{}))
	own := errors.New("the vault is sealed")
	d := conn.Dialer{Credentials: func(context.Context) (string, string, error) { return "", "", own }}
	_, err := d.Dial(t.Context(), "tcp", s.Addr())
	require.ErrorIs(t, err, own)
	require.Equal(t, conn.OpHandshake, failure(t, err).Op)
	require.True(t, conn.NotSent(err))
	require.Zero(t, s.Accepted())

	ctx, cancel := context.WithCancel(t.Context())
	d.Credentials = func(ctx context.Context) (string, string, error) {
		cancel()
		return "", "", ctx.Err()
	}
	_, err = d.Dial(ctx, "tcp", s.Addr())
	require.ErrorIs(t, err, context.Canceled)
}
