package redistest

import (
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
)

// The validity of all certificates. It holds under testing/synctest too, whose clock begins in 2000.
var (
	notBefore = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	notAfter  = time.Date(2049, 1, 1, 0, 0, 0, 0, time.UTC)
)

// A CA issues certificates for tests.
type CA struct {
	PEM  []byte // its own certificate
	File string // the same, in a temporary folder of the test

	tb   testing.TB
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// A Cert is a certificate and its key, as bytes and as files in a temporary folder of the test.
type Cert struct {
	PEM, KeyPEM   []byte
	File, KeyFile string
}

// NewCA makes a CA that nothing else trusts.
func NewCA(tb testing.TB) *CA {
	tb.Helper()
	a := &CA{tb: tb, dir: tb.TempDir(), key: newKey(tb)}
	template := leaf("redistest CA")
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	der := a.sign(template, template, &a.key.PublicKey)
	a.cert = must(x509.ParseCertificate(der))(tb)
	a.PEM, a.File = a.save("ca.pem", "CERTIFICATE", der)
	return a
}

// Server issues a certificate for 127.0.0.1, ::1 and localhost.
func (a *CA) Server() *Cert {
	a.tb.Helper()
	return a.issue("server", "localhost", notAfter, net.IPv4(127, 0, 0, 1), net.IPv6loopback)
}

// WrongName issues a server certificate for other.example only.
func (a *CA) WrongName() *Cert {
	a.tb.Helper()
	return a.issue("wrong-name", "other.example", notAfter)
}

// Expired issues a certificate like that of Server, whose time is over.
func (a *CA) Expired() *Cert {
	a.tb.Helper()
	return a.issue("expired", "localhost", notBefore.AddDate(1, 0, 0), net.IPv4(127, 0, 0, 1), net.IPv6loopback)
}

// Client issues a client certificate.
func (a *CA) Client() *Cert {
	a.tb.Helper()
	return a.issue("client", "redistest client", notAfter)
}

// ServerConfig is for a server that shows c.
func (a *CA) ServerConfig(c *Cert) *tls.Config {
	a.tb.Helper()
	return &tls.Config{Certificates: []tls.Certificate{c.TLS(a.tb)}}
}

// MutualConfig is for a server that shows c and requires a certificate of a from its clients.
func (a *CA) MutualConfig(c *Cert) *tls.Config {
	a.tb.Helper()
	config := a.ServerConfig(c)
	config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, a.pool()
	return config
}

// ClientConfig is for a client that trusts a, and shows certs where it is asked to.
func (a *CA) ClientConfig(certs ...*Cert) *tls.Config {
	a.tb.Helper()
	config := &tls.Config{RootCAs: a.pool(), ServerName: "127.0.0.1"}
	for _, c := range certs {
		config.Certificates = append(config.Certificates, c.TLS(a.tb))
	}
	return config
}

// TLS returns c as crypto/tls wants it.
func (c *Cert) TLS(tb testing.TB) tls.Certificate {
	tb.Helper()
	return must(tls.X509KeyPair(c.PEM, c.KeyPEM))(tb)
}

func (a *CA) issue(file, name string, until time.Time, ips ...net.IP) *Cert {
	a.tb.Helper()
	key := newKey(a.tb)
	template := leaf(name)
	template.NotAfter, template.IPAddresses, template.DNSNames = until, ips, []string{name}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if file == "client" {
		template.DNSNames, template.ExtKeyUsage = nil, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	c := &Cert{}
	c.PEM, c.File = a.save(file+".pem", "CERTIFICATE", a.sign(template, a.cert, &key.PublicKey))
	c.KeyPEM, c.KeyFile = a.save(file+".key", "PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key))(a.tb))
	return c
}

func (a *CA) sign(template, parent *x509.Certificate, key *ecdsa.PublicKey) []byte {
	a.tb.Helper()
	return must(x509.CreateCertificate(rand.Reader, template, parent, key, a.key))(a.tb)
}

func (a *CA) save(name, block string, der []byte) (text []byte, file string) {
	a.tb.Helper()
	text = pem.EncodeToMemory(&pem.Block{Type: block, Bytes: der})
	file = filepath.Join(a.dir, name)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		a.tb.Fatalf("redistest: %v", err)
	}
	return text, file
}

func (a *CA) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

func leaf(name string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: notBefore, NotAfter: notAfter,
	}
}

func newKey(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(tb)
}

// must makes a failure end the test.
func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatalf("redistest: %v", err)
		}
		return v
	}
}
