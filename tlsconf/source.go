package tlsconf

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
)

// A Source makes configurations of files that may change. Its methods may be called concurrently, and on nil,
// which is TLS that is not enabled.
type Source struct {
	settings Settings
	last     atomic.Pointer[loaded] // never nil once made; replaced, never changed
	shown    atomic.Pointer[x509.Certificate]
	said     said
}

// loaded is what the files held, and the configuration made of it.
type loaded struct {
	file, dir, pair part
	config          *tls.Config
}

// Source reads the files, or returns nil, nil when TLS is not enabled; no file is read then. The error joins
// what is wrong with each of the settings, as an [*Error] each.
func (s Settings) Source() (*Source, error) {
	if !s.Enabled {
		return nil, nil
	}
	src := &Source{settings: s}
	now := src.read(&loaded{})
	if err := now.err(); err != nil {
		return nil, err
	}
	src.last.Store(now)
	if !s.Verify {
		s.warn(fieldVerify, "", errors.New("off: the server is not checked, so anyone on the path can pose as it and read the password"))
	}
	src.warn(now)
	return src, nil
}

// Config is the configuration of the files as they are now: the same as before when nothing has changed in
// them. Ask for it before each dial. It is shared: Clone it before you change it.
//
// A file that has become unusable is one being replaced, or a mistake: what was read before it stays in use,
// and OnWarning and [Source.Err] tell. Where authorities or client certificate changed, the new configuration knows no
// session to resume, so nobody is trusted, and nobody trusts us, for what is no longer there.
func (src *Source) Config() *tls.Config {
	if src == nil {
		return nil
	}
	return src.current().config
}

// Err says why what is in the files now is not what is used, as a join of [*Error]; nil: it is used.
func (src *Source) Err() error {
	if src == nil {
		return nil
	}
	return src.current().err()
}

// current reads what has changed.
//
// Those who see a change at the same time each read the files. Whichever stores last, a stamp that is not that
// of the files makes the next one read again.
func (src *Source) current() *loaded {
	was := src.last.Load()
	now := src.read(was)
	if now != was {
		src.last.Store(now)
	}
	src.warn(now)
	return now
}

// read returns was when nothing has changed since.
func (src *Source) read(was *loaded) *loaded {
	s := src.settings
	now := &loaded{config: was.config}
	changed := false
	for _, f := range []struct {
		from, to *part
		stamp    stamp
		read     func() (part, error)
	}{
		{&was.file, &now.file, lookAt(s.CAFile), s.readCAFile},
		{&was.dir, &now.dir, lookInto(s.CADir), s.readCADir},
		{&was.pair, &now.pair, lookAt(s.CertFile, s.KeyFile), s.readPair},
	} {
		if f.stamp.same(f.from.stamp) {
			changed = changed || f.from.err != nil // what could not be used is gone, and the old files are back
			*f.to = *f.from
			f.to.err = nil
			continue
		}
		changed = true
		*f.to = f.from.follow(f.stamp, f.read)
	}
	switch {
	case was.config != nil && !changed:
		return was
	case was.config == nil || !was.sameCertificates(now):
		now.config = src.config(now)
	}
	return now
}

func (src *Source) config(l *loaded) *tls.Config {
	config := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         src.settings.ServerName,
		InsecureSkipVerify: !src.settings.Verify,
		RootCAs:            l.roots(),
		// A reconnect resumes the session and saves the server a signature.
		ClientSessionCache: tls.NewLRUClientSessionCache(0),
		// Not to verify: it is called when that is done.
		VerifyConnection: src.remember,
	}
	if l.pair.pair != nil {
		// The pair is sent whatever authorities the server says it accepts: if it is the wrong one, the server's
		// refusal says more than that there was none.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return src.current().pair.pair, nil
		}
	}
	return config
}

// roots is the system's authorities and those of the files; nil, which is the system's, when there are no files.
func (l *loaded) roots() *x509.CertPool {
	if len(l.file.certs)+len(l.dir.certs) == 0 {
		return nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without authorities: trusting fewer is safe
	}
	for _, c := range slices.Concat(l.file.certs, l.dir.certs) {
		pool.AddCert(c.cert)
	}
	return pool
}

func (l *loaded) err() error { return errors.Join(l.file.err, l.dir.err, l.pair.err) }

func (l *loaded) sameCertificates(other *loaded) bool {
	return l.file.same(&other.file) && l.dir.same(&other.dir) && l.pair.same(&other.pair)
}

// usedPart is a part and the setting that names its files.
type usedPart struct {
	field, value string
	*part
}

func (s Settings) parts(l *loaded) []usedPart {
	return []usedPart{{fieldCert, s.CertFile, &l.pair}, {fieldCAFile, s.CAFile, &l.file}, {fieldCADir, s.CADir, &l.dir}}
}

// part is what the files of one purpose held when they were last good.
type part struct {
	stamp stamp
	certs []certFrom
	pair  *tls.Certificate // of a client certificate
	err   error            // why what is in the files now is not what is here
}

type certFrom struct {
	file string
	cert *x509.Certificate
}

// follow reads files that have changed. The stamp stays behind when they cannot be used, so that the next one
// looks again; and it was taken before reading: files newer than their stamp are read once more than needed,
// where the other way round would miss a change.
func (p part) follow(now stamp, read func() (part, error)) part {
	next, err := read()
	if err != nil {
		p.err = err
		return p
	}
	next.stamp = now
	return next
}

// same compares certificates. A key is another only together with its certificate.
func (p *part) same(other *part) bool {
	return slices.EqualFunc(p.certs, other.certs, func(a, b certFrom) bool { return bytes.Equal(a.cert.Raw, b.cert.Raw) })
}

func (s Settings) readCAFile() (part, error) {
	certs, err := readCertificates(fieldCAFile, s.CAFile)
	if isDirectory(s.CAFile) {
		err = &Error{Field: fieldCAFile, File: s.CAFile, Err: fmt.Errorf("it is a directory, and %s is for those", s.label(fieldCADir))}
	}
	return part{certs: from(s.CAFile, certs)}, err
}

func (s Settings) readPair() (part, error) {
	switch {
	case s.CertFile == "":
		return part{}, &Error{Field: fieldCert, Err: fmt.Errorf("not set, but %s is; a client certificate needs both", s.label(fieldKey))}
	case s.KeyFile == "":
		return part{}, &Error{Field: fieldKey, Err: fmt.Errorf("not set, but %s is; a client certificate needs both", s.label(fieldCert))}
	}
	pair, certs, err := readPair(s.CertFile, s.KeyFile)
	return part{certs: from(s.CertFile, certs), pair: pair}, err
}

func from(file string, certs []*x509.Certificate) []certFrom {
	all := make([]certFrom, len(certs))
	for i, cert := range certs {
		all[i] = certFrom{file, cert}
	}
	return all
}
