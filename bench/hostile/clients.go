package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/mediocregopher/radix/v4"
	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
	"github.com/valkey-io/valkey-go"

	"github.com/bwredis/bwredis/conn"
)

// readTimeout is what every client waits for a reply. It is longer than a server stalls, and than the slowest needs for the longest frame.
const readTimeout = 8 * time.Second

// A dialFunc is how every client reaches the server.
type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// A getter performs GET k and returns the reply as the client's most general type.
type getter func() (any, error)

// A client is a column of the table. connect leaves it with a connection that is ready for use.
type client struct {
	name    string
	connect func(addr string, dial dialFunc) (getter, error)
}

const ours = "ours"

// clients are set up as their documentation does it, but that none of them may try again and each has one connection.
var clients = []client{
	{ours, connectOurs},
	{"redigo", connectRedigo},
	{"go-redis", connectGoRedis},
	{"rueidis", connectRueidis},
	{"valkey-go", connectValkey},
	{"radix", connectRadix},
}

func connectOurs(addr string, dial dialFunc) (getter, error) {
	d := conn.Dialer{DialContext: dial, Timeout: readTimeout}
	c, err := d.Dial(context.Background(), "tcp", addr)
	if err != nil {
		return nil, err
	}
	return func() (any, error) {
		v, err := c.Do(context.Background(), "GET", "k")
		if err != nil {
			return nil, err
		}
		return v, nil
	}, nil
}

func connectRedigo(addr string, dial dialFunc) (getter, error) {
	c, err := redis.Dial("tcp", addr, redis.DialContextFunc(dial), redis.DialReadTimeout(readTimeout))
	if err != nil {
		return nil, err
	}
	return func() (any, error) { return c.Do("GET", "k") }, nil
}

func connectGoRedis(addr string, dial dialFunc) (getter, error) {
	c := goredis.NewClient(&goredis.Options{Addr: addr, Dialer: dial, ReadTimeout: readTimeout, MaxRetries: -1, PoolSize: 1})
	if err := c.Ping(context.Background()).Err(); err != nil {
		return nil, err
	}
	return func() (any, error) {
		v, err := c.Do(context.Background(), "GET", "k").Result()
		if errors.Is(err, goredis.Nil) {
			return nil, nil
		}
		return v, err
	}, nil
}

// connectRueidis gives Do a context without an end, so that rueidis reads in the goroutine that called. Given one that can be cancelled and has no deadline, or
// several callers, it reads in a goroutine of its own, and each of its panics ends the process.
func connectRueidis(addr string, dial dialFunc) (getter, error) {
	c, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{addr},
		DialCtxFn: func(ctx context.Context, addr string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
			return dial(ctx, "tcp", addr)
		},
		ConnWriteTimeout:  readTimeout,
		DisableRetry:      true,
		DisableCache:      true,
		ForceSingleClient: true,
	})
	if err != nil {
		return nil, err
	}
	return func() (any, error) {
		v, err := c.Do(context.Background(), c.B().Arbitrary("GET", "k").Build()).ToAny()
		if rueidis.IsRedisNil(err) {
			return nil, nil
		}
		return v, err
	}, nil
}

// connectValkey is as connectRueidis.
func connectValkey(addr string, dial dialFunc) (getter, error) {
	c, err := valkey.NewClient(valkey.ClientOption{
		InitAddress: []string{addr},
		DialCtxFn: func(ctx context.Context, addr string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
			return dial(ctx, "tcp", addr)
		},
		ConnWriteTimeout:  readTimeout,
		DisableRetry:      true,
		DisableCache:      true,
		ForceSingleClient: true,
	})
	if err != nil {
		return nil, err
	}
	return func() (any, error) {
		v, err := c.Do(context.Background(), c.B().Arbitrary("GET", "k").Build()).ToAny()
		if valkey.IsValkeyNil(err) {
			return nil, nil
		}
		return v, err
	}, nil
}

func connectRadix(addr string, dial dialFunc) (getter, error) {
	c, err := radix.Dialer{NetDialer: netDialer(dial)}.Dial(context.Background(), "tcp", addr)
	if err != nil {
		return nil, err
	}
	return func() (v any, err error) {
		ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
		defer cancel()
		err = c.Do(ctx, radix.Cmd(&v, "GET", "k"))
		return v, err
	}, nil
}

// netDialer gives a dialFunc the method that radix wants.
type netDialer dialFunc

func (d netDialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	return d(ctx, network, addr)
}
