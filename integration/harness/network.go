package harness

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/ory/dockertest/v3/docker"
)

// network is a bridge of its own for one Sentinel set, where members have fixed addresses: Sentinels and
// replicas know each other by address, also after a restart.
type network struct {
	id     string
	prefix string // of the members' addresses: "198.18.7."
	base   int    // of the last byte
}

// newNetwork makes a network of 30 addresses in 198.18.0.0/15, which RFC 2544 sets aside for tests between
// devices, so no real network is shadowed. Docker refuses a range that another of its networks has.
func newNetwork() (*network, error) {
	for attempt := 1; ; attempt++ {
		n := &network{prefix: fmt.Sprintf("198.%d.%d.", 18+rand.IntN(2), rand.IntN(256)), base: 32 * rand.IntN(8)}
		ctx, cancel := context.WithTimeout(context.Background(), dockerTimeout)
		made, err := session.client.CreateNetwork(docker.CreateNetworkOptions{
			Name:   fmt.Sprintf("bwredis-%08x", rand.Uint32()),
			Driver: "bridge",
			Labels: map[string]string{ownerLabel: session.owner},
			IPAM: &docker.IPAMOptions{Config: []docker.IPAMConfig{{
				Subnet: fmt.Sprintf("%s%d/27", n.prefix, n.base), Gateway: n.address(1),
			}}},
			Context: ctx,
		})
		cancel()
		if err == nil {
			n.id = made.ID
			return n, nil
		}
		if !strings.Contains(err.Error(), "overlap") || attempt == 20 {
			return nil, fmt.Errorf("create network: %w", err)
		}
	}
}

// address returns the network's i-th address, from 1 to 30.
func (n *network) address(i int) string { return fmt.Sprintf("%s%d", n.prefix, n.base+i) }

func (n *network) remove() { _ = session.client.RemoveNetwork(n.id) }
