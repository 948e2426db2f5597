package bwstate

import (
	"fmt"
	"strings"
)

// maxShown is how much of a wrong value an error message repeats, in bytes.
const maxShown = 120

// SettingError is one setting that cannot be used.
type SettingError struct {
	Name    string // the setting, such as REDIS_PORT
	Value   string // the text refused; empty when nothing was set or when the text may hold a secret
	Source  string // the place it is set in, such as "environment"; empty when that has no name
	Problem string // what is wrong, and what would be accepted
}

func (e *SettingError) Error() string { return "bwstate: " + e.text() }

func (e *SettingError) text() string {
	text := e.Name
	if e.Value != "" {
		text += "=" + quoteShort(e.Value)
	}
	if e.Source != "" {
		text += " (" + e.Source + ")"
	}
	return text + ": " + e.Problem
}

// SettingsError is every problem [ReadSettings] found, in the order of [SettingsTable]. errors.As reaches
// both the whole and a single *SettingError.
type SettingsError struct {
	Problems []*SettingError // never empty
}

func (e *SettingsError) Error() string {
	if len(e.Problems) == 1 {
		return e.Problems[0].Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "bwstate: %d settings cannot be used:", len(e.Problems))
	for _, p := range e.Problems {
		b.WriteString("\n\t")
		b.WriteString(p.text())
	}
	return b.String()
}

func (e *SettingsError) Unwrap() []error {
	errs := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		errs[i] = p
	}
	return errs
}

// quoteShort quotes a value so that it stays on one line, and cuts it where it gets long.
func quoteShort(v string) string {
	if len(v) > maxShown {
		return fmt.Sprintf("%q…", v[:maxShown])
	}
	return fmt.Sprintf("%q", v)
}

// withoutCredentials is what may be shown of a host or a list of hosts: some write a URL there, and a URL may
// carry a password, before an @ or in a query.
func withoutCredentials(v, whole string) string {
	if strings.ContainsAny(whole, "@?") {
		return ""
	}
	return v
}
