package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
)

func TestSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "variables.env")
	require.NoError(t, os.WriteFile(file, []byte("USE_REDIS=no\nREDIS_TIMEOUT=5\nREDIS_PORT=1\n"), 0o600))
	environment := bwstate.FromMap("environment", map[string]string{"REDIS_PASSWORD": "hunter2", "REDIS_TIMEOUT": "1000"})
	var out, complaints bytes.Buffer
	require.Equal(t, succeeded, run([]string{"-url", "redis://192.0.2.1/3", "-env", file}, environment, &out, &complaints))
	require.Regexp(t, `(?m)^USE_REDIS +yes +-url, BWREDIS_URL$`, out.String())
	require.Regexp(t, `(?m)^REDIS_PORT +6379 +-url, BWREDIS_URL$`, out.String())
	require.Regexp(t, `(?m)^REDIS_PASSWORD +\[hidden\] +environment$`, out.String())
	require.Regexp(t, `(?m)^REDIS_SSL +no +-url, BWREDIS_URL$`, out.String())
	require.Contains(t, out.String(), "warning: REDIS_TIMEOUT=1000 is read as 16m40s")
	require.Contains(t, out.String(), "REDIS_TIMEOUT, lua: waits 1s, as numbers are milliseconds; here: waits 16m40s")
	require.NotContains(t, out.String(), "hunter2")
	require.Empty(t, complaints.String())
}

func TestWrongSettings(t *testing.T) {
	environment := bwstate.FromMap("environment", map[string]string{"REDIS_SSL_VERIFY": "maybe"})
	var out, complaints bytes.Buffer
	require.Equal(t, misused, run([]string{"-url", "redis://:hunter2@redis?skip_verify=yes"}, environment, &out, &complaints))
	require.Empty(t, out.String())
	require.Equal(t, `bwstate: 2 settings cannot be used:
	BWREDIS_URL="skip_verify" (-url): unknown parameter; what it may mean is ssl_verify=no
	REDIS_SSL_VERIFY="maybe" (environment): must be yes or no
`, complaints.String())
	require.Equal(t, misused, run([]string{"-env", "/does/not/exist"}, environment, &out, &complaints))
	require.Equal(t, misused, run([]string{"-nothing"}, environment, &out, &complaints))
	require.Equal(t, succeeded, run([]string{"-h"}, environment, &out, &complaints))
}
