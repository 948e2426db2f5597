package nodeapi

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"syscall"
)

// An Error is why one node did not do what it was asked for. Where several nodes were asked, errors are joined: errors.As finds the first, [Errors] all of them.
type Error struct {
	Node    string // as in [Client.Nodes]
	Op      string // such as "unban"
	Status  int    // of HTTP; 0: there was no answer
	Message string // what the node said, cut after 200 bytes
	Err     error  // why there was no answer, or none that makes sense; nil when the node refused
}

func (e *Error) Error() string {
	text := "nodeapi: " + e.Op + " on " + e.Node + ": "
	switch {
	case e.Status == 0:
		return text + e.Err.Error()
	case e.Err != nil:
		return fmt.Sprintf("%sstatus %d: %v", text, e.Status, e.Err)
	case e.Message == "":
		return fmt.Sprintf("%sstatus %d", text, e.Status)
	}
	return fmt.Sprintf("%sstatus %d: %q", text, e.Status, e.Message)
}

func (e *Error) Unwrap() error { return e.Err }

// Errors returns the errors of single nodes that are in err.
func Errors(err error) (all []*Error) {
	if e, ok := err.(*Error); ok {
		return []*Error{e}
	}
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			all = append(all, Errors(err)...)
		}
	case interface{ Unwrap() error }:
		all = Errors(e.Unwrap())
	}
	return all
}

// maxMessage bounds what is kept of a node's words, in bytes.
const maxMessage = 200

func cut(message string) string {
	if len(message) > maxMessage {
		message = message[:maxMessage] + "…"
	}
	return message
}

// ErrClosed says that a node closed the connection without an answer.
var ErrClosed = errors.New("the node closed the connection without an answer, as it does when it does not know the Host (API_SERVER_NAME), the token (API_TOKEN) or our address (API_WHITELIST_IP)")

// noAnswer is why there was no answer, without the URL that the Error has already.
func noAnswer(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) { // a reset where a part of the question was not read
		return ErrClosed
	}
	return err
}
