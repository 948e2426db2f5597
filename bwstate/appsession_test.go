package bwstate

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAppSessionKeysAreNotBunkerWebs(t *testing.T) {
	handle := handleOfToken("token")
	require.Len(t, handle, hashSize)
	require.Equal(t, "bwredis:session:app:"+handle, appSessionKey("app", handle))
	require.Equal(t, "bwredis:subject:app:"+subjectHash("alice"), appSubjectKey("app", subjectHash("alice")))
	require.NotEqual(t, handleOfToken("subject alice"), handleOfToken("alice"))
	for _, foreign := range []string{"bans_", "plugin_", "rdns_", "dns_", "requests", "metrics:", "sessions_", "bunkerweb_ui_session:", "LIMITS:"} {
		require.False(t, strings.HasPrefix(appSessionKey("app", handle), foreign))
		require.False(t, strings.HasPrefix(appSubjectKey("app", handle), foreign))
	}
}

func TestTokensAreRandom(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		token := newToken()
		require.True(t, isToken(token))
		require.False(t, seen[token])
		seen[token] = true
	}
}

// Neither tokens nor keys show, however a session and its application are printed.
func TestAppSessionsHideTokensAndKeys(t *testing.T) {
	state := openLocal()
	defer state.Close()
	key := NewAppSessionKey()
	cfg := AppSessionConfig{Name: "app", Keys: []Secret{key}, WhenAway: CookieWhenAway}
	ss, err := state.AppSessions(cfg)
	require.NoError(t, err)
	const subject, data = "alice@example.com", "a basket of pears"
	s, err := ss.Create(t.Context(), subject, []byte(data))
	require.NoError(t, err)
	cookie := s
	found, err := ss.toCookie(&cookie, 1)
	require.NoError(t, err)
	require.True(t, found)

	raw, err := base64.StdEncoding.DecodeString(string(key))
	require.NoError(t, err)
	type holder struct{ ss *AppSessions }
	secrets := []string{
		string(key), string(s.Token), string(cookie.Token), fmt.Sprintf("%x", raw), fmt.Sprintf("%v", raw), string(raw), strings.Trim(fmt.Sprint(raw[:6]), "[]"),
		subject, data, base64.StdEncoding.EncodeToString([]byte(data)), strings.Trim(fmt.Sprint([]byte(data)), "[]"), fmt.Sprintf("%x", data),
		fmt.Sprintf("%X", data), fmt.Sprintf("%x", subject),
	}
	var shown bytes.Buffer
	for _, v := range []any{cfg, &cfg, ss, *ss, s, &s, cookie, []AppSession{s, cookie}, map[string]*AppSession{"s": &s}, s.Token, holder{ss: ss}, &holder{ss: ss}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&shown, verb+"\n", v)
		}
		text, err := json.Marshal(v)
		require.NoError(t, err)
		shown.Write(text)
		if text, err = xml.Marshal(v); err == nil { // which takes no maps
			shown.Write(text)
		}
		for _, handler := range []slog.Handler{slog.NewTextHandler(&shown, nil), slog.NewJSONHandler(&shown, nil)} {
			slog.New(handler).Info("x", "value", v)
		}
	}
	for i, secret := range secrets {
		require.False(t, strings.Contains(shown.String(), secret), i)
	}
	require.True(t, strings.Contains(shown.String(), s.Handle), "which is there to be logged")
	encoded, err := json.Marshal(map[string]any{"session": s})
	require.NoError(t, err)
	known, err := json.Marshal(s.AppSessionInfo)
	require.NoError(t, err)
	require.Equal(t, `{"session":`+string(known)+`}`, string(encoded), "as a value, too")
}

func TestRotateDue(t *testing.T) {
	state := openLocal()
	defer state.Close()
	ss, err := state.AppSessions(AppSessionConfig{Name: "app", Rolling: time.Hour})
	require.NoError(t, err)
	now := time.Now()
	require.False(t, ss.RotateDue(AppSessionInfo{Rotated: now.Add(-45 * time.Minute)}, now))
	require.True(t, ss.RotateDue(AppSessionInfo{Rotated: now.Add(-45*time.Minute - time.Millisecond)}, now))
}

// The limits to the millisecond, by the clock of the store.
func TestLimitsOfAppSessions(t *testing.T) {
	for name, c := range map[string]struct {
		cfg              AppSessionConfig
		touched, rotated bool // whether it lives on behind a use, behind a rotation
	}{
		"idle":     {AppSessionConfig{Idle: time.Minute, Rolling: time.Hour, Absolute: time.Hour}, true, true},
		"rolling":  {AppSessionConfig{Idle: time.Hour, Rolling: time.Minute, Absolute: time.Hour}, false, true},
		"absolute": {AppSessionConfig{Idle: time.Hour, Rolling: time.Hour, Absolute: time.Minute}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				state := openLocal()
				defer state.Close()
				c.cfg.Name = "app"
				ss, err := state.AppSessions(c.cfg)
				require.NoError(t, err)
				var all []AppSession
				for range 3 {
					s, err := ss.Create(t.Context(), "alice", nil)
					require.NoError(t, err)
					all = append(all, s)
				}
				lives := func(s AppSession) bool {
					_, found, err := ss.Load(t.Context(), string(s.Token))
					require.NoError(t, err)
					return found
				}
				time.Sleep(30 * time.Second)
				_, found, err := ss.Touch(t.Context(), string(all[1].Token))
				require.NoError(t, err)
				require.True(t, found)
				found, err = ss.Rotate(t.Context(), &all[2])
				require.NoError(t, err)
				require.True(t, found)
				time.Sleep(30 * time.Second)
				for _, s := range all {
					require.True(t, lives(s), "the last millisecond belongs to it")
				}
				time.Sleep(time.Millisecond)
				require.False(t, lives(all[0]))
				require.Equal(t, c.touched, lives(all[1]))
				require.Equal(t, c.rotated, lives(all[2]))
				infos, err := ss.List(t.Context(), "alice")
				require.NoError(t, err)
				want := 0
				for _, s := range all {
					if lives(s) {
						want++
					}
				}
				require.Len(t, infos, want)
			})
		})
	}
}

// What a server may answer that is no answer.
func TestWhatScriptsOfAppSessionsMayAnswer(t *testing.T) {
	for _, answer := range []string{"+OK\r\n", "$0\r\n\r\n", ":1\r\n", "$1\r\nV\r\n", "$1\r\nN\r\n", "$3\r\nbwa\r\n", "*0\r\n", "*1\r\n$1\r\nx\r\n", "%0\r\n", "$1\r\nI\r\n"} {
		ss, err := New(replies{answer}).AppSessions(AppSessionConfig{Name: "app"})
		require.NoError(t, err)
		s := AppSession{AppSessionInfo: AppSessionInfo{Place: InStore, Version: 1, Handle: handleOfToken("x")}, Token: Secret(newToken()), Subject: "alice"}
		before := s
		_, found, err := ss.Load(t.Context(), string(s.Token))
		require.Equal(t, answer != "$0\r\n\r\n", err != nil, "%q, which is nothing to GETRANGE", answer)
		require.False(t, found)
		_, found, err = ss.Touch(t.Context(), string(s.Token))
		require.Error(t, err, "%q", answer)
		require.False(t, found)
		found, err = ss.Save(t.Context(), &s)
		require.Error(t, err, "%q", answer)
		require.False(t, found)
		require.Equal(t, before, s)
		_, err = ss.Create(t.Context(), "", nil)
		require.Error(t, err, "%q", answer)
		_, _ = ss.RevokeAll(t.Context(), "alice")
		_, _ = ss.List(t.Context(), "alice")
		_, _ = ss.Count(t.Context(), "alice")
	}
}
