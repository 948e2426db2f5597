package integration

import (
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/sessions"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/integration/harness"
)

var _ sessions.Store = GorillaStore{}

// A site that uses gorilla/sessions with the store of docs/appsessions.md.
func TestGorilla(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		settings := with(server.Settings(), "REDIS_DATABASE", strconv.Itoa(server.Database(t)))
		ss := openApp(t, settings, bwstate.AppSessionConfig{Keys: []bwstate.Secret{bwstate.NewAppSessionKey()}})
		get := serveSite(t, gorillaSite(t, GorillaStore{ss}))
		require.Equal(t, "1 visits", get("/visit"))
		require.Equal(t, "2 visits", get("/visit"))
		require.Equal(t, "3 visits", get("/visit?twice=yes"), "saved twice in one request")
		require.Equal(t, "4 visits, and lost", get("/visit?race=yes"))
		require.Equal(t, "101 visits", get("/visit"), "the other one was not overwritten")
		require.Equal(t, "logged out", get("/logout"))
		require.Equal(t, "1 visits", get("/visit"))
	})
}

func gorillaSite(t *testing.T, store GorillaStore) http.Handler {
	mux := http.NewServeMux()
	session := func(r *http.Request) *sessions.Session {
		s, err := store.Get(r, "site")
		if err != nil {
			t.Error(err)
		}
		s.Options.Secure = false // the test's site speaks HTTP
		return s
	}
	mux.HandleFunc("/visit", func(w http.ResponseWriter, r *http.Request) {
		s := session(r)
		n, _ := s.Values["visits"].(int)
		s.Values["visits"] = n + 1
		if r.FormValue("race") != "" { // another request saves in between
			other, err := store.New(r, "site")
			if err != nil {
				t.Error(err)
			}
			other.Values["visits"] = 100
			if err := store.Save(r, discard{http.Header{}}, other); err != nil {
				t.Error(err)
			}
		}
		if r.FormValue("twice") != "" {
			if err := s.Save(r, discard{http.Header{}}); err != nil {
				t.Error(err)
			}
		}
		text := strconv.Itoa(n+1) + " visits"
		var lost *bwstate.LostUpdateError
		if err := s.Save(r, w); err != nil {
			require.ErrorAs(t, err, &lost)
			text += ", and lost"
		}
		_, _ = io.WriteString(w, text)
	})
	mux.HandleFunc("/logout", func(w http.ResponseWriter, r *http.Request) {
		s := session(r)
		s.Options.MaxAge = -1
		if err := s.Save(r, w); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, "logged out")
	})
	return mux
}

// discard is a response that nobody gets.
type discard struct{ header http.Header }

func (d discard) Header() http.Header          { return d.header }
func (discard) Write(text []byte) (int, error) { return len(text), nil }
func (discard) WriteHeader(int)                {}

// What the document shows is what the test runs.
func TestGorillaDocument(t *testing.T) {
	document, err := os.ReadFile("../docs/appsessions.md")
	require.NoError(t, err)
	source, err := os.ReadFile("gorilla_store_test.go")
	require.NoError(t, err)
	_, store, found := strings.Cut(string(source), "\n// GorillaStore ")
	require.True(t, found)
	require.Contains(t, string(document), "```go\n// GorillaStore "+store+"```\n")
}
