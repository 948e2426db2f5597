package integration

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/resp"
	"github.com/bwredis/bwredis/tlsconf"
)

// canary is a password that must not show up anywhere.
const canary = "canary-7f3a9c"

func TestServerSaysWhoItIs(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		s := open(t, harness.Shared(t, v).Settings())
		server, err := s.Server(short(t))
		require.NoError(t, err)
		require.Equal(t, v.String(), fmt.Sprintf("%s-%.3s", server.Name, server.Version))
		require.Equal(t, 3, server.Protocol)
		require.Equal(t, "master", server.Role)
	})
}

func TestDatabase(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		db := server.Database(t)
		s := open(t, with(server.Settings(), "REDIS_DATABASE", strconv.Itoa(db)))
		_, err := s.Do(short(t), "SET", "where", "here")
		require.NoError(t, err)
		require.Equal(t, "here", server.CLI("-n", strconv.Itoa(db), "GET", "where"))

		_, err = tryOpen(t, with(server.Settings(), "REDIS_DATABASE", "99999"))
		require.True(t, resp.IsCode(err, "ERR"), "%v", err)
		require.ErrorContains(t, err, "SELECT 99999")
		requirePhase(t, err, conn.OpHandshake)
	})
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v, Password: canary, Users: []string{
			"app on >" + canary + "app ~* +@all",
			"reader on >" + canary + "reader ~* +@read +@connection",
			"nohello on >" + canary + "nohello ~* +@all -hello",
			"noname on >" + canary + "noname ~* +@all -hello -client -select -info",
			"nothing on >" + canary + "nothing",
		}})
		login := func(user, password string) map[string]string {
			return with(server.Settings(), "REDIS_USERNAME", user, "REDIS_PASSWORD", password)
		}
		t.Run("password", func(t *testing.T) { requireWorks(t, server.Settings()) })
		t.Run("default user", func(t *testing.T) { requireWorks(t, login("default", canary)) })
		t.Run("user", func(t *testing.T) { requireWorks(t, login("app", canary+"app")) })
		t.Run("user without HELLO", func(t *testing.T) { requireWorks(t, login("nohello", canary+"nohello")) })
		t.Run("user with little", func(t *testing.T) { requireWorks(t, login("noname", canary+"noname")) })

		t.Run("no password", func(t *testing.T) {
			_, err := tryOpen(t, login("", ""))
			requireRefused(t, err, "NOAUTH")
			require.ErrorContains(t, err, "wants a password")
		})
		t.Run("wrong password", func(t *testing.T) {
			_, err := tryOpen(t, login("", canary+"wrong"))
			requireRefused(t, err, "WRONGPASS")
			require.Equal(t, 1, failedLogins(t, server), "failed logins")
		})
		t.Run("unknown user", func(t *testing.T) {
			_, err := tryOpen(t, login("nobody", canary))
			requireRefused(t, err, "WRONGPASS")
		})
		t.Run("user without rights", func(t *testing.T) {
			_, err := tryOpen(t, login("nothing", canary+"nothing"))
			require.True(t, resp.IsCode(err, "NOPERM"), "%v", err)
			require.NotContains(t, err.Error(), canary)
		})
		t.Run("user who may only read", func(t *testing.T) {
			s := open(t, login("reader", canary+"reader"))
			_, err := s.Do(short(t), "SET", "a", "b")
			require.True(t, resp.IsCode(err, "NOPERM"), "%v", err)
			v, err := s.Do(short(t), "GET", "a")
			require.NoError(t, err)
			require.True(t, v.IsNull())
		})
	})
}

// failedLogins counts what the server's own log of refusals says about authentication.
func failedLogins(t *testing.T, server *harness.Server) int {
	s := open(t, server.Settings())
	log, err := s.Do(short(t), "ACL", "LOG")
	require.NoError(t, err)
	n := 0
	for _, entry := range log.Elems() {
		reason, count := "", int64(0)
		for k, v := range entry.Pairs() {
			switch name, _ := k.Text(); name {
			case "reason":
				reason, _ = v.Text()
			case "count":
				count, _ = v.Int()
			}
		}
		if reason == "auth" {
			n += int(count)
		}
	}
	return n
}

func TestTLS(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v, TLS: &harness.TLS{}, Password: canary})
		requireWorks(t, server.Settings())
		requireWorks(t, with(server.Settings(), "REDIS_SSL_VERIFY", "no", "REDIS_SSL_CA", ""))

		_, err := tryOpen(t, with(server.Settings(), "REDIS_SSL_CA", ""))
		requireCertificateError(t, err)
		require.ErrorContains(t, err, server.TLSAddr)

		t.Run("plain client", func(t *testing.T) {
			_, err := tryOpen(t, with(server.Settings(), "REDIS_SSL", "no", "REDIS_SSL_CA", "", "REDIS_SSL_CERT", "", "REDIS_SSL_KEY", ""))
			requirePhase(t, err, conn.OpHandshake)
			require.ErrorContains(t, err, "TLS")
		})
		t.Run("plain server", func(t *testing.T) {
			_, err := tryOpen(t, with(server.Settings(), "REDIS_PORT", strconv.Itoa(server.Port)))
			requirePhase(t, err, conn.OpTLS)
			require.ErrorContains(t, err, "TLS")
		})
	})
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	bad := map[harness.ServerCertificate]string{
		harness.WrongNameCertificate: "127.0.0.1",
		harness.ExpiredCertificate:   "was valid until",
		harness.UnknownCACertificate: "no authority that is trusted",
	}
	for certificate, says := range bad {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			server := harness.Start(t, harness.Config{Version: harness.Valkey81, TLS: &harness.TLS{Certificate: certificate}})
			_, err := tryOpen(t, server.Settings())
			requireCertificateError(t, err)
			require.ErrorContains(t, err, says)
		})
	}
	t.Run("client", func(t *testing.T) {
		t.Parallel()
		server := harness.Start(t, harness.Config{Version: harness.Redis80, TLS: &harness.TLS{RequireClient: true}})
		requireWorks(t, server.Settings())
		_, err := tryOpen(t, with(server.Settings(), "REDIS_SSL_CERT", "", "REDIS_SSL_KEY", ""))
		require.Error(t, err)
		require.ErrorContains(t, err, server.TLSAddr)
	})
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v, UnixSocket: true, Password: canary})
		if server.Socket == "" {
			t.Skip("no unix socket can be shared with a container here")
		}
		requireWorks(t, with(server.Settings(), "REDIS_HOST", "unix:"+server.Socket, "REDIS_PORT", ""))
	})
}

func TestFullServer(t *testing.T) {
	t.Parallel()
	server := harness.Start(t, harness.Config{Version: harness.Redis70, MaxMemory: "3mb", Args: []string{"--maxmemory-policy", "noeviction"}})
	s := open(t, server.Settings())
	big := make([]byte, 256<<10)
	var err error
	for i := 0; i < 64 && err == nil; i++ {
		_, err = s.Do(short(t), "SET", "big"+strconv.Itoa(i), string(big))
	}
	require.True(t, resp.IsCode(err, "OOM"), "%v", err)
	require.NoError(t, s.Ping(short(t)), "the connection is fine")
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	settings := harness.Start(t, harness.Config{Version: harness.Valkey81})
	settings.Stop()
	_, err := tryOpen(t, settings.Settings())
	requirePhase(t, err, conn.OpDial)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.ErrorContains(t, err, settings.Addr)
}

// requireWorks opens a state, writes and reads.
func requireWorks(t *testing.T, settings map[string]string) {
	t.Helper()
	s := open(t, settings)
	_, err := s.Do(short(t), "SET", "works", "yes")
	require.NoError(t, err)
	v, err := s.Do(short(t), "GET", "works")
	require.NoError(t, err)
	text, err := v.Text()
	require.NoError(t, err)
	require.Equal(t, "yes", text)
}

// requirePhase asserts that err says in which phase what failed.
func requirePhase(t *testing.T, err error, phase string) {
	t.Helper()
	var e *conn.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, phase, e.Op, "%v", err)
	require.True(t, conn.NotSent(err), "%v", err)
	require.NotContains(t, err.Error(), canary)
}

func requireRefused(t *testing.T, err error, code string) {
	t.Helper()
	require.True(t, resp.IsCode(err, code), "%v", err)
	requirePhase(t, err, conn.OpHandshake)
}

func requireCertificateError(t *testing.T, err error) {
	t.Helper()
	var refused *tlsconf.CertificateError
	require.ErrorAs(t, err, &refused)
	requirePhase(t, err, conn.OpTLS)
}

// broken reports whether err is what an operation may end with when its server goes away, and nothing else.
func broken(err error) bool {
	var e *conn.Error
	return errors.As(err, &e) && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrDeadlineExceeded))
}
