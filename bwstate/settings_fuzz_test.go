package bwstate

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const fuzzCanary = "canary-7f3a9c"

// FuzzParseSettings: whatever is set, no panic, and either every problem names its setting or the settings
// keep what their documentation promises; the password is in no error and in no printed form.
func FuzzParseSettings(f *testing.F) {
	f.Add("USE_REDIS=yes\nREDIS_HOST=redis:6380\nREDIS_TIMEOUT=1500ms", true)
	f.Add("REDIS_SENTINEL_HOSTS=s1, [::1]:5 2001:db8::1 fe80::1%eth0\nUSE_REDIS=yes", true)
	f.Add("REDIS_HOST=unix:/run/redis.sock\nREDIS_SSL=yes\nBWREDIS_TIME_UNIT=ms\nREDIS_KEEPALIVE_IDLE=300", true)
	f.Add("REDIS_HOST=redis://u:p@h\nREDIS_PORT=0\nREDIS_TIMEOUT=9999999999999999999", true)
	f.Add("REDIS_SENTINEL_HOSTS=s\nREDIS_SENTINEL_ADDRESS_MAP=a:1=[::1]:2,[::2]=b c=fe80::1\nREDIS_SENTINEL_SSL=yes\nREDIS_SENTINEL_SSL_VERIFY=no", true)
	f.Add("BWREDIS_URL=rediss://h:1/2?timeout=1s&ssl_ca=/ca\nREDIS_PORT=1\nUSE_REDIS=YES", true)
	f.Fuzz(func(t *testing.T, lines string, withPassword bool) {
		values := make(map[string]string)
		for line := range strings.SplitSeq(lines, "\n") {
			name, value, _ := strings.Cut(line, "=")
			// Files are another matter, and reading any path a fuzzer thinks of could block.
			if !strings.HasSuffix(name, "_FILE") && !strings.Contains(strings.ToLower(value), "_file") {
				values[name] = value
			}
		}
		if withPassword {
			values["REDIS_PASSWORD"], values["REDIS_SENTINEL_PASSWORD"] = fuzzCanary, fuzzCanary
		}
		s, err := ParseSettings(func(name string) string { return values[name] })
		checkNoCanary(t, lines, s, err)
		if err != nil {
			checkProblems(t, err)
			return
		}
		checkSettings(t, s)
	})
}

func checkNoCanary(t *testing.T, lines string, s Settings, err error) {
	if strings.Contains(lines, "canary-") {
		return // the fuzzer put it where it may be shown
	}
	encoded, jsonErr := json.Marshal(s)
	require.NoError(t, jsonErr)
	shown := fmt.Sprintf("%v %+v %#v %v %+v %#v %s %s %q %q", s, s, s, err, err, err, encoded, s.LogValue(), s.Effective(), s.Parity())
	require.NotContains(t, shown, fuzzCanary)
}

func checkProblems(t *testing.T, err error) {
	var all *SettingsError
	require.ErrorAs(t, err, &all)
	require.NotEmpty(t, all.Problems)
	for _, problem := range all.Problems {
		require.NotEmpty(t, problem.Name)
		require.NotEmpty(t, problem.Problem)
	}
	lines := len(all.Problems) + 1
	if len(all.Problems) == 1 {
		lines = 1
	}
	require.Len(t, strings.Split(err.Error(), "\n"), lines)
}

func checkSettings(t *testing.T, s Settings) {
	require.True(t, s.Port >= 1 && s.Port <= 65535)
	require.GreaterOrEqual(t, s.Database, 0)
	require.True(t, s.Timeout >= time.Millisecond && s.Timeout <= 24*time.Hour)
	require.GreaterOrEqual(t, s.KeepaliveIdle, time.Millisecond)
	require.True(t, s.KeepalivePool >= 1 && s.KeepalivePool <= 10000)
	require.NotEmpty(t, s.SentinelMaster)
	require.Equal(t, s.SSLCert == "", s.SSLKey == "")
	require.False(t, s.UseRedis && s.Host == "" && len(s.SentinelHosts) == 0)
	if s.Network() == "tcp" && s.Host != "" {
		checkHostPort(t, s.Addr())
	}
	for _, addr := range s.SentinelHosts {
		checkHostPort(t, addr)
	}
	require.Equal(t, s.SentinelSSLCert == "", s.SentinelSSLKey == "")
	if len(s.SentinelAddressMap) > 0 {
		again := settingsParser{}
		require.Empty(t, again.parseAddressMap(addressMapText(s.SentinelAddressMap)))
		require.Empty(t, again.problems)
		require.Equal(t, s.SentinelAddressMap, again.s.SentinelAddressMap)
	}
	require.NotContains(t, s.String(), "\n")
}

// checkHostPort: the address is what net expects and already in its canonical form.
func checkHostPort(t *testing.T, addr string) {
	host, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	require.NotEmpty(t, host)
	n, err := strconv.Atoi(port)
	require.NoError(t, err)
	require.Equal(t, addr, net.JoinHostPort(host, strconv.Itoa(n)))
	require.True(t, n >= 1 && n <= 65535)
	if ip, err := netip.ParseAddr(host); err == nil {
		require.Equal(t, ip.String(), host)
	}
	require.Equal(t, -1, strings.IndexFunc(addr, spaceOrControl))
}

// FuzzEnvFile: no panic, errors show nothing of a value, and what was read can be written and read again.
func FuzzEnvFile(f *testing.F) {
	f.Add("USE_REDIS=yes\r\nexport A='b c'\n# x\n\nB=\"\nC=a=b#c", "p#=' ")
	f.Add("A\n", "x")
	f.Add("A=\x00", `"`)
	f.Fuzz(func(t *testing.T, data, value string) {
		if read, err := parseEnv(data); err == nil {
			again, err := parseEnv(writeEnv(read))
			require.NoError(t, err)
			require.True(t, maps.Equal(read, again), "%q %q", read, again)
		}
		checkEnvValue(t, value)

		_, err := parseEnv("A=1\nB=" + fuzzCanary + "\x00" + strings.ReplaceAll(value, "\n", ""))
		require.EqualError(t, err, "line 2: B: has a zero byte in its value")
	})
}

// checkEnvValue: any text on one line survives in the quotes it does not hold.
func checkEnvValue(t *testing.T, value string) {
	if strings.ContainsAny(value, "\n\x00") {
		return
	}
	for _, quote := range []string{`"`, `'`} {
		if strings.Contains(value, quote) {
			continue
		}
		read, err := parseEnv("A=1\nA=" + quote + value + quote + "\r\nB=2")
		require.NoError(t, err)
		require.Equal(t, map[string]string{"A": value, "B": "2"}, read)
	}
}

// writeEnv quotes where it can; a value with both quotes was read without, so it can be written without.
func writeEnv(values map[string]string) string {
	var b strings.Builder
	for name, value := range values {
		quote := `"`
		if strings.Contains(value, quote) {
			quote = `'`
		}
		if strings.Contains(value, quote) {
			quote = ""
		}
		b.WriteString("export " + name + "=" + quote + value + quote + "\n")
	}
	return b.String()
}
