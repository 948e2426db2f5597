package bwstate

import (
	"fmt"
	"io"
)

// Format shows the cookie's name alone, whatever the verb: the rest are keys.
func (vs *VisitorSessions) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "sessions of cookie "+vs.settings.Name)
}

// Format shows a few characters of the id, whatever the verb: the rest opens the session, or is the visitor's.
func (s *VisitorSession) Format(f fmt.State, _ rune) {
	text := "session, not saved"
	if id, kept := s.ID(); kept {
		text = "session " + id.String()
	}
	_, _ = io.WriteString(f, text)
}
