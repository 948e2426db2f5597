package tlsconf_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/tlsconf"
)

func settingNames(field string) string { return "SETTING_" + field }

// What a server says of the client certificate is an alert without a word about which one.
func TestExplainClientCertificateRefused(t *testing.T) {
	ca := newAuthority(t, "Redis CA")
	forClients := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	good := ca.issue(t, x509.Certificate{Subject: pkix.Name{CommonName: "node"}, ExtKeyUsage: forClients})
	stranger := newAuthority(t, "Other CA").issue(t, x509.Certificate{Subject: pkix.Name{CommonName: "stranger"}, ExtKeyUsage: forClients})
	past := until("late", -time.Hour, day)
	past.ExtKeyUsage = forClients
	expired := ca.issue(t, past)
	caFile := writeFile(t, ca.certPEM())
	for name, version := range versions {
		config := serverConfig(t, ca)
		config.ClientAuth, config.ClientCAs, config.MaxVersion = tls.RequireAndVerifyClientCert, poolOf(ca), version
		addr := serve(t, config)
		explained := func(t *testing.T, client *issued) (certFile string, err error) {
			s := tlsconf.Settings{Verify: true, CAFile: caFile, Label: settingNames}
			if client != nil {
				s.CertFile, s.KeyFile = writeFile(t, client.certPEM()), writeFile(t, client.keyPEM(t))
			}
			source := makeSource(t, s)
			_, err = greet(t, addr, source.Config())
			return s.CertFile, source.Explain(err)
		}
		t.Run(name, func(t *testing.T) {
			_, err := explained(t, &good)
			require.NoError(t, err)

			for _, client := range []issued{stranger, expired} {
				file, err := explained(t, &client)
				var e *tlsconf.ClientCertificateError
				require.ErrorAs(t, err, &e)
				require.Equal(t, file, e.File)
				require.Equal(t, client.cert.NotAfter, e.NotAfter)
				require.ErrorContains(t, err, `the server refused the client certificate of SETTING_CertFile "`+file+`", for "`+
					client.cert.Subject.String()+`" and issued by "`+client.cert.Issuer.String()+`", valid until `+stamp(client)+": ")
				require.ErrorAs(t, err, new(*net.OpError))
			}

			_, err = explained(t, nil)
			var e *tlsconf.ClientCertificateError
			require.ErrorAs(t, err, &e)
			require.Empty(t, e.File)
			require.ErrorContains(t, err, " a client certificate, and neither SETTING_CertFile nor SETTING_KeyFile is set: remote error")
		})
	}
}

func TestSourceExplainLeavesTheRest(t *testing.T) {
	ca := newAuthority(t, "Redis CA")
	client := ca.issue(t, x509.Certificate{})
	source := makeSource(t, tlsconf.Settings{Verify: true, CertFile: writeFile(t, client.certPEM()), KeyFile: writeFile(t, client.keyPEM(t))})
	require.NoError(t, source.Explain(nil))
	for _, other := range []error{
		errors.New("other"),
		&net.OpError{Op: "read", Err: tls.AlertError(42)},
		&net.OpError{Op: "remote error"},
		&net.OpError{Op: "remote error", Err: tls.AlertError(70)},
		&net.OpError{Op: "remote error", Err: tls.AlertError(40)}, // with a client certificate that is hardly the reason
	} {
		require.Same(t, other, source.Explain(other))
	}
	refused := source.Explain(&net.OpError{Op: "remote error", Err: tls.AlertError(42)})
	require.Same(t, refused, source.Explain(refused))
}

// Whom we trust, whom the server's certificate leads to, and why that is not the same.
func TestSourceExplainsAuthorities(t *testing.T) {
	ca, other := newAuthority(t, "Redis CA"), newAuthority(t, "Other CA")
	caFile := writeFile(t, ca.certPEM())
	dir := fill(t, map[string][]byte{"a.pem": newAuthority(t, "Third\nCA").certPEM()})
	middle := authority(other.issue(t, x509.Certificate{
		Subject: pkix.Name{CommonName: "Middle"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}))
	chain := serverCert(t, middle).pair()
	chain.Certificate = append(chain.Certificate, middle.cert.Raw)
	for name, c := range map[string]struct {
		settings tlsconf.Settings
		pair     tls.Certificate
		trusted  int
		want     string
	}{
		"none set": {
			tlsconf.Settings{},
			serverCert(t, other).pair(), 0,
			`issued by "CN=Other CA", leads to no authority that is trusted: none but those of the system are, as CAFile and CADir are not set`,
		},
		"another": {
			tlsconf.Settings{CAFile: caFile},
			serverCert(t, other).pair(), 1,
			`issued by "CN=Other CA", leads to no authority that is trusted: neither one of the system nor one of CAFile "` + caFile + `" ("CN=Redis CA")`,
		},
		"others": {
			tlsconf.Settings{CAFile: caFile, CADir: dir, Label: settingNames},
			serverCert(t, other).pair(), 2,
			`nor one of SETTING_CAFile "` + caFile + `" and SETTING_CADir "` + dir + `" ("CN=Redis CA", "CN=Third\nCA")`,
		},
		"behind another": {
			tlsconf.Settings{CADir: dir},
			chain, 1,
			`issued by "CN=Middle", leads to no authority that is trusted: neither one of the system nor one of CADir "` + dir +
				`" ("CN=Third\nCA"); the chain that it showed ends with one issued by "CN=Other CA"`,
		},
		"made anew under the same name": {
			tlsconf.Settings{CAFile: caFile},
			serverCert(t, newAuthority(t, "Redis CA")).pair(), 1,
			`("CN=Redis CA"); one of that name is there, but with another key`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.settings.Verify = true
			source := makeSource(t, c.settings)
			_, err := greet(t, serve(t, &tls.Config{Certificates: []tls.Certificate{c.pair}}), source.Config())
			err = source.Explain(err)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "\n")
			var e *tlsconf.CertificateError
			require.ErrorAs(t, err, &e)
			require.Len(t, e.Trusted, c.trusted)
			require.Same(t, err, source.Explain(err))
		})
	}
}
