package bwstate_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/bwredis/bwredis/bwstate"
)

// A visitor logs in: the session gets another token, and so nobody who knew the old one is logged in.
func ExampleAppSessions() {
	ctx, state := context.Background(), openExample()
	defer state.Close()
	sessions, err := state.AppSessions(bwstate.AppSessionConfig{
		Name: "shop",
		Idle: 20 * time.Minute, Absolute: 12 * time.Hour,
		Keys: []bwstate.Secret{bwstate.NewAppSessionKey()}, // from a secret in a program, so that all processes have it
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := sessions.Create(ctx, "", []byte("cart: 1"))
	if err != nil {
		fmt.Println(err)
		return
	}
	guest := s.Token // string(guest) is for the cookie

	s.Subject = "alice"
	found, err := sessions.Rotate(ctx, &s)
	fmt.Println(found, err, s.Token != guest)
	_, found, err = sessions.Load(ctx, string(guest))
	fmt.Println(found, err)

	n, err := sessions.RevokeAll(ctx, "alice") // the password has changed
	fmt.Println(n, err)
	found, err = sessions.Save(ctx, &s)
	fmt.Println(found, err)
	// Output:
	// true <nil> true
	// false <nil>
	// 1 <nil>
	// false <nil>
}

// Two requests change the same session. The second one is told, and tries again with what the first one wrote.
func ExampleAppSessions_Save() {
	ctx, state := context.Background(), openExample()
	defer state.Close()
	sessions, _ := state.AppSessions(bwstate.AppSessionConfig{Name: "shop"})
	s, _ := sessions.Create(ctx, "", []byte("a"))
	other, _, _ := sessions.Load(ctx, string(s.Token))
	other.Data = append(other.Data, 'b')
	_, _ = sessions.Save(ctx, &other)

	s.Data = append(s.Data, 'c')
	_, err := sessions.Save(ctx, &s)
	var lost *bwstate.LostUpdateError
	if errors.As(err, &lost) {
		fmt.Println(err)
		s, _, _ = sessions.Load(ctx, string(s.Token))
		s.Data = append(s.Data, 'c')
		_, err = sessions.Save(ctx, &s)
	}
	fmt.Println(string(s.Data), err)
	// Output:
	// bwstate: the session has changed since it was loaded: it was at version 1 and is at 2
	// abc <nil>
}

// Where am I logged in? A handle names a session without opening it.
func ExampleAppSessions_List() {
	ctx, state := context.Background(), openExample()
	defer state.Close()
	sessions, _ := state.AppSessions(bwstate.AppSessionConfig{Name: "shop"})
	for range 3 {
		_, _ = sessions.Create(ctx, "alice", nil)
	}
	infos, err := sessions.List(ctx, "alice")
	fmt.Println(len(infos), err)
	revoked, err := sessions.RevokeHandle(ctx, infos[0].Handle)
	fmt.Println(revoked, err)
	n, err := sessions.Count(ctx, "alice")
	fmt.Println(n, err)
	// Output:
	// 3 <nil>
	// true <nil>
	// 2 <nil>
}

// A handler with a session. Touch and whatever else makes a Token that the client does not have yet is followed by a Set-Cookie.
func ExampleAppSessions_Touch() {
	state := openExample()
	defer state.Close()
	sessions, _ := state.AppSessions(bwstate.AppSessionConfig{Name: "shop"})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var s bwstate.AppSession
		var found bool
		cookie, err := r.Cookie("__Host-session")
		if err == nil {
			s, found, err = sessions.Touch(r.Context(), cookie.Value)
		} else {
			err = nil
		}
		if err == nil && !found {
			s, err = sessions.Create(r.Context(), "", []byte("1st"))
		}
		if err != nil {
			http.Error(w, "sessions are away", http.StatusServiceUnavailable)
			return
		}
		if cookie == nil || cookie.Value != string(s.Token) {
			http.SetCookie(w, &http.Cookie{Name: "__Host-session", Value: string(s.Token), Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
		}
		fmt.Printf("%s, in the %s, new: %t\n", s.Data, s.Place, !found)
	})
	first, again := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
	handler.ServeHTTP(first, httptest.NewRequest("GET", "/", nil))
	again.AddCookie(first.Result().Cookies()[0])
	handler.ServeHTTP(httptest.NewRecorder(), again)
	// Output:
	// 1st, in the store, new: true
	// 1st, in the store, new: false
}
