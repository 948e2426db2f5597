package tlsconf_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/tlsconf"
)

// fill writes files into a directory of its own.
func fill(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		rewrite(t, filepath.Join(dir, name), data)
	}
	return dir
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Skip("no symbolic links here:", err)
	}
}

// Each name that counts has an authority of its own, and names that do not count would be an error.
func TestDirectory(t *testing.T) {
	bad := []byte("not a certificate")
	dir := fill(t, map[string][]byte{
		"README": bad, "a.key": bad, ".hidden.pem": bad, "1a2b3c4d.r0": bad, "1a2b3c4.0": bad, "1A2B3C4D.0": bad, "1a2b3c4d.": bad,
		"1a2b3c4g.0": bad, "1a2b3c4d.0x": bad, "ca.pem.bak": bad,
	})
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder.pem"), 0o700))
	authorities := make(map[string]authority)
	for _, name := range []string{"a.pem", "b.CRT", "c.cer", "1a2b3c4d.0", "00000000.12"} {
		authorities[name] = newAuthority(t, name)
		rewrite(t, filepath.Join(dir, name), authorities[name].certPEM())
	}
	source := makeSource(t, tlsconf.Settings{Verify: true, CADir: dir})
	found := make(map[string]string)
	for _, e := range source.Expiry() {
		require.Equal(t, "CADir", e.Field)
		found[filepath.Base(e.File)] = e.Subject
	}
	require.Len(t, found, len(authorities))
	for name, ca := range authorities {
		require.Equal(t, "CN="+name, found[name])
		_, err := greet(t, serve(t, serverConfig(t, ca)), source.Config())
		require.NoError(t, err, name)
	}
}

// A certificate that is there several times counts once.
func TestDirectoryWithLinks(t *testing.T) {
	ca, elsewhere := newAuthority(t, "Redis CA"), newAuthority(t, "Elsewhere")
	dir := fill(t, map[string][]byte{"ca.pem": ca.certPEM(), "copy.crt": ca.certPEM(), "plain": newAuthority(t, "Plain").certPEM()})
	link(t, "ca.pem", filepath.Join(dir, "1a2b3c4d.0"))
	link(t, "plain", filepath.Join(dir, "1a2b3c4d.1"))
	link(t, writeFile(t, elsewhere.certPEM()), filepath.Join(dir, "other.pem"))
	var subjects []string
	for _, e := range makeSource(t, tlsconf.Settings{Verify: true, CADir: dir}).Expiry() {
		subjects = append(subjects, e.Subject)
	}
	require.ElementsMatch(t, []string{"CN=Redis CA", "CN=Plain", "CN=Elsewhere"}, subjects)
}

func TestDirectoryAndFile(t *testing.T) {
	inFile, inDir := newAuthority(t, "In file"), newAuthority(t, "In directory")
	config := makeConfig(t, tlsconf.Settings{
		Verify: true, CAFile: writeFile(t, inFile.certPEM()), CADir: fill(t, map[string][]byte{"ca.pem": inDir.certPEM()}),
	})
	for _, ca := range []authority{inFile, inDir} {
		_, err := greet(t, serve(t, serverConfig(t, ca)), config)
		require.NoError(t, err)
	}
}

func TestDirectoryRefused(t *testing.T) {
	ca := newAuthority(t, "Redis CA")
	good, key := ca.certPEM(), issued(ca).keyPEM(t)
	large := append(bytes.Repeat([]byte("#\n"), 1<<19-1<<10), good...)
	many := make(map[string][]byte)
	for i := range 9 {
		many[fmt.Sprintf("%d.pem", i)] = large
	}
	socket := fill(t, nil)
	l, err := net.Listen("unix", filepath.Join(socket, "s.pem"))
	require.NoError(t, err)
	defer l.Close()
	broken := fill(t, map[string][]byte{"a.pem": good})
	link(t, "missing", filepath.Join(broken, "1a2b3c4d.0"))
	crowd := t.TempDir()
	for i := range 10_001 {
		require.NoError(t, os.Link(filepath.Join(broken, "a.pem"), filepath.Join(crowd, fmt.Sprint(i))))
	}
	for name, c := range map[string]struct{ dir, want string }{
		"missing":              {filepath.Join(t.TempDir(), "none"), "cannot be read: no such file or directory"},
		"a file":               {writeFile(t, good), "it is not a directory, and CAFile is for files"},
		"empty":                {t.TempDir(), "no certificate in it"},
		"nothing of that name": {fill(t, map[string][]byte{"ca": good}), "no certificate in it"},
		"one bad file":         {fill(t, map[string][]byte{"a.pem": good, "b.pem": []byte("x")}), `file "b.pem": no PEM certificate in it`},
		"a key":                {fill(t, map[string][]byte{"a.pem": good, "b.pem": key}), `file "b.pem": no PEM certificate in it, only PRIVATE KEY`},
		"half good":            {fill(t, map[string][]byte{"a.pem": append(good[:len(good):len(good)], pemBlock("CERTIFICATE", []byte("x"))...)}), `file "a.pem": certificate 2`},
		"a large file":         {fill(t, map[string][]byte{"a.pem": make([]byte, 1<<20+1)}), `file "a.pem": cannot be read: larger than 1048576 bytes`},
		"large altogether":     {fill(t, many), `file "8.pem": with it the directory has more than 8388608 bytes`},
		"a socket":             {socket, `file "s.pem": it is not a regular file`},
		"a link to nothing":    {broken, `file "1a2b3c4d.0": cannot be read: no such file`},
		"many entries":         {crowd, "cannot be read: more than 10000 entries"},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := tlsconf.Settings{Enabled: true, Verify: true, CADir: c.dir}.Config()
			require.Nil(t, config)
			var e *tlsconf.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, "CADir", e.Field)
			require.Equal(t, c.dir, e.File)
			require.ErrorContains(t, err, c.want)
			requireNoKey(t, err, issued(ca))
		})
	}
}

func serverConfig(t *testing.T, ca authority) *tls.Config {
	t.Helper()
	return &tls.Config{Certificates: []tls.Certificate{serverCert(t, ca).pair()}}
}

func makeSource(t *testing.T, s tlsconf.Settings) *tlsconf.Source {
	t.Helper()
	s.Enabled = true
	source, err := s.Source()
	require.NoError(t, err)
	return source
}

// pool of authorities, for servers.
func poolOf(cas ...authority) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, ca := range cas {
		pool.AddCert(ca.cert)
	}
	return pool
}
