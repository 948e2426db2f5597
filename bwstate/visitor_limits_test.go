package bwstate

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A caller whose context ends says nothing of the server: the session stays where it is.
func TestVisitorsOwnDeadlineIsNoOutage(t *testing.T) {
	r, server := newAwayRig(t, VisitorSettings{Away: CookieWhenAway})
	s := r.mustOpen(cookieOf(r.fresh()))
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	server.away = context.DeadlineExceeded
	require.ErrorIs(t, s.Save(ctx), context.DeadlineExceeded)
	require.False(t, s.InCookie())
}

// A session with more names than anybody needs would cost more time than anybody has.
func TestVisitorDataHasFewNames(t *testing.T) {
	for n, ok := range map[int]bool{maxNames: true, maxNames + 1: false} {
		data := []byte(`[[{`)
		for i := range n {
			if i > 0 {
				data = append(data, ',')
			}
			data = append(strconv.AppendInt(append(data, '"'), int64(i), 10), `":1`...)
		}
		_, err := parseAudiences(append(data, `},"default"]]`...), true)
		require.Equal(t, ok, err == nil, "%d: %v", n, err)
	}
}

// A secret that each node draws for itself is none, wherever it is written.
func TestVisitorSecretFileThatSaysRandom(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte("random\n"), 0o600))
	_, err := ParseVisitorSettings(func(name string) string {
		return map[string]string{"SESSIONS_SECRET_FILE": file, "SESSIONS_NAME": "sid"}[name]
	})
	require.ErrorContains(t, err, "SESSIONS_SECRET_FILE")
	require.ErrorContains(t, err, "the same on all nodes")
}

// Who has no address cannot be told apart from anybody: that is an error, and not another visitor.
func TestVisitorWithoutAnAddress(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	err := r.mustOpen(cookieOf(r.fresh())).Check(Visitor{})
	var wrong *ArgumentError
	require.ErrorAs(t, err, &wrong)
}
