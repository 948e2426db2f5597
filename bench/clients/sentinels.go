package clients

import (
	"errors"
	"net"
	"time"
)

// Sentinels are a way to reach a master: who is asked for it, and the name by which they know it.
type Sentinels struct {
	Addrs  []string
	Master string
	// Refresh is how often a client asks them anew that otherwise waits to be told; 0: it does what it does by itself. See [Client].
	Refresh time.Duration
}

// A Judge is a [Session] that knows of some errors that a command was not executed. Of the errors of a session that is none, nobody knows.
type Judge interface {
	// NotExecuted says that a write, which was asked for by itself and failed with this error, was surely not executed: the server's own no, and whatever
	// else the library's errors tell of what it has sent.
	NotExecuted(err error) bool
}

// NotExecuted asks a session that may be a [Judge].
func NotExecuted(s Session, err error) bool {
	j, ok := s.(Judge)
	return ok && j.NotExecuted(err)
}

// failedToDial is for libraries that do not send a write again: one whose connection was not made was not sent.
func failedToDial(err error) bool {
	var failed *net.OpError
	return errors.As(err, &failed) && failed.Op == "dial"
}

// recommended is how often rueidis and valkey-go, which began as rueidis, recommend to ask sentinels, in their documentation of TopologyRefreshInterval.
const recommended = 5 * time.Second
