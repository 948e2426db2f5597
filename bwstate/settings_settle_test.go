package bwstate

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What a URL leaves open about TLS is settled all the same: sources behind it speak of other servers.
func TestURLSettlesTLS(t *testing.T) {
	behind := FromMap("file", map[string]string{"REDIS_SSL": "yes", "REDIS_SSL_VERIFY": "no"})
	s, err := ReadSettings(FromMap("env", map[string]string{"BWREDIS_URL": "unix:/run/s"}), behind)
	require.NoError(t, err)
	require.False(t, s.SSL)

	behind = FromMap("file", map[string]string{"REDIS_SENTINEL_SSL": "no"})
	s, err = ReadSettings(FromMap("env", map[string]string{"BWREDIS_URL": "rediss+sentinel://s1/m?sentinel_password=x"}), behind)
	require.NoError(t, err)
	require.True(t, s.sentinelSSL())
}

// A URL in the wrong setting is not shown: it may hold a password.
func TestWrongValuesWithAPassword(t *testing.T) {
	for _, name := range []string{"USE_REDIS", "REDIS_PORT", "REDIS_DATABASE", "REDIS_SSL_SERVER_NAME", "REDIS_TIMEOUT", "REDIS_SSL", "REDIS_SENTINEL_SSL", "BWREDIS_TIME_UNIT", "REDIS_HOST"} {
		_, err := ReadSettings(FromMap("env", map[string]string{name: "redis://:hunter2@redis:6379/0"}))
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "hunter2", name)
	}
}

// What a program changes in place is its own from then on.
func TestChangesInPlaceAreTheProgram(t *testing.T) {
	s, err := ReadSettings(FromMap("env", map[string]string{"USE_REDIS": "yes", "REDIS_SENTINEL_HOSTS": "a:1 b:2", "REDIS_SENTINEL_ADDRESS_MAP": "a:1=b:2"}))
	require.NoError(t, err)
	s.SentinelHosts[0], s.SentinelAddressMap["x:1"] = "c:1", "y:2"
	for _, e := range s.Effective() {
		if e.Name == "REDIS_SENTINEL_HOSTS" || e.Name == "REDIS_SENTINEL_ADDRESS_MAP" {
			require.Equal(t, "program", e.Source, e.Name)
		}
	}
}
