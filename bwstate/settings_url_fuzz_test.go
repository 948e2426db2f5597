package bwstate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzURL: whatever is around a password in a URL, encoded or not, no panic, and nothing shows the password.
func FuzzURL(f *testing.F) {
	f.Add("redis://user", "redis:6380/3?timeout=3s")
	f.Add("rediss+sentinel://", "s1,s2:1/main/2?sentinel_ssl=no&ssl_verify=no")
	f.Add("unix://u", "/run/redis.sock?ssl=yes&ssl_server_name=a")
	f.Add("redis://a@b/c?d=e#f", "[::1%25eth0]")
	f.Add("valkeys://h/x?ssl_ca=/", "h?skip_verify=yes")
	f.Fuzz(func(t *testing.T, before, after string) {
		for _, url := range []string{before + ":" + fuzzCanary + "@" + after, before + ":" + fuzzCanary + "/@" + after, before} {
			if strings.Contains(strings.ToLower(url), "_file") {
				return // reading any path a fuzzer thinks of could block
			}
			s, err := ReadSettings(FromURL(url))
			checkNoCanary(t, before+after, s, err)
			if err != nil {
				checkProblems(t, err)
				continue
			}
			checkSettings(t, s)
			require.Equal(t, url != "", s.UseRedis)
			require.Equal(t, url != "", s.Host != "" || len(s.SentinelHosts) > 0)
		}
	})
}

// FuzzURLOfSettings: settings that are written as a URL and read again are the same.
func FuzzURLOfSettings(f *testing.F) {
	f.Add("REDIS_HOST=redis:6380\nREDIS_TIMEOUT=1500ms\nREDIS_DATABASE=3", "app", "p@/:#?% +&=")
	f.Add("REDIS_HOST=fe80::1%eth0\nREDIS_SSL=yes\nREDIS_SSL_VERIFY=no\nREDIS_SSL_CA=/a b+c\xff", "", "\x00")
	f.Add("REDIS_HOST=unix:/run/redis %.sock\nREDIS_SSL=yes\nREDIS_SSL_SERVER_NAME=a\nREDIS_KEEPALIVE_IDLE=2", "u", "p")
	f.Add("REDIS_SENTINEL_HOSTS=s1 [::1]:5\nREDIS_SENTINEL_MASTER=3\nREDIS_SENTINEL_ADDRESS_MAP=a:1=[::1]:2,c=d\nREDIS_SENTINEL_SSL=no", "", "x")
	f.Fuzz(func(t *testing.T, lines, user, password string) {
		values := map[string]string{}
		for line := range strings.SplitSeq(lines, "\n") {
			if name, value, _ := strings.Cut(line, "="); name != urlName && !strings.HasSuffix(name, fileSuffix) {
				values[name] = value
			}
		}
		values["USE_REDIS"], values["REDIS_USERNAME"], values["REDIS_PASSWORD"] = "yes", user, password
		if password == "" {
			values["REDIS_USERNAME"] = ""
		}
		s, err := ReadSettings(FromMap("", values))
		if err != nil || s.Host != "" && len(s.SentinelHosts) > 0 {
			return
		}
		url := urlOf(&s)
		again, err := ReadSettings(FromURL(url))
		if err != nil {
			// What is set and not used is a warning by name and an error in a URL.
			require.Contains(t, err.Error(), "this parameter is for the schemes with", url)
			return
		}
		s.made, again.made, s.Warnings, again.Warnings = nil, nil, nil, nil
		require.Equal(t, s, again, url)
	})
}

// urlOf writes settings as a URL.
func urlOf(s *Settings) string {
	scheme, hosts := "redis", bracketed(strings.ReplaceAll(s.Host, "%", "%25"))+":"+decimal(s.Port)
	if s.SSL {
		scheme = "rediss"
	}
	var query []string
	switch {
	case len(s.SentinelHosts) > 0:
		scheme += "+sentinel"
		hosts = strings.ReplaceAll(strings.Join(s.SentinelHosts, ","), "%", "%25")
	case s.Network() == "unix":
		scheme, hosts = "unix", ""
		if s.SSL {
			query = append(query, "ssl=yes")
		}
	}
	if s.Password != "" {
		hosts = encode(s.Username) + ":" + encode(string(s.Password)) + "@" + hosts
	}
	if s.Network() == "unix" {
		hosts += strings.ReplaceAll(encode(strings.TrimPrefix(s.Host, unixPrefix)), "%2f", "/")
	}
	apart := []string{"USE_REDIS", "REDIS_HOST", "REDIS_PORT", "REDIS_USERNAME", "REDIS_PASSWORD", "REDIS_SSL", "REDIS_SENTINEL_HOSTS"}
	none := unset()
	for i := range settingsTable {
		st := &settingsTable[i]
		text := st.show(s)
		if st.secret != nil {
			text = string(*st.secret(s))
		}
		if text == st.show(&none) || slices.Contains(apart, st.Name) {
			continue
		}
		name := strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(st.Name, "BW"), "REDIS_"))
		query = append(query, name+"="+encode(text))
	}
	url := scheme + "://" + hosts
	if len(query) > 0 {
		url += "?" + strings.Join(query, "&")
	}
	return url
}

// encode leaves letters and digits as they are.
func encode(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if notInLabel(rune(text[i])) {
			fmt.Fprintf(&b, "%%%02x", text[i])
		} else {
			b.WriteByte(text[i])
		}
	}
	return b.String()
}
