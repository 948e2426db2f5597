package bwstate

import (
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

// String names the application.
func (ss AppSessions) String() string { return "sessions of " + ss.name }

// Format is String, whatever the verb.
func (ss AppSessions) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, ss.String()) }
