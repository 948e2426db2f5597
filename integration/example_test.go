package integration

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/integration/harness"
)

// The example is the main job, and runs as the process that a user starts.
func TestExample(t *testing.T) {
	t.Parallel()
	program := buildExample(t)
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v, Password: canary, TLS: &harness.TLS{}})

		out, code := run(t, program, server.Settings())
		require.Zero(t, code, out)
		product, version, _ := strings.Cut(v.String(), "-")
		require.Contains(t, out, "server  "+product+" "+version)
		require.Contains(t, out, "RESP3")
		require.Contains(t, out, "counts bad request 5 of 5")
		require.Contains(t, out, `banned for "bad behavior", 1h0m0s left`)
		require.Contains(t, out, "lifts the ban")
		require.Contains(t, out, "11 round trips", "a script that a fresh server does not know is the connection's business")
		require.Equal(t, "0", server.CLI("DBSIZE"), "the example cleans up")

		file := filepath.Join(t.TempDir(), "variables.env")
		require.NoError(t, os.WriteFile(file, []byte(envFile(server.Settings())), 0o600))
		out, code = run(t, program, nil, "-env", file)
		require.Zero(t, code, out)

		out, code = run(t, program, with(server.Settings(), "REDIS_PASSWORD", canary+"wrong"))
		require.Equal(t, 1, code, out)
		require.Contains(t, out, "WRONGPASS")
		require.NotContains(t, out, canary)
	})
}

// A server that dies, or freezes, in the middle of the example makes a clear error of it, and no hang.
func TestExampleLosesItsServer(t *testing.T) {
	t.Parallel()
	program := buildExample(t)
	harness.Each(t, func(t *testing.T, v harness.Version) {
		for name, lose := range map[string]func(*harness.Server){"killed": (*harness.Server).Kill, "frozen": (*harness.Server).Pause} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				server := harness.Start(t, harness.Config{Version: v, Password: canary})
				cmd, out := command(t, program, with(server.Settings(), "REDIS_TIMEOUT", "1s"), "-pace", "1s")
				require.NoError(t, cmd.Start())
				require.Eventually(t, func() bool { return strings.Contains(out.String(), "bad request 2") }, 10*time.Second, 5*time.Millisecond)
				lose(server)
				start := time.Now()
				require.Error(t, cmd.Wait())
				require.Less(t, time.Since(start), 10*time.Second)
				require.Equal(t, 1, cmd.ProcessState.ExitCode(), out.String())
				require.Contains(t, out.String(), "node A: redis: ")
				require.Contains(t, out.String(), server.Addr)
				require.NotContains(t, out.String(), canary)
			})
		}
	})
}

func buildExample(t *testing.T) string {
	program := filepath.Join(t.TempDir(), "cluster")
	build := exec.Command("go", "build", "-o", program, "./examples/cluster")
	build.Dir = ".."
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return program
}

// run runs the example to its end and returns all it printed.
func run(t *testing.T, program string, settings map[string]string, args ...string) (out string, code int) {
	cmd, buf := command(t, program, settings, args...)
	_ = cmd.Run()
	return buf.String(), cmd.ProcessState.ExitCode()
}

// command prepares a run with these settings and no others.
func command(t *testing.T, program string, settings map[string]string, args ...string) (*exec.Cmd, *buffer) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	for name, value := range settings {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out := new(buffer)
	cmd.Stdout, cmd.Stderr = out, out
	return cmd, out
}

func envFile(settings map[string]string) string {
	var b bytes.Buffer
	for name, value := range settings {
		b.WriteString(name + "=" + value + "\n")
	}
	return b.String()
}
