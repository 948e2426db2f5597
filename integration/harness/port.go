package harness

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
)

// Published ports are chosen here and not by Docker, so that they stay the same when a server is stopped
// or cut off and comes back. They are below the range from which Linux takes the local ports of outgoing
// connections: one of those could occupy the port while its server is away.
const lowestPort, highestPort = 20000, 31999

var ports struct {
	mu   sync.Mutex
	used map[int]bool // by this process, for good
}

// freePort returns a port of 127.0.0.1 on which nobody listens now.
func freePort() (int, error) {
	ports.mu.Lock()
	defer ports.mu.Unlock()
	if ports.used == nil {
		ports.used = make(map[int]bool)
	}
	for range 1000 {
		port := lowestPort + rand.IntN(highestPort-lowestPort+1)
		if ports.used[port] {
			continue
		}
		l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		_ = l.Close()
		ports.used[port] = true
		return port, nil
	}
	return 0, fmt.Errorf("no free port between %d and %d", lowestPort, highestPort)
}

// portTaken reports whether the daemon could not publish a port because somebody else has it. The API says
// so in words only.
func portTaken(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "port is already allocated") ||
		strings.Contains(err.Error(), "address already in use"))
}
