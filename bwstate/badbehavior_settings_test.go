package bwstate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func behaviorOf(env map[string]string) (BadBehaviorSettings, error) {
	return ParseBadBehavior(func(name string) string { return env[name] })
}

func TestParseBadBehavior(t *testing.T) {
	s, err := behaviorOf(nil)
	require.NoError(t, err)
	require.Equal(t, BadBehaviorSettings{
		Use: true, StatusCodes: []int{400, 401, 403, 404, 405, 429, 444},
		Rule: BadBehavior{Scope: ServiceScope, Threshold: 10, CountTime: time.Minute, BanTime: 24 * time.Hour},
	}, s)
	require.True(t, s.Bad(444))
	require.False(t, s.Bad(200))

	s, err = behaviorOf(map[string]string{
		"USE_BAD_BEHAVIOR": "no", "BAD_BEHAVIOR_STATUS_CODES": " 500 404  404 ", "BAD_BEHAVIOR_THRESHOLD": "3", "BAD_BEHAVIOR_COUNT_TIME": "2m",
		"BAD_BEHAVIOR_BAN_TIME": "3600", "BAD_BEHAVIOR_BAN_SCOPE": "global", "SECURITY_MODE": "detect",
	})
	require.NoError(t, err)
	require.Equal(t, BadBehaviorSettings{
		StatusCodes: []int{404, 500}, Rule: BadBehavior{Scope: GlobalScope, Threshold: 3, CountTime: 2 * time.Minute, BanTime: time.Hour, Detect: true},
	}, s)
	require.False(t, s.Bad(404), "nothing is counted")

	s, err = behaviorOf(map[string]string{"BAD_BEHAVIOR_COUNT_TIME": "0", "BAD_BEHAVIOR_BAN_TIME": "00"})
	require.NoError(t, err)
	require.True(t, s.Rule.Forget && s.Rule.Permanent)
	rule, err := s.Rule.withDefaults(loopback)
	require.NoError(t, err)
	require.Zero(t, rule.CountTime+rule.BanTime)
}

func TestParseBadBehaviorReportsEverything(t *testing.T) {
	for name, values := range map[string][]string{
		"USE_BAD_BEHAVIOR": {"true", "YES"}, "BAD_BEHAVIOR_STATUS_CODES": {"abc", "404,403", "99", "600", " "}, "BAD_BEHAVIOR_THRESHOLD": {"0", "-1", "10x", "1.5", "99999999999"},
		"BAD_BEHAVIOR_COUNT_TIME": {"-1", "x", "10ms", "99999999999999"}, "BAD_BEHAVIOR_BAN_TIME": {"-60", "1y", "9223372036854775807"},
		"BAD_BEHAVIOR_BAN_SCOPE": {"everywhere"}, "SECURITY_MODE": {"off"},
	} {
		for _, value := range values {
			s, err := behaviorOf(map[string]string{name: value})
			var all *SettingsError
			require.ErrorAs(t, err, &all, "%s=%s", name, value)
			require.Len(t, all.Problems, 1)
			require.Equal(t, name, all.Problems[0].Name)
			require.Zero(t, s)
		}
	}
	_, err := ParseBadBehavior(func(string) string { return "?" })
	var all *SettingsError
	require.ErrorAs(t, err, &all)
	require.Len(t, all.Problems, 7)
}
