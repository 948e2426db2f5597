package bwstate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
)

// fromURL is what the settings by name, and nothing else, would be.
func fromURL(url string) (bwstate.Settings, error) { return bwstate.ReadSettings(bwstate.FromURL(url)) }

func TestURL(t *testing.T) {
	for url, pairs := range map[string][]string{
		"redis://redis":                        {"REDIS_HOST=redis"},
		"REDIS://redis:6380/":                  {"REDIS_HOST=redis", "REDIS_PORT=6380"},
		"redis://redis:":                       {"REDIS_HOST=redis"},
		"valkey://192.0.2.1/3":                 {"REDIS_HOST=192.0.2.1", "REDIS_DATABASE=3"},
		"redis://[2001:DB8::1]:6380":           {"REDIS_HOST=2001:db8::1", "REDIS_PORT=6380"},
		"redis://[fe80::1%25eth0]":             {"REDIS_HOST=fe80::1%eth0"},
		"redis://app:secret@redis":             {"REDIS_HOST=redis", "REDIS_USERNAME=app", "REDIS_PASSWORD=secret"},
		"redis://:secret@redis":                {"REDIS_HOST=redis", "REDIS_PASSWORD=secret"},
		"redis://:a:b@redis":                   {"REDIS_HOST=redis", "REDIS_PASSWORD=a:b"},
		"redis://a%40b:p%40%2F%3A%25%20%00+@h": {"REDIS_HOST=h", "REDIS_USERNAME=a@b", "REDIS_PASSWORD=p@/:% \x00+"},
		"rediss://redis":                       {"REDIS_HOST=redis", "REDIS_SSL=yes"},
		"valkeys://redis?ssl_verify=no":        {"REDIS_HOST=redis", "REDIS_SSL=yes", "REDIS_SSL_VERIFY=no"},
		"redis://redis?db=3":                   {"REDIS_HOST=redis", "REDIS_DATABASE=3"},
		"redis://redis?timeout=3&keepalive_idle=60&keepalive_pool=5":  {"REDIS_HOST=redis", "REDIS_TIMEOUT=3", "REDIS_KEEPALIVE_IDLE=60", "REDIS_KEEPALIVE_POOL=5"},
		"redis://redis?timeout=1500&time_unit=milliseconds":           {"REDIS_HOST=redis", "REDIS_TIMEOUT=1500", "BWREDIS_TIME_UNIT=ms"},
		"rediss://redis?ssl_ca=/etc/a%20b.pem&ssl_server_name=r.test": {"REDIS_HOST=redis", "REDIS_SSL=yes", "REDIS_SSL_CA=/etc/a b.pem", "REDIS_SSL_SERVER_NAME=r.test"},

		"unix:/run/redis.sock":                  {"REDIS_HOST=unix:/run/redis.sock"},
		"unix:///run/a%20b.sock?database=2":     {"REDIS_HOST=unix:/run/a b.sock", "REDIS_DATABASE=2"},
		"unix://app:secret@/run/redis.sock":     {"REDIS_HOST=unix:/run/redis.sock", "REDIS_USERNAME=app", "REDIS_PASSWORD=secret"},
		"unix:/run/s?ssl=yes&ssl_server_name=a": {"REDIS_HOST=unix:/run/s", "REDIS_SSL=yes", "REDIS_SSL_SERVER_NAME=a"},

		"redis+sentinel://s1":                     {"REDIS_SENTINEL_HOSTS=s1"},
		"redis+sentinel://s1:1,s2,[::1]:3/main/2": {"REDIS_SENTINEL_HOSTS=s1:1 s2 [::1]:3", "REDIS_SENTINEL_MASTER=main", "REDIS_DATABASE=2"},
		"valkey+sentinel://s1/main":               {"REDIS_SENTINEL_HOSTS=s1", "REDIS_SENTINEL_MASTER=main"},
		"redis+sentinel://s1/2?sentinel_master=3": {"REDIS_SENTINEL_HOSTS=s1", "REDIS_SENTINEL_MASTER=3", "REDIS_DATABASE=2"},
		"rediss+sentinel://app:secret@s1?sentinel_username=w&sentinel_password=p%40w": {
			"REDIS_SENTINEL_HOSTS=s1", "REDIS_SSL=yes", "REDIS_USERNAME=app", "REDIS_PASSWORD=secret",
			"REDIS_SENTINEL_USERNAME=w", "REDIS_SENTINEL_PASSWORD=p@w",
		},
		"redis+sentinel://s1?sentinel_address_map=a:1=b:2,c=d&sentinel_ssl=yes&ssl_ca=/ca": {
			"REDIS_SENTINEL_HOSTS=s1", "REDIS_SENTINEL_ADDRESS_MAP=a:1=b:2,c=d", "REDIS_SENTINEL_SSL=yes", "REDIS_SSL_CA=/ca",
		},
	} {
		t.Run(url, func(t *testing.T) {
			s, err := fromURL(url)
			require.NoError(t, err)
			want, err := bwstate.ParseSettings(settingsFrom(append(pairs, "USE_REDIS=yes")...))
			require.NoError(t, err)
			require.Equal(t, bwstate.Plain(want), bwstate.Plain(s))
		})
	}
}

// Wherever a password can slip in a URL, hunter2 is one here, and nothing shows it.
func TestURLRefused(t *testing.T) {
	for _, tt := range []struct{ url, value, problem string }{
		{"hunter2", "", "must begin with unix: or with one of redis, rediss"},
		{"http://redis", "", "must begin with"},
		{"redis:redis", "", "must begin with"},
		{"redis+tls://redis", "", "must begin with"},
		{"://redis", "", "must begin with"},
		{"redis://re dis", "", "white space"},
		{"redis://redis\n", "", "white space"},
		{"redis://:hunter2#@redis", "", "must not hold a #"},
		{"redis://", "", "no host"},
		{"redis:///3", "", "no host"},
		{"redis://u:hunter2@", "", "no host"},
		{"redis://@redis", "", "nothing before its @"},
		{"redis://u:@redis", "", "empty password"},
		{"redis://:@redis", "", "empty password"},
		{"redis://hunter2@redis", "", "has a user, and there is no password"},
		{"redis://hunter2%20@redis", "", "user: must not hold white space"},
		{"redis://u:hunter2@x@redis", "", "an @ too many"},
		{"redis://u:hunter2/x@redis", "", "an @ too many"},
		{"redis://u:hunter2?x=hunter2@redis", "", "an @ too many"},
		{"redis://u:hunter2", "", "port: must be"},
		{"redis://u:hunter2?timeout=1", "", "port: must be"},
		{"redis://u:hunter2%zz@redis", "", "password: two hexadecimal digits"},
		{"redis://u%z:hunter2@redis", "", "user: two hexadecimal digits"},
		{"redis://u:hunter2@a,b", "a,b", "several hosts"},
		{"redis://a,b", "", "several hosts"},
		{"redis://u:hunter2@a_!", "a_!", "not a host name"},
		{"redis://2001:db8::1", "", "in brackets"},
		{"redis://[::1", "", "[IPv6 address]:port"},
		{"redis://redis:0", "", "port: out of range"},
		{"redis://redis/3/", "", "path: must be /database"},
		{"redis://redis//3", "", "path: must be /database"},
		{"redis+sentinel://s1/main/3/4", "", "path: must be /database"},
		{"redis+sentinel://s1//3", "", "path: must be /master"},
		{"redis+sentinel://s1,,s2", "", "host 2: is missing"},
		{"redis+sentinel://u:hunter2@s1,s2:x", "s1,s2:x", "host 2: port: must be"},
		{"redis+sentinel://s1,::1", "", "host 2: write an IPv6 address in brackets"},
		{"unix://redis/run", "", "without a host"},
		{"unix:/a%2", "", "path: two hexadecimal digits"},

		{"redis://redis?", "", "empty parameter"},
		{"redis://redis?timeout=1&", "", "empty parameter"},
		{"redis://redis?timeout", "timeout", "no value"},
		{"redis://redis?timeout=", "timeout", "no value"},
		{"redis://redis?timeout=1&timeout=1", "timeout", "has said REDIS_TIMEOUT already"},
		{"redis://redis/1?db=1", "db", "has said REDIS_DATABASE already"},
		{"redis://redis?db=1&database=1", "database", "has said REDIS_DATABASE already"},
		{"redis+sentinel://s1/m?sentinel_master=m", "sentinel_master", "has said REDIS_SENTINEL_MASTER already"},
		{"rediss://redis?ssl_ca=a+b", "ssl_ca", "%20 or %2B"},
		{"rediss://redis?ssl_ca=%x", "ssl_ca", "two hexadecimal digits"},
		{"rediss://redis?skip_verify=yes", "skip_verify", "unknown parameter; what it may mean is ssl_verify=no"},
		{"redis://redis?ssl=yes", "ssl", "what it may mean is rediss://"},
		{"redis://redis?password=hunter2", "password", "the password before the @"},
		{"redis://redis?dial_timeout=3s", "dial_timeout", "what it may mean is timeout"},
		{"redis://redis?Timeout=3s", "Timeout", "unknown parameter"},
		{"redis://redis?use_redis=no", "use_redis", "unknown parameter"},
		{"redis://redis?url=redis://hunter2", "url", "unknown parameter"},
		{"redis://redis?bwredis_url=x", "bwredis_url", "unknown parameter"},
		{"redis://redis?hunter2%21=x", "", "unknown parameter"},
		{"redis://redis?ssl_ca=/ca", "ssl_ca", "for the schemes with TLS"},
		{"redis://redis?ssl_verify=no", "ssl_verify", "for the schemes with TLS"},
		{"redis://redis?sentinel_master=m", "sentinel_master", "for the schemes with +sentinel"},
		{"unix:/s?sentinel_password=hunter2", "sentinel_password", "for the schemes with +sentinel"},
	} {
		t.Run(tt.url, func(t *testing.T) {
			_, err := fromURL(tt.url)
			var all *bwstate.SettingsError
			require.ErrorAs(t, err, &all)
			require.Len(t, all.Problems, 1, err)
			one := all.Problems[0]
			require.Equal(t, "BWREDIS_URL", one.Name)
			require.Equal(t, tt.value, one.Value)
			require.Contains(t, one.Problem, tt.problem)
			require.NotContains(t, err.Error(), "hunter2")
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

// What a URL sets is refused by the name of the setting, and all of it at once.
func TestURLReportsEveryProblem(t *testing.T) {
	_, err := fromURL("rediss+sentinel://:hunter2@s1/my%20master/x?timeout=0&ssl_verify=maybe&keepalive_pool=-1&ssl_key=/k&pool_size=3&sentinel_password=hunter2")
	require.EqualError(t, err, `bwstate: 7 settings cannot be used:
	BWREDIS_URL="pool_size": unknown parameter; what it may mean is keepalive_pool
	REDIS_DATABASE="x" (BWREDIS_URL): must be a whole number from 0 to 2147483647, in digits only
	REDIS_SSL_VERIFY="maybe" (BWREDIS_URL): must be yes or no
	REDIS_TIMEOUT="0" (BWREDIS_URL): too short: must be more than zero
	REDIS_SENTINEL_MASTER="my master" (BWREDIS_URL): must not hold white space or control characters
	REDIS_KEEPALIVE_POOL="-1" (BWREDIS_URL): must be a whole number from 1 to 10000, in digits only
	REDIS_SSL_CERT: not set, but REDIS_SSL_KEY is; a client certificate needs both`)
}

func TestURLFromAFile(t *testing.T) {
	path := writeSettingsFile(t, "redis://:"+canary+"@redis/2\n")
	password := writeSettingsFile(t, canary+"\n")
	s, err := bwstate.ParseSettings(settingsFrom("BWREDIS_URL_FILE=" + path))
	require.NoError(t, err)
	require.Equal(t, "redis:6379", s.Addr())
	require.Equal(t, canary, string(s.Password))
	requireHidden(t, s.Effective(), canary)

	s, err = fromURL("redis://app@redis?password_file=" + password)
	require.NoError(t, err)
	require.Equal(t, canary, string(s.Password))
	require.Equal(t, "app", s.Username)

	_, err = fromURL("redis://:x@redis?password_file=" + password)
	require.EqualError(t, err, "bwstate: REDIS_PASSWORD (BWREDIS_URL): set here and in REDIS_PASSWORD_FILE; only one of them may be")
	_, err = bwstate.ParseSettings(settingsFrom("BWREDIS_URL_FILE=" + writeSettingsFile(t, "redis://"+canary) + "x"))
	require.ErrorContains(t, err, "BWREDIS_URL_FILE")
	_, err = bwstate.ParseSettings(settingsFrom("BWREDIS_URL=redis://h", "BWREDIS_URL_FILE="+path))
	require.EqualError(t, err, "bwstate: BWREDIS_URL: set here and in BWREDIS_URL_FILE; only one of them may be")
}

func TestURLWarns(t *testing.T) {
	s, err := fromURL("redis://redis?timeout=1000")
	require.NoError(t, err)
	require.Len(t, s.Warnings, 1)
	require.True(t, strings.HasPrefix(s.Warnings[0], "REDIS_TIMEOUT=1000 is read as 16m40s"))
	require.Equal(t, 1000*time.Second, s.Timeout)
}
