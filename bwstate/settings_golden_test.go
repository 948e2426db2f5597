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

// testdata/settings_bunkerweb.json was recorded from running BunkerWeb 1.6.13 nodes: "parsing" is what their
// connector was told for given settings, "connect" whether a connection came about.
type bunkerwebGolden struct {
	Parsing []struct {
		Name     string
		Settings map[string]string
		Node     nodeSettings
	}
	Connect []struct {
		Name     string
		Settings map[string]string
		Connects bool
		Error    string
	}
}

type nodeSettings struct {
	Host      string
	Port, DB  *int // nil: the node leaves it to its connector, which takes 6379 and 0
	Sentinels []struct {
		Host string
		Port int
	}
	MasterName string `json:"master_name"`
	Username   string
	Password   string
	Timeout    *int `json:"connect_timeout"` // ms
	Idle       *int `json:"keepalive_timeout"`
	Pool       *int `json:"keepalive_poolsize"`
	SSL        bool
	SSLVerify  bool `json:"ssl_verify"`
}

func readBunkerwebGolden(t *testing.T) (g bunkerwebGolden) {
	t.Helper()
	data, err := os.ReadFile("testdata/settings_bunkerweb.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &g))
	return g
}

// bunkerwebSource reads settings as a node does: Redis is used, and bare durations are milliseconds.
func bunkerwebSource(values map[string]string) func(string) string {
	return bwstate.FirstSet(func(name string) string { return values[name] },
		settingsFrom("USE_REDIS=yes", "BWREDIS_TIME_UNIT=milliseconds"))
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
	for _, c := range readBunkerwebGolden(t).Parsing {
		t.Run(c.Name, func(t *testing.T) {
			s, err := bwstate.ParseSettings(bunkerwebSource(c.Settings))
			if name := refused[c.Name]; name != "" {
				var one *bwstate.SettingError
				require.ErrorAs(t, err, &one)
				require.Equal(t, name, one.Name)
				return
			}
			require.NoError(t, err)
			want := sentinels[c.Name]
			if want == nil {
				for _, sentinel := range c.Node.Sentinels {
					want = append(want, net.JoinHostPort(sentinel.Host, strconv.Itoa(sentinel.Port)))
				}
			}
			require.Equal(t, want, s.SentinelHosts)
			requireSameAsNode(t, c.Settings, c.Node, s)
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
	require.Equal(t, node.SSL, s.SSL)
	if set["REDIS_SSL_VERIFY"] != "" {
		require.Equal(t, node.SSLVerify, s.SSLVerify)
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

// Whether settings that a node can or cannot connect with are accepted here.
func TestSettingsBunkerWebConnects(t *testing.T) {
	differs := map[string]string{
		"localhost-name":    "a node asks DNS only, Go reads /etc/hosts",
		"ipv6-bare":         "brackets are optional here",
		"idle-zero":         "to a node 0 is for ever; here it is refused",
		"all-numbers-empty": "port 6379, where nothing listened",
	}
	for _, c := range readBunkerwebGolden(t).Connect {
		t.Run(c.Name, func(t *testing.T) {
			_, err := bwstate.ParseSettings(bwstate.FirstSet(
				func(name string) string { return c.Settings[name] },
				func(name string) string {
					if _, empty := c.Settings[name]; empty || name != "REDIS_HOST" {
						return ""
					}
					return "127.0.0.1"
				},
				settingsFrom("USE_REDIS=yes")))
			if differs[c.Name] != "" {
				require.NotEqual(t, c.Connects, err == nil, "no longer differs: %v", err)
				return
			}
			require.Equal(t, c.Connects, err == nil, "%v against %q", err, c.Error)
		})
	}
}
