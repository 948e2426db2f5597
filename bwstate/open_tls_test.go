package bwstate_test

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/sentinel"
	"github.com/bwredis/bwredis/tlsconf"
)

func TestOpenRefusesCertificates(t *testing.T) {
	ca, other := redistest.NewCA(t), redistest.NewCA(t)
	for name, c := range map[string]struct {
		cert     *redistest.Cert
		settings []string
		text     string
	}{
		"of an unknown authority": {ca.Server(), nil, "redistest CA"},
		"of another authority":    {ca.Server(), []string{"REDIS_SSL_CA=" + other.File}, "redistest CA"},
		"for another name":        {ca.WrongName(), []string{"REDIS_SSL_CA=" + ca.File}, "other.example"},
		"of last year":            {ca.Expired(), []string{"REDIS_SSL_CA=" + ca.File}, "was valid until 1991"},
	} {
		t.Run(name, func(t *testing.T) {
			server := redistest.NewTLSServer(t, redistest.Redis(redistest.Options{}), ca.ServerConfig(c.cert))
			err := requireFailure(t, conn.OpTLS, server.Addr(), append(c.settings, "REDIS_SSL=yes", "REDIS_PASSWORD="+canary)...)
			var refused *tlsconf.CertificateError
			require.ErrorAs(t, err, &refused)
			require.ErrorContains(t, err, c.text)
			require.Empty(t, server.Commands())
		})
	}
}

func TestOpenWithAClientCertificate(t *testing.T) {
	ca := redistest.NewCA(t)
	server := redistest.NewTLSServer(t, redistest.Redis(redistest.Options{}), ca.MutualConfig(ca.Server()))
	client := ca.Client()
	trust := []string{"REDIS_SSL=yes", "REDIS_SSL_CA=" + ca.File}
	works(t, mustOpen(t, server.Addr(), append(trust, "REDIS_SSL_CERT="+client.File, "REDIS_SSL_KEY="+client.KeyFile)...))
	_, err := open(t, server.Addr(), trust...)
	require.ErrorContains(t, err, server.Addr())
}

func TestOpenWithAServerName(t *testing.T) {
	ca := redistest.NewCA(t)
	server := redistest.NewTLSServer(t, redistest.Redis(redistest.Options{}), ca.ServerConfig(ca.WrongName()))
	works(t, mustOpen(t, server.Addr(), "REDIS_SSL=yes", "REDIS_SSL_CA="+ca.File, "REDIS_SSL_SERVER_NAME=other.example"))
}

func TestOneSideSpeaksTLS(t *testing.T) {
	ca := redistest.NewCA(t)
	plain := redistest.NewServer(t, redistest.Redis(redistest.Options{}))
	err := requireFailure(t, conn.OpTLS, plain.Addr(), "REDIS_SSL=yes", "REDIS_SSL_CA="+ca.File)
	require.ErrorContains(t, err, "does not speak TLS")
	secure := redistest.NewTLSServer(t, redistest.Redis(redistest.Options{}), ca.ServerConfig(ca.Server()))
	err = requireFailure(t, conn.OpHandshake, secure.Addr(), "REDIS_PASSWORD="+canary)
	require.ErrorContains(t, err, "TLS")
}

func TestOpenNamesTheSettingOfAFile(t *testing.T) {
	ca := redistest.NewCA(t)
	missing := filepath.Join(t.TempDir(), "none.pem")
	for name, settings := range map[string][]string{
		"REDIS_SSL_CA":   {"REDIS_SSL_CA=" + missing},
		"REDIS_SSL_CERT": {"REDIS_SSL_CERT=" + missing, "REDIS_SSL_KEY=" + ca.Client().KeyFile},
		"REDIS_SSL_KEY":  {"REDIS_SSL_CERT=" + ca.Client().File, "REDIS_SSL_KEY=" + missing},
	} {
		_, err := openWith(t, append(settings, "REDIS_HOST=127.0.0.1", "REDIS_SSL=yes")...)
		var e *bwstate.SettingError
		require.ErrorAs(t, err, &e, name)
		require.Equal(t, name, e.Name)
		require.Equal(t, missing, e.Value)
		require.ErrorContains(t, err, missing)
		require.ErrorContains(t, err, "no such file")
	}
}

// setOf makes a sentinel that knows mymaster to be at addr.
func setOf(t *testing.T, addr string) redistest.Handler {
	t.Helper()
	return redistest.Override(map[string]redistest.Handler{"SENTINEL GET-MASTER-ADDR-BY-NAME": toMaster(t, addr)},
		redistest.Redis(redistest.Options{Password: "of the sentinels"}))
}

// toMaster answers SENTINEL GET-MASTER-ADDR-BY-NAME.
func toMaster(t *testing.T, addr string) redistest.Handler {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	return func(c *redistest.Session, args []string) {
		if args[2] != "mymaster" {
			c.Null()
			return
		}
		c.Array(2)
		c.Bulk(host)
		c.Bulk(port)
	}
}

func masterRole(c *redistest.Session, _ []string) {
	c.Array(3)
	c.Bulk("master")
	c.Int(0)
	c.Array(0)
}

func TestOpenThroughSentinels(t *testing.T) {
	master := redistest.NewServer(t, redistest.Override(map[string]redistest.Handler{"ROLE": masterRole}, redistest.Redis(redistest.Options{Password: canary})))
	up := redistest.NewServer(t, setOf(t, master.Addr()))
	down := redistest.NewServer(t, setOf(t, master.Addr()))
	down.Close()
	hosts := "REDIS_SENTINEL_HOSTS=" + down.Addr() + " " + up.Addr()
	state, err := openWith(t, hosts, "REDIS_PASSWORD="+canary, "REDIS_SENTINEL_PASSWORD=of the sentinels")
	require.NoError(t, err)
	works(t, state)
	require.NoError(t, state.Close())

	for _, settings := range [][]string{
		{"REDIS_PASSWORD=" + canary},
		{"REDIS_PASSWORD=" + canary, "REDIS_SENTINEL_PASSWORD=" + canary},
		{"REDIS_PASSWORD=" + canary, "REDIS_SENTINEL_PASSWORD=of the sentinels", "REDIS_SENTINEL_MASTER=other"},
	} {
		_, err = openWith(t, append(settings, hosts)...)
		var failed *sentinel.ResolveError
		require.ErrorAs(t, err, &failed)
		require.ErrorContains(t, err, down.Addr())
		require.ErrorContains(t, err, up.Addr())
		requireHidden(t, err.Error(), canary)
	}
}

// What is wrong with a certificate is said of each sentinel.
func TestOpenRefusesTheCertificatesOfSentinels(t *testing.T) {
	ca := redistest.NewCA(t)
	config := ca.ServerConfig(ca.Server())
	var hosts []string
	for range 3 {
		hosts = append(hosts, redistest.NewTLSServer(t, setOf(t, "127.0.0.1:1"), config).Addr())
	}
	_, err := openWith(t, "REDIS_SENTINEL_HOSTS="+strings.Join(hosts, " "), "REDIS_SSL=yes")
	require.Error(t, err)
	require.Equal(t, 3, strings.Count(err.Error(), "tlsconf: the server's certificate"), err.Error())
	for _, host := range hosts {
		require.ErrorContains(t, err, host)
	}
}
