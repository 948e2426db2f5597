package main

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/memconn"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

// A site is a server that has what the workloads read, and one within memory that answers everything alike.
type site struct {
	tcp, memory dial.Target
	version     string
}

// newSite stores what the workloads read. The server is the program's own, so nothing has to be removed.
func newSite(ctx context.Context, t dial.Target) (*site, error) {
	c, err := t.Ours(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if _, err := c.Do(ctx, "SCRIPT", "LOAD", counterScript.Text()); err != nil {
		return nil, err
	}
	h := c.Hello()
	s := &site{tcp: t, memory: inMemory(), version: strings.TrimSpace(h.Server + " " + h.Version)}
	return s, store(ctx, c)
}

func store(ctx context.Context, c *conn.Conn) error {
	var q resp.Request
	for i := range guardedCallers {
		v := visitorOf(i)
		q.Cmd("SET").Str(v.session).Str(v.data)
	}
	for _, size := range valueSizes {
		q.Cmd("SET").Str(valueKey(size)).Bytes(valueOf(size))
	}
	return c.RoundTrip(ctx, &q, nil)
}

func inMemory() dial.Target {
	ok := resp.AppendSimple(nil, "OK")
	return dial.Target{Network: "tcp", Addr: "memory:6379", Memory: func() net.Conn { return memconn.New(ok) }}
}

// openPool is ours, with all the connections that it keeps.
func openPool(ctx context.Context, t dial.Target, cfg pool.Config) (*pool.Pool, error) {
	cfg.Dial = t.Ours
	p, err := pool.New(cfg)
	if err != nil {
		return nil, err
	}
	if err := p.Warm(ctx); err != nil {
		_ = p.Close()
		return nil, err
	}
	return p, nil
}

var valueSizes = []int{64, 100_000}

func valueKey(size int) string { return fmt.Sprintf("value:%d", size) }

// valueOf makes a value of that size which ends with a byte that is nowhere else in it.
func valueOf(size int) []byte { return []byte(strings.Repeat("x", size-1) + ".") }
