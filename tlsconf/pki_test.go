package tlsconf_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// authority signs certificates for a test.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// issued is a certificate with its key.
type issued struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	made := sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil)
	return authority(made)
}

// issue fills in what a template leaves out: an hour around now.
func (a authority) issue(t *testing.T, template x509.Certificate) issued {
	t.Helper()
	return sign(t, &template, &a)
}

func sign(t *testing.T, template *x509.Certificate, by *authority) issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	if by == nil {
		by = &authority{cert: template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.cert, key.Public(), by.key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return issued{cert: cert, key: key}
}

func (i issued) pair() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{i.cert.Raw}, PrivateKey: i.key}
}

func (i issued) certPEM() []byte { return pemBlock("CERTIFICATE", i.cert.Raw) }

func (i issued) keyPEM(t *testing.T) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	require.NoError(t, err)
	return pemBlock("PRIVATE KEY", der)
}

func (a authority) certPEM() []byte { return issued(a).certPEM() }

func pemBlock(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// writeFile puts the parts into a file of its own.
func writeFile(t *testing.T, parts ...[]byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.pem")
	rewrite(t, path, parts...)
	return path
}

func rewrite(t *testing.T, path string, parts ...[]byte) {
	t.Helper()
	var all []byte
	for _, part := range parts {
		all = append(all, part...)
	}
	require.NoError(t, os.WriteFile(path, all, 0o600))
}

// serve answers every connection with one byte after the handshake, and returns the address.
func serve(t *testing.T, config *tls.Config) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = tls.Server(c, config).Write([]byte("+"))
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

// greet connects and reads the byte: with TLS 1.3 a server refuses a client certificate only after the
// client's handshake is over.
func greet(t *testing.T, addr string, config *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	d := tls.Dialer{Config: config}
	c, err := d.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer c.Close()
	_, err = c.Read(make([]byte, 1))
	return c.(*tls.Conn).ConnectionState(), err
}
