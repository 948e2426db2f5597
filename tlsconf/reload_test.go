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

func TestClientCertificateFollowsItsFiles(t *testing.T) {
	ca := newAuthority(t, "Redis CA")
	first, second := ca.issue(t, x509.Certificate{}), ca.issue(t, x509.Certificate{})
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem")
	put := func(age time.Duration, cert, key []byte) {
		rewrite(t, certFile, cert)
		rewrite(t, keyFile, key)
		changed := time.Now().Add(-age) // a file system's clock may be too coarse to tell two writes apart
		require.NoError(t, os.Chtimes(certFile, changed, changed))
		require.NoError(t, os.Chtimes(keyFile, changed, changed))
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
