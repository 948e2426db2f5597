package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/server"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/resp"
)

// A site is a server, by all ways that lead to it.
type site struct {
	tcp       dial.Target
	unix, tls *dial.Target // nil: there is none
	login     bool         // server.User exists
	stop      func()       // may be called more than once
	version   string
	sha       string // of the script
}

// withLogin is t for connections with a password.
func withLogin(t dial.Target) dial.Target {
	t.User, t.Password = server.User, server.Password
	return t
}

// What the commands work on. All keys have the prefix, and are gone at the end.
const (
	keyPrefix  = "bwredis-bench-connection:"
	shortKey   = keyPrefix + "64B"
	storeKey   = keyPrefix + "set"
	counterKey = keyPrefix + "counter"

	scriptText = `local n = redis.call('INCR', KEYS[1]) redis.call('EXPIRE', KEYS[1], ARGV[1]) return n`
	scriptTTL  = "60"
)

func largeKey(size int) string { return fmt.Sprintf("%s%dKiB", keyPrefix, size>>10) }

// valueOf makes a value of that size which ends with a byte that is nowhere else in it.
func valueOf(size int) []byte { return []byte(strings.Repeat("x", size-1) + ".") }

var largeSizes = []int{64 << 10, 1 << 20}

// openSite starts a server, or finds the one that is named.
func openSite(ctx context.Context, name string) (*site, error) {
	s := &site{tcp: dial.Target{Network: "tcp", Addr: name}, stop: func() {}}
	if isBinary := name == "" || !strings.Contains(name, ":") || fileExists(name); isBinary {
		started, err := server.Start(ctx, name)
		if err != nil {
			return nil, err
		}
		s = &site{tcp: started.TCP, unix: started.Unix, tls: started.TLS, login: true, stop: started.Stop}
	}
	if err := s.prepare(ctx); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// prepare stores what the workloads read.
func (s *site) prepare(ctx context.Context) error {
	c, err := s.tcp.Ours(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	h := c.Hello()
	s.version = strings.TrimSpace(h.Server + " " + h.Version)
	var q resp.Request
	q.Cmd("SET").Str(shortKey).Bytes(valueOf(64))
	for _, size := range largeSizes {
		q.Cmd("SET").Str(largeKey(size)).Bytes(valueOf(size))
	}
	if err := c.RoundTrip(ctx, &q, nil); err != nil {
		return err
	}
	v, err := c.Do(ctx, "SCRIPT", "LOAD", scriptText)
	if err != nil {
		return err
	}
	s.sha, err = v.Text()
	return err
}

// close removes what prepare and the workloads stored, and stops a server that was started.
func (s *site) close() error {
	defer s.stop()
	ctx := context.Background()
	c, err := s.tcp.Ours(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return errors.Join(unlink(ctx, c, shortKey, storeKey, counterKey), unlink(ctx, c, largeKey(largeSizes[0]), largeKey(largeSizes[1])))
}

func unlink(ctx context.Context, c *conn.Conn, keys ...string) error {
	_, err := c.Do(ctx, append([]string{"DEL"}, keys...)...)
	return err
}
