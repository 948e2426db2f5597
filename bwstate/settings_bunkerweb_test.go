package bwstate

import (
	"encoding/json"
	"maps"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// testdata/settings_parsing.json was recorded from components of BunkerWeb 1.6.13: what each told its library for given
// settings. A setting may be given as "", which is not the same as not given.
type parsingGolden struct {
	Meta  struct{ Defaults map[string]string }
	Cases []parsingCase
}

type parsingCase struct {
	Name     string
	Settings map[string]string
	Lua      struct {
		Clusterstore  map[string]any
		SessionsRedis map[string]any `json:"sessions_redis"`
	}
	Python struct {
		StrictRedis        map[string]any
		Sentinel           *struct{ Hosts [][]string }
		SentinelConnection []map[string]any `json:"sentinel_connection_kwargs"`
		Discover           string           `json:"discover_master"`
		Master             map[string]any   `json:"master_effective_kwargs"`
	}
}

func readParsingGolden(t *testing.T) (g parsingGolden) {
	data, err := os.ReadFile("testdata/settings_parsing.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &g))
	require.Len(t, g.Cases, 15)
	return g
}

// texts are the settings of a case over BunkerWeb's defaults.
func (c *parsingCase) texts(name string) string {
	if text, ok := c.Settings[name]; ok {
		return text
	}
	return bunkerwebDefaults[name]
}

func TestBunkerwebDefaults(t *testing.T) {
	for name, text := range readParsingGolden(t).Meta.Defaults {
		require.Equal(t, text, bunkerwebDefaults[name], name)
	}
}

func TestReadAsNode(t *testing.T) {
	for _, c := range readParsingGolden(t).Cases {
		t.Run(c.Name, func(t *testing.T) {
			o := readAsNode(c.texts)
			store := map[string]any{
				"host": o.Host, "username": o.Username, "password": o.Password, "master_name": o.Master, "role": "master",
				"sentinels": nodeHosts(o.Sentinels), "sentinel_username": "", "sentinel_password": "",
				"connection_options": withNumber(map[string]any{"ssl": o.SSL, "ssl_verify": o.SSLVerify}, "pool_size", o.Pool),
			}
			withNumber(withNumber(store, "port", o.Port), "db", o.Database)
			for _, name := range []string{"connect_timeout", "read_timeout", "send_timeout"} {
				withNumber(store, name, o.Timeout)
			}
			withNumber(withNumber(store, "keepalive_timeout", o.Idle), "keepalive_poolsize", o.Pool)
			requireSameJSON(t, c.Lua.Clusterstore, store)
			requireSameJSON(t, c.Lua.SessionsRedis, sessionsRedis(o))
		})
	}
}

// sessionsRedis is what the storage of sessions is told: the same values under other names, without the empty ones.
func sessionsRedis(o nodeOptions) map[string]any {
	all := map[string]any{"prefix": "sessions_", "ssl": o.SSL, "ssl_verify": o.SSLVerify}
	withNumber(withNumber(withNumber(all, "database", o.Database), "keepalive_timeout", o.Idle), "pool_size", o.Pool)
	for _, name := range []string{"connect_timeout", "read_timeout", "send_timeout"} {
		withNumber(all, name, o.Timeout)
	}
	texts := map[string]string{"username": o.Username, "password": o.Password}
	if len(o.Sentinels) > 0 {
		all["sentinels"], all["role"], texts["master"] = nodeHosts(o.Sentinels), "master", o.Master
	} else {
		withNumber(all, "port", o.Port)
		texts["host"] = o.Host
	}
	for name, text := range texts {
		if text != "" {
			all[name] = text
		}
	}
	return all
}

func withNumber(all map[string]any, name string, n int) map[string]any {
	if n != left {
		all[name] = n
	}
	return all
}

func nodeHosts(hosts []textHost) any {
	if len(hosts) == 0 {
		return map[string]any{}
	}
	var all []any
	for _, h := range hosts {
		all = append(all, map[string]any{"host": h.Host, "port": json.Number(h.Port)})
	}
	return all
}

func TestReadAsPython(t *testing.T) {
	for _, c := range readParsingGolden(t).Cases {
		t.Run(c.Name, func(t *testing.T) {
			o := readAsPython(c.texts)
			want := map[string]any{
				"username": orNull(o.Username), "password": orNull(o.Password), "db": o.Database, "ssl": o.SSL,
				"socket_timeout": float64(o.Timeout) / 1000, "socket_connect_timeout": float64(o.Timeout) / 1000,
				"socket_keepalive": true, "max_connections": o.Pool,
			}
			if len(o.Sentinels) == 0 {
				require.Nil(t, c.Python.Sentinel)
				maps.Copy(want, map[string]any{"host": o.Host, "port": o.Port})
				requireSameJSON(t, c.Python.StrictRedis, want)
				return
			}
			requireSameJSON(t, c.Python.Master, want)
			require.Equal(t, c.Python.Discover, o.Master)
			var hosts [][]string
			for i, h := range o.Sentinels {
				hosts = append(hosts, []string{h.Host, h.Port})
				require.Nil(t, c.Python.SentinelConnection[i]["password"]) // whatever there is
				require.Equal(t, "Connection", c.Python.SentinelConnection[i]["ssl"])
			}
			require.Equal(t, c.Python.Sentinel.Hosts, hosts)
		})
	}
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func requireSameJSON(t *testing.T, want, got any) {
	t.Helper()
	a, err := json.Marshal(want)
	require.NoError(t, err)
	b, err := json.Marshal(got)
	require.NoError(t, err)
	require.JSONEq(t, string(a), string(b))
}

// Whatever one of the four numbers is that Python cannot read, all four go.
func TestReadAsPythonResets(t *testing.T) {
	for _, name := range []string{"REDIS_PORT", "REDIS_DATABASE", "REDIS_TIMEOUT", "REDIS_KEEPALIVE_POOL"} {
		texts := map[string]string{"REDIS_PORT": "1", "REDIS_DATABASE": "2", "REDIS_TIMEOUT": "3", "REDIS_KEEPALIVE_POOL": "4"}
		texts[name] = "5s"
		o := readAsPython(func(name string) string { return texts[name] })
		require.Equal(t, pythonOptions{Port: 6379, Timeout: 1000, Pool: 10, Reset: name}, o)
	}
}

// The table of entries in BunkerWeb's own description.
func TestSentinelsOfBunkerweb(t *testing.T) {
	for entry, want := range map[string][2]textHost{
		"s1":                  {{"s1", "26379"}, {"s1", "26379"}},
		"s1:26380":            {{"s1", "26380"}, {"s1", "26380"}},
		"s1:":                 {{"s1", "26379"}, {"s1", ""}},
		"s1:abc":              {{"s1", "26379"}, {"s1", "abc"}},
		"s1:1,s2:2":           {{"s1", "1"}, {"s1", "1,s2:2"}},
		"[2001:db8::1]:26379": {{"[2001", "26379"}, {"[2001", "db8::1]:26379"}},
		"2001:db8::1":         {{"2001", "26379"}, {"2001", "db8::1"}},
		"redis://s1:26379":    {{"redis", "26379"}, {"redis", "//s1:26379"}},
	} {
		require.Equal(t, []textHost{want[0]}, luaSentinels(entry), entry)
		require.Equal(t, []textHost{want[1]}, pythonSentinels(entry), entry)
	}
}
