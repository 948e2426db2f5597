package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/bwstate/bwhttp"
)

func TestVisitsAreCounted(t *testing.T) {
	state, err := bwstate.Open(t.Context(), bwstate.Settings{})
	require.NoError(t, err)
	defer state.Close()
	sessions, err := state.VisitorSessions(bwstate.VisitorSettings{Secret: "secret", Name: "sid"})
	require.NoError(t, err)
	handler := (&bwhttp.Visitors{Sessions: sessions}).Handler(http.HandlerFunc(greet))
	cookie := ""
	for _, want := range []string{"visit 1, antibot challenge solved: false\n", "visit 2, antibot challenge solved: false\n"} {
		r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
		r.Header.Set("Cookie", cookie)
		handler.ServeHTTP(w, r)
		require.Equal(t, want, w.Body.String())
		cookie = w.Header().Get("Set-Cookie")
	}
}
