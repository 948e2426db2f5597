package bwstate_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
)

func TestSettingsRefused(t *testing.T) {
	const (
		port  = "must be from 1 to 65535"
		yesNo = "must be yes or no"
		host  = "not a host name or an IP address"
	)
	longLabel := strings.Repeat("x", 64)
	longName := strings.Repeat(longLabel[1:]+".", 4) + "com"
	tests := []struct {
		pairs   string // separated by |
		name    string
		value   string
		problem string // part
	}{
		{"USE_REDIS=yes", "REDIS_HOST", "", "USE_REDIS=yes needs it, or REDIS_SENTINEL_HOSTS"},
		{"USE_REDIS=true", "USE_REDIS", "true", yesNo},
		{"REDIS_SSL=maybe", "REDIS_SSL", "maybe", yesNo},
		{"REDIS_SSL=1", "REDIS_SSL", "1", yesNo},
		{"REDIS_SSL_VERIFY=y es", "REDIS_SSL_VERIFY", "y es", yesNo},

		{"REDIS_PORT=0", "REDIS_PORT", "0", port},
		{"REDIS_PORT=65536", "REDIS_PORT", "65536", port},
		{"REDIS_PORT=99999999999999999999", "REDIS_PORT", "99999999999999999999", port},
		{"REDIS_PORT=redis", "REDIS_PORT", "redis", "in digits only"},
		{"REDIS_PORT=+6379", "REDIS_PORT", "+6379", "in digits only"},
		{"REDIS_PORT=tcp://10.0.0.1:6379", "REDIS_PORT", "tcp://10.0.0.1:6379", "Docker and Kubernetes set this one"},
		{"REDIS_PORT=-1", "REDIS_PORT", "-1", "in digits only"},
		{"REDIS_PORT= 6379", "REDIS_PORT", " 6379", "in digits only"},
		{"REDIS_PORT=63 79", "REDIS_PORT", "63 79", "in digits only"},
		{"REDIS_PORT=٣", "REDIS_PORT", "٣", "in digits only"},
		{"REDIS_DATABASE=-1", "REDIS_DATABASE", "-1", "in digits only"},
		{"REDIS_DATABASE=zero", "REDIS_DATABASE", "zero", "from 0 to 2147483647"},
		{"REDIS_DATABASE=2147483648", "REDIS_DATABASE", "2147483648", "from 0 to 2147483647"},
		{"REDIS_KEEPALIVE_POOL=0", "REDIS_KEEPALIVE_POOL", "0", "from 1 to 10000"},
		{"REDIS_KEEPALIVE_POOL=10001", "REDIS_KEEPALIVE_POOL", "10001", "from 1 to 10000"},

		{"REDIS_TIMEOUT=0", "REDIS_TIMEOUT", "0", "more than zero"},
		{"REDIS_TIMEOUT=0s", "REDIS_TIMEOUT", "0s", "at least 1ms"},
		{"REDIS_TIMEOUT=-5s", "REDIS_TIMEOUT", "-5s", "at least 1ms"},
		{"REDIS_TIMEOUT=1us", "REDIS_TIMEOUT", "1us", "at least 1ms"},
		{"REDIS_TIMEOUT=-5", "REDIS_TIMEOUT", "-5", "a number with a unit such as 1500ms"},
		{"REDIS_TIMEOUT=1.5", "REDIS_TIMEOUT", "1.5", "whole number of seconds"},
		{"REDIS_TIMEOUT=1.5|BWREDIS_TIME_UNIT=ms", "REDIS_TIMEOUT", "1.5", "whole number of milliseconds"},
		{"REDIS_TIMEOUT=5 s", "REDIS_TIMEOUT", "5 s", "a number with a unit"},
		{"REDIS_TIMEOUT=86401", "REDIS_TIMEOUT", "86401", "longest allowed is 24h0m0s; looks like milliseconds"},
		{"REDIS_TIMEOUT=24h1ms", "REDIS_TIMEOUT", "24h1ms", "longest allowed is 24h0m0s"},
		{"REDIS_TIMEOUT=18446744073710", "REDIS_TIMEOUT", "18446744073710", "longest allowed"}, // wraps around in ns
		{"REDIS_TIMEOUT=99999999999999999999", "REDIS_TIMEOUT", "99999999999999999999", "longest allowed"},
		{"REDIS_KEEPALIVE_IDLE=31536001", "REDIS_KEEPALIVE_IDLE", "31536001", "longest allowed"},
		{"REDIS_KEEPALIVE_IDLE=0", "REDIS_KEEPALIVE_IDLE", "0", "more than zero"},
		{"BWREDIS_TIME_UNIT=minutes", "BWREDIS_TIME_UNIT", "minutes", "must be seconds or milliseconds"},

		{"REDIS_HOST=redis:6380|REDIS_PORT=6379", "REDIS_HOST", "redis:6380", "6379 of REDIS_PORT"},
		{"REDIS_HOST=redis://redis:6379", "REDIS_HOST", "redis://redis:6379", "not a URL"},
		{"REDIS_HOST=rediss://u:hunter2@redis", "REDIS_HOST", "", "not a URL"},
		{"REDIS_HOST=redis://redis?password=hunter2", "REDIS_HOST", "", "not a URL"},
		{"REDIS_HOST=u:hunter2@redis", "REDIS_HOST", "", "port: must be"},
		{"REDIS_HOST=unix://u:hunter2@/redis", "REDIS_HOST", "", "absolute path"},
		{"REDIS_HOST=unix:redis.sock", "REDIS_HOST", "unix:redis.sock", "absolute path"},
		{"REDIS_HOST=unix:/a\x00b", "REDIS_HOST", "unix:/a\x00b", "absolute path"},
		{"REDIS_HOST=redis:http", "REDIS_HOST", "redis:http", "port: must be"},
		{"REDIS_HOST=redis:0", "REDIS_HOST", "redis:0", port},
		{"REDIS_HOST=:6379", "REDIS_HOST", ":6379", host},
		{"REDIS_HOST=[::1", "REDIS_HOST", "[::1", "[IPv6 address]:port"},
		{"REDIS_HOST=[::1]6379", "REDIS_HOST", "[::1]6379", "[IPv6 address]:port"},
		{"REDIS_HOST=[192.0.2.1]", "REDIS_HOST", "[192.0.2.1]", "only an IPv6 address"},
		{"REDIS_HOST=2001:db8::g", "REDIS_HOST", "2001:db8::g", "not an IPv6 address"},
		{"REDIS_HOST=fe80::1%a]b", "REDIS_HOST", "fe80::1%a]b", "not an IPv6 address"},
		{"REDIS_HOST=256.1.1.1", "REDIS_HOST", "256.1.1.1", host},
		{"REDIS_HOST=redis\n", "REDIS_HOST", "redis\n", "white space"},
		{"REDIS_HOST=redis/0", "REDIS_HOST", "redis/0", host},
		{"REDIS_HOST=a..b", "REDIS_HOST", "a..b", host},
		{"REDIS_HOST=-redis", "REDIS_HOST", "-redis", host},
		{"REDIS_HOST=" + longName, "REDIS_HOST", longName, host},
		{"REDIS_HOST=" + longLabel, "REDIS_HOST", longLabel, host},
		{"REDIS_HOST=rédis", "REDIS_HOST", "rédis", host},

		{"REDIS_SENTINEL_HOSTS=s1 s2:x s3", "REDIS_SENTINEL_HOSTS", "s2:x", "entry 2: port: must be"},
		{"REDIS_SENTINEL_HOSTS=s1 redis://s2", "REDIS_SENTINEL_HOSTS", "redis://s2", "entry 2: must be a host alone"},
		{"REDIS_SENTINEL_HOSTS=s1 redis://u:hunter2,@s2", "REDIS_SENTINEL_HOSTS", "", "entry 2: must be a host alone"},
		{"REDIS_SENTINEL_HOSTS=unix:/run/s.sock", "REDIS_SENTINEL_HOSTS", "unix:/run/s.sock", "entry 1: port: must be"},
		{"REDIS_SENTINEL_HOSTS=, ,", "REDIS_SENTINEL_HOSTS", ", ,", "holds no host"},
		{"REDIS_SENTINEL_ADDRESS_MAP=a=b c", "REDIS_SENTINEL_ADDRESS_MAP", "c", "entry 2: must be announced=reachable"},
		{"REDIS_SENTINEL_ADDRESS_MAP=a=b=c", "REDIS_SENTINEL_ADDRESS_MAP", "a=b=c", "entry 1: must be announced=reachable"},
		{"REDIS_SENTINEL_ADDRESS_MAP=a=b =c", "REDIS_SENTINEL_ADDRESS_MAP", "=c", "entry 2: announced: is missing"},
		{"REDIS_SENTINEL_ADDRESS_MAP=a=", "REDIS_SENTINEL_ADDRESS_MAP", "a=", "entry 1: reachable: is missing"},
		{"REDIS_SENTINEL_ADDRESS_MAP=a:1=b", "REDIS_SENTINEL_ADDRESS_MAP", "a:1=b", "entry 1: must have a port on both sides"},
		{"REDIS_SENTINEL_ADDRESS_MAP=a=b:1", "REDIS_SENTINEL_ADDRESS_MAP", "a=b:1", "or on neither"},
		{"REDIS_SENTINEL_ADDRESS_MAP=a:1=b:65536", "REDIS_SENTINEL_ADDRESS_MAP", "a:1=b:65536", "entry 1: reachable: port: out of range"},
		{"REDIS_SENTINEL_ADDRESS_MAP=a_!:1=b:1", "REDIS_SENTINEL_ADDRESS_MAP", "a_!:1=b:1", "entry 1: announced: " + host},
		{"REDIS_SENTINEL_ADDRESS_MAP=::1:6379=b:1", "REDIS_SENTINEL_ADDRESS_MAP", "::1:6379=b:1", "announced: write an IPv6 address in brackets"},
		{"REDIS_SENTINEL_ADDRESS_MAP=a:1=b:1 a:1=b:2", "REDIS_SENTINEL_ADDRESS_MAP", "a:1=b:2", "entry 2: an entry before it"},
		{"REDIS_SENTINEL_ADDRESS_MAP=redis://u:hunter2@a=b", "REDIS_SENTINEL_ADDRESS_MAP", "", "entry 1: announced: must be a host alone"},
		{"REDIS_SENTINEL_ADDRESS_MAP=, ,", "REDIS_SENTINEL_ADDRESS_MAP", ", ,", "holds no entry"},
		{"REDIS_SENTINEL_SSL=perhaps", "REDIS_SENTINEL_SSL", "perhaps", yesNo},
		{"REDIS_SENTINEL_SSL_VERIFY=1", "REDIS_SENTINEL_SSL_VERIFY", "1", yesNo},
		{"REDIS_SENTINEL_SSL_KEY=/k", "REDIS_SENTINEL_SSL_CERT", "", "needs both"},
		{"REDIS_SENTINEL_SSL_CERT=/c|REDIS_SSL_CERT=/c|REDIS_SSL_KEY=/k", "REDIS_SENTINEL_SSL_KEY", "", "not set, but REDIS_SENTINEL_SSL_CERT is"},
		{"REDIS_SENTINEL_SSL_SERVER_NAME=a:1", "REDIS_SENTINEL_SSL_SERVER_NAME", "a:1", host},
		{"REDIS_SENTINEL_SSL_CA=a\x00b", "REDIS_SENTINEL_SSL_CA", "a\x00b", "zero byte"},
		{"REDIS_SENTINEL_MASTER=my master", "REDIS_SENTINEL_MASTER", "my master", "white space"},
		{"REDIS_USERNAME=a b", "REDIS_USERNAME", "a b", "white space"},

		{"REDIS_SSL_KEY=/k", "REDIS_SSL_CERT", "", "needs both"},
		{"REDIS_SSL_CERT=/c", "REDIS_SSL_KEY", "", "needs both"},
		{"REDIS_SSL_SERVER_NAME=redis:6379", "REDIS_SSL_SERVER_NAME", "redis:6379", host},
		{"REDIS_SSL_SERVER_NAME=[::1", "REDIS_SSL_SERVER_NAME", "[::1", "only an IPv6 address"},
		{"REDIS_SSL_CA=a\x00b", "REDIS_SSL_CA", "a\x00b", "zero byte"},
		{"REDIS_SSL_CA_DIR=a\x00b", "REDIS_SSL_CA_DIR", "a\x00b", "zero byte"},
		{"REDIS_SSL=yes|REDIS_HOST=unix:/s", "REDIS_SSL_SERVER_NAME", "", "unix socket"},

		{"REDIS_PASSWORD=hunter2|REDIS_PASSWORD_FILE=/hunter2", "REDIS_PASSWORD", "", "only one of them"},
		{"REDIS_PASSWORD_FILE=/does/not/exist", "REDIS_PASSWORD_FILE", "/does/not/exist", "cannot be read: no such file"},
		{"REDIS_PASSWORD_FILE=hunter2", "REDIS_PASSWORD_FILE", "", "cannot be read"},
	}
	for _, tt := range tests {
		t.Run(tt.pairs, func(t *testing.T) {
			pairs := strings.Split(tt.pairs, "|")
			s, err := bwstate.ParseSettings(settingsFrom(pairs...))
			require.Error(t, err)
			require.Equal(t, bwstate.Settings{}, s)
			require.NotContains(t, err.Error(), "hunter2")

			var all *bwstate.SettingsError
			require.ErrorAs(t, err, &all)
			var one *bwstate.SettingError
			require.ErrorAs(t, err, &one)
			require.Same(t, all.Problems[0], one)
			require.Equal(t, tt.name, one.Name)
			require.Equal(t, tt.value, one.Value)
			require.Contains(t, one.Problem, tt.problem)
			if !strings.Contains(tt.pairs, ",@") { // two entries are wrong there
				require.Len(t, all.Problems, 1)
				require.NotContains(t, err.Error(), "\n")
			}
		})
	}
}

// The other unit is suggested only where the number would be accepted with it.
func TestSettingsHintsOnlyWhatHelps(t *testing.T) {
	var one *bwstate.SettingError
	_, err := bwstate.ParseSettings(settingsFrom("REDIS_TIMEOUT=86400000"))
	require.ErrorAs(t, err, &one)
	require.Contains(t, one.Problem, "write 86400000ms")
	_, err = bwstate.ParseSettings(settingsFrom("REDIS_TIMEOUT=86400001"))
	require.ErrorAs(t, err, &one)
	require.Equal(t, "too long: the longest allowed is 24h0m0s", one.Problem)
}

func TestSettingsSecretFileRefused(t *testing.T) {
	tests := []struct{ setting, path, problem string }{
		{"REDIS_PASSWORD_FILE", writeSettingsFile(t, ""), "empty"},
		{"REDIS_PASSWORD_FILE", writeSettingsFile(t, "\r\n"), "empty"},
		{"REDIS_PASSWORD_FILE", t.TempDir(), "cannot be read"},
		{"REDIS_PASSWORD_FILE", writeSettingsFile(t, strings.Repeat("hunter2 ", 8<<10)+"x"), "larger than 65536 bytes"},
		{"REDIS_SENTINEL_PASSWORD_FILE", filepath.Join(t.TempDir(), "none"), "cannot be read"},
	}
	for _, tt := range tests {
		_, err := bwstate.ParseSettings(settingsFrom(tt.setting + "=" + tt.path))
		var one *bwstate.SettingError
		require.ErrorAs(t, err, &one)
		require.Equal(t, tt.setting, one.Name)
		require.Equal(t, tt.path, one.Value)
		require.Contains(t, one.Problem, tt.problem)
		require.NotContains(t, err.Error(), "hunter2")
	}

	// A user name is shown, but not what a file holds: it may be the wrong file.
	path := writeSettingsFile(t, "hunter2 is the password")
	_, err := bwstate.ParseSettings(settingsFrom("REDIS_USERNAME_FILE=" + path))
	var one *bwstate.SettingError
	require.ErrorAs(t, err, &one)
	require.Equal(t, bwstate.SettingError{Name: "REDIS_USERNAME", Problem: one.Problem}, *one)
	require.NotContains(t, err.Error(), "hunter2")
}

func TestSettingsReportsEveryProblem(t *testing.T) {
	_, err := bwstate.ParseSettings(settingsFrom("USE_REDIS=yes", "REDIS_PORT=0", "REDIS_SSL=perhaps",
		"REDIS_SENTINEL_HOSTS=s1:0 s2 s3:99999", "REDIS_SENTINEL_ADDRESS_MAP=a c=d e:1=f", "REDIS_PASSWORD=hunter2", "REDIS_PASSWORD_FILE=/x", "REDIS_TIMEOUT="+strings.Repeat("9", 400)))
	require.EqualError(t, err, `bwstate: 8 settings cannot be used:
	REDIS_PORT="0": out of range: must be from 1 to 65535
	REDIS_PASSWORD: set here and in REDIS_PASSWORD_FILE; only one of them may be
	REDIS_SSL="perhaps": must be yes or no
	REDIS_TIMEOUT="`+strings.Repeat("9", 120)+`"…: too long: the longest allowed is 24h0m0s
	REDIS_SENTINEL_HOSTS="s1:0": entry 1: port: out of range: must be from 1 to 65535
	REDIS_SENTINEL_HOSTS="s3:99999": entry 3: port: out of range: must be from 1 to 65535
	REDIS_SENTINEL_ADDRESS_MAP="a": entry 1: must be announced=reachable, with white space or a comma between entries only
	REDIS_SENTINEL_ADDRESS_MAP="e:1=f": entry 3: must have a port on both sides, or on neither, where the port stays as announced`)

	var all *bwstate.SettingsError
	require.ErrorAs(t, err, &all)
	for _, problem := range all.Problems {
		require.ErrorIs(t, err, problem)
	}
	require.NotErrorIs(t, err, errors.New("other"))
}

// What was refused once is not complained about again: here, a missing host.
func TestSettingsNoSecondComplaint(t *testing.T) {
	for _, pairs := range [][]string{
		{"USE_REDIS=yes", "REDIS_HOST=a b"},
		{"USE_REDIS=yes", "REDIS_SENTINEL_HOSTS=:1"},
		{"USE_REDIS=yes", "REDIS_HOST=h:1", "REDIS_PORT=x"},
		{"USE_REDIS=yes", "REDIS_HOST=unix:/s", "REDIS_SSL=yes", "REDIS_SSL_SERVER_NAME=[x"},
	} {
		_, err := bwstate.ParseSettings(settingsFrom(pairs...))
		var all *bwstate.SettingsError
		require.ErrorAs(t, err, &all)
		require.Len(t, all.Problems, 1, err.Error())
	}
}
