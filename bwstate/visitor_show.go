package bwstate

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// String names the cookie alone: the rest are keys.
func (vs VisitorSessions) String() string { return "sessions of cookie " + vs.settings.Name }

// Format is String, whatever the verb.
func (vs VisitorSessions) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, vs.String()) }

// LogValue is String.
func (vs VisitorSessions) LogValue() slog.Value { return slog.StringValue(vs.String()) }

// MarshalJSON is String.
func (vs VisitorSessions) MarshalJSON() ([]byte, error) { return json.Marshal(vs.String()) }

// String names the session by a few characters of its id: the rest opens the session, or is the visitor's.
func (s VisitorSession) String() string {
	if s.behind == nil {
		return "no session"
	}
	id, kept := s.ID()
	switch {
	case s.isEnded():
		return "session, destroyed"
	case !kept:
		return "session, not saved"
	}
	return "session " + id.String()
}

// Format is String, whatever the verb.
func (s VisitorSession) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue is String.
func (s VisitorSession) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON is String.
func (s VisitorSession) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }
