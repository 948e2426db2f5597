package harness

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// call is one command over a new connection, as a client of the test's choosing.
func call(t *testing.T, addr, username, password string, args ...string) (any, error) {
	t.Helper()
	w, err := dialWire(addr, nil, username, password)
	if err != nil {
		return nil, err
	}
	defer w.close()
	return w.do(args...)
}

func TestSharedServerOfEachVersion(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, v Version) {
		s := Shared(t, v)
		again := Shared(t, v)
		assert.Equal(t, s.Addr, again.Addr, "one server per version")

		info := s.CLI("INFO", "server")
		line := v.Product() + "_version:" + strings.TrimPrefix(v.String(), v.Product()+"-")
		assert.Contains(t, info, line)

		a, b := s.Database(t), s.Database(t)
		assert.NotEqual(t, a, b)
		for _, n := range []int{a, b} {
			assert.Equal(t, "OK", s.CLI("-n", itoa(n), "SET", "key", itoa(n)))
		}
		assert.Equal(t, itoa(a), s.CLI("-n", itoa(a), "GET", "key"))
		assert.Equal(t, "1024", s.CLI("--raw", "CONFIG", "GET", "databases")[len("databases\n"):])

		if v.AtLeast(7, 0) {
			reply, err := call(t, s.Addr, "", "", "DEBUG", "SLEEP", "0")
			require.NoError(t, err, "DEBUG from outside the container")
			assert.Equal(t, "OK", reply)
		}
	})
}

func TestDatabaseIsEmptyAndReturned(t *testing.T) {
	t.Parallel()
	s := Shared(t, Redis70)
	var n int
	t.Run("first", func(t *testing.T) {
		n = s.Database(t)
		s.CLI("-n", itoa(n), "SET", "key", "left behind")
	})
	assert.Equal(t, "0", s.CLI("-n", itoa(n), "DBSIZE"), "emptied at the test's end")
	s.databases.mu.Lock()
	assert.Contains(t, s.databases.free, n)
	s.databases.mu.Unlock()
}

func TestPasswordAndUsers(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, v Version) {
		s := Start(t, Config{
			Version: v, Password: `pass "word"`,
			Users: []string{"app on >secret ~app:* +@all -@admin", "nobody on >none -@all"},
		})
		_, err := call(t, s.Addr, "", "", "PING")
		assert.ErrorContains(t, err, "NOAUTH")
		_, err = call(t, s.Addr, "", "wrong", "PING")
		assert.ErrorContains(t, err, "WRONGPASS")
		reply, err := call(t, s.Addr, "", s.Password, "PING")
		require.NoError(t, err)
		assert.Equal(t, "PONG", reply)
		assert.Equal(t, "PONG", s.CLI("PING"))

		reply, err = call(t, s.Addr, "app", "secret", "SET", "app:1", "x")
		require.NoError(t, err)
		assert.Equal(t, "OK", reply)
		_, err = call(t, s.Addr, "app", "secret", "SET", "other", "x")
		assert.ErrorContains(t, err, "NOPERM")
		_, err = call(t, s.Addr, "app", "secret", "CONFIG", "GET", "*")
		assert.ErrorContains(t, err, "NOPERM")
		_, err = call(t, s.Addr, "nobody", "none", "PING")
		assert.ErrorContains(t, err, "NOPERM")
		assert.Equal(t, "x", s.CLI("--user", "app", "--pass", "secret", "GET", "app:1"))

		settings := s.Settings()
		assert.Equal(t, map[string]string{
			"USE_REDIS": "yes", "REDIS_HOST": "127.0.0.1", "REDIS_PORT": itoa(s.Port), "REDIS_PASSWORD": s.Password,
		}, settings)
	})
}

func TestTLSCertificates(t *testing.T) {
	t.Parallel()
	unknown, hostname, invalid := new(x509.UnknownAuthorityError), new(x509.HostnameError), new(x509.CertificateInvalidError)
	for _, tt := range []struct {
		name        string
		certificate ServerCertificate
		want        any
	}{
		{"valid", ValidCertificate, nil},
		{"wrong name", WrongNameCertificate, hostname},
		{"expired", ExpiredCertificate, invalid},
		{"unknown authority", UnknownCACertificate, unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := Start(t, Config{Version: Redis80, TLS: &TLS{Certificate: tt.certificate}})
			config := &tls.Config{RootCAs: s.Certs.Pool(), ServerName: host}
			w, err := dialWire(s.TLSAddr, config, "", "")
			require.NoError(t, err)
			defer w.close()
			reply, err := w.do("PING")
			if tt.want == nil {
				require.NoError(t, err)
				assert.Equal(t, "PONG", reply)
			} else {
				assert.ErrorAs(t, err, tt.want)
			}
			reply, err = call(t, s.Addr, "", "", "PING")
			require.NoError(t, err, "plain works beside TLS")
			assert.Equal(t, "PONG", reply)
			assert.Equal(t, itoa(s.TLSPort), s.Settings()["REDIS_PORT"])
			assert.Equal(t, s.Certs.CAFile, s.Settings()["REDIS_SSL_CA"])
		})
	}
}

func TestTLSClientCertificate(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, v Version) {
		s := Start(t, Config{Version: v, Password: "secret", TLS: &TLS{RequireClient: true}})
		ping := func(certificate *tls.Certificate) error {
			config := &tls.Config{RootCAs: s.Certs.Pool(), ServerName: host}
			if certificate != nil {
				config.Certificates = []tls.Certificate{*certificate}
			}
			w, err := dialWire(s.TLSAddr, config, "", s.Password)
			if err != nil {
				return err
			}
			defer w.close()
			_, err = w.do("PING")
			return err
		}
		good, stranger := s.Certs.Client.TLS(), s.Certs.UnknownClient.TLS()
		require.NoError(t, ping(&good))
		assert.Error(t, ping(nil), "no certificate")
		assert.Error(t, ping(&stranger), "a certificate of another authority")
		settings := s.Settings()
		_, err := tls.LoadX509KeyPair(settings["REDIS_SSL_CERT"], settings["REDIS_SSL_KEY"])
		assert.NoError(t, err)
		assert.Equal(t, "yes", settings["REDIS_SSL_VERIFY"])
	})
}

func TestMaxMemoryAndArgs(t *testing.T) {
	t.Parallel()
	s := Start(t, Config{Version: Valkey81, MaxMemory: "16mb", Args: []string{"--maxmemory-policy", "volatile-ttl"}})
	assert.Equal(t, "maxmemory\n16777216", s.CLI("CONFIG", "GET", "maxmemory"))
	assert.Equal(t, "maxmemory-policy\nvolatile-ttl", s.CLI("CONFIG", "GET", "maxmemory-policy"))
	assert.Equal(t, "OK", s.CLI("SET", "small", "x"))
	// A script that was let in may go on beyond the limit; the next command is not let in.
	s.CLI("EVAL", `for i = 1, 20 do redis.call('SET', 'k' .. i, string.rep('x', 1048576)) end`, "0")
	assert.Contains(t, s.CLI("SET", "more", "x"), "OOM")
	assert.Equal(t, "x", s.CLI("GET", "small"), "nothing has a time to live, nothing was evicted")
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	s := Start(t, Config{Version: Redis70, UnixSocket: true})
	if !daemonIsHere() {
		assert.Empty(t, s.Socket)
		return
	}
	conn, err := net.Dial("unix", s.Socket)
	require.NoError(t, err)
	defer conn.Close()
	w := &wire{conn: conn, r: newReader(conn)}
	reply, err := w.do("PING")
	require.NoError(t, err)
	assert.Equal(t, "PONG", reply)
}

func TestFailedStartSaysWhy(t *testing.T) {
	before := len(owned(t))
	_, err := startServer(nil, Config{Version: Redis70, Args: []string{"--no-such-directive", "1"}})
	require.Error(t, err)
	assert.ErrorContains(t, err, "ended with status 1")
	assert.ErrorContains(t, err, "no-such-directive", "the server's own words")
	assert.Len(t, owned(t), before, "nothing is left")
}
