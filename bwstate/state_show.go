package bwstate

import (
	"fmt"
	"io"
)

// String shows what the State sends its requests through. No way of printing a State shows more, and it may be printed while it is used.
func (s *State) String() string {
	if rt, ok := s.rt.(fmt.Stringer); ok {
		return "bwstate.State{" + rt.String() + "}"
	}
	return fmt.Sprintf("bwstate.State{%T}", s.rt)
}

// Format is [State.String] for every verb.
func (s *State) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }
