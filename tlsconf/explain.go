package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strconv"
	"strings"
	"time"
)

// CertificateError says what was wrong with the certificate a server showed, and what was in it. All of it
// came from whoever answered, and none of it is to be believed.
type CertificateError struct {
	Expected  string   // the name or address looked for, where that was the problem; else ""
	Names     []string // the names and addresses the certificate is for
	Subject   string
	Issuer    string
	NotBefore time.Time
	NotAfter  time.Time
	Err       error // what was passed to Explain
}

// Explain returns err as it is, unless a server's certificate was refused: then a *[CertificateError] that
// wraps it. Explain(nil) is nil.
func Explain(err error) error {
	var refused *tls.CertificateVerificationError
	var explained *CertificateError
	if errors.As(err, &explained) || !errors.As(err, &refused) || len(refused.UnverifiedCertificates) == 0 {
		return err
	}
	leaf := refused.UnverifiedCertificates[0]
	e := &CertificateError{
		Names: leaf.DNSNames, Subject: leaf.Subject.String(), Issuer: leaf.Issuer.String(),
		NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter, Err: err,
	}
	for _, ip := range leaf.IPAddresses {
		e.Names = append(e.Names[:len(e.Names):len(e.Names)], ip.String())
	}
	var wrongName x509.HostnameError
	if errors.As(err, &wrongName) {
		e.Expected = wrongName.Host
	}
	return e
}

func (e *CertificateError) Error() string {
	return "tlsconf: the server's certificate, for " + e.names() + " and issued by " + shorten(e.Issuer) + ", " + e.problem()
}

func (e *CertificateError) Unwrap() error { return e.Err }

func (e *CertificateError) problem() string {
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	switch {
	case e.Expected != "":
		return "does not carry the name " + shorten(e.Expected)
	case errors.As(e.Err, &invalid) && invalid.Reason == x509.Expired:
		return e.validity(invalid)
	case errors.As(e.Err, &unknown):
		return "leads to no authority that is trusted: neither one of the system nor one of the CA file"
	}
	return "is refused: " + e.Err.Error()
}

// validity words a certificate that is not valid now; it may be another of the chain than the server's own.
func (e *CertificateError) validity(invalid x509.CertificateInvalidError) string {
	cert, which := invalid.Cert, ""
	if cert.NotAfter != e.NotAfter || cert.Subject.String() != e.Subject {
		which = "relies on that of " + shorten(cert.Subject.String()) + ", which "
	}
	text := "was valid until " + cert.NotAfter.UTC().Format(time.RFC3339)
	if time.Now().Before(cert.NotBefore) {
		text = "is not valid before " + cert.NotBefore.UTC().Format(time.RFC3339)
	}
	return which + text + "; now it is " + time.Now().UTC().Format(time.RFC3339)
}

// names lists a few of the names. A certificate without any shows its subject, which is not looked at.
func (e *CertificateError) names() string {
	if len(e.Names) == 0 {
		return "no name at all (subject " + shorten(e.Subject) + ")"
	}
	const most = 5
	var quoted []string
	for _, name := range e.Names[:min(len(e.Names), most)] {
		quoted = append(quoted, shorten(name))
	}
	list := strings.Join(quoted, ", ")
	if more := len(e.Names) - most; more > 0 {
		list += " and " + strconv.Itoa(more) + " more"
	}
	return list
}

// shorten quotes a text from the other side, so that it can neither break a line nor fill a log.
func shorten(text string) string {
	const most = 100
	if len(text) > most {
		return strconv.Quote(text[:most]) + "…"
	}
	return strconv.Quote(text)
}
