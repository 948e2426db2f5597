package tlsconf_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io/fs"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/tlsconf"
)

var loopback = []net.IP{net.IPv4(127, 0, 0, 1)}

var versions = map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13}

func serverCert(t *testing.T, ca authority) issued {
	t.Helper()
	return ca.issue(t, x509.Certificate{DNSNames: []string{"redis.example"}, IPAddresses: loopback})
}

func makeConfig(t *testing.T, s tlsconf.Settings) *tls.Config {
	t.Helper()
	s.Enabled = true
	config, err := s.Config()
	require.NoError(t, err)
	return config
}

func TestConfigNotEnabled(t *testing.T) {
	config, err := tlsconf.Settings{Verify: true, CAFile: "/does/not/exist"}.Config()
	require.NoError(t, err)
	require.Nil(t, config)
}

func TestConfigVerifies(t *testing.T) {
	ca := newAuthority(t, "Redis CA")
	addr := serve(t, &tls.Config{Certificates: []tls.Certificate{serverCert(t, ca).pair()}})
	caFile := writeFile(t, []byte("# the other comes first\n"), newAuthority(t, "Other CA").certPEM(), ca.certPEM())
	otherFile := writeFile(t, newAuthority(t, "Other CA").certPEM())

	for _, name := range []string{"", "redis.example", "127.0.0.1"} {
		state, err := greet(t, addr, makeConfig(t, tlsconf.Settings{Verify: true, CAFile: caFile, ServerName: name}))
		require.NoError(t, err, name)
		require.NotEmpty(t, state.VerifiedChains)
	}

	var authorityErr x509.UnknownAuthorityError
	_, err := greet(t, addr, makeConfig(t, tlsconf.Settings{Verify: true}))
	require.ErrorAs(t, err, &authorityErr)
	_, err = greet(t, addr, makeConfig(t, tlsconf.Settings{Verify: true, CAFile: otherFile}))
	require.ErrorAs(t, err, &authorityErr)
	var nameErr x509.HostnameError
	_, err = greet(t, addr, makeConfig(t, tlsconf.Settings{Verify: true, CAFile: caFile, ServerName: "other.example"}))
	require.ErrorAs(t, err, &nameErr)

	_, err = greet(t, addr, makeConfig(t, tlsconf.Settings{Verify: false, CAFile: otherFile, ServerName: "other.example"}))
	require.NoError(t, err)
}

func TestConfigSendsServerName(t *testing.T) {
	ca := newAuthority(t, "Redis CA")
	pair := serverCert(t, ca).pair()
	asked := make(chan string, 1)
	addr := serve(t, &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		asked <- hello.ServerName
		return &pair, nil
	}})
	config := makeConfig(t, tlsconf.Settings{Verify: true, CAFile: writeFile(t, ca.certPEM()), ServerName: "redis.example"})
	_, err := greet(t, addr, config)
	require.NoError(t, err)
	require.Equal(t, "redis.example", <-asked)
}

// With TLS 1.3 what is needed for it comes after the handshake.
func TestConfigResumesSessions(t *testing.T) {
	ca := newAuthority(t, "Redis CA")
	for name, version := range versions {
		t.Run(name, func(t *testing.T) {
			addr := serve(t, &tls.Config{Certificates: []tls.Certificate{serverCert(t, ca).pair()}, MaxVersion: version})
			config := makeConfig(t, tlsconf.Settings{Verify: true, CAFile: writeFile(t, ca.certPEM())})
			for i := range 3 {
				state, err := greet(t, addr, config)
				require.NoError(t, err)
				require.Equal(t, version, state.Version)
				require.Equal(t, i > 0, state.DidResume)
			}
		})
	}
}

func TestConfigRefusesOldVersions(t *testing.T) {
	ca := newAuthority(t, "Redis CA")
	pairs := []tls.Certificate{serverCert(t, ca).pair()}
	config := makeConfig(t, tlsconf.Settings{})
	state, err := greet(t, serve(t, &tls.Config{Certificates: pairs, MaxVersion: tls.VersionTLS12}), config)
	require.NoError(t, err)
	require.EqualValues(t, tls.VersionTLS12, state.Version)
	_, err = greet(t, serve(t, &tls.Config{Certificates: pairs, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}), config)
	require.Error(t, err)
}

func TestConfigClientCertificate(t *testing.T) {
	ca := newAuthority(t, "Redis CA")
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	addr := serve(t, &tls.Config{
		Certificates: []tls.Certificate{serverCert(t, ca).pair()}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
	})
	caFile := writeFile(t, ca.certPEM())
	forClients := x509.Certificate{Subject: pkix.Name{CommonName: "node"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	client := ca.issue(t, forClients)
	// OpenSSL writes the curve in front of the key.
	keyFile := writeFile(t, pemBlock("EC PARAMETERS", []byte{6, 0}), client.keyPEM(t))

	_, err := greet(t, addr, makeConfig(t, tlsconf.Settings{
		Verify: true, CAFile: caFile, CertFile: writeFile(t, client.certPEM(), ca.certPEM()), KeyFile: keyFile,
	}))
	require.NoError(t, err)

	_, err = greet(t, addr, makeConfig(t, tlsconf.Settings{Verify: true, CAFile: caFile}))
	require.ErrorContains(t, err, "certificate required")

	stranger := newAuthority(t, "Other CA").issue(t, forClients)
	_, err = greet(t, addr, makeConfig(t, tlsconf.Settings{
		Verify: true, CAFile: caFile, CertFile: writeFile(t, stranger.certPEM()), KeyFile: writeFile(t, stranger.keyPEM(t)),
	}))
	require.ErrorContains(t, err, "remote error")
}

// Every form OpenSSL writes a key in.
func TestConfigReadsKeys(t *testing.T) {
	ca := newAuthority(t, "Redis CA")
	client := ca.issue(t, x509.Certificate{})
	sec1, err := x509.MarshalECPrivateKey(client.key.(*ecdsa.PrivateKey))
	require.NoError(t, err)
	makeConfig(t, tlsconf.Settings{
		CertFile: writeFile(t, client.certPEM()), KeyFile: writeFile(t, pemBlock("EC PRIVATE KEY", sec1)),
	})

	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	der, err := x509.CreateCertificate(rand.Reader, client.cert, ca.cert, key.Public(), ca.key)
	require.NoError(t, err)
	pkcs1 := pemBlock("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	makeConfig(t, tlsconf.Settings{
		CertFile: writeFile(t, pemBlock("CERTIFICATE", der), pkcs1), KeyFile: writeFile(t, pemBlock("CERTIFICATE", der), pkcs1),
	})
}

func TestConfigRefusesFiles(t *testing.T) {
	ca := newAuthority(t, "Redis CA")
	client, other := ca.issue(t, x509.Certificate{}), ca.issue(t, x509.Certificate{})
	missing := filepath.Join(t.TempDir(), "none.pem")
	cert, key := writeFile(t, client.certPEM()), writeFile(t, client.keyPEM(t))
	tests := []struct {
		name, field string
		settings    tlsconf.Settings
		want        string
	}{
		{"missing CA", "CAFile", tlsconf.Settings{CAFile: missing}, "cannot be read: no such file or directory"},
		{"CA is a directory", "CAFile", tlsconf.Settings{CAFile: t.TempDir()}, "it is a directory, and CADir is for those"},
		{"CA without PEM", "CAFile", tlsconf.Settings{CAFile: writeFile(t, []byte("hello"))}, "no PEM certificate in it"},
		{"CA empty", "CAFile", tlsconf.Settings{CAFile: writeFile(t)}, "no PEM certificate in it"},
		{"CA in DER", "CAFile", tlsconf.Settings{CAFile: writeFile(t, ca.cert.Raw)}, "must be converted to PEM"},
		{"CA is a key", "CAFile", tlsconf.Settings{CAFile: key}, "no PEM certificate in it, only PRIVATE KEY"},
		{
			"CA half good", "CAFile",
			tlsconf.Settings{CAFile: writeFile(t, ca.certPEM(), pemBlock("CERTIFICATE", []byte("x")))},
			"certificate 2 in it cannot be read",
		},
		{"CA too large", "CAFile", tlsconf.Settings{CAFile: writeFile(t, make([]byte, 1<<20+1))}, "larger than 1048576 bytes"},

		{"key alone", "CertFile", tlsconf.Settings{KeyFile: key}, "not set, but KeyFile is"},
		{"certificate alone", "KeyFile", tlsconf.Settings{CertFile: cert}, "not set, but CertFile is"},
		{"missing certificate", "CertFile", tlsconf.Settings{CertFile: missing, KeyFile: key}, "no such file"},
		{"missing key", "KeyFile", tlsconf.Settings{CertFile: cert, KeyFile: missing}, "no such file"},
		{
			"swapped", "CertFile", tlsconf.Settings{CertFile: key, KeyFile: cert}, "no PEM certificate in it, only PRIVATE KEY",
		},
		{"key is a certificate", "KeyFile", tlsconf.Settings{CertFile: cert, KeyFile: cert}, "no PEM private key in it, only CERTIFICATE"},
		{
			"key of another", "KeyFile",
			tlsconf.Settings{CertFile: cert, KeyFile: writeFile(t, other.keyPEM(t))},
			"the key does not match the first certificate",
		},
		{
			"encrypted key", "KeyFile",
			tlsconf.Settings{CertFile: cert, KeyFile: writeFile(t, pemBlock("ENCRYPTED PRIVATE KEY", []byte("x")))},
			"encrypted",
		},
		{
			"key encrypted the old way", "KeyFile",
			tlsconf.Settings{CertFile: cert, KeyFile: writeFile(t, []byte("-----BEGIN RSA PRIVATE KEY-----\n"+
				"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"))},
			"encrypted",
		},
		{
			"broken key", "KeyFile",
			tlsconf.Settings{CertFile: cert, KeyFile: writeFile(t, pemBlock("PRIVATE KEY", []byte("hunter2")))},
			"cannot be read or is of a kind",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.settings
			s.Enabled = true
			config, err := s.Config()
			require.Nil(t, config)
			var one *tlsconf.Error
			require.ErrorAs(t, err, &one)
			require.Equal(t, tt.field, one.Field)
			require.Equal(t, map[string]string{"CAFile": s.CAFile, "CertFile": s.CertFile, "KeyFile": s.KeyFile}[tt.field], one.File)
			require.ErrorContains(t, one, tt.want)
			require.ErrorContains(t, one, "tlsconf: "+tt.field)
			require.ErrorContains(t, one, one.File)
			requireNoKey(t, err, client, other)
		})
	}
}

func requireNoKey(t *testing.T, err error, certs ...issued) {
	t.Helper()
	require.NotContains(t, err.Error(), "hunter2")
	for _, cert := range certs {
		lines := strings.Split(string(cert.keyPEM(t)), "\n")
		require.NotContains(t, err.Error(), lines[1])
	}
}

func TestConfigJoinsProblems(t *testing.T) {
	_, err := tlsconf.Settings{Enabled: true, CAFile: "/no/ca", CertFile: "/no/cert", KeyFile: "/no/key"}.Config()
	require.ErrorIs(t, err, fs.ErrNotExist)
	for _, file := range []string{"/no/ca", "/no/cert", "/no/key"} {
		require.ErrorContains(t, err, file)
	}
	require.True(t, errors.As(err, new(*tlsconf.Error)))
}
