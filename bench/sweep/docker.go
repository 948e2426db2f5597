package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/server"
)

// images are looked for in this order, first among those that are there already.
var images = []string{"redis:8", "valkey/valkey:8", "redis:7", "valkey/valkey:9"}

const (
	pullTime    = 2 * time.Minute
	answerTime  = 20 * time.Second // of the daemon
	greetTime   = 20 * time.Second // of the server within
	removalTime = 20 * time.Second
)

// container runs a server in a container that only this machine reaches, and that is gone at the end.
func (c chooser) container(ctx context.Context) (*site, error) {
	image, err := c.image(ctx)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("bwredis-sweep-%08x", rand.Uint32())
	stop := sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), removalTime)
		defer cancel()
		_, _ = c.docker(ctx, "rm", "-f", "-v", name)
	})
	addr, err := c.runImage(ctx, name, image)
	if err != nil {
		stop()
		return nil, err
	}
	return &site{name: "a container of " + image + ", published on loopback", tcp: dial.Target{Network: "tcp", Addr: addr}, stop: stop}, nil
}

// image is one that there is, or one that can be had.
func (c chooser) image(ctx context.Context) (string, error) {
	asking, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	if _, err := c.docker(asking, "version", "--format", "{{.Server.Version}}"); err != nil {
		return "", fmt.Errorf("no daemon answers: %w", err)
	}
	for _, image := range images {
		if _, err := c.docker(asking, "image", "inspect", "--format", "{{.Id}}", image); err == nil {
			return image, nil
		}
	}
	pulling, cancel := context.WithTimeout(ctx, pullTime)
	defer cancel()
	var err error
	for _, image := range images[:2] {
		if _, err = c.docker(pulling, "pull", "--quiet", image); err == nil {
			return image, nil
		}
	}
	return "", fmt.Errorf("there is no image of redis or valkey, and none can be pulled: %w", err)
}

// runImage returns the address when the server answers there.
func (c chooser) runImage(ctx context.Context, name, image string) (addr string, err error) {
	ctx, cancel := context.WithTimeout(ctx, greetTime)
	defer cancel()
	if _, err := c.docker(ctx, "run", "--rm", "-d", "--name", name, "-p", server.Loopback+"::6379", image, "--save", "", "--appendonly", "no"); err != nil {
		return "", err
	}
	published, err := c.docker(ctx, "port", name, "6379/tcp")
	if err != nil {
		return "", err
	}
	addr, _, _ = strings.Cut(published, "\n")
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return "", fmt.Errorf("docker port says %q: %w", published, err)
	}
	return addr, greet(ctx, dial.Target{Network: "tcp", Addr: addr})
}

func greet(ctx context.Context, t dial.Target) error {
	for {
		conn, err := t.Ours(ctx)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}
