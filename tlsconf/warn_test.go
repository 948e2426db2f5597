package tlsconf_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/tlsconf"
)

// warnings collects what OnWarning is told.
type warnings struct {
	mu    sync.Mutex
	texts []string
}

func (w *warnings) add(e *tlsconf.Error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts = append(w.texts, e.Error())
}

// require checks and forgets them.
func (w *warnings) require(t *testing.T, want ...string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	require.Equal(t, want, w.texts)
	w.texts = nil
}

const day = 24 * time.Hour

// until is a certificate of a given life that ends that far from now.
func until(name string, left, life time.Duration) x509.Certificate {
	end := time.Now().Add(left)
	return x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{"redis.example"}, IPAddresses: loopback,
		NotBefore: end.Add(-life), NotAfter: end,
	}
}

func stamp(c issued) string { return c.cert.NotAfter.UTC().Format(time.RFC3339) }

func TestWarnsOnceWhenNotVerifying(t *testing.T) {
	ca := newAuthority(t, "Redis CA")
	var w warnings
	source := makeSource(t, tlsconf.Settings{OnWarning: w.add})
	addr := serve(t, serverConfig(t, ca))
	for range 3 {
		_, err := greet(t, addr, source.Config())
		require.NoError(t, err)
	}
	w.require(t, "tlsconf: Verify: off: the server is not checked, so anyone on the path can pose as it and read the password")
	makeSource(t, tlsconf.Settings{Verify: true, OnWarning: w.add})
	w.require(t)
}

func TestWarnsBeforeAClientCertificateEnds(t *testing.T) {
	ca := newAuthority(t, "Redis CA")
	for name, c := range map[string]struct {
		left, life, before time.Duration
		warns              bool
		text               string
	}{
		"long left":               {left: 15 * day, life: 90 * day},
		"two weeks left":          {left: 13 * day, life: 90 * day, warns: true, text: "expires at "},
		"a short life, most left": {left: 9 * time.Hour, life: day},
		"a short life, few left":  {left: 7 * time.Hour, life: day, warns: true, text: "expires at "},
		"over":                    {left: -time.Hour, life: day, warns: true, text: "expired at "},
		"as said":                 {left: 25 * time.Hour, life: 90 * day, before: day},
		"as said, and close":      {left: 23 * time.Hour, life: day, before: day, warns: true, text: "expires at "},
		"not wanted, though over": {left: -time.Hour, life: 90 * day, before: -1},
	} {
		t.Run(name, func(t *testing.T) {
			client := ca.issue(t, until("node", c.left, c.life))
			certFile := writeFile(t, client.certPEM())
			var w warnings
			source := makeSource(t, tlsconf.Settings{
				Verify: true, CertFile: certFile, KeyFile: writeFile(t, client.keyPEM(t)), WarnBefore: c.before, OnWarning: w.add,
			})
			for range 3 {
				source.Config()
			}
			if !c.warns {
				w.require(t)
				return
			}
			want := `tlsconf: CertFile "` + certFile + `": the certificate of "CN=node" ` + c.text + stamp(client)
			if c.left < 0 {
				want += ", so servers will refuse it"
			}
			w.require(t, want)
		})
	}
}

// A directory of authorities whose time is over is one warning, and those that join them are another.
func TestWarnsOfAuthoritiesTogether(t *testing.T) {
	ca := newAuthority(t, "Redis CA")
	oldest, old, fresh := ca.issue(t, until("oldest", -2*day, 90*day)), ca.issue(t, until("old", -day, 90*day)), ca.issue(t, until("new", 90*day, 91*day))
	dir := fill(t, map[string][]byte{"a.pem": old.certPEM(), "b.pem": oldest.certPEM(), "c.pem": fresh.certPEM()})
	var w warnings
	source := makeSource(t, tlsconf.Settings{Verify: true, CADir: dir, OnWarning: w.add})
	source.Config()
	text := `tlsconf: CADir "` + dir + `": the certificate of "CN=oldest", in "b.pem", expired at ` + stamp(oldest)
	w.require(t, text+"; 1 more end soon or have ended")
	rewrite(t, filepath.Join(dir, "d.pem"), ca.issue(t, until("next", day, 90*day)).certPEM())
	source.Config()
	source.Config()
	w.require(t, text+"; 2 more end soon or have ended")
}

func TestExpiry(t *testing.T) {
	ca := newAuthority(t, "Redis CA")
	client, server := ca.issue(t, until("node", 20*day, 90*day)), ca.issue(t, until("server", 10*day, 90*day))
	certFile, caFile := writeFile(t, client.certPEM(), ca.certPEM()), writeFile(t, ca.certPEM())
	var w warnings
	source := makeSource(t, tlsconf.Settings{
		Verify: true, CAFile: caFile, CertFile: certFile, KeyFile: writeFile(t, client.keyPEM(t)), OnWarning: w.add,
	})
	ofFiles := []tlsconf.Expiry{
		{Field: "CertFile", File: certFile, Subject: "CN=Redis CA", NotAfter: ca.cert.NotAfter},
		{Field: "CAFile", File: caFile, Subject: "CN=Redis CA", NotAfter: ca.cert.NotAfter},
		{Field: "CertFile", File: certFile, Subject: "CN=node", NotAfter: client.cert.NotAfter},
	}
	require.Equal(t, ofFiles, source.Expiry())
	w.require(t)

	addr := serve(t, &tls.Config{Certificates: []tls.Certificate{server.pair()}})
	for range 3 {
		_, err := greet(t, addr, source.Config())
		require.NoError(t, err)
	}
	require.Equal(t, tlsconf.Expiry{Subject: "CN=server", NotAfter: server.cert.NotAfter}, source.Expiry()[2])
	require.Len(t, source.Expiry(), 4)
	w.require(t, `tlsconf: the server's certificate, for "redis.example", "127.0.0.1" and issued by "CN=Redis CA", expires at `+stamp(server))
}
