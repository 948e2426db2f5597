package redistest

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// handshake runs a TLS handshake over a pipe, one command included, for some failures show only with the first read.
func handshake(t *testing.T, server, client *tls.Config) error {
	t.Helper()
	c, s := Pipe()
	go Serve(tls.Server(s, server), Redis(Options{}))
	nc := tls.Client(c, client)
	defer nc.Close()
	if _, err := nc.Write([]byte(request("PING"))); err != nil {
		return err
	}
	_, err := nc.Read(make([]byte, 7))
	return err
}

func TestCerts(t *testing.T) {
	ca := NewCA(t)
	client := ca.ClientConfig()
	require.NoError(t, handshake(t, ca.ServerConfig(ca.Server()), client))

	byName := client.Clone()
	byName.ServerName = "localhost"
	require.NoError(t, handshake(t, ca.ServerConfig(ca.Server()), byName))

	var name x509.HostnameError
	require.ErrorAs(t, handshake(t, ca.ServerConfig(ca.WrongName()), client), &name)
	var invalid x509.CertificateInvalidError
	require.ErrorAs(t, handshake(t, ca.ServerConfig(ca.Expired()), client), &invalid)
	assert.Equal(t, x509.Expired, invalid.Reason)
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, handshake(t, ca.ServerConfig(ca.Server()), NewCA(t).ClientConfig()), &unknown)
}

func TestClientCerts(t *testing.T) {
	ca := NewCA(t)
	server := ca.MutualConfig(ca.Server())
	require.NoError(t, handshake(t, server, ca.ClientConfig(ca.Client())))
	require.Error(t, handshake(t, server, ca.ClientConfig()))
	other := NewCA(t)
	stranger := ca.ClientConfig(other.Client())
	stranger.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		return &stranger.Certificates[0], nil
	}
	require.Error(t, handshake(t, server, stranger))
	require.Error(t, handshake(t, server, ca.ClientConfig(ca.Server())), "a server's certificate is not a client's")
}

func TestCertsHoldInABubble(t *testing.T) {
	ca := NewCA(t)
	server, expired, client := ca.ServerConfig(ca.Server()), ca.ServerConfig(ca.Expired()), ca.ClientConfig()
	synctest.Test(t, func(t *testing.T) {
		require.NoError(t, handshake(t, server, client))
		require.Error(t, handshake(t, expired, client))
	})
}

func TestCertFiles(t *testing.T) {
	ca := NewCA(t)
	cert := ca.Client()
	for file, want := range map[string][]byte{ca.File: ca.PEM, cert.File: cert.PEM, cert.KeyFile: cert.KeyPEM} {
		got, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got))
	}
	_, err := tls.LoadX509KeyPair(cert.File, cert.KeyFile)
	require.NoError(t, err)
}
