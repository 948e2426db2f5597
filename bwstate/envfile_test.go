package bwstate_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
)

func TestReadEnvFile(t *testing.T) {
	file, err := bwstate.ReadEnvFile("testdata/settings.env")
	require.NoError(t, err)
	for name, want := range map[string]string{
		"USE_REDIS":                 "yes",
		"REDIS_HOST":                "redis.example.com",
		"REDIS_PORT":                "6390",
		"REDIS_PASSWORD":            "p=#a'b\"c",
		"CUSTOM_TEXT":               "  spaces kept  ",
		"REDIS_SENTINEL_HOSTS":      "s1 s2:26380",
		"CUSTOM_LIST":               "'a' 'b'",
		"REDIS_SENTINEL_PASSWORD":   `"`,
		"REDIS_KEEPALIVE_POOL":      "",
		"www.example.com_USE_REDIS": "no",
		"exported":                  "1",
		"export":                    "2",
		"# REDIS_TIMEOUT":           "",
		"REDIS_TIMEOUT":             "",
	} {
		require.Equal(t, want, file.Get(name), name)
	}
}

func TestReadEnvFileCRLFAndByteOrderMark(t *testing.T) {
	file, err := bwstate.ReadEnvFile(writeSettingsFile(t, "\ufeffUSE_REDIS=yes\r\n\r\n# x\r\nREDIS_HOST=\"redis\"\r\n"))
	require.NoError(t, err)
	require.Equal(t, "yes", file.Get("USE_REDIS"))
	require.Equal(t, "redis", file.Get("REDIS_HOST"))
}

func TestReadEnvFileRefused(t *testing.T) {
	tests := []struct{ content, want string }{
		{"A=1\n\nhunter2\n", "line 3: no = in it; every line is NAME=value"},
		{"A=1\nhunter2 more=2\n", "line 2: does not start with a NAME and ="},
		{"=hunter2", "line 1: does not start with a NAME and ="},
		{"export =hunter2", "line 1: does not start with a NAME and ="},
		{"'hunter2'=1", "line 1: does not start with a NAME and ="},
		{"A=1\nREDIS_PASSWORD=hunter2\x00\n", "line 2: REDIS_PASSWORD: has a zero byte in its value"},
	}
	for _, tt := range tests {
		path := writeSettingsFile(t, tt.content)
		file, err := bwstate.ReadEnvFile(path)
		require.EqualError(t, err, `bwstate: env file "`+path+`": `+tt.want)
		require.Nil(t, file.Get)
	}
}

func TestReadEnvFileUnreadable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none")
	_, err := bwstate.ReadEnvFile(path)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.EqualError(t, err, "bwstate: env file: open "+path+": no such file or directory")

	fits := "A=" + strings.Repeat("x", 1<<20-2)
	file, err := bwstate.ReadEnvFile(writeSettingsFile(t, fits))
	require.NoError(t, err)
	require.Len(t, file.Get("A"), 1<<20-2)
	_, err = bwstate.ReadEnvFile(writeSettingsFile(t, fits+"\n"))
	var pathErr *fs.PathError
	require.True(t, errors.As(err, &pathErr))
	require.ErrorContains(t, err, "larger than 1048576 bytes")
}
