package bwstate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
)

// String lists the settings in force as NAME=value on one line, in the order of [SettingsTable], with values
// quoted where they need it and empty ones left out. Secrets are hidden; warnings are not in it.
func (s Settings) String() string {
	var b strings.Builder
	s.each(func(name, value string) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(name)
		b.WriteByte('=')
		if strings.ContainsFunc(value, needsQuotes) {
			value = strconv.Quote(value)
		}
		b.WriteString(value)
	})
	return b.String()
}

// Format prints String for every verb. Without it fmt would show the fields of a *Settings under a verb that
// does not fit, such as %t, and would not ask the secrets in it to hide.
func (s Settings) Format(f fmt.State, verb rune) {
	shown := s.String()
	switch {
	case verb == 'q':
		shown = strconv.Quote(shown)
	case verb == 'v' && f.Flag('#'):
		shown = "bwstate.Settings{" + shown + "}"
	}
	_, _ = io.WriteString(f, shown)
}

// MarshalJSON is an object with one text per setting that is not empty, in the order of [SettingsTable]. Read into a
// map, it is what [FromMap] takes, apart from the secrets, which are hidden.
func (s Settings) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	separator := byte('{')
	s.each(func(name, value string) {
		encoded, _ := json.Marshal(value) // there is no string that cannot be
		b.WriteByte(separator)
		b.WriteString(strconv.Quote(name) + ":")
		b.Write(encoded)
		separator = ','
	})
	b.WriteByte('}') // the unit is always there, so there is something
	return b.Bytes(), nil
}

// LogValue is a group with one attribute per setting that is not empty.
func (s Settings) LogValue() slog.Value {
	var attrs []slog.Attr
	s.each(func(name, value string) { attrs = append(attrs, slog.String(name, value)) })
	return slog.GroupValue(attrs...)
}

func (s *Settings) each(do func(name, value string)) {
	for i := range settingsTable {
		if value := settingsTable[i].show(s); value != "" {
			do(settingsTable[i].Name, value)
		}
	}
}

func needsQuotes(r rune) bool { return r == '"' || r == '\\' || spaceOrControl(r) }

func hasOuterSpace(text string) bool { return strings.TrimSpace(text) != text }
