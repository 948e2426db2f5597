package integration

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/integration/harness"
)

var (
	_ scs.Store    = (*bwstate.SCSStore)(nil)
	_ scs.CtxStore = (*bwstate.SCSStore)(nil)
)

// visitor is the context's key of whose session scs writes.
type visitor struct{}

// A site that uses scs: the visitor's session is in Redis, follows a renewed token, ends by its idle time, and can be ended by the subject.
func TestSCS(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		settings := with(server.Settings(), "REDIS_DATABASE", strconv.Itoa(server.Database(t)))
		ss := openApp(t, settings, bwstate.AppSessionConfig{Keys: []bwstate.Secret{bwstate.NewAppSessionKey()}})
		manager := scs.New()
		manager.Lifetime, manager.IdleTimeout = time.Hour, 500*time.Millisecond
		manager.Store = &bwstate.SCSStore{Sessions: ss, Subject: func(ctx context.Context) string {
			name, _ := ctx.Value(visitor{}).(string)
			return name
		}}
		manager.ErrorFunc = func(w http.ResponseWriter, _ *http.Request, err error) {
			t.Error(err)
			http.Error(w, "error", http.StatusInternalServerError)
		}
		get := serveSite(t, scsSite(t, manager))

		require.Equal(t, "1 visits of nobody", get("/visit"))
		require.Equal(t, "2 visits of nobody", get("/visit"))
		require.Equal(t, "logged in", get("/login?user=alice"))
		require.Equal(t, "3 visits of alice", get("/visit?user=alice"))
		n, err := ss.Count(short(t), "alice")
		require.NoError(t, err)
		require.Equal(t, 1, n, "the old token is gone")

		n, err = ss.RevokeAll(short(t), "alice")
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, "1 visits of nobody", get("/visit"))
		state := open(t, settings)
		require.Eventually(t, func() bool { return living(t, state) == 1 }, 10*time.Second, 50*time.Millisecond, "its idle time is over, and what is left is the mark of RevokeAll")
		require.Equal(t, "1 visits of nobody", get("/visit"))
		require.Equal(t, "logged out", get("/logout"))
		require.Equal(t, "1 visits of nobody", get("/visit"))
	})
}

func scsSite(t *testing.T, manager *scs.SessionManager) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/visit", func(w http.ResponseWriter, r *http.Request) {
		n := manager.GetInt(r.Context(), "visits") + 1
		manager.Put(r.Context(), "visits", n)
		name := manager.GetString(r.Context(), "user")
		if name == "" {
			name = "nobody"
		}
		_, _ = io.WriteString(w, strconv.Itoa(n)+" visits of "+name)
	})
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		if err := manager.RenewToken(r.Context()); err != nil {
			t.Error(err)
		}
		manager.Put(r.Context(), "user", r.FormValue("user"))
		_, _ = io.WriteString(w, "logged in")
	})
	mux.HandleFunc("/logout", func(w http.ResponseWriter, r *http.Request) {
		if err := manager.Destroy(r.Context()); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, "logged out")
	})
	handler := manager.LoadAndSave(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitor{}, r.FormValue("user"))))
	})
}

// serveSite serves a site, and returns a browser that keeps its cookies.
func serveSite(t *testing.T, handler http.Handler) (get func(path string) string) {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := &http.Client{Jar: jar, Timeout: 20 * time.Second}
	return func(path string) string {
		reply, err := client.Get(server.URL + path)
		require.NoError(t, err)
		defer reply.Body.Close()
		text, err := io.ReadAll(reply.Body)
		require.NoError(t, err)
		return string(text)
	}
}
