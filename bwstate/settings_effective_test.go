package bwstate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
)

// Every setting is listed, whether it is set or not, as it is in force.
func TestEffectiveListsEverything(t *testing.T) {
	s, err := bwstate.ReadSettings(sourceFrom("environment", "REDIS_TIMEOUT=1500ms", "REDIS_HOST=[::1]:1"))
	require.NoError(t, err)
	infos := bwstate.SettingsTable()
	all := s.Effective()
	require.Len(t, all, len(infos))
	for i, e := range all {
		require.Equal(t, infos[i].Name, e.Name)
		switch e.Name {
		case "REDIS_TIMEOUT":
			require.Equal(t, bwstate.EffectiveSetting{Name: e.Name, Value: "1.5s", Source: "environment"}, e)
		case "REDIS_HOST":
			require.Equal(t, bwstate.EffectiveSetting{Name: e.Name, Value: "::1", Source: "environment"}, e)
		case "REDIS_PORT":
			require.Equal(t, bwstate.EffectiveSetting{Name: e.Name, Value: "1", Source: "environment, REDIS_HOST"}, e)
		default:
			require.Equal(t, "default", e.Source, e.Name)
		}
	}
}

func TestEffectiveOfASourceWithoutAName(t *testing.T) {
	s, err := bwstate.ParseSettings(settingsFrom("REDIS_HOST=redis", "REDIS_PASSWORD_FILE="+writeSettingsFile(t, canary)))
	require.NoError(t, err)
	require.Equal(t, "redis from set", effective(t, s, "REDIS_HOST"))
	require.Regexp(t, `^\[hidden\] from REDIS_PASSWORD_FILE=/`, effective(t, s, "REDIS_PASSWORD"))
	s, err = fromURL("redis://redis")
	require.NoError(t, err)
	require.Equal(t, "redis from BWREDIS_URL", effective(t, s, "REDIS_HOST"))
}

// What the program changed is no longer from where it was, secrets included.
func TestEffectiveAfterAChange(t *testing.T) {
	s, err := bwstate.ReadSettings(sourceFrom("environment", "REDIS_TIMEOUT=5", "REDIS_PASSWORD=x", "REDIS_HOST=redis"))
	require.NoError(t, err)
	changed := s
	changed.Timeout, changed.Password, changed.KeepalivePool = time.Second, canary, 5
	require.Equal(t, "1s from program", effective(t, changed, "REDIS_TIMEOUT"))
	require.Equal(t, "[hidden] from program", effective(t, changed, "REDIS_PASSWORD"))
	require.Equal(t, "5 from program", effective(t, changed, "REDIS_KEEPALIVE_POOL"))
	require.Equal(t, "redis from environment", effective(t, changed, "REDIS_HOST"))
	require.Equal(t, "5s from environment", effective(t, s, "REDIS_TIMEOUT"), "a copy")
	require.Equal(t, "[hidden] from environment", effective(t, s, "REDIS_PASSWORD"))

	byHand := bwstate.Settings{Host: "redis", SSLVerify: true}
	require.Equal(t, "redis from program", effective(t, byHand, "REDIS_HOST"))
	require.Equal(t, "yes from default", effective(t, byHand, "REDIS_SSL_VERIFY"))
	require.Equal(t, "0 from program", effective(t, byHand, "REDIS_PORT"))
}

// The sentinels have what the server has, where nothing is said for them; the two of a pair go together.
func TestEffectiveOfTheSentinels(t *testing.T) {
	server := []string{"REDIS_SSL=yes", "REDIS_SSL_VERIFY=no", "REDIS_SSL_CA=/ca", "REDIS_SSL_CERT=/c", "REDIS_SSL_KEY=/k", "REDIS_SSL_SERVER_NAME=a"}
	s, err := bwstate.ParseSettings(settingsFrom(append(server, "REDIS_SENTINEL_HOSTS=s", "REDIS_SENTINEL_SSL_CA_DIR=/cas")...))
	require.NoError(t, err)
	for name, want := range map[string]string{
		"REDIS_SENTINEL_SSL":             "yes from as REDIS_SSL",
		"REDIS_SENTINEL_SSL_VERIFY":      "no from as REDIS_SSL_VERIFY",
		"REDIS_SENTINEL_SSL_CA":          " from default",
		"REDIS_SENTINEL_SSL_CA_DIR":      "/cas from set",
		"REDIS_SENTINEL_SSL_CERT":        "/c from as REDIS_SSL_CERT",
		"REDIS_SENTINEL_SSL_KEY":         "/k from as REDIS_SSL_KEY",
		"REDIS_SENTINEL_SSL_SERVER_NAME": "a from as REDIS_SSL_SERVER_NAME",
	} {
		require.Equal(t, want, effective(t, s, name))
	}
	s, err = bwstate.ParseSettings(settingsFrom(server...))
	require.NoError(t, err)
	require.Equal(t, " from default", effective(t, s, "REDIS_SENTINEL_SSL"), "there are none")
}
