package tlsconf_test

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/tlsconf"
)

// age sets the time of files back: a file system's clock may be too coarse to tell two writes apart.
func age(t *testing.T, by time.Duration, files ...string) {
	t.Helper()
	changed := time.Now().Add(-by)
	for _, file := range files {
		require.NoError(t, os.Chtimes(file, changed, changed))
	}
}

func TestSourceNotEnabled(t *testing.T) {
	source, err := tlsconf.Settings{Verify: true, CADir: "/does/not/exist"}.Source()
	require.NoError(t, err)
	require.Nil(t, source)
	require.Nil(t, source.Config())
	require.Empty(t, source.Expiry())
	require.NoError(t, source.Err())
	require.Same(t, os.ErrExist, source.Explain(os.ErrExist))
}

// An authority that is taken away is not trusted by the next dial, although there was a session to resume with
// its server, and although the dial before was a second ago. One that is put there is.
func TestSourceFollowsAuthorities(t *testing.T) {
	first, second := newAuthority(t, "First CA"), newAuthority(t, "Second CA")
	for _, field := range []string{"CAFile", "CADir"} {
		for name, version := range versions {
			t.Run(field+" "+name, func(t *testing.T) {
				file := writeFile(t, first.certPEM())
				s := tlsconf.Settings{Verify: true, ServerName: "redis.example"}
				if s.CAFile = file; field == "CADir" {
					s.CAFile, s.CADir = "", filepath.Dir(file)
				}
				source := makeSource(t, s)
				addrOf := func(ca authority) string {
					config := serverConfig(t, ca)
					config.MaxVersion = version
					return serve(t, config)
				}
				ofFirst, ofSecond := addrOf(first), addrOf(second)
				for _, resumes := range []bool{false, true} {
					state, err := greet(t, ofFirst, source.Config())
					require.NoError(t, err)
					require.Equal(t, resumes, state.DidResume)
				}
				rewrite(t, file, second.certPEM())
				var unknown x509.UnknownAuthorityError
				_, err := greet(t, ofFirst, source.Config())
				require.ErrorAs(t, err, &unknown)
				_, err = greet(t, ofSecond, source.Config())
				require.NoError(t, err)
			})
		}
	}
}

// Files of a directory that come and go are noticed, whatever their times are.
func TestSourceFollowsADirectory(t *testing.T) {
	first, second := newAuthority(t, "First CA"), newAuthority(t, "Second CA")
	dir := fill(t, map[string][]byte{"first.pem": first.certPEM()})
	source := makeSource(t, tlsconf.Settings{Verify: true, CADir: dir})
	addr := serve(t, serverConfig(t, second))
	_, err := greet(t, addr, source.Config())
	require.Error(t, err)
	rewrite(t, filepath.Join(dir, "second.pem"), second.certPEM())
	_, err = greet(t, addr, source.Config())
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(dir, "second.pem")))
	_, err = greet(t, addr, source.Config())
	require.Error(t, err)
}

// The configuration, and with it the sessions, lasts as long as the certificates are the same.
func TestSourceKeepsSessions(t *testing.T) {
	ca, other := newAuthority(t, "Redis CA"), newAuthority(t, "Other CA")
	client, next := ca.issue(t, x509.Certificate{}), ca.issue(t, x509.Certificate{})
	caFile, certFile, keyFile := writeFile(t, ca.certPEM()), writeFile(t, client.certPEM()), writeFile(t, client.keyPEM(t))
	source := makeSource(t, tlsconf.Settings{Verify: true, CAFile: caFile, CertFile: certFile, KeyFile: keyFile})
	config := serverConfig(t, ca)
	config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, poolOf(ca)
	addr := serve(t, config)
	requireDial := func(resumes bool) {
		t.Helper()
		state, err := greet(t, addr, source.Config())
		require.NoError(t, err)
		require.Equal(t, resumes, state.DidResume)
	}
	requireDial(false)
	requireDial(true)
	before := source.Config()
	age(t, time.Hour, caFile, certFile, keyFile)
	rewrite(t, caFile, []byte("# a comment\n"), ca.certPEM())
	require.Same(t, before, source.Config())
	requireDial(true)

	rewrite(t, caFile, ca.certPEM(), other.certPEM())
	requireDial(false)
	requireDial(true)
	rewrite(t, certFile, next.certPEM())
	rewrite(t, keyFile, next.keyPEM(t))
	requireDial(false)
	requireDial(true)
}

// A file of the same size and time is another one when it was put in the place of the first.
func TestSourceSeesAReplacedFile(t *testing.T) {
	first, second := newAuthority(t, "First CA"), newAuthority(t, "Other CA")
	a, b := first.certPEM(), second.certPEM()
	for len(a) < len(b) {
		a = append(a, '\n')
	}
	for len(b) < len(a) {
		b = append(b, '\n')
	}
	file, replacement := writeFile(t, a), writeFile(t, b)
	now := time.Now()
	require.NoError(t, os.Chtimes(file, now, now))
	require.NoError(t, os.Chtimes(replacement, now, now))
	source := makeSource(t, tlsconf.Settings{Verify: true, CAFile: file})
	require.NoError(t, os.Rename(replacement, file))
	require.Equal(t, "CN=Other CA", source.Expiry()[0].Subject)
}

func TestClientCertificateFollowsItsFiles(t *testing.T) {
	ca := newAuthority(t, "Redis CA")
	first, second := ca.issue(t, x509.Certificate{}), ca.issue(t, x509.Certificate{})
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem")
	put := func(ago time.Duration, cert, key []byte) {
		rewrite(t, certFile, cert)
		rewrite(t, keyFile, key)
		age(t, ago, certFile, keyFile)
	}
	put(4*time.Hour, first.certPEM(), first.keyPEM(t))
	config := makeConfig(t, tlsconf.Settings{CertFile: certFile, KeyFile: keyFile})
	requireSent := func(want issued) {
		t.Helper()
		sent, err := config.GetClientCertificate(nil)
		require.NoError(t, err)
		require.Equal(t, want.cert.Raw, sent.Certificate[0])
	}
	requireSent(first)

	put(3*time.Hour, second.certPEM(), first.keyPEM(t)) // half replaced
	requireSent(first)
	put(2*time.Hour, nil, nil)
	requireSent(first)
	require.NoError(t, os.Remove(keyFile))
	requireSent(first)

	put(time.Hour, second.certPEM(), second.keyPEM(t))
	var wg sync.WaitGroup
	sent := make([]*tls.Certificate, 8)
	for i := range sent {
		wg.Go(func() { sent[i], _ = config.GetClientCertificate(nil) })
	}
	wg.Wait()
	for _, pair := range sent {
		require.Equal(t, second.cert.Raw, pair.Certificate[0])
	}
	require.NoError(t, os.Remove(certFile))
	requireSent(second)
}

// What cannot be used is told once, and what was there before stays in use until it can.
func TestSourceKeepsWhatWasGood(t *testing.T) {
	ca, other := newAuthority(t, "Redis CA"), newAuthority(t, "Other CA")
	file := writeFile(t, ca.certPEM())
	age(t, time.Hour, file)
	info, err := os.Stat(file)
	require.NoError(t, err)
	var w warnings
	source := makeSource(t, tlsconf.Settings{Verify: true, CAFile: file, OnWarning: w.add})
	addr := serve(t, serverConfig(t, ca))
	requireGood := func() {
		t.Helper()
		for range 3 {
			_, err := greet(t, addr, source.Config())
			require.NoError(t, err)
		}
	}
	requireGood()
	require.NoError(t, source.Err())

	hidden := filepath.Join(t.TempDir(), "hidden.pem")
	require.NoError(t, os.Rename(file, hidden))
	requireGood()
	require.ErrorIs(t, source.Err(), os.ErrNotExist)
	w.require(t, `tlsconf: CAFile "`+file+`": has changed and cannot be used, so what was read before stays in use: cannot be read: no such file or directory`)

	require.NoError(t, os.Rename(hidden, file))
	require.NoError(t, os.Chtimes(file, info.ModTime(), info.ModTime()))
	requireGood()
	require.NoError(t, source.Err(), "the same file is back")

	rewrite(t, file, other.certPEM())
	_, err = greet(t, addr, source.Config())
	require.Error(t, err)
	require.NoError(t, source.Err())
	w.require(t)
}

func TestSourceManyAtOnce(t *testing.T) {
	ca := newAuthority(t, "Redis CA")
	dir := fill(t, map[string][]byte{"ca.pem": ca.certPEM()})
	var w warnings
	source := makeSource(t, tlsconf.Settings{Verify: true, CADir: dir, OnWarning: w.add, WarnBefore: 1000 * time.Hour})
	addr := serve(t, serverConfig(t, ca))
	other := newAuthority(t, "Other CA").certPEM()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 5 {
				if i == 0 {
					rewrite(t, filepath.Join(dir, "other.pem"), other)
					_ = os.Remove(filepath.Join(dir, "other.pem"))
				}
				if _, err := greet(t, addr, source.Config()); err != nil {
					t.Error(err)
				}
				_, _ = source.Expiry(), source.Err()
			}
		})
	}
	wg.Wait()
}
