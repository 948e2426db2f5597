package harness

import (
	"os"
	"os/exec"
	"testing"

	"github.com/ory/dockertest/v3/docker"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOwner(t *testing.T) {
	me := self()
	parsed, ok := parseOwner(me.String())
	require.True(t, ok)
	assert.Equal(t, me, parsed)
	assert.False(t, me.gone())

	other := func(change func(*owner)) owner {
		o := me
		change(&o)
		return o
	}
	assert.True(t, other(func(o *owner) { o.pid = endedPID(t) }).gone(), "no such process")
	assert.True(t, other(func(o *owner) { o.start += "0" }).gone(), "the pid is another process's now")
	assert.True(t, other(func(o *owner) { o.boot = "other" }).gone(), "before the last boot")
	assert.False(t, other(func(o *owner) { o.host = "other"; o.pid = endedPID(t) }).gone(), "elsewhere: unknown")

	for _, bad := range []string{"", "a.b.c.d", "h.b.0.s", "h.b.-1.s", ".b.1.s", "h.b.1", "h.b.1.s.x"} {
		_, ok := parseOwner(bad)
		assert.False(t, ok, bad)
	}
}

// endedPID returns the pid of a process that has ended.
func endedPID(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("true")
	require.NoError(t, cmd.Run())
	return cmd.Process.Pid
}

func TestLeftoversAreRemovedAndOthersStay(t *testing.T) {
	dead := self()
	dead.pid, dead.start = endedPID(t), "1"
	living := exec.Command("sleep", "60")
	require.NoError(t, living.Start())
	t.Cleanup(func() { _ = living.Process.Kill(); _ = living.Wait() })
	start, alive := processStart(living.Process.Pid)
	require.True(t, alive)
	neighbour := self()
	neighbour.pid, neighbour.start = living.Process.Pid, start

	left, leftNetwork, leftDir := leave(t, dead)
	kept, keptNetwork, keptDir := leave(t, neighbour)
	mine := Start(t, Config{Version: Redis70})

	removeLeftovers(session.client)

	var noContainer *docker.NoSuchContainer
	_, err := session.client.InspectContainer(left)
	assert.ErrorAs(t, err, &noContainer)
	var noNetwork *docker.NoSuchNetwork
	_, err = session.client.NetworkInfo(leftNetwork)
	assert.ErrorAs(t, err, &noNetwork)
	assert.NoDirExists(t, leftDir)

	_, err = session.client.InspectContainer(kept)
	assert.NoError(t, err, "another running test's container")
	_, err = session.client.NetworkInfo(keptNetwork)
	assert.NoError(t, err, "another running test's network")
	assert.DirExists(t, keptDir)
	connected(t, mine)
}

// leave makes a paused container on a network, and a directory, as if the owner had made them.
func leave(t *testing.T, o owner) (container, network, dir string) {
	t.Helper()
	me := session.owner
	session.owner = o.String()
	defer func() { session.owner = me }()
	n, err := newNetwork()
	require.NoError(t, err)
	t.Cleanup(n.remove)
	image, err := imageName(Redis70)
	require.NoError(t, err)
	c, err := runContainer(spec{
		image: image, command: []string{Redis70.server()}, network: n, ip: n.address(2), alias: "left",
	})
	require.NoError(t, err)
	t.Cleanup(c.remove) // before its network's
	require.NoError(t, session.client.PauseContainer(c.id))
	dir, err = makeScratch(o.String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return c.id, n.id, dir
}
