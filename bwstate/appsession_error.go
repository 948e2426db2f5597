package bwstate

import (
	"errors"
	"strconv"
)

// A LostUpdateError says that a session was saved or rotated by somebody else after it was loaded. Nothing was written.
type LostUpdateError struct {
	Loaded, Stored int64 // versions
}

func (e *LostUpdateError) Error() string {
	return "bwstate: the session has changed since it was loaded: it was at version " + strconv.FormatInt(e.Loaded, 10) + " and is at " + strconv.FormatInt(e.Stored, 10)
}

// AppSessionReason says what is wrong with something that is stored.
type AppSessionReason string

// Reasons of an [AppSessionValueError].
const (
	WrongType    AppSessionReason = "is a value of another type"
	NotASession  AppSessionReason = "is not a session of an application"
	NotAnIndex   AppSessionReason = "has an index that is none"
	NotAMark     AppSessionReason = "has a mark of the end of its subject's sessions that is none"
	NotEncrypted AppSessionReason = "is not encrypted, and there are keys"
	ForeignKey   AppSessionReason = "is encrypted with a key that is not here"
	Altered      AppSessionReason = "was altered, or belongs to something else"
	TooLarge     AppSessionReason = "is larger than MaxData allows"
)

// An AppSessionValueError says that what is stored cannot be used as a session, or as the index of a subject. It was left as it is. It shows neither the value
// nor its key, and is a [*ValueError] to errors.As.
type AppSessionValueError struct {
	Reason AppSessionReason
	Err    error // what the server said, if it was the server
}

func (e *AppSessionValueError) Error() string {
	return "bwstate: the stored session " + string(e.Reason)
}

// Unwrap returns the general form, and what the server said.
func (e *AppSessionValueError) Unwrap() []error {
	general := &ValueError{What: "session", Problem: string(e.Reason)}
	if e.Err == nil {
		return []error{general}
	}
	return []error{general, e.Err}
}

// An AwayError says that an operation on sessions failed because there was no server to talk to. Whether a write was done before that is known only where Err says so.
type AwayError struct {
	Err error // such as a *conn.Error
}

func (e *AwayError) Error() string { return "bwstate: sessions are away: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *AwayError) Unwrap() error { return e.Err }

func isAway(err error) bool {
	var away *AwayError
	return errors.As(err, &away)
}
