package bwstate_test

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/tlsconf"
)

// put replaces a file in one step, as whoever renews certificates does.
func put(t *testing.T, path string, data []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(path+".new", data, 0o600))
	require.NoError(t, os.Rename(path+".new", path))
}

func TestOpenWithADirectoryOfAuthorities(t *testing.T) {
	ca, other := redistest.NewCA(t), redistest.NewCA(t)
	dir := t.TempDir()
	put(t, filepath.Join(dir, "other.crt"), other.PEM)
	put(t, filepath.Join(dir, "1a2b3c4d.0"), ca.PEM)
	server := redistest.NewTLSServer(t, redistest.Redis(redistest.Options{}), ca.ServerConfig(ca.Server()))
	works(t, mustOpen(t, server.Addr(), "REDIS_SSL=yes", "REDIS_SSL_CA_DIR="+dir))

	require.NoError(t, os.Remove(filepath.Join(dir, "1a2b3c4d.0")))
	err := requireFailure(t, conn.OpTLS, server.Addr(), "REDIS_SSL=yes", "REDIS_SSL_CA_DIR="+dir)
	require.ErrorContains(t, err, `nor one of REDIS_SSL_CA_DIR "`+dir+`" ("CN=redistest CA"); one of that name is there, but with another key`)
	err = requireFailure(t, conn.OpTLS, server.Addr(), "REDIS_SSL=yes")
	require.ErrorContains(t, err, "none but those of the system are, as REDIS_SSL_CA and REDIS_SSL_CA_DIR are not set")
}

func TestOpenNamesTheFileOfADirectory(t *testing.T) {
	dir := t.TempDir()
	for _, want := range []string{"no certificate in it", `file "bad.pem": no PEM certificate in it`} {
		_, err := openWith(t, "REDIS_HOST=127.0.0.1", "REDIS_SSL=yes", "REDIS_SSL_CA_DIR="+dir)
		var e *bwstate.SettingError
		require.ErrorAs(t, err, &e)
		require.Equal(t, "REDIS_SSL_CA_DIR", e.Name)
		require.Equal(t, dir, e.Value)
		require.ErrorContains(t, err, want)
		put(t, filepath.Join(dir, "bad.pem"), []byte("x"))
	}
}

// Each connection is made with the authorities that are in the files just then; those that are open stay open.
func TestOpenFollowsAuthorities(t *testing.T) {
	ca, other := redistest.NewCA(t), redistest.NewCA(t)
	master := redistest.NewTLSServer(t, redistest.Override(map[string]redistest.Handler{"ROLE": masterRole}, redistest.Redis(redistest.Options{})),
		ca.ServerConfig(ca.Server()))
	sentinel := redistest.NewTLSServer(t, redistest.Override(map[string]redistest.Handler{"SENTINEL GET-MASTER-ADDR-BY-NAME": toMaster(t, master.Addr())},
		redistest.Redis(redistest.Options{})), ca.ServerConfig(ca.Server()))
	for name, settings := range map[string][]string{
		"Redis":     {"REDIS_HOST=" + master.Addr()},
		"sentinels": {"REDIS_SENTINEL_HOSTS=" + sentinel.Addr()},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "ca.pem")
			put(t, file, ca.PEM)
			state, err := openWith(t, append(settings, "REDIS_SSL=yes", "REDIS_SSL_CA="+file)...)
			require.NoError(t, err)
			defer state.Close()
			put(t, file, other.PEM)
			require.NoError(t, state.Ping(t.Context()))
			master.CloseClients()
			var refused *tlsconf.CertificateError
			require.ErrorAs(t, state.Ping(t.Context()), &refused)
			put(t, file, ca.PEM)
			require.Eventually(t, func() bool { return state.Ping(t.Context()) == nil }, 10*time.Second, 10*time.Millisecond)
		})
	}
}

func TestOpenSaysThatTheServerRefusedUs(t *testing.T) {
	ca, other := redistest.NewCA(t), redistest.NewCA(t)
	stranger := other.Client()
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		config := ca.MutualConfig(ca.Server())
		config.MaxVersion = version
		server := redistest.NewTLSServer(t, redistest.Redis(redistest.Options{}), config)
		trust := []string{"REDIS_SSL=yes", "REDIS_SSL_CA=" + ca.File}
		_, err := open(t, server.Addr(), append(trust, "REDIS_SSL_CERT="+stranger.File, "REDIS_SSL_KEY="+stranger.KeyFile)...)
		var refused *tlsconf.ClientCertificateError
		require.ErrorAs(t, err, &refused, tls.VersionName(version))
		require.ErrorContains(t, err, server.Addr()+`: tlsconf: the server refused the client certificate of REDIS_SSL_CERT "`+stranger.File+`"`)
		_, err = open(t, server.Addr(), trust...)
		require.ErrorAs(t, err, &refused, tls.VersionName(version))
		require.ErrorContains(t, err, "neither REDIS_SSL_CERT nor REDIS_SSL_KEY is set")
	}
}

// logged collects what a Logger is told.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// lines returns what bwstate said, and not what the pool did.
func (l *logged) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(strings.Split(l.text.String(), "\n"), func(line string) bool { return !strings.Contains(line, `msg="bwstate: `) })
}

func (l *logged) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

// A warning is given once for a State, however often it dials, and whether its settings were parsed or made by hand.
func TestOpenWarnsOnce(t *testing.T) {
	ca := redistest.NewCA(t)
	expired := ca.Expired()
	server := redistest.NewTLSServer(t, redistest.Redis(redistest.Options{}), ca.ServerConfig(ca.Server()))
	settings, err := bwstate.ParseSettings(settingsFrom("USE_REDIS=yes", "REDIS_HOST="+server.Addr(), "REDIS_SSL=yes", "REDIS_SSL_VERIFY=no",
		"REDIS_PASSWORD_FILE="+writeSettingsFile(t, canary+" "), "REDIS_SSL_CERT="+expired.File, "REDIS_SSL_KEY="+expired.KeyFile))
	require.NoError(t, err)
	byHand := settings
	byHand.Warnings = nil
	for _, settings := range []bwstate.Settings{settings, byHand} {
		var log logged
		settings.Logger = log.logger()
		settings.Password = ""
		state, err := bwstate.Open(t.Context(), settings)
		require.NoError(t, err)
		accepted := server.Accepted()
		for range 3 {
			server.CloseClients()
			require.Eventually(t, func() bool { return state.Ping(t.Context()) == nil }, 10*time.Second, 10*time.Millisecond)
		}
		require.GreaterOrEqual(t, server.Accepted(), accepted+3)
		require.NoError(t, state.Close())

		lines := log.lines()
		if settings.Warnings != nil { // the password's
			require.Contains(t, lines[0], "white space")
			lines = lines[1:]
		}
		require.Equal(t, []string{
			`level=WARN msg="bwstate: REDIS_SSL_VERIFY=no: the server is not checked, so anyone on the path can pose as it and read the password"`,
			`level=WARN msg="bwstate: REDIS_SSL_CERT=\"` + expired.File +
				`\": the certificate of \"CN=localhost\" expired at 1991-01-01T00:00:00Z, so servers will refuse it"`,
		}, lines)
		requireHidden(t, log.text.String(), canary)
		requireHidden(t, settings, canary)
	}
}

func TestOpenWarnsOfTheServersCertificateAndOfFiles(t *testing.T) {
	ca := redistest.NewCA(t)
	server := redistest.NewTLSServer(t, redistest.Redis(redistest.Options{}), ca.ServerConfig(ca.Expired()))
	file := filepath.Join(t.TempDir(), "ca.pem")
	put(t, file, ca.PEM)
	var log logged
	settings, err := bwstate.ParseSettings(settingsFrom("USE_REDIS=yes", "REDIS_HOST="+server.Addr(), "REDIS_SSL=yes", "REDIS_SSL_VERIFY=no", "REDIS_SSL_CA="+file))
	require.NoError(t, err)
	settings.Warnings, settings.Logger = nil, log.logger()
	state, err := bwstate.Open(t.Context(), settings)
	require.NoError(t, err)
	defer state.Close()
	put(t, file, nil)
	server.CloseClients()
	require.Eventually(t, func() bool { return state.Ping(t.Context()) == nil }, 10*time.Second, 10*time.Millisecond)
	require.Equal(t, []string{
		`level=WARN msg="bwstate: the server's certificate, for \"localhost\", \"127.0.0.1\", \"::1\" and issued by \"CN=redistest CA\", expired at 1991-01-01T00:00:00Z"`,
		`level=WARN msg="bwstate: REDIS_SSL_CA=\"` + file +
			`\": has changed and cannot be used, so what was read before stays in use: no PEM certificate in it"`,
	}, log.lines()[1:])
}

func TestCertificates(t *testing.T) {
	ca := redistest.NewCA(t)
	client := ca.Client()
	server := redistest.NewTLSServer(t, redistest.Redis(redistest.Options{}), ca.MutualConfig(ca.Server()))
	state := mustOpen(t, server.Addr(), "REDIS_SSL=yes", "REDIS_SSL_CA="+ca.File, "REDIS_SSL_CERT="+client.File, "REDIS_SSL_KEY="+client.KeyFile)
	end := time.Date(2049, 1, 1, 0, 0, 0, 0, time.UTC)
	require.Equal(t, []bwstate.Certificate{
		{Setting: "REDIS_SSL_CERT", File: client.File, Subject: "CN=redistest client", NotAfter: end},
		{Setting: "REDIS_SSL_CA", File: ca.File, Subject: "CN=redistest CA", NotAfter: end},
		{Subject: "CN=localhost", NotAfter: end},
	}, state.Certificates())

	plain := redistest.NewServer(t, redistest.Redis(redistest.Options{}))
	require.Empty(t, mustOpen(t, plain.Addr()).Certificates())
	embedded, err := bwstate.Open(t.Context(), bwstate.Settings{})
	require.NoError(t, err)
	require.Empty(t, embedded.Certificates())
	require.NoError(t, embedded.Close())
}
