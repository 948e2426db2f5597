package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/server"
)

// A stage is the server that things happen to.
type stage interface {
	target() dial.Target
	Kill()
	Revive() error // does not wait until it accepts connections
	Freeze() error
	Thaw() error
}

// A real stage is a server process.
type real struct{ *server.Server }

func (s real) target() dial.Target { return s.TCP }

// fill gives each of so many callers its key, for nothing is left in a server that was killed.
func fill(ctx context.Context, s stage, callers int) error {
	ctx, cancel := context.WithTimeout(ctx, openBound)
	defer cancel()
	c, err := s.target().Ours(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	for i := range callers {
		set := clients.Set(keyOf(i), valueOf(i))
		if v, err := c.Do(ctx, append([]string{set.Name}, set.Args...)...); err != nil || v.Err() != nil {
			return fmt.Errorf("SET: %v, %w", v, err)
		}
	}
	return nil
}

// accepting waits for a server that was started. It returns when the attempt to connect began that was the first to come through.
func accepting(ctx context.Context, t dial.Target) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, openBound)
	defer cancel()
	for {
		began := time.Now()
		nc, err := new(net.Dialer).DialContext(ctx, t.Network, t.Addr)
		if err == nil {
			return began, nc.Close()
		}
		if failed := rest(ctx, 200*time.Microsecond); failed != nil {
			return began, err
		}
	}
}
