package tlsconf

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CertificateError says what was wrong with the certificate a server showed, and what was in it. All of that
// came from whoever answered, and none of it is to be believed.
type CertificateError struct {
	Expected  string   // the name or address looked for, where that was the problem; else ""
	Trusted   []string // the subjects of the authorities that are trusted beside the system's, where a Source explains
	Names     []string // the names and addresses the certificate is for
	Subject   string
	Issuer    string
	NotBefore time.Time
	NotAfter  time.Time
	Err       error // what was passed to Explain

	where    string // the settings that hold Trusted, or would; empty: not known
	namesake bool   // one of Trusted has the name of the authority that is missing
	end      string // the issuer at the end of the chain, when it is not Issuer
}

// Explain returns err as it is, unless a server's certificate was refused: then a *[CertificateError] that
// wraps it. Explain(nil) is nil.
func Explain(err error) error {
	var refused *tls.CertificateVerificationError
	var explained *CertificateError
	if errors.As(err, &explained) || !errors.As(err, &refused) || len(refused.UnverifiedCertificates) == 0 {
		return err
	}
	return explainRefusal(err, refused.UnverifiedCertificates)
}

// Explain is the function Explain, and says which authorities are trusted. An alert by which a server refuses
// the client certificate becomes a *[ClientCertificateError]. With TLS 1.3 that comes with the first read, not
// with the handshake.
func (src *Source) Explain(err error) error {
	if src == nil || err == nil {
		return err
	}
	explained := Explain(err)
	if explained == err {
		return src.explainAlert(err)
	}
	var e *CertificateError
	var refused *tls.CertificateVerificationError
	if errors.As(explained, &e) && errors.As(err, &refused) {
		src.addTrusted(e, refused.UnverifiedCertificates)
	}
	return explained
}

func explainRefusal(err error, shown []*x509.Certificate) *CertificateError {
	leaf := shown[0]
	e := &CertificateError{
		Names: namesOf(leaf), Subject: leaf.Subject.String(), Issuer: leaf.Issuer.String(),
		NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter, Err: err,
	}
	if end := shown[len(shown)-1].Issuer.String(); end != e.Issuer {
		e.end = end
	}
	var wrongName x509.HostnameError
	if errors.As(err, &wrongName) {
		e.Expected = wrongName.Host
	}
	return e
}

// addTrusted notes the authorities of the files.
func (src *Source) addTrusted(e *CertificateError, shown []*x509.Certificate) {
	s, now := src.settings, src.last.Load()
	var where []string
	for _, p := range s.parts(now) {
		if p.field == fieldCert || p.value == "" {
			continue
		}
		where = append(where, fmt.Sprintf("%s %q", s.label(p.field), p.value))
		for _, c := range p.certs {
			e.Trusted = append(e.Trusted, c.cert.Subject.String())
			e.namesake = e.namesake || bytes.Equal(c.cert.RawSubject, shown[len(shown)-1].RawIssuer)
		}
	}
	e.where = strings.Join(where, " and ")
	if len(where) == 0 {
		e.where = s.label(fieldCAFile) + " and " + s.label(fieldCADir)
	}
}

func (e *CertificateError) Error() string {
	return "tlsconf: the server's certificate, for " + listed(e.Names, e.Subject) + " and issued by " + shorten(e.Issuer) + ", " + e.problem()
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
		return "leads to no authority that is trusted: " + e.authorities()
	}
	return "is refused: " + e.Err.Error()
}

// authorities says who is trusted, and where the chain ended instead.
func (e *CertificateError) authorities() (text string) {
	switch {
	case e.where == "":
		text = "neither one of the system nor one of the CA file"
	case len(e.Trusted) == 0:
		text = "none but those of the system are, as " + e.where + " are not set"
	default:
		text = "neither one of the system nor one of " + e.where + " (" + few(e.Trusted) + ")"
	}
	if e.end != "" {
		text += "; the chain that it showed ends with one issued by " + shorten(e.end)
	}
	if e.namesake {
		text += "; one of that name is there, but with another key"
	}
	return text
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

func namesOf(cert *x509.Certificate) []string {
	names := slices.Clone(cert.DNSNames)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// listed is a few of the names. A certificate without any shows its subject, which is not looked at.
func listed(names []string, subject string) string {
	if len(names) == 0 {
		return "no name at all (subject " + shorten(subject) + ")"
	}
	return few(names)
}

func few(texts []string) string {
	const most = 5
	var quoted []string
	for _, text := range texts[:min(len(texts), most)] {
		quoted = append(quoted, shorten(text))
	}
	list := strings.Join(quoted, ", ")
	if more := len(texts) - most; more > 0 {
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
