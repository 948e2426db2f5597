package bwstate

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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

// What is saved can be opened again: a value too many is refused before.
func TestVisitorSetRefusesAValueTooMany(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	s := r.fresh()
	for i := len(s.Names()); i < maxNames; i++ {
		require.NoError(t, s.Set(strconv.Itoa(i), 1))
	}
	var wrong *ArgumentError
	require.ErrorAs(t, s.Set("another", 1), &wrong)
	require.NoError(t, s.Set("100", 2), "one that is there")
	require.NoError(t, s.Save(t.Context()))
	require.Len(t, r.mustOpen(cookieOf(s)).Names(), maxNames)
}

// So is data that is too much with what others keep beside it, which is kept, too.
func TestVisitorSaveRefusesMoreThanIsRead(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	for size, ok := range map[int]bool{900_000: true, 1_100_000: false} {
		s := r.fresh()
		value := strings.TrimSuffix(r.do("GET", keyOf(s)), "]") + `,"` + strings.Repeat("A", size) + `"]`
		r.do("SET", keyOf(s), value, "EX", "100")
		s = r.mustOpen(cookieOf(s))
		noise := make([]byte, 330_000)
		_, _ = rand.Read(noise)
		require.NoError(t, s.Set("noise", noise))
		err := s.Save(t.Context())
		if ok {
			require.NoError(t, err)
			r.mustOpen(cookieOf(s))
			continue
		}
		var wrong *ArgumentError
		require.ErrorAs(t, err, &wrong)
		require.True(t, s.Changed())
	}
}

// Where a file is to be named, some write the secret itself.
func TestVisitorSecretInThePlaceOfItsFile(t *testing.T) {
	for _, secret := range []string{"", "s"} {
		_, err := ParseVisitorSettings(func(name string) string {
			return map[string]string{"SESSIONS_SECRET_FILE": "hush-hush", "SESSIONS_SECRET": secret, "SESSIONS_NAME": "sid"}[name]
		})
		require.ErrorContains(t, err, "SESSIONS_SECRET_FILE")
		require.NotContains(t, err.Error(), "hush")
	}
}

// Nodes add the age to the absolute timeout.
func TestVisitorStoreTTLIsThatOfNodes(t *testing.T) {
	for _, c := range []struct {
		rolling, absolute time.Duration
		age, ttl          int64
	}{
		{time.Hour, 10 * time.Minute, 0, 600},
		{time.Hour, 10 * time.Minute, 100, 700},
		{time.Hour, 10 * time.Minute, 3500, 3600},
		{NoTimeout, time.Minute, 30, 90},
		{NoTimeout, NoTimeout, 5, foreverSeconds},
		{foreverSeconds * time.Second, NoTimeout, 5, foreverSeconds},
	} {
		r := newVisitorRig(t, VisitorSettings{Rolling: c.rolling, Absolute: c.absolute})
		require.Equal(t, c.ttl, r.sessions.storeTTL(c.age), "%+v", c)
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
