package bwstate

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// However a session is printed, by value or not, within something or not, neither its data shows nor what opens it.
func TestVisitorSessionHidesItself(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	s := r.fresh()
	require.NoError(t, s.Set("canary", "CANARY-DATA"))
	header := s.header[:]
	type inside struct{ S VisitorSession }
	type hidden struct{ s VisitorSession }
	var text bytes.Buffer
	for _, v := range []any{s, *s, inside{*s}, hidden{*s}, []VisitorSession{*s}, map[string]any{"s": *s}, r.sessions, *r.sessions, struct{ v VisitorSessions }{*r.sessions}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
			fmt.Fprintf(&text, verb+"\n", v)
		}
		if encoded, err := json.Marshal(v); err == nil {
			text.Write(encoded)
		}
		for _, handler := range []slog.Handler{slog.NewTextHandler(&text, nil), slog.NewJSONHandler(&text, nil)} {
			slog.New(handler).Info("x", "v", v)
		}
	}
	all := text.String()
	id, _ := s.ID()
	for _, secret := range []string{
		"CANARY", hex.EncodeToString([]byte("CANARY")), "golden-secret", cookieOf(s)[4:60], id.Text(), hex.EncodeToString(header[idAt : idAt+8]),
		fmt.Sprint(header[idAt : idAt+8])[1:20], base64.StdEncoding.EncodeToString(header[idAt : idAt+9]),
		hex.EncodeToString(r.sessions.keys.ikm[:8]), fmt.Sprint(r.sessions.keys.ikm[:8])[1:20], "canary",
	} {
		require.NotContains(t, all, secret)
	}
	require.Equal(t, "session "+id.String(), fmt.Sprint(*s))
	require.Equal(t, `{"S":"session `+id.String()+`"}`, string(must(json.Marshal(inside{*s}))))
	require.Equal(t, "no session", fmt.Sprint(VisitorSession{}))
	require.Equal(t, "sessions of cookie bwgolden", fmt.Sprintf("%#v", *r.sessions))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A session that was destroyed is nothing any more, also while the server does not know of it yet.
func TestVisitorSessionThatWasDestroyed(t *testing.T) {
	r, server := newAwayRig(t, VisitorSettings{})
	for _, away := range []error{nil, errAway} {
		server.away = nil
		s := r.mustOpen(cookieOf(r.fresh()))
		require.NoError(t, s.Set("unsaved", 1))
		server.away = away
		require.ErrorIs(t, s.Destroy(t.Context()), away)
		id, kept := s.ID()
		require.False(t, kept)
		require.Zero(t, id)
		require.Equal(t, []time.Time{{}, {}, {}}, []time.Time{s.Created(), s.Saved(), s.Touched()})
		require.False(t, s.InCookie())
		require.False(t, s.IsNew())
		require.False(t, s.Changed())
		require.Empty(t, s.Names())
		require.Empty(t, s.Subject())
		require.Zero(t, s.Lifetime())
		for _, name := range []string{"k", "unsaved", "metadata"} {
			found, err := s.Get(name, new(any))
			require.NoError(t, err)
			require.False(t, found)
			raw, found := s.Raw(name)
			require.False(t, found)
			require.Nil(t, raw)
		}
		_, found := s.Antibot()
		require.False(t, found)
		require.ErrorIs(t, s.Check(someVisitor), errEnded)
		require.ErrorIs(t, s.Set("k", 1), errEnded)
		require.ErrorIs(t, s.Save(t.Context()), errEnded)
		require.NoError(t, s.Commit(t.Context()))
		require.Equal(t, "session, destroyed", s.String())
	}
}
