package certs

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHandshakes(t *testing.T) {
	set, err := New(t.TempDir())
	require.NoError(t, err)

	unknown := new(x509.UnknownAuthorityError)
	hostname := new(x509.HostnameError)
	invalid := new(x509.CertificateInvalidError)
	for _, tt := range []struct {
		name           string
		server, client Pair
		serverName     string
		want           any // nil, or the error type that the client must see
		refused        bool
	}{
		{name: "address", server: set.Server, client: set.Client, serverName: "127.0.0.1"},
		{name: "localhost", server: set.Server, client: set.Client, serverName: "localhost"},
		{name: "given name", server: set.Server, client: set.Client, serverName: ServerName},
		{name: "name of a set's member", server: set.Server, client: set.Client, serverName: "node1.bwredis.test"},
		{name: "wrong name", server: set.WrongName, client: set.Client, serverName: "127.0.0.1", want: hostname},
		{name: "wrong name, asked for", server: set.WrongName, client: set.Client, serverName: "other.example"},
		{name: "expired", server: set.Expired, client: set.Client, serverName: "127.0.0.1", want: invalid},
		{name: "unknown authority", server: set.UnknownCA, client: set.Client, serverName: "127.0.0.1", want: unknown},
		{name: "server's as a client's", server: set.Server, client: set.Server, serverName: "127.0.0.1"},
		{name: "unknown client", server: set.Server, client: set.UnknownClient, serverName: "127.0.0.1", refused: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := &tls.Config{
				RootCAs: set.Pool(), ServerName: tt.serverName,
				// Unasked: with Certificates, Go would send none that the server has not asked for.
				GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
					cert := tt.client.TLS()
					return &cert, nil
				},
			}
			server := &tls.Config{
				ClientCAs: set.Pool(), ClientAuth: tls.RequireAndVerifyClientCert,
				Certificates: []tls.Certificate{tt.server.TLS()}, SessionTicketsDisabled: true,
			}
			clientErr, serverErr := handshake(client, server)
			switch {
			case tt.want != nil:
				require.Error(t, clientErr)
				assert.ErrorAs(t, clientErr, tt.want)
			case tt.refused:
				assert.ErrorAs(t, serverErr, unknown)
			default:
				assert.NoError(t, clientErr)
				assert.NoError(t, serverErr)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	set, err := New(t.TempDir())
	require.NoError(t, err)
	for _, p := range []Pair{set.Server, set.WrongName, set.Expired, set.UnknownCA, set.Client, set.UnknownClient} {
		_, err := tls.LoadX509KeyPair(p.CertFile, p.KeyFile)
		require.NoError(t, err)
		info, err := os.Stat(p.KeyFile)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o644), info.Mode().Perm(), "a server running as another user reads it")
	}
	pem, err := os.ReadFile(set.CAFile)
	require.NoError(t, err)
	assert.Equal(t, set.CAPEM, pem)
}

func TestNewReportsAMissingDirectory(t *testing.T) {
	_, err := New(t.TempDir() + "/absent")
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func handshake(client, server *tls.Config) (clientErr, serverErr error) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	done := make(chan error, 1)
	go func() {
		s := tls.Server(b, server)
		err := s.Handshake()
		_ = b.Close()
		done <- err
	}()
	clientErr = tls.Client(a, client).Handshake()
	_ = a.Close()
	return clientErr, <-done
}
