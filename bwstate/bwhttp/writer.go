package bwhttp

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/bwredis/bwredis/bwstate"
)

// errNotSaved is what a handler gets that writes after its session could not be saved.
var errNotSaved = errors.New("bwhttp: the session was not saved, and the answer says so already")

// writer saves the session before the answer begins. It has all that [http.ResponseController] can ask for, and no Unwrap: behind it, an answer could begin, or the
// connection be taken over, unnoticed.
type writer struct {
	http.ResponseWriter
	visitors *Visitors
	request  *http.Request
	session  *bwstate.VisitorSession
	before   http.Header // what was there before the handler
	lines    []string    // for Set-Cookie, of a session that was destroyed
	begun    bool        // the session is done with: the answer began, or there will be none
	failed   bool
	lost     bool // that changes are lost was said
}

// begin saves the session, and reports whether the answer may go on.
func (w *writer) begin() bool {
	if w.begun {
		return !w.failed
	}
	w.begun = true
	err := w.session.Commit(w.request.Context())
	if err != nil && !w.isOver(err) {
		w.fail(err)
		return false
	}
	w.finishSession()
	return true
}

// isOver reports whether err says no more than that the session ended elsewhere, and nothing is lost with it.
func (w *writer) isOver(err error) bool {
	var ended *bwstate.VisitorError
	return errors.As(err, &ended) && ended.Reason == bwstate.EndedMeanwhile && !w.session.Changed()
}

// finishSession adds what the browser has to be told. Nothing can be told later.
func (w *writer) finishSession() {
	addLines(w.Header(), merge(w.lines, w.session.Finish()))
}

// fail answers in the place of the handler. Of its headers nothing is left.
func (w *writer) fail(err error) {
	w.failed = true
	header := w.Header()
	clear(header)
	for name, values := range w.before {
		header[name] = values
	}
	w.finishSession()
	w.visitors.fail(w.ResponseWriter, w.request, err)
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

// controller reaches what is behind.
func (w *writer) controller() *http.ResponseController {
	return http.NewResponseController(w.ResponseWriter)
}

// FlushError is for [http.ResponseController].
func (w *writer) FlushError() error {
	if !w.begin() {
		return errNotSaved
	}
	return w.controller().Flush()
}

// Flush is for those who ask for a [http.Flusher].
func (w *writer) Flush() { _ = w.FlushError() }

// Hijack takes over the connection. The session is done with: whatever is saved now gets a new id that no header can tell the browser.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if w.failed {
		return nil, nil, errNotSaved
	}
	nc, buffered, err := w.controller().Hijack()
	if err == nil && !w.begun {
		w.begun = true
		w.session.Finish()
		w.tellLost("a visitor's session was changed, and not saved before the connection was taken over; that is lost")
	}
	return nc, buffered, err
}

// SetReadDeadline is for [http.ResponseController].
func (w *writer) SetReadDeadline(deadline time.Time) error {
	return w.controller().SetReadDeadline(deadline)
}

// SetWriteDeadline is for [http.ResponseController].
func (w *writer) SetWriteDeadline(deadline time.Time) error {
	return w.controller().SetWriteDeadline(deadline)
}

// EnableFullDuplex is for [http.ResponseController].
func (w *writer) EnableFullDuplex() error { return w.controller().EnableFullDuplex() }

// finish saves the session of a handler that wrote nothing, and tells of one that changed it too late.
func (w *writer) finish() {
	if !w.begun {
		w.begin()
		return
	}
	if !w.failed {
		w.tellLost("a visitor's session was changed after the answer began; that is lost")
	}
}

// tellLost says once that what was changed is lost.
func (w *writer) tellLost(what string) {
	if !w.lost && w.session.Changed() {
		w.lost = true
		w.visitors.warn(w.request, what)
	}
}

// abandon leaves the answer to whoever recovers from the handler's panic. What the handler saved itself has another id, so its cookies go with that answer; nothing
// else is saved.
func (w *writer) abandon() {
	if !w.begun {
		w.begun = true
		w.finishSession()
	}
}
