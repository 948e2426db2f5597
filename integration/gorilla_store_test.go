package integration

import (
	"bytes"
	"encoding/gob"
	"errors"
	"net/http"

	"github.com/gorilla/sessions"

	"github.com/bwredis/bwredis/bwstate"
)

// GorillaStore keeps the sessions of github.com/gorilla/sessions.
type GorillaStore struct{ *bwstate.AppSessions }

// loaded is under what name a session's values hold the stored session.
type loaded struct{}

func (g GorillaStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(g, name)
}

func (g GorillaStore) New(r *http.Request, name string) (*sessions.Session, error) {
	s := sessions.NewSession(g, name)
	s.Options, s.IsNew = &sessions.Options{Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode}, true
	cookie, err := r.Cookie(name)
	if err != nil {
		return s, nil
	}
	own, found, err := g.Touch(r.Context(), cookie.Value)
	if !found || err != nil {
		return s, err
	}
	err = gob.NewDecoder(bytes.NewReader(own.Data)).Decode(&s.Values)
	s.Values[loaded{}], s.IsNew = &own, false
	return s, err
}

func (g GorillaStore) Save(r *http.Request, w http.ResponseWriter, s *sessions.Session) (err error) {
	own, found := s.Values[loaded{}].(*bwstate.AppSession)
	delete(s.Values, loaded{})
	var data bytes.Buffer
	switch {
	case s.Options.MaxAge < 0 && found: // gorilla's way to end a session
		_, err = g.Revoke(r.Context(), string(own.Token))
		http.SetCookie(w, sessions.NewCookie(s.Name(), "", s.Options))
		return err
	case s.Options.MaxAge < 0:
		return nil
	}
	if err = gob.NewEncoder(&data).Encode(s.Values); err != nil {
		return err
	}
	if found {
		own.Data = data.Bytes()
		if found, err = g.AppSessions.Save(r.Context(), own); err == nil && !found {
			err = errors.New("the session has ended")
		}
	} else {
		var created bwstate.AppSession
		created, err = g.Create(r.Context(), "", data.Bytes())
		own = &created
	}
	if err != nil {
		return err // a *bwstate.LostUpdateError when another request was faster
	}
	s.Values[loaded{}] = own
	http.SetCookie(w, sessions.NewCookie(s.Name(), string(own.Token), s.Options))
	return nil
}
