package tlsconf

import (
	"crypto/tls"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"
)

// said is what warnings were given, so that each is given once.
type said struct {
	mu    sync.Mutex
	texts map[string]bool // guarded by mu
}

// maxSaid bounds said: a server may have a new certificate in each handshake. Beyond that, it is all forgotten.
const maxSaid = 200

func (s *said) before(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.texts == nil || len(s.texts) >= maxSaid {
		s.texts = make(map[string]bool)
	}
	known := s.texts[text]
	s.texts[text] = true
	return known
}

// warn tells what in the files cannot be used, and what ends soon.
func (src *Source) warn(l *loaded) {
	if src.settings.OnWarning == nil {
		return
	}
	for _, p := range src.settings.parts(l) {
		for _, e := range each(p.err) {
			src.say(e.Field, e.File, fmt.Errorf("has changed and cannot be used, so what was read before stays in use: %w", e.Err))
		}
		if text := src.settings.warnOfEnd(p); text != "" {
			src.say(p.field, p.value, errors.New(text))
		}
	}
}

// warnOfEnd is about the certificate of a part that ends first, so that a directory of old ones is one warning.
func (s Settings) warnOfEnd(p usedPart) string {
	soon := s.endingSoon(p.certs)
	if len(soon) == 0 {
		return ""
	}
	first := soon[0]
	text := "the certificate of " + shorten(first.cert.Subject.String())
	if first.file != p.value {
		text += fmt.Sprintf(", in %q,", filepath.Base(first.file))
	}
	text += " " + ends(first.cert)
	if p.field == fieldCert && time.Now().After(first.cert.NotAfter) {
		text += ", so servers will refuse it"
	}
	if more := len(soon) - 1; more > 0 {
		text += fmt.Sprintf("; %d more end soon or have ended", more)
	}
	return text
}

// remember notes what a server showed. It runs when a handshake's verification is done, and changes nothing about it.
func (src *Source) remember(state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 {
		return nil
	}
	leaf := state.PeerCertificates[0]
	src.shown.Store(leaf)
	if src.settings.OnWarning != nil && src.settings.endsSoon(leaf, time.Now()) {
		src.say("", "", fmt.Errorf("the server's certificate, for %s and issued by %s, %s", listed(namesOf(leaf), leaf.Subject.String()), shorten(leaf.Issuer.String()), ends(leaf)))
	}
	return nil
}

func (src *Source) say(field, file string, err error) {
	if !src.said.before(field + " " + err.Error()) {
		src.settings.warn(field, file, err)
	}
}

// each returns the errors that were joined.
func each(err error) []*Error {
	var one *Error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Error
		for _, err := range joined.Unwrap() {
			all = append(all, each(err)...)
		}
		return all
	}
	if errors.As(err, &one) {
		return []*Error{one}
	}
	return nil
}
