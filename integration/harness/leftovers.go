package harness

import (
	"context"
	"sync"

	"github.com/ory/dockertest/v3/docker"
)

// removeLeftovers removes what killed test runs left behind: containers, networks and directories whose
// owning process has ended. What a living run owns stays.
func removeLeftovers(client *docker.Client) {
	removeOwned(client, owner.gone)
	removeScratch()
}

// removeOwned removes the containers and then the networks of every owner that which selects. Errors are
// not reported: another run may be removing the same, and what stays is tried again by the next run.
func removeOwned(client *docker.Client, which func(owner) bool) {
	ctx, cancel := context.WithTimeout(context.Background(), dockerTimeout)
	defer cancel()
	selected := func(labels map[string]string) bool {
		o, ok := parseOwner(labels[ownerLabel])
		return ok && which(o)
	}
	containers, _ := client.ListContainers(docker.ListContainersOptions{
		All: true, Context: ctx, Filters: map[string][]string{"label": {ownerLabel}},
	})
	var removals sync.WaitGroup
	for _, c := range containers {
		if selected(c.Labels) {
			removals.Go(func() { removeContainer(ctx, client, c.ID) })
		}
	}
	removals.Wait()
	networks, _ := client.ListNetworks()
	for _, n := range networks {
		if selected(n.Labels) {
			_ = client.RemoveNetwork(n.ID)
		}
	}
}

// removeContainer kills and removes a container, with the anonymous volumes its image may declare.
func removeContainer(ctx context.Context, client *docker.Client, id string) {
	_ = client.UnpauseContainer(id) // a paused one would not die; any other refuses, which is fine
	_ = client.RemoveContainer(docker.RemoveContainerOptions{ID: id, Force: true, RemoveVolumes: true, Context: ctx})
}
