//go:build unix

package tlsconf_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/tlsconf"
)

// A shell's <(command) is a pipe: to read it again would wait for ever.
func TestAPipeIsReadOnce(t *testing.T) {
	ca := newAuthority(t, "Redis CA")
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	go func() { _ = os.WriteFile(pipe, ca.certPEM(), 0o600) }()
	source := makeSource(t, tlsconf.Settings{Verify: true, CAFile: pipe})
	age(t, time.Hour, pipe)
	done := make(chan error, 1)
	go func() {
		_, err := greet(t, serve(t, serverConfig(t, ca)), source.Config())
		done <- err
	}()
	select {
	case err := <-done:
		require.NoError(t, err)
	case <-time.After(10 * time.Second):
		require.NoError(t, os.WriteFile(pipe, nil, 0o600)) // let it go
		t.Fatal("it was read again")
	}
}
