package sentinel

import (
	"errors"
	"fmt"
)

// A ResolveError says that no sentinel gave a usable answer, and what each of them did instead.
type ResolveError struct {
	Master string
	Role   Role
	Errs   []error // one for each sentinel, in the order of Config.Addrs, and those learned of later
}

func (e *ResolveError) Error() string {
	role := e.Role
	if role == Replica {
		role = "replica"
	}
	text := "sentinel: no sentinel tells where the " + string(role) + " of " + e.Master + " is:"
	for _, err := range e.Errs {
		text += "\n\t" + err.Error()
	}
	return text
}

// Unwrap returns what each sentinel did.
func (e *ResolveError) Unwrap() []error { return e.Errs }

// An askError is what happened to the question to one sentinel. It puts its text together when it is asked to, so that whoever dials may explain the
// cause.
type askError struct {
	sentinel string
	err      error
}

func (e *askError) Error() string { return e.sentinel + ": " + e.err.Error() }
func (e *askError) Unwrap() error { return e.err }

var (
	errUnknownMaster = errors.New("does not know that master")
	errNoReplica     = errors.New("knows no replica in good health")
	errStrange       = errors.New("answers with something else than a host and a port")
	errNowhere       = errors.New("names an address for which Config.Reach knows no way")
	errUnknown       = errors.New("no master is known")
	errNoAnswer      = errors.New("has not answered while others did")
)

// A waitError says that no master was there until a dial had to end.
type waitError struct {
	master string
	last   error // of the last attempt
	end    error // the context's
}

func (e *waitError) Error() string {
	return fmt.Sprintf("sentinel: waiting for a master of %s: %v (%v)", e.master, e.last, e.end)
}

func (e *waitError) Unwrap() []error { return []error{e.last, e.end} }
