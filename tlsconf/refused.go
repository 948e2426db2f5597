package tlsconf

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"
)

// ClientCertificateError says that the server refused the client certificate, or that it wants one and none is
// set; File is empty then, and so is all that describes the certificate.
type ClientCertificateError struct {
	File     string
	Subject  string
	Issuer   string
	NotAfter time.Time
	Err      error // what was passed to Explain

	certLabel, keyLabel string
	unsure              bool // the server did not say that it is about a certificate
}

// The alerts of RFC 8446, section 6, that a server sends for a client's certificate.
const (
	alertHandshakeFailure    tls.AlertError = 40 // also for the lack of one, before TLS 1.3
	alertCertificateRequired tls.AlertError = 116
)

var aboutCertificates = []tls.AlertError{
	42, // bad_certificate
	43, // unsupported_certificate
	44, // certificate_revoked
	45, // certificate_expired
	46, // certificate_unknown
	48, // unknown_ca
	49, // access_denied
	alertCertificateRequired,
}

// alertFrom returns the alert of the other side that err is. crypto/tls does not export the type it has there, only one
// with the same text.
func alertFrom(err error) (alert tls.AlertError, ok bool) {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" || op.Err == nil {
		return 0, false
	}
	for _, alert := range append(slices.Clone(aboutCertificates), alertHandshakeFailure) {
		if op.Err.Error() == alert.Error() {
			return alert, true
		}
	}
	return 0, false
}

func (src *Source) explainAlert(err error) error {
	var explained *ClientCertificateError
	alert, ok := alertFrom(err)
	if !ok || errors.As(err, &explained) {
		return err
	}
	s, pair := src.settings, src.last.Load().pair
	e := &ClientCertificateError{
		Err: err, certLabel: s.label(fieldCert), keyLabel: s.label(fieldKey), unsure: alert == alertHandshakeFailure,
	}
	if len(pair.certs) > 0 {
		if e.unsure {
			return err // more likely something else: versions, ciphers
		}
		leaf := pair.certs[0].cert
		e.File, e.Subject, e.Issuer, e.NotAfter = s.CertFile, leaf.Subject.String(), leaf.Issuer.String(), leaf.NotAfter
	}
	return e
}

func (e *ClientCertificateError) Error() string {
	switch {
	case e.File != "":
		return fmt.Sprintf("tlsconf: the server refused the client certificate of %s %q, for %s and issued by %s, valid until %s: %v",
			e.certLabel, e.File, shorten(e.Subject), shorten(e.Issuer), e.NotAfter.UTC().Format(time.RFC3339), e.Err)
	case e.unsure:
		return fmt.Sprintf("tlsconf: the server ended the handshake; it may want a client certificate, and neither %s nor %s is set: %v",
			e.certLabel, e.keyLabel, e.Err)
	}
	return fmt.Sprintf("tlsconf: the server wants a client certificate, and neither %s nor %s is set: %v", e.certLabel, e.keyLabel, e.Err)
}

func (e *ClientCertificateError) Unwrap() error { return e.Err }
