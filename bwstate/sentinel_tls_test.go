package bwstate

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/tlsconf"
)

func TestSentinelTLS(t *testing.T) {
	server := Settings{
		SSL: true, SSLVerify: true, SSLCA: "/ca", SSLCADir: "/cas", SSLCert: "/c", SSLKey: "/k", SSLServerName: "redis",
		SentinelHosts: []string{"s:26379"},
	}
	like := tlsconf.Settings{Enabled: true, Verify: true, CAFile: "/ca", CADir: "/cas", CertFile: "/c", KeyFile: "/k", ServerName: "redis"}
	tests := map[string]struct {
		change func(s *Settings)
		want   func(t *tlsconf.Settings)
		own    bool
	}{
		"as the server":         {func(*Settings) {}, func(*tlsconf.Settings) {}, false},
		"said again":            {func(s *Settings) { s.SentinelSSL, s.SentinelSSLVerify = "yes", "yes" }, func(*tlsconf.Settings) {}, false},
		"none":                  {func(s *Settings) { s.SentinelSSL = "no" }, func(t *tlsconf.Settings) { t.Enabled = false }, true},
		"only to the sentinels": {func(s *Settings) { s.SSL, s.SentinelSSL = false, "yes" }, func(*tlsconf.Settings) {}, true},
		"neither":               {func(s *Settings) { s.SSL = false }, func(t *tlsconf.Settings) { t.Enabled = false }, false},
		"no sentinels":          {func(s *Settings) { s.SSL, s.SentinelSSL, s.SentinelHosts = false, "yes", nil }, func(t *tlsconf.Settings) { t.Enabled = false }, false},
		"not verified":          {func(s *Settings) { s.SentinelSSLVerify = "no" }, func(t *tlsconf.Settings) { t.Verify = false }, true},
		"verified after all":    {func(s *Settings) { s.SSLVerify, s.SentinelSSLVerify = false, "yes" }, func(*tlsconf.Settings) {}, true},
		"neither verified":      {func(s *Settings) { s.SSLVerify = false }, func(t *tlsconf.Settings) { t.Verify = false }, false},
		"made by hand, unclear": {func(s *Settings) { s.SSLVerify, s.SentinelSSLVerify = false, "sure" }, func(*tlsconf.Settings) {}, true},
		"authorities":           {func(s *Settings) { s.SentinelSSLCADir = "/own" }, func(t *tlsconf.Settings) { t.CAFile, t.CADir = "", "/own" }, true},
		"certificate": {
			func(s *Settings) { s.SentinelSSLCert, s.SentinelSSLKey = "/oc", "/ok" },
			func(t *tlsconf.Settings) { t.CertFile, t.KeyFile = "/oc", "/ok" }, true,
		},
		"name": {func(s *Settings) { s.SentinelSSLServerName = "own" }, func(t *tlsconf.Settings) { t.ServerName = "own" }, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, want := server, like
			tt.change(&s)
			tt.want(&want)
			got, own := s.sentinelTLS()
			got.Label, got.OnWarning = nil, nil
			require.Equal(t, tt.own, own)
			require.Equal(t, want, got)
		})
	}
}

// What is wrong names the setting that says it, and a file that server and sentinels share is complained about once.
func TestSentinelTLSProblems(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.pem")
	s := Settings{
		SSL: true, SSLVerify: true, SSLCA: missing, SSLCert: missing, SSLKey: missing,
		SentinelHosts: []string{"s:26379"}, SentinelSSLCert: missing, SentinelSSLKey: missing,
	}
	sentinels, own := s.sentinelTLS()
	require.True(t, own)
	server := tlsconf.Settings{Enabled: true, Verify: true, CAFile: missing, CertFile: missing, KeyFile: missing}
	var problems []*SettingError
	_, err := server.Source()
	problems = appendTLSProblems(problems, err, serverTLSName)
	_, err = sentinels.Source()
	problems = appendTLSProblems(problems, err, sentinels.Label)
	var names []string
	for _, p := range problems {
		require.Equal(t, missing, p.Value)
		require.Contains(t, p.Problem, "no such file")
		names = append(names, p.Name)
	}
	require.Equal(t, []string{"REDIS_SSL_CA", "REDIS_SSL_CERT", "REDIS_SSL_KEY", "REDIS_SENTINEL_SSL_CERT", "REDIS_SENTINEL_SSL_KEY"}, names)
}

// A warning about the server's files is left to the server's source, unless there is none.
func TestSentinelTLSWarnings(t *testing.T) {
	ca := redistest.NewCA(t)
	expired := ca.Expired()
	for _, ssl := range []bool{true, false} {
		var log bytes.Buffer
		s := Settings{
			SSL: ssl, SSLVerify: true, SSLCert: expired.File, SSLKey: expired.KeyFile, SSLCA: ca.File,
			SentinelHosts: []string{"s:26379"}, SentinelSSL: "yes", SentinelSSLVerify: "no", Logger: slog.New(slog.NewTextHandler(&log, nil)),
		}
		sentinels, _ := s.sentinelTLS()
		_, err := sentinels.Source()
		require.NoError(t, err)
		require.Equal(t, !ssl, strings.Contains(log.String(), "bwstate: REDIS_SSL_CERT"), log.String())
		require.NotContains(t, log.String(), "VERIFY")

		log.Reset()
		s.SentinelSSLCert, s.SentinelSSLKey = expired.File, expired.KeyFile
		sentinels, _ = s.sentinelTLS()
		_, err = sentinels.Source()
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(log.String(), "bwstate: REDIS_SENTINEL_SSL_CERT"), log.String())
	}
}
