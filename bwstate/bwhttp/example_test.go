package bwhttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/bwstate/bwhttp"
)

func ExampleVisitors() {
	state, err := bwstate.Open(context.Background(), bwstate.Settings{}) // the embedded store
	if err != nil {
		fmt.Println(err)
		return
	}
	defer state.Close()
	sessions, err := state.VisitorSessions(bwstate.VisitorSettings{Secret: "the nodes' secret", Name: "bunkerweb"})
	if err != nil {
		fmt.Println(err)
		return
	}
	visitors := &bwhttp.Visitors{Sessions: sessions}
	handler := visitors.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session := bwhttp.Session(r.Context())
		if session.IsNew() {
			_ = session.Set("name", "Ada")
			fmt.Fprint(w, "Who are you?")
			return
		}
		var name string
		_, _ = session.Get("name", &name)
		fmt.Fprint(w, "Hello ", name)
	}))

	cookie := ""
	for range 2 {
		r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
		r.Header.Set("Cookie", cookie)
		handler.ServeHTTP(w, r)
		cookie = w.Header().Get("Set-Cookie")
		fmt.Println(w.Body)
	}
	// Output:
	// Who are you?
	// Hello Ada
}
