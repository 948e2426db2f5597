package bwstate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
)

// parityOf returns one line for each difference: the setting, the component, and what that does.
func parityOf(s bwstate.Settings) (lines []string) {
	for _, d := range s.Parity() {
		lines = append(lines, d.Setting+", "+d.Component+": "+d.There)
	}
	return lines
}

// What is the same in every case below, where durations and the pool are at their defaults.
var parityOfDefaults = []string{
	"REDIS_TIMEOUT, lua: waits 1s, its default",
	"REDIS_TIMEOUT, python: waits 1s, its default",
	"REDIS_KEEPALIVE_IDLE, lua: keeps unused connections for 30s, its default",
	"REDIS_KEEPALIVE_IDLE, python: does not read it",
	"REDIS_KEEPALIVE_POOL, lua: keeps 10 unused connections in each worker process, and opens any number",
	"REDIS_KEEPALIVE_POOL, python: opens 10 connections at most",
}

// Of every recorded case that is not refused here, what BunkerWeb does differently is said.
func TestParityOfTheGoldenVectors(t *testing.T) {
	const (
		dns     = "REDIS_HOST, lua: asks the DNS servers of nginx for the name, and does not look into /etc/hosts"
		replica = "REDIS_SENTINEL_HOSTS, lua state: reads bans and cached lookups from a replica where one answers"
		unread  = "REDIS_KEEPALIVE_IDLE, python: does not read it"
		pool5   = "REDIS_KEEPALIVE_POOL, lua: keeps 5 unused connections in each worker process, and opens any number"
		most5   = "REDIS_KEEPALIVE_POOL, python: opens 5 connections at most"
		reset   = ", as port, database, timeout and pool are at their defaults when one of them is no number to it, which REDIS_PORT is not"
	)
	whole := map[string][]string{
		"all": {
			dns, "REDIS_SSL, lua: sends no server name, so a server with several certificates has to guess",
			"REDIS_SSL_VERIFY, lua: verifies the authority, of a list of its own, and never the name", unread, pool5, most5,
		},
		"french-readme-tuning": {dns, unread, pool5, most5}, // 3 ms, as the unit is set
		"empty-numbers": {
			dns,
			"REDIS_TIMEOUT, lua state: waits 100ms for a connection and 1s for an answer, as the text is no number to it",
			"REDIS_TIMEOUT, lua sessions: waits 1m0s, as the text is no number to it",
			"REDIS_TIMEOUT, python: waits 1s" + reset,
			"REDIS_KEEPALIVE_IDLE, lua: keeps unused connections for 1m0s, as the text is no number to it", unread,
			"REDIS_KEEPALIVE_POOL, lua: keeps 30 unused connections in each worker process, and opens any number",
			"REDIS_KEEPALIVE_POOL, python: opens 10 connections at most" + reset,
		},
	}
	further := map[string][]string{ // than those of the defaults
		"defaults":                          {dns},
		"username-without-password":         {dns, "REDIS_USERNAME, lua: does not authenticate, because there is no password"},
		"username-default":                  {dns},
		"sentinel-trailing-colon":           {`REDIS_SENTINEL_HOSTS, python: asks host "s1" at port ""`, replica},
		"sentinel-double-space-tab-newline": {replica},
		"sentinel-ipv6-brackets": {
			`REDIS_SENTINEL_HOSTS, lua: asks host "[2001" at port "26379"`,
			`REDIS_SENTINEL_HOSTS, python: asks host "[2001" at port "db8::1]:26379"`, replica,
		},
		"sentinel-ipv6-bare": {
			`REDIS_SENTINEL_HOSTS, lua: asks host "2001" at port "26379"`,
			`REDIS_SENTINEL_HOSTS, python: asks host "2001" at port "db8::1"`, replica,
		},
		"sentinel-empty-master": {
			replica,
			"REDIS_SENTINEL_MASTER, lua state: asks for a master whose name is empty, which there is not",
			"REDIS_SENTINEL_MASTER, python: asks for a master whose name is empty, which there is not",
			"REDIS_SENTINEL_MASTER, python api: asks no sentinel, because the name is empty",
		},
		"sentinel-and-host": {replica},
	}
	var golden parsingGolden
	readGolden(t, "settings_parsing.json", &golden)
	seen := 0
	for _, c := range golden.Cases {
		s, err := readAsBunkerweb(c.Settings)
		if err != nil {
			continue // TestSettingsLikeBunkerWeb knows which
		}
		seen++
		want, ok := whole[c.Name]
		if !ok {
			require.Contains(t, further, c.Name)
			want = append(further[c.Name], parityOfDefaults...)
		}
		require.ElementsMatch(t, want, parityOf(s), c.Name)
	}
	require.Equal(t, len(whole)+len(further), seen)
}

func TestParity(t *testing.T) {
	secret := writeSettingsFile(t, canary)
	for name, c := range map[string]struct {
		pairs []string
		want  []string // among others
		not   string   // in none
	}{
		"seconds": {
			[]string{"REDIS_HOST=192.0.2.1", "REDIS_TIMEOUT=5", "REDIS_KEEPALIVE_IDLE=300"},
			[]string{
				"REDIS_TIMEOUT, lua: waits 5ms, as numbers are milliseconds", "REDIS_TIMEOUT, python: waits 5ms, as numbers are milliseconds",
				"REDIS_KEEPALIVE_IDLE, lua: keeps unused connections for 300ms, as numbers are milliseconds",
			},
			"REDIS_HOST",
		},
		"milliseconds": {[]string{"REDIS_HOST=192.0.2.1", "REDIS_TIMEOUT=1000", "BWREDIS_TIME_UNIT=ms"}, nil, "REDIS_TIMEOUT"},
		"a unit": {
			[]string{"REDIS_HOST=192.0.2.1", "REDIS_PORT=6390", "REDIS_DATABASE=3", "REDIS_TIMEOUT=1500ms"},
			[]string{
				"REDIS_TIMEOUT, lua sessions: waits 1m0s, as the text is no number to it",
				"REDIS_PORT, python: takes 6379, as port", "REDIS_DATABASE, python: takes 0, as port", "REDIS_TIMEOUT, python: waits 1s, as port",
			},
			"DATABASE, lua",
		},
		"yes in other letters": {
			[]string{"USE_REDIS=Yes", "REDIS_HOST=192.0.2.1", "REDIS_SSL= yes"},
			[]string{
				`USE_REDIS, lua: takes "Yes" for no: it has to be yes, in these letters`, `USE_REDIS, python: takes "Yes"`,
				`REDIS_SSL, python api: takes " yes"`,
			},
			"USE_REDIS, python api",
		},
		"TLS that is not verified": {
			[]string{"REDIS_HOST=192.0.2.1", "REDIS_SSL=yes", "REDIS_SSL_VERIFY=no"},
			[]string{"REDIS_SSL_VERIFY, python: does not read it, and verifies authority and name"},
			"REDIS_SSL, lua", // no name is sent to an address here either
		},
		"TLS with BunkerWeb's default": {
			[]string{"REDIS_HOST=redis", "REDIS_SSL=yes"},
			[]string{"REDIS_SSL, lua: sends no server name", `REDIS_SSL_VERIFY, lua: takes any certificate: what it reads is "no"`},
			"REDIS_SSL_VERIFY, python",
		},
		"what BunkerWeb does not know": {
			[]string{"REDIS_HOST=redis", "REDIS_SSL=yes", "REDIS_SSL_CA=/ca", "REDIS_SSL_SERVER_NAME=r.test", "REDIS_PASSWORD_FILE=" + secret},
			[]string{
				"REDIS_PASSWORD_FILE, all: does not know it, so that nothing is set", "REDIS_SSL_CA, all: does not know it: it trusts",
				"REDIS_SSL_SERVER_NAME, all: does not know it",
			},
			"REDIS_SSL_CERT",
		},
		"a password that breaks a URL": {
			[]string{"REDIS_HOST=redis", "REDIS_PASSWORD=a/b"},
			[]string{"REDIS_PASSWORD, python api: puts user and password into a URL without encoding them"},
			"a/b",
		},
		"a password that does not": {[]string{"REDIS_HOST=redis", "REDIS_PASSWORD=ab"}, nil, "REDIS_PASSWORD"},
		"a socket": {
			[]string{"REDIS_HOST=unix:/run/s"},
			[]string{"REDIS_HOST, lua: raises an exception", "REDIS_HOST, python: looks for a host of that name"},
			"REDIS_PORT",
		},
		"a port in the host": {[]string{"REDIS_HOST=redis:6390"}, []string{"REDIS_HOST, all: expects a host alone"}, "REDIS_PORT is not"},
		"sentinels": {
			[]string{
				"REDIS_SENTINEL_HOSTS=s1,s2:1", "REDIS_SENTINEL_PASSWORD=" + canary, "REDIS_SENTINEL_USERNAME=w", "REDIS_DATABASE=3", "REDIS_SSL=yes",
				"REDIS_SENTINEL_SSL_CA=/ca", "REDIS_SENTINEL_ADDRESS_MAP=a=b",
			},
			[]string{
				`REDIS_SENTINEL_HOSTS, lua: asks host "s1,s2" at port "1"`, "REDIS_DATABASE, python api: takes 0 where there are sentinels",
				"REDIS_SENTINEL_PASSWORD, python: never authenticates to sentinels", "REDIS_SENTINEL_USERNAME, python: never",
				"REDIS_SSL, python: speaks to the sentinels without TLS", "REDIS_SENTINEL_SSL_CA, all: does not know it",
				"REDIS_SENTINEL_ADDRESS_MAP, all: does not know it",
			},
			"REDIS_HOST",
		},
		"what is for sentinels that are not there": {
			[]string{"REDIS_HOST=redis", "REDIS_SENTINEL_SSL_CA=/ca", "REDIS_SSL_CA=/ca"}, nil, "_CA",
		},
		"a URL": {
			[]string{"BWREDIS_URL=redis://:" + canary + "@[::1]:6390"},
			[]string{"BWREDIS_URL, all: does not know it", "REDIS_HOST, lua: does not connect: it needs brackets"},
			"REDIS_PORT",
		},
		"the port for an IPv6 address": {
			[]string{"REDIS_HOST=2001:db8::1", "REDIS_PORT=6390", "REDIS_TIMEOUT=5s"},
			[]string{"REDIS_PORT, python: takes 6379, as port, database", "REDIS_HOST, lua: does not connect: it needs brackets"},
			"REDIS_HOST, all",
		},
		"the port for an IPv6 address in brackets": {
			[]string{"REDIS_HOST=[2001:db8::1]", "REDIS_PORT=6390", "REDIS_KEEPALIVE_POOL=010", "REDIS_TIMEOUT=1.5s"},
			[]string{"REDIS_PORT, python: takes 6379, as port, database", "REDIS_HOST, python: looks for a host whose name has brackets"},
			"REDIS_HOST, all",
		},
		"an IPv6 address that ends like a port": {
			[]string{"REDIS_HOST=2001:DB8::6379"}, []string{"REDIS_HOST, lua: does not connect: it needs brackets"}, "REDIS_HOST, all",
		},
		"an IPv6 address with its port": {[]string{"REDIS_HOST=[::1]:6390", "REDIS_TIMEOUT=5s"}, []string{"REDIS_HOST, all: expects a host alone"}, "REDIS_PORT, "},
		"a host with a colon":           {[]string{"REDIS_HOST=redis:"}, []string{"REDIS_HOST, all: expects a host alone"}, "REDIS_PORT, "},
		"nothing is used":               {[]string{"USE_REDIS=no", "REDIS_HOST=redis", "REDIS_TIMEOUT=5"}, nil, "REDIS"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := bwstate.ParseSettings(bwstate.FromMap("", merged(append([]string{"USE_REDIS=yes"}, c.pairs...))).Get)
			require.NoError(t, err)
			found := parityOf(s)
			for _, line := range c.want {
				require.True(t, strings.Contains(strings.Join(found, "\n"), line), "no %q in %q", line, found)
			}
			require.NotContains(t, strings.Join(found, "\n"), c.not)
			requireHidden(t, s.Parity(), canary)
		})
	}
}

// merged has the last value of each name.
func merged(pairs []string) map[string]string {
	values := make(map[string]string)
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		values[name] = value
	}
	return values
}

// Settings made by hand have no texts; they are compared as one would write them for BunkerWeb.
func TestParityOfSettingsMadeByHand(t *testing.T) {
	s := bwstate.Settings{
		UseRedis: true, Host: "192.0.2.1", Port: 6379, Timeout: 5 * time.Second, KeepaliveIdle: time.Minute, KeepalivePool: 3, SentinelMaster: "mymaster",
	}
	require.ElementsMatch(t, []string{
		"REDIS_KEEPALIVE_IDLE, python: does not read it",
		"REDIS_KEEPALIVE_POOL, lua: keeps 3 unused connections in each worker process, and opens any number",
		"REDIS_KEEPALIVE_POOL, python: opens 3 connections at most",
	}, parityOf(s))
	require.Empty(t, bwstate.Settings{}.Parity())
}
