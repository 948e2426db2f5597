package harness

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/ory/dockertest/v3/docker"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// again returns a command that runs this test binary once more, for one test.
func again(test string, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run=^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), env...)
	return cmd
}

func TestMainWithoutDocker(t *testing.T) {
	t.Parallel()
	nowhere := "DOCKER_HOST=unix:///nonexistent/docker.sock"

	out, err := again("TestOwner", nowhere, "BWREDIS_REQUIRE_DOCKER=").CombinedOutput()
	assert.NoError(t, err, "left out is no failure")
	assert.Contains(t, string(out), "left out")
	assert.NotContains(t, string(out), "TestOwner")
	assert.Equal(t, 1, strings.Count(string(out), "\n"), "one line: %s", out)

	out, err = again("TestOwner", nowhere, "BWREDIS_REQUIRE_DOCKER=1").CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 1, exit.ExitCode())
	assert.Contains(t, string(out), "no Docker daemon answers")
	assert.Equal(t, 1, strings.Count(string(out), "\n"), "one line: %s", out)
}

const holdEnv = "BWREDIS_TEST_HOLD" // in a child process: start a server and wait to be killed

// A second process runs a server beside this one's, is left alone while it lives, and is cleaned up after
// when it has been killed.
func TestServersOfAKilledRun(t *testing.T) {
	if os.Getenv(holdEnv) != "" {
		s := Shared(t, Redis70)
		os.Stdout.WriteString("container " + s.c.id + " home " + s.c.home + "\n")
		select {}
	}
	child := again("TestServersOfAKilledRun", holdEnv+"=1")
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	t.Cleanup(func() { _ = child.Process.Kill() })
	var id, home string
	for lines := bufio.NewScanner(out); id == "" && lines.Scan(); {
		if word := strings.Fields(lines.Text()); len(word) == 4 && word[0] == "container" {
			id, home = word[1], word[3]
		}
	}
	require.NotEmpty(t, id)

	removeLeftovers(session.client)
	info, err := session.client.InspectContainer(id)
	require.NoError(t, err)
	assert.True(t, info.State.Running, "of a run that lives")
	assert.DirExists(t, home)

	require.NoError(t, child.Process.Kill())
	_ = child.Wait()
	removeLeftovers(session.client)
	var none *docker.NoSuchContainer
	_, err = session.client.InspectContainer(id)
	assert.ErrorAs(t, err, &none)
	assert.NoDirExists(t, home)
}

func TestPublishedOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	s := Start(t, Config{Version: Redis70, TLS: &TLS{}})
	info, err := session.client.InspectContainer(s.c.id)
	require.NoError(t, err)
	require.Len(t, info.HostConfig.PortBindings, 2)
	for port, bindings := range info.NetworkSettings.Ports {
		for _, b := range bindings {
			assert.Equal(t, "127.0.0.1", b.HostIP, port)
		}
	}
	assert.Equal(t, session.owner, info.Config.Labels[ownerLabel])
	assert.NotZero(t, info.HostConfig.Memory)
}

func TestImages(t *testing.T) {
	for _, v := range []Version{Redis60, Redis70, Redis80, Valkey81, Valkey91} {
		name, err := buildScript("--tag", v.String())
		require.NoError(t, err)
		assert.Regexp(t, `^bwredis-test/`+v.String()+`:[0-9a-f]{12}$`, name)
	}
	_, err := buildScript("--tag", "redis-1.0")
	assert.ErrorContains(t, err, "unknown version")
	_, err = findImage(Redis70, "nonsense")
	assert.ErrorContains(t, err, "BWREDIS_IMAGES=nonsense")
}
