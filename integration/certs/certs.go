// Package certs makes the certificates of the integration tests: an authority, and server and client
// certificates that are right or wrong in exactly one way each. Nothing here is secret: the keys live as
// long as one test run.
package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// ServerName is in every server certificate but [Set.WrongName]'s: the name to verify when a server is
// reached by an address that no certificate can foresee, such as one a Sentinel announces.
const ServerName = "redis.bwredis.test"

// Pair is one certificate and its private key, as PEM, in memory and in files that anybody may read.
type Pair struct {
	CertFile, KeyFile string
	CertPEM, KeyPEM   []byte
}

// Set is one authority and what it signed. All server certificates may also be used by a client, since
// replicas and Sentinels present theirs when they connect to each other.
type Set struct {
	CAFile string // the authority's certificate, PEM
	CAPEM  []byte

	Server        Pair // for 127.0.0.1, ::1, localhost, [ServerName] and *.bwredis.test
	WrongName     Pair // as Server, but for other.example only
	Expired       Pair // as Server, but its validity ended an hour ago
	UnknownCA     Pair // as Server, but signed by an authority that is not CAFile's
	Client        Pair // a client's
	UnknownClient Pair // a client's, signed by the other authority
}

// New makes a set and writes its files to dir, which must exist.
func New(dir string) (*Set, error) {
	ca, err := newAuthority("bwredis test authority")
	if err != nil {
		return nil, err
	}
	stranger, err := newAuthority("an authority nobody trusts")
	if err != nil {
		return nil, err
	}
	s := &Set{CAFile: filepath.Join(dir, "ca.crt"), CAPEM: encode("CERTIFICATE", ca.cert.Raw)}
	if err := os.WriteFile(s.CAFile, s.CAPEM, 0o644); err != nil {
		return nil, err
	}
	expired := server(ServerName, "localhost", "*.bwredis.test")
	expired.NotBefore, expired.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-time.Hour)
	for _, p := range []struct {
		pair     *Pair
		name     string
		by       *authority
		template *x509.Certificate
	}{
		{&s.Server, "server", ca, server(ServerName, "localhost", "*.bwredis.test")},
		{&s.WrongName, "wrong-name", ca, wrongName()},
		{&s.Expired, "expired", ca, expired},
		{&s.UnknownCA, "unknown-ca", stranger, server(ServerName, "localhost", "*.bwredis.test")},
		{&s.Client, "client", ca, client("a client")},
		{&s.UnknownClient, "unknown-client", stranger, client("a stranger")},
	} {
		if err := p.by.issue(p.pair, p.template); err != nil {
			return nil, fmt.Errorf("certificate %s: %w", p.name, err)
		}
		if err := p.pair.write(dir, p.name); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Pool returns a pool that trusts the set's authority and nobody else.
func (s *Set) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.CAPEM)
	return pool
}

// TLS returns the pair in the form [tls.Config] takes. It panics when the pair is empty.
func (p Pair) TLS() tls.Certificate {
	cert, err := tls.X509KeyPair(p.CertPEM, p.KeyPEM)
	if err != nil {
		panic("certs: " + err.Error())
	}
	return cert
}

// write stores the pair where a server that runs as another user can read it, hence the open modes.
func (p *Pair) write(dir, name string) error {
	p.CertFile, p.KeyFile = filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")
	if err := os.WriteFile(p.CertFile, p.CertPEM, 0o644); err != nil {
		return err
	}
	return os.WriteFile(p.KeyFile, p.KeyPEM, 0o644)
}

func server(names ...string) *x509.Certificate {
	return &x509.Certificate{
		Subject:     pkix.Name{CommonName: names[0]},
		DNSNames:    names,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore:   time.Now().Add(-time.Hour),
		NotAfter:    time.Now().Add(24 * time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

func wrongName() *x509.Certificate {
	t := server("other.example")
	t.IPAddresses = nil
	return t
}

func client(name string) *x509.Certificate {
	t := server(name)
	t.DNSNames, t.IPAddresses = nil, nil
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return t
}

type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(name string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-72 * time.Hour), // before the expired certificate's
		NotAfter:              time.Now().Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &authority{cert, key}, err
}

// issue signs the template for a new key and stores both in p.
func (a *authority) issue(p *Pair, template *x509.Certificate) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template.SerialNumber, template.KeyUsage = serial(), x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	p.CertPEM, p.KeyPEM = encode("CERTIFICATE", der), encode("PRIVATE KEY", keyDER)
	return nil
}

func serial() *big.Int {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return new(big.Int).SetBytes(b)
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
