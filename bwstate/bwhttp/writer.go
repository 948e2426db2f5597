package bwhttp

import (
	"errors"
	"net/http"

	"github.com/bwredis/bwredis/bwstate"
)

// errNotSaved is what a handler gets that writes after its session could not be saved.
var errNotSaved = errors.New("bwhttp: the session was not saved, and the answer says so already")

// writer saves the session before the answer begins.
type writer struct {
	http.ResponseWriter
	visitors *Visitors
	request  *http.Request
	session  *bwstate.VisitorSession
	begun    bool
	failed   bool
}

// begin saves the session, and reports whether the answer may go on.
func (w *writer) begin() bool {
	if w.begun {
		return !w.failed
	}
	w.begun = true
	if err := w.session.Commit(w.request.Context()); err != nil {
		w.failed = true
		w.Header().Del("Content-Length") // of what the handler meant to write
		w.visitors.fail(w.ResponseWriter, w.request, err)
		return false
	}
	for _, line := range w.session.SetCookies() {
		w.Header().Add("Set-Cookie", line)
	}
	return true
}

// WriteHeader begins the answer, unless the status only announces one.
func (w *writer) WriteHeader(status int) {
	announces := status >= 100 && status < 200 && status != http.StatusSwitchingProtocols
	if announces && !w.begun || w.begin() {
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *writer) Write(p []byte) (int, error) {
	if !w.begin() {
		return 0, errNotSaved
	}
	return w.ResponseWriter.Write(p)
}

// FlushError is for [http.ResponseController].
func (w *writer) FlushError() error {
	if !w.begin() {
		return errNotSaved
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush is for those who ask for a [http.Flusher].
func (w *writer) Flush() { _ = w.FlushError() }

// Unwrap is for [http.ResponseController], which finds everything else behind.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// finish saves the session of a handler that wrote nothing, and tells of one that changed it too late.
func (w *writer) finish() {
	if !w.begun {
		w.begin()
		return
	}
	if !w.failed && w.session.Changed() && w.visitors.Logger != nil {
		w.visitors.Logger.WarnContext(w.request.Context(), "a visitor's session was changed after the answer began; that is lost")
	}
}
