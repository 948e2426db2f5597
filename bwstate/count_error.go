package bwstate

import (
	"errors"

	"github.com/bwredis/bwredis/resp"
)

// CountReason says why something could not be counted.
type CountReason string

// Reasons of a [CountError].
const (
	CountOverflow  CountReason = "would overflow"                     // the sum is more than a counter holds
	CountForeign   CountReason = "is a text that is no number"        // somebody else wrote it
	CountWrongType CountReason = "is a value of another type"         // somebody else wrote it
	TokenUsed      CountReason = "was used to count something else"   // a token stands for one set of names and amounts
	TokenForeign   CountReason = "is a key that holds something else" // somebody else wrote it
)

// A CountError says that something was not counted, or not read, because of what is stored. That was left as it is. It shows neither values nor keys.
// Of what somebody else wrote it is a [*ValueError] to errors.As.
type CountError struct {
	What   string // "counter", "metric", "table", "list" or "token"
	Index  int    // which of those that were given, from 0
	Reason CountReason
	Err    error // what the server said, if it was the server
}

func (e *CountError) Error() string { return "bwstate: the " + e.What + " " + string(e.Reason) }

// Unwrap returns the general form, and what the server said.
func (e *CountError) Unwrap() []error {
	var all []error
	if e.Reason != CountOverflow && e.Reason != TokenUsed {
		all = append(all, &ValueError{What: e.What, Problem: string(e.Reason)})
	}
	if e.Err != nil {
		all = append(all, e.Err)
	}
	return all
}

// countRefusal returns what an error reply says of a counter: a *CountError when there is something of another type, and otherwise the reply.
func countRefusal(what string, index int, err error) error {
	var reply *resp.Error
	if errors.As(err, &reply) && reply.Code() == "WRONGTYPE" {
		return &CountError{What: what, Index: index, Reason: CountWrongType, Err: err}
	}
	return err
}

// What scripts return in the place of a result, see lua/count_add.lua and lua/metric_add.lua.
const (
	countedNow    = "N"
	countedBefore = "B"
	overflowed    = "O"
	foreignText   = "F"
	otherType     = "T"
	tokenUsed     = "U"
	tokenForeign  = "K"
)

// countProblem makes an error of a letter.
func countProblem(what string, index int, letter string) error {
	switch letter {
	case overflowed:
		return &CountError{What: what, Index: index, Reason: CountOverflow}
	case foreignText:
		return &CountError{What: what, Index: index, Reason: CountForeign}
	case otherType:
		return &CountError{What: what, Index: index, Reason: CountWrongType}
	case tokenUsed:
		return &CountError{What: "token", Reason: TokenUsed}
	case tokenForeign:
		return &CountError{What: "token", Reason: TokenForeign}
	}
	return &ValueError{What: what, Problem: "was answered with something that no script of this version returns"}
}
