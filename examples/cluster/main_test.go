package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// start runs the program with these settings, NAME=value each.
func start(t *testing.T, settings []string, args ...string) (stdout, stderr string, code int) {
	getenv := func(name string) string {
		for _, setting := range settings {
			if value, ok := strings.CutPrefix(setting, name+"="); ok {
				return value
			}
		}
		return ""
	}
	var out, errs bytes.Buffer
	code = run(t.Context(), args, getenv, &out, &errs)
	return out.String(), errs.String(), code
}

func TestWithoutAnything(t *testing.T) {
	stdout, stderr, code := start(t, nil)
	require.Equal(t, succeeded, code)
	require.Empty(t, stderr)
	for _, told := range []string{
		"server  bwredis-local", "in this process", "RESP3",
		"node A  creates session", "counts bad request 5 of 5", ": banned",
		"node B  finds session", `banned for "bad behavior", 1h0m0s left`, "lifts the ban",
		"in again", "ends session", "11 round trips",
	} {
		require.Contains(t, stdout, told)
	}
}

func TestWrongSettings(t *testing.T) {
	_, stderr, code := start(t, []string{"USE_REDIS=yes", "REDIS_PORT=99999", "REDIS_DATABASE=x", "REDIS_SSL=maybe", "REDIS_PASSWORD_FILE=/nonexistent"})
	require.Equal(t, misused, code)
	for _, name := range []string{"REDIS_HOST", "REDIS_PORT", "REDIS_DATABASE", "REDIS_SSL", "REDIS_PASSWORD_FILE"} {
		require.Contains(t, stderr, name)
	}
}

func TestWrongFiles(t *testing.T) {
	_, stderr, code := start(t, nil, "-env", "/nonexistent/variables.env")
	require.Equal(t, misused, code)
	require.Contains(t, stderr, "/nonexistent/variables.env")

	_, stderr, code = start(t, []string{"USE_REDIS=yes", "REDIS_HOST=localhost", "REDIS_SSL=yes", "REDIS_SSL_CA=/nonexistent/ca.pem"})
	require.Equal(t, misused, code)
	require.Contains(t, stderr, "REDIS_SSL_CA")
}

func TestWrongFlags(t *testing.T) {
	_, _, code := start(t, nil, "-nosuch")
	require.Equal(t, misused, code)
	_, stderr, code := start(t, nil, "-h")
	require.Equal(t, succeeded, code)
	require.Contains(t, stderr, "-env")
}

// The environment goes before the file.
func TestEnvFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "variables.env")
	require.NoError(t, os.WriteFile(file, []byte("USE_REDIS=yes\nREDIS_HOST=host.invalid\n"), 0o600))
	_, _, code := start(t, []string{"USE_REDIS=no"}, "-env", file)
	require.Equal(t, succeeded, code)
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	stdout, stderr, code := start(t, server(l.Addr().String()))
	require.Equal(t, failed, code)
	require.Empty(t, stdout)
	for _, told := range []string{"dial", l.Addr().String(), "connection refused"} { // phase, address, cause
		require.Contains(t, stderr, told)
	}
}

func TestServerOfSomethingElse(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	_, stderr, code := start(t, server(s.Listener.Addr().String()))
	require.Equal(t, failed, code)
	require.Contains(t, stderr, "does not speak the Redis protocol")
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, errs bytes.Buffer
	require.Equal(t, failed, run(ctx, nil, func(string) string { return "" }, &out, &errs))
	require.Contains(t, errs.String(), context.Canceled.Error())
}

func server(addr string) []string {
	host, port, _ := net.SplitHostPort(addr)
	return []string{"USE_REDIS=yes", "REDIS_HOST=" + host, "REDIS_PORT=" + port}
}
