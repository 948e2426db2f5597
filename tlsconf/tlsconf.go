package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
)

// Settings say how to speak TLS. The zero value says not to.
type Settings struct {
	Enabled bool
	Verify  bool // false accepts any certificate, from anybody

	ServerName string // the name to find in the certificate, and to ask for; empty: the host of the address
	CAFile     string // authorities trusted in addition to the system's
	CertFile   string // client certificate, followed by its intermediates; needs KeyFile
	KeyFile    string // its private key, not encrypted; needs CertFile
}

// Config makes a new configuration, or returns nil, nil when TLS is not enabled; no file is read then. The
// error joins what is wrong with each of the settings, as an [*Error] each.
func (s Settings) Config() (*tls.Config, error) {
	if !s.Enabled {
		return nil, nil
	}
	config := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         s.ServerName,
		InsecureSkipVerify: !s.Verify,
		// A reconnect resumes the session and saves the server a signature.
		ClientSessionCache: tls.NewLRUClientSessionCache(0),
	}
	var caErr, certErr error
	if s.CAFile != "" {
		config.RootCAs, caErr = rootsWith(s.CAFile)
	}
	if s.CertFile != "" || s.KeyFile != "" {
		config.GetClientCertificate, certErr = clientCertificate(s.CertFile, s.KeyFile)
	}
	if err := errors.Join(caErr, certErr); err != nil {
		return nil, err
	}
	return config, nil
}

// Error is what is wrong with one of the settings.
type Error struct {
	Field string // the field of Settings: CAFile, CertFile or KeyFile
	File  string // its value; empty when it is missing
	Err   error  // never holds what was read
}

func (e *Error) Error() string {
	if e.File == "" {
		return fmt.Sprintf("tlsconf: %s: %v", e.Field, e.Err)
	}
	return fmt.Sprintf("tlsconf: %s %q: %v", e.Field, e.File, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// rootsWith is the system's authorities and those in a file.
func rootsWith(file string) (*x509.CertPool, error) {
	certs, err := readCertificates("CAFile", file)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without authorities: trusting fewer is safe
	}
	for _, cert := range certs {
		pool.AddCert(cert)
	}
	return pool, nil
}
