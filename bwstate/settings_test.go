package bwstate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
)

// settingsFrom makes a source of NAME=value texts.
func settingsFrom(pairs ...string) func(string) string {
	values := make(map[string]string)
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		values[name] = value
	}
	return func(name string) string { return values[name] }
}

func writeSettingsFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "value")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestSettingsDefaults(t *testing.T) {
	s, err := bwstate.ParseSettings(settingsFrom())
	require.NoError(t, err)
	require.Equal(t, bwstate.Settings{
		Port: 6379, SSLVerify: true, Timeout: 5 * time.Second, SentinelMaster: "mymaster",
		KeepaliveIdle: 300 * time.Second, KeepalivePool: 3,
	}, bwstate.Plain(s))
}

func TestSettingsDefaultsStayInSecondsWithMilliseconds(t *testing.T) {
	s, err := bwstate.ParseSettings(settingsFrom("BWREDIS_TIME_UNIT=ms"))
	require.NoError(t, err)
	require.Equal(t, 5*time.Second, s.Timeout)
	require.Equal(t, 300*time.Second, s.KeepaliveIdle)
	require.Empty(t, s.Warnings)
}

func TestSettingsEverythingSet(t *testing.T) {
	s, err := bwstate.ParseSettings(settingsFrom(
		"USE_REDIS= Yes\n", "REDIS_PORT=6390", "REDIS_DATABASE=2147483647",
		"REDIS_USERNAME=app", "REDIS_PASSWORD= p=#\" ", "REDIS_SSL=YES", "REDIS_SSL_VERIFY=yes",
		"REDIS_SSL_CA=/etc/ca.pem", "REDIS_SSL_CERT=/etc/c.pem", "REDIS_SSL_KEY=/etc/k.pem",
		"REDIS_SSL_SERVER_NAME=redis.internal", "REDIS_TIMEOUT=3",
		"REDIS_SENTINEL_HOSTS=s1:1  s2\t[2001:DB8::1]:3\n192.0.2.1:", "REDIS_SENTINEL_USERNAME=watch",
		"REDIS_SENTINEL_PASSWORD=q", "REDIS_SENTINEL_MASTER=main", "REDIS_KEEPALIVE_IDLE=60", "REDIS_KEEPALIVE_POOL=5",
		"REDIS_SENTINEL_ADDRESS_MAP=10.0.0.1:6379=redis.example.com:7001", "REDIS_SENTINEL_SSL= Yes", "REDIS_SENTINEL_SSL_VERIFY=YES",
		"REDIS_SENTINEL_SSL_CA=/s/ca.pem", "REDIS_SENTINEL_SSL_CA_DIR=/s/cas", "REDIS_SENTINEL_SSL_CERT=/s/c.pem",
		"REDIS_SENTINEL_SSL_KEY=/s/k.pem", "REDIS_SENTINEL_SSL_SERVER_NAME=sentinel.internal",
	))
	require.NoError(t, err)
	require.Len(t, s.Warnings, 1) // the password's white space
	s.Warnings = nil
	require.Equal(t, bwstate.Settings{
		UseRedis: true, Port: 6390, Database: 2147483647, Username: "app", Password: " p=#\" ",
		SSL: true, SSLVerify: true, SSLCA: "/etc/ca.pem", SSLCert: "/etc/c.pem", SSLKey: "/etc/k.pem",
		SSLServerName: "redis.internal", Timeout: 3 * time.Second,
		SentinelHosts:    []string{"s1:1", "s2:26379", "[2001:db8::1]:3", "192.0.2.1:26379"},
		SentinelUsername: "watch", SentinelPassword: "q", SentinelMaster: "main",
		SentinelAddressMap: map[string]string{"10.0.0.1:6379": "redis.example.com:7001"},
		SentinelSSL:        "yes", SentinelSSLVerify: "yes", SentinelSSLCA: "/s/ca.pem", SentinelSSLCADir: "/s/cas",
		SentinelSSLCert: "/s/c.pem", SentinelSSLKey: "/s/k.pem", SentinelSSLServerName: "sentinel.internal",
		KeepaliveIdle: time.Minute, KeepalivePool: 5,
	}, bwstate.Plain(s))
}

func TestSettingsHost(t *testing.T) {
	tests := []struct {
		host, port    string
		network, addr string
	}{
		{"redis", "", "tcp", "redis:6379"},
		{"redis_1.example.com.", "6380", "tcp", "redis_1.example.com.:6380"},
		{"192.0.2.1", "", "tcp", "192.0.2.1:6379"},
		{"2001:DB8:0::1", "", "tcp", "[2001:db8::1]:6379"},
		{"[2001:db8::1]", "6380", "tcp", "[2001:db8::1]:6380"},
		{"fe80::1%eth0", "", "tcp", "[fe80::1%eth0]:6379"},
		{"redis:6380", "", "tcp", "redis:6380"},
		{"redis:6380", "06380", "tcp", "redis:6380"},
		{"[::1]:6380", "", "tcp", "[::1]:6380"},
		{"redis:", "6381", "tcp", "redis:6381"},
		{"unix:/run/redis.sock", "", "unix", "/run/redis.sock"},
		{"unix:///run/redis.sock", "", "unix", "/run/redis.sock"},
	}
	for _, tt := range tests {
		t.Run(tt.host+"+"+tt.port, func(t *testing.T) {
			s, err := bwstate.ParseSettings(settingsFrom("USE_REDIS=yes", "REDIS_HOST="+tt.host, "REDIS_PORT="+tt.port))
			require.NoError(t, err)
			require.Equal(t, tt.network, s.Network())
			require.Equal(t, tt.addr, s.Addr())
			require.Empty(t, s.Warnings)
		})
	}
	s, err := bwstate.ParseSettings(settingsFrom("REDIS_SENTINEL_HOSTS=s1"))
	require.NoError(t, err)
	require.Empty(t, s.Addr())
}

func TestSettingsDurations(t *testing.T) {
	tests := []struct {
		text, unit string
		want       time.Duration
	}{
		{"5", "", 5 * time.Second},
		{"5", "s", 5 * time.Second},
		{"500", "milliseconds", 500 * time.Millisecond},
		{"1500ms", "", 1500 * time.Millisecond},
		{"1500ms", "MS", 1500 * time.Millisecond},
		{"2m", "", 2 * time.Minute},
		{"1.5s", "ms", 1500 * time.Millisecond},
		{"24h", "", 24 * time.Hour},
		{"86400000", "ms", 24 * time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.text+tt.unit, func(t *testing.T) {
			s, err := bwstate.ParseSettings(settingsFrom("REDIS_TIMEOUT="+tt.text, "BWREDIS_TIME_UNIT="+tt.unit))
			require.NoError(t, err)
			require.Equal(t, tt.want, s.Timeout)
			require.Empty(t, s.Warnings)
		})
	}
}

func TestSettingsSecretFiles(t *testing.T) {
	contents := map[string]string{
		"plain": "plain", "newline\n": "newline", "crlf\r\n": "crlf", "two\n\n": "two\n", "cr\r": "cr\r", "a\nb\n": "a\nb",
	}
	for content, want := range contents {
		path := writeSettingsFile(t, content)
		s, err := bwstate.ParseSettings(settingsFrom("REDIS_PASSWORD_FILE="+path, "REDIS_SENTINEL_PASSWORD_FILE="+path))
		require.NoError(t, err)
		require.Equal(t, want, string(s.Password))
		require.Equal(t, want, string(s.SentinelPassword))
	}

	path := writeSettingsFile(t, "app\n")
	s, err := bwstate.ParseSettings(settingsFrom("REDIS_USERNAME_FILE="+path, "REDIS_SENTINEL_USERNAME_FILE="+path))
	require.NoError(t, err)
	require.Equal(t, "app", s.Username)
	require.Equal(t, "app", s.SentinelUsername)

	largest := strings.Repeat("x", 64<<10)
	s, err = bwstate.ParseSettings(settingsFrom("REDIS_PASSWORD_FILE=" + writeSettingsFile(t, largest)))
	require.NoError(t, err)
	require.Equal(t, largest, string(s.Password))
}

func TestSettingsWarnings(t *testing.T) {
	const looksMS, looksS = "looks like milliseconds", "looks like seconds"
	tests := []struct {
		name  string
		pairs []string
		want  []string // one part of each warning
	}{
		{"timeout below", []string{"REDIS_TIMEOUT=99"}, nil},
		{"timeout", []string{"REDIS_TIMEOUT=100"}, []string{"REDIS_TIMEOUT=100 is read as 1m40s: " + looksMS}},
		{"timeout with a unit", []string{"REDIS_TIMEOUT=100s"}, nil},
		{"idle below", []string{"REDIS_KEEPALIVE_IDLE=4999"}, nil},
		{"idle", []string{"REDIS_KEEPALIVE_IDLE=30000"}, []string{"write 30000ms"}},
		{"timeout in ms", []string{"BWREDIS_TIME_UNIT=ms", "REDIS_TIMEOUT=49"}, []string{looksS}},
		{"timeout in ms, enough", []string{"BWREDIS_TIME_UNIT=ms", "REDIS_TIMEOUT=50"}, nil},
		{"idle in ms", []string{"BWREDIS_TIME_UNIT=ms", "REDIS_KEEPALIVE_IDLE=300"}, []string{"write 300s"}},
		{"idle in ms, enough", []string{"BWREDIS_TIME_UNIT=ms", "REDIS_KEEPALIVE_IDLE=1000"}, nil},
		{"user alone", []string{"REDIS_USERNAME=u"}, []string{"REDIS_USERNAME is set without REDIS_PASSWORD"}},
		{
			"sentinel user alone",
			[]string{"REDIS_SENTINEL_HOSTS=s", "REDIS_SENTINEL_USERNAME=u"},
			[]string{"REDIS_SENTINEL_USERNAME is set without"},
		},
		{"password with white space", []string{"REDIS_PASSWORD=p\n"}, []string{"REDIS_PASSWORD starts or ends with white space"}},
		{"not verified", []string{"REDIS_SSL=yes", "REDIS_SSL_VERIFY=no"}, []string{"REDIS_SSL_VERIFY=no"}},
		{"verify alone", []string{"REDIS_SSL_VERIFY=no"}, nil},
		{
			"TLS files without TLS",
			[]string{"REDIS_SSL_CA=/a", "REDIS_SSL_CA_DIR=/e", "REDIS_SSL_CERT=/b", "REDIS_SSL_KEY=/c", "REDIS_SSL_SERVER_NAME=d"},
			[]string{"REDIS_SSL_CA is set but", "REDIS_SSL_CA_DIR is set but", "REDIS_SSL_CERT is set but", "REDIS_SSL_KEY is set but", "REDIS_SSL_SERVER_NAME is set but"},
		},
		{"host and sentinels", []string{"REDIS_HOST=h", "REDIS_SENTINEL_HOSTS=s"}, []string{"REDIS_HOST is set but not used"}},
		{"commas", []string{"REDIS_SENTINEL_HOSTS=s1,s2, s3"}, []string{"has commas"}},
		{"IPv6 without brackets", []string{"REDIS_SENTINEL_HOSTS=s1 2001:db8::1"}, []string{"entry 2 is read as [2001:db8::1]:26379"}},
		{"IPv6 as it should be", []string{"REDIS_SENTINEL_HOSTS=[2001:db8::1]"}, nil},
		{"repeated", []string{"REDIS_SENTINEL_HOSTS=s1 s2 s1:26379"}, []string{"entry 3 repeats s1:26379"}},
		{
			"sentinel settings without sentinels",
			[]string{"REDIS_SENTINEL_USERNAME=u", "REDIS_SENTINEL_PASSWORD=p", "REDIS_SENTINEL_MASTER=m"},
			[]string{"REDIS_SENTINEL_USERNAME is set but", "REDIS_SENTINEL_PASSWORD is set but", "REDIS_SENTINEL_MASTER is set but"},
		},
		{
			"TLS and addresses of sentinels without sentinels",
			[]string{"REDIS_SENTINEL_ADDRESS_MAP=a=b", "REDIS_SENTINEL_SSL=yes", "REDIS_SENTINEL_SSL_CA=/a", "REDIS_SENTINEL_SSL_SERVER_NAME=d"},
			[]string{
				"REDIS_SENTINEL_ADDRESS_MAP is set but not used", "REDIS_SENTINEL_SSL is set but not used",
				"REDIS_SENTINEL_SSL_CA is set but not used", "REDIS_SENTINEL_SSL_SERVER_NAME is set but not used",
			},
		},
		{
			"files for sentinels without TLS",
			[]string{"REDIS_SENTINEL_HOSTS=s", "REDIS_SENTINEL_SSL_CA=/a", "REDIS_SENTINEL_SSL_VERIFY=no"},
			[]string{
				"REDIS_SENTINEL_SSL_VERIFY is set but REDIS_SSL is no and REDIS_SENTINEL_SSL is not set",
				"REDIS_SENTINEL_SSL_CA is set but REDIS_SSL is no and REDIS_SENTINEL_SSL is not set",
			},
		},
		{
			"sentinels without TLS",
			[]string{"REDIS_SENTINEL_HOSTS=s", "REDIS_SSL=yes", "REDIS_SENTINEL_SSL=no", "REDIS_SENTINEL_SSL_CA=/a"},
			[]string{"REDIS_SENTINEL_SSL_CA is set but REDIS_SENTINEL_SSL is no"},
		},
		{
			"files of the server that only sentinels use",
			[]string{
				"REDIS_SENTINEL_HOSTS=s", "REDIS_SENTINEL_SSL=yes", "REDIS_SSL_CA=/a", "REDIS_SSL_SERVER_NAME=d",
				"REDIS_SSL_CERT=/b", "REDIS_SSL_KEY=/c", "REDIS_SENTINEL_SSL_CERT=/e", "REDIS_SENTINEL_SSL_KEY=/f",
			},
			[]string{"REDIS_SSL_CERT is set but", "REDIS_SSL_KEY is set but"},
		},
		{
			"sentinels not verified",
			[]string{"REDIS_SENTINEL_HOSTS=s", "REDIS_SSL=yes", "REDIS_SENTINEL_SSL_VERIFY=no"},
			[]string{"REDIS_SENTINEL_SSL_VERIFY=no: the sentinels are not checked"},
		},
		{
			"sentinels not verified, as the server that has no TLS",
			[]string{"REDIS_SENTINEL_HOSTS=s", "REDIS_SENTINEL_SSL=yes", "REDIS_SSL_VERIFY=no"},
			[]string{"REDIS_SSL_VERIFY=no: the sentinels are not checked"},
		},
		{
			"neither verified",
			[]string{"REDIS_SENTINEL_HOSTS=s", "REDIS_SSL=yes", "REDIS_SSL_VERIFY=no"},
			[]string{"REDIS_SSL_VERIFY=no: the server is not checked"},
		},
		{"an entry twice", []string{"REDIS_SENTINEL_HOSTS=s", "REDIS_SENTINEL_ADDRESS_MAP=a=b c=d a=b"}, []string{"entry 3 repeats a"}},
		{"default master without sentinels", []string{"REDIS_SENTINEL_MASTER=mymaster"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := bwstate.ParseSettings(settingsFrom(tt.pairs...))
			require.NoError(t, err)
			require.Len(t, s.Warnings, len(tt.want), "%q", s.Warnings)
			for i, part := range tt.want {
				require.Contains(t, s.Warnings[i], part)
			}
		})
	}
}

func TestSettingsAddressMap(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"10.0.0.1:6379=redis.example.com:7001": {"10.0.0.1:6379": "redis.example.com:7001"},
		" a:1=b:2,c=d\n\te:3=e:4 , ":           {"a:1": "b:2", "c": "d", "e:3": "e:4"},
		"[2001:DB8:0::1]:6379=[::1]:7001":      {"[2001:db8::1]:6379": "[::1]:7001"},
		"[2001:db8::1]=localhost a=[::1]":      {"2001:db8::1": "localhost", "a": "::1"},
		"a:=b: a:1=b:1":                        {"a": "b", "a:1": "b:1"},
	} {
		s, err := bwstate.ParseSettings(settingsFrom("REDIS_SENTINEL_HOSTS=s", "REDIS_SENTINEL_ADDRESS_MAP="+text))
		require.NoError(t, err, text)
		require.Equal(t, want, s.SentinelAddressMap)
		require.Empty(t, s.Warnings)
		again, err := bwstate.ParseSettings(settingsFrom(splitShown(t, s.String())...))
		require.NoError(t, err, s.String())
		require.Equal(t, bwstate.Plain(s), bwstate.Plain(again))
	}
}

func TestSettingsTable(t *testing.T) {
	infos := bwstate.SettingsTable()
	asked := make(map[string]bool)
	_, err := bwstate.ParseSettings(func(name string) string { asked[name] = true; return "" })
	require.NoError(t, err)
	for _, info := range infos {
		require.True(t, asked[info.Name], info.Name)
		require.True(t, asked[info.Name+"_FILE"], info.Name) // to read it, or to say that it is not read
		delete(asked, info.Name)
		delete(asked, info.Name+"_FILE")
	}
	require.Empty(t, asked, "read but not in the table")

	infos[0].Name = "changed"
	require.NotEqual(t, infos[0], bwstate.SettingsTable()[0])
}

// A default in the table is what a user may write to get it.
func TestSettingsDefaultsCanBeWritten(t *testing.T) {
	values := make(map[string]string)
	for _, info := range bwstate.SettingsTable() {
		values[info.Name] = info.Default
	}
	written, err := bwstate.ParseSettings(func(name string) string { return values[name] })
	require.NoError(t, err)
	unset, err := bwstate.ParseSettings(settingsFrom())
	require.NoError(t, err)
	require.Equal(t, bwstate.Plain(unset), bwstate.Plain(written))
}
