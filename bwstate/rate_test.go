package bwstate

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseRate(t *testing.T) {
	for text, want := range map[string]Rate{
		"2r/s":                {2, time.Second},
		"0r/m":                {0, time.Minute},
		"1000r/h":             {1000, time.Hour},
		"007r/d":              {7, 24 * time.Hour},
		"1000000000000000r/s": {maxRate, time.Second},
	} {
		got, err := ParseRate(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
	}
	require.Equal(t, "2r/s", Rate{2, time.Second}.String())
	require.Equal(t, "7r/d", Rate{7, 24 * time.Hour}.String())
	require.Equal(t, "2 per 1m30s", Rate{2, 90 * time.Second}.String())
}

func TestParseRateRefused(t *testing.T) {
	for text, problem := range map[string]string{
		"":                        `has no "r/"`,
		"2":                       `has no "r/"`,
		"2/s":                     `has no "r/"`,
		"2R/s":                    `has no "r/"`,
		"r/s":                     "has no number",
		"-2r/s":                   "has no number",
		"+2r/s":                   "has no number",
		" 2r/s":                   "has no number",
		"2.5r/s":                  "has no number",
		"twor/s":                  "has no number",
		"2r/":                     "has a unit",
		"2r/x":                    "has a unit",
		"2r/S":                    "has a unit",
		"2r/s ":                   "has a unit",
		"2r/sec":                  "has a unit",
		"2r/sr/s":                 "has a unit",
		"1000000000000001r/s":     "too large",
		"99999999999999999999r/s": "too large",
	} {
		_, err := ParseRate(text)
		var e *ArgumentError
		require.ErrorAs(t, err, &e, text)
		require.Equal(t, "rate", e.Name)
		require.Contains(t, e.Problem, problem, text)
	}
}

// Whatever is read is written the same, but for zeros in front, and everything else is an error that names the rate.
func FuzzParseRate(f *testing.F) {
	for _, seed := range []string{"2r/s", "0r/m", "1000r/h", "007r/d", "2r/x", "r/s", "1000000000000001r/s", "2r/sr/s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rate, err := ParseRate(text)
		if err != nil {
			var e *ArgumentError
			require.True(t, errors.As(err, &e))
			require.Zero(t, rate)
			return
		}
		count, _, _ := strings.Cut(text, "r/")
		if trimmed := strings.TrimLeft(count, "0"); trimmed != "" {
			require.Equal(t, strings.Repeat("0", len(count)-len(trimmed))+rate.String(), text)
		} else {
			require.Zero(t, rate.Limit)
		}
		require.NoError(t, rate.check())
		again, err := ParseRate(rate.String())
		require.NoError(t, err)
		require.Equal(t, rate, again)
	})
}
