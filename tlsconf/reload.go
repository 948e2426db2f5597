package tlsconf

import (
	"crypto/tls"
	"errors"
	"os"
	"sync/atomic"
	"time"
)

// clientCertificate reads the pair once, so that what is wrong with it is known at the start, and returns what
// a handshake calls for it.
func clientCertificate(certFile, keyFile string) (func(*tls.CertificateRequestInfo) (*tls.Certificate, error), error) {
	switch {
	case certFile == "":
		return nil, &Error{Field: "CertFile", Err: errors.New("not set, but KeyFile is; a client certificate needs both")}
	case keyFile == "":
		return nil, &Error{Field: "KeyFile", Err: errors.New("not set, but CertFile is; a client certificate needs both")}
	}
	p := &pairFiles{certFile: certFile, keyFile: keyFile}
	if err := p.read(p.look()); err != nil {
		return nil, err
	}
	// The pair is sent whatever authorities the server says it accepts: if it is the wrong one, the server's
	// refusal says more than that there was none.
	return func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return p.current(), nil }, nil
}

// pairFiles is a client certificate that follows its files.
type pairFiles struct {
	certFile, keyFile string
	last              atomic.Pointer[stampedPair] // never nil once made; replaced, never changed
}

// stampedPair is a pair and how its files looked before it was read. A pair newer than its stamp is read once
// more than needed; the other way round would miss a change.
type stampedPair struct {
	pair  *tls.Certificate
	stamp pairStamp
}

// pairStamp tells one state of the files from another. Mounted secrets are replaced by switching a link, which
// changes the time as seen through it.
type pairStamp struct {
	certTime, keyTime time.Time
	certSize, keySize int64
}

// current returns the pair that is in the files now. One that cannot be read, or whose halves do not match, is
// one being replaced: the last good pair serves until the next handshake looks again.
//
// Handshakes that see a change at the same time each read the files. Whichever stores last, a stamp that is
// not that of the files makes the next one read again.
func (p *pairFiles) current() *tls.Certificate {
	if stamp := p.look(); stamp != p.last.Load().stamp {
		_ = p.read(stamp)
	}
	return p.last.Load().pair
}

func (p *pairFiles) read(stamp pairStamp) error {
	pair, err := readPair(p.certFile, p.keyFile)
	if err != nil {
		return err
	}
	p.last.Store(&stampedPair{pair: pair, stamp: stamp})
	return nil
}

// look returns the zero stamp for a file that is not there.
func (p *pairFiles) look() (s pairStamp) {
	if info, err := os.Stat(p.certFile); err == nil {
		s.certTime, s.certSize = info.ModTime(), info.Size()
	}
	if info, err := os.Stat(p.keyFile); err == nil {
		s.keyTime, s.keySize = info.ModTime(), info.Size()
	}
	return s
}
