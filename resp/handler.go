package resp

// A Handler takes the replies of a request, in order: i counts its commands from 0.
//
// HandleReply runs on the goroutine of the caller that sent the request, must not block, and must not keep r nor what it borrowed
// from r. An error reply is at hand as r.Err(). An error it returns ends the handling of that request and is returned to the caller;
// the replies that follow are dropped, and the connection stays usable.
type Handler interface {
	HandleReply(i int, r *Reply) error
}

// HandlerFunc makes a function a [Handler].
type HandlerFunc func(i int, r *Reply) error

// HandleReply calls f.
func (f HandlerFunc) HandleReply(i int, r *Reply) error { return f(i, r) }
