package integration

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
)

// News is what the sentinels of a set say, heard by somebody who has nothing to do with the client under test.
type news struct {
	wg sync.WaitGroup

	mu       sync.Mutex
	switched map[string]bool // by what +switch-master said: each sentinel says it. Guarded by mu, like the next two
	at       []time.Time     // of the first of each
	events   []string        // as a log has them
}

// hear listens to all sentinels until the test ends, and shows what they said when it has failed.
func hear(t testing.TB, set *harness.SentinelSet) *news {
	t.Helper()
	d := sentinelDialer(t, set)
	d.PubSub = true
	ctx, cancel := context.WithCancel(context.Background())
	n := &news{switched: make(map[string]bool)}
	for i, addr := range parse(t, set.Settings()).SentinelHosts {
		connect := func(ctx context.Context) (*conn.Conn, error) { return d.Dial(ctx, "tcp", addr) }
		s, err := conn.Subscribe(short(t), connect, conn.Channels{Patterns: []string{"*"}})
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		n.wg.Go(func() { n.listen(ctx, i, s) })
	}
	t.Cleanup(func() {
		cancel()
		n.wg.Wait()
		if t.Failed() {
			t.Logf("what the sentinels said:\n%s", strings.Join(n.events, "\n"))
		}
	})
	return n
}

func (n *news) listen(ctx context.Context, sentinel int, s *conn.Subscription) {
	for ctx.Err() == nil {
		m, err := s.Next(ctx)
		if err == nil && m.Gap == nil {
			n.note(sentinel, m)
		}
	}
}

func (n *news) note(sentinel int, m conn.Message) {
	now := time.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.events = append(n.events, fmt.Sprintf("%s sentinel %d: %s %s", now.Format("15:04:05.000"), sentinel, m.Channel, m.Payload))
	if m.Channel == "+switch-master" && !n.switched[m.Payload] {
		n.switched[m.Payload] = true
		n.at = append(n.at, now)
	}
}

// switches returns when each switch was first said.
func (n *news) switches() []time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.at[:len(n.at):len(n.at)]
}
