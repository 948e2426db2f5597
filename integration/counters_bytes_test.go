package integration

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/internal/redistest"
)

// A connection that ends at whatever byte, of what is sent or of what is answered: whoever adds again with the token counts once.
func TestCountersCountOnceAtEveryByte(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v})
		for _, cfg := range []bwstate.CountersConfig{{Name: "app"}, {Name: "windows", Window: 24 * time.Hour}} {
			sure, err := open(t, server.Settings()).Counters(cfg)
			require.NoError(t, err)
			_, err = sure.Add(short(t), "other", 1) // the server knows the script then
			require.NoError(t, err)
			total, done, lost := int64(0), 0, 0
			add := func(faults redistest.Faults, sent *countedBytes) {
				token := fmt.Sprint("token ", total+1000)
				err := addOver(t, server, cfg, token, faults, sent)
				total++
				c, sureErr := sure.AddOnce(short(t), token, "n", 1)
				require.NoError(t, sureErr)
				require.Equal(t, total, c.Total, "%+v", faults)
				switch {
				case err == nil:
					require.True(t, c.Before)
					done++
				case c.Before:
					lost++
				}
			}
			var size countedBytes
			add(redistest.Faults{}, &size)
			for after := 1; after <= int(size.written.Load())+1; after++ {
				add(redistest.Faults{Write: redistest.Fault{Action: redistest.Cut, After: after}}, &countedBytes{})
			}
			for after := 1; after <= int(size.read.Load())+1; after++ {
				add(redistest.Faults{Read: redistest.Fault{Action: redistest.Cut, After: after}}, &countedBytes{})
			}
			t.Logf("%d additions, %d were answered, of %d the answer was lost", total, done, lost)
			require.Positive(t, lost)
		}
	})
}

// addOver adds 1 over a connection of its own.
func addOver(t *testing.T, server *harness.Server, cfg bwstate.CountersConfig, token string, faults redistest.Faults, size *countedBytes) error {
	d := conn.Dialer{Timeout: 5 * time.Second, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		nc, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		size.Conn = nc
		return redistest.Faulty(size, faults), nil
	}}
	c, err := d.Dial(short(t), "tcp", server.Addr)
	if err != nil {
		return err
	}
	defer c.Close()
	cs, err := bwstate.New(c).Counters(cfg)
	require.NoError(t, err)
	_, err = cs.AddOnce(short(t), token, "n", 1)
	return err
}

type countedBytes struct {
	net.Conn
	read, written atomic.Int64
}

func (c *countedBytes) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read.Add(int64(n))
	return n, err
}

func (c *countedBytes) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.written.Add(int64(n))
	return n, err
}
