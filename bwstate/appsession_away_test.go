package bwstate

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/resp"
)

// outage is an embedded store that can be away, and knows what it was asked last.
type outage struct {
	RoundTripper
	away     error
	readOnly bool
	again    bool // the request would be sent a second time
}

func (o *outage) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	o.readOnly, o.again = q.ReadOnly(), q.Idempotent()
	if err := ctx.Err(); err != nil {
		return err
	}
	if o.away != nil {
		return o.away
	}
	return o.RoundTripper.RoundTrip(ctx, q, h)
}

var errNobodyThere = errors.New("nobody is there")

func withOutage(t *testing.T, cfg AppSessionConfig) (*AppSessions, *outage) {
	t.Helper()
	local := openLocal()
	t.Cleanup(func() { require.NoError(t, local.Close()) })
	o := &outage{RoundTripper: local.rt}
	cfg.Name = "app"
	ss, err := New(o).AppSessions(cfg)
	require.NoError(t, err)
	return ss, o
}

// everyAppOperation calls each operation with a session that was stored.
func everyAppOperation(ss *AppSessions, s AppSession) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"Create":       func(ctx context.Context) error { _, err := ss.Create(ctx, "alice", nil); return err },
		"Load":         func(ctx context.Context) error { _, _, err := ss.Load(ctx, string(s.Token)); return err },
		"Touch":        func(ctx context.Context) error { _, _, err := ss.Touch(ctx, string(s.Token)); return err },
		"Save":         func(ctx context.Context) error { own := s; _, err := ss.Save(ctx, &own); return err },
		"Rotate":       func(ctx context.Context) error { own := s; _, err := ss.Rotate(ctx, &own); return err },
		"Info":         func(ctx context.Context) error { _, _, err := ss.Info(ctx, s.Handle); return err },
		"List":         func(ctx context.Context) error { _, err := ss.List(ctx, "alice"); return err },
		"Count":        func(ctx context.Context) error { _, err := ss.Count(ctx, "alice"); return err },
		"Revoke":       func(ctx context.Context) error { _, err := ss.Revoke(ctx, string(s.Token)); return err },
		"RevokeHandle": func(ctx context.Context) error { _, err := ss.RevokeHandle(ctx, s.Handle); return err },
		"RevokeAll":    func(ctx context.Context) error { _, err := ss.RevokeAll(ctx, "alice"); return err },
		"RevokeOthers": func(ctx context.Context) error { _, err := ss.RevokeOthers(ctx, &s); return err },
		"SCSStore.FindCtx": func(ctx context.Context) error {
			_, _, err := (&SCSStore{Sessions: ss}).FindCtx(ctx, "token")
			return err
		},
		"SCSStore.CommitCtx": func(ctx context.Context) error {
			return (&SCSStore{Sessions: ss}).CommitCtx(ctx, "token", nil, time.Now().Add(time.Hour))
		},
		"SCSStore.DeleteCtx": func(ctx context.Context) error { return (&SCSStore{Sessions: ss}).DeleteCtx(ctx, "token") },
	}
}

func TestAppSessionsReadAgainAndWriteOnce(t *testing.T) {
	ss, o := withOutage(t, AppSessionConfig{})
	s, err := ss.Create(t.Context(), "alice", nil)
	require.NoError(t, err)
	reads := map[string]bool{"Load": true, "Info": true, "List": true, "Count": true, "SCSStore.FindCtx": true}
	for name, call := range everyAppOperation(ss, s) {
		_ = call(t.Context()) // some of them end the session before others see it
		require.Equal(t, reads[name], o.readOnly, name)
		require.Equal(t, reads[name], o.again, name)
	}
}

func TestAppSessionsFailWhenAway(t *testing.T) {
	for _, policy := range []WhenAway{FailWhenAway, CookieWhenAway} {
		ss, o := withOutage(t, AppSessionConfig{WhenAway: policy, Keys: []Secret{NewAppSessionKey()}})
		s, err := ss.Create(t.Context(), "alice", nil)
		require.NoError(t, err)
		o.away = errNobodyThere
		for name, call := range everyAppOperation(ss, s) {
			err := call(t.Context())
			if policy == CookieWhenAway && name == "Create" {
				require.NoError(t, err)
				continue
			}
			var away *AwayError
			require.ErrorAs(t, err, &away, name)
			require.ErrorIs(t, err, errNobodyThere, name)
			require.NotContains(t, err.Error(), string(s.Token), name)
		}
		o.away = nil
		_, found, err := ss.Load(t.Context(), string(s.Token))
		require.NoError(t, err)
		require.True(t, found, "what failed changed nothing")
	}
}

// Neither a caller who left, nor a server that refuses, nor a State that was closed makes sessions go to cookies.
func TestWhatIsNoOutage(t *testing.T) {
	ss, o := withOutage(t, AppSessionConfig{WhenAway: CookieWhenAway, Keys: []Secret{NewAppSessionKey()}})
	left, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := ss.Create(left, "", nil)
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, isAway(err))
	for message, outage := range map[string]bool{"OOM no": false, "NOPERM no": false, "READONLY no": false, "LOADING wait": true, "MASTERDOWN no": true} {
		o.away = &resp.Error{Message: message}
		s, err := ss.Create(t.Context(), "", nil)
		if outage {
			require.NoError(t, err, message)
			require.Equal(t, InCookie, s.Place, message)
			continue
		}
		require.Error(t, err, message)
		require.False(t, isAway(err), message)
	}
	for _, err := range []error{&resp.SyntaxError{Msg: "x"}, &resp.TypeError{}} {
		o.away = err
		_, got := ss.Create(t.Context(), "", nil)
		require.ErrorIs(t, got, err)
		require.False(t, isAway(got))
	}
	local := openLocal()
	ss, err = local.AppSessions(AppSessionConfig{Name: "app", WhenAway: CookieWhenAway, Keys: []Secret{NewAppSessionKey()}})
	require.NoError(t, err)
	require.NoError(t, local.Close())
	_, err = ss.Create(t.Context(), "", nil)
	require.Error(t, err)
	require.False(t, isAway(err))
}

func TestSessionsInCookies(t *testing.T) {
	ss, o := withOutage(t, AppSessionConfig{WhenAway: CookieWhenAway, Keys: []Secret{NewAppSessionKey()}})
	o.away = errNobodyThere
	s, err := ss.Create(t.Context(), "alice", []byte("cart: one pear"))
	require.NoError(t, err)
	require.Equal(t, InCookie, s.Place)
	require.Regexp(t, `^\.[A-Za-z0-9_-]+$`, string(s.Token))
	raw, err := base64.RawURLEncoding.DecodeString(string(s.Token)[1:])
	require.NoError(t, err)
	require.NotContains(t, string(raw), "pear")
	require.NotContains(t, string(raw), "alice")

	got, found, err := ss.Load(t.Context(), string(s.Token))
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, s, got)

	touched, found, err := ss.Touch(t.Context(), string(s.Token))
	require.NoError(t, err)
	require.True(t, found)
	require.NotEqual(t, s.Token, touched.Token)
	require.Equal(t, s.Version, touched.Version)

	got.Data = []byte("cart: two pears")
	for _, change := range []func(context.Context, *AppSession) (bool, error){ss.Save, ss.Rotate} {
		version := got.Version
		found, err = change(t.Context(), &got)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, InCookie, got.Place)
		require.Equal(t, version+1, got.Version)
	}
	revoked, err := ss.Revoke(t.Context(), string(got.Token))
	require.True(t, isAway(err), "what is in a cookie cannot be ended")
	require.False(t, revoked)

	o.away = nil // from now on it could have been ended, so it does not count
	_, found, err = ss.Load(t.Context(), string(got.Token))
	require.NoError(t, err)
	require.False(t, found)
	_, found, err = ss.Touch(t.Context(), string(got.Token))
	require.NoError(t, err)
	require.False(t, found)
	revoked, err = ss.Revoke(t.Context(), string(got.Token))
	require.NoError(t, err)
	require.False(t, revoked)

	found, err = ss.Save(t.Context(), &got) // by a request that was under way
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, InStore, got.Place)
	require.Equal(t, s.Created, got.Created)
	stored, found, err := ss.Load(t.Context(), string(got.Token))
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, "cart: two pears", string(stored.Data))
	n, err := ss.Count(t.Context(), "alice")
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

func TestCookiesThatAreRefused(t *testing.T) {
	key := NewAppSessionKey()
	ss, o := withOutage(t, AppSessionConfig{WhenAway: CookieWhenAway, Keys: []Secret{key}})
	o.away = errNobodyThere
	s, err := ss.Create(t.Context(), "alice", []byte("data"))
	require.NoError(t, err)
	text := string(s.Token)
	refused := func(ss *AppSessions, text string) {
		t.Helper()
		_, found, err := ss.Load(t.Context(), text)
		require.NoError(t, err)
		require.False(t, found)
	}
	for i := range text {
		other := "A"
		if text[i] == 'A' {
			other = "B"
		}
		refused(ss, text[:i]+other+text[i+1:])
		refused(ss, text[:i])
	}
	refused(ss, text+"A")
	refused(ss, text+"\n")
	refused(ss, "."+strings.Repeat("A", 1<<20))

	for _, cfg := range []AppSessionConfig{
		{Name: "other", WhenAway: CookieWhenAway, Keys: []Secret{key}},
		{Name: "app", WhenAway: CookieWhenAway, Keys: []Secret{NewAppSessionKey()}},
		{Name: "app", Keys: []Secret{key}},
	} {
		elsewhere, err := New(o).AppSessions(cfg)
		require.NoError(t, err)
		refused(elsewhere, text)
	}
	// What is encrypted for the store is none for a cookie.
	o.away = nil
	stored, err := ss.Create(t.Context(), "alice", []byte("data"))
	require.NoError(t, err)
	value, err := New(o).Do(t.Context(), "GET", appSessionKey("app", stored.Handle))
	require.NoError(t, err)
	sealed, _ := value.Text()
	o.away = errNobodyThere
	refused(ss, "."+tokenEncoding.EncodeToString([]byte(string(stored.Token)+sealed[headSize:])))

	_, err = ss.Create(t.Context(), "", make([]byte, 4000))
	var wrong *ArgumentError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, "Data", wrong.Name)
}

func TestCookiesEnd(t *testing.T) {
	for name, cfg := range map[string]AppSessionConfig{
		"idle":     {Idle: time.Minute, Rolling: time.Hour, Absolute: time.Hour},
		"rolling":  {Idle: time.Hour, Rolling: time.Minute, Absolute: time.Hour},
		"absolute": {Idle: time.Hour, Rolling: time.Hour, Absolute: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg.WhenAway, cfg.Keys = CookieWhenAway, []Secret{NewAppSessionKey()}
				ss, o := withOutage(t, cfg)
				o.away = errNobodyThere
				s, err := ss.Create(t.Context(), "", nil)
				require.NoError(t, err)
				load := func() bool {
					_, found, err := ss.Load(t.Context(), string(s.Token))
					require.NoError(t, err)
					return found
				}
				time.Sleep(30 * time.Second)
				require.True(t, load())
				s, _, err = ss.Touch(t.Context(), string(s.Token))
				require.NoError(t, err)
				time.Sleep(30 * time.Second)
				require.True(t, load(), "the last millisecond belongs to it")
				time.Sleep(time.Millisecond)
				require.Equal(t, name == "idle", load())
				time.Sleep(30 * time.Second)
				require.False(t, load())
				for _, away := range []error{errNobodyThere, nil} {
					o.away = away
					for _, write := range []func(context.Context, *AppSession) (bool, error){ss.Save, ss.Rotate} {
						found, err := write(t.Context(), &s)
						require.NoError(t, err)
						require.False(t, found, "it does not come back")
						require.Equal(t, InCookie, s.Place)
					}
				}
			})
		})
	}
}

func TestCookieFromTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ss, o := withOutage(t, AppSessionConfig{WhenAway: CookieWhenAway, Keys: []Secret{NewAppSessionKey()}})
		o.away = errNobodyThere
		s, err := ss.Create(t.Context(), "", nil)
		require.NoError(t, err)
		for distance, want := range map[time.Duration]bool{-clockDistance: true, -clockDistance - time.Millisecond: false, 0: true} {
			_, found := ss.openCookie(string(s.Token), time.Now().Add(distance))
			require.Equal(t, want, found, distance)
		}
	})
}
