package tlsconf_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/tlsconf"
)

// refusal is what a client that trusts ca says of a server's certificate.
func refusal(t *testing.T, ca authority, server issued, name string) error {
	t.Helper()
	addr := serve(t, &tls.Config{Certificates: []tls.Certificate{server.pair()}})
	config := makeConfig(t, tlsconf.Settings{Verify: true, CAFile: writeFile(t, ca.certPEM()), ServerName: name})
	_, err := greet(t, addr, config)
	require.Error(t, err)
	return err
}

func TestExplain(t *testing.T) {
	ca := newAuthority(t, "Redis CA")
	past := x509.Certificate{
		DNSNames:  []string{"redis.example"},
		NotBefore: time.Date(2024, 1, 3, 4, 5, 6, 0, time.UTC), NotAfter: time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC),
	}
	future := past
	future.NotBefore, future.NotAfter = time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
	tests := []struct {
		name, server string
		ca           authority
		template     x509.Certificate
		want         []string
	}{
		{
			"wrong name", "other.example", ca,
			x509.Certificate{DNSNames: []string{"redis.example"}, IPAddresses: loopback},
			[]string{`for "redis.example", "127.0.0.1" and issued by "CN=Redis CA", does not carry the name "other.example"`},
		},
		{
			"address of a sentinel", "", ca,
			x509.Certificate{DNSNames: []string{"redis.example"}},
			[]string{`for "redis.example" and`, `does not carry the name "127.0.0.1"`},
		},
		{
			"no name", "redis.example", ca,
			x509.Certificate{Subject: pkix.Name{CommonName: "redis.example"}},
			[]string{`for no name at all (subject "CN=redis.example")`, `does not carry the name "redis.example"`},
		},
		{
			"expired", "redis.example", ca, past,
			[]string{`for "redis.example" and issued by "CN=Redis CA", was valid until 2024-02-03T04:05:06Z; now it is 20`},
		},
		{"not yet", "redis.example", ca, future, []string{`is not valid before ` + future.NotBefore.UTC().Format(time.RFC3339)}},
		{
			"unknown authority", "redis.example", newAuthority(t, "Other\nCA"),
			x509.Certificate{DNSNames: []string{"redis.example"}},
			[]string{`issued by "CN=Other\nCA", leads to no authority that is trusted`},
		},
		{
			"other use", "redis.example", ca,
			x509.Certificate{DNSNames: []string{"redis.example"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
			[]string{"is refused: ", "incompatible key usage"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := tt.ca.issue(t, tt.template)
			refused := fmt.Errorf("dial: %w", refusal(t, ca, server, tt.server))
			err := tlsconf.Explain(refused)
			for _, part := range tt.want {
				require.ErrorContains(t, err, part)
			}
			require.NotContains(t, err.Error(), "\n")
			require.ErrorIs(t, err, refused)

			var e *tlsconf.CertificateError
			require.ErrorAs(t, err, &e)
			require.Equal(t, server.cert.NotAfter, e.NotAfter)
			require.Equal(t, server.cert.NotBefore, e.NotBefore)
			require.Same(t, err, tlsconf.Explain(err))
			require.True(t, errors.As(err, new(*tls.CertificateVerificationError)))
		})
	}
}

func TestExplainExpiredAuthority(t *testing.T) {
	ca := authority(sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "Old CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(-time.Hour),
	}, nil))
	server := ca.issue(t, x509.Certificate{DNSNames: []string{"redis.example"}})
	err := tlsconf.Explain(refusal(t, ca, server, "redis.example"))
	require.ErrorContains(t, err, `relies on that of "CN=Old CA", which was valid until `)
}

func TestExplainShortensWhatTheServerSays(t *testing.T) {
	ca := newAuthority(t, "Redis CA")
	var names []string
	for i := range 200 {
		names = append(names, fmt.Sprintf("%d.%s.example", i, strings.Repeat("x", 60)))
	}
	err := tlsconf.Explain(refusal(t, ca, ca.issue(t, x509.Certificate{DNSNames: names}), strings.Repeat("y", 60)+"."+strings.Repeat("y", 60)))
	require.ErrorContains(t, err, "and 195 more")
	require.ErrorContains(t, err, `"…`)
	require.Less(t, len(err.Error()), 800)
	var e *tlsconf.CertificateError
	require.ErrorAs(t, err, &e)
	require.Equal(t, names, e.Names)
}

func TestExplainLeavesTheRest(t *testing.T) {
	require.NoError(t, tlsconf.Explain(nil))
	other := errors.New("other")
	require.Same(t, other, tlsconf.Explain(other))
	odd := &tls.CertificateVerificationError{Err: other}
	require.Same(t, odd, tlsconf.Explain(odd))
}
