package integration

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/pool"
)

// The rights that docs/appsessions.md names are enough, and each of them is needed.
func TestAppSessionsOfAnACLUser(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../docs/appsessions.md")
	require.NoError(t, err)
	_, text, found := strings.Cut(string(document), "`+evalsha")
	require.True(t, found)
	text, _, _ = strings.Cut(text, "`")
	rights := strings.Fields("+evalsha" + text)
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v}) // one of its own, as scripts are flushed
		control := dial(t, server, conn.Dialer{})
		for _, without := range append([]string{""}, rights...) {
			rules := []string{"~bwredis:*"}
			for _, right := range rights {
				if right != without {
					rules = append(rules, right)
				}
			}
			err := useAppSessions(t, server, addUser(t, control, rules...))
			if without == "" {
				require.NoError(t, err)
			} else {
				require.Error(t, err, without)
			}
		}
	})
}

// useAppSessions calls every operation as a user, on a server that may have been told to forget the scripts.
func useAppSessions(t *testing.T, server *harness.Server, d conn.Dialer) error {
	p, err := pool.New(pool.Config{Keep: 1, Dial: func(ctx context.Context) (*conn.Conn, error) { return d.Dial(ctx, "tcp", server.Addr) }})
	require.NoError(t, err)
	defer p.Close()
	do(t, dial(t, server, conn.Dialer{}), "SCRIPT", "FLUSH")
	ss, err := bwstate.New(p).AppSessions(bwstate.AppSessionConfig{Name: own(t)})
	require.NoError(t, err)
	ctx := short(t)
	s, err := ss.Create(ctx, "alice", nil)
	if err != nil {
		return err
	}
	_, _, touch := ss.Touch(ctx, string(s.Token))
	_, _, load := ss.Load(ctx, string(s.Token))
	_, save := ss.Save(ctx, &s)
	s.Subject = "bob"
	_, rotate := ss.Rotate(ctx, &s)
	_, _, info := ss.Info(ctx, s.Handle)
	_, list := ss.List(ctx, "bob")
	_, revoke := ss.Revoke(ctx, string(s.Token))
	gone, err := ss.Count(ctx, "alice") // its index is empty where Rotate could take the session out
	if err == nil && gone != 0 {
		err = errors.New("still there")
	}
	_, all := ss.RevokeAll(ctx, "bob")
	return errors.Join(touch, load, save, rotate, info, list, revoke, err, all)
}
