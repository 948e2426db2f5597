package bwstate

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestVisitorSessionsHideThemselves(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	s := r.fresh()
	never, err := r.sessions.New(someVisitor)
	require.NoError(t, err)
	id, _ := s.ID()
	var shown bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&shown, verb+verb+verb+verb, s, r.sessions, never, []any{s})
	}
	for _, part := range []string{"golden-secret", cookieOf(s)[20:], id.Text()[7:], fmt.Sprintf("%x", id[5:]), fmt.Sprint(id[5:9]), fmt.Sprint(s.header[:9]), "agent/1.0"} {
		require.NotContains(t, shown.String(), strings.Trim(part, "[]"))
	}
	require.NotContains(t, fmt.Sprintf("%+v", VisitorSettings{Secret: "golden-secret"}), "golden")
}

func TestVisitorSettingsAreChecked(t *testing.T) {
	state := openLocal()
	defer state.Close()
	for name, settings := range map[string]VisitorSettings{
		"Secret": {Name: "n"}, "Name": {Secret: "s"}, "Domain": {Secret: "s", Name: "n", Domain: "a; Secure"}, "Idling": {Secret: "s", Name: "n", Idling: -1},
		"Rolling": {Secret: "s", Name: "n", Rolling: time.Millisecond}, "Absolute": {Secret: "s", Name: "n", Absolute: 200 * 365 * 24 * time.Hour},
		"MaxSkew": {Secret: "s", Name: "n", MaxSkew: -1}, "Away": {Secret: "s", Name: "n", Away: 2},
	} {
		_, err := state.VisitorSessions(settings)
		var e *ArgumentError
		require.ErrorAs(t, err, &e, name)
		require.Equal(t, name, e.Name)
	}
	_, err := state.VisitorSessions(VisitorSettings{Secret: "s", Name: strings.Repeat("n", 257)})
	require.Error(t, err)
}

func TestParseVisitorSettings(t *testing.T) {
	get := func(env map[string]string) func(string) string { return func(name string) string { return env[name] } }
	s, err := ParseVisitorSettings(get(map[string]string{"SESSIONS_SECRET": "s", "SESSIONS_NAME": "n"}))
	require.NoError(t, err)
	require.Equal(t, VisitorSettings{Secret: "s", Name: "n", Idling: 1800 * time.Second, Rolling: 3600 * time.Second, Absolute: 86400 * time.Second}, s)
	s, err = ParseVisitorSettings(get(map[string]string{
		"SESSIONS_SECRET": "s", "SESSIONS_NAME": "n", "SESSIONS_DOMAIN": "example.com", "SESSIONS_IDLING_TIMEOUT": "0", "SESSIONS_ROLLING_TIMEOUT": "90",
		"SESSIONS_ABSOLUTE_TIMEOUT": "2h", "SESSIONS_CHECK_IP": "no", "SESSIONS_CHECK_USER_AGENT": "no",
	}))
	require.NoError(t, err)
	require.Equal(t, VisitorSettings{
		Secret: "s", Name: "n", Domain: "example.com", Idling: NoTimeout, Rolling: 90 * time.Second, Absolute: 2 * time.Hour, AnyIP: true, AnyUserAgent: true,
	}, s)
	_, err = ParseVisitorSettings(get(map[string]string{
		"SESSIONS_SECRET": "random", "SESSIONS_NAME": "a b", "SESSIONS_DOMAIN": "a;b", "SESSIONS_IDLING_TIMEOUT": "x", "SESSIONS_ROLLING_TIMEOUT": "-1",
		"SESSIONS_ABSOLUTE_TIMEOUT": "10ms", "SESSIONS_CHECK_IP": "maybe", "SESSIONS_CHECK_USER_AGENT": "1",
	}))
	var problems *SettingsError
	require.ErrorAs(t, err, &problems)
	require.Len(t, problems.Problems, 8)
	for _, short := range []string{"0s", "999ms"} {
		_, err = ParseVisitorSettings(get(map[string]string{"SESSIONS_SECRET": "s", "SESSIONS_NAME": "n", "SESSIONS_IDLING_TIMEOUT": short}))
		require.ErrorContains(t, err, "0 for no timeout")
	}
	_, err = ParseVisitorSettings(get(map[string]string{"SESSIONS_SECRET": "hush-hush", "SESSIONS_SECRET_FILE": "/nonexistent", "SESSIONS_NAME": "random"}))
	require.ErrorAs(t, err, &problems)
	require.Len(t, problems.Problems, 2)
	require.NotContains(t, err.Error(), "hush-hush")
	_, err = ParseVisitorSettings(get(map[string]string{"SESSIONS_SECRET_FILE": "/nonexistent", "SESSIONS_NAME": "n"}))
	require.Error(t, err)
}
