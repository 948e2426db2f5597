package dial

import (
	"context"
	"net"

	"github.com/gomodule/redigo/redis"
)

// Redigo is a connection of redigo.
func (t Target) Redigo(ctx context.Context) (redis.Conn, error) {
	options := []redis.DialOption{redis.DialContextFunc(func(ctx context.Context, _, _ string) (net.Conn, error) { return t.Connect(ctx) })}
	if t.Password != "" {
		options = append(options, redis.DialUsername(t.User), redis.DialPassword(t.Password))
	}
	if t.Timeout > 0 {
		options = append(options, redis.DialReadTimeout(t.Timeout))
	}
	if t.DB != 0 {
		options = append(options, redis.DialDatabase(t.DB))
	}
	return redis.DialContext(ctx, t.Network, t.Addr, options...)
}

// RedigoPool has so many connections, for which callers wait.
func (t Target) RedigoPool(connections int) *redis.Pool {
	return &redis.Pool{DialContext: t.Redigo, MaxActive: connections, MaxIdle: connections, Wait: true}
}
