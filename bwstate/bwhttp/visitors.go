package bwhttp

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/bwredis/bwredis/bwstate"
)

// Visitors opens the session of each request's visitor. Sessions is required.
//
// Every handler has a session. When the cookie is missing, or is not accepted, it is a new one, which is stored as soon as the handler puts something into it, and
// whose cookie then replaces the other in the browser. When it belongs to another address or user agent, it is destroyed, its cookie is taken out of the request, and
// the session is a new one, as on a node. When it does not say whom it belongs to, the session is a new one, too, but nothing is destroyed.
//
// The answer carries Set-Cookie lines when a session was saved, touched or destroyed; also an answer that says that something failed, and that of a middleware
// around which recovers from a panic of the handler. That is decided when the answer begins: what a handler changes after its first Write, WriteHeader or Flush is
// lost, and Logger says so; a Save after that is refused. When the session ended elsewhere meanwhile, what was changed in it cannot be saved, which is a failure.
//
// A handler that hijacks the connection saves its session before that, with [bwstate.VisitorSession.Save], and writes the lines of
// [bwstate.VisitorSession.SetCookies] itself. Afterwards nothing is saved, and Logger says what is lost. The handler's ResponseWriter has all that
// [http.ResponseController] asks for, but no Unwrap, behind which nobody would notice.
//
// http.TimeoutHandler may stand around Handler, or within: a handler that is late finds the session finished.
type Visitors struct {
	Sessions *bwstate.VisitorSessions

	// IP returns the visitor's address as nodes see it; nil is [RemoteIP], which behind a node is the node's own: use [RealIP] there.
	IP func(*http.Request) netip.Addr

	// Failed answers when the session cannot be opened, or not be saved, because the server is away or something else went wrong; nil answers 503. Whatever the
	// handler writes after a failure to save is dropped, and so are the headers that it set. What its session's cookies need is in the header already.
	Failed func(http.ResponseWriter, *http.Request, error)

	// Logger is told of failures, and, at debug level, why cookies were not accepted; nil tells nobody.
	Logger *slog.Logger
}

// visit is what the context of a request carries.
type visit struct {
	session *bwstate.VisitorSession
	refused error
}

type visitKey struct{}

func visitOf(ctx context.Context) visit {
	v, _ := ctx.Value(visitKey{}).(visit)
	return v
}

// Session returns the session of the visitor who is asking, and nil where there is no [Visitors.Handler] around. It is for one goroutine at a time.
func Session(ctx context.Context) *bwstate.VisitorSession { return visitOf(ctx).session }

// Refused returns why the visitor's cookie was not accepted, and nil when it was. It is for logs; a visitor should learn nothing of it.
func Refused(ctx context.Context) error { return visitOf(ctx).refused }

// Handler returns a handler that opens the visitor's session, calls next, and saves what is to be saved.
func (vs *Visitors) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, lines, r, err := vs.open(r)
		if err != nil {
			addLines(w.Header(), lines)
			vs.fail(w, r, err)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
		answer := &writer{ResponseWriter: w, visitors: vs, request: r, session: v.session, before: copyOf(w.Header()), lines: lines}
		returned := false
		defer func() {
			if !returned { // it panics
				answer.abandon()
			}
		}()
		next.ServeHTTP(answer, r)
		answer.finish()
		returned = true
	})
}

// copyOf copies a header, which rarely holds something so early.
func copyOf(header http.Header) http.Header {
	if len(header) == 0 {
		return nil
	}
	return header.Clone()
}

// open finds the visitor's session, or makes one. It returns the lines that take cookies back, and the request as the handler may see it.
func (vs *Visitors) open(r *http.Request) (v visit, lines []string, _ *http.Request, err error) {
	ctx, visitor, request := r.Context(), vs.visitor(r), r
	v.session, err = vs.Sessions.Open(ctx, cookies(r))
	if err == nil {
		if err = v.session.Check(visitor); err == nil {
			return v, nil, r, nil
		}
		if isOthers(err) {
			v.refused = err
			err = v.session.Destroy(ctx)
			lines = v.session.SetCookies()
			r = withoutCookies(r, lines)
		}
	}
	var refused *bwstate.VisitorError
	if errors.As(err, &refused) {
		v.refused, err = refused, nil
	}
	if err != nil { // also where it is not known who asks: no reason to end anything
		return v, lines, r, err
	}
	vs.tell(r, v.refused)
	if v.session, err = vs.Sessions.New(visitor); err == nil {
		v.session.TakesOver(cookies(request))
	}
	return v, lines, r, err
}

// isOthers reports whether the session belongs to somebody else.
func isOthers(err error) bool {
	var refused *bwstate.VisitorError
	return errors.As(err, &refused) && (refused.Reason == bwstate.OtherIP || refused.Reason == bwstate.OtherUserAgent)
}

func (vs *Visitors) visitor(r *http.Request) bwstate.Visitor {
	ip := vs.IP
	if ip == nil {
		ip = RemoteIP
	}
	return bwstate.Visitor{IP: ip(r), UserAgent: r.UserAgent()}
}

func (vs *Visitors) tell(r *http.Request, refused error) {
	var why *bwstate.VisitorError
	if vs.Logger != nil && errors.As(refused, &why) && why.Reason != bwstate.NoCookie {
		vs.Logger.DebugContext(r.Context(), "a visitor's session was not accepted", "reason", string(why.Reason))
	}
}

func (vs *Visitors) warn(r *http.Request, what string) {
	if vs.Logger != nil {
		vs.Logger.WarnContext(r.Context(), what)
	}
}

// fail answers a request whose session cannot be opened or saved.
func (vs *Visitors) fail(w http.ResponseWriter, r *http.Request, err error) {
	left := errors.Is(r.Context().Err(), context.Canceled) // nobody waits for an answer, and nothing is wrong here
	if vs.Logger != nil && !left {
		vs.Logger.ErrorContext(r.Context(), "a visitor's session failed", "error", err)
	}
	if vs.Failed != nil && !left {
		vs.Failed(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Retry-After", retryAfter)
	http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
}

// retryAfter is in seconds: nodes, too, look every five seconds whether the server is back.
const retryAfter = "5"
