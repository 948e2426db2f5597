package harness

import (
	"crypto/tls"

	"github.com/bwredis/bwredis/integration/certs"
)

// TLS says how a server does TLS. The zero value is a server that verifies well and asks for nothing.
type TLS struct {
	Certificate   ServerCertificate
	RequireClient bool // only clients with a certificate of the test authority get in
}

// ServerCertificate names one of the server certificates in [certs.Set].
type ServerCertificate int

// The server certificates: the one that verifies, and what can be wrong with the others.
const (
	ValidCertificate ServerCertificate = iota
	WrongNameCertificate
	ExpiredCertificate
	UnknownCACertificate
)

func (c ServerCertificate) pair(set *certs.Set) certs.Pair {
	return []certs.Pair{set.Server, set.WrongName, set.Expired, set.UnknownCA}[c]
}

// directives adds the certificate files; the listening port is the caller's.
func (t *TLS) directives(d *directives) {
	d.add("tls-cert-file", home+"/server.crt")
	d.add("tls-key-file", home+"/server.key")
	d.add("tls-ca-cert-file", home+"/ca.crt")
	clients := "no"
	if t.RequireClient {
		clients = "yes"
	}
	d.add("tls-auth-clients", clients)
}

// files returns what the server and the command-line client in its container need.
func (t *TLS) files(set *certs.Set) []file {
	pair := t.Certificate.pair(set)
	return []file{
		{"ca.crt", set.CAPEM},
		{"server.crt", pair.CertPEM},
		{"server.key", pair.KeyPEM},
		{"client.crt", set.Client.CertPEM},
		{"client.key", set.Client.KeyPEM},
	}
}

// insideTLS returns the arguments that let the command-line client in the container use TLS. It verifies
// the chain but no name, and fails with a certificate that is wrong.
func insideTLS() []string {
	return []string{"--tls", "--cacert", home + "/ca.crt", "--cert", home + "/client.crt", "--key", home + "/client.key"}
}

// probeTLS is for the harness's own connections: it gets in anywhere and verifies nothing, because servers
// with a wrong certificate must be waited for, too.
func probeTLS(set *certs.Set) *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{set.Client.TLS()}}
}
