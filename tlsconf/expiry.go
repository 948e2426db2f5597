package tlsconf

import (
	"cmp"
	"crypto/x509"
	"slices"
	"time"
)

// Expiry is when a certificate ends.
type Expiry struct {
	Field    string // the field of Settings: CAFile, CADir or CertFile; empty: a server showed it
	File     string // which the certificate is in
	Subject  string
	NotAfter time.Time
}

// Expiry lists the certificates in use, those that end first in front: all of the files, and the one that a
// server showed in the last handshake that succeeded. The slice is the caller's.
func (src *Source) Expiry() []Expiry {
	if src == nil {
		return nil
	}
	var all []Expiry
	now := src.current()
	for _, p := range src.settings.parts(now) {
		for _, c := range p.certs {
			all = append(all, Expiry{Field: p.field, File: c.file, Subject: c.cert.Subject.String(), NotAfter: c.cert.NotAfter})
		}
	}
	if cert := src.shown.Load(); cert != nil {
		all = append(all, Expiry{Subject: cert.Subject.String(), NotAfter: cert.NotAfter})
	}
	slices.SortStableFunc(all, func(a, b Expiry) int { return a.NotAfter.Compare(b.NotAfter) })
	return all
}

// defaultWarnBefore is for certificates that live for six weeks or more. Shorter ones are renewed all the time, and a
// warning with each renewal would be noise.
const defaultWarnBefore = 14 * 24 * time.Hour

// endsSoon says whether a certificate's end is worth a warning.
func (s Settings) endsSoon(cert *x509.Certificate, now time.Time) bool {
	before := s.WarnBefore
	if before == 0 {
		before = min(defaultWarnBefore, cert.NotAfter.Sub(cert.NotBefore)/3)
	}
	return before > 0 && now.After(cert.NotAfter.Add(-before))
}

// endingSoon returns those of certs whose end is worth a warning, those that end first in front.
func (s Settings) endingSoon(certs []certFrom) (soon []certFrom) {
	now := time.Now()
	for _, c := range certs {
		if s.endsSoon(c.cert, now) {
			soon = append(soon, c)
		}
	}
	slices.SortStableFunc(soon, func(a, b certFrom) int {
		return cmp.Or(a.cert.NotAfter.Compare(b.cert.NotAfter), cmp.Compare(a.file, b.file))
	})
	return soon
}

// ends words the end of a certificate, in the past or to come.
func ends(cert *x509.Certificate) string {
	verb := "expires at "
	if time.Now().After(cert.NotAfter) {
		verb = "expired at "
	}
	return verb + cert.NotAfter.UTC().Format(time.RFC3339)
}
