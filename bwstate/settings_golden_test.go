package bwstate_test

import (
	"encoding/json"
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
)

// testdata/settings_parsing.json, connect.json and python_connect.json were recorded from running BunkerWeb 1.6.13: what
// its components told their libraries for given settings, what came of connecting, and what was sent.
type parsingGolden struct {
	Cases []struct {
		Name     string
		Settings map[string]string
		Lua      struct{ Clusterstore nodeSettings }
	}
}

type nodeSettings struct {
	Host       string
	Port, DB   *int // nil: the node leaves it to its connector, which takes 6379 and 0
	Sentinels  nodeSentinels
	MasterName string `json:"master_name"`
	Username   string
	Password   string
	Timeout    *int `json:"connect_timeout"` // ms
	Idle       *int `json:"keepalive_timeout"`
	Pool       *int `json:"keepalive_poolsize"`
	Connection struct {
		SSL       bool
		SSLVerify bool `json:"ssl_verify"`
	} `json:"connection_options"`
}

// nodeSentinels are {} when there are none.
type nodeSentinels []struct {
	Host string
	Port int
}

func (all *nodeSentinels) UnmarshalJSON(data []byte) error {
	if string(data) == "{}" {
		return nil
	}
	type list nodeSentinels
	return json.Unmarshal(data, (*list)(all))
}

func readGolden(t *testing.T, name string, golden any) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, golden))
}

// readAsBunkerweb reads settings as a node does: Redis is used, and bare durations are milliseconds.
func readAsBunkerweb(values map[string]string) (bwstate.Settings, error) {
	node := map[string]string{"USE_REDIS": "yes", "BWREDIS_TIME_UNIT": "milliseconds"}
	return bwstate.ReadSettings(bwstate.FromMap("", values), bwstate.FromMap("", node))
}

func TestSettingsLikeBunkerWeb(t *testing.T) {
	// What a node takes and we refuse, by the setting we name.
	refused := map[string]string{
		"zero-numbers":    "REDIS_TIMEOUT",        // a node: 60 s, kept for ever, and an exception for the pool
		"sentinel-scheme": "REDIS_SENTINEL_HOSTS", // a node asks the host "redis"
		"non-numeric":     "REDIS_PORT",           // a node takes its defaults
	}
	// Sentinels a node misreads.
	sentinels := map[string][]string{
		"sentinel-ipv6-brackets": {"[2001:db8::1]:26379"},
		"sentinel-ipv6-bare":     {"[2001:db8::1]:26379"},
	}
	var golden parsingGolden
	readGolden(t, "settings_parsing.json", &golden)
	require.Len(t, golden.Cases, 15)
	for _, c := range golden.Cases {
		t.Run(c.Name, func(t *testing.T) {
			node := c.Lua.Clusterstore
			s, err := readAsBunkerweb(c.Settings)
			if name := refused[c.Name]; name != "" {
				var one *bwstate.SettingError
				require.ErrorAs(t, err, &one)
				require.Equal(t, name, one.Name)
				return
			}
			require.NoError(t, err)
			want := sentinels[c.Name]
			if want == nil {
				for _, sentinel := range node.Sentinels {
					want = append(want, net.JoinHostPort(sentinel.Host, strconv.Itoa(sentinel.Port)))
				}
			}
			require.Equal(t, want, s.SentinelHosts)
			requireSameAsNode(t, c.Settings, node, s)
		})
	}
}

// requireSameAsNode compares all but the sentinels. Where nothing is set the defaults differ by intention: a
// node has 1000 ms, 30000 ms, 10, no verification and no master name, against the documented ones here.
func requireSameAsNode(t *testing.T, set map[string]string, node nodeSettings, s bwstate.Settings) {
	t.Helper()
	require.Equal(t, node.Host, s.Host)
	require.Equal(t, valueOr(node.Port, 6379), s.Port)
	require.Equal(t, valueOr(node.DB, 0), s.Database)
	require.Equal(t, node.Username, s.Username)
	require.Equal(t, node.Password, string(s.Password))
	require.Equal(t, node.Connection.SSL, s.SSL)
	if set["REDIS_SSL_VERIFY"] != "" {
		require.Equal(t, node.Connection.SSLVerify, s.SSLVerify)
	}
	if set["REDIS_SENTINEL_MASTER"] != "" {
		require.Equal(t, node.MasterName, s.SentinelMaster)
	}
	if set["REDIS_TIMEOUT"] != "" {
		require.Equal(t, time.Duration(*node.Timeout)*time.Millisecond, s.Timeout)
	}
	if set["REDIS_KEEPALIVE_IDLE"] != "" {
		require.Equal(t, time.Duration(*node.Idle)*time.Millisecond, s.KeepaliveIdle)
	}
	if set["REDIS_KEEPALIVE_POOL"] != "" {
		require.Equal(t, *node.Pool, s.KeepalivePool)
	}
}

func valueOr(v *int, fallback int) int {
	if v == nil {
		return fallback
	}
	return *v
}
