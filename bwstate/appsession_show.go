package bwstate

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"
)

// String names the session by its handle. It shows neither token nor data.
func (s AppSession) String() string {
	return "session " + s.Handle + " version " + strconv.FormatInt(s.Version, 10) + " in the " + string(s.Place)
}

// Format is String, whatever the verb. Without it fmt would show the token behind some pointers, where it does not ask a [Secret].
func (s AppSession) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue is String.
func (s AppSession) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON is what is known of the session without its data: neither token, subject nor data are in it. Encoding is one way.
func (s AppSession) MarshalJSON() ([]byte, error) { return json.Marshal(s.AppSessionInfo) }

// MarshalText is String, for whatever asks for text.
func (s AppSession) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String names the application.
func (ss AppSessions) String() string { return "sessions of " + ss.name }

// Format is String, whatever the verb.
func (ss AppSessions) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, ss.String()) }
