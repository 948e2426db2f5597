package integration

import (
	"context"
	"maps"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/integration/harness"
)

const exhaustEnv = "BWREDIS_TEST_EXHAUST" // in a child of TestRecoveryWithoutDescriptors: address and database of the server to use

// TestMain leaves the harness out of processes that tests start, which have no servers of their own. In the one that has no descriptors left, connections to the
// Docker daemon that close by and by would give it some.
func TestMain(m *testing.M) {
	if number := os.Getenv(writerEnv); number != "" {
		os.Exit(writer(number)) // a child of TestWriters
	}
	if os.Getenv(exhaustEnv) != "" {
		os.Exit(m.Run())
	}
	harness.Main(m)
}

// with returns a copy of settings with some changed: name, value, name, value …
func with(settings map[string]string, changes ...string) map[string]string {
	settings = maps.Clone(settings)
	for i := 0; i < len(changes); i += 2 {
		settings[changes[i]] = changes[i+1]
	}
	return settings
}

// parse makes Settings of what the harness hands out.
func parse(t testing.TB, settings map[string]string) bwstate.Settings {
	parsed, err := bwstate.ParseSettings(func(name string) string { return settings[name] })
	require.NoError(t, err)
	return parsed
}

// open opens a state until the test ends.
func open(t testing.TB, settings map[string]string) *bwstate.State {
	s, err := tryOpen(t, settings)
	require.NoError(t, err)
	return s
}

// tryOpen opens a state, or tells why it cannot be, within ten seconds.
func tryOpen(t testing.TB, settings map[string]string) (*bwstate.State, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s, err := bwstate.Open(ctx, parse(t, settings))
	if err == nil {
		t.Cleanup(func() { _ = s.Close() })
	}
	return s, err
}

// short bounds one operation of a test.
func short(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}
