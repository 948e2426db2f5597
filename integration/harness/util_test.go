package harness

import (
	"bufio"
	"io"
	"strconv"
	"testing"

	"github.com/ory/dockertest/v3/docker"
	"github.com/stretchr/testify/require"
)

func itoa(n int) string { return strconv.Itoa(n) }

func newReader(r io.Reader) *bufio.Reader { return bufio.NewReader(r) }

// owned returns the containers of this process.
func owned(t *testing.T) []docker.APIContainers {
	t.Helper()
	list, err := session.client.ListContainers(docker.ListContainersOptions{
		All: true, Filters: map[string][]string{"label": {ownerLabel + "=" + session.owner}},
	})
	require.NoError(t, err)
	return list
}
